#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include <explore/holds.hpp>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>

/// As planted_waits_test.cpp: bugs planted in small copies of what the library does
/// right. Each must be caught, and its seed must show it again.
using weft::detail::atomic;
using weft::detail::spinlock;
using weft::detail::wait_node;
using weft::detail::wait_queue;
using weft::detail::wait_token;
using weft::explore::expect;
using weft::explore::is_caught;
using weft::explore::together;

namespace {

/// Planted: compares the top alone, which may have come back.
class stack_with_aba {
 public:
  void push(int index) {
    int top = top_.load();
    do {
      next_[static_cast<std::size_t>(index)].store(top);
    } while (!top_.compare_exchange_weak(top, index));
  }
  int pop() {
    int top = top_.load();
    while (top >= 0 &&
           !top_.compare_exchange_weak(top, next_[static_cast<std::size_t>(top)].load())) {
    }
    return top;
  }

 private:
  atomic<int> top_{-1};
  std::array<atomic<int>, 3> next_{};
};

/// Planted: takes what it has read without asking whether it is still first.
class careless_queue {
 public:
  explicit careless_queue(std::uint32_t count) : tail_(count) {}

  std::optional<std::uint32_t> take() {
    const std::uint32_t head = head_.load();
    if (head == tail_.load()) {
      return std::nullopt;
    }
    head_.store(head + 1);
    return head;
  }

 private:
  atomic<std::uint32_t> head_{0};
  atomic<std::uint32_t> tail_;
};

/// A channel of no capacity, cut down to what a select needs.
struct line {
  spinlock lock;
  wait_queue receivers;
  int taken = 0;

  /// Planted, where `claims` is false: hands over without ending the wait first.
  bool send(bool claims) {
    std::unique_lock hold(lock);
    wait_node* const first = receivers.pop_front();
    if (!first) {
      return false;
    }
    const wait_token token = first->token;
    const bool won = weft::detail::claim_wait(token);
    if (!won && claims) {
      return false;
    }
    ++taken;
    hold.unlock();
    if (won) {
      weft::detail::resume(token);
    }
    return true;
  }
  void withdraw(wait_node& node) {
    std::lock_guard hold(lock);
    receivers.remove(node);
  }
};

void select_of_two(line& a, line& b) {
  std::array<wait_node, 2> nodes;
  const wait_token token = weft::detail::begin_wait_uncancelable();
  for (auto& [node, where] : {std::pair(&nodes[0], &a), std::pair(&nodes[1], &b)}) {
    node->token = token;
    std::lock_guard hold(where->lock);
    where->receivers.push_back(*node);
  }
  (void)weft::detail::park(token, weft::deadline_after(weft::duration(1)),
                           "a select with two winners");
  a.withdraw(nodes[0]);
  b.withdraw(nodes[1]);
}

}  // namespace

TEST_CASE("[row 148] caught: a compare-and-swap that is fooled by a value that came back") {
  is_caught(
      [] {
        stack_with_aba free;
        for (int i : {2, 1, 0}) {
          free.push(i);
        }
        std::array<int, 3> owners{};
        const auto own = [&](int index) {
          if (index >= 0) {
            expect(owners[static_cast<std::size_t>(index)]++ == 0, "nobody owns it already");
          }
        };
        together({[&] { own(free.pop()); },
                  [&] {
                    const int first = free.pop();
                    own(free.pop());
                    if (first >= 0) {
                      free.push(first);
                    }
                  }});
        own(free.pop());
        own(free.pop());
      },
      "nobody owns it already");
}

TEST_CASE("[row 148] caught: a steal that does not ask again whether it was first") {
  is_caught(
      [] {
        careless_queue queue(2);
        std::array<int, 2> taken{};
        const auto take = [&] {
          if (const auto got = queue.take()) {
            ++taken[*got];
          }
        };
        together({take, take});
        take();
        expect(taken[0] == 1 && taken[1] == 1, "each is taken once");
      },
      "each is taken once");
}

TEST_CASE("[row 148] caught: a select of which two arms win; and not where each claims first") {
  const auto race = [](bool claims) {
    line a;
    line b;
    together({[&] { select_of_two(a, b); }, [&] { (void)a.send(claims); },
              [&] { (void)b.send(claims); }});
    expect(a.taken + b.taken <= 1, "one arm wins");
  };
  is_caught([&] { race(false); }, "one arm wins");
  weft::explore::holds([&] { race(true); });
}
