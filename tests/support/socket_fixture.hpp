#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include <weft/net/socket.hpp>

#include "io_fixture.hpp"
#include "raw_sockets.hpp"

/// What tests of weft::socket share.
namespace weft::testing {

inline std::uint16_t port_of(const weft::socket& socket) {
  return std::get<endpoint>(or_throw(socket.local_address())).port();
}

inline bool has_v6() {
  weft::socket probe(socket_domain::ipv6);
  return probe.bind("::1").has_value();
}

/// Client and server by the book.
inline void check_connection(weft::socket& server, weft::socket& client, const std::string& host) {
  CHECK(server.set_reuse_address(true));
  CHECK(server.bind(host));
  CHECK(server.listen(5));
  const bool local = server.domain() == socket_domain::local;
  CHECK(client.connect(host, local ? std::uint16_t{0} : port_of(server)));
  weft::socket peer = or_throw(server.accept());
  CHECK(client.send("request") == 7);
  CHECK(or_throw(peer.recv(100)) == "request");
  CHECK(peer.send_all("reply"));
  std::array<std::byte, 5> buffer;
  CHECK(client.recv(buffer) == 5);
  CHECK(client.peer_address() == peer.local_address());
  peer.close();
  CHECK(error_of(client.recv(buffer)) == errc::end_of_stream);
  CHECK(error_of(client.recv(10)) == errc::end_of_stream);
}

}  // namespace weft::testing
