#pragma once

#include <cstdint>

#include <ifaddrs.h>
#include <net/if.h>

/// The machine's network interfaces as tests ask for them. One header per system.
namespace weft::testing::raw {

inline std::uint32_t loopback_index() {
  return ::if_nametoindex("lo");
}

/// An interface that is made for groups, unlike the loopback interface; 0: there is none.
inline std::uint32_t index_for_groups() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) {
    return 0;
  }
  std::uint32_t found = 0;
  constexpr unsigned wanted = IFF_UP | IFF_RUNNING | IFF_MULTICAST;
  for (const ifaddrs* one = all; one && found == 0; one = one->ifa_next) {
    if ((one->ifa_flags & (wanted | IFF_LOOPBACK)) == wanted) {
      found = ::if_nametoindex(one->ifa_name);
    }
  }
  ::freeifaddrs(all);
  return found;
}

}  // namespace weft::testing::raw
