#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <weft/io/descriptor.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// How a connection that carries nothing is probed.
struct keep_alive_times {
  /// Of silence before the first probe.
  std::chrono::seconds idle{7200};
  /// Between one probe and the next.
  std::chrono::seconds interval{75};
  /// Probes that may stay unanswered before the connection fails with `timed_out`.
  int count = 9;

  friend bool operator==(const keep_alive_times&, const keep_alive_times&) = default;
};

namespace detail {

/// A socket's options, by what they mean.
struct WEFT_API tcp_option_calls {
  using socket = const io::descriptor&;
  using seconds = std::chrono::seconds;
  using milliseconds = std::chrono::milliseconds;

  static result<void> set_no_delay(socket s, bool on) noexcept;
  static result<bool> no_delay(socket s) noexcept;
  static result<void> set_quick_ack(socket s, bool on) noexcept;
  static result<bool> quick_ack(socket s) noexcept;
  static result<void> set_keep_alive(socket s, std::optional<keep_alive_times> times) noexcept;
  static result<std::optional<keep_alive_times>> keep_alive(socket s) noexcept;
  static result<void> set_linger(socket s, std::optional<seconds> time) noexcept;
  static result<std::optional<seconds>> linger(socket s) noexcept;
  static result<void> set_user_timeout(socket s, milliseconds time) noexcept;
  static result<milliseconds> user_timeout(socket s) noexcept;
  static result<void> set_send_buffer(socket s, std::size_t size) noexcept;
  static result<std::size_t> send_buffer(socket s) noexcept;
  static result<void> set_receive_buffer(socket s, std::size_t size) noexcept;
  static result<std::size_t> receive_buffer(socket s) noexcept;
  static result<void> set_tos(socket s, int value) noexcept;
  static result<int> tos(socket s) noexcept;
  static result<void> set_ttl(socket s, int hops) noexcept;
  static result<int> ttl(socket s) noexcept;
  static result<void> set_reuse_address(socket s, bool on) noexcept;
  static result<bool> reuse_address(socket s) noexcept;
  static result<void> set_reuse_port(socket s, bool on) noexcept;
  static result<bool> reuse_port(socket s) noexcept;
  static result<void> set_v6_only(socket s, bool on) noexcept;
  static result<bool> v6_only(socket s) noexcept;
  static result<void> set_fast_open_queue(socket s, int size) noexcept;
  static result<int> fast_open_queue(socket s) noexcept;
  static result<void> set_fast_open(socket s, bool on) noexcept;
  static result<bool> fast_open(socket s) noexcept;
  static result<void> set_defer_accept(socket s, seconds time) noexcept;
  static result<seconds> defer_accept(socket s) noexcept;
  static result<void> set_interface(socket s, std::string_view name) noexcept;
  static result<std::string> interface_name(socket s);
  static result<void> set_late_source_port(socket s, bool on) noexcept;
};

}  // namespace detail

/// The options that can be changed and read on every TCP socket, connected or not.
///
/// What accepted streams start with is what their listener has. None of the calls suspends.
///
/// Errors: `closed`; `operation_not_supported` for an option that this system lacks; and the
///   system's own, such as `invalid_argument` for a value out of range.
template <class Socket>
class tcp_options {
  using calls = detail::tcp_option_calls;

 public:
  /// Whether small writes leave at once (the default of weft) or are gathered while others are
  /// under way.
  result<void> set_no_delay(bool on) const noexcept { return calls::set_no_delay(handle(), on); }
  result<bool> no_delay() const noexcept { return calls::no_delay(handle()); }

  /// Whether what arrives is acknowledged at once. The system may turn it off again by itself.
  result<void> set_quick_ack(bool on) const noexcept { return calls::set_quick_ack(handle(), on); }
  result<bool> quick_ack() const noexcept { return calls::quick_ack(handle()); }

  /// Whether a silent connection is probed, and how; none: it is not (the default).
  result<void> set_keep_alive(std::optional<keep_alive_times> times) const noexcept {
    return calls::set_keep_alive(handle(), times);
  }
  result<std::optional<keep_alive_times>> keep_alive() const noexcept {
    return calls::keep_alive(handle());
  }

  /// What close() does with what is not sent yet. None (the default): the system sends it in the
  /// background. Zero: it is thrown away, and the peer sees `connection_reset`. Longer: close()
  /// waits that long for it, and holds its thread meanwhile: prefer shutdown(), and a read() until
  /// the end of the stream.
  result<void> set_linger(std::optional<std::chrono::seconds> time) const noexcept {
    return calls::set_linger(handle(), time);
  }
  result<std::optional<std::chrono::seconds>> linger() const noexcept {
    return calls::linger(handle());
  }

  /// How long sent data may stay unacknowledged before the connection fails with `timed_out`; zero:
  /// as the system likes.
  result<void> set_user_timeout(std::chrono::milliseconds time) const noexcept {
    return calls::set_user_timeout(handle(), time);
  }
  result<std::chrono::milliseconds> user_timeout() const noexcept {
    return calls::user_timeout(handle());
  }

  /// Bytes that the system buffers in a direction. It may give more or less than asked for: Linux
  /// doubles the number, and reads back what it has given. Set before a connection is made, also in
  /// listen_options, it decides on the largest window.
  result<void> set_send_buffer(std::size_t size) const noexcept {
    return calls::set_send_buffer(handle(), size);
  }
  result<std::size_t> send_buffer() const noexcept { return calls::send_buffer(handle()); }
  result<void> set_receive_buffer(std::size_t size) const noexcept {
    return calls::set_receive_buffer(handle(), size);
  }
  result<std::size_t> receive_buffer() const noexcept { return calls::receive_buffer(handle()); }

  /// The type-of-service octet of what is sent (IPv6: its traffic class), 0 to 255. The system
  /// keeps the two lowest bits of a TCP socket to itself.
  result<void> set_tos(int value) const noexcept { return calls::set_tos(handle(), value); }
  result<int> tos() const noexcept { return calls::tos(handle()); }

  /// Routers that what is sent may pass, 1 to 255 (IPv6: its hop limit).
  result<void> set_ttl(int hops) const noexcept { return calls::set_ttl(handle(), hops); }
  result<int> ttl() const noexcept { return calls::ttl(handle()); }

  // What was decided when the socket was made: see listen_options, connect_options and tcp_socket.
  result<bool> reuse_address() const noexcept { return calls::reuse_address(handle()); }
  result<bool> reuse_port() const noexcept { return calls::reuse_port(handle()); }
  result<bool> v6_only() const noexcept { return calls::v6_only(handle()); }
  result<int> fast_open_queue() const noexcept { return calls::fast_open_queue(handle()); }
  result<bool> fast_open() const noexcept { return calls::fast_open(handle()); }
  /// In the system's grain, which may be more than was asked for.
  result<std::chrono::seconds> defer_accept() const noexcept {
    return calls::defer_accept(handle());
  }
  /// Empty: any.
  result<std::string> interface_name() const { return calls::interface_name(handle()); }

 private:
  friend Socket;

  tcp_options() noexcept = default;
  ~tcp_options() = default;
  tcp_options(tcp_options&&) noexcept = default;
  tcp_options& operator=(tcp_options&&) noexcept = default;

  const io::descriptor& handle() const noexcept {
    return static_cast<const Socket&>(*this).descriptor();
  }
};

}  // namespace weft
