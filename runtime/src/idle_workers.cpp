#include "idle_workers.hpp"

#include <bit>

#include "runtime_core.hpp"
#include "worker.hpp"

namespace weft::detail {

void idle_workers::enter(unsigned index) noexcept {
  sleeping_[index / 64].fetch_or(std::uint64_t{1} << (index % 64), std::memory_order_seq_cst);
  awake_.fetch_sub(1, std::memory_order_seq_cst);
}

void idle_workers::leave(unsigned index) noexcept {
  claim(index);
}

bool idle_workers::claim(unsigned index) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << (index % 64);
  if (!is_idle(index) ||
      !(sleeping_[index / 64].fetch_and(~bit, std::memory_order_seq_cst) & bit)) {
    return false;
  }
  awake_.fetch_add(1, std::memory_order_seq_cst);
  return true;
}

void idle_workers::wake(unsigned index) noexcept {
  core_.worker_at(index).wake();
}

void idle_workers::wake_any() noexcept {
  for (unsigned word = 0; word < sleeping_.size(); ++word) {
    while (std::uint64_t bits = sleeping_[word].load(std::memory_order_seq_cst)) {
      const unsigned index = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
      if (claim(index)) {
        wake(index);
        return;
      }
    }
  }
}

bool idle_workers::try_watch(unsigned index) noexcept {
  int expected = nobody;
  return awake() > 0 && watch_.compare_exchange_strong(expected, static_cast<int>(index),
                                                       std::memory_order_seq_cst);
}

void idle_workers::resign_watch() noexcept {
  watch_.store(nobody, std::memory_order_seq_cst);
  ensure_watch();
}

bool idle_workers::retire_watch(unsigned index) noexcept {
  watch_.store(nobody, std::memory_order_seq_cst);
  // Whoever wakes up counts itself awake and then looks for a watch; the caller counts, too.
  int expected = nobody;
  return awake() <= 1 || !watch_.compare_exchange_strong(expected, static_cast<int>(index),
                                                         std::memory_order_seq_cst);
}

}  // namespace weft::detail
