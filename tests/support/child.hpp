#pragma once

#include <string>
#include <utility>
#include <vector>

#include "program.hpp"

/// Tests of how a program ends: each such end is a test case of its own, marked `doctest::skip()`
/// and named "child: ...", which the test proper runs in a new process of the same executable.
namespace weft::testing {

/// Runs the test case of that name in a new process, with more than our own environment.
child_outcome run_child(const char* test_case,
                        std::vector<std::pair<std::string, std::string>> environment = {});

/// First thing in a child: signals do what they do in a program that is no test, and no core is
/// left.
void become_plain_program();

}  // namespace weft::testing
