#include "support/child.hpp"

#include <csignal>

#include <no_core.hpp>
#include <sys/wait.h>

namespace weft::testing {

bool child_outcome::was_killed_by(int signal) const noexcept {
  return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

bool child_outcome::exited_with(int code) const noexcept {
  return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

child_outcome run_child(const char* test_case,
                        std::vector<std::pair<std::string, std::string>> environment) {
  return program({.path = "/proc/self/exe",
                  .arguments = {std::string("--test-case=") + test_case, "--no-skip"},
                  .environment = std::move(environment)})
      .end();
}

void become_plain_program() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM, SIGINT}) {
    std::signal(signal, SIG_DFL);
  }
  leave_no_core();
}

}  // namespace weft::testing
