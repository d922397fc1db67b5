#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <weft/runtime/config.hpp>

/// The calling fiber.
namespace weft::this_fiber {

/// Its number in dumps, unique in its runtime; 0 in a plain thread.
WEFT_API std::uint64_t id() noexcept;
/// Its name; empty when it has none and in a plain thread.
WEFT_API std::string name();
/// Names it for dumps and overflow reports. Does nothing in a plain thread.
WEFT_API void set_name(std::string_view name);

}  // namespace weft::this_fiber
