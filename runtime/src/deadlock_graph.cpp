#include "deadlock_graph.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <utility>

#include "fiber.hpp"

namespace weft::detail {

wait_graph::wait_graph(std::vector<wait_fact> waits, std::vector<hold_fact> holds)
    : waits_(std::move(waits)), holds_(std::move(holds)) {
  for (std::size_t i = 0; i < waits_.size(); ++i) {
    wait_of_[waits_[i].waiter.who] = i;
  }
}

std::vector<hold_fact> wait_graph::holders_of(const wait_fact& wait) const {
  if (!wait.what.object) {
    return {};
  }
  const auto found =
      std::ranges::equal_range(holds_, wait.what.object, std::less<>(), &hold_fact::object);
  return {found.begin(), found.end()};
}

bool wait_graph::is_firm(const circle& of) const noexcept {
  return std::ranges::all_of(of, [this](std::size_t i) { return waits_[i].firm; });
}

const wait_fact* wait_graph::wait_of(const parker* who, std::uint64_t id) const {
  const auto found = wait_of_.find(who);
  const bool is_same = found != wait_of_.end() && waits_[found->second].waiter.id == id;
  return is_same ? &waits_[found->second] : nullptr;
}

void wait_graph::add(std::vector<std::size_t>& edges, const parker* who, std::uint64_t id) const {
  if (const wait_fact* const wait = wait_of(who, id)) {
    edges.push_back(static_cast<std::size_t>(wait - waits_.data()));
  }
}

std::vector<std::size_t> wait_graph::needs(std::size_t wait) const {
  const wait_fact& from = waits_[wait];
  std::vector<std::size_t> edges;
  add(edges, from.joined, from.joined_id);
  for (const hold_fact& h : holders_of(from)) {
    const bool beside = from.what.shared && h.kind == hold_kind::shared;
    if (h.kind != hold_kind::permit && !beside) {
      add(edges, h.holder.who, h.holder.id);
    }
  }
  return edges;
}

/// Depth first, with a stack of its own: a chain may have a million links.
std::vector<wait_graph::circle> wait_graph::circles(bool firm) const {
  enum class mark : std::uint8_t { unseen, on_path, done };
  struct step {
    std::size_t wait;
    std::vector<std::size_t> edges;
  };
  std::vector<circle> found;
  std::vector<mark> marks(waits_.size(), mark::unseen);
  std::vector<step> path;
  const auto enter = [&](std::size_t wait) {
    const bool counts = !waits_[wait].timed && (waits_[wait].firm || !firm);
    marks[wait] = counts ? mark::on_path : mark::done;
    if (counts) {
      path.push_back({wait, needs(wait)});
    }
  };
  for (std::size_t start = 0; start < waits_.size(); ++start) {
    if (marks[start] == mark::unseen) {
      enter(start);
    }
    while (!path.empty()) {
      step& last = path.back();
      if (last.edges.empty()) {
        marks[last.wait] = mark::done;
        path.pop_back();
        continue;
      }
      const std::size_t next = last.edges.back();
      last.edges.pop_back();
      if (marks[next] == mark::unseen) {
        enter(next);
      } else if (marks[next] == mark::on_path) {
        circle round;
        const auto first = std::ranges::find(path, next, &step::wait);
        std::transform(first, path.end(), std::back_inserter(round),
                       [](auto& s) { return s.wait; });
        if (firm || !is_firm(round)) {
          found.push_back(std::move(round));
        }
      }
    }
  }
  return found;
}

}  // namespace weft::detail
