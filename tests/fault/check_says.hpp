#pragma once

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <weft/runtime/explain.hpp>
#include <weft/runtime/result.hpp>

namespace weft::testing {

/// What explain() says, checked for its parts: the system's own words lie between them.
template <class T>
void check_says(const result<T>& outcome, std::string_view start, std::string_view way_out) {
  REQUIRE(!outcome);
  const std::string said = explain(outcome.error());
  CHECK_MESSAGE(said.starts_with(std::string(start) + ": "), said);
  CHECK_MESSAGE(said.find(outcome.error().message()) != std::string::npos, said);
  CHECK_MESSAGE(said.ends_with(way_out), said);
}

}  // namespace weft::testing
