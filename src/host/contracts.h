#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "schema/contract.h"

namespace waggle {

/// The text of a built-in service's contract, as it lies in src/host.
struct host_contract {
  std::string_view file;  ///< `state.graphql`
  std::string_view sdl;
};

/// All of them. Generated (cmake/built_in_texts.cmake).
[[nodiscard]] std::span<const host_contract> host_contracts();

/// One of them, compiled; `file` is one of the names above. Compiled once, then shared; from any thread.
[[nodiscard]] std::shared_ptr<const contract> compiled_host_contract(std::string_view file);

}  // namespace waggle
