#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/run.hpp>
#include <weft/io/signal_listener.hpp>
#include <weft/runtime/explain.hpp>

#include "support/child.hpp"
#include "support/io_fixture.hpp"
#include "support/waiting_forms.hpp"

namespace weft::testing {

namespace {

constexpr auto would_block = std::errc::operation_would_block;

#if defined(WEFT_TSAN)
constexpr bool thread_sanitized = true;
#else
constexpr bool thread_sanitized = false;
#endif

signal_listener listening(std::initializer_list<int> signals) {
  return or_throw(signal_listener::open(signals));
}

void until_waiting(const signal_listener& signals, std::size_t count) {
  wait_until_true([&] { return signals.waiters() == count; });
}

/// Raises signals and returns when every listener that was opened meanwhile has heard them: the
/// last to hear is the first that was opened.
class raiser {
 public:
  void operator()(int signal) {
    ::kill(::getpid(), signal);
    CHECK(witness_.wait_for(promptly) == signal);
  }

 private:
  signal_listener witness_ = listening({SIGUSR1, SIGUSR2, SIGHUP});
};

struct signal_subject {
  raiser raise;
  signal_listener signals = listening({SIGUSR1});

  result<void> wait(time_point until) {
    const auto signal = signals.wait_until(until);
    return signal ? result<void>() : fail(signal.error());
  }
  void release() { raise(SIGUSR1); }
  std::size_t waiters() const { return signals.waiters(); }
};

void handler_of_the_program(int) {}

bool is_handled_by(int signal, void (*handler)(int)) {
  struct sigaction now{};
  ::sigaction(signal, nullptr, &now);
  return now.sa_handler == handler;
}

/// A handler of the program's own, for as long as this lives.
class own_handler {
 public:
  explicit own_handler(int signal)
      : signal_(signal), before_(std::signal(signal, &handler_of_the_program)) {}
  ~own_handler() { std::signal(signal_, before_); }
  own_handler(const own_handler&) = delete;
  own_handler& operator=(const own_handler&) = delete;

