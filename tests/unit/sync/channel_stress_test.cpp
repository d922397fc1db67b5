#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/select.hpp>

/// Every value is accounted for: received once, or still with the sender that could not send it,
/// whatever ended the waits on either side.
using namespace std::chrono_literals;
using weft::channel;
using weft::testing::rounds;
using weft::testing::test_runtime;

namespace {

using value = std::unique_ptr<int>;

/// What became of each value.
class ledger {
 public:
  explicit ledger(std::size_t count) : fates_(count) {}

  void received(const value& v) { fates_[static_cast<std::size_t>(*v)].fetch_add(1); }
  void kept(const value& v) { fates_[static_cast<std::size_t>(*v)].fetch_add(1); }

  std::size_t wrong() const {
    std::size_t count = 0;
    for (const auto& fate : fates_) {
      count += fate.load() != 1;
    }
    return count;
  }

 private:
  std::vector<std::atomic<int>> fates_;
};

/// One way of sending or receiving of many, chosen at random.
class actor {
 public:
  actor(channel<value>& a, channel<value>& b, ledger& book, unsigned seed)
      : a_(a), b_(b), book_(book), random_(seed) {}

  /// Sends the value in some way; false if it could not. Then the value must still be there.
  bool send(value& v) {
    switch (random_() % 6) {
      case 0:
        return either().send(std::move(v)).has_value();
      case 1:
        return either().try_send(std::move(v)).has_value();
      case 2:
        return either()
            .send_for(std::move(v), std::chrono::microseconds(random_() % 200))
            .has_value();
      case 3: {
        weft::timeout_scope limit{std::chrono::microseconds(random_() % 200)};
        return either().send(std::move(v)).has_value();
      }
      case 4:
        return select_send(v);
      default:
        return exchange(v);
    }
  }

  /// Receives in some way.
  void receive() {
    switch (random_() % 5) {
      case 0:
        return take(either().receive());
      case 1:
        return take(either().try_receive());
      case 2:
        return take(either().receive_for(std::chrono::microseconds(random_() % 200)));
      case 3: {
        weft::timeout_scope limit{std::chrono::microseconds(random_() % 200)};
        return take(either().receive());
      }
      default:
        take(weft::select(weft::on(a_.receiving()), weft::on(b_.receiving()),
                          weft::after(std::chrono::microseconds(random_() % 200))));
    }
  }

 private:
  channel<value>& either() { return random_() % 2 ? a_ : b_; }

  void take(weft::result<value> got) {
    if (got) {
      book_.received(*got);
    }
  }

  bool select_send(value& v) {
    bool sent = false;
    const auto handler = [&](weft::result<void> r) { sent = r.has_value(); };
    // One value offered to two channels: whichever takes it, the other must not.
    (void)weft::select(weft::on(a_.sending(std::move(v)), handler),
                       weft::on(b_.sending(std::move(v)), handler),
                       weft::after(std::chrono::microseconds(random_() % 200)));
    return sent;
  }

  /// Sends or receives, whichever is possible first.
  bool exchange(value& v) {
    bool sent = false;
    (void)weft::select(
        weft::on(a_.sending(std::move(v)), [&](weft::result<void> r) { sent = r.has_value(); }),
        weft::on(b_.receiving(), [&](weft::result<value> got) { take(std::move(got)); }),
        weft::on(a_.receiving(), [&](weft::result<value> got) { take(std::move(got)); }),
        weft::after(std::chrono::microseconds(random_() % 200), [] {}));
    return sent;
  }

