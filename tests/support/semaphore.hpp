#pragma once

#include <condition_variable>
#include <mutex>

namespace weft::testing {

/// What std::counting_semaphore is. That of GCC 12 loses wake-ups on systems without a futex.
class semaphore {
 public:
  void acquire() {
    std::unique_lock hold(mutex_);
    released_.wait(hold, [this] { return count_ > 0; });
    --count_;
  }
  void release() {
    const std::lock_guard hold(mutex_);
    ++count_;
    released_.notify_one();  // under the lock: whoever is woken may destroy this
  }

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  int count_ = 0;
};

}  // namespace weft::testing
