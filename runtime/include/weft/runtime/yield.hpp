#pragma once

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Lets the other fibers that are ready run first.
///
/// Suspends: until the fibers queued before this one on its worker have had their turn; returns at
///   once when there are none. Not a cancellation point.
/// Threads: in a plain thread, gives up the rest of its time slice.
/// Cost: two queue operations and a switch.
WEFT_API void yield() noexcept;

/// For loops that compute: yields once the fiber has run for its time slice (2 ms), and looks for a
/// cancellation.
///
/// Errors: `operation_canceled` or `timed_out` when a scope around the caller has ended.
/// Cost: one reading of the clock.
WEFT_API result<void> maybe_yield() noexcept;

}  // namespace weft