  channel<value>& a_;
  channel<value>& b_;
  ledger& book_;
  std::minstd_rand random_;
};

void send_many(channel<value>& a, channel<value>& b, ledger& book, int first, int count) {
  actor self(a, b, book, static_cast<unsigned>(first + 1));
  for (int i = first; i < first + count; ++i) {
    auto v = std::make_unique<int>(i);
    if (self.send(v)) {
      CHECK_FALSE(v);
    } else {
      REQUIRE(v);
      book.kept(v);
    }
  }
}

void receive_many(channel<value>& a, channel<value>& b, ledger& book, unsigned seed) {
  actor self(a, b, book, seed);
  while (!a.closed() || !b.closed() || !a.empty() || !b.empty()) {
    self.receive();
  }
}

/// Senders and receivers of all kinds on two channels; some are cancelled half-way.
void exchange(unsigned workers, std::size_t capacity, weft::scheduling mode) {
  constexpr int senders = 6;
  const int each = static_cast<int>(rounds(4000));
  ledger book(static_cast<std::size_t>(senders * each));
  channel<value> a(capacity);
  channel<value> b(capacity);
  test_runtime r({.workers = workers, .mode = mode, .background = true});

  std::vector<weft::join_handle<void>> sending;
  for (int s = 0; s < senders - 1; ++s) {
    sending.push_back(r->spawn([&, s] { send_many(a, b, book, s * each, each); }));
  }
  std::thread sender([&] { send_many(a, b, book, (senders - 1) * each, each); });
  std::vector<weft::join_handle<void>> receiving;
  for (unsigned i = 0; i < 4; ++i) {
    receiving.push_back(r->spawn([&, i] { receive_many(a, b, book, 100 + i); }));
  }
  std::thread receiver([&] { receive_many(a, b, book, 999); });

  std::this_thread::sleep_for(5ms);
  sending[0].cancel();
  receiving[0].cancel();
  for (auto& s : sending) {
    CHECK(s.join().has_value());
  }
  sender.join();
  a.close();
  b.close();
  for (auto& f : receiving) {
    CHECK(f.join().has_value());
  }
  receiver.join();
  CHECK(book.wrong() == 0);
}

}  // namespace

TEST_CASE(
    "[row 48] no value is lost or doubled among fibers and threads, whatever ends their waits") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{16}}) {
      CAPTURE(workers);
      CAPTURE(capacity);
      exchange(workers, capacity, weft::scheduling::work_stealing);
    }
  }
}

TEST_CASE("[row 48] no value is lost or doubled among pinned fibers") {
  exchange(2, 0, weft::scheduling::pinned);
  exchange(8, 3, weft::scheduling::pinned);
}

TEST_CASE("[row 50] closing while many send and receive loses nothing") {
  for (std::size_t round = 0; round < rounds(300); ++round) {
    ledger book(400);
    channel<value> c(round % 3);
    test_runtime r({.workers = 1 + static_cast<unsigned>(round % 3), .background = true});
    std::vector<weft::join_handle<void>> fibers;
    for (int s = 0; s < 4; ++s) {
      fibers.push_back(r->spawn([&, s] {
        for (int i = 0; i < 100; ++i) {
          auto v = std::make_unique<int>(s * 100 + i);
          if (!c.send(std::move(v))) {
            REQUIRE(v);
            book.kept(v);
          }
        }
      }));
    }
    for (int i = 0; i < 2; ++i) {
      fibers.push_back(r->spawn([&] {
        for (const value& v : c) {
          book.received(v);
        }
      }));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(round % 64));
    c.close();
    for (auto& f : fibers) {
      CHECK(f.join().has_value());
    }
    CHECK(book.wrong() == 0);
  }
}

TEST_CASE("[row 54] a ring of selects that send and receive at once keeps its tokens") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    test_runtime r({.workers = workers, .background = true});
    constexpr std::size_t stations = 8;
    constexpr int tokens = 5;
    std::vector<std::unique_ptr<channel<int>>> links;
    for (std::size_t i = 0; i < stations; ++i) {
      links.push_back(std::make_unique<channel<int>>());
    }
    channel<int> stop;
    std::vector<weft::join_handle<int>> fibers;
    for (std::size_t i = 0; i < stations; ++i) {
      fibers.push_back(r->spawn([&, i] {
        // Both directions in one select: most often the partner is in a select, too.
        channel<int>& from = *links[i];
        channel<int>& to = *links[(i + 1) % stations];
        int held = i < tokens ? 1 : 0;
        bool stopped = false;
        while (!stopped) {
          const auto end = [&](weft::result<int>) { stopped = true; };
          if (held > 0) {
            int one = 1;
            (void)weft::select(
                weft::on(from.receiving(), [&](weft::result<int> n) { held += *n; }),
                // Moved, not copied. NOLINTNEXTLINE(performance-move-const-arg)
                weft::on(to.sending(std::move(one)), [&](weft::result<void>) { --held; }),
                weft::on(stop.receiving(), end));
          } else {
            (void)weft::select(weft::on(from.receiving(), [&](weft::result<int> n) { held += *n; }),
                               weft::on(stop.receiving(), end));
          }
        }
        return held;
      }));
    }
    std::this_thread::sleep_for(weft::testing::sanitized ? 200ms : 50ms);
    stop.close();
    int total = 0;
    for (auto& f : fibers) {
      total += *f.join();
    }
    CHECK(total == tokens);
  }
}
