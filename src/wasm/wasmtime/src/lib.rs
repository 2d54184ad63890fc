//! Wasmtime's C API, re-exported so that its symbols are in the archive, and the few entries it lacks.
//! Declared for C++ in `../engine_ffi.h`; keep the two in step.
#![allow(non_camel_case_types)] // C names
pub use wasmtime_c_api::*;

use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Waker};
use wasmtime_c_api::wasmtime::{Func, TypedFunc};

/// A host function without parameters and results, ready to be called on a fiber.
pub struct waggle_driver_t(TypedFunc<(), ()>);

/// A call of a driver that may be suspended.
pub struct waggle_fiber_t(Pin<Box<dyn Future<Output = ()>>>);

/// `func` must be a function of `store` with type `() -> ()`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn waggle_driver_new(
    store: WasmtimeStoreContextMut<'static>,
    func: &Func,
) -> Box<waggle_driver_t> {
    Box::new(waggle_driver_t(unsafe { TypedFunc::new_unchecked(&store, *func) }))
}

#[unsafe(no_mangle)]
pub extern "C" fn waggle_driver_delete(_driver: Box<waggle_driver_t>) {}

/// Prepares a call of `driver` on a fiber of its own; nothing runs before the first poll.
/// A typed call: it skips the boxing of arguments and results that `wasmtime_func_call_async` does.
/// `store`, `driver` and `failure` must outlive the fiber. `failure` stays null when the call succeeds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn waggle_fiber_new(
    mut store: WasmtimeStoreContextMut<'static>,
    driver: &'static waggle_driver_t,
    failure: &'static mut *mut wasmtime_error_t,
) -> Box<waggle_fiber_t> {
    Box::new(waggle_fiber_t(Box::pin(async move {
        if let Err(error) = driver.0.call_async(&mut store, ()).await {
            *failure = Box::into_raw(Box::new(wasmtime_error_t::from(error)));
        }
    })))
}

/// Runs until the call ends (true) or is suspended (false). There is no waker: the caller knows what it waits for.
#[unsafe(no_mangle)]
pub extern "C" fn waggle_fiber_poll(fiber: &mut waggle_fiber_t) -> bool {
    fiber.0.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Unwinds the call if it has not ended.
#[unsafe(no_mangle)]
pub extern "C" fn waggle_fiber_delete(_fiber: Box<waggle_fiber_t>) {}

/// What compiled code depends on besides the module: version, compiler settings, CPU features.
/// Two engines with the same value can load each other's serialized modules.
#[unsafe(no_mangle)]
pub extern "C" fn waggle_engine_fingerprint(store: WasmtimeStoreContextMut<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    store.engine().precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}
