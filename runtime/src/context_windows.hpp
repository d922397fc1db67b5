#pragma once

#include <cfenv>
#include <cstddef>
#include <cstdint>

/// Windows' own fibers: no assembly, and the system knows the bounds of the stack that runs, which
/// exceptions and the growth of stacks depend on.
///
/// A context is the address of a windows_fiber, the same for as long as the fiber exists. What
/// travels with a switch waits there for the resumed side, because SwitchToFiber() carries nothing.
namespace weft::detail {

using context = void*;
using context_entry = void (*)(void*);

inline constexpr bool dead_contexts_return = true;

struct windows_fiber {
  void* handle = nullptr;
  void* data = nullptr;  // for whoever is resumed here
  context_entry entry = nullptr;
};

/// Makes the calling thread's own stack a context, while it lives. A thread that is a fiber
/// already, because the program has made it one, stays what it is.
class native_context {
 public:
  native_context() noexcept;
  ~native_context();
  native_context(const native_context&) = delete;
  native_context& operator=(const native_context&) = delete;

  [[nodiscard]] context own() noexcept { return &self_; }

 private:
  windows_fiber self_;
  bool converted_ = false;
};

void* switch_context(const context& leaver, context to, void* data) noexcept;

/// Creates the system's fiber, with `reserve` bytes of address space; false: out of memory. It will
/// call `entry` each time that it is switched to anew.
bool create_fiber(windows_fiber& fresh, std::size_t reserve) noexcept;
void delete_fiber(windows_fiber& dead) noexcept;

/// Only the system knows.
inline std::byte* lowest_used(context) noexcept {
  return nullptr;
}

inline std::uint32_t floating_point_control() noexcept {
  return static_cast<std::uint32_t>(std::fegetround());
}

inline void set_floating_point_control(std::uint32_t control) noexcept {
  std::fesetround(static_cast<int>(control));
}

}  // namespace weft::detail
