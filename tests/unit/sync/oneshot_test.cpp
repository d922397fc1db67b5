#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/oneshot.hpp>
#include <weft/sync/select.hpp>

using namespace std::chrono_literals;
using weft::oneshot;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::rounds;

TEST_CASE("[row 51] a value that was sent before is received, once") {
  in_fiber([] {
    auto [sender, receiver] = oneshot<std::unique_ptr<int>>();
    CHECK(sender.send(std::make_unique<int>(3)).has_value());
    CHECK_FALSE(sender.valid());
    auto got = receiver.receive();
    REQUIRE(got.has_value());
    CHECK(**got == 3);
    CHECK(error_of(receiver.receive()) == weft::errc::closed);
  });
}

TEST_CASE("[row 51] a receiver waits for the value") {
  in_fiber([] {
    auto ends = oneshot<int>();
    auto fiber = weft::spawn([s = std::move(ends.sender)]() mutable {
      CHECK(weft::sleep_for(5ms).has_value());
      CHECK(s.send(4).has_value());
    });
    CHECK(error_of(ends.receiver.try_receive()) == std::errc::operation_would_block);
    CHECK(error_of(ends.receiver.receive_for(1ms)) == weft::errc::timed_out);
    CHECK(ends.receiver.receive() == 4);
    CHECK(fiber.join().has_value());
  });
}

TEST_CASE("[row 51] the receiver learns that the sender is gone, before and while it waits") {
  in_fiber([] {
    auto early = oneshot<int>();
    early.sender = {};
    CHECK(error_of(early.receiver.receive()) == weft::errc::closed);
    CHECK(error_of(early.receiver.try_receive()) == weft::errc::closed);

    auto late = oneshot<int>();
    auto fiber = weft::spawn(
        [s = std::move(late.sender)]() mutable { CHECK(weft::sleep_for(3ms).has_value()); });
    CHECK(error_of(late.receiver.receive()) == weft::errc::closed);
    CHECK(fiber.join().has_value());
  });
}

TEST_CASE("[row 51] the sender learns that the receiver is gone, and keeps its value") {
  in_fiber([] {
    auto [sender, receiver] = oneshot<std::unique_ptr<int>>();
    CHECK_FALSE(sender.closed());
    CHECK(error_of(sender.wait_closed_for(1ms)) == weft::errc::timed_out);
    receiver = {};
    CHECK(sender.closed());
    CHECK(sender.wait_closed().has_value());
    auto value = std::make_unique<int>(5);
    CHECK(error_of(sender.send(std::move(value))) == weft::errc::closed);
    CHECK(value);
    CHECK(sender.valid());
  });
}

TEST_CASE("[row 51] a sender that computes is told when nobody wants the value any more") {
  in_fiber([] {
    auto ends = oneshot<int>();
    auto worker = weft::spawn([s = std::move(ends.sender)]() mutable {
      return weft::select(weft::on(s.closing(), [] { return 'x'; }),
                          weft::after(1h, [] { return 'y'; }));
    });
    CHECK(weft::sleep_for(2ms).has_value());
    ends.receiver = {};
    CHECK(worker.join() == 'x');
  });
}

TEST_CASE("[row 51] close() refuses what was not sent yet and leaves what was") {
  in_fiber([] {
    auto sent = oneshot<int>();
    CHECK(sent.sender.send(1).has_value());
    sent.receiver.close();
    CHECK(sent.receiver.receive() == 1);

    auto unsent = oneshot<int>();
    unsent.receiver.close();
    CHECK(unsent.sender.closed());
    CHECK(error_of(unsent.sender.send(2)) == weft::errc::closed);
    CHECK(error_of(unsent.receiver.receive()) == weft::errc::closed);
  });
}

TEST_CASE("[row 51] a receive that is cancelled has taken nothing") {
  in_fiber([] {
    auto ends = oneshot<int>();
    auto fiber = weft::spawn([&] { return ends.receiver.receive(); });
    CHECK(weft::sleep_for(2ms).has_value());
    fiber.cancel();
    CHECK(error_of(fiber.join()) == weft::errc::operation_canceled);
    CHECK(ends.sender.send(6).has_value());
    CHECK(ends.receiver.receive() == 6);
  });
}

TEST_CASE("[row 51] the first of several answers is selected, the others are not lost") {
  in_fiber([] {
    auto fast = oneshot<int>();
    auto slow = oneshot<int>();
    auto fiber = weft::spawn([f = std::move(fast.sender), s = std::move(slow.sender)]() mutable {
      CHECK(weft::sleep_for(2ms).has_value());
      CHECK(f.send(1).has_value());
      CHECK(s.send(2).has_value());
    });
    CHECK(weft::select(weft::on(slow.receiver.receiving()), weft::on(fast.receiver.receiving())) ==
          1);
    CHECK(fiber.join().has_value());
    CHECK(slow.receiver.try_receive() == 2);
  });
}

TEST_CASE("[row 51] a value sent and never received is destroyed with the receiver") {
  auto value = std::make_shared<int>(7);
  {
    auto [sender, receiver] = oneshot<std::shared_ptr<int>>();
    CHECK(sender.send(value).has_value());
    CHECK(value.use_count() == 2);
  }
  CHECK(value.use_count() == 1);
}

TEST_CASE("[row 51] the ends may go at the same time on different threads") {
  for (std::size_t i = 0; i < rounds(2000); ++i) {
    auto ends = oneshot<std::unique_ptr<int>>();
    std::thread other([s = std::move(ends.sender), i]() mutable {
      if (i % 3 != 0) {
        (void)s.send(std::make_unique<int>(1));
      }
    });
    if (i % 2 != 0) {
      const auto got = ends.receiver.receive();
      CHECK(got.has_value() == (i % 3 != 0));
    }
    ends.receiver = {};
    other.join();
  }
}

TEST_CASE("[row 51] requests that carry where the answer goes") {
  in_fiber([] {
    struct request {
      int question;
      weft::oneshot_sender<int> reply;
    };
    weft::channel<request> requests;
    auto server = weft::spawn([&] {
      for (request& r : requests) {
        (void)r.reply.send(r.question * 2);
      }
    });
    for (int i = 0; i < 100; ++i) {
      auto ends = oneshot<int>();
      CHECK(requests.send({i, std::move(ends.sender)}).has_value());
      CHECK(ends.receiver.receive() == 2 * i);
    }
    requests.close();
    CHECK(server.join().has_value());
  });
}
