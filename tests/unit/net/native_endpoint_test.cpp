#include <cstring>
#include <ostream>
#include <random>
#include <type_traits>

#include <doctest/doctest.h>
#include <raw_calls.hpp>
#include <sys/un.h>

#include <weft/net/native_endpoint.hpp>

using weft::endpoint;
using weft::ip_address;
using weft::native_endpoint;
namespace raw = weft::testing::raw;

static_assert(std::is_trivially_copyable_v<native_endpoint>);
static_assert(sizeof(native_endpoint) == 32);

TEST_CASE("an IPv4 endpoint becomes a sockaddr_in [row 90]") {
  const native_endpoint native(endpoint(ip_address::v4(192, 0, 2, 1), 8080));
  REQUIRE(native.size() == sizeof(sockaddr_in));
  sockaddr_in theirs;
  std::memcpy(&theirs, native.data(), sizeof theirs);
  CHECK(theirs.sin_family == AF_INET);
  CHECK(ntohs(theirs.sin_port) == 8080);
  CHECK(ntohl(theirs.sin_addr.s_addr) == 0xc0000201);
}

TEST_CASE("an IPv6 endpoint becomes a sockaddr_in6 with scope and flow [row 90]") {
  const native_endpoint native(
      endpoint(ip_address::v6({0xfe80, 0, 0, 0, 0, 0, 0, 1}, 3), 8080, 0xabcde));
  REQUIRE(native.size() == sizeof(sockaddr_in6));
  sockaddr_in6 theirs;
  std::memcpy(&theirs, native.data(), sizeof theirs);
  CHECK(theirs.sin6_family == AF_INET6);
  CHECK(ntohs(theirs.sin6_port) == 8080);
  CHECK(theirs.sin6_addr.s6_addr[0] == 0xfe);
  CHECK(theirs.sin6_addr.s6_addr[15] == 1);
  CHECK(theirs.sin6_scope_id == 3);
  CHECK(ntohl(theirs.sin6_flowinfo) == 0xabcde);
}

TEST_CASE("random endpoints survive the native form [row 90]") {
  std::mt19937 random(5);
  for (int round = 0; round < 10'000; ++round) {
    ip_address::v6_octets octets;
    for (auto& octet : octets) {
      octet = static_cast<std::uint8_t>(random());
    }
    const auto port = static_cast<std::uint16_t>(random());
    const auto scope = static_cast<std::uint32_t>(random());
    const auto flow = static_cast<std::uint32_t>(random());
    const endpoint v6(ip_address(octets, scope), port, flow);
    REQUIRE(native_endpoint(v6).to_endpoint() == v6);
    const endpoint v4(ip_address::v4(octets[0], octets[1], octets[2], octets[3]), port);
    REQUIRE(native_endpoint(v4).to_endpoint() == v4);
  }
}

TEST_CASE("the native form is read at any alignment and from longer storage") {
  const native_endpoint native(endpoint::loopback_v6(443));
  alignas(8) std::byte storage[sizeof(sockaddr_storage) + 1]{};
  std::memcpy(storage + 1, native.data(), native.size());
  CHECK(endpoint::from_native(storage + 1, sizeof(sockaddr_storage)) == endpoint::loopback_v6(443));
}

TEST_CASE("what the system did not fill in is an error") {
  native_endpoint native;
  CHECK(native.size() == 0);
  CHECK(native.to_endpoint().error() == std::errc::invalid_argument);
  CHECK(endpoint::from_native(nullptr, 0).error() == std::errc::invalid_argument);

  for (const auto& whole :
       {native_endpoint(endpoint::loopback_v4(1)), native_endpoint(endpoint::loopback_v6(1))}) {
    for (unsigned size = 0; size < whole.size(); ++size) {
      native_endpoint cut = whole;
      cut.resize(size);
      CHECK(cut.to_endpoint().error() == std::errc::invalid_argument);
    }
  }
}

TEST_CASE("an address of another family is refused, also when it was cut off") {
  sockaddr_un unix_address{};
  unix_address.sun_family = AF_UNIX;
  CHECK(endpoint::from_native(&unix_address, sizeof unix_address).error() ==
        std::errc::address_family_not_supported);

  native_endpoint native;
  std::memcpy(native.data(), &unix_address, native.capacity());
  native.resize(sizeof unix_address);
  CHECK(native.size() == native.capacity());
  CHECK(native.to_endpoint().error() == std::errc::address_family_not_supported);
}

TEST_CASE("system calls take and fill the native form [row 90]") {
  for (const endpoint& where : {endpoint::loopback_v4(0), endpoint::loopback_v6(0)}) {
    const int fd = raw::socket(where.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM);
    if (fd < 0) {
      MESSAGE("no IPv6 on this machine");
      continue;
    }
    const native_endpoint to(where);
    if (bind(fd, to.data(), to.size()) == 0) {
      native_endpoint from;
      socklen_t size = native_endpoint::capacity();
      REQUIRE(getsockname(fd, from.data(), &size) == 0);
      from.resize(size);
      const auto local = from.to_endpoint();
      REQUIRE(local);
      CHECK(local->address() == where.address());
      CHECK(local->port() != 0);
    } else {
      CHECK_MESSAGE(where.is_v6(), "127.0.0.1 must be there");
    }
    raw::close(fd);
  }
}
