#pragma once

#include <weft/runtime/config.hpp>
#include <weft/runtime/driver.hpp>

namespace weft::detail {

class parker;

/// What an operation has to know of its caller.
struct caller {
  parker* who;
  driver* events;  ///< of the worker on which it runs, until its next suspension; a thread's: null
  bool canceled;   ///< cancel_error() says why
};
/// consume_budget() and everything about the caller, in one call.
WEFT_API caller begin_operation() noexcept;

/// The driver of the worker on which the calling fiber runs; null on plain threads. Valid until the
/// fiber's next suspension.
WEFT_API driver* driver_of_running_fiber() noexcept;

/// A mark by which to recognise the worker on whose thread the caller runs; null elsewhere. Valid
/// until the calling fiber's next suspension.
WEFT_API const void* worker_mark() noexcept;
/// consume_budget() and then worker_mark(), in one call.
WEFT_API const void* count_operation() noexcept;

}  // namespace weft::detail
