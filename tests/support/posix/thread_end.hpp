#pragma once

#include <atomic>

/// One header per system.
namespace weft::testing {

/// Counts the calling thread when it ends.
inline void count_end_of_this_thread(std::atomic<int>& count) {
  struct at_end {
    std::atomic<int>* count = nullptr;
    ~at_end() { ++*count; }
  };
  static thread_local at_end sign;
  sign.count = &count;
}

}  // namespace weft::testing
