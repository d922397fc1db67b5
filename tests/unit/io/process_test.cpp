#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <shell.hpp>
#include <sigpipe.hpp>
#include <unistd.h>

#include <weft/io/command.hpp>
#include <weft/io/detail/syscalls.hpp>

#include "support/ends_of_wait.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/waiting_forms.hpp"

namespace weft::testing {

namespace {

using io::child_stream;
using io::command;
using io::exit_status;
using weft::detail::sys::call;
using weft::detail::sys::fault;
using weft::detail::sys::inject;

exit_status end_of(const command& what) {
  return or_throw(or_throw(what.spawn()).wait());
}

/// One that lives until its input ends.
io::process waiting_child() {
  return or_throw(command("cat").input(child_stream::pipe()).spawn());
}

/// Waits until nothing is left of a child, not even for its parent to take note of.
void until_cleared_away(std::int64_t number) {
  while (::kill(static_cast<pid_t>(number), 0) == 0 || errno != ESRCH) {
    (void)sleep_for(1ms);
  }
}

/// ... and its watcher has ended, too.
void until_open(int descriptors) {
  while (open_descriptors() > descriptors) {
    (void)sleep_for(1ms);
  }
}

fault no_handles_of_processes(call which, int, std::size_t) noexcept {
  return {.error = which == call::watch_child ? EPERM : 0};
}

/// As it is, and where Linux refuses handles of processes. There the thread that has waited for a
/// child in its place may be there still when the child's end is known.
template <class F>
void with_and_without_handles(F f) {
  const auto until_all_is_closed = [&f] {
    const int before = open_descriptors();
    f();
    until_open(before);
  };
  in_io(until_all_is_closed);
  if (backends_here().front() != io::backend_kind::kqueue) {
    inject(&no_handles_of_processes);
    in_io(until_all_is_closed);
    inject(nullptr);
  }
}

class ignoring_children {
 public:
  ignoring_children() : before_(std::signal(SIGCHLD, SIG_IGN)) {}
  ~ignoring_children() { std::signal(SIGCHLD, before_); }
  ignoring_children(const ignoring_children&) = delete;
  ignoring_children& operator=(const ignoring_children&) = delete;

