#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/test_runtime.hpp>
#include <windows.h>

#include <weft/runtime/spawn.hpp>

/// Faults in fibers that are no overflows: weft's handler has nothing to do with them. What it says
/// of an overflow, hazard.overflow_report tells.
using weft::testing::become_plain_program;
using weft::testing::child_outcome;
using weft::testing::in_fiber;
using weft::testing::run_child;

namespace {

constexpr int code_of_filter = 20;

int* volatile nowhere = nullptr;

void fault_in_fiber() {
  in_fiber([] { (void)weft::spawn([] { *nowhere = 1; }).join(); });
}

bool says_anything_of_weft(const child_outcome& ended) {
  return ended.says("weft: ");
}

}  // namespace

TEST_CASE("child: a fault" * doctest::skip()) {
  become_plain_program();
  fault_in_fiber();
}

TEST_CASE("child: a fault that the program has a filter for" * doctest::skip()) {
  become_plain_program();
  SetUnhandledExceptionFilter([](EXCEPTION_POINTERS* what) -> LONG {
    const bool is_right = what->ExceptionRecord->ExceptionCode == EXCEPTION_ACCESS_VIOLATION &&
                          what->ExceptionRecord->ExceptionInformation[1] == 0;
    ExitProcess(is_right ? code_of_filter : code_of_filter + 1);
  });
  fault_in_fiber();
}

TEST_CASE("child: a fault that a handler mends" * doctest::skip()) {
  become_plain_program();
  static int* const page = static_cast<int*>(
      VirtualAlloc(nullptr, sizeof(int), MEM_COMMIT | MEM_RESERVE, PAGE_NOACCESS));
  REQUIRE(page);
  AddVectoredExceptionHandler(0, [](EXCEPTION_POINTERS* what) -> LONG {
    DWORD before = 0;
    return what->ExceptionRecord->ExceptionCode == EXCEPTION_ACCESS_VIOLATION &&
                   VirtualProtect(page, sizeof(int), PAGE_READWRITE, &before)
               ? EXCEPTION_CONTINUE_EXECUTION
               : EXCEPTION_CONTINUE_SEARCH;
  });
  in_fiber([] { (void)weft::spawn([] { *page = 1; }).join(); });
  ExitProcess(*page == 1 ? code_of_filter : code_of_filter + 1);
}

TEST_CASE("any other fault ends the process as it would have without weft") {
  const child_outcome ended = run_child("child: a fault");
  INFO(ended.output);
  CHECK(ended.exited_with(static_cast<int>(EXCEPTION_ACCESS_VIOLATION)));
  CHECK_FALSE(says_anything_of_weft(ended));
}

TEST_CASE("any other fault goes to the program's own filter") {
  const child_outcome ended = run_child("child: a fault that the program has a filter for");
  INFO(ended.output);
  CHECK(ended.exited_with(code_of_filter));
  CHECK_FALSE(says_anything_of_weft(ended));
}

TEST_CASE("any other fault can be mended by the program's own handler, and the fiber goes on") {
  const child_outcome ended = run_child("child: a fault that a handler mends");
  INFO(ended.output);
  CHECK(ended.exited_with(code_of_filter));
}
