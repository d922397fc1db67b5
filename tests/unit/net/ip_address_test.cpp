#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include <doctest/doctest.h>
#include <net/if.h>
#include <raw_calls.hpp>

#include <weft/net/address_errc.hpp>
#include <weft/net/ip_address.hpp>

using weft::address_errc;
using weft::ip_address;

static_assert(std::is_trivially_copyable_v<ip_address>);
static_assert(std::is_nothrow_default_constructible_v<ip_address>);
static_assert(sizeof(ip_address) == 24);
static_assert(ip_address() == ip_address::any_v4());
static_assert(ip_address::v4(127, 0, 0, 1) == ip_address::loopback_v4());
static_assert(ip_address::v4(255, 255, 255, 255) < ip_address::any_v6());

namespace {

std::vector<unsigned> octets_of(const ip_address& address) {
  const auto octets = address.octets();
  return {octets.begin(), octets.end()};
}

ip_address must_parse(std::string_view text) {
  const auto parsed = ip_address::parse(text);
  REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

}  // namespace

TEST_CASE("an address is made of octets or groups and gives them back [row 90]") {
  CHECK(octets_of(ip_address::v4(192, 0, 2, 1)) == std::vector<unsigned>{192, 0, 2, 1});
  CHECK(ip_address(ip_address::v4_octets{192, 0, 2, 1}) == ip_address::v4(192, 0, 2, 1));
  const auto v6 = ip_address::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x1ff}, 7);
  CHECK(octets_of(v6) ==
        std::vector<unsigned>{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff});
  CHECK(v6.is_v6());
  CHECK_FALSE(v6.is_v4());
  CHECK(v6.scope_id() == 7);
  CHECK(ip_address::any_v4().is_v4());
}

TEST_CASE("IPv4 texts are read and written [row 90]") {
  for (const std::string_view text :
       {"0.0.0.0", "127.0.0.1", "1.2.3.4", "255.255.255.255", "10.200.99.100"}) {
    CAPTURE(text);
    CHECK(must_parse(text).is_v4());
    CHECK(must_parse(text).to_string() == text);
  }
}

TEST_CASE("IPv6 texts are read, and written in the form of RFC 5952 [row 90]") {
  const std::map<std::string_view, std::string_view> canonical = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:db8::1", "2001:db8::1"},
      // Leading zeros go, hexadecimal digits are in lower case (4.1, 4.3).
      {"2001:0DB8:00A0:000b:00C0::0001", "2001:db8:a0:b:c0::1"},
      // As many zeros as possible, but not a single group (4.2.1, 4.2.2).
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      // The longest run, the first of equals (4.2.3).
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"0:0:1:0:0:0:0:1", "0:0:1::1"},
      {"0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      // Mapped addresses end in dots (5), others do not.
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"::FFFF:192.0.2.1", "::ffff:192.0.2.1"},
      {"0:0:0:0:0:ffff:1.2.3.4", "::ffff:1.2.3.4"},
      {"::1.2.3.4", "::102:304"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
  };
  for (const auto& [text, expected] : canonical) {
    CAPTURE(text);
    const ip_address address = must_parse(text);
    CHECK(address.is_v6());
    CHECK(address.to_string() == expected);
    CHECK(must_parse(expected) == address);
  }
}

TEST_CASE("what is no address is told apart by its error [row 90]") {
  using namespace std::string_view_literals;
  const std::map<std::string_view, address_errc> bad = {
      {"", address_errc::empty},
      {"1.2.3", address_errc::bad_address},
      {"1.2.3.4.5", address_errc::bad_address},
      {"1.2.3.256", address_errc::bad_address},
      {"1.2.3.-4", address_errc::bad_address},
      {"1.2.3.", address_errc::bad_address},
      {".1.2.3", address_errc::bad_address},
      {"1..2.3", address_errc::bad_address},
      {"010.0.0.1", address_errc::bad_address},
      {"00.0.0.0", address_errc::bad_address},
      {"0x7f.1", address_errc::bad_address},
      {"127.0.0.0x1", address_errc::bad_address},
      {"0x7f000001", address_errc::bad_address},
      {"2130706433", address_errc::bad_address},
      {"1.2.3.4 ", address_errc::bad_address},
      {" 1.2.3.4", address_errc::bad_address},
      {"1.2.3.4\0"sv, address_errc::bad_address},
      {"1.2.3.4/24", address_errc::bad_address},
      {":", address_errc::bad_address},
      {":::", address_errc::bad_address},
      {"::1::", address_errc::bad_address},
      {"1::2::3", address_errc::bad_address},
      {":1", address_errc::bad_address},
      {"1:", address_errc::bad_address},
      {":1:2:3:4:5:6:7:8", address_errc::bad_address},
      {"1:2:3:4:5:6:7", address_errc::bad_address},
      {"1:2:3:4:5:6:7:8:9", address_errc::bad_address},
      {"1:2:3:4:5:6:7:8::", address_errc::bad_address},
      {"::1:2:3:4:5:6:7:8", address_errc::bad_address},
      {"1:2:3:4::5:6:7:8", address_errc::bad_address},
      {"12345::", address_errc::bad_address},
      {"00001::", address_errc::bad_address},
      {"g::", address_errc::bad_address},
      {"::-1", address_errc::bad_address},
      {"::1 ", address_errc::bad_address},
      {"[::1]", address_errc::bad_address},
      {"::1.2.3", address_errc::bad_address},
      {"::1.2.3.4.5", address_errc::bad_address},
      {"::1.2.3.04", address_errc::bad_address},
      {"::1.2.3.4:5", address_errc::bad_address},
      {"1.2.3.4::", address_errc::bad_address},
      {"1:2:3:4:5:6:7:1.2.3.4", address_errc::bad_address},
      {"::2:3:4:5:6:7:1.2.3.4", address_errc::bad_address},
      {"%1", address_errc::bad_address},
      {"1%", address_errc::bad_address},
      {"two words", address_errc::bad_address},
      {"a..b", address_errc::bad_address},
      {".", address_errc::bad_address},
      {"..", address_errc::bad_address},
      {".a", address_errc::bad_address},
      {"localhost", address_errc::host_name},
      {"example.org", address_errc::host_name},
      {"example.org.", address_errc::host_name},
      {"1.2.3.4.in-addr.arpa", address_errc::host_name},
      {"3com.com", address_errc::host_name},
      {"web_1", address_errc::host_name},
      {"m\xc3\xbcnchen.example", address_errc::host_name},
      {"127.0.0.1%lo", address_errc::bad_scope},
      {"127.0.0.1%", address_errc::bad_scope},
      {"fe80::1%", address_errc::bad_scope},
      {"fe80::1%4294967296", address_errc::bad_scope},
      {"fe80::1%nosuch0", address_errc::unknown_interface},
      {"fe80::1%-1", address_errc::unknown_interface},
      {"fe80::1%lo\0"sv, address_errc::unknown_interface},
      {"fe80::1%aninterfacewithaverylongname", address_errc::unknown_interface},
  };
  for (const auto& [text, expected] : bad) {
    CAPTURE(text);
    const auto parsed = ip_address::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == expected);
  }
  CHECK(ip_address::parse(std::string(253, 'a')).error() == address_errc::host_name);
  CHECK(ip_address::parse(std::string(255, 'a')).error() == address_errc::bad_address);
}

