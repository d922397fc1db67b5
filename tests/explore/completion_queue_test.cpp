#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include <explore/holds.hpp>

#include <weft/sync/channel.hpp>
#include <weft/sync/completion_queue.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/semaphore.hpp>

using namespace std::chrono_literals;
using weft::channel;
using weft::completion_queue;
using weft::on;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::options;
using weft::explore::together;

namespace {

using parcel = std::unique_ptr<int>;

/// Entries wait through proxies, which are kept for good, and so must not come from the heap of a
/// run: enough of them are made before.
void holds_with_proxies(const weft::explore::program& body, const options& how = {}) {
  {
    channel<int> never;
    completion_queue<> filled;
    for (int i = 0; i < 2; ++i) {
      filled.add(on(never.receiving(), [](weft::result<int>) {}));
    }
  }
  holds(body, how);
}

/// Two channels that a queue receives from, and what has gone through them.
struct received_by_queue {
  explicit received_by_queue(std::size_t capacity) : a(capacity), b(capacity) {}

  channel<parcel> a;
  channel<parcel> b;
  completion_queue<> queue;
  int sent = 0;
  int received = 0;

  void send(channel<parcel>& into) { sent += into.send(std::make_unique<int>(1)) ? 1 : 0; }
  void take(const weft::result<parcel>& got) {
    if (got) {
      expect(*got != nullptr, "a value arrives whole");
      ++received;
    }
  }
  void listen(channel<parcel>& from) {
    queue.add(on(from.receiving(), [this](weft::result<parcel> got) { take(got); }));
  }
  /// Gives up what has not completed, and takes what has, waiting for what is just being done.
  void empty_queue() {
    queue.withdraw_all();
    while (!queue.empty()) {
      expect(queue.next().has_value(), "what is left has completed or is about to");
    }
  }
  /// What has completed is still there; what has not leaves its value in the channel.
  void settle() {
    empty_queue();
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

TEST_CASE("[row 59] [row 148] a queue hands out what each of its arms has received, once") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds_with_proxies([=] {
      received_by_queue all(capacity);
      together({[&] {
                  all.listen(all.a);
                  all.listen(all.b);
                  expect(all.queue.next().has_value(), "both are sent to");
                  expect(all.queue.next().has_value(), "both are sent to");
                  expect(all.received == 2, "each once");
                },
                [&] { all.send(all.a); }, [&] { all.send(all.b); }});
      all.settle();
    });
  }
}

TEST_CASE("[row 59] [row 148] an arm that is added again receives what comes next") {
  holds_with_proxies([] {
    received_by_queue all(0);
    together({[&] {
                for (int i = 0; i < 2; ++i) {
                  all.listen(all.a);
                  expect(all.queue.next().has_value(), "there are two");
                }
              },
              [&] {
                all.send(all.a);
                all.send(all.a);
              }});
    all.settle();
    expect(all.received == 2, "each once");
  });
}

TEST_CASE("[row 59] [row 148] a next() that is late or cancelled leaves what has completed") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds_with_proxies([=] {
      received_by_queue all(capacity);
      together({[&] {
                  all.listen(all.a);
                  (void)all.queue.next_for(1ms);
                  (void)all.queue.next_for(1ms);
                  all.a.close();
                },
                [&] { all.send(all.a); }, [] { cancel(1); }});
      all.settle();
    });
  }
}

TEST_CASE("[row 59] [row 148] a queue that gives up while values arrive loses and doubles none") {
  for (const std::size_t capacity : {0U, 1U}) {
    holds_with_proxies([=] {
      received_by_queue all(capacity);
      together({[&] {
                  all.listen(all.a);
                  all.listen(all.b);
                  all.empty_queue();
                  all.a.close();
                  all.b.close();
                },
                [&] { all.send(all.a); }, [&] { all.send(all.b); }});
      all.settle();
    });
  }
}

TEST_CASE("[row 59] [row 148] what a queue sends is gone or still there, never both") {
  holds_with_proxies([] {
    channel<parcel> line;
    auto value = std::make_unique<int>(1);
    int received = 0;
    bool sent = false;
    together({[&] {
                completion_queue<> queue;
                queue.add(on(line.sending(std::move(value)),
                             [&](weft::result<void> end) { sent = end.has_value(); }));
                (void)queue.next_for(1ms);
                queue.withdraw_all();
                while (!queue.empty()) {
                  (void)queue.next();
                }
                line.close();
              },
              [&] { received += line.receive() ? 1 : 0; }});
    expect(received == (sent ? 1 : 0), "received if it was sent, and only then");
  });
}

TEST_CASE("[row 59] [row 148] a permit that nobody took out goes back") {
  holds_with_proxies([] {
    weft::semaphore permits(0);
    bool won = false;
    together({[&] {
                completion_queue<> queue;
                queue.add(on(permits.acquiring(), [&](weft::result<weft::semaphore::permit> got) {
                  won = true;
                  got->forget();
                }));
                (void)queue.next_for(1ms);
                queue.withdraw_all();
                while (!queue.empty()) {
                  (void)queue.next();
                }
              },
              [&] { permits.release(); }});
    expect(permits.available() == (won ? 0 : 1), "one permit, here or there");
  });
}

TEST_CASE("[row 59] [row 148] the queue may go as soon as it was woken, while the waker returns") {
  holds_with_proxies([] {
    weft::event set;
    together({[&] {
                completion_queue<> queue;
                queue.add(on(set.waiting(), [] {}));
                expect(queue.next().has_value(), "it is set");
              },
              [&] { set.set(); }});
  });
}
