//! Copies the C API's generated headers to where CMake expects them (`WAGGLE_ENGINE_INCLUDE`).
use std::path::Path;
use std::{env, fs, io};

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn main() {
    println!("cargo:rerun-if-env-changed=WAGGLE_ENGINE_INCLUDE");
    let headers = env::var("DEP_WASMTIME_C_API_INCLUDE").expect("wasmtime-c-api-impl names its headers");
    if let Ok(to) = env::var("WAGGLE_ENGINE_INCLUDE") {
        copy(Path::new(&headers), Path::new(&to)).expect("headers can be copied");
    }
}
