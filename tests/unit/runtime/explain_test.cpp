#include <string>
#include <system_error>
#include <thread>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/errc.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

using weft::explain;
using weft::detail::note_error;
using weft::testing::in_fiber;
using namespace std::chrono_literals;

TEST_CASE("without a note explain() gives the error's own message") {
  CHECK(explain(weft::errc::timed_out) == "timed out");
  const auto refused = std::make_error_code(std::errc::connection_refused);
  CHECK(explain(refused) == refused.message());
}

TEST_CASE("a note explains its own error only, and the newest wins") {
  note_error(weft::errc::closed, "listen 127.0.0.1:80: closed");
  CHECK(explain(weft::errc::closed) == "listen 127.0.0.1:80: closed");
  CHECK(explain(weft::errc::timed_out) == "timed out");
  note_error(weft::errc::timed_out, "connect: too slow");
  CHECK(explain(weft::errc::timed_out) == "connect: too slow");
  CHECK(explain(weft::errc::closed) == "closed");
}

TEST_CASE("notes belong to the fiber or thread that left them") {
  in_fiber([] {
    note_error(weft::errc::closed, "main's");
    auto h = weft::spawn([] {
      const auto before = explain(weft::errc::closed);
      note_error(weft::errc::closed, "the other's");
      weft::yield();
      return before + "/" + explain(weft::errc::closed);
    });
    weft::yield();
    CHECK(h.join() == "closed/the other's");
    CHECK(explain(weft::errc::closed) == "main's");
    for (int i = 0; i < 100; ++i) {
      CHECK(weft::spawn([] { return explain(weft::errc::closed); }).join() == "closed");
    }
  });
  std::thread([] { CHECK(explain(weft::errc::closed) == "closed"); }).join();
}

TEST_CASE("[row 63] a cancellation is explained by its cause, in the scope that ended") {
  in_fiber([] {
    {
      const weft::timeout_scope limit{0s};
      const auto slept = weft::sleep_for(1h);
      CHECK(explain(slept.error()) == "the timeout_scope's deadline passed: timed out");
    }
    CHECK(explain(weft::errc::timed_out) == "timed out");
    const auto canceller = weft::this_fiber::id();
    auto cancelled = weft::spawn([&] {
      weft::cancel_scope scope;
      scope.cancel("enough");
      return explain(weft::check_cancel().error());
    });
    const auto id = cancelled.id();
    CHECK(id != canceller);
    CHECK(cancelled.join() == "enough, by fiber " + std::to_string(id) + ": operation canceled");
  });
}

TEST_CASE("a note of what was attempted is more than the cause of the cancellation") {
  in_fiber([] {
    {
      const weft::timeout_scope limit{0s};
      note_error(weft::errc::timed_out, "connect 192.0.2.1:80: timed out");
      CHECK(explain(weft::errc::timed_out) == "connect 192.0.2.1:80: timed out");
    }
  });
}
