#include <cerrno>
#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/tcp_options.hpp>
#include <weft/runtime/explain.hpp>

#include "support/tcp_fixture.hpp"

namespace weft::testing {

namespace {

constexpr keep_alive_times probing{.idle = 30s, .interval = 5s, .count = 4};
const auto probing_here =
    raw::has_keep_alive_times ? std::optional<keep_alive_times>(probing) : std::nullopt;

const listen_options for_listening{
    .backlog = 16,
    .no_delay = false,
    .keep_alive = probing_here,
    .send_buffer = 40'000,
    .receive_buffer = 50'000,
    .linger = 0s,
    .ttl = 33,
};

const connect_options for_connecting{
    .no_delay = false,
    .keep_alive = probing_here,
    .send_buffer = 40'000,
    .receive_buffer = 50'000,
    .linger = 0s,
    .ttl = 33,
};

/// What both lists above set, read back.
template <class Socket>
void check_common(const Socket& socket) {
  CHECK(socket.no_delay() == false);
  CHECK(socket.keep_alive().value() == probing_here);
  CHECK(socket.linger().value() == 0s);
  CHECK(socket.ttl() == 33);
}

template <class Socket>
void check_buffers(const Socket& socket) {
  CHECK(socket.send_buffer().value() >= 40'000);
  CHECK(socket.send_buffer().value() <= 100'000);
  CHECK(socket.receive_buffer().value() >= 50'000);
  CHECK(socket.receive_buffer().value() <= 120'000);
}

}  // namespace

TEST_CASE("each option of listen() can be read back, and accepted streams have it [row 91]") {
  in_io([] {
    for (const char* where : {"127.0.0.1:0", "[::1]:0"}) {
      if (where[0] == '[' && !has_v6()) {
        continue;
      }
      const auto listener = or_throw(listen(where, for_listening));
      check_common(listener);
      check_buffers(listener);
      CHECK(listener.reuse_address() == true);
      const connection both = connect_to(listener);
      check_common(both.server);
      if (raw::tells_inherited_buffers) {
        check_buffers(both.server);
      }
      CHECK(both.client.keep_alive().value() == std::nullopt);
    }
  });
}

TEST_CASE("each option of connect() can be read back from the stream [row 91]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const connection both = connect_to(listener, for_connecting);
    check_common(both.client);
    check_buffers(both.client);
  });
}

TEST_CASE("an option with no sense is refused, and the address is named") {
  in_io([] {
    CHECK(error_of(listen("127.0.0.1:0", {.ttl = 0})) == std::errc::invalid_argument);
    CHECK(error_of(listen("127.0.0.1:0", {.ttl = 256})) == std::errc::invalid_argument);
    CHECK(error_of(listen("127.0.0.1:0", {.tos = -1})) == std::errc::invalid_argument);
    CHECK(error_of(listen("127.0.0.1:0", {.tos = 256})) == std::errc::invalid_argument);
    CHECK(error_of(listen("127.0.0.1:0", {.keep_alive = keep_alive_times{.idle = 0s}})) ==
          (raw::has_keep_alive_times ? std::errc::invalid_argument
                                     : std::errc::operation_not_supported));
    const std::error_code error = error_of(connect("127.0.0.1:1", {.ttl = 1000}));
    CHECK(error == std::errc::invalid_argument);
    CHECK(explain(error).starts_with("connect 127.0.0.1:1: "));
  });
}

TEST_CASE("options are set and read on a stream that stands [row 91] [row 98]") {
  in_io([] {
    const connection both = connected();
    const tcp_stream& s = both.client;
    if (raw::has_keep_alive_times) {
      CHECK(s.set_keep_alive(probing));
      CHECK(s.keep_alive().value() == probing);
    }
    CHECK(s.set_keep_alive(std::nullopt));
    CHECK(s.keep_alive().value() == std::nullopt);
    CHECK(s.linger().value() == std::nullopt);
    CHECK(s.set_linger(7s));
    CHECK(s.linger().value() == 7s);
    CHECK(s.set_linger(std::nullopt));
    CHECK(s.linger().value() == std::nullopt);
    CHECK(s.set_ttl(5));
    CHECK(s.ttl() == 5);
    CHECK(s.set_send_buffer(30'000));
    CHECK(s.send_buffer().value() >= 30'000);
    CHECK(s.set_receive_buffer(30'000));
    CHECK(s.receive_buffer().value() >= 30'000);
    CHECK(carries_data(both));
  });
}

TEST_CASE("what a listener has of its own can be read back [row 91] [row 92]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    CHECK(listener.reuse_address() == true);
    CHECK(error_of(listener.v6_only()) == std::errc::operation_not_supported);
    CHECK(listen("127.0.0.1:0", {.reuse_address = false})->reuse_address() ==
          !raw::keeps_ports_of_lingering);
    if (has_v6()) {
      CHECK(listen("[::1]:0", {.v6_only = true})->v6_only() == true);
      CHECK(listen("[::]:0")->v6_only() == false);
    }
  });
}

TEST_CASE("on an IPv6 stream ttl is the hop limit [row 98]") {
  in_io([] {
    if (!has_v6()) {
      return;
    }
    const connection both = connect_to(or_throw(listen("[::1]:0")), {.ttl = 9});
    int hops = 0;
    CHECK(raw::get_option(both.client.descriptor().native_handle(), IPPROTO_IPV6, IPV6_UNICAST_HOPS,
                          hops));
    CHECK(hops == 9);
    CHECK(both.client.ttl() == 9);
  });
}

TEST_CASE("a connection starts from the address asked for [row 92]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const endpoint source(ip_address::v4(127, 0, 0, 42), 0);
    const connection both = connect_to(listener, {.source = source});
    CHECK(both.server.peer_endpoint()->address() == source.address());
    CHECK(both.client.local_endpoint()->port() != 0);

    const endpoint exact = or_throw(both.client.local_endpoint());
    CHECK(error_of(connect(*listener.local_endpoint(), {.source = exact})) ==
          std::errc::address_in_use);
    if (raw::refuses_foreign_addresses) {
      const endpoint foreign(ip_address::v4(192, 0, 2, 1), 0);
      CHECK(error_of(connect(*listener.local_endpoint(), {.source = foreign})) ==
            std::errc::address_not_available);
    }
  });
}

namespace {

/// The system has no options at all while it lives.
class without_options {
 public:
  without_options() {
    detail::sys::inject([](detail::sys::call which, int, std::size_t) noexcept {
      const bool hit =
          which == detail::sys::call::set_option || which == detail::sys::call::get_option;
      return detail::sys::fault{.error = hit ? ENOPROTOOPT : 0};
    });
  }
  ~without_options() { detail::sys::inject(nullptr); }
  without_options(const without_options&) = delete;
  without_options& operator=(const without_options&) = delete;
};

using outcomes = std::vector<std::pair<std::string_view, std::error_code>>;

outcomes set_all(const tcp_socket& s) {
  return {{"no_delay", error_of(s.set_no_delay(true))},
          {"quick_ack", error_of(s.set_quick_ack(true))},
          {"keep_alive", error_of(s.set_keep_alive(keep_alive_times{}))},
          {"no keep_alive", error_of(s.set_keep_alive(std::nullopt))},
          {"linger", error_of(s.set_linger(1s))},
          {"user_timeout", error_of(s.set_user_timeout(1s))},
          {"send_buffer", error_of(s.set_send_buffer(30'000))},
          {"receive_buffer", error_of(s.set_receive_buffer(30'000))},
          {"tos", error_of(s.set_tos(8))},
          {"ttl", error_of(s.set_ttl(5))},
          {"reuse_address", error_of(s.set_reuse_address(true))},
          {"reuse_port", error_of(s.set_reuse_port(true))},
          {"v6_only", error_of(s.set_v6_only(true))},
          {"interface", error_of(s.set_interface("lo"))},
          {"fast_open_queue", error_of(s.set_fast_open_queue(5))},
          {"defer_accept", error_of(s.set_defer_accept(1s))},
          {"fast_open", error_of(s.set_fast_open(true))},
          {"late_source_port", error_of(s.set_late_source_port(true))}};
}

outcomes read_all(const tcp_socket& s) {
  return {{"no_delay", error_of(s.no_delay())},
          {"quick_ack", error_of(s.quick_ack())},
          {"keep_alive", error_of(s.keep_alive())},
          {"linger", error_of(s.linger())},
          {"user_timeout", error_of(s.user_timeout())},
          {"send_buffer", error_of(s.send_buffer())},
          {"receive_buffer", error_of(s.receive_buffer())},
          {"tos", error_of(s.tos())},
          {"ttl", error_of(s.ttl())},
          {"reuse_address", error_of(s.reuse_address())},
          {"reuse_port", error_of(s.reuse_port())},
          {"v6_only", error_of(s.v6_only())},
          {"interface", error_of(s.interface_name())},
          {"fast_open_queue", error_of(s.fast_open_queue())},
          {"defer_accept", error_of(s.defer_accept())},
          {"fast_open", error_of(s.fast_open())}};
}

}  // namespace

TEST_CASE("an option that the system lacks is not supported, never silence [row 91]") {
  in_io([] {
    const auto lacking = std::errc::operation_not_supported;
    const connection both = connected();
    const endpoint where = or_throw(both.client.peer_endpoint());
    const tcp_socket socket = or_throw(tcp_socket::open_v4());
    const without_options system;
    for (const auto& all : {set_all(socket), read_all(socket)}) {
      for (const auto& [name, error] : all) {
        CHECK_MESSAGE(error == lacking, name);
      }
    }
    CHECK(error_of(listen("127.0.0.1:0")) == lacking);
    CHECK(error_of(connect(where, {.fast_open = true})) == lacking);
  });
}

}  // namespace weft::testing
