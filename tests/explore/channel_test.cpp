#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include <explore/holds.hpp>

#include <weft/sync/channel.hpp>

using namespace std::chrono_literals;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

namespace {

/// A value that cannot be copied. Those that get lost are found in the program's heap.
using parcel = std::unique_ptr<int>;

/// Counts parcels by their number on both sides of a channel.
class ledger {
 public:
  explicit ledger(std::size_t capacity) : line(capacity) {}

  void send(int number) { note_sent(number, line.send(std::make_unique<int>(number))); }
  void send_for(int number, weft::duration limit) {
    auto value = std::make_unique<int>(number);
    const auto sent = line.send_for(std::move(value), limit);
    expect(sent.has_value() == !value, "the value is gone if it was sent, and only then");
    note_sent(number, sent);
  }
  bool receive() { return note_received(line.receive()); }
  bool receive_for(weft::duration limit) { return note_received(line.receive_for(limit)); }

  /// What was sent has been received, or is still inside.
  void settle() {
    while (note_received(line.try_receive())) {
    }
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      expect(received_[i] <= sent_[i], "no value is doubled, none comes of a send that failed");
      expect(received_[i] == sent_[i], "no value is lost");
    }
  }

  weft::channel<parcel> line;

 private:
  void note_sent(int number, const weft::result<void>& sent) {
    sent_.at(static_cast<std::size_t>(number)) += sent ? 1 : 0;
  }
  bool note_received(const weft::result<parcel>& got) {
    if (!got) {
      return false;
    }
    expect(*got != nullptr, "a value arrives whole");
    ++received_.at(static_cast<std::size_t>(**got));
    return true;
  }

  std::array<int, 4> sent_{};
  std::array<int, 4> received_{};
};

}  // namespace

TEST_CASE("[row 148] every send meets its receive") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds([=] {
      ledger all(capacity);
      together({[&] {
                  all.send(0);
                  all.send(1);
                },
                [&] { all.send(2); },
                [&] {
                  for (int i = 0; i < 3; ++i) {
                    expect(all.receive(), "nobody closes");
                  }
                }});
      all.settle();
    });
  }
}

TEST_CASE("[row 148] two receivers share what is sent, in order") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds([=] {
      weft::channel<int> line(capacity);
      std::array<int, 2> got{};
      const auto receive = [&](int& into) { into = *line.receive(); };
      together({[&] {
                  expect(line.send(1).has_value(), "nobody closes");
                  expect(line.send(2).has_value(), "nobody closes");
                },
                [&] { receive(got[0]); }, [&] { receive(got[1]); }});
      expect(got[0] + got[1] == 3, "each value once");
    });
    holds([=] {
      weft::channel<int> line(capacity);
      together({[&] {
                  for (int i = 1; i <= 3; ++i) {
                    expect(line.send(i).has_value(), "nobody closes");
                  }
                },
                [&] {
                  for (int i = 1; i <= 3; ++i) {
                    expect(line.receive() == i, "first in, first out");
                  }
                }});
    });
  }
}

TEST_CASE("[row 148] a receive lets the sender go on that waits for room") {
  holds([] {
    weft::channel<int> line(1);
    together({[&] {
                expect(line.send(1).has_value(), "nobody closes");
                expect(line.send(2).has_value(), "nobody closes");
              },
              [&] { expect(line.receive() == 1, "first in, first out"); }});
    expect(line.size() == 1, "the second value is inside");
  });
}

TEST_CASE("[row 148] a sender or a receiver that gives up leaves no value half-way") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds([=] {
      ledger all(capacity);
      together({[&] {
                  all.send_for(0, 1ms);
                  all.send_for(1, 1ms);
                },
                [&] {
                  all.receive_for(1ms);
                  all.receive_for(1ms);
                }});
      all.settle();
    });
    holds([=] {
      ledger all(capacity);
      together({[&] {
                  all.send(0);
                  all.send(1);
                },
                [&] { all.receive_for(1ms); }, [] { cancel(1); }});
      all.settle();
    });
    holds([=] {
      ledger all(capacity);
      together({[&] { all.send_for(0, 1ms); }, [&] { all.receive(); }, [] { cancel(2); }});
      all.settle();
    });
  }
}

TEST_CASE("[row 148] closing ends every wait; what was sent before can be received") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds([=] {
      ledger all(capacity);
      together({[&] {
                  all.send(0);
                  all.send(1);
                },
                [&] {
                  while (all.receive()) {
                  }
                },
                [&] { expect(all.line.close(), "the first close"); }});
      all.settle();
    });
    holds(
        [=] {
          weft::channel<parcel> line(capacity);
          together({[&] { (void)line.send(std::make_unique<int>(0)); },
                    [&] { (void)line.send(std::make_unique<int>(1)); }, [&] { line.close_now(); },
                    [&] { (void)line.receive(); }});
          expect(!line.try_receive(), "nothing is left inside");
        },
        {.preemptions = 1});
  }
}

TEST_CASE("[row 148] who has received the last value may destroy the channel") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds(
        [=] {
          auto* const line = new weft::channel<int>(capacity);
          together({[=] { (void)line->send(1); },
                    [=] {
                      (void)line->receive();
                      delete line;
                    }});
        },
        {.preemptions = 3});
  }
}
