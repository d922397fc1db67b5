#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <weft/runtime/config.hpp>

#include "deadlock_census.hpp"

// As Linux tells it; other systems have no such directory.

namespace weft::detail {

namespace {

/// The kernel's own threads for io_uring are listed among the process's.
bool is_of_kernel(const std::filesystem::path& task) {
  std::ifstream file(task / "comm");
  std::string name;
  std::getline(file, name);
  return name.starts_with("iou-wrk-") || name.starts_with("iou-sqp-");
}

#if WEFT_TSAN
constexpr std::size_t of_sanitizer = 1;
#else
constexpr std::size_t of_sanitizer = 0;
#endif

}  // namespace

std::optional<std::size_t> count_threads() {
  std::error_code problem;
  std::filesystem::directory_iterator tasks("/proc/self/task", problem);
  std::size_t count = 0;
  while (!problem && tasks != std::filesystem::directory_iterator()) {
    count += is_of_kernel(tasks->path()) ? 0 : 1;
    tasks.increment(problem);
  }
  return problem || count < of_sanitizer ? std::nullopt : std::optional(count - of_sanitizer);
}

}  // namespace weft::detail
