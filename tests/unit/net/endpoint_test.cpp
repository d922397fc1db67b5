#include <map>
#include <random>
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include <doctest/doctest.h>
#include <net/if.h>
#include <raw_calls.hpp>

#include <weft/net/address_errc.hpp>
#include <weft/net/endpoint.hpp>

using weft::address_errc;
using weft::endpoint;
using weft::ip_address;

static_assert(std::is_trivially_copyable_v<endpoint>);
static_assert(sizeof(endpoint) == 32);
static_assert(endpoint() == endpoint::any_v4(0));
static_assert(endpoint::loopback_v6(80).port() == 80);
static_assert(endpoint::loopback_v4(80).with_port(81) == endpoint::loopback_v4(81));

namespace {

endpoint must_parse(std::string_view text) {
  const auto parsed = endpoint::parse(text);
  REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

}  // namespace

TEST_CASE("an endpoint is an address and a port [row 90]") {
  const endpoint e(ip_address::v4(192, 0, 2, 1), 8080);
  CHECK(e.is_v4());
  CHECK_FALSE(e.is_v6());
  CHECK(e.address() == ip_address::v4(192, 0, 2, 1));
  CHECK(e.address().octets()[0] == 192);
  CHECK(e.port() == 8080);
  CHECK(e.flow_info() == 0);
  CHECK(endpoint::any_v4(1).to_string() == "0.0.0.0:1");
  CHECK(endpoint::any_v6(1).to_string() == "[::]:1");
  CHECK(endpoint::loopback_v4(1).to_string() == "127.0.0.1:1");
  CHECK(endpoint::loopback_v6(1).to_string() == "[::1]:1");
}

TEST_CASE("flow information belongs to IPv6 and survives another port") {
  const endpoint e(ip_address::loopback_v6(), 80, 0xabcde);
  CHECK(e.flow_info() == 0xabcde);
  CHECK(e.with_port(81).flow_info() == 0xabcde);
  CHECK(e != endpoint::loopback_v6(80));
  CHECK(endpoint(ip_address::loopback_v4(), 80, 0xabcde) == endpoint::loopback_v4(80));
}

TEST_CASE("endpoints are read and written [row 90]") {
  const std::map<std::string_view, std::string_view> good = {
      {"127.0.0.1:80", "127.0.0.1:80"},
      {"0.0.0.0:0", "0.0.0.0:0"},
      {"255.255.255.255:65535", "255.255.255.255:65535"},
      {":80", "0.0.0.0:80"},
      {":0", "0.0.0.0:0"},
      {"1.2.3.4:00080", "1.2.3.4:80"},
      {"[::1]:80", "[::1]:80"},
      {"[::]:65535", "[::]:65535"},
      {"[2001:DB8:0::1]:443", "[2001:db8::1]:443"},
      {"[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80"},
      {"[fe80::1%4000000000]:80", "[fe80::1%4000000000]:80"},
      {"[fe80::1%0]:80", "[fe80::1]:80"},
  };
  for (const auto& [text, expected] : good) {
    CAPTURE(text);
    CHECK(must_parse(text).to_string() == expected);
    CHECK(must_parse(expected) == must_parse(text));
  }
  if (weft::testing::raw::has_short_interface_names) {
    const endpoint named = must_parse("[fe80::1%lo]:80");
    CHECK(named.to_string() == "[fe80::1%lo]:80");
    CHECK(named.address().scope_id() == if_nametoindex("lo"));
  }
  CHECK(must_parse("[fe80::1%2]:80").address().scope_id() == 2);
}

TEST_CASE("what is no endpoint is told apart by its error [row 90]") {
  using namespace std::string_view_literals;
  const std::map<std::string_view, address_errc> bad = {
      {"", address_errc::empty},
      {"127.0.0.1", address_errc::missing_port},
      {"127.0.0.1:", address_errc::missing_port},
      {"localhost", address_errc::missing_port},
      {"80", address_errc::missing_port},
      {":", address_errc::missing_port},
      {"[::1]", address_errc::missing_port},
      {"[::1]:", address_errc::missing_port},
      {"127.0.0.1:99999", address_errc::port_out_of_range},
      {"127.0.0.1:65536", address_errc::port_out_of_range},
      {"127.0.0.1:-1", address_errc::bad_port},
      {"127.0.0.1:80x", address_errc::bad_port},
      {"127.0.0.1:80 ", address_errc::bad_port},
      {"127.0.0.1: 80", address_errc::bad_port},
      {"127.0.0.1:80\0"sv, address_errc::bad_port},
      {"127.0.0.1:http", address_errc::bad_port},
      {"[::1]:80:80", address_errc::bad_port},
      {"::1", address_errc::missing_brackets},
      {"::1:80", address_errc::missing_brackets},
      {"fe80::1%eth0:80", address_errc::missing_brackets},
      {"127.0.0.1:80:80", address_errc::missing_brackets},
      {"[::1:80", address_errc::bad_brackets},
      {"[::1]80", address_errc::bad_brackets},
      {"[127.0.0.1]:80", address_errc::bad_brackets},
      {"[localhost]:80", address_errc::bad_brackets},
      {"[]:80", address_errc::bad_brackets},
      {"127.0.0.1]:80", address_errc::bad_brackets},
      {"localhost:80", address_errc::host_name},
      {"example.org:http", address_errc::host_name},
      {"127.0.0.256:80", address_errc::bad_address},
      {"127.1:80", address_errc::bad_address},
      {" 127.0.0.1:80", address_errc::bad_address},
      {"*:80", address_errc::bad_address},
      {"http://127.0.0.1:80", address_errc::bad_address},
      {"[::1::]:80", address_errc::bad_address},
      {"[1.2.3.4:5]:80", address_errc::bad_address},
      {"[[::1]]:80", address_errc::bad_address},
      {"[::1 ]:80", address_errc::bad_address},
      {"127.0.0.1%lo:80", address_errc::bad_scope},
      {"[fe80::1%]:80", address_errc::bad_scope},
      {"[fe80::1%nosuch0]:80", address_errc::unknown_interface},
  };
  for (const auto& [text, expected] : bad) {
    CAPTURE(text);
    const auto parsed = endpoint::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == expected);
  }
}

