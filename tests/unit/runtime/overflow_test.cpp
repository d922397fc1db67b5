#include "overflow.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <support/emulator.hpp>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "stack_guard.hpp"
#include "stack_pool.hpp"

namespace {

using weft::detail::fiber_brief;
using weft::detail::guard_kind;
using weft::detail::overflow_guard;
using weft::detail::stack;
using weft::detail::stack_pool;
using weft::testing::under_qemu;

constexpr std::size_t stack_size = std::size_t{64} * 1024;
constexpr int survived = 7;

struct outcome {
  int status;
  std::string text;

  bool was_killed_by(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
  bool exited_with(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
  bool says(const char* what) const { return text.find(what) != std::string::npos; }
};

/// Runs the action in a child process, which exits with `survived` if it returns.
template <typename Action>
outcome in_child(Action action) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    // Not doctest's handlers: they would be the previous ones of ours.
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT}) {
      std::signal(signal, SIG_DFL);
    }
    action();
    _exit(survived);
  }
  close(ends[1]);
  outcome result{};
  std::array<char, 4096> buffer;
  for (ssize_t count = 0; (count = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    result.text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(ends[0]);
  REQUIRE(waitpid(child, &result.status, 0) == child);
  return result;
}

fiber_brief running;
bool describe(fiber_brief& brief) noexcept {
  brief = running;
  return true;
}

volatile int deepest = 1'000'000;
volatile int sink;
// NOLINTNEXTLINE(misc-no-recursion): it is the point
[[gnu::noinline]] void recurse(int depth) {
  volatile unsigned char frame[200];
  frame[0] = static_cast<unsigned char>(depth);
  if (depth < deepest) {
    recurse(depth + 1);
  }
  sink = frame[0];
}

/// Overflows a fiber's stack, as the fiber that `running` describes.
void overflow_a_stack(guard_kind kind) {
  static stack_pool pool({.default_size = stack_size, .guard = kind});
  const overflow_guard guard;
  const stack* const s = pool.acquire(stack_size);
  running.bottom = s->bottom;
  running.top = s->top;
  weft::detail::set_fiber_describer(&describe);
  static ucontext_t here;
  static ucontext_t there;
  getcontext(&there);
  there.uc_stack.ss_sp = s->bottom;
  there.uc_stack.ss_size = static_cast<std::size_t>(s->top - s->bottom);
  makecontext(&there, [] { recurse(0); }, 0);
  swapcontext(&here, &there);
}

void touch_guard() {
  static stack_pool pool({.default_size = stack_size});
  const overflow_guard guard;
  const stack* const s = pool.acquire(stack_size);
  *const_cast<volatile std::byte*>(s->bottom - 1) = std::byte{1};
}

void* volatile forbidden = nullptr;

void touch_forbidden() {
  const overflow_guard guard;
  forbidden = mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *static_cast<volatile char*>(forbidden) = 1;
}

}  // namespace

TEST_CASE("[row 23] an overflow names the fiber, its stack's size and where it was spawned") {
  std::vector<guard_kind> kinds{guard_kind::protection};
  if (weft::detail::best_guard_kind() == guard_kind::marker) {
    kinds.push_back(guard_kind::marker);
  }
  for (const guard_kind kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    const outcome result = in_child([kind] {
      running = {.name = "parser", .id = 42, .file = "server.cpp", .line = 31};
      overflow_a_stack(kind);
    });
    CHECK(result.was_killed_by(SIGABRT));
    CHECK(
        result.says("weft: fiber 42 \"parser\" overflowed its 64 KiB stack; spawned at "
                    "server.cpp:31 (give it more with spawn_options::stack_size)\n"));
    INFO(result.text);
    CHECK(std::count(result.text.begin(), result.text.end(), '\n') > 10);  // the backtrace
  }
}

TEST_CASE("a guard that is hit from elsewhere is told apart from an overflow") {
  const outcome outside = in_child([] { touch_guard(); });
  CHECK(outside.was_killed_by(SIGABRT));
  CHECK(outside.says("touched outside of any fiber"));
  const outcome stray = in_child([] {
    running = {.name = "writer", .id = 3};
    weft::detail::set_fiber_describer(&describe);
    touch_guard();
  });
  CHECK(stray.was_killed_by(SIGABRT));
  CHECK(stray.says("weft: fiber 3 \"writer\" touched the guard page of another fiber's stack"));
}

TEST_CASE("any other fault ends the process as it would have without weft") {
  const outcome standard = in_child([] { touch_forbidden(); });
  CHECK(standard.was_killed_by(SIGSEGV));
  CHECK((standard.text.empty() || under_qemu()));
  const outcome ignored = in_child([] {
    std::signal(SIGSEGV, SIG_IGN);
    touch_forbidden();
  });
  CHECK(ignored.was_killed_by(SIGSEGV));
}

TEST_CASE("any other fault goes to the handler that was there before") {
  const outcome simple = in_child([] {
    std::signal(SIGSEGV, [](int signal) { _exit(signal == SIGSEGV ? 20 : 21); });
    touch_forbidden();
  });
  CHECK(simple.exited_with(20));
  const outcome detailed = in_child([] {
    struct sigaction action{};
    action.sa_flags = SA_SIGINFO | static_cast<int>(SA_RESETHAND);
    sigaddset(&action.sa_mask, SIGUSR1);
    action.sa_sigaction = [](int, siginfo_t* info, void* context) {
      sigset_t blocked;
      pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
      const bool right = info->si_addr == forbidden && context != nullptr &&
                         sigismember(&blocked, SIGUSR1) == 1 && sigismember(&blocked, SIGSEGV) == 1;
      // It returns, so the fault strikes again; the handler was for one time only.
      [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, right ? "yes" : "no", right ? 3 : 2);
    };
    sigaction(SIGSEGV, &action, nullptr);
    touch_forbidden();
  });
  CHECK((under_qemu() ? detailed.text.starts_with("yes") : detailed.text == "yes"));
  CHECK(detailed.was_killed_by(SIGSEGV));
}

TEST_CASE("a signal that somebody sent keeps its meaning") {
  const outcome standard = in_child([] {
    const overflow_guard guard;
    raise(SIGBUS);
  });
  CHECK(standard.was_killed_by(SIGBUS));
  const outcome ignored = in_child([] {
    std::signal(SIGBUS, SIG_IGN);
    const overflow_guard guard;
    raise(SIGBUS);
  });
  CHECK(ignored.exited_with(survived));
}

TEST_CASE("the thread's former signal stack comes back") {
  const outcome result = in_child([] {
    stack_t before{};
    sigaltstack(nullptr, &before);
    stack_t during{};
    {
      const overflow_guard guard;
      sigaltstack(nullptr, &during);
    }
    stack_t after{};
    sigaltstack(nullptr, &after);
    const bool right = (during.ss_flags & SS_DISABLE) == 0 && during.ss_sp != before.ss_sp &&
                       after.ss_sp == before.ss_sp && after.ss_flags == before.ss_flags;
    _exit(right ? 30 : 31);
  });
  CHECK(result.exited_with(30));
}
