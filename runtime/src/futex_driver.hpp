#pragma once

#include <atomic>
#include <cstdint>

#include <weft/runtime/driver.hpp>

#include "thread_wait.hpp"

namespace weft::detail {

/// The driver of a runtime without I/O: waits for nothing but wake() and the time.
class futex_driver final : public driver {
 public:
  void poll(time_point until) noexcept override {
    // Acquire pairs with the exchange in wake(): what was published before it is seen after it.
    if (woken_.exchange(0, std::memory_order_acquire) == 0 && until != time_point::min()) {
      wait_on_word(woken_, 0, until);
      woken_.exchange(0, std::memory_order_acquire);
    }
  }

  bool acts_by_itself() const noexcept override { return false; }

  void wake() noexcept override {
    if (woken_.exchange(1, std::memory_order_release) == 0) {
      wake_word(woken_);
    }
  }

 private:
  std::atomic<std::uint32_t> woken_{0};
};

}  // namespace weft::detail