TEST_CASE("a scope is read by index or name and written by name [row 90]") {
  if (weft::testing::raw::has_short_interface_names) {
    const auto loopback_index = if_nametoindex("lo");
    REQUIRE(loopback_index != 0);
    CHECK(must_parse("fe80::1%lo").scope_id() == loopback_index);
    CHECK(must_parse("fe80::1%lo") == must_parse("fe80::1%" + std::to_string(loopback_index)));
    CHECK(must_parse("fe80::1%lo").to_string() == "fe80::1%lo");
    CHECK(must_parse("::ffff:1.2.3.4%lo").to_string() == "::ffff:1.2.3.4%lo");
  }

  CHECK(must_parse("fe80::1%4000000000").scope_id() == 4'000'000'000);
  CHECK(must_parse("fe80::1%4000000000").to_string() == "fe80::1%4000000000");
  CHECK(must_parse("fe80::1%0") == must_parse("fe80::1"));

  const auto scoped = must_parse("fe80::1").with_scope_id(12);
  CHECK(scoped.scope_id() == 12);
  CHECK(scoped != must_parse("fe80::1"));
  CHECK(ip_address::loopback_v4().with_scope_id(12) == ip_address::loopback_v4());
}

TEST_CASE("the longest texts fit the buffer") {
  std::array<char, ip_address::text_capacity> buffer;
  const ip_address address =
      ip_address::v6({0x1111, 0x1111, 0x1111, 0x1111, 0x1111, 0x1111, 0x1111, 0x1111}, 4294967295);
  CHECK(address.format_to(buffer) == "1111:1111:1111:1111:1111:1111:1111:1111%4294967295");
  CHECK(ip_address::v4(255, 255, 255, 255).format_to(buffer) == "255.255.255.255");
}

TEST_CASE("addresses are ordered by family, octets, scope") {
  const std::vector<ip_address> ascending = {
      ip_address::any_v4(),        ip_address::v4(0, 0, 0, 1), ip_address::v4(9, 255, 0, 0),
      ip_address::v4(10, 0, 0, 0), ip_address::broadcast(),    ip_address::any_v6(),
      ip_address::loopback_v6(),   must_parse("fe80::1"),      must_parse("fe80::1%1"),
      must_parse("fe80::1%2"),     must_parse("fe80::2"),      must_parse("ff02::1")};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t k = 0; k < ascending.size(); ++k) {
      CHECK((ascending[i] <=> ascending[k]) == (i <=> k));
      CHECK((ascending[i] == ascending[k]) == (i == k));
    }
  }
}

TEST_CASE("neighbouring addresses fall into different buckets") {
  std::unordered_set<std::size_t> low_bits;
  std::unordered_set<ip_address> all;
  constexpr std::size_t count = 4096;
  for (std::size_t i = 0; i < count; ++i) {
    const auto address =
        ip_address::v4(10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i));
    low_bits.insert(std::hash<ip_address>{}(address) % count);
    all.insert(address);
    all.insert(address.mapped());
  }
  CHECK(all.size() == 2 * count);
  // A random function hits 63 % of them.
  CHECK(low_bits.size() > count * 58 / 100);
  const std::hash<ip_address> hash;
  CHECK(hash(ip_address::any_v4()) != hash(ip_address::any_v6()));
  CHECK(hash(must_parse("fe80::1%1")) != hash(must_parse("fe80::1%2")));
  CHECK(hash(must_parse("fe80::1")) == hash(must_parse("FE80:0::1")));
}

TEST_CASE("an address is written to a stream with its width") {
  std::ostringstream out;
  out << ip_address::loopback_v4() << '|';
  out.width(6);
  out << ip_address::loopback_v6() << '|';
  CHECK(out.str() == "127.0.0.1|   ::1|");
}

#ifdef __cpp_lib_format
TEST_CASE("std::format takes addresses with the specifications of strings") {
  CHECK(std::format("{}", ip_address::loopback_v6()) == "::1");
  CHECK(std::format("{:>11}|", ip_address::loopback_v4()) == "  127.0.0.1|");
}
#endif
