#pragma once

#include <system_error>

#include <doctest/doctest.h>

#include "io_fixture.hpp"

namespace weft::testing {

/// The ways in which a call that waits ends when what it waits for does not come: out of time, and
/// cancelled, before it waits and while it does. `wait()` is the call, which must not be able to
/// succeed.
template <class Wait>
void check_gives_up(Wait wait) {
  {
    timeout_scope limit(2ms);
    CHECK(error_of(wait()) == errc::timed_out);
  }
  {
    cancel_scope ended;
    ended.cancel();
    CHECK(error_of(wait()) == errc::operation_canceled);
  }
  auto waiter = spawn([&] { return error_of(wait()); });
  (void)sleep_for(settle_time);
  CHECK(!waiter.finished());
  waiter.cancel();
  CHECK(waiter.join() == make_error_code(errc::operation_canceled));
}

/// The same, and at last the object is closed under the call; from then on the call says so.
template <class Wait, class Close>
void check_ends_of_wait(Wait wait, Close close) {
  check_gives_up(wait);
  auto waiter = spawn([&] { return error_of(wait()); });
  (void)sleep_for(settle_time);
  CHECK(!waiter.finished());
  close();
  CHECK(waiter.join() == make_error_code(errc::closed));
  CHECK(error_of(wait()) == errc::closed);
}

}  // namespace weft::testing
