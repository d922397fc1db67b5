#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netdb.h>

#include <weft/net/connect_options.hpp>
#include <weft/net/resolve.hpp>
#include <weft/runtime/explain.hpp>

#include "name_lookup.hpp"
#include "support/tcp_fixture.hpp"

/// Connecting to a host by a name that has several addresses.
namespace weft::testing {

namespace {

constexpr const char* dead = "127.0.0.2";
constexpr const char* live = "127.0.0.1";

/// What the system finds, but with the dead address first and the live one after it.
int find_both(const char*, const char* service, const addrinfo* hints, addrinfo** found) {
  addrinfo any_type = *hints;
  any_type.ai_socktype = 0;  // finds the address several times
  const int answer = ::getaddrinfo(live, service, &any_type, found);
  if (answer != 0) {
    return answer;
  }
  if (!(*found)->ai_next) {
    // A system that gives it once frees one after the other.
    (void)::getaddrinfo(live, service, &any_type, &(*found)->ai_next);
  }
  for (addrinfo* one = *found; one; one = one->ai_next) {
    one->ai_socktype = SOCK_STREAM;
  }
  auto* const first = reinterpret_cast<sockaddr_in*>((*found)->ai_addr);
  ::inet_pton(AF_INET, dead, &first->sin_addr);
  return (*found)->ai_next ? 0 : EAI_FAIL;
}

class two_addresses {
 public:
  two_addresses() : previous_(detail::replace_getaddrinfo(find_both)) {}
  ~two_addresses() { detail::replace_getaddrinfo(previous_); }
  two_addresses(const two_addresses&) = delete;
  two_addresses& operator=(const two_addresses&) = delete;

 private:
  detail::getaddrinfo_function previous_;
};

/// A server at the dead address that takes no more connections: who connects gets no answer.
class silence {
 public:
  explicit silence(std::uint16_t port) : address_(at(port)), listener_(raw_listener(address_, 0)) {
    filler_ = raw_connection(address_);
  }

 private:
  static sockaddr_in at(std::uint16_t port) {
    sockaddr_in address = loopback();
    ::inet_pton(AF_INET, dead, &address.sin_addr);
    address.sin_port = htons(port);
    return address;
  }

  sockaddr_in address_;
  raw_handle listener_;
  raw_handle filler_;
};

std::string by_name(const tcp_listener& listener) {
  return text_at(or_throw(listener.local_endpoint()).port(), "both.example");
}

}  // namespace

TEST_CASE("a name with a dead and a live address leads to the live one [row 115]") {
  const two_addresses fake;
  in_io([] {
    const auto listener = or_throw(listen(text_at(0, live)));
    const endpoint good = or_throw(listener.local_endpoint());
    REQUIRE(or_throw(resolve(by_name(listener))).size() == 2);
    {
      // Nobody listens at the first, which is known at once.
      auto client = or_throw(connect(by_name(listener), {.attempt_delay = 10min}));
      CHECK(client.peer_endpoint() == good);
      CHECK(carries_data({std::move(client), or_throw(listener.accept())}));
    }
    const silence first(good.port());
    const int before = open_descriptors();
    auto client = or_throw(connect(by_name(listener), {.attempt_delay = 20ms}));
    CHECK(client.peer_endpoint() == good);
    CHECK(open_descriptors() == before + 1);  // the attempt that was given up is closed
    CHECK(carries_data({std::move(client), or_throw(listener.accept())}));
  });
}

TEST_CASE("a name whose addresses are all dead: the error names it") {
  const two_addresses fake;
  in_io([] {
    std::string nowhere;
    {
      const auto listener = or_throw(listen(text_at(0, live)));
      nowhere = by_name(listener);
    }
    const auto refused = connect(nowhere);
    CHECK(error_of(refused) == std::errc::connection_refused);
    CHECK(explain(refused.error()).starts_with("connect " + nowhere));
  });
}

}  // namespace weft::testing
