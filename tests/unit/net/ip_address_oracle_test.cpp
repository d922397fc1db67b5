#include <algorithm>
#include <ostream>
#include <random>
#include <string>

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <weft/net/ip_address.hpp>

using weft::ip_address;

namespace {

/// Random addresses with many zero groups, so that every place and length of `::` comes up.
ip_address random_v6(std::mt19937& random) {
  std::array<std::uint16_t, 8> groups;
  for (auto& group : groups) {
    const auto bits = random();
    group = static_cast<std::uint16_t>(bits % 3 == 0 ? 0 : bits >> (bits % 5 * 4 + 8));
  }
  return ip_address::v6(groups);
}

}  // namespace

TEST_CASE("parse and format agree with inet_pton and inet_ntop on random addresses") {
  std::mt19937 random(20240601);
  for (int round = 0; round < 100'000; ++round) {
    const ip_address address = random_v6(random);
    char theirs[INET6_ADDRSTRLEN];
    REQUIRE(inet_ntop(AF_INET6, address.octets().data(), theirs, sizeof theirs));
    REQUIRE(ip_address::parse(theirs) == address);
    // inet_ntop also writes ::1.2.3.4, the IPv4-compatible addresses that RFC 4291 deprecated.
    if (address.is_v4_mapped() || !std::string_view(theirs).contains('.')) {
      REQUIRE(address.to_string() == theirs);
    }
    REQUIRE(ip_address::parse(address.to_string()) == address);

    const auto bits = random();
    const auto v4 = ip_address::v4(
        static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8),
        static_cast<std::uint8_t>(bits >> 16), static_cast<std::uint8_t>(bits >> 24));
    REQUIRE(inet_ntop(AF_INET, v4.octets().data(), theirs, sizeof theirs));
    REQUIRE(v4.to_string() == theirs);
    REQUIRE(ip_address::parse(theirs) == v4);
  }
}

TEST_CASE("parse accepts exactly what inet_pton accepts, on random near-addresses") {
  std::mt19937 random(7);
  constexpr std::string_view alphabet = "0123456789abcdef::::....fF0125g ";
  const std::string_view seeds[] = {"1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "2001:db8::1", "::",
                                    "127.0.0.1",       "255.255.255.255",  "1::8",        "::1"};
  int accepted = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string text(seeds[random() % std::size(seeds)]);
    for (auto edits = random() % 4; edits > 0; --edits) {
      const auto at = random() % (text.size() + 1);
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text.insert(at, 1, c);
          break;
        case 1:
          text.erase(at, 1);
          break;
        default:
          text.replace(at, 1, 1, c);
      }
    }
    unsigned char theirs[16];
    const auto ours = ip_address::parse(text);
    CAPTURE(text);
    const bool is_v6 = inet_pton(AF_INET6, text.c_str(), theirs) == 1;
    const bool is_v4 = inet_pton(AF_INET, text.c_str(), theirs) == 1;
    REQUIRE(ours.has_value() == (is_v4 || is_v6));
    if (ours) {
      ++accepted;
      REQUIRE(ours->is_v6() == is_v6);
      REQUIRE(std::ranges::equal(ours->octets(), std::span(theirs).first(is_v6 ? 16 : 4)));
    }
  }
  CHECK(accepted > 50'000);
}
