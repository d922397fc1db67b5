#pragma once

#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/stream_socket.hpp>
#include <weft/net/tcp_options.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// A TCP connection: what stream_socket has, the options of tcp_options, and two endpoints.
class WEFT_API tcp_stream : public stream_socket, public tcp_options<tcp_stream> {
 public:
  tcp_stream() noexcept = default;

  result<endpoint> local_endpoint() const noexcept;
  result<endpoint> peer_endpoint() const noexcept;

  /// Takes over a connected socket.
  static tcp_stream from(io::descriptor connected) noexcept {
    return tcp_stream(std::move(connected));
  }

 private:
  explicit tcp_stream(io::descriptor connected) noexcept : stream_socket(std::move(connected)) {}
};

}  // namespace weft
