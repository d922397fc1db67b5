#pragma once

#include <string>

#include <sys/types.h>

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
  /// For its end, once.
  int wait();
  void interrupt();

 private:
  void kill() noexcept;

  pid_t child_ = 0;  // 0: it has ended
  int output_ = -1;
  on_hang goes_with_us_{[this](std::FILE*) { kill(); }};
};

}  // namespace weft::testing
