#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// clang-format off: what comes second needs the first
#include <sys/socket.h>
#include <iphlpapi.h>
// clang-format on

/// The machine's network interfaces as tests ask for them. One header per system.
namespace weft::testing::raw {

/// The first that `f(adapter)` is true of; 0: there is none.
template <class F>
std::uint32_t find_interface(F f) {
  alignas(IP_ADAPTER_ADDRESSES) static std::array<std::byte, 64 * 1024> room;
  ULONG size = room.size();
  auto* const all = reinterpret_cast<IP_ADAPTER_ADDRESSES*>(room.data());
  if (::GetAdaptersAddresses(AF_INET, 0, nullptr, all, &size) != NO_ERROR) {
    return 0;
  }
  for (const IP_ADAPTER_ADDRESSES* one = all; one; one = one->Next) {
    if (f(*one)) {
      return one->IfIndex;
    }
  }
  return 0;
}

inline std::uint32_t loopback_index() {
  return find_interface(
      [](const IP_ADAPTER_ADDRESSES& one) { return one.IfType == IF_TYPE_SOFTWARE_LOOPBACK; });
}

/// An interface that is made for groups, unlike the loopback interface; 0: there is none.
inline std::uint32_t index_for_groups() {
  return find_interface([](const IP_ADAPTER_ADDRESSES& one) {
    return one.IfType != IF_TYPE_SOFTWARE_LOOPBACK && one.OperStatus == IfOperStatusUp &&
           !(one.Flags & IP_ADAPTER_NO_MULTICAST);
  });
}

}  // namespace weft::testing::raw
