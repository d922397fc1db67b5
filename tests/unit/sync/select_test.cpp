#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/select.hpp>

using namespace std::chrono_literals;
using weft::channel;
using weft::select;
using weft::testing::error_of;
using weft::testing::in_fiber;

namespace {

constexpr auto would_block = std::errc::operation_would_block;

}  // namespace

TEST_CASE("[row 54] select receives from whichever channel has something") {
  in_fiber([] {
    channel<int> numbers(1);
    channel<std::string> words(1);
    const auto first = [&] {
      return select(
          weft::on(numbers.receiving(), [](weft::result<int> n) { return std::to_string(*n); }),
          weft::on(words.receiving(), [](weft::result<std::string> w) { return *w; }));
    };
    CHECK(numbers.send(7).has_value());
    CHECK(first() == "7");
    CHECK(words.send("seven").has_value());
    CHECK(first() == "seven");
    CHECK(numbers.empty());
    CHECK(words.empty());
  });
}

TEST_CASE("[row 54] select waits for the first, and the others keep what they are given later") {
  in_fiber([] {
    channel<int> early;
    channel<int> late(1);
    auto sender = weft::spawn([&] {
      CHECK(weft::sleep_for(5ms).has_value());
      CHECK(early.send(1).has_value());
      CHECK(late.send(2).has_value());
    });
    const auto got = select(weft::on(early.receiving()), weft::on(late.receiving()));
    CHECK(got == 1);
    CHECK(sender.join().has_value());
    CHECK(late.try_receive() == 2);
  });
}

TEST_CASE("[row 54] select sends to whichever channel has room, and keeps the value of the other") {
  in_fiber([] {
    channel<std::unique_ptr<int>> full;
    channel<std::unique_ptr<int>> room(1);
    auto one = std::make_unique<int>(1);
    auto two = std::make_unique<int>(2);
    const auto won = select(weft::on(full.sending(std::move(one)),
                                     [](weft::result<void>) { return std::string("full"); }),
                            weft::on(room.sending(std::move(two)),
                                     [](weft::result<void>) { return std::string("room"); }));
    CHECK(won == "room");
    REQUIRE(one);
    CHECK(*one == 1);
    CHECK_FALSE(two);
    CHECK(**room.try_receive() == 2);
  });
}

TEST_CASE("[row 54] a waiting select's send is taken by a receiver, and nothing else of it") {
  in_fiber([] {
    channel<int> a;
    channel<int> b;
    auto chooser = weft::spawn([&] {
      return select(weft::on(a.sending(1), [](weft::result<void>) { return 'a'; }),
                    weft::on(b.sending(2), [](weft::result<void>) { return 'b'; }));
    });
    CHECK(weft::sleep_for(3ms).has_value());
    CHECK(b.receive() == 2);
    CHECK(chooser.join() == 'b');
    CHECK(error_of(a.try_receive()) == would_block);
    CHECK(error_of(b.try_receive()) == would_block);
  });
}

TEST_CASE("[row 54] a copy is sent where the value is not given away") {
  in_fiber([] {
    channel<std::string> words(1);
    const std::string word = "long enough for the heap, so that a lost copy shows";
    CHECK(select(weft::on(words.sending(word))).has_value());
    CHECK(word == *words.try_receive());
  });
}

TEST_CASE("[row 54] two selects meet at a rendezvous") {
  in_fiber([] {
    channel<int> meeting;
    channel<int> other;
    auto giver = weft::spawn([&] {
      return select(
          weft::on(meeting.sending(5), [](weft::result<void> sent) { return sent.has_value(); }),
          weft::on(other.sending(6), [](weft::result<void>) { return false; }));
    });
    auto taker = weft::spawn([&] {
      channel<int> never;
      return select(weft::on(never.receiving()), weft::on(meeting.receiving()));
    });
    CHECK(giver.join() == true);
    CHECK(taker.join() == 5);
  });
}

TEST_CASE("[row 54] a select does not exchange values with itself") {
  in_fiber([] {
    channel<int> meeting;
    const auto self = [&](auto... more) {
      return select(weft::on(meeting.sending(1), [](weft::result<void>) { return -1; }),
                    weft::on(meeting.receiving(), [](weft::result<int> n) { return *n; }), more...);
    };
    CHECK(self(weft::after(5ms, [] { return 0; })) == 0);

    auto partner = weft::spawn([&] { return meeting.send(9); });
    CHECK(self() == 9);
    CHECK(partner.join().has_value());
    auto receiver = weft::spawn([&] { return meeting.receive(); });
    CHECK(self() == -1);
    CHECK(receiver.join() == 1);
  });
}

TEST_CASE("[row 54] a closed channel is ready: to receive closed, and to refuse a value") {
  in_fiber([] {
    channel<int> over(1);
    channel<int> quiet;
    CHECK(over.send(1).has_value());
    over.close();
    CHECK(select(weft::on(over.receiving()), weft::on(quiet.receiving())) == 1);
    CHECK(error_of(select(weft::on(over.receiving()), weft::on(quiet.receiving()))) ==
          weft::errc::closed);
    CHECK(error_of(select(weft::on(over.sending(2)))) == weft::errc::closed);
  });
}

