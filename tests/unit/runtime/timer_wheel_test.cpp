#include "timer_wheel.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using weft::detail::timer_node;
using weft::detail::timer_wheel;

constexpr std::int64_t tick = 1 << 16;
constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t second = 1'000 * millisecond;
constexpr std::int64_t start = 777 * second + 12'345;

struct numbered_node : timer_node {
  std::uint64_t number = 0;
};

std::uint64_t number_of(const timer_node* node) {
  return static_cast<const numbered_node*>(node)->number;
}

/// Everything that is due, as the numbers of the nodes in the order reported.
std::vector<std::uint64_t> drain(timer_wheel& wheel, std::int64_t now, std::size_t span_size = 16) {
  std::vector<std::uint64_t> fired;
  std::vector<timer_node*> due(span_size);
  while (wheel.next_deadline() <= now) {
    const std::size_t count = wheel.collect(now, due);
    for (std::size_t i = 0; i < count; ++i) {
      fired.push_back(number_of(due[i]));
    }
  }
  return fired;
}

std::vector<numbered_node> numbered(std::size_t count) {
  std::vector<numbered_node> nodes(count);
  for (std::size_t i = 0; i < count; ++i) {
    nodes[i].number = i;
  }
  return nodes;
}

}  // namespace

TEST_CASE("a timer fires neither early nor more than a tick late, whatever its distance") {
  for (const std::int64_t distance :
       {std::int64_t{1}, tick - 1, tick, tick + 1, millisecond, 17 * millisecond, 100 * millisecond,
        second, 5 * second, 30 * second, 1'000 * second, 100'000 * second, 100'000'000 * second}) {
    CAPTURE(distance);
    timer_wheel wheel(start);
    timer_node node;
    const std::int64_t deadline = start + distance;
    wheel.arm(node, deadline);
    CHECK(wheel.next_deadline() >= deadline);
    CHECK(wheel.next_deadline() < deadline + tick);
    std::array<timer_node*, 4> due;
    CHECK(wheel.collect(deadline - 1, due) == 0);
    CHECK(wheel.size() == 1);
    // One wake-up at the deadline is enough: nothing has to be done for the timer before.
    CHECK(wheel.collect(wheel.next_deadline(), due) == 1);
    CHECK(wheel.size() == 0);
    CHECK(wheel.next_deadline() == timer_wheel::no_deadline);
  }
}

TEST_CASE("a node that was collected is idle") {
  timer_wheel wheel(start);
  timer_node node;
  wheel.arm(node, start + millisecond);
  CHECK(node.home.load() == &wheel);
  std::array<timer_node*, 4> due;
  REQUIRE(wheel.collect(start + 2 * millisecond, due) == 1);
  CHECK(due[0] == &node);
  CHECK(node.home.load() == nullptr);
  CHECK_FALSE(timer_wheel::disarm(node));
  wheel.arm(node, start + second);
  CHECK(timer_wheel::disarm(node));
}

TEST_CASE("a deadline in the past is due at the next collect") {
  timer_wheel wheel(start);
  std::vector<numbered_node> nodes = numbered(3);
  wheel.arm(nodes[0], start - second);
  wheel.arm(nodes[1], 0);
  wheel.arm(nodes[2], std::numeric_limits<std::int64_t>::min());
  CHECK(wheel.next_deadline() <= start);
  CHECK(drain(wheel, start) == std::vector<std::uint64_t>{0, 1, 2});
}

TEST_CASE("the most distant deadlines are kept and can be disarmed") {
  timer_wheel wheel(0);
  timer_node last;
  timer_node near;
  wheel.arm(last, std::numeric_limits<std::int64_t>::max());
  wheel.arm(near, std::numeric_limits<std::int64_t>::max() - 100 * second);
  CHECK(drain(wheel, std::numeric_limits<std::int64_t>::max() - 200 * second).empty());
  CHECK(wheel.size() == 2);
  CHECK(timer_wheel::disarm(near));
  CHECK(timer_wheel::disarm(last));
}

TEST_CASE("arm tells whether the deadline is the new earliest") {
  timer_wheel wheel(start);
  std::vector<numbered_node> nodes = numbered(4);
  CHECK(wheel.arm(nodes[0], start + 10 * second));
  CHECK_FALSE(wheel.arm(nodes[1], start + 20 * second));
  CHECK(wheel.arm(nodes[2], start + 5 * second));
  CHECK(wheel.arm(nodes[3], start - second));
  CHECK(drain(wheel, start + 30 * second).size() == 4);
}

TEST_CASE("after the earliest was disarmed the next collect puts the bound right") {
  timer_wheel wheel(start);
  timer_node early;
  timer_node late;
  wheel.arm(early, start + second);
  wheel.arm(late, start + 60 * second);
  CHECK(timer_wheel::disarm(early));
  CHECK_FALSE(timer_wheel::disarm(early));
  CHECK(wheel.next_deadline() <= start + 60 * second);
  CHECK(drain(wheel, start + 2 * second).empty());
  CHECK(wheel.next_deadline() >= start + 60 * second);
  CHECK(timer_wheel::disarm(late));
  std::array<timer_node*, 1> due;
  CHECK(wheel.collect(start + 3 * second, due) == 0);
  CHECK(wheel.next_deadline() == timer_wheel::no_deadline);
}

