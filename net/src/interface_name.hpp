#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// The names of network interfaces, which IPv6 scopes are written with. One source per system.
namespace weft::detail {

/// Room for the name of any interface, and for any index in digits.
inline constexpr std::size_t interface_name_capacity = 16;

/// The index of the interface of this name; 0 if there is none.
std::uint32_t interface_index(std::string_view name) noexcept;

/// The name of the interface, in `buffer`; empty if there is none of this index.
std::string_view interface_name(std::uint32_t index,
                                std::span<char, interface_name_capacity> buffer) noexcept;

}  // namespace weft::detail
