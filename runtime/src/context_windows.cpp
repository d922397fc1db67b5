#include "context_windows.hpp"

#include <utility>

#include <windows.h>

#include "fatal.hpp"

namespace weft::detail {

namespace {

// Left to the handler of an overflow, which runs on the stack that overflowed.
constexpr ULONG room_for_report = 16 * 1024;

void CALLBACK fiber_main(void* parameter) {
  ULONG room = room_for_report;
  SetThreadStackGuarantee(&room);  // of the fiber, not of the thread
  auto& self = *static_cast<windows_fiber*>(parameter);
  for (;;) {
    self.entry(self.data);
  }
}

}  // namespace

native_context::native_context() noexcept {
  converted_ = IsThreadAFiber() == FALSE;
  self_.handle =
      converted_ ? ConvertThreadToFiberEx(nullptr, FIBER_FLAG_FLOAT_SWITCH) : GetCurrentFiber();
  if (self_.handle == nullptr) {
    fatal("no memory to make a thread a worker (error %lu)", GetLastError());
  }
}

native_context::~native_context() {
  if (converted_) {
    ConvertFiberToThread();
  }
}

void* switch_context(const context& leaver, context to, void* data) noexcept {
  auto* const self = static_cast<windows_fiber*>(leaver);
  auto* const next = static_cast<windows_fiber*>(to);
  next->data = data;
  SwitchToFiber(next->handle);
  return self != nullptr ? self->data : nullptr;
}

bool create_fiber(windows_fiber& fresh, std::size_t reserve) noexcept {
  constexpr SIZE_T commit = 0;  // the system's least
  fresh.handle = CreateFiberEx(commit, reserve, FIBER_FLAG_FLOAT_SWITCH, &fiber_main, &fresh);
  return fresh.handle != nullptr;
}

void delete_fiber(windows_fiber& dead) noexcept {
  if (dead.handle != nullptr) {
    DeleteFiber(std::exchange(dead.handle, nullptr));
  }
}

}  // namespace weft::detail
