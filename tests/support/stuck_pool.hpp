#pragma once

#include <doctest/doctest.h>

#include <weft/runtime/blocking.hpp>
#include <weft/sync/event.hpp>

#include "io_fixture.hpp"

/// What becomes of calls that the blocking pool makes when their time is up before it gets to them.
namespace weft::testing {

/// Calls `f` as a fiber while the pool's only thread is busy until it returns.
template <class F>
void while_pool_is_stuck(F f) {
  in_fiber(
      [&] {
        event let_go;
        event is_stuck;
        auto stuck = spawn([&] {
          return blocking([&] {
            is_stuck.set();
            or_throw(let_go.wait());
          });
        });
        or_throw(is_stuck.wait());
        f();
        let_go.set();
        CHECK(stuck.join().has_value());
      },
      or_throw(io::with_io({.workers = 2, .blocking = {.max_threads = 1}})));
}

/// A call that waits for the pool, there: out of time, and cancelled before it waits and while it
/// does. `make_it()` must not be able to succeed.
template <class Call>
void check_gives_up_in_pool(Call make_it) {
  {
    timeout_scope limit(5ms);
    CHECK(error_of(make_it()) == errc::timed_out);
  }
  {
    cancel_scope ended;
    ended.cancel();
    CHECK(error_of(make_it()) == errc::operation_canceled);
  }
  auto waiter = spawn([&] { return error_of(make_it()); });
  (void)sleep_for(settle_time);
  CHECK(!waiter.finished());
  waiter.cancel();
  CHECK(waiter.join() == make_error_code(errc::operation_canceled));
}

}  // namespace weft::testing
