#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <weft/net/tcp.hpp>

#include "io_fixture.hpp"
#include "raw_sockets.hpp"

/// What tests of TCP share.
namespace weft::testing {

/// The two ends of a connection.
struct connection {
  tcp_stream client;
  tcp_stream server;
};

inline connection connect_to(const tcp_listener& listener, const connect_options& options = {}) {
  tcp_stream client = or_throw(connect(or_throw(listener.local_endpoint()), options));
  return {std::move(client), or_throw(listener.accept())};
}

inline connection connected() {
  return connect_to(or_throw(listen("127.0.0.1:0")));
}

inline bool has_v6() {
  return listen("[::1]:0").has_value();
}

inline std::string text_at(std::uint16_t port, const char* host = "127.0.0.1") {
  return std::string(host) + ":" + std::to_string(port);
}

inline std::string read_text(const stream_socket& stream, std::size_t size) {
  std::string text(size, '\0');
  or_throw(stream.read_exact(bytes_of(text)));
  return text;
}

inline std::error_code read_error(const stream_socket& stream) {
  std::array<std::byte, 8> buffer;
  return error_of(stream.read(buffer));
}

inline bool carries_data(const connection& both) {
  or_throw(both.client.write_all("there"));
  or_throw(both.server.write_all("back"));
  return read_text(both.server, 5) == "there" && read_text(both.client, 4) == "back";
}

/// Until so many bytes can be read without waiting.
inline void await_arrival(const stream_socket& stream, int size) {
  for (int arrived = 0; arrived >= 0 && arrived < size;) {
    arrived = raw::arrived(stream.descriptor().native_handle());
    if (arrived < size) {
      (void)sleep_for(100us);
    }
  }
}

/// Writes until nothing more fits; returns how much did. The system may make room again by itself.
inline std::size_t fill(const stream_socket& stream) {
  const std::string block(256 * 1024, 'f');
  std::size_t sent = 0;
  while (auto n = stream.try_write(bytes_of(std::string_view(block)))) {
    sent += *n;
  }
  return sent;
}

inline constexpr auto would_block = std::errc::operation_would_block;

}  // namespace weft::testing
