// Feeds arbitrary text to every parser of addresses and checks what holds for all of it: no crash,
// what is accepted survives its own text and its native form, and the C library agrees about
// addresses. Built with Clang's -fsanitize=fuzzer.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>

#include <arpa/inet.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/host_port.hpp>
#include <weft/net/native_endpoint.hpp>

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check_address(std::string_view text) {
  const auto ours = weft::ip_address::parse(text);
  require(ours || ours.error().category() == weft::address_category());
  const std::string terminated(text.substr(0, text.find('%')));
  const bool is_comparable = text.find('\0') == std::string_view::npos;
  unsigned char theirs[16];
  const bool is_v4 = inet_pton(AF_INET, terminated.c_str(), theirs) == 1;
  const bool is_v6 = !is_v4 && inet_pton(AF_INET6, terminated.c_str(), theirs) == 1;
  if (is_comparable && text.size() == terminated.size()) {
    require(ours.has_value() == (is_v4 || is_v6));
  }
  if (!ours) {
    return;
  }
  require(ours->is_v6() == is_v6);
  require(std::ranges::equal(ours->octets(), std::span(theirs).first(ours->octets().size())));
  require(weft::ip_address::parse(ours->to_string()) == *ours);
  require(weft::ip_address::parse(ours->mapped().to_string()) == ours->mapped());
  // An address is global or of a special kind, never both.
  require(!ours->is_global() ||
          !(ours->is_loopback() || ours->is_private() || ours->is_link_local() ||
            ours->is_multicast() || ours->is_broadcast() || ours->is_shared() ||
            ours->is_documentation() || ours->is_benchmarking() || ours->is_unspecified()));
}

void check_endpoint(std::string_view text) {
  const auto halves = weft::split_host_port(text);
  const auto parsed = weft::endpoint::parse(text);
  require(parsed || parsed.error().category() == weft::address_category());
  if (!parsed) {
    return;
  }
  require(halves.has_value());
  require(weft::parse_port(halves->port) == parsed->port());
  const auto again = weft::endpoint::parse(parsed->to_string());
  require(again == *parsed);
  require(std::hash<weft::endpoint>{}(*again) == std::hash<weft::endpoint>{}(*parsed));
  require(weft::native_endpoint(*parsed).to_endpoint() == *parsed);
}

}  // namespace

// libFuzzer's name. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_address(text);
  check_endpoint(text);
  const auto native = weft::endpoint::from_native(data, size);
  require(!native || weft::native_endpoint(*native).to_endpoint() == *native);
  return 0;
}
