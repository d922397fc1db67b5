#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

/// What the system tells of the process that tests run in. One header per system.
namespace weft::testing {

inline std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Grows when threads of the process but the caller wake up: how often they have left the processor
/// of their own accord. And while they do not even sleep, for how many nanoseconds they had one.
inline std::uint64_t traces_of_waking() {
  std::uint64_t sum = 0;
  const std::string key = "voluntary_ctxt_switches:";
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(gettid())) {
      continue;
    }
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(key)) {
        sum += std::stoull(line.substr(key.size()));
      }
    }
    std::uint64_t nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    sum += nanoseconds;
  }
  return sum;
}

/// How many descriptors it may have; from now on, all that it ever may.
inline std::size_t allow_all_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

/// How many processors may be used.
inline unsigned allowed_processors() {
  cpu_set_t mask;
  return sched_getaffinity(0, sizeof mask, &mask) == 0 ? static_cast<unsigned>(CPU_COUNT(&mask))
                                                       : 0;
}

/// Confines its thread, and those that it starts, to one processor.
class on_one_processor {
 public:
  on_one_processor() {
    sched_getaffinity(0, sizeof before_, &before_);
    int first = 0;
    while (!CPU_ISSET(first, &before_)) {
      ++first;
    }
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(first, &mask);
    sched_setaffinity(0, sizeof mask, &mask);
  }
  ~on_one_processor() { sched_setaffinity(0, sizeof before_, &before_); }
  on_one_processor(const on_one_processor&) = delete;
  on_one_processor& operator=(const on_one_processor&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace weft::testing
