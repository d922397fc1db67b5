#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <explore/holds.hpp>

#include <weft/sync/channel.hpp>
#include <weft/sync/notify.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/semaphore.hpp>

using namespace std::chrono_literals;
using weft::channel;
using weft::on;
using weft::select_in_order;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

namespace {

using parcel = std::unique_ptr<int>;

/// Two channels, and what has gone through them.
struct pair_of_lines {
  explicit pair_of_lines(std::size_t capacity) : a(capacity), b(capacity) {}

  channel<parcel> a;
  channel<parcel> b;
  int sent = 0;
  int received = 0;

  void send(channel<parcel>& into) { sent += into.send(std::make_unique<int>(1)) ? 1 : 0; }
  void take(const weft::result<parcel>& got) {
    if (got) {
      expect(*got != nullptr, "a value arrives whole");
      ++received;
    }
  }
  /// A select over both; true if an arm has won.
  bool select_to_receive() {
    const int before = received;
    const auto won =
        select_in_order(on(a.receiving(), [&](weft::result<parcel> got) { take(got); }),
                        on(b.receiving(), [&](weft::result<parcel> got) { take(got); }));
    expect(won.has_value() || received == before, "a select that fails receives nothing");
    return won.has_value();
  }
  bool select_to_send() {
    auto to_a = std::make_unique<int>(1);
    auto to_b = std::make_unique<int>(2);
    const auto count = [&](weft::result<void> end) { sent += end ? 1 : 0; };
    const int before = sent;
    const auto won = select_in_order(on(a.sending(std::move(to_a)), count),
                                     on(b.sending(std::move(to_b)), count));
    const int gone = (to_a ? 0 : 1) + (to_b ? 0 : 1);
    expect(gone == sent - before, "the losers keep their values");
    return won.has_value();
  }
  void settle() {
    while (auto left = a.try_receive()) {
      take(left);
    }
    while (auto left = b.try_receive()) {
      take(left);
    }
    expect(sent == received, "no value is lost or doubled");
  }
};

}  // namespace

TEST_CASE("[row 148] a select receives from one of two channels and leaves the other alone") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds([=] {
      pair_of_lines lines(capacity);
      together({[&] {
                  expect(lines.select_to_receive(), "there is a sender");
                  lines.a.close();
                  lines.b.close();
                },
                [&] { lines.send(lines.a); }, [&] { lines.send(lines.b); }});
      lines.settle();
    });
  }
}

TEST_CASE("[row 148] a select that is cancelled or late has received nothing") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds([=] {
      pair_of_lines lines(capacity);
      together({[&] { lines.select_to_receive(); }, [&] { lines.send(lines.a); },
                [&] {
                  cancel(1);
                  cancel(2);
                }});
      lines.settle();
    });
  }
}

TEST_CASE("[row 148] a select sends to one of two channels, the other value stays") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds(
        [=] {
          pair_of_lines lines(capacity);
          together({[&] {
                      lines.select_to_send();
                      lines.select_to_send();
                      lines.a.close();
                      lines.b.close();
                    },
                    [&] { lines.take(lines.a.receive()); }, [&] { lines.take(lines.b.receive()); },
                    [] { cancel(1); }});
          lines.settle();
        },
        {.preemptions = 2});
  }
}

TEST_CASE("[row 148] two selects meet in one channel, and in one only") {
  holds([] {
    pair_of_lines lines(0);
    together({[&] { expect(lines.select_to_send(), "there is a partner"); },
              [&] { expect(lines.select_to_receive(), "there is a partner"); }});
    lines.settle();
    expect(lines.received == 1, "one value goes over");
  });
}

TEST_CASE("[row 148] selects that meet while one is cancelled do it together or not at all") {
  holds([] {
    pair_of_lines lines(0);
    together({[&] {
                if (!lines.select_to_send()) {
                  lines.a.close();
                }
              },
              [&] { lines.select_to_receive(); }, [] { cancel(1); }});
    lines.settle();
  });
}

TEST_CASE("[row 148] two senders and a receiver, all by select, find partners crosswise") {
  holds([] {
    channel<int> a(0);
    channel<int> b(0);
    const auto exchange = [&](channel<int>& to, channel<int>& from) {
      bool has_sent = false;
      bool has_received = false;
      while (!has_sent || !has_received) {
        std::optional<int> got;
        if (has_sent) {
          got = from.receive().value();
          has_received = true;
        } else if (has_received) {
          has_sent = to.send(1).has_value();
        } else {
          (void)select_in_order(
              on(to.sending(1), [&](weft::result<void>) { has_sent = true; }),
              on(from.receiving(), [&](weft::result<int>) { has_received = true; }));
        }
      }
    };
    together({[&] { exchange(a, b); }, [&] { exchange(b, a); }});
  });
}

TEST_CASE("[row 148] a select over a permit and a notification takes one of them") {
  holds([] {
    weft::semaphore permits(0);
    weft::notify bell;
    int won = 0;
    together({[&] {
                (void)select_in_order(on(permits.acquiring(),
                                         [&](weft::result<weft::semaphore::permit> got) {
                                           won = 1;
                                           got->forget();
                                         }),
                                      on(bell.waiting(), [&] { won = 2; }),
                                      weft::after(1ms, [] {}));
              },
              [&] { permits.release(); }, [&] { bell.notify_one(); }});
    expect(permits.available() == (won == 1 ? 0 : 1), "a permit that was not won is there");
    expect(bell.try_wait() == (won != 2), "so is a notification");
  });
}
