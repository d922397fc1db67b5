#include "program_process.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace weft::testing {

namespace {

/// Ours, but for what is given anew, each variable ended by a zero byte, and all by another.
std::string environment_of(const program_start& what) {
  std::string all;
  char* const ours = GetEnvironmentStringsA();
  for (std::string_view variable = ours; !variable.empty();
       variable = variable.data() + variable.size() + 1) {
    if (std::ranges::none_of(what.environment,
                             [&](const auto& v) { return variable.starts_with(v.first + '='); })) {
      all.append(variable).push_back('\0');
    }
  }
  FreeEnvironmentStringsA(ours);
  for (const auto& [name, value] : what.environment) {
    all.append(name).append("=").append(value).push_back('\0');
  }
  all.push_back('\0');
  return all;
}

std::string command_of(const program_start& what) {
  std::string line = '"' + what.path + '"';
  for (const std::string& argument : what.arguments) {
    line += " \"" + argument + '"';
  }
  return line;
}

}  // namespace

program::process::process(const program_start& what) {
  SECURITY_ATTRIBUTES inherited{};
  inherited.nLength = sizeof inherited;
  inherited.bInheritHandle = TRUE;
  HANDLE to_us = nullptr;
  REQUIRE(CreatePipe(&output_, &to_us, &inherited, 0));
  REQUIRE(SetHandleInformation(output_, HANDLE_FLAG_INHERIT, 0));
  STARTUPINFOA start{};
  start.cb = sizeof start;
  start.dwFlags = STARTF_USESTDHANDLES;
  start.hStdOutput = to_us;
  start.hStdError = to_us;
  std::string line = command_of(what);
  std::string environment = environment_of(what);
  // With a console of its own, or all on ours would be interrupted with it.
  PROCESS_INFORMATION made{};
  const bool created = CreateProcessA(what.path.c_str(), line.data(), nullptr, nullptr, TRUE,
                                      CREATE_NO_WINDOW, environment.data(), nullptr, &start, &made);
  CloseHandle(to_us);
  REQUIRE_MESSAGE(created, "error " << GetLastError() << " of " << line);
  CloseHandle(made.hThread);
  child_ = made.hProcess;
  id_ = made.dwProcessId;
}

program::process::~process() {
  TerminateProcess(child_, 1);  // fails where it has ended
  CloseHandle(child_);
  CloseHandle(output_);
}

bool program::process::read(std::string& to) {
  std::array<char, 4096> buffer;
  DWORD count = 0;
  if (!ReadFile(output_, buffer.data(), static_cast<DWORD>(buffer.size()), &count, nullptr)) {
    return false;
  }
  std::ranges::copy_if(std::string_view(buffer.data(), count), std::back_inserter(to),
                       [](char c) { return c != '\r'; });
  return count > 0;
}

int program::process::wait() {
  WaitForSingleObject(child_, INFINITE);
  DWORD code = 0;
  REQUIRE(GetExitCodeProcess(child_, &code));
  return static_cast<int>(code);
}

void program::process::interrupt() {
  // Who interrupts is on the console, too. Windows tells children to ignore what their parent
  // ignores, but not of its handlers.
  static const bool is_deaf =
      SetConsoleCtrlHandler([](DWORD event) -> BOOL { return event == CTRL_C_EVENT; }, TRUE);
  REQUIRE(is_deaf);
  FreeConsole();
  REQUIRE(AttachConsole(id_));
  REQUIRE(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
  FreeConsole();
}

}  // namespace weft::testing
