#pragma once

#include "limits.hpp"

namespace weft::c {

/// What interrupts a thread in poll(). Rung by others only while it is in their lists, and silenced
/// by the thread before it waits again.
class alarm_bell final : public waker {
 public:
  /// Throws std::system_error.
  alarm_bell();
  alarm_bell(const alarm_bell&) = delete;
  alarm_bell& operator=(const alarm_bell&) = delete;
  ~alarm_bell();

  /// Lives as long as the calling thread. Throws what the constructor throws.
  static alarm_bell& of_this_thread();

  void fire() noexcept override;
  void silence() noexcept;

  /// Can be read from while it rings.
  int fd() const noexcept { return ends_[0]; }

 private:
  int ends_[2] = {-1, -1};  // to read from and to write to; where one does both, that alone
};

}  // namespace weft::c