 private:
  void (*before_)(int);
};

}  // namespace

TEST_CASE("[row 123] a process ends with a code, or by a signal, and says which") {
  with_and_without_handles([] {
    CHECK(end_of(command("true")) == exit_status::exited(0));
    CHECK(end_of(shell("exit 7")) == exit_status::exited(7));
    CHECK(end_of(shell("kill -9 $$")) == exit_status::killed(SIGKILL));
    CHECK(end_of(shell("kill -TERM $$")).to_string() == "signal 15");
  });
  CHECK(exit_status::exited(0).is_success());
  CHECK(!exit_status::exited(1).is_success());
  CHECK(exit_status::exited(3).code() == 3);
  CHECK(!exit_status::exited(3).signal());
  CHECK(exit_status::exited(3).to_string() == "exit code 3");
  CHECK(!exit_status::killed(9).is_success());
  CHECK(!exit_status::killed(9).code());
  CHECK(exit_status::killed(9, true).signal() == 9);
  CHECK(exit_status::killed(9, true).dumped_core());
}

TEST_CASE("[row 123] a wait for a process gives up as every wait does, and can be repeated") {
  with_and_without_handles([] {
    auto child = waiting_child();
    check_gives_up([&] { return child.wait(); });
    CHECK(error_of(child.wait_for(2ms)) == errc::timed_out);
    CHECK(error_of(child.wait_for(0ms)) == errc::timed_out);
    CHECK(error_of(child.wait_until(clock::now() - 1h)) == errc::timed_out);
    CHECK(error_of(child.try_wait()) == std::errc::operation_would_block);
    CHECK(child.id() > 0);
    child.input().close();
    CHECK(child.wait() == exit_status::exited(0));
    CHECK(child.try_wait() == exit_status::exited(0));
    {
      cancel_scope ended;
      ended.cancel();
      CHECK(child.wait() == exit_status::exited(0));
    }
    CHECK(child.wait_for(0ms) == exit_status::exited(0));
  });
}

TEST_CASE("[row 123] several wait for one process, and all are told") {
  with_and_without_handles([] {
    auto child = waiting_child();
    std::vector<join_handle<exit_status>> waiters;
    for (int i = 0; i < 4; ++i) {
      waiters.push_back(spawn([&] { return or_throw(child.wait()); }));
    }
    std::thread thread([&] { CHECK(child.wait() == exit_status::exited(0)); });
    (void)sleep_for(settle_time);
    child.input().close();
    for (auto& waiter : waiters) {
      CHECK(or_throw(waiter.join()) == exit_status::exited(0));
    }
    thread.join();
  });
}

TEST_CASE("[row 123] a process is signalled until its end was reported, and never after") {
  with_and_without_handles([] {
    auto asked = waiting_child();
    or_throw(asked.terminate());
    CHECK(asked.wait() == exit_status::killed(SIGTERM));
    CHECK(error_of(asked.terminate()) == std::errc::no_such_process);
    CHECK(error_of(asked.signal(0)) == std::errc::no_such_process);
    auto ended = waiting_child();
    or_throw(ended.signal(0));
    CHECK(error_of(ended.signal(4711)) == std::errc::invalid_argument);
    or_throw(ended.kill());
    CHECK(ended.wait() == exit_status::killed(SIGKILL));
    CHECK(error_of(ended.kill()) == std::errc::no_such_process);
    auto told = or_throw(shell("trap 'exit 5' USR1; echo ready; while :; do sleep 0.01; done")
                             .output(child_stream::pipe())
                             .spawn());
    std::string ready(6, '.');
    or_throw(told.output().read_exact(bytes_of(ready)));
    or_throw(told.signal(SIGUSR1));
    CHECK(told.wait() == exit_status::exited(5));
  });
}

TEST_CASE("[row 122] our ends of a process's streams talk to it") {
  in_io([] {
    auto child = or_throw(shell("cat; echo done >&2")
                              .input(child_stream::pipe())
                              .output(child_stream::pipe())
                              .error(child_stream::pipe())
                              .spawn());
    std::string text;
    for (std::size_t i = 0; text.size() < 300'000; ++i) {
      text += std::to_string(i) + ' ';
    }
    auto writer = spawn([&, input = std::move(child.input())]() mutable {
      or_throw(input.write_all(text));
      input.close();
    });
    std::string got(text.size(), '.');
    or_throw(child.output().read_exact(bytes_of(got)));
    CHECK(got == text);
    or_throw(writer.join());
    std::array<std::byte, 10> rest;
    CHECK(error_of(child.output().read(rest)) == errc::end_of_stream);
    CHECK(child.error().read(rest) == 5);
    CHECK(child.wait() == exit_status::exited(0));
  });
}

TEST_CASE("[row 125] a process that reads no more ends the write with an error") {
  const deadly_sigpipe armed;
  in_io([] {
    auto child = or_throw(command("true").input(child_stream::pipe()).spawn());
    CHECK(error_of(child.input().write_all(std::string(1'000'000, 'x'))) == std::errc::broken_pipe);
    CHECK(child.wait() == exit_status::exited(0));
  });
}

TEST_CASE("[row 123] a process that was dropped runs on, and nothing is left of it in the end") {
  with_and_without_handles([] {
    const int before = open_descriptors();
    int ends[2];
    REQUIRE(raw::pipe(ends));
    const raw_handle far(ends[1]);
    auto reader = or_throw(io::pipe_reader::adopt(ends[0]));
    std::vector<std::int64_t> numbers;
    std::vector<io::pipe_writer> inputs;
    for (int i = 0; i < 3; ++i) {
      auto child = or_throw(command("cat")
                                .input(child_stream::pipe())
                                .output(child_stream::handle(far.get()))
                                .spawn());
      numbers.push_back(child.id());
      inputs.push_back(std::move(child.input()));
    }
    {
      auto over = or_throw(command("true").spawn());
      numbers.push_back(over.id());
    }
    for (auto& input : inputs) {
      std::string word(4, '.');
      or_throw(input.write_all("here"));
      or_throw(reader.read_exact(bytes_of(word)));
      CHECK(word == "here");
      input.close();
    }
    for (const auto number : numbers) {
      until_cleared_away(number);
    }
    reader.close();
    until_open(before + 1);
  });
}

TEST_CASE("[row 123] a process that is to be killed when it is dropped is") {
  with_and_without_handles([] {
    const int before = open_descriptors();
    std::int64_t number = 0;
    {
      auto child = or_throw(command("cat").input(child_stream::pipe()).kill_on_drop().spawn());
      number = child.id();
      const io::pipe_writer input = std::move(child.input());
      child = io::process();
      until_cleared_away(number);
    }
    until_open(before);
  });
}

TEST_CASE("[row 123] where the program ignores SIGCHLD the exit status is lost, and says so") {
  const ignoring_children deaf;
  with_and_without_handles([] {
    auto child = waiting_child();
    child.input().close();
    CHECK(error_of(child.wait()) == std::errc::no_child_process);
    CHECK(error_of(child.wait()) == std::errc::no_child_process);
    CHECK(error_of(child.kill()) == std::errc::no_such_process);
    for (int i = 0; i < 5; ++i) {
      CHECK(error_of(or_throw(command("true").spawn()).wait()) == std::errc::no_child_process);
    }
  });
}

TEST_CASE("[row 123] a process is used and waited for by plain threads") {
  auto child = waiting_child();
  {
    const timeout_scope limit(2ms);
    CHECK(error_of(child.wait()) == errc::timed_out);
  }
  std::thread closer([&] { child.input().close(); });
  CHECK(child.wait() == exit_status::exited(0));
  closer.join();
}

TEST_CASE("[row 123] an object without a process says so") {
  io::process none;
  CHECK(none.id() == -1);
  CHECK(error_of(none.wait()) == errc::closed);
  CHECK(error_of(none.try_wait()) == errc::closed);
  CHECK(error_of(none.kill()) == errc::closed);
  CHECK(!none.input().is_open());
}

TEST_CASE("[row 123] many processes at once are all waited for") {
  with_and_without_handles([] {
    std::vector<join_handle<void>> all;
    for (std::size_t i = 0; i < rounds(40); ++i) {
      all.push_back(spawn([i] {
        const int code = static_cast<int>(i % 50);
        CHECK(end_of(shell("exit " + std::to_string(code))) == exit_status::exited(code));
      }));
    }
    for (auto& one : all) {
      or_throw(one.join());
    }
  });
}

}  // namespace weft::testing
