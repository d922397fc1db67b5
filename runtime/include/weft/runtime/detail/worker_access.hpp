#pragma once

#include <weft/runtime/config.hpp>
#include <weft/runtime/driver.hpp>

namespace weft::detail {

/// The driver of the worker on which the calling fiber runs; null on plain threads. Valid until the
/// fiber's next suspension.
WEFT_API driver* driver_of_running_fiber() noexcept;

}  // namespace weft::detail
