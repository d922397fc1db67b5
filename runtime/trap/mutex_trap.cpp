#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include <dlfcn.h>
#include <pthread.h>

#include <weft/runtime/detail/lock_probe.hpp>
#include <weft/runtime/this_fiber.hpp>

/// weft::mutex_trap: finds a std::mutex, or anything else made of a pthread lock, that a fiber
/// holds while it waits. The thread would run other fibers meanwhile, and block for good when one
/// wants the lock; and the fiber may come back on another thread, which must not unlock it.
///
/// The program's calls of the pthread functions arrive here first. Each thread keeps the locks that
/// a fiber has taken on it; when a fiber is about to leave, the runtime asks for them. So only the
/// fiber that runs is ever in the list: one that left with a lock has ended the program.
///
/// What the C library locks for itself does not come by, nor does pthread_cond_wait(), which holds
/// up the thread but gives up the lock.
namespace weft::detail {

namespace {

struct held_lock {
  const void* lock = nullptr;
  const void* locked_at = nullptr;
  const char* kind = "";
  std::uint64_t fiber = 0;
};

/// Of one thread. Locks beyond the room are not watched.
struct held_locks {
  std::array<held_lock, 16> all{};
  std::size_t count = 0;
};

thread_local constinit held_locks held;

/// Out of line: a fiber changes threads, and a compiler may keep a thread-local's address.
[[gnu::noinline]] held_locks& held_here() noexcept {
  asm volatile("");
  return held;
}

void note(const void* lock, const char* kind, const void* caller) noexcept {
  const std::uint64_t fiber = this_fiber::id();
  held_locks& mine = held_here();
  if (fiber != 0 && mine.count < mine.all.size()) {
    mine.all[mine.count++] = {lock, caller, kind, fiber};
  }
}

void forget(const void* lock) noexcept {
  held_locks& mine = held_here();
  for (std::size_t i = mine.count; i > 0; --i) {
    if (mine.all[i - 1].lock == lock) {
      std::copy(mine.all.begin() + static_cast<std::ptrdiff_t>(i),
                mine.all.begin() + static_cast<std::ptrdiff_t>(mine.count),
                mine.all.begin() + static_cast<std::ptrdiff_t>(i) - 1);
      --mine.count;
      return;
    }
  }
}

/// `program +0x12ab`: for `addr2line -e program 0x12ab`.
void describe(const void* code, char* text, std::size_t size) noexcept {
  Dl_info found{};
  if (::dladdr(code, &found) != 0 && found.dli_fname) {
    const auto offset = static_cast<const char*>(code) - static_cast<const char*>(found.dli_fbase);
    std::snprintf(text, size, "%s +0x%zx", found.dli_fname, static_cast<std::size_t>(offset));
  } else {
    std::snprintf(text, size, "%p", code);
  }
}

thread_lock last_of(std::uint64_t fiber) noexcept {
  const held_locks& mine = held_here();
  for (std::size_t i = mine.count; i > 0; --i) {
    const held_lock& h = mine.all[i - 1];
    if (h.fiber == fiber) {
      thread_lock last{.lock = h.lock, .kind = h.kind};
      describe(h.locked_at, last.locked_at, sizeof last.locked_at);
      return last;
    }
  }
  return {};
}

/// The C library's function of that name.
template <class Function>
Function real(std::atomic<Function>& cached, const char* name) noexcept {
  // Relaxed: whoever looks it up finds the same.
  Function found = cached.load(std::memory_order_relaxed);
  if (!found) {
    found = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
    cached.store(found, std::memory_order_relaxed);
  }
  return found;
}

}  // namespace

}  // namespace weft::detail

/// Named by the linker's options, so that this file is linked at all.
extern "C" [[gnu::constructor]] void weft_mutex_trap() noexcept {
  weft::detail::set_lock_probe(&weft::detail::last_of);
}

// A function that takes a lock, and one that gives it up. What they return is the C library's.
// NOLINTBEGIN(bugprone-macro-parentheses): lists in parentheses, types and names are given
#define WEFT_TRAP_LOCK(name, kind, parameters, arguments)                          \
  extern "C" __attribute__((visibility("default"))) int name parameters noexcept { \
    static constinit std::atomic<int(*) parameters> cached{nullptr};               \
    const int failed = weft::detail::real(cached, #name) arguments;                \
    if (failed == 0) {                                                             \
      weft::detail::note(lock, kind, __builtin_return_address(0));                 \
    }                                                                              \
    return failed;                                                                 \
  }
#define WEFT_TRAP_UNLOCK(name, type)                                                \
  extern "C" __attribute__((visibility("default"))) int name(type* lock) noexcept { \
    static constinit std::atomic<int (*)(type*)> cached{nullptr};                   \
    weft::detail::forget(lock);                                                     \
    return weft::detail::real(cached, #name)(lock);                                 \
  }
// NOLINTEND(bugprone-macro-parentheses)

WEFT_TRAP_LOCK(pthread_mutex_lock, "pthread mutex", (pthread_mutex_t * lock), (lock))
WEFT_TRAP_LOCK(pthread_mutex_trylock, "pthread mutex", (pthread_mutex_t * lock), (lock))
WEFT_TRAP_LOCK(pthread_mutex_timedlock, "pthread mutex",
               (pthread_mutex_t * lock, const timespec* until), (lock, until))
WEFT_TRAP_LOCK(pthread_mutex_clocklock, "pthread mutex",
               (pthread_mutex_t * lock, clockid_t clock, const timespec* until),
               (lock, clock, until))
WEFT_TRAP_UNLOCK(pthread_mutex_unlock, pthread_mutex_t)

WEFT_TRAP_LOCK(pthread_rwlock_rdlock, "pthread rwlock", (pthread_rwlock_t * lock), (lock))
WEFT_TRAP_LOCK(pthread_rwlock_tryrdlock, "pthread rwlock", (pthread_rwlock_t * lock), (lock))
WEFT_TRAP_LOCK(pthread_rwlock_wrlock, "pthread rwlock", (pthread_rwlock_t * lock), (lock))
WEFT_TRAP_LOCK(pthread_rwlock_trywrlock, "pthread rwlock", (pthread_rwlock_t * lock), (lock))
WEFT_TRAP_UNLOCK(pthread_rwlock_unlock, pthread_rwlock_t)
