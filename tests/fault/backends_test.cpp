#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <unistd.h>

#include <weft/runtime/explain.hpp>

#include "misbehaviour.hpp"

/// The system refuses what a backend is made of.
namespace weft::testing {

namespace {

/// Runs `f` and returns what went to standard error meanwhile.
template <class F>
std::string captured_stderr(F f) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file);
  std::fflush(stderr);
  const raw_handle before(::dup(STDERR_FILENO));
  ::dup2(::fileno(file), STDERR_FILENO);
  f();
  std::fflush(stderr);
  ::dup2(before.get(), STDERR_FILENO);
  std::string text(static_cast<std::size_t>(::lseek(::fileno(file), 0, SEEK_END)), '\0');
  const auto read = ::pread(::fileno(file), text.data(), text.size(), 0);
  CHECK(static_cast<std::size_t>(read) == text.size());
  std::fclose(file);
  return text;
}

/// WEFT_BACKEND is not set while it lives.
class free_choice {
 public:
  free_choice() : is_set_(std::getenv(name)), before_(is_set_ ? std::getenv(name) : "") {
    ::unsetenv(name);
  }
  ~free_choice() {
    if (is_set_) {
      ::setenv(name, before_.c_str(), 1);
    }
  }
  free_choice(const free_choice&) = delete;
  free_choice& operator=(const free_choice&) = delete;

 private:
  static constexpr const char* name = "WEFT_BACKEND";
  const bool is_set_;
  const std::string before_;
};

}  // namespace

TEST_CASE("a descriptor that cannot be watched fails its call only") {
  in_io([] {
    if (io::current_backend() != io::backend_kind::epoll) {
      return;
    }
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    std::array<std::byte, 4> buffer;
    expect_errors(call::epoll_control, {ENOSPC, ENOMEM},
                  [&] { return error_of(near.read(buffer)); });
    auto reader = spawn([&] { return near.read_exact(buffer); });
    (void)sleep_for(settle_time);
    CHECK(send_now(ends.far.get(), "ping"));
    CHECK(reader.join());
  });
}

TEST_CASE("where io_uring is refused, epoll serves, and one line says why [row 76]") {
  const free_choice unset;
  for (const int refusal : {ENOSYS, EPERM, EACCES, EINVAL, ENOMEM}) {
    misbehaviour system;
    system.fail(call::ring_setup, refusal);
    const std::string message = std::error_code(refusal, std::system_category()).message();
    const std::string said = captured_stderr([&] {
      io::backend_choice choice;
      in_fiber(
          [] {
            CHECK(io::current_backend() == io::backend_kind::epoll);
            CHECK(echoes(sample(1000)));
          },
          or_throw(io::with_io({.workers = 2}, &choice)));
      CHECK(choice.kind == io::backend_kind::epoll);
      CHECK(choice.reason.find(message) != std::string::npos);
    });
    CHECK(said == "weft: io_uring is not to be had here (" + message + "); using epoll\n");
  }
}

TEST_CASE("where io_uring and epoll are refused, poll serves, and the line says why [row 80]") {
  const free_choice unset;
  misbehaviour system;
  system.fail(call::ring_setup, ENOSYS);
  system.fail(call::epoll_create, EPERM);
  const std::string said = captured_stderr([] {
    in_fiber(
        [] {
          CHECK(io::current_backend() == io::backend_kind::poll);
          CHECK(echoes(sample(1000)));
        },
        or_throw(io::with_io({.workers = 2})));
  });
  CHECK(said ==
        "weft: io_uring is not to be had here (Function not implemented), epoll is not to be had "
        "here (Operation not permitted); using poll\n");
}

TEST_CASE("a ring that only the second worker is refused is made up for by epoll [row 76]") {
  if (!io::make_drivers(io::backend_kind::io_uring)) {
    return;
  }
  misbehaviour system;
  system.fail_after(1, call::ring_setup, ENOMEM);
  const std::string said = captured_stderr([] {
    for (const scheduling mode : {scheduling::work_stealing, scheduling::pinned}) {
      run_in({.name = {}, .backend = io::backend_kind::io_uring, .workers = 2, .mode = mode}, [] {
        for (int i = 0; i < 20; ++i) {
          CHECK(echoes(sample(1000)));
        }
      });
      plan_of(call::ring_setup).calls = 0;
    }
  });
  CHECK(said.empty());
}

TEST_CASE("a backend that was asked for by name and is refused is an error that names it") {
  misbehaviour system;
  system.fail(call::ring_setup, EPERM);
  const auto refused = io::with_io({.backend = io::backend_kind::io_uring});
  CHECK(error_of(refused) == std::errc::operation_not_permitted);
  CHECK(explain(error_of(refused)).starts_with("backend io_uring: "));
  for (const call which : {call::epoll_create, call::event_fd, call::epoll_control}) {
    misbehaviour other;
    other.fail(which, EMFILE);
    const int before = open_descriptors();
    const auto none = io::with_io({.backend = io::backend_kind::epoll});
    CHECK(error_of(none) == std::errc::too_many_files_open);
    CHECK(explain(error_of(none)).starts_with("backend epoll: "));
    CHECK(open_descriptors() == before);
  }
  misbehaviour third;
  third.fail(call::wake_pipe, EMFILE);
  CHECK(error_of(io::with_io({.backend = io::backend_kind::poll})) ==
        std::errc::too_many_files_open);
}

}  // namespace weft::testing
