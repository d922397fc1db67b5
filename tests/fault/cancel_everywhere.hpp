#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

#include "support/io_fixture.hpp"
#include "support/test_runtime.hpp"
#include "wait_word.hpp"

/// Runs a scenario again and again, and cancels one of its fibers at the first suspension, at the
/// second, and so on until it has none left; then the next fiber. Each time everyone must end, and
/// nothing may be lost.
///
/// Suspensions are counted by the victim's wait word, whose generation goes up with each wait. On
/// one worker the driver looks after every turn of the victim, so it strikes while the victim is
/// parked, or when it was woken and has not run since. On two it strikes anywhere.
namespace weft::testing {

/// A few fibers that use something together.
class scenario {
 public:
  using role = std::function<void()>;

  virtual ~scenario() = default;

  /// What the fibers do. A role ends soon after one of its calls has failed.
  virtual std::vector<role> roles() = 0;
  /// Called when the victim has ended: the others must end then, cancelled or not.
  virtual void release() {}
  /// Called when all have ended.
  virtual void check() {}

  void choose(std::size_t victim) { victim_ = victim; }
  /// First thing in each fiber.
  void begin(std::size_t which) {
    if (which == victim_) {
      weft::detail::parker& self = weft::detail::current_parker();
      first_wait_ = waits(self);
      target_.store(&self);
    }
  }
  /// How often the victim has waited, or begun to.
  std::uint64_t suspensions() const {
    const weft::detail::parker* const target = target_.load();
    return target ? waits(*target) - first_wait_ : 0;
  }

 protected:
  bool is_victim() const { return &weft::detail::current_parker() == target_.load(); }

  /// Whether a call has succeeded. None but the victim's may fail, and those only by cancellation.
  template <class T>
  bool succeeded(const result<T>& outcome) {
    if (!outcome) {
      CHECK(is_victim());
      CHECK(outcome.error() == errc::operation_canceled);
    }
    return outcome.has_value();
  }

 private:
  static std::uint64_t waits(const weft::detail::parker& p) {
    return weft::detail::wait_word::generation_of(weft::detail::wait_word::load(p));
  }

  std::size_t victim_ = 0;
  std::uint64_t first_wait_ = 0;
  std::atomic<weft::detail::parker*> target_{nullptr};
};

/// One run. False: the victim ended before that suspension.
template <class Scenario>
bool cancel_at(std::size_t victim, std::uint64_t suspension) {
  Scenario s;
  s.choose(victim);
  const auto roles = s.roles();
  std::vector<join_handle<void>> fibers;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    fibers.push_back(spawn([&s, &roles, i] {
      s.begin(i);
      roles[i]();
    }));
  }
  bool struck = false;
  while (!fibers[victim].finished()) {
    if (!struck && s.suspensions() >= suspension) {
      fibers[victim].cancel();
      struck = true;
    }
    yield();
  }
  s.release();
  for (auto& fiber : fibers) {
    CHECK(fiber.join().has_value());
  }
  s.check();
  return struck;
}

/// On a runtime whose workers are all its own; returns how many runs were struck. The loop is a
/// plain thread's: what doctest captures belongs to a thread, and fibers migrate.
template <class Scenario>
std::uint64_t cancel_everywhere(runtime& r) {
  const std::size_t count = r.run([] { return Scenario().roles().size(); });
  std::uint64_t strikes = 0;
  for (std::size_t victim = 0; victim < count; ++victim) {
    CAPTURE(victim);
    for (std::uint64_t suspension = 1; suspension < 1000; ++suspension) {
      CAPTURE(suspension);
      if (!r.run([&] { return cancel_at<Scenario>(victim, suspension); })) {
        break;
      }
      ++strikes;
    }
  }
  return strikes;
}

/// Once on one worker, a few times on two, where the victim may always be faster than who cancels.
template <class Scenario>
void check_cancel_everywhere() {
  std::uint64_t strikes = 0;
  for (const unsigned workers : {1U, 2U, 2U, 2U}) {
    CAPTURE(workers);
    test_runtime r(or_throw(io::with_io({.workers = workers, .background = true})));
    strikes += cancel_everywhere<Scenario>(*r);
  }
  CHECK(strikes > 0);
}

}  // namespace weft::testing
