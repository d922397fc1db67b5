#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/ip_address.hpp>

using weft::ip_address;

namespace {

using kinds = std::set<std::string_view>;

kinds kinds_of(const ip_address& a) {
  const std::pair<std::string_view, bool> answers[] = {{"unspecified", a.is_unspecified()},
                                                       {"loopback", a.is_loopback()},
                                                       {"private", a.is_private()},
                                                       {"unique_local", a.is_unique_local()},
                                                       {"link_local", a.is_link_local()},
                                                       {"multicast", a.is_multicast()},
                                                       {"broadcast", a.is_broadcast()},
                                                       {"shared", a.is_shared()},
                                                       {"documentation", a.is_documentation()},
                                                       {"benchmarking", a.is_benchmarking()},
                                                       {"v4_mapped", a.is_v4_mapped()},
                                                       {"global", a.is_global()}};
  kinds all;
  for (const auto& [name, yes] : answers) {
    if (yes) {
      all.insert(name);
    }
  }
  return all;
}

ip_address must_parse(std::string_view text) {
  const auto parsed = ip_address::parse(text);
  REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

/// First and last address of each block of the registries and the neighbours outside it.
const std::map<std::string_view, kinds> v4_examples = {
    {"0.0.0.0", {"unspecified"}},
    {"0.0.0.1", {}},
    {"0.255.255.255", {}},
    {"1.0.0.0", {"global"}},
    {"1.1.1.1", {"global"}},
    {"8.8.8.8", {"global"}},
    {"9.255.255.255", {"global"}},
    {"10.0.0.0", {"private"}},
    {"10.255.255.255", {"private"}},
    {"11.0.0.0", {"global"}},
    {"100.63.255.255", {"global"}},
    {"100.64.0.0", {"shared"}},
    {"100.127.255.255", {"shared"}},
    {"100.128.0.0", {"global"}},
    {"126.255.255.255", {"global"}},
    {"127.0.0.0", {"loopback"}},
    {"127.0.0.1", {"loopback"}},
    {"127.255.255.255", {"loopback"}},
    {"128.0.0.0", {"global"}},
    {"169.253.255.255", {"global"}},
    {"169.254.0.0", {"link_local"}},
    {"169.254.169.254", {"link_local"}},
    {"169.254.255.255", {"link_local"}},
    {"169.255.0.0", {"global"}},
    {"172.15.255.255", {"global"}},
    {"172.16.0.0", {"private"}},
    {"172.31.255.255", {"private"}},
    {"172.32.0.0", {"global"}},
    {"191.255.255.255", {"global"}},
    {"192.0.0.0", {}},
    {"192.0.0.8", {}},
    {"192.0.0.9", {"global"}},
    {"192.0.0.10", {"global"}},
    {"192.0.0.11", {}},
    {"192.0.0.170", {}},
    {"192.0.0.255", {}},
    {"192.0.1.0", {"global"}},
    {"192.0.2.0", {"documentation"}},
    {"192.0.2.255", {"documentation"}},
    {"192.0.3.0", {"global"}},
    {"192.31.196.1", {"global"}},
    {"192.52.193.1", {"global"}},
    {"192.88.99.2", {}},
    {"192.88.99.3", {"global"}},
    {"192.167.255.255", {"global"}},
    {"192.168.0.0", {"private"}},
    {"192.168.255.255", {"private"}},
    {"192.169.0.0", {"global"}},
    {"192.175.48.1", {"global"}},
    {"198.17.255.255", {"global"}},
    {"198.18.0.0", {"benchmarking"}},
    {"198.19.255.255", {"benchmarking"}},
    {"198.20.0.0", {"global"}},
    {"198.51.99.255", {"global"}},
    {"198.51.100.0", {"documentation"}},
    {"198.51.100.255", {"documentation"}},
    {"198.51.101.0", {"global"}},
    {"203.0.112.255", {"global"}},
    {"203.0.113.0", {"documentation"}},
    {"203.0.113.255", {"documentation"}},
    {"203.0.114.0", {"global"}},
    {"223.255.255.255", {"global"}},
    {"224.0.0.0", {"multicast"}},
    {"224.0.0.251", {"multicast"}},
    {"239.255.255.255", {"multicast"}},
    {"240.0.0.0", {}},
    {"255.255.255.254", {}},
    {"255.255.255.255", {"broadcast"}},
};

const std::map<std::string_view, kinds> v6_examples = {
    {"::", {"unspecified"}},
    {"::1", {"loopback"}},
    {"::2", {}},
    {"::127.0.0.1", {}},
    {"::fffe:ffff:ffff", {}},
    {"::1:0:0:0", {}},
    {"64:ff9b::8.8.8.8", {"global"}},
    {"64:ff9b::10.0.0.1", {}},
    {"64:ff9b::127.0.0.1", {}},
    {"64:ff9b:0:0:0:1::", {}},
    {"64:ff9b:1::1", {}},
    {"100::1", {}},
    {"100:0:0:1::1", {}},
    {"1fff:ffff::1", {}},
    {"2000::", {"global"}},
    {"2001::1", {}},
    {"2001:1::", {}},
    {"2001:1::1", {"global"}},
    {"2001:1::2", {"global"}},
    {"2001:1::3", {"global"}},
    {"2001:1::4", {}},
    {"2001:2::", {"benchmarking"}},
    {"2001:2:0:ffff:ffff:ffff:ffff:ffff", {"benchmarking"}},
    {"2001:2:1::", {}},
    {"2001:3::1", {"global"}},
    {"2001:4:112::1", {"global"}},
    {"2001:4:113::1", {}},
    {"2001:10::1", {}},
    {"2001:1f:ffff::", {}},
    {"2001:20::1", {"global"}},
    {"2001:2f:ffff::1", {"global"}},
    {"2001:30::1", {"global"}},
    {"2001:3f:ffff::1", {"global"}},
    {"2001:40::1", {}},
    {"2001:1ff:ffff::1", {}},
    {"2001:200::1", {"global"}},
    {"2001:4860:4860::8888", {"global"}},
    {"2001:db7:ffff::1", {"global"}},
    {"2001:db8::", {"documentation"}},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", {"documentation"}},
    {"2001:db9::", {"global"}},
    {"2002:a00:1::1", {}},
    {"2003::1", {"global"}},
    {"2620:4f:8000::1", {"global"}},
    {"2a00:1450:4001::1", {"global"}},
    {"3ffe:ffff::1", {"global"}},
    {"3fff::", {"documentation"}},
    {"3fff:fff:ffff::1", {"documentation"}},
    {"3fff:1000::", {"global"}},
    {"4000::1", {}},
    {"5f00::1", {}},
    {"fbff::1", {}},
    {"fc00::", {"private", "unique_local"}},
    {"fd12:3456:789a::1", {"private", "unique_local"}},
    {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", {"private", "unique_local"}},
    {"fe00::1", {}},
    {"fe7f:ffff::1", {}},
    {"fe80::", {"link_local"}},
    {"fe80::1%1", {"link_local"}},
    {"febf:ffff::1", {"link_local"}},
    {"fec0::1", {}},
    {"feff::1", {}},
    {"ff00::", {"multicast"}},
    {"ff02::fb", {"multicast"}},
    {"ff0e::1", {"multicast"}},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", {"multicast"}},
};

}  // namespace

TEST_CASE("IPv4 addresses are of the kinds that the registries give them [row 90]") {
  for (const auto& [text, expected] : v4_examples) {
    CAPTURE(text);
    CHECK(kinds_of(must_parse(text)) == expected);
  }
}

TEST_CASE("IPv6 addresses are of the kinds that the registries give them [row 90]") {
  for (const auto& [text, expected] : v6_examples) {
    CAPTURE(text);
    CHECK(kinds_of(must_parse(text)) == expected);
  }
}

TEST_CASE("a mapped address is of the kinds of the IPv4 address in it [row 90]") {
  for (const auto& [text, expected] : v4_examples) {
    CAPTURE(text);
    kinds with_mapped = expected;
    with_mapped.insert("v4_mapped");
    CHECK(kinds_of(must_parse(text).mapped()) == with_mapped);
  }
}

TEST_CASE("addresses are mapped and unmapped [row 90]") {
  const auto v4 = ip_address::v4(192, 0, 2, 1);
  CHECK(v4.mapped().to_string() == "::ffff:192.0.2.1");
  CHECK(v4.mapped().is_v4_mapped());
  CHECK(v4.mapped().unmapped() == v4);
  CHECK(v4.mapped().mapped() == v4.mapped());
  CHECK(v4.unmapped() == v4);
  CHECK_FALSE(v4.is_v4_mapped());
  CHECK(ip_address::loopback_v6().mapped() == ip_address::loopback_v6());
  CHECK(ip_address::loopback_v6().unmapped() == ip_address::loopback_v6());
}
