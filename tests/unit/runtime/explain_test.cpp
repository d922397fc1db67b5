#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/errc.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/runtime.hpp>
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

namespace {

/// What explain() says of a timeout_scope of one millisecond made there.
std::string says_timed_out(unsigned line) {
  return "the timeout_scope's deadline passed (1ms, made at " __FILE__ ":" + std::to_string(line) +
         "): timed out";
}

std::string says_canceled(const char* reason, std::uint64_t by) {
  return std::string(reason) + (by ? ", by fiber " + std::to_string(by) : "") +
         ": operation canceled";
}

weft::result<void> time_out(unsigned& line) {
  line = __LINE__ + 1;
  const weft::timeout_scope limit{1ms};
  return weft::sleep_for(1h);
}

weft::result<void> cancel_itself(const char* reason) {
  weft::cancel_scope scope;
  scope.cancel(reason);
  return weft::sleep_for(1h);
}

template <class F>
void in_fiber_and_thread(F f) {
  std::thread(f).join();
  in_fiber(f);
}

}  // namespace

TEST_CASE("[row 63] a cancellation is explained by its cause, in the scope and after it") {
  in_fiber_and_thread([] {
    {
      weft::cancel_scope scope;
      scope.cancel("enough");
      const auto slept = weft::sleep_for(1h);
      CHECK(explain(slept.error()) == says_canceled("enough", weft::this_fiber::id()));
    }
    CHECK_FALSE(weft::why_canceled().has_value());
    CHECK(explain(weft::errc::operation_canceled) ==
          says_canceled("enough", weft::this_fiber::id()));
    CHECK(explain(weft::errc::timed_out) == "timed out");
  });
}

TEST_CASE("[row 66] a time-out is explained by how long its scope was and where it is") {
  in_fiber_and_thread([] {
    unsigned line = 0;
    const auto slept = time_out(line);
    CHECK(explain(slept.error()) == says_timed_out(line));
    const auto cause = weft::cause_of(slept.error());
    REQUIRE(cause.has_value());
    CHECK(cause->limit == 1ms);
    CHECK(cause->where.line() == line);
    CHECK_FALSE(weft::cause_of(weft::errc::operation_canceled).has_value());
    CHECK_FALSE(weft::cause_of({}).has_value());
  });
}

TEST_CASE("of nested scopes the one that ended is the cause, and of several the last") {
  in_fiber_and_thread([] {
    {
      weft::cancel_scope outer;
      {
        const weft::timeout_scope inner{1h};
        outer.cancel("the outer");
        CHECK(weft::sleep_for(1h).error() == weft::errc::operation_canceled);
      }
      CHECK(weft::cause_of(weft::errc::operation_canceled)->reason ==
            std::string_view("the outer"));
    }
    CHECK(weft::cause_of(weft::errc::operation_canceled)->reason == std::string_view("the outer"));
    CHECK_FALSE(cancel_itself("a later one").has_value());
    CHECK(weft::cause_of(weft::errc::operation_canceled)->reason ==
          std::string_view("a later one"));
    unsigned line = 0;
    CHECK_FALSE(time_out(line).has_value());
    CHECK(explain(weft::errc::timed_out) == says_timed_out(line));
    CHECK(explain(weft::errc::operation_canceled) == "operation canceled");
  });
}

TEST_CASE("a scope that ended while nobody waited in it is no one's cause before") {
  in_fiber_and_thread([] {
    {
      const weft::cancel_scope untouched;
      const weft::timeout_scope long_enough{1h};
    }
    CHECK_FALSE(weft::cause_of(weft::errc::operation_canceled).has_value());
    CHECK_FALSE(weft::cause_of(weft::errc::timed_out).has_value());
  });
}

TEST_CASE("the time-out of a wait of its own is not put down to a scope that was left") {
  in_fiber([] {
    unsigned line = 0;
    CHECK_FALSE(time_out(line).has_value());
    auto other = weft::spawn([] { return weft::sleep_for(1h); });
    const auto joined = other.join_for(1ms);
    CHECK(joined.error() == weft::errc::timed_out);
    CHECK(explain(joined.error()) == "timed out");
    CHECK_FALSE(weft::cause_of(joined.error()).has_value());
  });
}

TEST_CASE("[row 63] who joins a fiber learns the cause of its error") {
  for (const unsigned workers : {1U, 2U}) {
    in_fiber(
        [] {
          auto cancelled = weft::spawn([] { return cancel_itself("enough"); });
          const auto id = cancelled.id();
          CHECK(explain(cancelled.join().error()) == says_canceled("enough", id));

          unsigned line = 0;
          auto timed_out = weft::spawn([&] { return time_out(line); });
          const auto end = timed_out.join();
          CHECK(explain(end.error()) == says_timed_out(line));

          auto asked = weft::spawn([] { return weft::sleep_for(1h); });
          asked.cancel();
          CHECK(explain(asked.join().error()) ==
                says_canceled("the fiber's join_handle was cancelled", weft::this_fiber::id()));

          auto through = weft::spawn([] {
            auto inner = weft::spawn([] { return cancel_itself("far below"); });
            return inner.join();
          });
          CHECK(weft::cause_of(through.join().error())->reason == std::string_view("far below"));

          auto made_up = weft::spawn(
              []() -> weft::result<void> { return weft::fail(weft::errc::operation_canceled); });
          CHECK(explain(made_up.join().error()) == "operation canceled");
        },
        {.workers = workers});
  }
}

TEST_CASE("who joins a fiber learns what the fiber noted of its error") {
  in_fiber([] {
    note_error(weft::errc::closed, "an older one: closed");
    auto noted = weft::spawn([]() -> weft::result<void> {
      note_error(weft::errc::closed, "listen 127.0.0.1:80: closed");
      return weft::fail(weft::errc::closed);
    });
    CHECK(explain(noted.join().error()) == "listen 127.0.0.1:80: closed");
    auto mute = weft::spawn([]() -> weft::result<void> { return weft::fail(weft::errc::closed); });
    CHECK(explain(mute.join().error()) == "closed");
  });
}

TEST_CASE("a plain thread learns the cause by joining and by run(), and the next one does not") {
  std::thread([] {
    weft::runtime house;
    const auto ended = house.run([] { return cancel_itself("in run()"); });
    CHECK(weft::cause_of(ended.error())->reason == std::string_view("in run()"));
    auto spawned = house.spawn([] { return cancel_itself("in a fiber"); });
    CHECK(weft::cause_of(spawned.join().error())->reason == std::string_view("in a fiber"));
  }).join();
  std::thread([] {
    CHECK_FALSE(weft::cause_of(weft::errc::operation_canceled).has_value());
  }).join();
}

TEST_CASE("a fiber that a shutdown ended says so, and a new fiber remembers nothing of the old") {
  weft::runtime house;
  {
    auto slept = house.spawn([] { return weft::sleep_for(1h); });
    house.shutdown();
    CHECK(explain(slept.join().error()) == says_canceled("the runtime is shutting down", 0));
  }
  in_fiber([] {
    for (int i = 0; i < 50; ++i) {
      CHECK_FALSE(weft::spawn([] { return cancel_itself("enough"); }).join().has_value());
      CHECK(weft::spawn([] { return explain(weft::errc::operation_canceled); }).join() ==
            "operation canceled");
    }
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