TEST_CASE("timers of one tick fire in the order they were armed, near or far") {
  for (const std::int64_t distance : {0 * second, second, 100 * second, 10'000 * second}) {
    CAPTURE(distance);
    timer_wheel wheel(start);
    std::vector<numbered_node> nodes = numbered(100);
    for (timer_node& node : nodes) {
      wheel.arm(node, start + distance);
    }
    const std::vector<std::uint64_t> fired = drain(wheel, start + distance + tick, 7);
    REQUIRE(fired.size() == nodes.size());
    CHECK(std::ranges::is_sorted(fired));
  }
}

TEST_CASE("one collect does a bounded amount of work and the next goes on") {
  constexpr std::size_t count = 10'000;
  timer_wheel wheel(0);
  std::vector<numbered_node> nodes = numbered(count);
  for (numbered_node& node : nodes) {
    wheel.arm(node, 100 * second + static_cast<std::int64_t>(node.number) * 200);
  }
  std::array<timer_node*, 64> due;
  CHECK(wheel.collect(101 * second, due) == 0);
  CHECK(wheel.next_deadline() <= 101 * second);
  // The rest of the descending timers can be disarmed meanwhile.
  for (std::size_t i = 0; i < count; i += 2) {
    CHECK(timer_wheel::disarm(nodes[i]));
  }
  const std::vector<std::uint64_t> fired = drain(wheel, 102 * second);
  CHECK(fired.size() == count / 2);
  CHECK(std::ranges::is_sorted(fired));
}

TEST_CASE("a random history agrees with an ordered map") {
  std::mt19937_64 random(20260401);
  timer_wheel wheel(start);
  std::vector<numbered_node> nodes = numbered(2'000);
  std::vector<std::int64_t> deadlines(nodes.size(), -1);  // -1: idle
  std::int64_t now = start;
  for (int step = 0; step < 40'000; ++step) {
    const auto pick = static_cast<std::size_t>(random() % nodes.size());
    if (deadlines[pick] >= 0) {
      CHECK(timer_wheel::disarm(nodes[pick]));
      deadlines[pick] = -1;
    } else {
      const auto reach = static_cast<std::int64_t>(std::uint64_t{1} << (random() % 44));
      deadlines[pick] =
          std::max<std::int64_t>(0, now + static_cast<std::int64_t>(random()) % reach);
      wheel.arm(nodes[pick], deadlines[pick]);
    }
    if (step % 16 != 0) {
      continue;
    }
    const auto gap = static_cast<std::int64_t>(std::uint64_t{1} << (random() % 38));
    now += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(gap));
    for (const std::uint64_t number : drain(wheel, now)) {
      const auto fired = static_cast<std::size_t>(number);
      REQUIRE(deadlines[fired] >= 0);
      REQUIRE(deadlines[fired] <= now);
      deadlines[fired] = -1;
    }
    std::int64_t earliest = timer_wheel::no_deadline;
    for (const std::int64_t deadline : deadlines) {
      if (deadline >= 0) {
        REQUIRE(deadline > now - tick);
        earliest = std::min(earliest, deadline);
      }
    }
    REQUIRE(wheel.next_deadline() - tick < earliest);
  }
  for (timer_node& node : nodes) {
    timer_wheel::disarm(node);
  }
  CHECK(wheel.size() == 0);
}

TEST_CASE("of a timer's expiry and its disarming from other threads exactly one happens") {
  constexpr int rounds = 3'000;
  constexpr std::size_t threads = 3;
  timer_wheel wheel(0);
  std::atomic<std::int64_t> now{0};
  std::atomic<std::size_t> running{threads};
  std::array<std::atomic<int>, threads> fired{};
  std::array<int, threads> armed{};
  std::array<int, threads> disarmed{};
  std::array<numbered_node, threads> nodes;
  {
    std::vector<std::jthread> users;
    users.reserve(threads);
    for (std::size_t self = 0; self < threads; ++self) {
      users.emplace_back([&, self] {
        for (int round = 0; round < rounds; ++round) {
          numbered_node& node = nodes[self];
          wheel.arm(node, now.load() + (round % 3) * tick);
          ++armed[self];
          if (round % 2 == 0) {
            std::this_thread::yield();
          }
          disarmed[self] += timer_wheel::disarm(node) ? 1 : 0;
        }
        --running;
      });
    }
    std::array<timer_node*, 8> due;
    while (running.load() != 0 || wheel.size() != 0) {
      const std::size_t count = wheel.collect(now += tick, due);
      for (std::size_t i = 0; i < count; ++i) {
        ++fired[static_cast<std::size_t>(static_cast<numbered_node*>(due[i]) - nodes.data())];
      }
    }
  }
  for (std::size_t self = 0; self < threads; ++self) {
    CHECK(fired[self] + disarmed[self] == armed[self]);
  }
}
