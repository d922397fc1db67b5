#include <atomic>
#include <memory>

#include "blocking_call.hpp"
#include "support/io_fixture.hpp"

/// What every call that waits may come to.
namespace weft::testing {

TEST_CASE("a call that need not wait completes at once") {
  run_everywhere([] {
    with_each_call([](const blocking_call& call) {
      if (!call.once) {
        call.make_ready();
        expect(call, error_of(call.perform()), {});
      }
    });
  });
}

TEST_CASE("a connection that waits stands as soon as the peer has room for it") {
  run_everywhere(
      [] {
        const blocking_call call = connect_call();
        {
          // Given up, and taken up again: it has gone on in the background.
          const timeout_scope limit(20ms);
          expect(call, error_of(call.perform()), errc::timed_out);
        }
        auto waiter = spawn([&] { return call.perform(); });
        (void)sleep_for(settle_time);
        expect(call, error_of(waiter.join_for(50ms)), errc::timed_out);
        call.make_ready();
        expect(call, error_of(waiter.join()), {});
      },
      {2});
}

TEST_CASE("a call that waits completes when it can") {
  run_everywhere([] {
    with_each_call([](const blocking_call& call) {
      if (call.once) {
        return;
      }
      auto waiter = spawn([&] { return call.perform(); });
      (void)sleep_for(settle_time);
      CHECK_MESSAGE(!waiter.finished(), call.name);
      call.make_ready();
      expect(call, error_of(waiter.join()), {});
    });
  });
}

TEST_CASE(
    "a call that waits ends with its timeout_scope, has had no effect and can be repeated "
    "[row 66] [row 89]") {
  run_everywhere([] {
    with_each_call([](const blocking_call& call) {
      const auto start = clock::now();
      {
        timeout_scope limit(20ms);
        expect(call, error_of(call.perform()), errc::timed_out);
        CHECK(limit.is_expired());
        CHECK(clock::now() - start >= 20ms);
        CHECK(clock::now() - start < promptly);
        expect(call, error_of(call.perform()), errc::timed_out);
      }
      if (!call.once) {
        call.make_ready();
        expect(call, error_of(call.perform()), {});
      }
    });
  });
}

TEST_CASE("a call that waits ends with the cancel_scope around it [row 63]") {
  run_everywhere([] {
    with_each_call([](const blocking_call& call) {
      const auto start = clock::now();
      {
        cancel_scope scope;
        auto canceler = spawn([&] {
          (void)sleep_for(settle_time);
          scope.cancel();
        });
        expect(call, error_of(call.perform()), errc::operation_canceled);
        expect(call, error_of(call.perform()), errc::operation_canceled);
        CHECK(clock::now() - start < promptly);
      }
      if (!call.once) {
        call.make_ready();
        expect(call, error_of(call.perform()), {});
      }
    });
  });
}

TEST_CASE("a call inside a cancelled scope fails without being made") {
  run_everywhere([] {
    with_each_call([](const blocking_call& call) {
      call.make_ready();
      cancel_scope scope;
      scope.cancel();
      expect(call, error_of(call.perform()), errc::operation_canceled);
      const shield until_done;
      expect(call, error_of(call.perform()), {});
    });
  });
}

TEST_CASE("a fiber that waits ends when its join_handle is cancelled") {
  run_everywhere([] {
    with_each_call([](const blocking_call& call) {
      auto waiter = spawn([&] { return call.perform(); });
      (void)sleep_for(settle_time);
      waiter.cancel();
      expect(call, error_of(waiter.join()), errc::operation_canceled);
    });
  });
}

TEST_CASE("a detached fiber that waits ends when its runtime shuts down [row 20]") {
  for (const setting& where : settings()) {
    SUBCASE(where.name.c_str()) {
      const int before = open_descriptors();
      std::atomic<unsigned> canceled{0};
      in_fiber(
          [&] {
            for (const make_call make : all_blocking_calls()) {
              spawn([&canceled, make] {
                const blocking_call call = make();
                if (error_of(call.perform()) == errc::operation_canceled) {
                  canceled.fetch_add(1);
                }
              }).detach();
            }
            (void)sleep_for(settle_time);
          },
          or_throw(io::with_io(where.options())));
      CHECK(canceled == all_blocking_calls().size());
      CHECK(open_descriptors() == before);
    }
  }
}

}  // namespace weft::testing