 private:
  int signal_;
  void (*before_)(int);
};

std::error_code refusal_of(std::initializer_list<int> signals) {
  return error_of(signal_listener::open(signals));
}

weft::detail::sys::fault no_pipes(weft::detail::sys::call which, int, std::size_t) noexcept {
  return {.error = which == weft::detail::sys::call::pipe ? EMFILE : 0};
}

}  // namespace

TEST_CASE("[row 124] a wait for a signal completes, times out, is cancelled, and loses none") {
  check_waiting_forms<signal_subject>();
}

TEST_CASE("[row 124] a fiber and a thread learn which signal came") {
  test_runtime r({.workers = 2, .background = true});
  for (const actor_kind kind : {actor_kind::fiber, actor_kind::thread}) {
    auto signals = listening({SIGUSR1, SIGUSR2});
    std::atomic<int> seen{0};
    actor waiter(kind, *r, [&] {
      CHECK(signals.wait() == SIGUSR2);
      ++seen;
      CHECK(signals.wait() == SIGUSR1);
    });
    until_waiting(signals, 1);
    std::raise(SIGUSR2);
    wait_until_true([&] { return seen == 1; });
    until_waiting(signals, 1);
    std::raise(SIGUSR1);
  }
}

TEST_CASE("[row 124] a signal that comes before the wait is not lost; two of a number are one") {
  raiser raise;
  auto signals = listening({SIGUSR1, SIGUSR2});
  CHECK(error_of(signals.try_wait()) == would_block);
  raise(SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR1);
  CHECK(signals.try_wait() == SIGUSR1);
  CHECK(signals.wait_for(0ms) == SIGUSR2);
  CHECK(error_of(signals.try_wait()) == would_block);
  CHECK(error_of(signals.wait_for(-1h)) == errc::timed_out);
}

TEST_CASE("[row 124] every listener for a signal hears it, and no other does") {
  raiser raise;
  auto first = listening({SIGUSR1});
  auto second = listening({SIGUSR1, SIGUSR2});
  auto other = listening({SIGUSR2});
  raise(SIGUSR1);
  CHECK(first.try_wait() == SIGUSR1);
  CHECK(second.try_wait() == SIGUSR1);
  CHECK(error_of(other.try_wait()) == would_block);
}

TEST_CASE("[row 124] of several that wait on one listener the first is served first") {
  in_fiber([] {
    raiser raise;
    auto signals = listening({SIGUSR1});
    std::string order;
    std::vector<join_handle<void>> waiters;
    for (char name = 'a'; name < 'd'; ++name) {
      waiters.push_back(spawn([&, name] {
        CHECK(signals.wait() == SIGUSR1);
        order += name;
      }));
      until_waiting(signals, waiters.size());
    }
    for (auto& waiter : waiters) {
      raise(SIGUSR1);
      CHECK(waiter.join().has_value());
    }
    CHECK(order == "abc");
  });
}

TEST_CASE("[row 124] the last listener for a signal puts back what it did before") {
  const int before = open_descriptors();
  const own_handler one(SIGUSR1);
  {
    auto first = listening({SIGUSR1});
    {
      const auto second = listening({SIGUSR1, SIGUSR2});
      CHECK(!is_handled_by(SIGUSR2, SIG_DFL));
    }
    CHECK(is_handled_by(SIGUSR2, SIG_DFL));
    CHECK(!is_handled_by(SIGUSR1, &handler_of_the_program));
    auto moved = std::move(first);
    std::raise(SIGUSR1);
    CHECK(moved.wait_for(promptly) == SIGUSR1);
  }
  CHECK(is_handled_by(SIGUSR1, &handler_of_the_program));
  CHECK(open_descriptors() == before);
}

TEST_CASE("[row 124] a handler that the program has installed meanwhile is left alone") {
  {
    const auto signals = listening({SIGUSR1});
    std::signal(SIGUSR1, &handler_of_the_program);
  }
  CHECK(is_handled_by(SIGUSR1, &handler_of_the_program));
  std::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("[row 124] what no one can listen for is refused with a sentence, and nothing is left") {
  const int before = open_descriptors();
  for (const int signal : {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, 0, -1, 128, 70000}) {
    CAPTURE(signal);
    CHECK(refusal_of({SIGUSR1, signal}) == std::errc::invalid_argument);
    CHECK(is_handled_by(SIGUSR1, SIG_DFL));
  }
  CHECK(explain(refusal_of({SIGKILL})) ==
        "signal 9: Invalid argument (no program can listen for it)");
  CHECK(refusal_of({}) == std::errc::invalid_argument);
  const auto seam = weft::detail::sys::inject(&no_pipes);
  CHECK(refusal_of({SIGUSR1}) == std::errc::too_many_files_open);
  weft::detail::sys::inject(seam);
  CHECK(is_handled_by(SIGUSR1, SIG_DFL));
  CHECK(open_descriptors() == before);
}

// ThreadSanitizer holds signals back, in a child for ever.
TEST_CASE("[row 124] a child of fork() dies of a signal that its parent listens for" *
          doctest::skip(thread_sanitized)) {
  raiser raise;
  auto signals = listening({SIGUSR1});
  const pid_t child = ::fork();
  if (child == 0) {
    std::raise(SIGUSR1);
    std::_Exit(EXIT_SUCCESS);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGUSR1);
  raise(SIGUSR2);
  CHECK(error_of(signals.try_wait()) == would_block);
}

TEST_CASE("[row 124] listeners come and go while signals rain") {
  const own_handler umbrella(SIGUSR1);
  const int before = open_descriptors();
  std::atomic<bool> done{false};
  std::thread rain([&] {
    while (!done.load()) {
      ::kill(::getpid(), SIGUSR1);
      std::this_thread::yield();
    }
  });
  in_fiber([] {
    const auto come_and_go = [] {
      for (std::size_t i = 0; i < rounds(100); ++i) {
        auto signals = listening({SIGUSR1});
        CHECK(signals.wait() == SIGUSR1);
      }
    };
    auto other = spawn(come_and_go);
    come_and_go();
    CHECK(other.join().has_value());
  });
  done.store(true);
  rain.join();
  CHECK(is_handled_by(SIGUSR1, &handler_of_the_program));
  CHECK(open_descriptors() == before);
}

TEST_CASE("child: listens for Ctrl-C itself and then no longer" * doctest::skip()) {
  become_plain_program();
  const int code = run_main([]() -> result<void> {
    {
      auto signals = listening({SIGINT});
      std::raise(SIGINT);
      CHECK(signals.wait() == SIGINT);
      CHECK(check_cancel().has_value());
      std::raise(SIGINT);
      CHECK(signals.wait() == SIGINT);
      std::puts("heard both");
    }
    std::raise(SIGINT);
    return sleep_for(1h);
  });
  std::puts("ended in order");
  std::fflush(stdout);
  std::_Exit(code);
}

TEST_CASE("[row 124] run_main() leaves Ctrl-C to who listens for it, and has it back afterwards") {
  const child_outcome ended = run_child("child: listens for Ctrl-C itself and then no longer");
  CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
  CHECK_MESSAGE(ended.says("heard both\nended in order"), ended.output);
}

}  // namespace weft::testing
