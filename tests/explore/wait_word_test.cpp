
#include "wait_word.hpp"

#include <mutex>
#include <optional>

#include <explore/holds.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>

using namespace std::chrono_literals;
using weft::deadline_after;
using weft::forever;
using weft::detail::begin_wait;
using weft::detail::cancelable;
using weft::detail::park;
using weft::detail::wait_token;
using weft::detail::wake_reason;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

namespace {

/// Where a waiter leaves its token and wakers find it.
class board {
 public:
  void put(wait_token token) {
    std::lock_guard hold(lock_);
    token_ = token;
  }
  void clear() {
    std::lock_guard hold(lock_);
    token_.reset();
  }
  /// Wakes who waits there; true if it did.
  bool wake() {
    std::unique_lock hold(lock_);
    if (!token_ || !weft::detail::claim_wait(*token_)) {
      return false;
    }
    const wait_token claimed = *token_;
    token_.reset();
    hold.unlock();
    weft::detail::resume(claimed);
    return true;
  }

 private:
  weft::detail::spinlock lock_;
  std::optional<wait_token> token_;
};

/// One wait, for a waker, a deadline and a cancellation. Null: was cancelled before it began.
std::optional<wake_reason> wait_once(board& at, weft::time_point until) {
  const auto token = begin_wait(cancelable::yes);
  if (!token) {
    return std::nullopt;
  }
  at.put(*token);
  const wake_reason why = park(*token, until, "the explorer");
  if (why != wake_reason::ready) {
    at.clear();
  }
  return why;
}

}  // namespace

TEST_CASE("[row 148] of a waker, a deadline and a cancellation one ends the wait") {
  holds([] {
    board at;
    int wakers = 0;
    std::optional<wake_reason> why;
    const auto wake = [&] { wakers += at.wake() ? 1 : 0; };
    together({[&] { why = wait_once(at, deadline_after(1ms)); }, wake, wake, [] { cancel(1); }});
    expect((why == wake_reason::ready) == (wakers == 1), "who was woken was woken by one");
    expect(wakers <= 1, "one claim succeeds");
  });
}

TEST_CASE("[row 148] a wait that is put aside for a moment loses no waker") {
  holds(
      [] {
        using weft::detail::wait_state;
        using weft::detail::wait_word;
        board at;
        weft::detail::atomic<bool> is_open{false};
        wait_token open;
        int wakers = 0;
        std::optional<wake_reason> why;
        together({[&] {
                    open = *begin_wait(cancelable::no);
                    is_open.store(true);
                    at.put(open);
                    why = park(open, deadline_after(1ms), "the explorer");
                  },
                  [&] {
                    wait_state was{};
                    if (is_open.load() && wait_word::hold(open, was)) {
                      expect(was == wait_state::waiting_firmly, "what it was is known");
                      wait_word::release(open, was);
                    }
                  },
                  [&] { wakers += at.wake() ? 1 : 0; }});
        expect(why == (wakers == 1 ? wake_reason::ready : wake_reason::timed_out),
               "who found the wait ended it");
      },
      {.one_runtime = true});
}

TEST_CASE("[row 148] a cancellation is not missed by a wait that begins meanwhile") {
  holds(
      [] {
        board at;
        std::optional<wake_reason> why;
        together({[&] { why = wait_once(at, forever); }, [] { cancel(1); }});
        expect(!why || why == wake_reason::canceled, "nothing but the cancellation ends the wait");
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] a cancelled scope ends all waits inside, and none outside") {
  holds([] {
    board at;
    std::optional<wake_reason> inside;
    std::optional<wake_reason> outside;
    weft::detail::atomic<weft::cancel_scope*> scope{nullptr};
    weft::detail::spinlock alive;
    together({[&] {
                {
                  weft::cancel_scope limits;
                  scope.store(&limits);
                  inside = wait_once(at, deadline_after(1ms));
                  std::lock_guard hold(alive);
                  scope.store(nullptr);
                }
                outside = wait_once(at, deadline_after(1ms));
              },
              [&] {
                std::lock_guard hold(alive);
                if (auto* const it = scope.load()) {
                  it->cancel();
                }
              }});
    expect(outside == wake_reason::timed_out, "the scope was left");
    expect(inside != wake_reason::ready, "nobody woke");
  });
}

TEST_CASE("[row 148] a shield keeps a cancellation from a wait until it is left") {
  holds(
      [] {
        board at;
        std::optional<wake_reason> inside;
        std::optional<wake_reason> outside;
        together({[&] {
                    {
                      const weft::shield keeps;
                      inside = wait_once(at, deadline_after(1ms));
                    }
                    outside = wait_once(at, forever);
                  },
                  [] { cancel(1); }});
        expect(inside == wake_reason::timed_out, "the shield holds");
        expect(!outside || outside == wake_reason::canceled, "and holds no longer");
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] a stale token ends no later wait") {
  holds(
      [] {
        board first;
        board second;
        std::optional<wake_reason> end_of_second;
        bool woke_first = false;
        together({[&] {
                    const auto token = begin_wait(cancelable::no);
                    first.put(*token);
                    (void)park(*token, deadline_after(1ms), "the first wait");
                    end_of_second = wait_once(second, deadline_after(1ms));
                  },
                  [&] { woke_first = first.wake(); }});
        expect(end_of_second == wake_reason::timed_out, "the token names the first wait");
      },
      {.preemptions = 3, .one_runtime = true});
}

TEST_CASE("[row 148] abandoning a wait and waking it are one or the other") {
  holds(
      [] {
        board at;
        bool abandoned = false;
        bool woke = false;
        together({[&] {
                    const auto token = begin_wait(cancelable::no);
                    at.put(*token);
                    abandoned = weft::detail::abandon_wait(*token);
                    at.clear();
                  },
                  [&] { woke = at.wake(); }});
        expect(abandoned != woke, "either was first");
      },
      {.preemptions = 3});
}

TEST_CASE(
    "[row 148] unpark_this_or_next is seen by the wait, the next one, or in what was written") {
  holds(
      [] {
        weft::detail::atomic<bool> called{false};
        wait_token published;
        weft::detail::atomic<bool> is_published{false};
        together({[&] {
                    published = *begin_wait(cancelable::no);
                    is_published.store(true);
                    (void)park(published, deadline_after(1ms), "the first wait");
                    const auto next = begin_wait(cancelable::no);
                    if (called.load()) {
                      weft::detail::abandon_wait(*next);
                    } else {
                      (void)park(*next, forever, "the next wait");
                    }
                  },
                  [&] {
                    while (!is_published.load()) {
                      weft::detail::cpu_relax();
                    }
                    called.store(true);
                    weft::detail::unpark_this_or_next(published);
                  }});
      },
      {.preemptions = 3, .one_runtime = true});
}
