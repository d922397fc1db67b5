#pragma once

#include <weft/runtime/config.hpp>
#include <weft/runtime/driver.hpp>

namespace weft::detail {

/// The driver of the worker on which the calling fiber runs; null on plain threads. Valid until the
/// fiber's next suspension.
WEFT_API driver* driver_of_running_fiber() noexcept;

/// A mark by which to recognise the worker on whose thread the caller runs; null elsewhere. Valid
/// until the calling fiber's next suspension.
WEFT_API const void* worker_mark() noexcept;
/// consume_budget() and then worker_mark(), in one call.
WEFT_API const void* count_operation() noexcept;

}  // namespace weft::detail
