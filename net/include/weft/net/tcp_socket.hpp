#pragma once

#include <chrono>
#include <string_view>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/tcp_listener.hpp>
#include <weft/net/tcp_options.hpp>
#include <weft/net/tcp_stream.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// A TCP socket that neither listens nor is connected yet: for those who want the steps one by one.
///
///     auto socket = weft::or_throw(weft::tcp_socket::open_v4());
///     or_throw(socket.set_reuse_address(true));
///     or_throw(socket.bind(weft::endpoint::any_v4(80)));
///     auto listener = std::move(socket).listen();
///
/// listen() and connect() with their options do the same in one call.
///
/// Lifetime: the destructor closes.
class WEFT_API tcp_socket : public tcp_options<tcp_socket> {
  using calls = detail::tcp_option_calls;

 public:
  tcp_socket() noexcept = default;

  /// Errors: the system's, such as `too_many_files_open`.
  static result<tcp_socket> open_v4() noexcept;
  static result<tcp_socket> open_v6() noexcept;
  /// Of the kind that can be bound or connected to `where`.
  static result<tcp_socket> open_for(const endpoint& where) noexcept {
    return where.is_v4() ? open_v4() : open_v6();
  }

  // These matter only until the socket is bound; see listen_options for what they mean.
  result<void> set_reuse_address(bool on) const noexcept {
    return calls::set_reuse_address(descriptor_, on);
  }
  result<void> set_reuse_port(bool on) const noexcept {
    return calls::set_reuse_port(descriptor_, on);
  }
  result<void> set_v6_only(bool on) const noexcept { return calls::set_v6_only(descriptor_, on); }
  result<void> set_interface(std::string_view name) const noexcept {
    return calls::set_interface(descriptor_, name);
  }

  // These matter only until it listens ...
  result<void> set_fast_open_queue(int size) const noexcept {
    return calls::set_fast_open_queue(descriptor_, size);
  }
  result<void> set_defer_accept(std::chrono::seconds time) const noexcept {
    return calls::set_defer_accept(descriptor_, time);
  }
  // ... and these only until it is connected; see connect_options.
  result<void> set_fast_open(bool on) const noexcept {
    return calls::set_fast_open(descriptor_, on);
  }
  /// Has a bind() to port 0 leave the choice to connect(), so that the same port serves connections
  /// to different peers.
  result<void> set_late_source_port(bool on) const noexcept {
    return calls::set_late_source_port(descriptor_, on);
  }

  /// Takes an address of this machine; port 0: one that is free.
  result<void> bind(const endpoint& where) const noexcept;
  result<endpoint> local_endpoint() const noexcept;

  /// Makes it a listener. Connections that wait for accept() are `backlog` at most; 0: the system's
  /// maximum. After an error the socket is as it was.
  result<tcp_listener> listen(int backlog = 0) && noexcept;
  /// Makes it a connection. Suspends until that stands or has failed; then the socket is of no more
  /// use.
  result<tcp_stream> connect(const endpoint& where) && noexcept;

  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  const io::descriptor& descriptor() const noexcept { return descriptor_; }

 private:
  explicit tcp_socket(io::descriptor opened) noexcept : descriptor_(std::move(opened)) {}

  io::descriptor descriptor_;
};

}  // namespace weft
