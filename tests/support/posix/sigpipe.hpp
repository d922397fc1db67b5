#pragma once

#include <csignal>

/// One header per system.
namespace weft::testing {

/// SIGPIPE ends the program, whatever started it asked for.
class deadly_sigpipe {
 public:
  deadly_sigpipe() : before_(std::signal(SIGPIPE, SIG_DFL)) {}
  ~deadly_sigpipe() { std::signal(SIGPIPE, before_); }
  deadly_sigpipe(const deadly_sigpipe&) = delete;
  deadly_sigpipe& operator=(const deadly_sigpipe&) = delete;

 private:
  void (*before_)(int);
};

}  // namespace weft::testing
