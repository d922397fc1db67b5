#include "stack_guard.hpp"

#include <algorithm>
#include <mutex>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include <weft/runtime/detail/spinlock.hpp>

#include "marker_guard.hpp"

// The slabs are kept in a list that only grows: its entries are never freed, so a signal handler
// may walk it at any time, and an entry whose slab is gone (base null) is used for the next one.
// The lock is for writers. A handler that looks for an address in a slab that lives finds its entry
// unchanged; for any other address it may read an entry that is being changed, which it notices by
// reading base again.

namespace weft::detail {

namespace {

struct slab_entry {
  std::atomic<const std::byte*> base{nullptr};
  std::atomic<std::size_t> length{0};
  std::atomic<std::size_t> stride{0};
  slab_entry* next = nullptr;
};

constinit std::atomic<slab_entry*> entries{nullptr};
constinit spinlock entries_lock;

slab_entry* unused_entry() noexcept {
  for (slab_entry* entry = entries.load(std::memory_order_relaxed); entry; entry = entry->next) {
    if (entry->base.load(std::memory_order_relaxed) == nullptr) {
      return entry;
    }
  }
  auto* const entry = new (std::nothrow) slab_entry;
  if (entry != nullptr) {
    entry->next = entries.load(std::memory_order_relaxed);
    entries.store(entry, std::memory_order_release);  // pairs with the acquire in find_guard()
  }
  return entry;
}

bool install_guard(guard_kind kind, std::byte* page) noexcept {
  switch (kind) {
    case guard_kind::none:
      return false;
    case guard_kind::marker:
      return install_marker_guard(page);
    case guard_kind::protection:
      return mprotect(page, page_size(), PROT_NONE) == 0;
  }
  return false;
}

}  // namespace

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

guard_kind best_guard_kind() noexcept {
  static const guard_kind best = has_marker_guards() ? guard_kind::marker : guard_kind::protection;
  return best;
}

std::size_t guard_budget::take(std::size_t wanted) noexcept {
  // Relaxed throughout: the number is all there is to it.
  std::size_t left = left_.load(std::memory_order_relaxed);
  while (!left_.compare_exchange_weak(left, left - std::min(left, wanted),
                                      std::memory_order_relaxed)) {
  }
  return std::min(left, wanted);
}

void guard_budget::give_back(std::size_t guards) noexcept {
  left_.fetch_add(guards, std::memory_order_relaxed);
}

guard_budget& guard_budget::of_process() noexcept {
  constexpr std::size_t share = 2;
  constexpr std::size_t mappings_per_guard = 2;
  static guard_budget budget(mapping_limit() / share / mappings_per_guard);
  return budget;
}

std::size_t install_guards(guard_kind kind, const guard_run& run) noexcept {
  std::size_t done = 0;
  while (done < run.count && install_guard(kind, run.first + done * run.stride)) {
    ++done;
  }
  return done;
}

void remember_slab(const slab_range& slab) noexcept {
  const std::lock_guard lock(entries_lock);
  slab_entry* const entry = unused_entry();
  if (entry == nullptr) {
    return;
  }
  entry->length.store(slab.length, std::memory_order_relaxed);
  entry->stride.store(slab.stride, std::memory_order_relaxed);
  entry->base.store(slab.base, std::memory_order_release);  // pairs with find_guard()
}

void forget_slab(const std::byte* base) noexcept {
  const std::lock_guard lock(entries_lock);
  for (slab_entry* entry = entries.load(std::memory_order_relaxed); entry; entry = entry->next) {
    if (entry->base.load(std::memory_order_relaxed) == base) {
      entry->base.store(nullptr, std::memory_order_seq_cst);
      return;
    }
  }
}

bool find_guard(const void* address, guard_hit& hit) noexcept {
  const auto where = reinterpret_cast<std::uintptr_t>(address);
  // Acquire pairs with the release in unused_entry().
  for (slab_entry* entry = entries.load(std::memory_order_acquire); entry; entry = entry->next) {
    // Acquire pairs with the release in remember_slab().
    const std::byte* const base = entry->base.load(std::memory_order_acquire);
    const std::size_t length = entry->length.load(std::memory_order_acquire);
    const std::size_t stride = entry->stride.load(std::memory_order_acquire);
    const std::uintptr_t offset = where - reinterpret_cast<std::uintptr_t>(base);
    if (base == nullptr || entry->base.load(std::memory_order_relaxed) != base ||
        offset >= length || offset % stride >= page_size()) {
      continue;
    }
    hit = {.bottom = base + offset / stride * stride + page_size(), .size = stride};
    return true;
  }
  return false;
}

}  // namespace weft::detail
