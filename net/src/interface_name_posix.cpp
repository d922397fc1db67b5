#include <algorithm>
#include <array>

#include <net/if.h>

#include "interface_name.hpp"

namespace weft::detail {

static_assert(IF_NAMESIZE <= interface_name_capacity);

std::uint32_t interface_index(std::string_view name) noexcept {
  std::array<char, IF_NAMESIZE> terminated{};
  // A name with a zero in it would be looked up by its first part only.
  if (name.size() >= terminated.size() || name.find('\0') != std::string_view::npos) {
    return 0;
  }
  std::ranges::copy(name, terminated.begin());
  return if_nametoindex(terminated.data());
}

std::string_view interface_name(std::uint32_t index,
                                std::span<char, interface_name_capacity> buffer) noexcept {
  const char* name = if_indextoname(index, buffer.data());
  return name == nullptr ? std::string_view{} : std::string_view(name);
}

}  // namespace weft::detail
