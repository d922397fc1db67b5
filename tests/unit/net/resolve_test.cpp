#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/resolve.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/runtime.hpp>

using weft::address_errc;
using weft::endpoint;
using weft::resolve;
using weft::resolve_errc;
using weft::resolve_first;

namespace {

using endpoints = std::vector<endpoint>;

bool has(const endpoints& all, const endpoint& one) {
  return std::ranges::count(all, one) == 1;
}

}  // namespace

TEST_CASE("an address with a port is its own answer, anywhere [row 115]") {
  CHECK(resolve("127.0.0.1", 80) == endpoints{endpoint::loopback_v4(80)});
  CHECK(resolve("127.0.0.1", "80") == endpoints{endpoint::loopback_v4(80)});
  CHECK(resolve("::1", 80) == endpoints{endpoint::loopback_v6(80)});
  CHECK(resolve("", 80) == endpoints{endpoint::any_v4(80)});
  CHECK(resolve("127.0.0.1:80") == endpoints{endpoint::loopback_v4(80)});
  CHECK(resolve("[::1]:80") == endpoints{endpoint::loopback_v6(80)});
  CHECK(resolve(":80") == endpoints{endpoint::any_v4(80)});
  CHECK(resolve_first("127.0.0.1", 80) == endpoint::loopback_v4(80));
  CHECK(resolve_first("127.0.0.1", "80") == endpoint::loopback_v4(80));
  CHECK(resolve_first("[::1]:80") == endpoint::loopback_v6(80));
}

TEST_CASE("a fiber looks up a name in the system's hosts file [row 111] [row 115]") {
  weft::runtime house({.workers = 1});
  const auto found = house.run([] { return resolve("localhost", 80); });
  REQUIRE(found);
  CHECK((has(*found, endpoint::loopback_v4(80)) || has(*found, endpoint::loopback_v6(80))));
  const auto first = house.run([] { return resolve_first("localhost:80"); });
  CHECK(first == found->front());
}

TEST_CASE("a plain thread looks up a name as well") {
  const auto found = resolve("localhost", 80);
  REQUIRE(found);
  CHECK((has(*found, endpoint::loopback_v4(80)) || has(*found, endpoint::loopback_v6(80))));
}

TEST_CASE("services are looked up by name") {
  weft::runtime house({.workers = 1});
  const auto found = house.run([] { return resolve("127.0.0.1", "http"); });
  if (!found && found.error() == resolve_errc::service_not_found) {
    MESSAGE("this machine has no /etc/services");
    return;
  }
  CHECK(found == endpoints{endpoint::loopback_v4(80)});
  CHECK(house.run([] { return resolve_first("[::1]:http"); }) == endpoint::loopback_v6(80));
  CHECK(house.run([] { return resolve_first(":http"); }) == endpoint::any_v4(80));
}

TEST_CASE("a service that does not exist is not a host that does not exist") {
  weft::runtime house({.workers = 1});
  const auto message = house.run([]() -> std::string {
    const auto found = resolve("127.0.0.1", "nosuchservice");
    CHECK(found.error() == resolve_errc::service_not_found);
    return weft::explain(found.error());
  });
  CHECK(message.starts_with("resolve nosuchservice: service not found"));
}

TEST_CASE("what cannot be a name is refused without a look-up") {
  const std::map<std::string, address_errc> bad = {
      {"", address_errc::empty},
      {"example.org", address_errc::missing_port},
      {"::1:80", address_errc::missing_brackets},
      {"[::1:80", address_errc::bad_brackets},
      {"127.1:80", address_errc::bad_address},
      {"0x7f000001:80", address_errc::bad_address},
      {"127.0.0.256:80", address_errc::bad_address},
      {"two words:80", address_errc::bad_address},
      {std::string("a\0b:80", 6), address_errc::bad_address},
      {"[fe80::1%nosuch0]:80", address_errc::unknown_interface},
      {"localhost:99999", address_errc::port_out_of_range},
      {"localhost:-1", address_errc::bad_port},
      {"localhost:+80", address_errc::bad_port},
      {"localhost: 80", address_errc::bad_port},
      {"127.0.0.1: 80", address_errc::bad_port},
      {std::string("localhost:80\0", 13), address_errc::bad_port},
      {std::string("localhost:http\0", 15), address_errc::bad_port},
  };
  for (const auto& [text, expected] : bad) {
    CAPTURE(text);
    CHECK(resolve(text).error() == expected);
    CHECK(resolve_first(text).error() == expected);
  }
  CHECK(resolve("localhost", "").error() == address_errc::missing_port);
}

TEST_CASE("explain() names what was looked up") {
  const auto bad = resolve("127.0.0.1.5:80");
  CHECK(weft::explain(bad.error()).starts_with("resolve 127.0.0.1.5:80: bad address: "));
}
