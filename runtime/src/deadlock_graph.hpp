#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "wait_records.hpp"

/// Who waits for whom.
///
/// The graph is drawn from facts that were all true at one moment: waits that were open, of the
/// same generation, both before and after the holds were read. A fiber that waits gives nothing up,
/// so what it was seen to hold, it held all the while.
///
/// An edge leads from a wait to the wait of someone without whom it cannot end. So every wait on a
/// circle needs every other one on it to end before, and where none of them ends by itself, none
/// ends: whatever the rest of the program does, if all are firm; unless one of them is cancelled,
/// if not.
///
/// Not an edge: from a reader to other readers, between whom a writer must be queued, which may
/// give up; from anything to who has permits of a semaphore, which others may give back, too.
namespace weft::detail {

class wait_graph {
 public:
  /// Throws std::bad_alloc.
  wait_graph(std::vector<wait_fact> waits, std::vector<hold_fact> holds);

  /// Indices of waits, each of which needs the next, and the last the first.
  using circle = std::vector<std::size_t>;
  /// `firm`: of firm waits alone; otherwise those that a cancellation could end. Where circles
  /// share waits, not all are found, but one.
  std::vector<circle> circles(bool firm) const;

  const std::vector<wait_fact>& waits() const noexcept { return waits_; }
  /// Holds of what the wait is for.
  std::vector<hold_fact> holders_of(const wait_fact& wait) const;
  /// The wait of a party, or null.
  const wait_fact* wait_of(const parker* who, std::uint64_t id) const;
  bool is_firm(const circle& of) const noexcept;

 private:
  std::vector<std::size_t> needs(std::size_t wait) const;
  void add(std::vector<std::size_t>& edges, const parker* who, std::uint64_t id) const;

  std::vector<wait_fact> waits_;
  std::vector<hold_fact> holds_;                          // sorted by object
  std::unordered_map<const void*, std::size_t> wait_of_;  // by parker
};

}  // namespace weft::detail
