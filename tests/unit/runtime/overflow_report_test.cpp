#include "overflow_report.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

/// What the report of an overflow says, without one.
namespace {

using weft::detail::fiber_brief;
using weft::detail::overflow_report;
using weft::detail::report_line;

constexpr std::size_t stack_size = std::size_t{64} * 1024;

std::byte stacks[2];
fiber_brief running;

bool describe(fiber_brief& brief) noexcept {
  brief = running;
  return true;
}

/// The report of a fiber that hits the guard of a stack, its own or another's.
std::string report_of(const fiber_brief& fiber, const std::byte* hit) {
  running = fiber;
  weft::detail::set_fiber_describer(&describe);
  const report_line line = overflow_report({.bottom = hit, .size = stack_size});
  weft::detail::set_fiber_describer(nullptr);
  return std::string(line.text());
}

}  // namespace

TEST_CASE("[row 23] a report names the fiber, its stack's size and where it was spawned") {
  CHECK(report_of({.name = "parser", .id = 42, .file = "server.cpp", .line = 31, .bottom = stacks},
                  stacks) ==
        "weft: fiber 42 \"parser\" overflowed its 64 KiB stack; spawned at server.cpp:31 (give it "
        "more with spawn_options::stack_size)\n");
}

TEST_CASE("[row 23] a fiber without a name, or with an empty one, is reported by its number") {
  constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
  for (const char* const name : {static_cast<const char*>(nullptr), ""}) {
    CHECK(report_of({.name = name, .id = largest, .bottom = stacks}, stacks) ==
          "weft: fiber 18446744073709551615 overflowed its 64 KiB stack (give it more with "
          "spawn_options::stack_size)\n");
  }
  CHECK(report_of({.id = 0, .bottom = stacks}, stacks).starts_with("weft: fiber 0 overflowed "));
}

TEST_CASE("the guard of another fiber's stack is told apart from an overflow") {
  CHECK(
      report_of({.name = "writer", .id = 3, .bottom = stacks}, stacks + 1) ==
      "weft: fiber 3 \"writer\" touched the guard page of another fiber's stack (a stray pointer, "
      "or a frame of more than a page)\n");
}

TEST_CASE("so is a guard that is hit outside of any fiber") {
  weft::detail::set_fiber_describer(nullptr);
  fiber_brief nobody;
  CHECK_FALSE(weft::detail::describe_running(nobody));
  CHECK(overflow_report({.bottom = stacks, .size = stack_size}).text() ==
        "weft: the guard page of a 64 KiB fiber stack was touched outside of any fiber: a stray "
        "pointer?\n");
}

TEST_CASE("what is too long for a report is cut off") {
  const std::string name(3'000, 'x');
  const std::string report = report_of({.name = name.c_str(), .id = 1, .bottom = stacks}, stacks);
  CHECK(report.starts_with("weft: fiber 1 \"xxxx"));
  CHECK(report.size() == 1024);
  report_line full;
  full << name << name << std::uint64_t{17};
  CHECK(full.text() == name.substr(0, 1024));
}
