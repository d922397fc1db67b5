#pragma once

#include <system_error>
#include <utility>

#include <doctest/doctest.h>

#include <weft/runtime/result.hpp>
#include <weft/runtime/runtime.hpp>

#include "watchdog.hpp"

namespace weft::testing {

/// The error, or none: for checks that must not read the error of what succeeded.
template <class T>
std::error_code error_of(const result<T>& outcome) noexcept {
  return outcome ? std::error_code() : outcome.error();
}

/// A runtime for one test: at its end it is shut down, and nothing may be left: no live fiber, no
/// stack in use. If the test hangs, its fibers are shown.
class test_runtime {
 public:
  explicit test_runtime(runtime_options options = {.workers = 2}) : runtime_(std::move(options)) {}
  ~test_runtime() {
    runtime_.shutdown();
    const runtime_statistics left = runtime_.statistics();
    CHECK(left.live_fibers == 0);
    CHECK(left.stacks_in_use == 0);
  }
  test_runtime(const test_runtime&) = delete;
  test_runtime& operator=(const test_runtime&) = delete;

  runtime* operator->() noexcept { return &runtime_; }
  runtime& operator*() noexcept { return runtime_; }

 private:
  runtime runtime_;
  on_hang dump_{[this](std::FILE* out) { runtime_.dump_fibers(out); }};
};

/// Calls `f` as the main fiber of a runtime of its own.
template <class F>
void in_fiber(F&& f, runtime_options options = {.workers = 2}) {
  test_runtime r(std::move(options));
  r->run(std::forward<F>(f));
}

}  // namespace weft::testing
