#include <utility>

#include <doctest/doctest.h>
#include <interrupt.hpp>

#include <weft/io/descriptor.hpp>
#include <weft/io/signal_listener.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/completion_queue.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/graceful_shutdown.hpp>
#include <weft/sync/select.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/waiting_forms.hpp"

/// Signals beside what else select can wait for. By all of weft: io knows nothing of sync.
namespace weft::testing {

namespace {

signal_listener listening() {
  hear_interrupts_alone();
  return or_throw(signal_listener::open({own_signal}));
}

}  // namespace

TEST_CASE("[row 55] a signal is an arm of select, before, during and after the wait") {
  in_fiber([] {
    auto signals = listening();
    channel<int> numbers;
    const auto next = [&](auto... more) {
      return select(on(signals.waiting()), on(numbers.receiving()), more...);
    };
    CHECK(error_of(next(after(1ms))) == errc::timed_out);
    send_own_signal();
    CHECK(next() == own_signal);
    auto raiser = spawn([&] {
      wait_until_true([&] { return signals.waiters() == 1; });
      send_own_signal();
    });
    CHECK(next() == own_signal);
    CHECK(raiser.join().has_value());
    CHECK(error_of(try_select(on(signals.waiting()))) == std::errc::operation_would_block);
  });
}

TEST_CASE("[row 55] a signal that loses a select is still there") {
  in_fiber([] {
    auto signals = listening();
    auto witness = listening();
    event ready(event_reset::manual, true);
    send_own_signal();
    CHECK(witness.wait_for(promptly) == own_signal);
    CHECK(select_in_order(on(ready.waiting(), [] { return 0; }), on(signals.waiting())) == 0);
    CHECK(signals.wait_for(promptly) == own_signal);
  });
}

TEST_CASE("[row 58] a completion queue waits for signals") {
  in_fiber([] {
    auto one = listening();
    auto other = listening();
    completion_queue<int> heard;
    heard.add(one.waiting());
    heard.add(other.waiting());
    send_own_signal();
    CHECK(heard.next_for(promptly) == own_signal);
    CHECK(heard.next_for(promptly) == own_signal);
    CHECK(heard.empty());
  });
}

TEST_CASE("[row 55] a read is an arm as the fiber that reads, and loses by being cancelled") {
  in_io([] {
    auto [near, far] = local_pair();
    const io::descriptor socket = adopt(std::move(near));
    auto signals = listening();
    const auto read = [&socket]() -> result<int> {
      char byte = 0;
      io::operation op{.code = io::opcode::read, .data = &byte, .size = 1};
      auto n = socket.perform(op);
      return n ? result<int>(byte) : fail(n.error());
    };
    auto reading = spawn(read);
    const auto next = [&] { return select(on(reading.joining()), on(signals.waiting())); };
    REQUIRE(send_now(far.get(), "x"));
    CHECK(next() == 'x');
    reading = spawn(read);
    send_own_signal();
    CHECK(next() == own_signal);
    reading.cancel();
    CHECK(error_of(reading.join()) == errc::operation_canceled);
    REQUIRE(send_now(far.get(), "y"));
    CHECK(read() == 'y');
  });
}

TEST_CASE("[row 68] a signal shuts a service down in good order") {
  in_fiber([] {
    graceful_shutdown shutdown;
    auto signals = listening();
    auto work = shutdown.begin_work();
    auto worker = spawn([&] {
      CHECK(shutdown.wait_requested().has_value());
      CHECK(error_of(shutdown.begin_work()) == errc::shutting_down);
      work->end();
    });
    send_own_signal();
    CHECK(shutdown.wait_requested_or(signals.waiting(), "a signal").has_value());
    CHECK(shutdown.wait_drained_for(promptly).has_value());
    CHECK(worker.join().has_value());
  });
}

}  // namespace weft::testing
