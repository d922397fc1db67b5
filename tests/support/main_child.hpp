#pragma once

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <doctest/doctest.h>

#include <weft/io/run.hpp>

#include "child.hpp"

/// Tests of what run_main() makes of a program's end; see child.hpp.
namespace weft::testing {

/// Ends a child as a program whose main() consists of run_main(f).
template <class F>
[[noreturn]] void end_as_main(F f) {
  become_plain_program();
  const int code = run_main(std::move(f));
  std::fflush(stdout);
  std::_Exit(code);
}

inline void check_ends(const char* test_case, int code, const char* output) {
  const child_outcome ended = run_child(test_case);
  CHECK_MESSAGE(ended.exited_with(code), ended.output);
  CHECK_MESSAGE(ended.says(output), ended.output);
}

}  // namespace weft::testing
