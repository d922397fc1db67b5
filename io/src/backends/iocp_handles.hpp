#pragma once

#include <utility>

#include <sys/socket.h>

/// What a backend on a completion port owns of the system.
namespace weft::io {

/// Owns a handle.
class owned {
 public:
  explicit owned(HANDLE handle) noexcept : handle_(handle) {}
  owned(owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  owned& operator=(owned&&) = delete;
  ~owned() {
    if (handle_) {
      ::CloseHandle(handle_);
    }
  }
  HANDLE get() const noexcept { return handle_; }

 private:
  HANDLE handle_;
};

/// The most precise timer there is; null when there is none.
owned make_timer() noexcept;

/// Sees to it, if the system can, that what a socket completes at once is not reported to its port
/// as well. False: it will be.
bool skip_immediate(SOCKET socket) noexcept;

}  // namespace weft::io
