#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::testing {

/// How a program ended.
struct child_outcome {
  int status = 0;      ///< as the system gives it
  std::string output;  ///< standard output and error; lines end in \n

  bool was_killed_by(int signal) const noexcept;
  bool exited_with(int code) const noexcept;
  bool says(const char* what) const noexcept { return output.find(what) != std::string::npos; }
};

/// What to run, with more than our own environment.
struct program_start {
  std::string path;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment = {};
};

/// Another program, whose standard output and error are read here. It is ended with this object, or
/// when the test case hangs.
class program {
 public:
  explicit program(const program_start& what);
  ~program();
  program(program&&) noexcept;
  program& operator=(program&&) = delete;

  /// The next line that it says, without its end; waits for it.
  std::string line();

  /// All that it says from now on, and how it ended; waits for it.
  child_outcome end();

  /// What Ctrl-C does, to this program alone.
  void interrupt();

 private:
  struct process;  // the system's

  std::unique_ptr<process> process_;
  std::string unread_;
};

}  // namespace weft::testing
