#include "program_process.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::testing {

namespace {

/// Ours, but for what is given anew.
std::vector<std::string> environment_of(const program_start& what) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable; ++variable) {
    const std::string text = *variable;
    if (std::ranges::none_of(what.environment,
                             [&](const auto& v) { return text.starts_with(v.first + '='); })) {
      all.push_back(text);
    }
  }
  for (const auto& [name, value] : what.environment) {
    all.emplace_back(name).append(1, '=').append(value);
  }
  return all;
}

/// An emulator is a program of its own, which must be told what to run.
std::vector<std::string> command_of(const program_start& what) {
  std::vector<std::string> command{what.path};
  if (const char* const emulator = std::getenv("WEFT_TEST_EMULATOR")) {
    const std::filesystem::path path(what.path);
    const bool is_link = std::filesystem::is_symlink(path);
    command = {emulator, is_link ? std::filesystem::read_symlink(path).string() : what.path};
  }
  command.insert(command.end(), what.arguments.begin(), what.arguments.end());
  return command;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) {
    all.push_back(text.data());
  }
  all.push_back(nullptr);
  return all;
}

}  // namespace

program::process::process(const program_start& what) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  for (const int end : ends) {
    fcntl(end, F_SETFD, FD_CLOEXEC);  // or another program keeps it open
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  auto command = command_of(what);
  auto environment = environment_of(what);
  const int failed = posix_spawnp(&child_, command.front().c_str(), &actions, nullptr,
                                  pointers(command).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  output_ = ends[0];
  REQUIRE_MESSAGE(failed == 0, std::strerror(failed));
}

program::process::~process() {
  if (child_ != 0) {
    kill();
    waitpid(child_, nullptr, 0);
  }
  close(output_);
}

bool program::process::read(std::string& to) {
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(output_, buffer.data(), buffer.size());
  to.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return count > 0;
}

int program::process::wait() {
  int status = 0;
  const pid_t child = std::exchange(child_, 0);
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

void program::process::interrupt() {
  REQUIRE(::kill(child_, SIGINT) == 0);
}

void program::process::kill() noexcept {
  if (child_ != 0) {
    ::kill(child_, SIGKILL);
  }
}

}  // namespace weft::testing
