#include <chrono>
#include <csignal>
#include <mutex>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/interval.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/barrier.hpp>
#include <weft/sync/broadcast.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/completion_queue.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/deadline.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/future.hpp>
#include <weft/sync/graceful_shutdown.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/notify.hpp>
#include <weft/sync/once_flag.hpp>
#include <weft/sync/oneshot.hpp>
#include <weft/sync/promise.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/shared_mutex.hpp>
#include <weft/sync/task_group.hpp>
#include <weft/sync/wait_group.hpp>
#include <weft/sync/watch.hpp>

/// Bad input beside what the tests of each primitive try: an error that is documented, or, where
/// assertions are on, a sentence.
using namespace std::chrono_literals;
using weft::errc;
using namespace weft::testing;

TEST_CASE("a limit below zero is no wait, whatever is waited for") {
  in_fiber([] {
    weft::mutex m;
    const std::lock_guard hold(m);
    weft::shared_mutex shared;
    const std::lock_guard writes(shared);
    auto other = weft::spawn([&] {
      CHECK_FALSE(m.try_lock_for(-1s));
      CHECK_FALSE(shared.try_lock_for(-1s));
      CHECK_FALSE(shared.try_lock_shared_for(-1s));
    });
    CHECK(other.join().has_value());
    weft::mutex monitor;
    weft::condition_variable changed;
    std::unique_lock inside(monitor);
    CHECK(error_of(changed.wait_for(inside, -1s)) == errc::timed_out);
    CHECK(inside.owns_lock());

    weft::channel<int> numbers;
    CHECK(error_of(numbers.receive_for(-1s)) == errc::timed_out);
    CHECK(error_of(numbers.send_for(1, -1s)) == errc::timed_out);
    weft::broadcast<int> news(2);
    CHECK(error_of(news.subscribe().receive_for(-1s)) == errc::timed_out);
    weft::watch<int> level(1);
    CHECK(error_of(level.subscribe().changed_for(-1s)) == errc::timed_out);
    auto [sender, receiver] = weft::oneshot<int>();
    CHECK(error_of(receiver.receive_for(-1s)) == errc::timed_out);
    CHECK(error_of(sender.wait_closed_for(-1s)) == errc::timed_out);
    weft::promise<int> promised;
    CHECK(error_of(promised.get_future().get_for(-1s)) == errc::timed_out);

    CHECK(error_of(weft::semaphore(0).acquire_for(-1s)) == errc::timed_out);
    CHECK(error_of(weft::event().wait_for(-1s)) == errc::timed_out);
    CHECK(error_of(weft::notify().wait_for(-1s)) == errc::timed_out);
    CHECK(error_of(weft::latch(1).wait_for(-1s)) == errc::timed_out);
    CHECK(error_of(weft::wait_group(1).wait_for(-1s)) == errc::timed_out);
    CHECK(error_of(weft::barrier(2).arrive_and_wait_for(-1s)) == errc::timed_out);
    CHECK(error_of(weft::deadline().wait_for(-1s)) == errc::timed_out);
    weft::graceful_shutdown shutdown;
    CHECK(error_of(shutdown.wait_requested_for(-1s)) == errc::timed_out);
    CHECK(error_of(shutdown.wait_drained_for(-1s)) == errc::timed_out);

    weft::event never;
    auto fiber = weft::spawn([&] { return never.wait(); });
    CHECK(error_of(fiber.join_for(-1s)) == errc::timed_out);
    CHECK(fiber.joinable());
    weft::completion_queue<> done;
    done.add(never.waiting());
    CHECK(error_of(done.next_for(-1s)) == errc::timed_out);
    CHECK(error_of(weft::select(weft::on(never.waiting()), weft::after(-1s))) == errc::timed_out);
  });
}

TEST_CASE("what is closed twice stays closed, and what is settled twice keeps the first value") {
  weft::broadcast<int> news(2);
  CHECK(news.close());
  CHECK_FALSE(news.close());
  CHECK(error_of(news.send(1)) == errc::closed);
  weft::watch<int> level(1);
  CHECK(level.close());
  CHECK_FALSE(level.close());
  CHECK(error_of(level.set(2)) == errc::closed);
  weft::semaphore permits(1);
  permits.close();
  permits.close();
  CHECK(error_of(permits.acquire()) == errc::closed);
  weft::promise<int> promised;
  CHECK(promised.set_value(1));
  CHECK_FALSE(promised.set_value(2));
  CHECK(promised.get_future().get() == 1);
}

TEST_CASE("child: joins twice" * doctest::skip()) {
  become_plain_program();
  in_fiber([] {
    auto fiber = weft::spawn([] {});
    (void)fiber.join();
    (void)fiber.join();
  });
}

TEST_CASE("child: sends twice over a oneshot" * doctest::skip()) {
  become_plain_program();
  auto [sender, receiver] = weft::oneshot<int>();
  (void)sender.send(1);
  (void)sender.send(2);
}

TEST_CASE("child: a barrier for nobody" * doctest::skip()) {
  become_plain_program();
  const weft::barrier meeting(0);
}

TEST_CASE("child: a broadcast that keeps nothing" * doctest::skip()) {
  become_plain_program();
  weft::broadcast<int> news(0);
}

TEST_CASE("child: a mutex is destroyed while it is locked" * doctest::skip()) {
  become_plain_program();
  weft::mutex m;
  m.lock();
}

TEST_CASE("child: an interval without a period" * doctest::skip()) {
  become_plain_program();
  weft::interval every(0s);
}

#ifndef NDEBUG
TEST_CASE("misuse is told in a sentence") {
  const auto says = [](const char* child, const char* sentence) {
    const child_outcome end = run_child(child);
    CHECK_MESSAGE(end.says(sentence), end.output);
    CHECK(end.was_killed_by(SIGABRT));
  };
  says("child: joins twice", "join() on an empty join_handle: it was joined, detached or moved");
  says("child: sends twice over a oneshot", "this oneshot_sender has sent, or was moved from");
  says("child: a barrier for nobody", "a barrier for nobody");
  says("child: a broadcast that keeps nothing", "a broadcast keeps at least one value");
  says("child: a mutex is destroyed while it is locked", "a mutex is destroyed while locked");
  says("child: an interval without a period", "an interval's period is above zero");
}
#endif
