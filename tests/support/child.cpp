#include "child.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include <doctest/doctest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::testing {

bool child_outcome::was_killed_by(int signal) const noexcept {
  return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

bool child_outcome::exited_with(int code) const noexcept {
  return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

child_outcome run_child(const char* test_case) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  // An emulator is a program of its own, which must be told what to run.
  const char* const emulator = std::getenv("WEFT_TEST_EMULATOR");
  std::string program = emulator ? emulator : "/proc/self/exe";
  std::string emulated = emulator ? std::filesystem::read_symlink("/proc/self/exe").string() : "";
  std::string filter = std::string("--test-case=") + test_case;
  std::string unskip = "--no-skip";
  std::vector<char*> arguments{program.data(), filter.data(), unskip.data(), nullptr};
  if (emulator) {
    arguments.insert(arguments.begin() + 1, emulated.data());
  }
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  REQUIRE_MESSAGE(failed == 0, std::strerror(failed));

  child_outcome outcome;
  std::array<char, 4096> buffer;
  for (ssize_t count = 0; (count = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    outcome.output.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(ends[0]);
  REQUIRE(waitpid(child, &outcome.status, 0) == child);
  return outcome;
}

void become_plain_program() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM, SIGINT}) {
    std::signal(signal, SIG_DFL);
  }
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
}

}  // namespace weft::testing
