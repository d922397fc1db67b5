#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <shell.hpp>
#include <unistd.h>

#include <weft/io/command.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/explain.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"
#include "support/stuck_pool.hpp"

namespace weft::testing {

namespace {

using io::child_stream;
using io::command;
using io::exit_status;
using weft::detail::sys::call;
using weft::detail::sys::fault;
using weft::detail::sys::inject;

std::string said_by(const command& what) {
  const auto all = or_throw(what.output());
  CHECK_MESSAGE(all.status.is_success(), all.status.to_string(), " ", all.error);
  return all.output;
}

/// How many handles of this process a child gets.
std::ptrdiff_t handles_for_children() {
  std::ptrdiff_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    count += (::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC) == 0;
  }
  return count;
}

/// A variable of this process's environment, for as long as this lives.
class own_variable {
 public:
  own_variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~own_variable() { ::unsetenv(name_); }
  own_variable(const own_variable&) = delete;
  own_variable& operator=(const own_variable&) = delete;

 private:
  const char* name_;
};

/// Every call of one kind fails.
class broken {
 public:
  broken(call failing, int with) {
    which = failing;
    number = with;
    inject(&answer);
  }
  ~broken() { inject(nullptr); }
  broken(const broken&) = delete;
  broken& operator=(const broken&) = delete;

 private:
  static fault answer(call made, int, std::size_t) noexcept {
    return {.error = made == which ? number.load() : 0};
  }
  static inline std::atomic<call> which{};
  static inline std::atomic<int> number{0};
};

void make_file(const std::string& path, int flags, std::string_view text, mode_t mode) {
  const raw_handle file(::open(path.c_str(), flags | O_CREAT | O_WRONLY | O_CLOEXEC, mode));
  REQUIRE(raw::write(file.get(), text.data(), text.size()) ==
          static_cast<std::ptrdiff_t>(text.size()));
}

}  // namespace

TEST_CASE("[row 122] a command's output is what it said, and how it ended") {
  in_io([] {
    const auto all = or_throw(shell("echo to the output; echo to the error >&2; exit 3").output());
    CHECK(all.output == "to the output\n");
    CHECK(all.error == "to the error\n");
    CHECK(all.status == exit_status::exited(3));
    CHECK(said_by(command("printf").argument("%s,").arguments({"one", "two words", ""})) ==
          "one,two words,,");
    CHECK(said_by(command("cat")).empty());
  });
}

TEST_CASE("[row 122] much on both streams is read at once, by a fiber and by a plain thread") {
  const auto check = [] {
    const auto all =
        or_throw(shell("dd if=/dev/zero bs=65536 count=16 2>/dev/null | tr '\\0' e >&2;"
                       "dd if=/dev/zero bs=65536 count=16 2>/dev/null | tr '\\0' o;"
                       "dd if=/dev/zero bs=65536 count=16 2>/dev/null | tr '\\0' e >&2")
                     .output());
    CHECK(all.output == std::string(16 * 65536, 'o'));
    CHECK(all.error == std::string(32 * 65536, 'e'));
    CHECK(all.status.is_success());
  };
  in_io(check);
  check();
}

