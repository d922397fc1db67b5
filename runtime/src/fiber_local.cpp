#include <array>
#include <atomic>
#include <utility>

#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/fiber_local.hpp>

#include "fatal.hpp"
#include "fiber_locals.hpp"
#include "thread_parker.hpp"

namespace weft::detail {

namespace {

constexpr unsigned max_keys = 1024;
std::array<std::atomic<void (*)(void*) noexcept>, max_keys> destroyers;
std::atomic<unsigned> next_key{0};

}  // namespace

unsigned make_local_key(void (*destroy)(void*) noexcept) {
  const unsigned key = next_key.fetch_add(1, std::memory_order_relaxed);
  if (key >= max_keys) {
    fatal(
        "more than %u fiber_local variables: they belong at namespace scope, not in objects that "
        "come and go",
        max_keys);
  }
  destroyers[key].store(destroy, std::memory_order_release);
  return key;
}

fiber_extras& extras_here() {
  parker& self = current_parker();
  if (self.is_fiber()) {
    return extras_of(static_cast<fiber&>(self));
  }
  fiber_extras*& extras = static_cast<thread_parker&>(self).extras;
  if (!extras) {
    extras = new fiber_extras;
  }
  return *extras;
}

void*& local_slot(unsigned key) {
  std::vector<void*>& locals = extras_here().locals;
  if (locals.size() <= key) {
    locals.resize(key + 1);
  }
  return locals[key];
}

void destroy_locals_slowly(std::vector<void*>& locals) noexcept {
  // A destructor may create locals again, so look until there is none left.
  for (bool found = true; found;) {
    found = false;
    for (std::size_t key = locals.size(); key-- > 0;) {
      if (void* copy = std::exchange(locals[key], nullptr)) {
        found = true;
        destroyers[key].load(std::memory_order_acquire)(copy);
      }
    }
  }
}

}  // namespace weft::detail
