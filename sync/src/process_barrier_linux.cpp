#include <chrono>
#include <thread>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process_barrier.hpp"

namespace weft::detail {

namespace {

bool membarrier(int command) noexcept {
  return ::syscall(SYS_membarrier, command, 0, 0) == 0;
}

bool enlist() noexcept {
  return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

// While the process has one thread: later, the kernel would wait for all its processors once.
const bool available = enlist();

}  // namespace

bool has_process_barrier() noexcept {
  return available;
}

void process_barrier() noexcept {
  constexpr int command = MEMBARRIER_CMD_PRIVATE_EXPEDITED;
  // A child made by fork() may have to enlist anew.
  if (membarrier(command) || (enlist() && membarrier(command))) {
    return;
  }
  // Someone has forbidden the call since the start (seccomp). What is left is time: a store leaves
  // its processor within microseconds, and a thread that is not on one has left none behind.
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace weft::detail
