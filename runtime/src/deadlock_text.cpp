#include "deadlock_text.hpp"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <source_location>
#include <string_view>

#include "fiber.hpp"
#include "runtime_core.hpp"

namespace weft::detail {

namespace {

constexpr std::size_t most_lines = 100;
constexpr std::size_t most_holders = 8;

std::string address(const void* object) {
  char text[32];
  // Not %p, which systems spell differently.
  std::snprintf(text, sizeof text, "0x%" PRIxPTR, reinterpret_cast<std::uintptr_t>(object));
  return text;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

std::string fiber_name(const party& who, bool with_site) {
  std::string text = "fiber " + std::to_string(who.id);
  const auto& f = static_cast<const fiber&>(*who.who);
  std::lock_guard hold(who.core->names());
  if (!f.alive.load(std::memory_order_acquire) || f.id != who.id) {
    return text;  // it has ended since
  }
  if (f.extras && !f.extras->name.empty()) {
    text += " \"" + f.extras->name + '"';
  }
  if (with_site) {
    const std::source_location site = f.site;
    text +=
        ", spawned at " + std::string(site.file_name()) + ':' + std::to_string(site.line()) + ',';
  }
  return text;
}

const char* says_holder(hold_kind kind) noexcept {
  switch (kind) {
    case hold_kind::exclusive:
      return ", held by ";
    case hold_kind::shared:
      return ", held to read by ";
    case hold_kind::member:
      return ", whose task is ";
    case hold_kind::permit:
      return ", a permit of which was taken by ";
  }
  return ", ";
}

std::string holders_text(const wait_graph& graph, const wait_fact& wait) {
  std::string text;
  std::size_t told = 0;
  const auto holders = graph.holders_of(wait);
  for (const hold_fact& h : holders) {
    if (++told > most_holders) {
      return text + " and " + std::to_string(holders.size() - most_holders) + " more";
    }
    text += says_holder(h.kind);
    text += h.holder == wait.waiter ? "itself" : name_of(h.holder, false);
  }
  return text;
}

}  // namespace

std::string name_of(const party& who, bool with_site) {
  return who.core ? fiber_name(who, with_site) : "thread " + std::to_string(who.id);
}

std::string line_of(const wait_graph& graph, const wait_fact& wait) {
  std::string text = "  " + name_of(wait.waiter, true) + " waits for ";
  if (wait.joined) {
    // Its runtime is known to live only if it is seen to wait itself.
    const wait_fact* const its = graph.wait_of(wait.joined, wait.joined_id);
    text += "the end of ";
    text += its ? name_of(its->waiter, false) : "fiber " + std::to_string(wait.joined_id);
  } else {
    text += wait.what.what;
    if (wait.what.object) {
      text += " (" + address(wait.what.object) + ')' + holders_text(graph, wait);
    }
  }
  return text + (wait.timed ? ", for a limited time\n" : "\n");
}

std::string text_of(const wait_graph& graph, const wait_graph::circle& circle) {
  std::string text;
  if (circle.size() == 1) {
    text = name_of(graph.waits()[circle[0]].waiter, false) + " waits for itself";
  } else {
    text = std::to_string(circle.size()) + " wait for each other";
  }
  text += graph.is_firm(circle) ? "\n" : ", and only a cancellation can end that\n";
  for (const std::size_t i : circle) {
    text += line_of(graph, graph.waits()[i]);
  }
  return text;
}

std::string lines_of(const wait_graph& graph) {
  std::string text;
  std::size_t told = 0;
  for (const wait_fact& w : graph.waits()) {
    if (++told > most_lines) {
      return text + "  and " + std::to_string(graph.waits().size() - most_lines) + " more\n";
    }
    text += line_of(graph, w);
  }
  return text;
}

std::string hopes_of(const census& all) {
  std::string text;
  const auto add = [&text](const std::string& hope) { text += (text.empty() ? "" : ", ") + hope; };
  if (all.running > 0) {
    add(counted(all.running, "fiber that runs or is about to", "fibers that run or are about to"));
  }
  if (all.outside > 0) {
    add(counted(all.outside, "wait that may end from outside", "waits that may end from outside"));
  }
  if (all.timed > 0) {
    add(counted(all.timed, "wait for a limited time", "waits for a limited time"));
  }
  if (all.deadlines > 0) {
    add(counted(all.deadlines, "wait in a scope with a deadline",
                "waits in scopes with deadlines"));
  }
  if (all.interrupts > 0) {
    add("an interrupt (Ctrl-C)");
  }
  if (all.busy) {
    add("threads of weft that are at work");
  }
  if (!all.strangers) {
    add("threads of which weft knows nothing");
  } else if (*all.strangers > 0) {
    add(counted(*all.strangers, "thread of which weft knows nothing",
                "threads of which weft knows nothing"));
  }
  return text;
}

}  // namespace weft::detail
