#include <cstdint>

#include <explore/holds.hpp>

#include <weft/sync/detail/biased_lock.hpp>
#include <weft/sync/detail/channel_core.hpp>

using weft::detail::biased_hold;
using weft::detail::biased_lock;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

namespace {

/// More than the lock's first patience.
constexpr int often = 1100;

const int worker_a = 0;
const int worker_b = 0;

/// A lock that already favours worker_a, and what it guards.
struct favouring {
  biased_lock lock;
  weft::detail::atomic<int> inside{0};
  int visits = 0;

  favouring() {
    for (int i = 0; i < often; ++i) {
      biased_hold hold(lock, &worker_a);
    }
  }
  void visit(const void* as) {
    biased_hold hold(lock, as);
    expect(inside.fetch_add(1) == 0, "one at a time");
    ++visits;
    inside.fetch_sub(1);
  }
};

}  // namespace

TEST_CASE("[row 148] the favourite of a lock and those who revoke it exclude each other") {
  holds([] {
    favouring data;
    together({[&] {
                data.visit(&worker_a);
                data.visit(&worker_a);
              },
              [&] { data.visit(&worker_b); }, [&] { data.visit(nullptr); }});
    expect(data.visits == 4, "all have been inside");
  });
}

TEST_CASE("[row 148] a channel's values are safe while its lock changes its favourite") {
  holds([] {
    weft::detail::channel_core<int> line(1);
    for (int i = 0; i < often / 2; ++i) {
      int value = 0;
      (void)line.try_send(&worker_a, value);
      (void)line.try_receive(&worker_a);
    }
    int sum = 0;
    together({[&] {
                for (int value : {1, 2}) {
                  expect(line.send(&worker_a, value, weft::forever).has_value(), "nobody closes");
                }
              },
              [&] {
                for (int i = 0; i < 2; ++i) {
                  sum = 10 * sum + line.receive(&worker_b, weft::forever).value();
                }
              }});
    expect(sum == 12, "in order, each once");
  });
}
