#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/sync/broadcast.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/completion_queue.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/for_each.hpp>
#include <weft/sync/future.hpp>
#include <weft/sync/join.hpp>
#include <weft/sync/oneshot.hpp>
#include <weft/sync/promise.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/task_group.hpp>
#include <weft/sync/watch.hpp>

#include "cancel_everywhere.hpp"

/// A cancellation at every suspension: what hands values over, and what runs tasks.
namespace weft::testing {

namespace {

using number = std::unique_ptr<int>;  // a leak, or a second owner, is found

constexpr int numbers_each = 3;

/// What was sent and what was received, of which neither may exceed the other.
class ledger {
 public:
  void sent(int n) { ++sent_[index(n)]; }
  void received(const number& n) { ++received_[index(*n)]; }
  void check() const {
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      CAPTURE(i);
      CHECK(sent_[i] <= 1);
      CHECK(sent_[i] == received_[i]);
    }
  }

 private:
  static std::size_t index(int n) { return static_cast<std::size_t>(n); }

  std::array<std::atomic<int>, 32> sent_{};
  std::array<std::atomic<int>, 32> received_{};
};

template <std::size_t Capacity>
class pipeline : public scenario {
 public:
  std::vector<role> roles() override { return {sending(0), sending(10), receiving(), receiving()}; }
  void check() override {
    take_rest();
    ledger_.check();
  }

 protected:
  role sending(int first) {
    return [this, first] {
      for (int n = first; n < first + numbers_each; ++n) {
        auto value = std::make_unique<int>(n);
        if (!send(std::move(value))) {
          break;
        }
        ledger_.sent(n);
      }
      if (--senders_ == 0) {
        channel_.close();
      }
    };
  }
  role receiving() {
    return [this] {
      for (;;) {
        auto value = receive();
        if (!value && value.error() == errc::closed) {
          return;
        }
        if (!succeeded(value)) {
          return;
        }
        ledger_.received(*value);
      }
    };
  }
  virtual bool send(number&& value) { return succeeded(channel_.send(std::move(value))); }
  virtual result<number> receive() { return channel_.receive(); }

  void take_rest() {
    while (auto value = channel_.try_receive()) {
      ledger_.received(*value);
    }
  }

  channel<number> channel_{Capacity};
  std::atomic<int> senders_{2};
  ledger ledger_;
};

/// The same by select, beside arms that never win.
template <std::size_t Capacity>
class choice : public pipeline<Capacity> {
  bool send(number&& value) override {
    return this->succeeded(
        select(on(this->channel_.sending(std::move(value))),
               on(never_.receiving(), [](result<int>) { return result<void>(); }),
               on(quiet_.waiting(), [] { return result<void>(); })));
  }
  result<number> receive() override {
    return select(on(never_.receiving(), [](result<int>) { return result<number>(); }),
                  on(this->channel_.receiving()),
                  on(quiet_.waiting(), [] { return result<number>(); }));
  }

  channel<int> never_;
  event quiet_;
};

/// The same by a completion queue, which may have received more than it has handed out.
class queueing : public pipeline<0> {
  result<number> receive() override {
    completion_queue<number> done;
    done.add(channel_.receiving());
    auto value = done.next();
    done.withdraw_all();
    if (!value && value.error() != errc::closed) {
      if (auto kept = done.try_next()) {
        ledger_.received(*kept);
      }
    }
    return value;
  }
};

class single_values : public scenario {
 public:
  std::vector<role> roles() override {
    const role wait = [this] {
      if (auto got = promised_.get(); succeeded(got)) {
        CHECK(*got == 5);
      }
    };
    const role receive = [this] {
      if (auto got = ends_.receiver.receive(); succeeded(got)) {
        received_ = **got;
      }
    };
    const role make = [this] {
      yield();
      promise_.set_value(5);
      yield();
      sent_ = ends_.sender.send(std::make_unique<int>(6)).has_value();
    };
    return {wait, wait, receive, make};
  }
  void check() override {
    if (received_ == 0 && sent_) {
      CHECK(**ends_.receiver.try_receive() == 6);
    }
  }

 private:
  promise<int> promise_;
  future<int> promised_ = promise_.get_future();
  oneshot_ends<number> ends_ = oneshot<number>();
  std::atomic<int> received_{0};
  std::atomic<bool> sent_{false};
};

class audience : public scenario {
 public:
  std::vector<role> roles() override {
    std::vector<role> all;
    for (int i = 0; i < 2; ++i) {
      all.push_back([this] {
        auto heard = news_.subscribe();
        ++present_;
        for (int expected = 0; expected < numbers_each; ++expected) {
          const auto item = heard.receive();
          if (!succeeded(item)) {
            CHECK(heard.receive() == result<int>(fail(errc::operation_canceled)));
            return;
          }
          CHECK(*item == expected);
        }
      });
      all.push_back([this] {
        auto seen = level_.subscribe();
        ++present_;
        while (*level_.read() != numbers_each - 1) {
          if (!succeeded(seen.changed())) {
            return;
          }
        }
      });
    }
    all.push_back([this] {
      while (present_ < 4) {
        yield();
      }
      for (int n = 0; n < numbers_each; ++n) {
        CHECK(news_.send(n).has_value());
        CHECK(level_.set(n).has_value());
        yield();
      }
    });
    return all;
  }
  void check() override { CHECK(news_.subscribers() == 0); }

 private:
  broadcast<int> news_{8};
  watch<int> level_{-1};
  std::atomic<int> present_{0};
};

/// Tasks that wait, in every way to run some.
class tasks : public scenario {
 public:
  std::vector<role> roles() override {
    const auto task = [this] {
      ++begun_;
      const auto slept = sleep_for(50us);
      ++ended_;
      return slept;
    };
    const role group = [this, task] {
      task_group all({.max_concurrency = 2});
      for (int i = 0; i < 4; ++i) {
        if (!succeeded(all.spawn(task))) {
          return;
        }
      }
      (void)succeeded(all.wait());
    };
    const role one = [this, task] {
      auto fiber = spawn(task);
      (void)succeeded(fiber.join());
    };
    const role all = [this, task] {
      auto [first, second] = join_all(task, task);
      (void)(succeeded(first) && succeeded(second));
      (void)succeeded(race(task, task));
      (void)succeeded(for_each(std::array{1, 2, 3}, 2, [&](int) { return task(); }));
    };
    return {group, one, all};
  }
  void check() override { CHECK(begun_ == ended_); }

 private:
  std::atomic<int> begun_{0};
  std::atomic<int> ended_{0};
};

}  // namespace

TEST_CASE("[row B6] a cancellation at any suspension loses or doubles no value of a channel") {
  check_cancel_everywhere<pipeline<0>>();
  check_cancel_everywhere<pipeline<2>>();
}

TEST_CASE("[row B6] a cancellation at any suspension of a select loses or doubles no value") {
  check_cancel_everywhere<choice<0>>();
  check_cancel_everywhere<choice<2>>();
}

TEST_CASE("[row B6] a cancellation at any suspension of a completion queue loses no value") {
  check_cancel_everywhere<queueing>();
}

TEST_CASE(
    "[row B6] a cancellation at any suspension spoils no future, oneshot, broadcast or watch") {
  check_cancel_everywhere<single_values>();
  check_cancel_everywhere<audience>();
}

TEST_CASE("[row B6] a cancellation at any suspension leaves no task behind") {
  check_cancel_everywhere<tasks>();
}

}  // namespace weft::testing
