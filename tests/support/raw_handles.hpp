#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>
#include <raw_calls.hpp>

#include <weft/io/descriptor.hpp>

/// Sockets made by system calls of the tests' own, so that what is tested is not tested with
/// itself.
namespace weft::testing {

/// Owns a plain descriptor.
class raw_handle {
 public:
  raw_handle() = default;
  explicit raw_handle(int fd) : fd_(fd) {}
  raw_handle(raw_handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  raw_handle& operator=(raw_handle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~raw_handle() { close(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void close() {
    if (fd_ >= 0) {
      raw::close(std::exchange(fd_, -1));
    }
  }

 private:
  int fd_ = -1;
};

/// Two ends of a TCP connection over the loopback interface.
struct raw_pair {
  raw_handle near;
  raw_handle far;
};

inline sockaddr_in loopback(std::uint16_t port = 0) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline raw_handle raw_listener(sockaddr_in& address, int backlog) {
  raw_handle listener(raw::socket(AF_INET, SOCK_STREAM));
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener.get(), backlog) == 0);
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return listener;
}

/// Connects; blocks the thread, on the loopback interface for no noticeable time.
inline raw_handle raw_connection(const sockaddr_in& address) {
  raw_handle made(raw::socket(AF_INET, SOCK_STREAM));
  REQUIRE(::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return made;
}

inline void set_option(int fd, int name, int value) {
  REQUIRE(raw::set_option(fd, SOL_SOCKET, name, &value, sizeof value));
}

inline raw_pair tcp_pair() {
  sockaddr_in address = loopback();
  const raw_handle listener = raw_listener(address, 1);
  raw_handle near = raw_connection(address);
  raw_handle far(raw::accept(listener.get()));
  REQUIRE(far.get() >= 0);
  return {std::move(near), std::move(far)};
}

/// Two ends of a stream socket without a network between them: full is full, until the other end
/// reads.
inline raw_pair local_pair() {
  int ends[2] = {-1, -1};
  REQUIRE(raw::pair(SOCK_STREAM, ends));
  return {raw_handle(ends[0]), raw_handle(ends[1])};
}

/// Hands a plain descriptor to weft.
inline io::descriptor adopt(raw_handle handle) {
  auto adopted = io::descriptor::adopt(handle.release());
  REQUIRE(adopted);
  return std::move(*adopted);
}

inline bool send_now(int fd, std::string_view text) {
  return raw::send(fd, text.data(), text.size()) == static_cast<std::ptrdiff_t>(text.size());
}

/// Takes what has arrived, without waiting; empty: nothing has.
inline std::string receive_now(int fd) {
  std::array<char, 64 * 1024> buffer;
  const std::ptrdiff_t n = raw::receive(fd, buffer.data(), buffer.size());
  return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string();
}

/// Fills the send buffer until nothing more fits; returns how much did. A TCP connection may make
/// room again by itself.
inline std::size_t fill(int fd, char with = 'f') {
  const std::string block(64 * 1024, with);
  return raw::fill(fd, block);
}

/// Ends a connection with a reset instead of an orderly end.
inline void reset(raw_handle& handle) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  REQUIRE(raw::set_option(handle.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
  handle.close();
}

inline std::span<std::byte> bytes_of(std::string& text) {
  return std::as_writable_bytes(std::span(text));
}
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace weft::testing
