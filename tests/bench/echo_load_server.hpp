#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/socket.h>
#include <sys/types.h>

namespace echo_load {

/// Nanoseconds of a clock that this process can always read.
[[nodiscard]] std::uint64_t read_clock(clockid_t id) noexcept;

/// The server under load: its address and, if known, its process.
///
/// Errors: every failure throws std::runtime_error with a sentence that names the server.
class server {
 public:
  /// `host` is a numeric address; `process` is 0 when its CPU time is not asked for.
  server(const std::string& host, std::uint16_t port, pid_t process);

  /// The address as people write it.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Writes the address and returns its length.
  [[nodiscard]] socklen_t address(sockaddr_storage& to) const noexcept {
    to = address_;
    return size_;
  }

  /// A connected, non-blocking socket, the `number`th of `count`.
  [[nodiscard]] int connect(std::size_t number, std::size_t count) const;

  /// CPU time that all threads of the process have used, in nanoseconds; 0 without a process.
  [[nodiscard]] std::uint64_t cpu_time() const;

 private:
  std::string name_;
  pid_t process_;
  sockaddr_storage address_{};
  socklen_t size_ = 0;
};

}  // namespace echo_load
