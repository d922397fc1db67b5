#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weft::detail {

/// How the page below a stack is made inaccessible.
enum class guard_kind : std::uint8_t {
  none,        ///< not at all
  marker,      ///< MADV_GUARD_INSTALL: lives in the page tables and costs no mapping
  protection,  ///< mprotect(PROT_NONE): splits the mapping, so each costs two of vm.max_map_count
};

/// The best kind that this system has. Tried out once, because an emulator may accept the request
/// and do nothing.
[[nodiscard]] guard_kind best_guard_kind() noexcept;

[[nodiscard]] std::size_t page_size() noexcept;

/// How many more pages the process may protect.
class guard_budget {
 public:
  explicit guard_budget(std::size_t guards) noexcept : left_(guards) {}

  /// Takes up to the wanted number and returns how many it got.
  std::size_t take(std::size_t wanted) noexcept;
  void give_back(std::size_t guards) noexcept;
  [[nodiscard]] std::size_t left() const noexcept { return left_.load(std::memory_order_relaxed); }

  /// The one that all pools of the process share. It leaves half of vm.max_map_count to others.
  static guard_budget& of_process() noexcept;

 private:
  std::atomic<std::size_t> left_;
};

/// Pages to be guarded: `count` of them, `stride` bytes apart.
struct guard_run {
  std::byte* first;
  std::size_t stride;
  std::size_t count;
};

/// Makes guards and returns how many, from the front, succeeded.
std::size_t install_guards(guard_kind kind, const guard_run& run) noexcept;

/// A slab as the overflow handler sees it: pieces of `stride` bytes, each a guard page and, above
/// it, a stack.
struct slab_range {
  const std::byte* base;
  std::size_t length;
  std::size_t stride;
};

/// Makes a slab known to find_guard(). Without memory to note it down, an overflow in it is a plain
/// segmentation fault.
void remember_slab(const slab_range& slab) noexcept;

/// Makes it unknown, before it is unmapped.
void forget_slab(const std::byte* base) noexcept;

/// The stack whose guard was hit.
struct guard_hit {
  const std::byte* bottom;  ///< lowest usable byte
  std::size_t size;         ///< address space, the guard page included
};

/// Looks up whether an address lies in a guard page of a slab. Async-signal-safe.
[[nodiscard]] bool find_guard(const void* address, guard_hit& hit) noexcept;

}  // namespace weft::detail
