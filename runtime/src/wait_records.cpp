#include "wait_records.hpp"

#include <array>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>

#include <weft/runtime/detail/scope.hpp>

#include "fiber.hpp"
#include "runtime_core.hpp"
#include "scope_access.hpp"
#include "small_sort.hpp"
#include "thread_parker.hpp"
#include "wait_word.hpp"
#include "worker.hpp"

namespace weft::detail {

#ifdef NDEBUG
std::atomic<bool> notes_lock_owners{false};
#else
std::atomic<bool> notes_lock_owners{true};
#endif
std::atomic<bool> facts_are_kept{false};

void begin_to_keep_facts() noexcept {
  facts_are_kept.store(true, std::memory_order_relaxed);
  notes_lock_owners.store(true, std::memory_order_relaxed);
}

namespace {

constexpr std::size_t parts = 64;

std::size_t part_of(const void* address) noexcept {
  const auto bits = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(address));
  return static_cast<std::size_t>(bits * 0x9e3779b97f4a7c15U >> 58);
}

struct alignas(cache_line) wait_part {
  std::mutex mutex;
  wait_record* first = nullptr;
};

struct alignas(cache_line) hold_part {
  std::mutex mutex;
  std::unordered_multimap<const void*, hold_fact> holds;
};

struct tables {
  std::array<wait_part, parts> waits;
  std::array<hold_part, parts> holds;
};

/// Never destroyed: a detached thread may wait while the program ends.
tables& all() noexcept {
  static tables& one = *new tables;
  return one;
}

party party_of(fiber& f) noexcept {
  runtime_core& core = f.home->core();
  return {.who = core.looks_for_deadlocks() ? &f : nullptr, .id = f.id.load(), .core = &core};
}

/// `who` is null for those of whom nothing is noted.
party party_of(parker& p) noexcept {
  if (p.is_fiber()) {
    return party_of(static_cast<fiber&>(p));
  }
  return {.who = &p, .id = static_cast<thread_parker&>(p).number, .core = nullptr};
}

/// Whether a scope that the waiter has entered will end at some time; one outside a shield, too: it
/// ends the waits of fibers in a group that the shield does not cover.
bool has_deadline(const parker& p) noexcept {
  for (const scope* s = p.current_scope; s; s = s->parent()) {
    if (s->type() == scope::kind::root) {
      return false;
    }
    if (s->type() == scope::kind::timeout && s->state() == scope::status::open &&
        scope_access::deadline_of(*s) != forever) {
      return true;
    }
  }
  return false;
}

/// What the shield is around, nobody can cancel.
bool is_firm(const parker& p, std::uint64_t word) noexcept {
  return wait_word::state_of(word) == wait_state::waiting_firmly ||
         p.current_scope->type() == scope::kind::shield;
}

void add_hold(const void* object, const party& holder, hold_kind kind) noexcept {
  if (!holder.who) {
    return;
  }
  hold_part& part = all().holds[part_of(object)];
  std::lock_guard hold(part.mutex);
  try {
    part.holds.insert({object, {.object = object, .holder = holder, .kind = kind}});
  } catch (const std::bad_alloc&) {
    return;  // one fact less
  }
}

/// The hold of `holder` or, `others`, any of that kind if it has none.
void remove_hold(const void* object, const parker* holder, hold_kind kind, bool others) noexcept {
  hold_part& part = all().holds[part_of(object)];
  std::lock_guard hold(part.mutex);
  const auto [first, last] = part.holds.equal_range(object);
  auto found = last;
  for (auto i = first; i != last; ++i) {
    if (i->second.kind != kind) {
      continue;
    }
    if (i->second.holder.who == holder) {
      found = i;
      break;
    }
    if (others) {
      found = i;
    }
  }
  if (found != last) {
    part.holds.erase(found);
  }
}

}  // namespace

wait_record::wait_record(wait_token token, time_point until, const awaited& what) noexcept
    : fact_{.waiter = party_of(*token.who), .generation = token.generation, .what = what} {
  if (!fact_.waiter.who) {
    return;
  }
  const parker& self = *token.who;
  if (what.is_end) {
    fact_.joined = static_cast<fiber*>(static_cast<parker*>(const_cast<void*>(what.object)));
    fact_.joined_id = fact_.joined->id.load(std::memory_order_relaxed);
  }
  fact_.firm = is_firm(self, wait_word::load(self));
  fact_.timed = (until != forever && !what.polls) ||
                (!fact_.firm && scope_access::nearest_deadline(self) != nullptr);
  fact_.has_deadline = has_deadline(self);
  wait_part& part = all().waits[part_of(&self)];
  std::lock_guard hold(part.mutex);
  linked_ = true;
  next_ = part.first;
  if (next_) {
    next_->previous_ = this;
  }
  part.first = this;
}

wait_record::~wait_record() {
  if (!linked_) {
    return;
  }
  wait_part& part = all().waits[part_of(fact_.waiter.who)];
  std::lock_guard hold(part.mutex);
  (previous_ ? previous_->next_ : part.first) = next_;
  if (next_) {
    next_->previous_ = previous_;
  }
}

void note_hold(const void* object, hold_kind kind) noexcept {
  if (!keeps_facts()) {
    return;
  }
  if (kind == hold_kind::exclusive) {
    // Whoever had it has let go of it, or of what was in its place, without a word.
    remove_hold(object, nullptr, kind, true);
  }
  add_hold(object, party_of(current_parker()), kind);
}

void forget_hold(const void* object, hold_kind kind) noexcept {
  if (keeps_facts()) {
    remove_hold(object, &current_parker(), kind, true);
  }
}

void note_member(const void* group, fiber& member) noexcept {
  if (group && keeps_facts()) {
    add_hold(group, party_of(member), hold_kind::member);
  }
}

void forget_member(const void* group, fiber& member) noexcept {
  if (group && keeps_facts()) {
    remove_hold(group, &member, hold_kind::member, false);
  }
}

std::vector<wait_fact> open_waits() {
  std::vector<wait_fact> open;
  for (wait_part& part : all().waits) {
    std::lock_guard hold(part.mutex);
    for (const wait_record* r = part.first; r; r = r->next_) {
      const std::uint64_t word = wait_word::load(*r->fact_.waiter.who);
      if (wait_word::generation_of(word) == r->fact_.generation &&
          wait_word::is_waiting(wait_word::state_of(word))) {
        open.push_back(r->fact_);
      }
    }
  }
  return open;
}

std::vector<hold_fact> known_holds() {
  std::vector<hold_fact> known;
  for (hold_part& part : all().holds) {
    std::lock_guard hold(part.mutex);
    for (const auto& [object, fact] : part.holds) {
      known.push_back(fact);
    }
  }
  small_sort(known, [](const hold_fact& h) { return std::pair(h.object, h.holder.id); });
  return known;
}

void forget_holds_of(const runtime_core& core) noexcept {
  for (hold_part& part : all().holds) {
    std::lock_guard hold(part.mutex);
    std::erase_if(part.holds, [&core](const auto& h) { return h.second.holder.core == &core; });
  }
}

}  // namespace weft::detail
