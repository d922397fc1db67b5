#pragma once

#include <memory>
#include <span>

#include <weft/io/backend.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io::detail {

/// A backend that this platform can have, though perhaps not on this machine.
struct available_backend {
  backend_kind kind;
  result<std::unique_ptr<backend>> (*make)();
};

/// The best one first; never empty. One file per platform.
std::span<const available_backend> available_backends() noexcept;

}  // namespace weft::io::detail
