#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>

#include <windows.h>

#include "overflow.hpp"
#include "overflow_report.hpp"

// The system raises an exception when a stack has no page left to grow into but the room that
// context_windows.cpp has asked for; what handles it runs there, on the stack that overflowed. Wine
// grants less than was asked for, so the handler does nothing but switch to a fiber of its own,
// which was made for this beforehand. It asks nothing of the heap. Overflows of a thread's own
// stack are not ours.

namespace weft::detail {

namespace {

constinit const CONTEXT* overflowed_at = nullptr;
constinit void* reporter = nullptr;

void write(std::string_view text) noexcept {
  DWORD written = 0;
  WriteFile(GetStdHandle(STD_ERROR_HANDLE), text.data(), static_cast<DWORD>(text.size()), &written,
            nullptr);
}

/// As an offset in the program's image, which does not change when the system moves it.
void write_frame(DWORD64 address) noexcept {
  std::array<char, 16> digits;
  const auto offset = address - reinterpret_cast<std::uintptr_t>(GetModuleHandleW(nullptr));
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), offset, 16).ptr;
  report_line line;
  line << "  image + 0x" << std::string_view(digits.data(), end) << "\n";
  write(line.text());
}

void write_backtrace(CONTEXT where) noexcept {
  constexpr int most_frames = 48;
  for (int frame = 0; frame < most_frames && where.Rip != 0; ++frame) {
    write_frame(where.Rip);
    DWORD64 image = 0;
    RUNTIME_FUNCTION* const function = RtlLookupFunctionEntry(where.Rip, &image, nullptr);
    if (function == nullptr) {
      return;
    }
    void* data = nullptr;
    DWORD64 establisher = 0;
    RtlVirtualUnwind(UNW_FLAG_NHANDLER, image, where.Rip, function, &where, &data, &establisher,
                     nullptr);
  }
}

void CALLBACK report(void*) {
  fiber_brief fiber;
  describe_running(fiber);
  write(overflow_report({.bottom = fiber.bottom, .size = fiber.stack_size}).text());
  write_backtrace(*overflowed_at);
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

LONG CALLBACK handle(EXCEPTION_POINTERS* what) {
  fiber_brief fiber;
  if (what->ExceptionRecord->ExceptionCode != EXCEPTION_STACK_OVERFLOW ||
      !describe_running(fiber)) {
    return EXCEPTION_CONTINUE_SEARCH;
  }
  static constinit std::atomic<bool> reporting{false};
  while (reporting.exchange(true)) {
    Sleep(INFINITE);  // another thread's report will end the process
  }
  overflowed_at = what->ContextRecord;
  SwitchToFiber(reporter);
  return EXCEPTION_CONTINUE_SEARCH;  // not reached
}

bool install_handler() noexcept {
  constexpr SIZE_T stack_size = std::size_t{64} * 1024;
  reporter = CreateFiberEx(stack_size, stack_size, 0, &report, nullptr);
  return reporter != nullptr && AddVectoredExceptionHandler(1, &handle) != nullptr;
}

}  // namespace

overflow_guard::overflow_guard() noexcept {
  [[maybe_unused]] static const bool installed = install_handler();
}

overflow_guard::~overflow_guard() = default;

}  // namespace weft::detail
