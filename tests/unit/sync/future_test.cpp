#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/future.hpp>
#include <weft/sync/promise.hpp>

using namespace std::chrono_literals;
using weft::future;
using weft::promise;
using namespace weft::testing;

namespace {

/// waiters() is not public: a future's waiters are told by the state that it shares.
struct not_settled {
  weft::result<void> wait(weft::time_point until) {
    ++entered;
    auto waited = answer.get_until(until);
    --entered;
    return waited ? weft::result<void>() : weft::fail(waited.error());
  }
  void release() { (void)p.set_value(42); }
  std::size_t waiters() { return entered; }

  promise<int> p;
  future<int> answer = p.get_future();
  std::atomic<std::size_t> entered{0};
};

}  // namespace

TEST_CASE("[row 44] waiting for a future completes, times out and is cancelled") {
  check_waiting_forms<not_settled>();
}

TEST_CASE("[row 44] many wait for one value") {
  test_runtime r({.workers = 2, .background = true});
  promise<std::string> p;
  std::vector<actor> actors;
  for (int i = 0; i < 12; ++i) {
    actors.emplace_back(i % 3 == 0 ? actor_kind::thread : actor_kind::fiber, *r,
                        [f = p.get_future()] { CHECK(f.get() == "the answer"); });
  }
  CHECK(p.set_value("the answer"));
}

TEST_CASE("[row 44] try_get does not wait, and get copies each time") {
  promise<std::string> p;
  const auto f = p.get_future();
  CHECK(error_of(f.try_get()) == std::errc::operation_would_block);
  CHECK(error_of(f.get_for(-1s)) == weft::errc::timed_out);
  CHECK(error_of(f.wait_for(-1s)) == weft::errc::timed_out);
  CHECK(p.set_value("again"));
  CHECK(f.try_get() == "again");
  CHECK(f.get() == "again");
  CHECK(f.get_for(-1s) == "again");
}

TEST_CASE("[row 44] what cannot be copied is looked at where it is") {
  promise<std::unique_ptr<int>> p;
  const auto f = p.get_future();
  CHECK(p.set_value(std::make_unique<int>(6)));
  CHECK(***f.view() == 6);
  CHECK(***f.view() == 6);
}

TEST_CASE("[row 44] a future of nothing tells that it has happened") {
  in_fiber([] {
    promise<void> p;
    auto waiter = weft::spawn([f = p.get_future()] { return f.get(); });
    weft::yield();
    CHECK(p.set_value());
    CHECK(waiter.join().has_value());
    CHECK(p.get_future().try_get().has_value());
  });
}

TEST_CASE("[row 44] the value outlives the promise as long as a future does") {
  std::optional<promise<std::string>> p(std::in_place);
  const auto f = p->get_future();
  CHECK(p->set_value("kept"));
  p.reset();
  CHECK(**f.view() == "kept");
}
