#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <weft/ffi/weft.h>
#include <weft/runtime/runtime.hpp>
#include <weft/sync/event.hpp>

#include "errors.hpp"

/// The runtime that the library owns between weft_start() and weft_stop().
namespace weft::c {

/// Keeps the runtime from being stopped, for a moment: weft_stop() spins meanwhile. In a fiber
/// there is no need, for stopping waits for fibers.
class running {
 public:
  running() noexcept;
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running();

  explicit operator bool() const noexcept { return runtime_ != nullptr; }
  runtime& operator*() const noexcept { return *runtime_; }
  runtime* operator->() const noexcept { return runtime_; }

 private:
  runtime* runtime_;
  bool counted_ = false;
};

/// While it lives the calling thread does a fiber's work, so that stopping would wait for it.
class blocking_call {
 public:
  explicit blocking_call(bool for_a_fiber) noexcept;
  blocking_call(const blocking_call&) = delete;
  blocking_call& operator=(const blocking_call&) = delete;
  ~blocking_call();

  static bool is_running() noexcept;

 private:
  const bool before_;
};

inline bool in_fiber() noexcept {
  return runtime::current() != nullptr;
}

/// Calls `f`, which returns the result of a call, in a fiber: in this one, or on a thread in a new
/// one whose end the thread waits for. For calls that a thread can not make, cancel or time out
/// itself, and that are rare enough not to mind the way there and back.
template <class F>
std::invoke_result_t<F&> as_fiber(F&& f) {
  if (in_fiber()) {
    return f();
  }
  struct {
    std::invoke_result_t<F&> value{};
    failure why;
    event done;
  } call;
  {
    const running here;
    if (!here) {
      return misused(WEFT_E_NOT_STARTED);
    }
    auto work = here->spawn({.name = "for a thread"}, [&f, &call] {
      call.value = guarded(f);
      if (call.value < 0) {
        guarded([&call] {
          call.why = take_failure();
          return 0;
        });
      }
      call.done.set();
    });
    work.detach();
  }
  // Nothing ends this wait but the fiber, which its own limits end, or weft_stop().
  while (!call.done.wait()) {
  }
  if (call.value < 0) {
    leave_failure(call.why);
  }
  return call.value;
}

}  // namespace weft::c
