#include <algorithm>
#include <array>

#include <net/if.h>

#include "interface_name.hpp"

namespace weft::detail {

std::uint32_t interface_index(std::string_view name) noexcept {
  std::array<char, IF_NAMESIZE> terminated{};
  // A name with a zero in it would be looked up by its first part only.
  if (name.size() >= terminated.size() || name.find('\0') != std::string_view::npos) {
    return 0;
  }
  std::ranges::copy(name, terminated.begin());
  return if_nametoindex(terminated.data());
}

std::string_view interface_name(std::uint32_t, std::span<char, interface_name_capacity>) noexcept {
  return {};  // those of Windows are long, and scopes are written with numbers there
}

}  // namespace weft::detail
