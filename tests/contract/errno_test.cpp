#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <weft/runtime/yield.hpp>

#include "blocking_call.hpp"
#include "errno_table.hpp"
#include "misbehaviour.hpp"
#include "ring_faults.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// Every call that can wait, with every error that the system may answer: at the first attempt, and
/// when its fiber has waited already. By one worker, so that nothing happens between two steps of a
/// test but what waits for it.
namespace weft::testing {

namespace {

using detail::sys::call;

constexpr std::string_view plain_thread = "a plain thread";

template <class F>
void with_each_case(F f) {
  std::vector<make_call> calls = all_blocking_calls();
  std::ranges::replace(calls, &connect_call, &quick_connect_call);
  calls.push_back(&read_leased_call);
  for (const make_call make : calls) {
    for (const errno_case& error : errnos_of(make().asks)) {
      f(make(), error);
    }
  }
}

std::string_view backend_here() {
  return io::name_of(io::current_backend());
}

/// What the case came to, for the check and for the table.
void judge(const blocking_call& made, const errno_case& error, std::string_view where,
           std::string_view when, std::error_code got, int failures, int wanted) {
  const bool passed = got == error.outcome() && failures == wanted;
  CHECK_MESSAGE(passed, made.name, " on ", where, ", ", when, ": ", error.name, " came to \"",
                got.message(), "\", made to fail ", failures, " times");
  note(name_of(made.asks), error, where, passed);
}

int times_of(const errno_case& error) {
  return error.what == fate::repeated ? 3 : 1;
}

/// Whether the error is the outcome, so that nothing need be ready.
bool ends_it(const errno_case& error) {
  return error.outcome() || error.what == fate::succeeded;
}

/// Whether the system carries the call out as a whole once it has been begun: no call is made after
/// the wait.
bool is_left_to_the_system(const blocking_call& made) {
  switch (io::current_backend()) {
    case io::backend_kind::io_uring:
      return !made.is_direct;
    case io::backend_kind::iocp:
      return made.asks == call::accept || made.asks == call::connect || made.asks == call::poll ||
             (made.name.starts_with("read") && made.name != "read_leased");
    default:
      return false;
  }
}

/// Of a ring's buffers there was none: a leased read waits and then takes its own.
bool is_empty_ring(const blocking_call& made, const errno_case& error) {
  return io::current_backend() == io::backend_kind::io_uring && made.name == "read_leased" &&
         error.number == ENOBUFS;
}

/// What failed is as good as before: nobody else waits there or takes what arrives.
void expect_usable(const blocking_call& made) {
  const auto done = made.perform();
  CHECK_MESSAGE(done, made.name, ": ", error_of(done).message());
}

/// Calls `f` in a fiber and returns what it returned; it must have returned once.
template <class F>
auto in_another_fiber(F f) {
  std::atomic<int> returns{0};
  auto waiter = spawn([&] {
    auto outcome = f();
    ++returns;
    return outcome;
  });
  auto outcome = waiter.join();
  CHECK(returns == 1);
  return outcome;
}

/// The same by a thread that is no worker.
template <class F>
std::error_code on_a_thread(F f) {
  std::error_code error;
  std::atomic<bool> done{false};
  std::thread caller([&] {
    error = error_of(f());
    done = true;
  });
  while (!done) {
    (void)sleep_for(200us);
  }
  caller.join();
  return error;
}

}  // namespace

TEST_CASE("each error at the first attempt is what the contract says [row B10]") {
  run_everywhere(
      [] {
        with_each_case([](const blocking_call& made, const errno_case& error) {
          if (is_empty_ring(made, error)) {
            return;
          }
          std::error_code got;
          int failures = 0;
          {
            const misbehaviour system({.which = made.asks,
                                       .error = error.number,
                                       .handle = made.handle,
                                       .times = times_of(error)});
            auto waiter = spawn([&] { return made.perform(); });
            if (!ends_it(error)) {
              while (system.calls() == 0) {
                yield();
              }
              made.make_ready();
            }
            got = error_of(waiter.join());
            failures = system.failures();
          }
          judge(made, error, backend_here(), "at once", got, failures, times_of(error));
          if (ends_it(error)) {
            made.make_ready();
            expect_usable(made);
          }
        });
      },
      {1});
}

TEST_CASE("each error after a wait is what the contract says [row B10]") {
  run_everywhere(
      [] {
        with_each_case([](const blocking_call& made, const errno_case& error) {
          // A readiness backend that is told that it need not wait, and then that it must, waits
          // for the next such event: stale_wakeup_test.cpp has that.
          if (error.what == fate::waits || is_left_to_the_system(made)) {
            return;
          }
          std::error_code got;
          int failures = 0;
          {
            const misbehaviour system({.which = made.asks,
                                       .error = error.number,
                                       .handle = made.handle,
                                       .pass = 1,
                                       .times = times_of(error)});
            auto waiter = spawn([&] { return made.perform(); });
            while (system.calls() == 0) {
              yield();
            }
            made.make_ready();
            got = error_of(waiter.join());
            failures = system.failures();
          }
          judge(made, error, backend_here(), "after a wait", got, failures, times_of(error));
          if (ends_it(error)) {
            expect_usable(made);
          }
        });
      },
      {1});
}

TEST_CASE("each error in a completion is what the contract says [row B10]") {
  if (!ring_faults::available() || !io::make_drivers(io::backend_kind::io_uring)) {
    return;
  }
  run_in({.name = {}, .backend = io::backend_kind::io_uring}, [] {
    with_each_case([](const blocking_call& made, const errno_case& error) {
      if (made.is_direct || is_empty_ring(made, error)) {
        return;
      }
      ring_faults::fail_completions(made.handle, error.number, 1);
      auto waiter = spawn([&] { return made.perform(); });
      if (!ends_it(error)) {
        while (ring_faults::failed() == 0) {
          yield();
        }
        made.make_ready();
      }
      const std::error_code got = error_of(waiter.join());
      judge(made, error, backend_here(), "in a completion", got, ring_faults::stop(), 1);
      if (ends_it(error)) {
        made.make_ready();
        expect_usable(made);
      }
    });
  });
}

TEST_CASE("each error is the same for a plain thread [row B10]") {
  in_io([] {
    with_each_case([](const blocking_call& made, const errno_case& error) {
      made.make_ready();
      std::error_code got;
      int failures = 0;
      {
        const misbehaviour system({.which = made.asks,
                                   .error = error.number,
                                   .handle = made.handle,
                                   .times = times_of(error)});
        got = on_a_thread(made.perform);
        failures = system.failures();
      }
      judge(made, error, plain_thread, "at once", got, failures, times_of(error));
      if (ends_it(error)) {
        CHECK(!on_a_thread(made.perform));
      }
    });
  });
}

TEST_CASE("a call that failed leaves its buffer alone, and what arrives to the next [row B10]") {
  run_everywhere(
      [] {
        const std::string untouched(64, '.');
        for (const io::opcode code : {io::opcode::receive, io::opcode::receive_message}) {
          for (const errno_case& error : errnos_of(call::receive)) {
            if (!ends_it(error)) {
              continue;
            }
            raw_pair ends = tcp_pair();
            const io::descriptor near = adopt(std::move(ends.near));
            std::string buffer = untouched;
            iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
            msghdr message{};
            message.msg_iov = &part;
            message.msg_iovlen = 1;
            const bool whole = code == io::opcode::receive_message;
            const auto receive = [&] {
              io::operation op{.code = code,
                               .data = whole ? static_cast<void*>(&message) : buffer.data(),
                               .size = whole ? 0 : buffer.size()};
              return near.perform(op);
            };
            {
              const misbehaviour system({.which = whole ? call::receive_message : call::receive,
                                         .error = error.number,
                                         .handle = near.native_handle()});
              const auto got = in_another_fiber(receive);
              CHECK(error_of(got) == error.outcome());
            }
            CHECK(send_now(ends.far.get(), "ping"));
            yield();
            CHECK(buffer == untouched);
            CHECK(in_another_fiber(receive) == result<std::size_t>(4));
            CHECK(buffer.starts_with("ping."));
          }
        }
      },
      {1});
}

}  // namespace weft::testing
