#include "program.hpp"

#include <utility>

#include "program_process.hpp"

namespace weft::testing {

program::program(const program_start& what) : process_(std::make_unique<process>(what)) {}
program::~program() = default;
program::program(program&&) noexcept = default;

std::string program::line() {
  while (unread_.find('\n') == std::string::npos && process_->read(unread_)) {
  }
  const auto length = unread_.find('\n');
  std::string first = unread_.substr(0, length);
  unread_.erase(0, length == std::string::npos ? length : length + 1);
  return first;
}

child_outcome program::end() {
  while (process_->read(unread_)) {
  }
  return {.status = process_->wait(), .output = std::exchange(unread_, {})};
}

void program::interrupt() {
  process_->interrupt();
}

}  // namespace weft::testing
