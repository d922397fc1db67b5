#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>

#include <weft/net/tcp.hpp>
#include <weft/runtime/yield.hpp>

#include "errno_table.hpp"
#include "misbehaviour.hpp"
#include "ring_faults.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// The calls that a backend makes for itself, with every error that the system may answer.
namespace weft::testing {

namespace {

using detail::sys::call;

#define REPORTED(number)            \
  errno_case {                      \
    number, #number, fate::reported \
  }
#define REPEATED(number)            \
  errno_case {                      \
    number, #number, fate::repeated \
  }

/// What a backend calls when it is made.
struct making_call {
  io::backend_kind kind;
  call asks;
  std::vector<errno_case> errors;
};

const std::vector<errno_case> no_descriptors{REPORTED(EINVAL), REPORTED(EMFILE), REPORTED(ENFILE),
                                             REPORTED(ENOMEM), REPORTED(ENOSYS)};

const std::array making_calls{
    making_call{io::backend_kind::io_uring,
                call::ring_setup,
                {REPORTED(EFAULT), REPORTED(EINVAL), REPORTED(EMFILE), REPORTED(ENFILE),
                 REPORTED(ENOMEM), REPORTED(ENOSYS), REPORTED(EPERM), REPORTED(EACCES)}},
    making_call{io::backend_kind::io_uring, call::event_fd, no_descriptors},
    making_call{io::backend_kind::epoll, call::epoll_create, no_descriptors},
    making_call{io::backend_kind::epoll, call::event_fd, no_descriptors},
    making_call{io::backend_kind::epoll,
                call::epoll_control,
                {REPORTED(EBADF), REPORTED(EINVAL), REPORTED(ELOOP), REPORTED(ENOMEM),
                 REPORTED(ENOSPC), REPORTED(EPERM)}},
    making_call{io::backend_kind::poll, call::wake_pipe, no_descriptors},
    making_call{io::backend_kind::kqueue, call::kqueue_create, no_descriptors},
    making_call{
        io::backend_kind::kqueue,
        call::kqueue_change,
        {REPORTED(EACCES), REPORTED(EBADF), REPORTED(EFAULT), REPORTED(EINVAL), REPORTED(ENOMEM)}},
};

/// What a backend calls to wait. It goes on when the call has failed, whatever the error: nothing
/// that waits may be lost.
struct waiting_call {
  io::backend_kind kind;
  call asks;
  std::vector<errno_case> errors;
};

const std::array waiting_calls{
    waiting_call{io::backend_kind::io_uring,
                 call::ring_enter,
                 {REPEATED(EAGAIN), REPEATED(EBUSY), REPEATED(EFAULT), REPEATED(EINTR),
                  REPEATED(EINVAL), REPEATED(ENOMEM), REPEATED(ENXIO), REPEATED(EOPNOTSUPP)}},
    waiting_call{io::backend_kind::epoll,
                 call::epoll_wait,
                 {REPEATED(EBADF), REPEATED(EFAULT), REPEATED(EINTR), REPEATED(EINVAL)}},
    waiting_call{
        io::backend_kind::poll,
        call::poll,
        {REPEATED(EAGAIN), REPEATED(EFAULT), REPEATED(EINTR), REPEATED(EINVAL), REPEATED(ENOMEM)}},
    waiting_call{io::backend_kind::kqueue,
                 call::kqueue_wait,
                 {REPEATED(EACCES), REPEATED(EBADF), REPEATED(EFAULT), REPEATED(EINTR),
                  REPEATED(EINVAL), REPEATED(ENOENT), REPEATED(ENOMEM)}},
};

bool echoes_ping() {
  const auto listener = or_throw(listen("127.0.0.1:0"));
  auto server = spawn([&] {
    const auto peer = or_throw(listener.accept());
    std::array<std::byte, 4> buffer;
    or_throw(peer.read_exact(buffer));
    or_throw(peer.write_all(std::span<const std::byte>(buffer)));
  });
  const auto client = or_throw(connect(*listener.local_endpoint()));
  or_throw(client.write_all("ping"));
  std::string answer(4, '\0');
  or_throw(client.read_exact(bytes_of(answer)));
  or_throw(server.join());
  return answer == "ping";
}

bool judge(call asks, const errno_case& error, std::string_view where, bool passed,
           std::error_code got = {}) {
  CHECK_MESSAGE(passed, name_of(asks), " on ", where, ": ", error.name, " came to \"",
                got.message(), "\"");
  // The calls of users have a row of their own.
  note(asks == call::poll ? "poll, the backend's" : name_of(asks), error, where, passed);
  return passed;
}

bool is_here(io::backend_kind kind) {
  const auto here = backends_here();
  return std::ranges::find(here, kind) != here.end();
}

}  // namespace

TEST_CASE("whatever close() says, the descriptor is closed, once [row B10]") {
  run_everywhere(
      [] {
        for (const errno_case& error : {REPORTED(EINTR), REPORTED(EIO), REPORTED(EDQUOT)}) {
          raw_pair ends = local_pair();
          io::descriptor near = adopt(std::move(ends.near));
          const int handle = near.native_handle();
          const misbehaviour system(
              {.which = call::close, .error = error.number, .handle = handle, .times = 2});
          near.close();
          const bool is_gone = ::fcntl(handle, F_GETFD) < 0 && errno == EBADF;
          const errno_case ignored{error.number, error.name, fate::succeeded};
          judge(call::close, ignored, io::name_of(io::current_backend()),
                is_gone && system.calls() == 1);
        }
      },
      {1});
}

TEST_CASE("a backend that cannot be made says why, and leaves nothing behind [row B10]") {
  for (const making_call& made : making_calls) {
    if (!is_here(made.kind)) {
      continue;
    }
    for (const errno_case& error : made.errors) {
      const int before = open_descriptors();
      std::error_code got;
      {
        const misbehaviour system({.which = made.asks, .error = error.number});
        got = error_of(io::with_io({.backend = made.kind}));
      }
      judge(made.asks, error, io::name_of(made.kind),
            got == std::error_condition(error.number, std::generic_category()) &&
                open_descriptors() == before,
            got);
    }
    CHECK(io::with_io({.backend = made.kind}));
  }
}

TEST_CASE("a descriptor that cannot be watched fails its call, not its future [row B10]") {
  for (const auto& [kind, asks] : {std::pair(io::backend_kind::epoll, call::epoll_control),
                                   std::pair(io::backend_kind::kqueue, call::kqueue_change)}) {
    if (!is_here(kind)) {
      continue;
    }
    run_in({.name = {}, .backend = kind}, [kind, asks] {
      for (const errno_case& error : {REPORTED(EINVAL), REPORTED(ELOOP), REPORTED(ENOENT),
                                      REPORTED(ENOMEM), REPORTED(ENOSPC), REPORTED(EPERM)}) {
        raw_pair ends = tcp_pair();
        const tcp_stream near = tcp_stream::from(adopt(std::move(ends.near)));
        std::array<std::byte, 4> buffer;
        std::error_code got;
        {
          const misbehaviour system({.which = asks, .error = error.number});
          got = error_of(near.read(buffer));
        }
        CHECK(send_now(ends.far.get(), "ping"));
        judge(asks, error, io::name_of(kind),
              got == std::error_condition(error.number, std::generic_category()) &&
                  near.read_exact(buffer),
              got);
      }
    });
  }
}

TEST_CASE("a backend whose wait fails goes on, and nothing that waits is lost [row B10]") {
  constexpr int times = 5;
  for (const waiting_call& made : waiting_calls) {
    const bool by_ring = made.kind == io::backend_kind::io_uring;
    if (!is_here(made.kind) || (by_ring && !ring_faults::available())) {
      continue;
    }
    for (const errno_case& error : made.errors) {
      run_in({.name = {}, .backend = made.kind}, [&] {
        // Not on a thread that sleeps already: its calls come from here on.
        const misbehaviour system({.which = made.asks, .error = error.number, .times = times});
        if (by_ring) {
          ring_faults::fail_entering(error.number, times);
        }
        const bool passed = echoes_ping();
        (void)sleep_for(1ms);
        const int failures = by_ring ? ring_faults::stop() : system.failures();
        judge(made.asks, error, io::name_of(made.kind), passed && failures == times);
      });
    }
  }
}

TEST_CASE("a ring that gets no buffers lends them all the same [row B10]") {
  if (!is_here(io::backend_kind::io_uring)) {
    return;
  }
  for (const errno_case& error :
       {REPORTED(EBUSY), REPORTED(EEXIST), REPORTED(EFAULT), REPORTED(EINVAL), REPORTED(ENOMEM)}) {
    run_in({.name = {}, .backend = io::backend_kind::io_uring}, [&] {
      const misbehaviour system({.which = call::ring_register, .error = error.number});
      raw_pair ends = tcp_pair();
      const tcp_stream near = tcp_stream::from(adopt(std::move(ends.near)));
      auto reader = spawn([&] { return near.read_leased(); });
      yield();
      CHECK(send_now(ends.far.get(), "ping"));
      const auto leased = reader.join();
      const errno_case done_without{error.number, error.name, fate::succeeded};
      judge(call::ring_register, done_without, "io_uring",
            leased && leased->size() == 4 && system.failures() == 1, error_of(leased));
    });
  }
}

}  // namespace weft::testing
