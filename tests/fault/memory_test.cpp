#include <csignal>
#include <cstdlib>
#include <functional>
#include <new>
#include <utility>

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <weft/io/descriptor.hpp>
#include <weft/io/signal_listener.hpp>
#include <weft/runtime/detail/blocking_job.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"

/// What becomes of calls that fail for want of memory, or must not fail for that.
namespace weft::testing {

namespace {

thread_local long left = -1;  // allocations that this thread may still make; -1: any number

/// While one lives, so many allocations of this thread succeed and all later ones fail.
class memory_for {
 public:
  explicit memory_for(long allocations) noexcept { left = allocations; }
  ~memory_for() { left = -1; }
  memory_for(const memory_for&) = delete;
  memory_for& operator=(const memory_for&) = delete;
};

void* allocate(std::size_t size) {
  if (left == 0) {
    throw std::bad_alloc();
  }
  left -= left > 0 ? 1 : 0;
  if (void* const at = std::malloc(size)) {
    return at;
  }
  throw std::bad_alloc();
}

}  // namespace

}  // namespace weft::testing

void* operator new(std::size_t size) {
  return weft::testing::allocate(size);
}
void operator delete(void* at) noexcept {
  std::free(at);
}
void operator delete(void* at, std::size_t) noexcept {
  std::free(at);
}

namespace weft::testing {

TEST_CASE("a thread that has no memory left closes what a fiber waits for") {
  for (const setting& where : settings({1})) {
    CAPTURE(where.name);
    test_runtime house(
        or_throw(io::with_io({.workers = 1, .backend = where.backend, .background = true})));
    io::descriptor handle = adopt(raw_handle(raw::socket(AF_INET, SOCK_DGRAM)));
    auto waiting = house->spawn([&] {
      io::operation op{.code = io::opcode::wait_readable};
      return handle.perform(op);
    });
    (void)sleep_for(settle_time);  // a thread's first wait allocates
    {
      const memory_for nothing(0);
      handle.close();
    }
    CHECK(error_of(waiting.join()) == errc::closed);
  }
}

TEST_CASE("work that nobody waits for is refused when there is no memory for it") {
  in_fiber([] {
    bool ran = false;
    std::move_only_function<void() noexcept> work = [&ran]() noexcept { ran = true; };
    result<void> sent;
    {
      const memory_for nothing(0);
      sent = detail::run_abandonable(std::move(work));
    }
    CHECK(error_of(sent) == std::errc::not_enough_memory);
    CHECK_FALSE(ran);
  });
}

TEST_CASE("a listener that memory ran out for leaves nothing behind") {
  (void)signal_listener::open({SIGSEGV});  // what is made once
  const int before = open_descriptors();
  for (long n = 0; n < 20; ++n) {
    bool opened = false;
    try {
      const memory_for few(n);
      opened = signal_listener::open({SIGSEGV}).has_value();
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch)
      // As it says.
    }
    CHECK_FALSE(opened);
    CHECK(open_descriptors() == before);
  }
}

}  // namespace weft::testing
