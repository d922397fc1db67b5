#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include <weft/io/backend.hpp>
#include <weft/io/descriptor.hpp>
#include <weft/io/detail/descriptor_state.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"

namespace weft::testing {

namespace {

/// Has one operation at a time, which ends only if it is cancelled.
class endless : public io::backend {
 public:
  io::backend_kind kind() const noexcept override { return io::backend_kind::automatic; }
  void poll(time_point until) noexcept override {
    std::unique_lock hold(mutex_);
    if (until != time_point::min()) {
      wakes_.wait_for(hold, 1ms, [this] { return woken_; });
    }
    woken_ = false;
  }
  void wake() noexcept override {
    const std::lock_guard hold(mutex_);
    woken_ = true;
    wakes_.notify_one();
  }
  bool submit(io::operation& op) noexcept override {
    if (!open_wait(op)) {
      return true;
    }
    op.home = this;
    waiting_ = &op;
    const std::lock_guard hold(op.target->lock);
    op.target->submitted.push_back(op);
    submitted = true;
    return false;
  }
  bool withdraw(io::operation&) noexcept override { return false; }

  static inline std::atomic<bool> submitted{false};

 protected:
  void end(std::ptrdiff_t result) noexcept { io::detail::complete(*waiting_, result); }

 private:
  io::operation* waiting_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wakes_;
  bool woken_ = false;
};

/// The operation ends while someone is about to cancel it, who then takes his time.
class slow_to_cancel final : public endless {
 public:
  void request_cancel(std::uint64_t) noexcept override {
    end(0);
    std::this_thread::sleep_for(30ms);
    CHECK_FALSE(left);
  }

  static inline std::atomic<bool> left{false};
};

/// As io_uring may: does not find an operation that is just about to try again.
class loses_cancellations final : public endless {
 public:
  static constexpr int lost = 3;

  void request_cancel(std::uint64_t) noexcept override {
    if (++asked == lost + 1) {
      end(-ECANCELED);
    }
  }

  static inline std::atomic<int> asked{0};
};

template <class Backend>
runtime_options on() {
  return {.workers = 1, .drivers = [](unsigned) -> std::unique_ptr<driver> {
            return std::make_unique<Backend>();
          }};
}

/// Closes it as soon as the backend has an operation on it.
std::thread closer_of(io::descriptor& handle) {
  endless::submitted = false;
  return std::thread([&handle] {
    while (!endless::submitted) {
      std::this_thread::yield();
    }
    handle.close();
  });
}

}  // namespace

TEST_CASE("a closer on a plain thread is done with the backend before the operation leaves") {
  io::descriptor handle = adopt(local_pair().near);
  std::thread closer = closer_of(handle);
  in_fiber(
      [&] {
        io::operation op{.code = io::opcode::wait_readable};
        CHECK(handle.perform(op));
        slow_to_cancel::left = true;
      },
      on<slow_to_cancel>());
  closer.join();
  CHECK_FALSE(handle.is_open());
}

TEST_CASE("a cancellation that the backend loses is asked for again, by who gave up") {
  const io::descriptor handle = adopt(local_pair().near);
  loses_cancellations::asked = 0;
  in_fiber(
      [&] {
        const timeout_scope limit{1ms};
        io::operation op{.code = io::opcode::wait_readable};
        CHECK(error_of(handle.perform(op)) == errc::timed_out);
      },
      on<loses_cancellations>());
  CHECK(loses_cancellations::asked == loses_cancellations::lost + 1);
}

TEST_CASE("a cancellation that the backend loses is asked for again, by who closes") {
  io::descriptor handle = adopt(local_pair().near);
  loses_cancellations::asked = 0;
  std::thread closer = closer_of(handle);
  in_fiber(
      [&] {
        io::operation op{.code = io::opcode::wait_readable};
        CHECK(error_of(handle.perform(op)) == errc::closed);
      },
      on<loses_cancellations>());
  closer.join();
  CHECK(loses_cancellations::asked == loses_cancellations::lost + 1);
}

}  // namespace weft::testing
