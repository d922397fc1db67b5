#include <ostream>
#include <string>

#include <doctest/doctest.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/host_port.hpp>

using weft::address_errc;
using weft::host_port;
using weft::parse_port;
using weft::split_host_port;

TEST_CASE("host and port are taken apart as they stand [row 90]") {
  struct {
    std::string_view text;
    host_port expected;
  } const good[] = {
      {"example.org:80", {"example.org", "80"}},
      {"example.org:http", {"example.org", "http"}},
      {"127.0.0.1:8080", {"127.0.0.1", "8080"}},
      {"[::1]:80", {"::1", "80"}},
      {"[fe80::1%eth0]:80", {"fe80::1%eth0", "80"}},
      {"[fe80::1%we]ird]:80", {"fe80::1%we]ird", "80"}},
      {":80", {"", "80"}},
      {"a:99999", {"a", "99999"}},
      {"a: ", {"a", " "}},
      {"[::1]::", {"::1", ":"}},
  };
  for (const auto& [text, expected] : good) {
    CAPTURE(text);
    const auto split = split_host_port(text);
    REQUIRE(split);
    CHECK(*split == expected);
  }
}

TEST_CASE("the parts point into the text") {
  const std::string text = "example.org:80";
  const auto split = split_host_port(text);
  REQUIRE(split);
  CHECK(split->host.data() == text.data());
  CHECK(split->port.data() == text.data() + 12);
}

TEST_CASE("what is not host:port is told apart by its error [row 90]") {
  struct {
    std::string_view text;
    address_errc expected;
  } const bad[] = {
      {"", address_errc::empty},
      {"example.org", address_errc::missing_port},
      {"example.org:", address_errc::missing_port},
      {":", address_errc::missing_port},
      {"[::1]", address_errc::missing_port},
      {"[::1]:", address_errc::missing_port},
      {"::1", address_errc::missing_brackets},
      {"::1:80", address_errc::missing_brackets},
      {"::", address_errc::missing_brackets},
      {"a:b:c", address_errc::missing_brackets},
      {"fe80::1%eth0:80", address_errc::missing_brackets},
      {"http://example.org:80", address_errc::bad_address},
      {"example.org:80:80", address_errc::bad_address},
      {"%:%:", address_errc::bad_address},
      {"[::1", address_errc::bad_brackets},
      {"[::1:80", address_errc::bad_brackets},
      {"[::1]80", address_errc::bad_brackets},
      {"[]:80", address_errc::bad_brackets},
      {"[", address_errc::bad_brackets},
      {"[]", address_errc::bad_brackets},
      {"[127.0.0.1]:80", address_errc::bad_brackets},
      {"[example.org]:80", address_errc::bad_brackets},
      {"a]:80", address_errc::bad_brackets},
      {"a:8]0", address_errc::bad_brackets},
      {"a[:80", address_errc::bad_brackets},
  };
  for (const auto& [text, expected] : bad) {
    CAPTURE(text);
    const auto split = split_host_port(text);
    REQUIRE_FALSE(split);
    CHECK(split.error() == expected);
  }
}

TEST_CASE("every port is read back from its digits") {
  for (unsigned port = 0; port <= 65535; ++port) {
    const auto parsed = parse_port(std::to_string(port));
    REQUIRE(parsed);
    REQUIRE(*parsed == port);
  }
  CHECK(parse_port("00080") == 80);
}

TEST_CASE("what is no port number is told apart by its error") {
  using namespace std::string_view_literals;
  struct {
    std::string_view text;
    address_errc expected;
  } const bad[] = {
      {"", address_errc::missing_port},
      {"-1", address_errc::bad_port},
      {"+1", address_errc::bad_port},
      {" 80", address_errc::bad_port},
      {"80 ", address_errc::bad_port},
      {"80x", address_errc::bad_port},
      {"80\0"sv, address_errc::bad_port},
      {"0x50", address_errc::bad_port},
      {"http", address_errc::bad_port},
      {"8.0", address_errc::bad_port},
      {"000080", address_errc::bad_port},
      {"65536", address_errc::port_out_of_range},
      {"99999", address_errc::port_out_of_range},
      {"4294967376", address_errc::port_out_of_range},
      {"99999999999999999999999999", address_errc::port_out_of_range},
  };
  for (const auto& [text, expected] : bad) {
    CAPTURE(text);
    const auto parsed = parse_port(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == expected);
  }
}