TEST_CASE("[row 122] more than the limit ends the command, whichever stream it is on") {
  const auto check = [] {
    const int before = open_descriptors();
    CHECK(or_throw(command("printf").argument("12345").output(5)).output == "12345");
    for (const char* script : {"exec yes", "exec yes >&2"}) {
      const auto all = shell(script).output(100'000);
      CHECK(error_of(all) == std::errc::value_too_large);
      CHECK(explain(error_of(all)).starts_with("the output of sh: "));
    }
    while (open_descriptors() > before) {
      std::this_thread::sleep_for(1ms);  // until both are cleared away
    }
  };
  in_io(check);
  check();
}

TEST_CASE("[row 122] a command whose caller gives up is killed") {
  const scratch_directory here;
  in_io([&] {
    const int before = open_descriptors();
    for (const char* script :
         {": > begun; exec sleep 1000", "exec >&- 2>&-; : > begun; exec sleep 1000"}) {
      std::filesystem::remove(here / "begun");
      auto caller = spawn([&] { return error_of(shell(script).directory(here / ".").output()); });
      while (!std::filesystem::exists(here / "begun") && !caller.finished()) {
        (void)sleep_for(1ms);
      }
      (void)sleep_for(settle_time);
      CHECK(!caller.finished());
      caller.cancel();
      CHECK(caller.join() == make_error_code(errc::operation_canceled));
    }
    {
      const timeout_scope limit(5ms);
      CHECK(error_of(shell("exec sleep 1000").output()) == errc::timed_out);
    }
    while (open_descriptors() > before) {
      (void)sleep_for(1ms);
    }
  });
}

TEST_CASE("[row 122] the environment is inherited, changed, or made anew") {
  const own_variable known("WEFT_TEST_KNOWN", "from the parent");
  in_io([] {
    const std::string show = "echo \"$WEFT_TEST_KNOWN|$WEFT_TEST_NEW\"";
    CHECK(said_by(shell(show)) == "from the parent|\n");
    CHECK(said_by(shell(show).set_variable("WEFT_TEST_NEW", "a=b")) == "from the parent|a=b\n");
    CHECK(said_by(shell(show)
                      .set_variable("WEFT_TEST_KNOWN", "1")
                      .set_variable("WEFT_TEST_KNOWN", "2")) == "2|\n");
    CHECK(said_by(shell(show).remove_variable("WEFT_TEST_KNOWN")) == "|\n");
    CHECK(said_by(command("env").clear_environment()).empty());
    CHECK(said_by(command("env")
                      .set_variable("GONE", "x")
                      .clear_environment()
                      .set_variable("ONLY", "this")) == "ONLY=this\n");
  });
}

TEST_CASE("[row 122] the streams are inherited, null, a pipe, or what they are given") {
  const scratch_directory here;
  in_io([&] {
    const raw_handle log(::open((here / "log").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
    const auto to_log = child_stream::handle(log.get());
    auto child = or_throw(shell("echo out; echo err >&2; cat")
                              .input(child_stream::null())
                              .output(to_log)
                              .error(to_log)
                              .spawn());
    CHECK(child.wait() == exit_status::exited(0));
    CHECK(!child.output().is_open());
    std::string text(8, '.');
    REQUIRE(::pread(log.get(), text.data(), 8, 0) == 8);
    CHECK(text == "out\nerr\n");
    auto silent = or_throw(shell("echo out; echo err >&2")
                               .output(child_stream::null())
                               .error(child_stream::null())
                               .spawn());
    CHECK(silent.wait() == exit_status::exited(0));
    // Each is what the other one is here.
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const raw_handle near(ends[0]);
    const raw_handle far(ends[1]);
    const raw_handle own(::dup(STDERR_FILENO));
    REQUIRE(::dup2(far.get(), STDERR_FILENO) == STDERR_FILENO);
    auto swapped = command("sh")
                       .arguments({"-c", "echo swapped"})
                       .output(child_stream::handle(STDERR_FILENO))
                       .spawn();
    REQUIRE(::dup2(own.get(), STDERR_FILENO) == STDERR_FILENO);
    CHECK(or_throw(std::move(swapped)).wait() == exit_status::exited(0));
    std::string word(8, '.');
    CHECK(::read(near.get(), word.data(), word.size()) == 8);
    CHECK(word == "swapped\n");
    CHECK(error_of(command("true").input(child_stream::handle(9999)).spawn()) ==
          std::errc::bad_file_descriptor);
  });
}

TEST_CASE("[row 122] a child waits for its pipes, as programs expect") {
  in_io([] {
    auto child = or_throw(shell("grep flags /proc/self/fdinfo/0 /proc/self/fdinfo/2")
                              .input(child_stream::pipe())
                              .output(child_stream::pipe())
                              .error(child_stream::pipe())
                              .spawn());
    std::string flags(500, '\0');
    flags.resize(or_throw(child.output().read(bytes_of(flags))));
    CHECK(flags.find("/0:") != flags.npos);
    for (std::size_t at = 0; (at = flags.find("flags:\t", at)) != flags.npos; at += 7) {
      CHECK((std::stoul(flags.substr(at + 7), nullptr, 8) & O_NONBLOCK) == 0);
    }
    CHECK(child.wait() == exit_status::exited(0));
  });
}

TEST_CASE("[row 122] a child starts where it is told to") {
  const scratch_directory here;
  in_io([&] {
    const std::string where = std::filesystem::canonical(here / ".").string();
    CHECK(said_by(command("pwd").directory(where)) == where + "\n");
    const auto nowhere = command("pwd").directory(here / "nowhere").spawn();
    CHECK(error_of(nowhere) == std::errc::no_such_file_or_directory);
    CHECK(explain(error_of(nowhere)) ==
          "spawn pwd in " + (here / "nowhere") + ": No such file or directory");
  });
}

TEST_CASE("[row 122] what cannot be started is named") {
  const scratch_directory here;
  make_file(here / "plain", 0, "no program", 0600);
  make_file(here / "broken", 0, "#!/no/such/interpreter\n", 0700);
  in_io([&] {
    const auto missing = command("no-such-program").spawn();
    CHECK(error_of(missing) == std::errc::no_such_file_or_directory);
    CHECK(explain(error_of(missing)) == "spawn no-such-program: No such file or directory");
    CHECK(error_of(command(here / "missing").output()) == std::errc::no_such_file_or_directory);
    CHECK(error_of(command(here / "plain").spawn()) == std::errc::permission_denied);
    CHECK(error_of(command(here / "broken").spawn()) == std::errc::no_such_file_or_directory);
    CHECK(error_of(command("").spawn()) == std::errc::no_such_file_or_directory);
    for (const command& unsound :
         {command(std::string("tr\0ue", 5)), command("true").argument(std::string(1, '\0')),
          command("true").directory(std::string(1, '\0')), command("true").set_variable("", "x"),
          command("true").set_variable("a=b", "x"),
          command("true").set_variable("a", std::string(1, '\0')),
          command("true").remove_variable("")}) {
      CHECK(error_of(unsound.spawn()) == std::errc::invalid_argument);
    }
    CHECK(error_of(command("true").argument(std::string(1'000'000, 'x')).spawn()) ==
          std::errc::argument_list_too_long);
  });
}

TEST_CASE("[row 122] a child has its standard streams only, no signal held back, and SIGPIPE") {
  const raw_handle one_more(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  sigset_t held;
  ::sigfillset(&held);
  auto* const before = std::signal(SIGPIPE, SIG_IGN);
  std::thread([&] {
    ::pthread_sigmask(SIG_SETMASK, &held, nullptr);
    CHECK(said_by(shell("grep SigBlk /proc/self/status")) == "SigBlk:\t0000000000000000\n");
    CHECK(or_throw(shell("kill -PIPE $$; echo alive").output()).status ==
          exit_status::killed(SIGPIPE));
  }).join();
  in_io([] {
    // What this program was started with may have more; and "ls" has the directory that it lists.
    const std::string seen = said_by(command("ls").argument("/proc/self/fd"));
    CHECK(std::ranges::count(seen, '\n') == handles_for_children() + 1);
    CHECK(said_by(shell("grep SigBlk /proc/self/status")) == "SigBlk:\t0000000000000000\n");
  });
  std::signal(SIGPIPE, before);
}

TEST_CASE("[row 122] what the system refuses on the way is told, and nothing is left") {
  in_io([] {
    const int before = open_descriptors();
    const auto refused = [](call which, int number) {
      const broken system(which, number);
      return error_of(shell("exec sleep 1000")
                          .input(child_stream::pipe())
                          .output(child_stream::null())
                          .error(child_stream::handle(STDERR_FILENO))
                          .spawn());
    };
    CHECK(refused(call::spawn, EAGAIN) == std::errc::resource_unavailable_try_again);
    CHECK(refused(call::pipe, EMFILE) == std::errc::too_many_files_open);
    CHECK(refused(call::open_file, ENFILE) == std::errc::too_many_files_open_in_system);
    CHECK(refused(call::duplicate, EMFILE) == std::errc::too_many_files_open);
    CHECK(refused(call::watch_child, EMFILE) == std::errc::too_many_files_open);
    CHECK(explain(refused(call::spawn, ENOMEM)) == "spawn sh: Cannot allocate memory");
    CHECK(open_descriptors() == before);
    auto child = or_throw(command("true").spawn());
    {
      const broken system(call::wait_child, EIO);
      CHECK(error_of(child.wait()) == std::errc::io_error);
      CHECK(error_of(or_throw(command("true").spawn()).wait()) == std::errc::io_error);
    }
    {
      const broken system(call::signal_child, EPERM);
      CHECK(error_of(child.kill()) == std::errc::operation_not_permitted);
    }
    CHECK(child.wait() == exit_status::exited(0));
    child = {};
    while (open_descriptors() > before) {
      (void)sleep_for(1ms);
    }
  });
}

TEST_CASE("[row 122] a command that waits for the pool is not started when its caller gives up") {
  const scratch_directory here;
  while_pool_is_stuck([&] {
    check_gives_up_in_pool([&] { return command("touch").argument(here / "made").spawn(); });
  });
  CHECK(!std::filesystem::exists(here / "made"));
}

}  // namespace weft::testing
