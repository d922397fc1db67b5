#pragma once

#include <string>

#include "deadlock_census.hpp"
#include "deadlock_graph.hpp"

/// Deadlock reports in words. The runtimes of all parties must live meanwhile.
namespace weft::detail {

/// `fiber 3 "writer"`, and where it was spawned if asked.
std::string name_of(const party& who, bool with_site);
/// A line: who waits, for what, and who has that.
std::string line_of(const wait_graph& graph, const wait_fact& wait);
std::string text_of(const wait_graph& graph, const wait_graph::circle& circle);
/// All waits, many of them at most.
std::string lines_of(const wait_graph& graph);
/// What could still wake a fiber, in words.
std::string hopes_of(const census& all);

}  // namespace weft::detail