TEST_CASE("[row 54] closing wakes the selects that wait on either side") {
  in_fiber([] {
    channel<int> a;
    channel<int> b;
    auto receiving =
        weft::spawn([&] { return select(weft::on(a.receiving()), weft::on(b.receiving())); });
    CHECK(weft::sleep_for(2ms).has_value());
    b.close();
    CHECK(error_of(receiving.join()) == weft::errc::closed);
    auto sending = weft::spawn([&] { return select(weft::on(a.sending(1))); });
    CHECK(weft::sleep_for(2ms).has_value());
    a.close();
    CHECK(error_of(sending.join()) == weft::errc::closed);
  });
}

TEST_CASE("[row 54] a handler's value, error or exception is the select's") {
  in_fiber([] {
    channel<int> numbers(1);
    const auto with = [&](auto handler) {
      CHECK(numbers.send(1).has_value());
      return select(weft::on(numbers.receiving(), handler));
    };
    const weft::result<std::string> value =
        with([](weft::result<int>) { return std::string("s"); });
    CHECK(value == "s");
    const weft::result<std::string> flat =
        with([](weft::result<int>) { return weft::result<std::string>("t"); });
    CHECK(flat == "t");
    const weft::result<void> error = with([](weft::result<int>) -> weft::result<void> {
      return weft::fail(weft::errc::end_of_stream);
    });
    CHECK(error_of(error) == weft::errc::end_of_stream);
    const weft::result<void> nothing = with([](weft::result<int>) {});
    CHECK(nothing.has_value());
    CHECK_THROWS_AS((void)with([](weft::result<int>) { throw std::logic_error("no"); }),
                    std::logic_error);
  });
}

TEST_CASE("[row 54] handlers of different types have a common one") {
  in_fiber([] {
    channel<int> numbers(1);
    const weft::result<long> common =
        select(weft::on(numbers.receiving(), [](weft::result<int> n) { return *n; }),
               weft::after(1ms, [] { return 7L; }));
    CHECK(common == 7);
  });
}

TEST_CASE("[row 54] a handler may use the channels of its select") {
  in_fiber([] {
    channel<int> numbers(2);
    CHECK(numbers.send(1).has_value());
    const auto sum = select(weft::on(numbers.receiving(), [&](weft::result<int> n) {
      CHECK(numbers.send(*n + 1).has_value());
      return *n + *numbers.receive();
    }));
    CHECK(sum == 3);
  });
}

TEST_CASE("[row 54] the same channel may be in a select more than once") {
  in_fiber([] {
    channel<int> numbers;
    auto twice = weft::spawn(
        [&] { return select(weft::on(numbers.receiving()), weft::on(numbers.receiving())); });
    CHECK(numbers.send(1).has_value());
    CHECK(twice.join() == 1);
    CHECK(error_of(numbers.try_send(2)) == would_block);
  });
}

TEST_CASE("[row 55] plain threads select as fibers do") {
  in_fiber([] {
    channel<int> numbers;
    channel<int> replies;
    std::thread outside([&] {
      const auto n = select(weft::on(numbers.receiving()), weft::after(60s));
      CHECK(n == 1);
      CHECK(error_of(select(weft::on(numbers.receiving()), weft::after(3ms))) ==
            weft::errc::timed_out);
      CHECK(select(weft::on(replies.sending(*n + 1))).has_value());
    });
    CHECK(numbers.send(1).has_value());
    CHECK(replies.receive() == 2);
    outside.join();
  });
}

TEST_CASE("[row 58] select over a vector of arms, few and many") {
  for (const std::size_t count : {std::size_t{1}, std::size_t{16}, std::size_t{100}}) {
    CAPTURE(count);
    in_fiber([&] {
      std::vector<std::unique_ptr<channel<std::size_t>>> channels;
      const auto handler = [](weft::result<std::size_t> n) { return *n; };
      std::vector<decltype(weft::on(channels.front()->receiving(), handler))> arms;
      for (std::size_t i = 0; i < count; ++i) {
        channels.push_back(std::make_unique<channel<std::size_t>>());
        arms.push_back(weft::on(channels.back()->receiving(), handler));
      }
      CHECK(error_of(select(arms, weft::clock::now() + 2ms)) == weft::errc::timed_out);
      auto sender = weft::spawn([&] {
        for (std::size_t i = 0; i < count; ++i) {
          CHECK(channels[i * 7 % count]->send(i).has_value());
        }
      });
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(select(arms) == i);
      }
      CHECK(sender.join().has_value());
    });
  }
}

TEST_CASE("[row 54] a select with many arms that lose again and again leaves nothing behind") {
  in_fiber([] {
    std::array<channel<int>, 8> quiet;
    channel<int> busy;
    auto sender = weft::spawn([&] {
      for (int i = 0; i < 2000; ++i) {
        CHECK(busy.send(i).has_value());
      }
    });
    for (int i = 0; i < 2000; ++i) {
      CHECK(select(weft::on(quiet[0].receiving()),
                   weft::on(quiet[1].sending(0), [](auto) { return -1; }),
                   weft::on(quiet[2].receiving()), weft::on(quiet[3].receiving()),
                   weft::on(quiet[4].receiving()),
                   weft::on(quiet[5].sending(0), [](auto) { return -1; }),
                   weft::on(quiet[6].receiving()), weft::on(quiet[7].receiving()),
                   weft::on(busy.receiving())) == i);
    }
    CHECK(sender.join().has_value());
    for (auto& q : quiet) {
      CHECK(error_of(q.try_send(1)) == would_block);
      CHECK(error_of(q.try_receive()) == would_block);
    }
  });
}
