#include "explaining.hpp"

#include <algorithm>
#include <mutex>
#include <new>

#include "codes.hpp"

namespace weft::dart {

namespace {

constinit std::mutex mutex;

std::vector<port>& explained() noexcept {
  // Never destroyed: threads of the VM may call until the process has ended.
  alignas(std::vector<port>) static std::byte memory[sizeof(std::vector<port>)];
  static auto* made = new (memory) std::vector<port>;
  return *made;
}

}  // namespace

bool explain_to(port owner) noexcept {
  std::lock_guard hold(mutex);
  try {
    if (std::ranges::find(explained(), owner) == explained().end()) {
      explained().push_back(owner);
    }
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void forget_explaining(port dead) noexcept {
  std::lock_guard hold(mutex);
  std::erase(explained(), dead);
}

void append_explained(std::vector<port>& to) {
  std::lock_guard hold(mutex);
  to.insert(to.end(), explained().begin(), explained().end());
}

std::int64_t told_to(port owner, std::int64_t result) noexcept {
  if (result == code::plain(result)) {
    return result;
  }
  std::lock_guard hold(mutex);
  const bool knows = std::ranges::find(explained(), owner) != explained().end();
  return knows ? result : code::plain(result);
}

}  // namespace weft::dart
