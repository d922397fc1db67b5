#pragma once

#include <atomic>

#include <windows.h>

/// One header per system.
namespace weft::testing {

/// Counts the calling thread when it ends. Not by a thread_local's destructor: MinGW's runtime
/// frees the variable before it calls that.
inline void count_end_of_this_thread(std::atomic<int>& count) {
  static const DWORD slot =
      ::FlsAlloc([](void* to_count) { ++*static_cast<std::atomic<int>*>(to_count); });
  ::FlsSetValue(slot, &count);
}

}  // namespace weft::testing
