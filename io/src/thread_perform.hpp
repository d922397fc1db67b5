#pragma once

#include <weft/io/operation.hpp>

namespace weft::io::detail {

/// Performs an operation on a plain thread, which blocks in poll(). Wakes up a few times a second
/// to see whether the descriptor is closing or a scope around the thread has ended; false in the
/// latter case.
bool perform_on_thread(operation& op) noexcept;

}  // namespace weft::io::detail
