#include <array>
#include <csignal>
#include <cstdlib>
#include <cwchar>
#include <string>

#include <doctest/doctest.h>
#include <windows.h>

#include "child.hpp"

namespace weft::testing {

bool child_outcome::was_killed_by(int signal) const noexcept {
  constexpr int code_of_abort = 3;
  return signal == SIGABRT && status == code_of_abort;
}

bool child_outcome::exited_with(int code) const noexcept {
  return status == code;
}

child_outcome run_child(const char* test_case) {
  SECURITY_ATTRIBUTES inherited{};
  inherited.nLength = sizeof inherited;
  inherited.bInheritHandle = TRUE;
  HANDLE from_child = nullptr;
  HANDLE to_us = nullptr;
  REQUIRE(CreatePipe(&from_child, &to_us, &inherited, 0));
  REQUIRE(SetHandleInformation(from_child, HANDLE_FLAG_INHERIT, 0));
  STARTUPINFOA start{};
  start.cb = sizeof start;
  start.dwFlags = STARTF_USESTDHANDLES;
  start.hStdOutput = to_us;
  start.hStdError = to_us;
  std::array<char, 1024> program{};
  GetModuleFileNameA(nullptr, program.data(), static_cast<DWORD>(program.size()));
  std::string line =
      std::string("\"") + program.data() + "\" \"--test-case=" + test_case + "\" --no-skip";
  PROCESS_INFORMATION child{};
  const bool created = CreateProcessA(program.data(), line.data(), nullptr, nullptr, TRUE, 0,
                                      nullptr, nullptr, &start, &child);
  REQUIRE_MESSAGE(created, "error " << GetLastError() << " of " << line);
  CloseHandle(to_us);
  CloseHandle(child.hThread);

  child_outcome outcome;
  std::array<char, 4096> buffer;
  for (DWORD count = 0;
       ReadFile(from_child, buffer.data(), static_cast<DWORD>(buffer.size()), &count, nullptr) &&
       count > 0;) {
    for (const char c : std::string_view(buffer.data(), count)) {
      if (c != '\r') {
        outcome.output += c;
      }
    }
  }
  CloseHandle(from_child);
  WaitForSingleObject(child.hProcess, INFINITE);
  DWORD code = 0;
  REQUIRE(GetExitCodeProcess(child.hProcess, &code));
  CloseHandle(child.hProcess);
  outcome.status = static_cast<int>(code);
  return outcome;
}

void become_plain_program() {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGTERM, SIGINT}) {
    std::signal(signal, SIG_DFL);
  }
  SetUnhandledExceptionFilter(nullptr);
  SetErrorMode(SEM_NOGPFAULTERRORBOX | SEM_FAILCRITICALERRORS);
}

}  // namespace weft::testing
