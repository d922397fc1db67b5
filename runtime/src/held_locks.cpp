#include "held_locks.hpp"

#include <source_location>

#include "fatal.hpp"
#include "fiber.hpp"

namespace weft::detail {

std::atomic<lock_probe> installed_probe{nullptr};

void set_lock_probe(lock_probe probe) noexcept {
  installed_probe.store(probe, std::memory_order_relaxed);
}

void refuse_held_lock(const fiber& self) noexcept {
  const thread_lock held = installed_probe.load(std::memory_order_relaxed)(self.id);
  if (!held.lock) {
    return;
  }
  const std::source_location site = self.site;
  fatal(
      "fiber %llu \"%s\", spawned at %s:%u, suspends while it holds a %s (%p) that it locked at "
      "%s: "
      "use weft::mutex, or unlock it before",
      static_cast<unsigned long long>(self.id), self.extras ? self.extras->name.c_str() : "",
      site.file_name(), static_cast<unsigned>(site.line()), held.kind, held.lock, held.locked_at);
}

}  // namespace weft::detail
