#pragma once

#include <chrono>

#include <weft/runtime/clock.hpp>

namespace weft::io::detail {

/// A completion backend may lose a cancellation: io_uring finds no operation that is between a poll
/// that said it could go on and its next attempt, and that attempt may wait again. So whoever waits
/// for the end of what it cancelled asks again after this while.
inline constexpr duration cancel_patience = std::chrono::milliseconds(10);

}  // namespace weft::io::detail
