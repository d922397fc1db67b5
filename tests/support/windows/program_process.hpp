#pragma once

#include <string>

#include <windows.h>

#include "support/program.hpp"
#include "support/watchdog.hpp"

/// One header per system.
namespace weft::testing {

struct program::process {
  explicit process(const program_start& what);
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// Appends what it has said; false: it has closed its output.
  bool read(std::string& to);
  /// For its end.
  int wait();
  void interrupt();

 private:
  HANDLE child_ = nullptr;
  HANDLE output_ = nullptr;
  DWORD id_ = 0;
  on_hang goes_with_us_{[this](std::FILE*) { TerminateProcess(child_, 1); }};
};

}  // namespace weft::testing
