#include "run_queue.hpp"

#include <array>
#include <cstddef>

#include <explore/holds.hpp>

#include "fiber.hpp"

using weft::detail::fiber;
using weft::detail::run_queue;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

namespace {

std::array<fiber, 8> fibers;

/// How often each fiber was taken out of a queue.
class takings {
 public:
  bool add(const fiber* f) noexcept {
    if (f) {
      ++times_[static_cast<std::size_t>(f - fibers.data())];
    }
    return f;
  }
  void drain(run_queue& queue) {
    while (add(queue.pop())) {
    }
  }
  void expect_each_once(std::size_t count) const {
    for (std::size_t i = 0; i < times_.size(); ++i) {
      expect(times_[i] <= (i < count ? 1 : 0), "no fiber is taken twice");
      expect(times_[i] == (i < count ? 1 : 0), "no fiber is lost");
    }
  }

 private:
  std::array<int, fibers.size()> times_{};
};

void push(run_queue& queue, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    expect(queue.push(&fibers[i]), "there is room");
  }
}

/// Moves the counters on, so that the ring's end lies within what comes.
void turn(run_queue& queue, int steps) {
  for (int i = 0; i < steps; ++i) {
    (void)queue.push(fibers.data());
    (void)queue.pop();
  }
}

/// An owner that pushes and pops against thieves with queues of their own.
void race(int turned, int thieves) {
  run_queue queue(true);
  std::array<run_queue, 2> own{run_queue(true), run_queue(true)};
  takings taken;
  turn(queue, turned);
  turn(own[0], turned / 2);
  push(queue, 0, 3);
  const auto own_work = [&] {
    push(queue, 3, 5);
    taken.add(queue.pop());
    taken.add(queue.pop());
    push(queue, 5, 6);
    taken.drain(queue);
  };
  const auto steal = [&](run_queue& into) {
    taken.add(queue.steal_half_into(into));
    taken.add(into.pop());
  };
  if (thieves == 1) {
    together({own_work, [&] { steal(own[0]); }});
  } else {
    together({own_work, [&] { steal(own[0]); }, [&] { steal(own[1]); }});
  }
  taken.drain(own[0]);
  taken.drain(own[1]);
  taken.drain(queue);
  taken.expect_each_once(6);
}

}  // namespace

TEST_CASE("[row 148] an owner and a thief take each fiber once") {
  holds([] { race(0, 1); }, {.preemptions = 3});
}

TEST_CASE("[row 148] so they do where the ring ends") {
  holds([] { race(254, 1); }, {.preemptions = 3});
}

TEST_CASE("[row 148] an owner and two thieves take each fiber once") {
  holds([] { race(0, 2); });
}

TEST_CASE("[row 148] thieves steal from each other") {
  holds([] {
    std::array<run_queue, 2> queues{run_queue(true), run_queue(true)};
    takings taken;
    push(queues[0], 0, 3);
    push(queues[1], 3, 5);
    const auto work = [&](run_queue& mine, run_queue& other) {
      taken.add(mine.pop());
      taken.add(mine.pop());
      taken.add(other.steal_half_into(mine));
      taken.add(mine.pop());
    };
    together({[&] { work(queues[0], queues[1]); }, [&] { work(queues[1], queues[0]); }});
    taken.drain(queues[0]);
    taken.drain(queues[1]);
    taken.expect_each_once(5);
  });
}

TEST_CASE("[row 148] a full ring takes a fiber once a thief has made room") {
  holds([] {
    run_queue queue(true);
    run_queue own(true);
    for (std::uint32_t i = 0; i < run_queue::capacity; ++i) {
      expect(queue.push(&fibers[i % fibers.size()]), "there is room");
    }
    std::uint32_t left = run_queue::capacity;
    bool stolen = false;
    together({[&] { left += queue.push(fibers.data()) ? 1 : 0; },
              [&] { stolen = own.steal_half_into(queue) != nullptr; },
              [&] { left -= queue.pop() ? 1 : 0; }});
    expect(!stolen, "an empty ring has nothing to steal");
    while (queue.pop()) {
      --left;
    }
    expect(left == 0, "as many go in as come out");
  });
}

TEST_CASE("[row 148] a thief takes no more than it has room for") {
  holds([] {
    run_queue queue(true);
    run_queue own(true);
    takings taken;
    push(queue, 0, 6);
    for (std::uint32_t i = 0; i + 1 < run_queue::capacity; ++i) {
      (void)own.push(fibers.data());
    }
    together({[&] { taken.add(queue.steal_half_into(own)); },
              [&] {
                taken.add(queue.pop());
                taken.add(queue.pop());
              }});
    for (std::uint32_t i = 0; i + 1 < run_queue::capacity; ++i) {
      expect(own.pop() == fibers.data(), "what was in the thief's queue comes out first");
    }
    taken.drain(own);
    taken.drain(queue);
    taken.expect_each_once(6);
  });
}
