#include "support/child.hpp"

#include <array>
#include <csignal>

#include <no_core.hpp>
#include <windows.h>

namespace weft::testing {

bool child_outcome::was_killed_by(int signal) const noexcept {
  constexpr int code_of_abort = 3;
  return signal == SIGABRT && status == code_of_abort;
}

bool child_outcome::exited_with(int code) const noexcept {
  return status == code;
}

child_outcome run_child(const char* test_case,
                        std::vector<std::pair<std::string, std::string>> environment) {
  std::array<char, 1024> path{};
  GetModuleFileNameA(nullptr, path.data(), static_cast<DWORD>(path.size()));
  return program({.path = path.data(),
                  .arguments = {std::string("--test-case=") + test_case, "--no-skip"},
                  .environment = std::move(environment)})
      .end();
}

void become_plain_program() {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGTERM, SIGINT}) {
    std::signal(signal, SIG_DFL);
  }
  SetUnhandledExceptionFilter(nullptr);
  leave_no_core();
}

}  // namespace weft::testing
