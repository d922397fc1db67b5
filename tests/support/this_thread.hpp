#pragma once

#include <thread>

namespace weft::testing {

/// The calling thread, asked anew each time. std::this_thread::get_id() must not be used across a
/// suspension: compilers take it for a constant of the function they compile.
[[gnu::noinline]] inline std::thread::id this_thread_id() noexcept {
  asm volatile("");
  return std::this_thread::get_id();
}

}  // namespace weft::testing
