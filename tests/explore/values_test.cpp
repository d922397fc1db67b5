#include <memory>
#include <optional>
#include <utility>

#include <explore/holds.hpp>

#include <weft/sync/broadcast.hpp>
#include <weft/sync/future.hpp>
#include <weft/sync/oneshot.hpp>
#include <weft/sync/promise.hpp>
#include <weft/sync/watch.hpp>

using namespace std::chrono_literals;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

namespace {

using parcel = std::unique_ptr<int>;

}  // namespace

TEST_CASE("[row 148] a oneshot's value arrives or stays with its sender") {
  holds(
      [] {
        auto ends = weft::oneshot<parcel>();
        bool sent = false;
        bool received = false;
        together({[&] {
                    auto sender = std::move(ends.sender);
                    auto value = std::make_unique<int>(1);
                    sent = sender.send(std::move(value)).has_value();
                    expect(sent == !value, "the value is gone if it was sent, and only then");
                  },
                  [&] {
                    auto receiver = std::move(ends.receiver);
                    auto got = receiver.receive_for(1ms);
                    receiver.close();
                    if (!got) {
                      got = receiver.receive();
                    }
                    received = got.has_value();
                  }});
        expect(sent == received, "what was sent arrives");
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] each end of a oneshot learns when the other is gone") {
  holds(
      [] {
        auto ends = weft::oneshot<parcel>();
        together({[&] {
                    auto sender = std::move(ends.sender);
                    expect(sender.wait_closed().has_value(), "the receiver goes");
                  },
                  [&] {
                    auto receiver = std::move(ends.receiver);
                    (void)receiver.receive_for(1ms);
                  }});
      },
      {.preemptions = 3});
  holds(
      [] {
        auto ends = weft::oneshot<parcel>();
        together({[&] { const auto sender = std::move(ends.sender); },
                  [&] {
                    auto receiver = std::move(ends.receiver);
                    expect(receiver.receive().error() == weft::errc::closed, "the sender goes");
                  },
                  [] { cancel(1); }});
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] every subscriber of a broadcast receives all, or is told what it has missed") {
  holds([] {
    weft::broadcast<int> news(2);
    auto first = news.subscribe();
    auto second = news.subscribe();
    const auto follow = [](auto& subscription) {
      int next = 1;
      for (;;) {
        const auto got = subscription.receive();
        if (got) {
          expect(*got == next, "in order, each once");
          ++next;
        } else if (got.error() == weft::errc::lagged) {
          next += static_cast<int>(subscription.missed());
        } else {
          break;
        }
      }
      expect(next == 4, "all are received or counted as missed");
    };
    together({[&] {
                for (int i = 1; i <= 3; ++i) {
                  expect(news.send(i).has_value(), "nobody closes");
                }
                news.close();
              },
              [&] { follow(first); }, [&] { follow(second); }});
  });
}

TEST_CASE("[row 148] a follower of a watch sees the last value, whatever it misses") {
  holds([] {
    weft::watch<std::shared_ptr<int>> current(std::make_shared<int>(0));
    const auto follow = [&](auto changes) {
      int last = 0;
      while (changes.changed()) {
        const auto seen = changes.read();
        expect(**seen > last, "newer values only");
        last = **seen;
      }
      expect(last == 2, "the last value is not missed");
    };
    together({[&] {
                expect(current.set(std::make_shared<int>(1)).has_value(), "nobody closes");
                expect(current.set(std::make_shared<int>(2)).has_value(), "nobody closes");
                current.close();
              },
              [&, changes = current.subscribe()] { follow(changes); },
              [&, changes = current.subscribe()] { follow(changes); }});
  });
}

TEST_CASE("[row 148] two who set a watch do not lose a version") {
  holds([] {
    weft::watch<parcel> current(std::make_unique<int>(0));
    const auto set = [&] {
      expect(current.set(std::make_unique<int>(1)).has_value(), "nobody closes");
    };
    together({set, set, [&] { expect(*current.read() != nullptr, "a view is whole"); }});
    expect(current.version() == 3, "each set counts");
  });
}

TEST_CASE("[row 148] all who wait for a future get what was promised") {
  holds([] {
    weft::promise<int> answer;
    // Each has a future of its own. NOLINTNEXTLINE(performance-unnecessary-value-param)
    const auto wait = [](weft::future<int> due) {
      const auto got = due.get();
      expect(got.has_value() && *got == 42, "the answer");
    };
    const auto due = answer.get_future();
    together({[&] { wait(due); }, [&] { wait(due); }, [&] { (void)answer.set_value(42); }});
  });
}
