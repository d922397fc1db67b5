#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include <weft/io/backend.hpp>
#include <weft/io/detail/descriptor_state.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/proxy_parker.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"

/// Who ends an operation may be a stranger to its fiber's runtime, which may be gone as soon as the
/// operation has left its descriptor. Here the fiber is played by a proxy that, while it is woken,
/// has another thread leave.
namespace weft::testing {

namespace {

using io::detail::descriptor_state;

class played_fiber : public weft::detail::proxy_parker {
 public:
  played_fiber() noexcept : proxy_parker(&played_fiber::do_nothing) { live_in_this_thread(); }

 protected:
  explicit played_fiber(action on_wake) noexcept : proxy_parker(on_wake) { live_in_this_thread(); }

 private:
  void live_in_this_thread() noexcept {
    current_scope = weft::detail::current_parker().current_scope;
  }
  static void do_nothing(proxy_parker&) noexcept {}
};

class hasty_fiber final : public played_fiber {
 public:
  explicit hasty_fiber(io::operation& op) noexcept : played_fiber(&hasty_fiber::leave), op_(op) {}
  ~hasty_fiber() { leaver_.join(); }

  bool was_woken() const noexcept { return leaver_.joinable(); }

 private:
  static void leave(proxy_parker& woken) noexcept {
    auto& self = static_cast<hasty_fiber&>(woken);
    self.leaver_ = std::thread([&self] {
      self.op_.target->leave(self.op_, false);
      self.left_ = true;
    });
    std::this_thread::sleep_for(settle_time);
    CHECK_FALSE(self.left_);
  }

  io::operation& op_;
  std::atomic<bool> left_{false};
  std::thread leaver_;
};

/// A socket that two operations can wait for, on a backend that the test itself polls.
class waiting_room {
 public:
  explicit waiting_room(io::backend_kind kind) : driver_(or_throw(io::make_drivers(kind))(0)) {}
  ~waiting_room() {
    driver_.reset();
    descriptor_state::dispose(state_);
  }

  void wait(io::operation& op, weft::detail::parker& who) {
    REQUIRE(state_.enter(op));
    op.waiter.who = &who;
    REQUIRE_FALSE(io::backend::of(driver_.get())->submit(op));
  }
  void make_ready() {
    REQUIRE(send_now(ends_.far.get(), "!"));
    driver_->poll(time_point::min());
  }
  void leave(io::operation& op) { state_.leave(op, false); }

 private:
  std::unique_ptr<driver> driver_;
  raw_pair ends_ = local_pair();
  descriptor_state& state_ = descriptor_state::open(ends_.near.get());
};

/// Those that a worker of any runtime may complete an operation for: a ring or a port belongs to
/// one.
template <class F>
void with_each_readiness_backend(F f) {
  for (const auto kind : backends_here()) {
    if (kind != io::backend_kind::io_uring && kind != io::backend_kind::iocp) {
      CAPTURE(io::name_of(kind));
      f(kind);
    }
  }
}

}  // namespace

TEST_CASE("whoever reports an event is done with the fiber before its operation leaves") {
  with_each_readiness_backend([](io::backend_kind kind) {
    waiting_room room(kind);
    io::operation op{.code = io::opcode::wait_readable};
    hasty_fiber waiter(op);
    room.wait(op, waiter);
    room.make_ready();
    REQUIRE(waiter.was_woken());
  });
}

TEST_CASE("whoever passes a turn on is done with the next fiber before its operation leaves") {
  with_each_readiness_backend([](io::backend_kind kind) {
    waiting_room room(kind);
    io::operation first{.code = io::opcode::wait_readable};
    io::operation next{.code = io::opcode::wait_readable};
    played_fiber first_waiter;
    hasty_fiber next_waiter(next);
    room.wait(first, first_waiter);
    room.wait(next, next_waiter);
    room.make_ready();
    REQUIRE_FALSE(next_waiter.was_woken());
    room.leave(first);
    REQUIRE(next_waiter.was_woken());
  });
}

TEST_CASE("who waits behind a fiber of another runtime is woken when that runtime is gone") {
  for (const auto kind : backends_here()) {
    CAPTURE(io::name_of(kind));
    const run_options options{.workers = 1, .backend = kind, .background = true};
    test_runtime here(or_throw(io::with_io(options)));
    auto other = std::make_unique<runtime>(or_throw(io::with_io(options)));
    raw_pair ends = local_pair();
    io::descriptor shared = adopt(std::move(ends.near));
    const auto wait = [&] {
      io::operation op{.code = io::opcode::wait_readable};
      return shared.perform(op);
    };
    auto first = other->spawn(wait);
    std::this_thread::sleep_for(settle_time);
    auto next = here->spawn(wait);
    std::this_thread::sleep_for(settle_time);
    first.cancel();
    CHECK(error_of(first.join()) == errc::operation_canceled);
    other.reset();
    REQUIRE(send_now(ends.far.get(), "!"));
    CHECK(next.join().has_value());
  }
}

}  // namespace weft::testing