TEST_CASE("random endpoints survive their text [row 90]") {
  std::mt19937 random(90);
  for (int round = 0; round < 50'000; ++round) {
    ip_address::v6_octets octets;
    for (auto& octet : octets) {
      octet = static_cast<std::uint8_t>(random() % 4 == 0 ? random() : 0);
    }
    const auto port = static_cast<std::uint16_t>(random());
    const std::uint32_t scope = round % 3 == 0 ? static_cast<std::uint32_t>(random()) : 0;
    const endpoint v6(ip_address(octets, scope), port);
    REQUIRE(must_parse(v6.to_string()) == v6);
    const endpoint v4(ip_address::v4(octets[0], octets[1], octets[2], octets[3]), port);
    REQUIRE(must_parse(v4.to_string()) == v4);
    REQUIRE(v4.mapped().unmapped() == v4);
  }
}

TEST_CASE("the longest text fits the buffer") {
  std::array<char, endpoint::text_capacity> buffer;
  const endpoint e(
      ip_address(ip_address::v6({0x1111, 0x1111, 0x1111, 0x1111, 0x1111, 0x1111, 0x1111, 0x1111},
                                4294967295)),
      65535);
  CHECK(e.format_to(buffer) == "[1111:1111:1111:1111:1111:1111:1111:1111%4294967295]:65535");
}

TEST_CASE("an endpoint is mapped and unmapped with its port [row 90]") {
  const endpoint e = endpoint::loopback_v4(80);
  CHECK(e.mapped().to_string() == "[::ffff:127.0.0.1]:80");
  CHECK(e.mapped().unmapped() == e);
  CHECK(e.unmapped() == e);
  CHECK(endpoint::loopback_v6(80).unmapped() == endpoint::loopback_v6(80));
  const endpoint flowing(e.mapped().address(), 80, 1);
  CHECK(flowing.unmapped() == e);
}

TEST_CASE("endpoints are ordered by address, port, flow information [row 90]") {
  const std::vector<endpoint> ascending = {
      endpoint::any_v4(0),        endpoint::any_v4(80),
      endpoint::any_v4(256),      endpoint::loopback_v4(0),
      endpoint::loopback_v4(1),   endpoint::any_v6(0),
      endpoint::loopback_v6(80),  {ip_address::loopback_v6(), 80, 1},
      endpoint::loopback_v6(81),  must_parse("[fe80::1]:1"),
      must_parse("[fe80::1%1]:0")};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t k = 0; k < ascending.size(); ++k) {
      CHECK((ascending[i] <=> ascending[k]) == (i <=> k));
      CHECK((ascending[i] == ascending[k]) == (i == k));
    }
  }
}

TEST_CASE("every port of an address hashes differently [row 90]") {
  std::unordered_set<std::size_t> hashes;
  std::unordered_set<endpoint> all;
  for (unsigned port = 0; port <= 65535; ++port) {
    const auto e = endpoint::loopback_v4(static_cast<std::uint16_t>(port));
    hashes.insert(std::hash<endpoint>{}(e));
    all.insert(e);
  }
  CHECK(all.size() == 65536);
  // Some pairs may meet where a hash has only 32 bits.
  CHECK(hashes.size() >= 65536 - (sizeof(std::size_t) == 4 ? 8 : 0));
  CHECK(all.contains(endpoint::loopback_v4(80)));
  CHECK_FALSE(all.contains(endpoint::loopback_v6(80)));
}

TEST_CASE("an endpoint is written to a stream with its width") {
  std::ostringstream out;
  out << endpoint::loopback_v4(80) << '|';
  out.width(10);
  out << endpoint::loopback_v6(80) << '|';
  CHECK(out.str() == "127.0.0.1:80|  [::1]:80|");
}

#ifdef __cpp_lib_format
TEST_CASE("std::format takes endpoints with the specifications of strings [row 90]") {
  CHECK(std::format("{}", endpoint::loopback_v4(80)) == "127.0.0.1:80");
  CHECK(std::format("{:*<10}", endpoint::loopback_v6(80)) == "[::1]:80**");
}
#endif
