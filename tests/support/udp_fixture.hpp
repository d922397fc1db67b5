#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include <weft/net/udp.hpp>

#include "io_fixture.hpp"

/// What tests of UDP share.
namespace weft::testing {

inline udp_socket bound(std::string_view where = "127.0.0.1:0") {
  return or_throw(udp_socket::bind(where));
}

inline endpoint where(const udp_socket& socket) {
  return or_throw(socket.local_endpoint());
}

inline std::string text_in(std::span<const std::byte> buffer, std::size_t size) {
  return {reinterpret_cast<const char*>(buffer.data()), size};
}

/// Two sockets, each connected to the other.
struct couple {
  udp_socket one = bound();
  udp_socket two = bound();

  couple() {
    or_throw(one.connect(where(two)));
    or_throw(two.connect(where(one)));
  }
};

inline std::string receive_text(const udp_socket& socket) {
  std::array<std::byte, 2048> buffer;
  return text_in(buffer, or_throw(socket.receive(buffer)));
}

}  // namespace weft::testing
