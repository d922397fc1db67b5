#pragma once

#include <cstdint>

namespace weft {

/// Which Internet Protocol a socket speaks. An IPv6 socket reaches IPv4, too, unless told not to.
enum class ip_family : std::uint8_t { v4, v6 };

}  // namespace weft
