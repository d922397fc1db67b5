#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <weft/runtime/blocking.hpp>
#include <weft/runtime/interval.hpp>
#include <weft/sync/barrier.hpp>
#include <weft/sync/deadline.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/futex.hpp>
#include <weft/sync/graceful_shutdown.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/notify.hpp>
#include <weft/sync/once_cell.hpp>
#include <weft/sync/wait_group.hpp>

#include "cancel_everywhere.hpp"

/// A cancellation at every suspension: gates, events, what is made once, times.
namespace weft::testing {

namespace {

constexpr int rounds_each = 3;

class meeting : public scenario {
 public:
  std::vector<role> roles() override {
    std::vector<role> all;
    for (int& met : met_) {
      all.push_back([this, &met] {
        while (met < rounds_each) {
          const auto leads = barrier_.arrive_and_wait();
          if (!succeeded(leads)) {
            missing_ = rounds_each - met;
            return;
          }
          ++met;
          leaders_ += *leads ? 1 : 0;
        }
      });
    }
    return all;
  }
  /// In the place of the victim.
  void release() override {
    for (; missing_ > 0; --missing_) {
      leaders_ += barrier_.arrive_and_wait().value() ? 1 : 0;
    }
  }
  void check() override {
    CHECK(leaders_ == rounds_each);
    CHECK(barrier_.waiters() == 0);
  }

 private:
  barrier barrier_{3};
  std::array<int, 3> met_{};
  std::atomic<int> leaders_{0};
  int missing_ = 0;
};

/// Those who wait until others have come this far.
template <class Gate>
class gathering : public scenario {
 public:
  std::vector<role> roles() override {
    const role wait = [this] { (void)succeeded(gate_.wait()); };
    const role arrive = [this] {
      yield();
      yield();
      ++arrived_;
      open();
    };
    return {wait, wait, arrive, arrive};
  }
  void check() override {
    CHECK(arrived_ == 2);
    CHECK(gate_.waiters() == 0);
  }

 private:
  void open() {
    if constexpr (std::is_same_v<Gate, latch>) {
      gate_.count_down();
    } else {
      gate_.done();
    }
  }

  Gate gate_{2};
  std::atomic<int> arrived_{0};
};

/// Tokens that are given and taken one by one: none disappears with a wait that fails.
template <class Tokens>
class tokens : public scenario {
 public:
  std::vector<role> roles() override {
    const role take = [this] {
      for (int i = 0; i < rounds_each && succeeded(tokens_.wait()); ++i) {
        ++taken_;
      }
      --takers_;
    };
    const role give = [this] {
      while (takers_ > 0) {
        if (given_ == taken_) {
          ++given_;
          give_one();
        }
        yield();
      }
    };
    return {take, take, give};
  }
  void check() override {
    const int kept = tokens_.try_wait() ? 1 : 0;
    CHECK(given_ == taken_ + kept);
    CHECK(tokens_.waiters() == 0);
  }

 private:
  void give_one() {
    if constexpr (std::is_same_v<Tokens, notify>) {
      tokens_.notify_one();
    } else {
      tokens_.set();
    }
  }

  static Tokens made() {
    if constexpr (std::is_same_v<Tokens, notify>) {
      return Tokens();
    } else {
      return Tokens(event_reset::automatic);
    }
  }

  Tokens tokens_ = made();
  std::atomic<int> given_{0};
  std::atomic<int> taken_{0};
  std::atomic<int> takers_{2};
};

class first_come : public scenario {
 public:
  std::vector<role> roles() override {
    return std::vector<role>(3, [this] {
      const auto made = cell_.get_or_make([this]() -> result<int> {
        if (auto slept = sleep_for(100us); !slept) {
          return fail(slept.error());
        }
        ++makers_;
        return 7;
      });
      if (succeeded(made)) {
        CHECK(**made == 7);
      }
    });
  }
  void check() override {
    CHECK(makers_ == 1);
    CHECK(cell_.get() != nullptr);
  }

 private:
  once_cell<int> cell_;
  std::atomic<int> makers_{0};
};

class words : public scenario {
 public:
  std::vector<role> roles() override {
    const role wait = [this] {
      while (word_ == 0) {
        if (!succeeded(futex_wait(word_, 0))) {
          return;
        }
      }
    };
    const role write = [this] {
      yield();
      yield();
      word_ = 1;
      futex_wake_all(word_);
    };
    return {wait, wait, write};
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

class closing_time : public scenario {
 public:
  std::vector<role> roles() override {
    const role serve = [this] {
      while (auto work = shutdown_.begin_work()) {
        if (!succeeded(sleep_for(50us))) {
          return;
        }
      }
    };
    const role look_after = [this] {
      if (succeeded(shutdown_.wait_requested())) {
        if (succeeded(shutdown_.wait_drained())) {
          CHECK(shutdown_.in_flight() == 0);
        }
      }
    };
    const role trigger = [this] {
      (void)succeeded(sleep_for(200us));
      shutdown_.trigger();
    };
    return {serve, serve, look_after, trigger};
  }
  void check() override {
    CHECK(shutdown_.in_flight() == 0);
    CHECK(shutdown_.wait_drained_for(0s).has_value());
  }

 private:
  graceful_shutdown shutdown_;
};

class times : public scenario {
 public:
  std::vector<role> roles() override {
    const role tick = [this] {
      interval every(100us);
      for (int i = 0; i < rounds_each && succeeded(every.tick()); ++i) {
        deadline_.extend(10us);
      }
    };
    const role wait = [this] { (void)succeeded(deadline_.wait()); };
    const role block = [this] { (void)succeeded(blocking([] { return 1; })); };
    return {tick, wait, wait, block};
  }
  void check() override { CHECK(deadline_.waiters() == 0); }

 private:
  deadline deadline_{300us};
};

}  // namespace

TEST_CASE("[row B6] a cancellation at any suspension breaks no barrier, latch or wait group") {
  check_cancel_everywhere<meeting>();
  check_cancel_everywhere<gathering<latch>>();
  check_cancel_everywhere<gathering<wait_group>>();
}

TEST_CASE("[row B6] a cancellation at any suspension loses no event and no notification") {
  check_cancel_everywhere<tokens<event>>();
  check_cancel_everywhere<tokens<notify>>();
}

TEST_CASE("[row B6] after a cancellation at any suspension another makes what is made once") {
  check_cancel_everywhere<first_come>();
  check_cancel_everywhere<words>();
}

TEST_CASE("[row B6] a cancellation at any suspension of timers, blocking calls and a shutdown") {
  check_cancel_everywhere<closing_time>();
  check_cancel_everywhere<times>();
}

}  // namespace weft::testing