#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include <weft/ffi/weft.h>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/event.hpp>

#include "arguments.hpp"
#include "fiber_object.hpp"
#include "limits.hpp"
#include "objects.hpp"
#include "options.hpp"

using namespace weft::c;

namespace {

/// The handle of a fiber that was just spawned for `function`, which gets the object that belongs
/// to it. Throws std::bad_alloc.
template <class Body>
weft_handle spawn_with_handle(const weft::spawn_options& how, Body body) {
  const running here;
  if (!here) {
    return misused(WEFT_E_NOT_STARTED);
  }
  const weft_handle handle = handles::open(std::make_unique<fiber_object>());
  if (handle < 0) {
    return misused(static_cast<int>(handle));
  }
  pinned<fiber_object> mine;
  pinned<fiber_object> its;
  if (find(handle, mine) != WEFT_OK || find(handle, its) != WEFT_OK) {
    return misused(WEFT_E_INTERNAL);
  }
  try {
    mine->take(here->spawn(how, [its = std::move(its), body]() mutable { its->run(body); }));
  } catch (...) {
    handles::close(handle);
    throw;
  }
  return handle;
}

}  // namespace

namespace weft::c {

void fiber_object::take(join_handle<void> spawned) noexcept {
  const std::lock_guard hold(mutex_);
  id_ = spawned.id();
  fiber_ = std::move(spawned);
}

void fiber_object::on_close() noexcept {
  const std::lock_guard hold(mutex_);
  if (fiber_.joinable()) {
    fiber_.detach();
  }
}

void fiber_object::cancel() noexcept {
  const std::lock_guard hold(mutex_);
  fiber_.cancel();
}

bool fiber_object::is_calling() noexcept {
  const std::lock_guard hold(mutex_);
  return id_ != 0 && id_ == this_fiber::id();
}

}  // namespace weft::c

extern "C" {

weft_handle weft_spawn(weft_function function, void* argument,
                       const weft_spawn_options* options) noexcept {
  return guarded([&]() -> weft_handle {
    if (!function) {
      return misused(WEFT_E_INVALID_ARGUMENT, "function is null");
    }
    weft_spawn_options wanted{};
    if (const int error = read_options(options, wanted)) {
      return error;
    }
    if (wanted.flags & ~std::uint32_t{WEFT_SPAWN_DETACHED | WEFT_SPAWN_PINNED}) {
      return misused(WEFT_E_UNKNOWN_OPTION, "weft_spawn_options.flags");
    }
    if (wanted.stack_size > 0 && !is_stack_size(wanted.stack_size)) {
      return misused(WEFT_E_INVALID_ARGUMENT,
                     "weft_spawn_options.stack_size is not 16 KiB to 1 GiB");
    }
    std::string_view name;
    if (wanted.name) {
      if (const int error = read_text(wanted.name, name)) {
        return error;
      }
    }
    const weft::spawn_options how{.name = name,
                                  .stack_size = static_cast<std::size_t>(wanted.stack_size),
                                  .pinned = (wanted.flags & WEFT_SPAWN_PINNED) != 0};
    if (wanted.flags & WEFT_SPAWN_DETACHED) {
      const running here;
      if (!here) {
        return misused(WEFT_E_NOT_STARTED);
      }
      here->spawn(how, [=] { function(argument); }).detach();
      return WEFT_NONE;
    }
    return spawn_with_handle(how, [=](std::int64_t& result) -> int {
      result = function(argument);
      return WEFT_OK;
    });
  });
}

weft_handle weft_timer(std::int64_t first, std::int64_t period, weft_function function,
                       void* argument) noexcept {
  return guarded([&]() -> weft_handle {
    if (!function || first < 0 || period < 0) {
      return misused(WEFT_E_INVALID_ARGUMENT, "function is null, or a time negative");
    }
    const weft::time_point start = weft::deadline_after(weft::duration(first));
    return spawn_with_handle({.name = "timer"}, [=](std::int64_t& result) -> int {
      return call_at(start, weft::duration(period), function, argument, result);
    });
  });
}

int weft_fiber_join(weft_handle fiber, std::int64_t* result, std::int64_t timeout,
                    weft_handle cancel) noexcept {
  return guarded([&]() -> int {
    pinned<fiber_object> f;
    if (const int error = find(fiber, f)) {
      return misused(error);
    }
    limits how;
    if (const int error = read_limits(timeout, cancel, how)) {
      return error;
    }
    if (f->is_calling()) {
      return misused(WEFT_E_WOULD_DEADLOCK);
    }
    const auto waited = under_token(how, [&] { return f->done.wait_until(how.until); });
    if (!waited) {
      return how.failed(waited.error());
    }
    if (result) {
      *result = f->result;
    }
    handles::close(fiber);
    return f->code == WEFT_OK ? WEFT_OK : misused(f->code);
  });
}

int weft_fiber_cancel(weft_handle fiber) noexcept {
  pinned<fiber_object> f;
  if (const int error = find(fiber, f)) {
    return misused(error);
  }
  f->cancel();
  return WEFT_OK;
}

int weft_fiber_detach(weft_handle fiber) noexcept {
  pinned<fiber_object> f;
  if (const int error = find(fiber, f)) {
    return misused(error);
  }
  return weft_close(fiber);
}

std::int64_t weft_fiber_id() noexcept {
  return static_cast<std::int64_t>(weft::this_fiber::id());
}

int weft_yield() noexcept {
  if (!in_fiber()) {
    return misused(WEFT_E_WRONG_THREAD);
  }
  weft::yield();
  return WEFT_OK;
}

int weft_check_cancel() noexcept {
  if (!in_fiber()) {
    return misused(WEFT_E_WRONG_THREAD);
  }
  const auto open = weft::check_cancel();
  return open ? WEFT_OK : failed(open.error());
}

int weft_blocking(weft_function function, void* argument, std::int64_t* result) noexcept {
  return guarded([&]() -> int {
    if (!function) {
      return misused(WEFT_E_INVALID_ARGUMENT, "function is null");
    }
    int code = WEFT_OK;
    const bool waited_for = in_fiber();
    const auto done = weft::blocking([&]() -> std::int64_t {
      const blocking_call mine(waited_for);
      try {
        return function(argument);
      } catch (...) {
        code = WEFT_E_CALLBACK_FAILED;
        return 0;
      }
    });
    if (!done) {
      return failed(done.error());
    }
    if (code != WEFT_OK) {
      return misused(code);
    }
    if (result) {
      *result = *done;
    }
    return WEFT_OK;
  });
}

std::int64_t weft_now() noexcept {
  return weft::clock::now().time_since_epoch().count();
}

int weft_sleep(std::int64_t time, weft_handle cancel) noexcept {
  return guarded([&]() -> int {
    limits how;
    if (const int error = read_limits(WEFT_FOREVER, cancel, how)) {
      return error;
    }
    if (time < WEFT_FOREVER) {
      return misused(WEFT_E_INVALID_ARGUMENT, "time is below WEFT_FOREVER");
    }
    const auto end =
        time == WEFT_FOREVER ? weft::forever : weft::deadline_after(weft::duration(time));
    const auto slept = within(how, [&] { return weft::sleep_until(end); });
    return slept ? WEFT_OK : failed(slept.error());
  });
}
}
