#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/detail/holds.hpp>
#include <weft/runtime/detail/parker.hpp>

/// The facts about who waits and who holds, process-wide, while a runtime looks for deadlocks.
///
/// - A *wait* is known from shortly before the waiter leaves the processor until shortly after it
///   runs again; whether it is still open is in the parker's word, under the generation.
/// - A *hold* is known while it is true, or for less long; see holds.hpp. A parker block may begin
///   a new life, hence the id beside it.
///
/// Both lie in tables split by address, each part with a lock of its own: fibers that have nothing
/// to do with each other seldom meet there. Fibers of a runtime that does not look for deadlocks
/// are in neither.
namespace weft::detail {

class fiber;
class runtime_core;

/// Whether any runtime looks for deadlocks. Never set back.
extern std::atomic<bool> facts_are_kept;

inline bool keeps_facts() noexcept {
  // Relaxed: no partner. The workers of the runtime that sets it are started later.
  return facts_are_kept.load(std::memory_order_relaxed);
}

void begin_to_keep_facts() noexcept;

/// A fiber or thread at one time of its life.
struct party {
  parker* who = nullptr;
  std::uint64_t id = 0;          // the fiber's number, or the thread's
  runtime_core* core = nullptr;  // null: a thread

  friend bool operator==(const party&, const party&) = default;
};

struct wait_fact {
  party waiter;
  std::uint64_t generation = 0;
  awaited what{""};
  const fiber* joined = nullptr;  // whose end is waited for, if that is it; need not watch
  std::uint64_t joined_id = 0;
  bool timed = false;  // it ends by itself, at some time
  bool firm = false;   // no cancellation can end it
  bool has_deadline =
      false;  // a scope that the waiter is in ends, and that might end others' waits
};

struct hold_fact {
  const void* object = nullptr;
  party holder;
  hold_kind kind = hold_kind::exclusive;
};

/// A wait, while it lives.
class wait_record {
 public:
  /// `token` is the caller's, who is about to park().
  wait_record(wait_token token, time_point until, const awaited& what) noexcept;
  ~wait_record();
  wait_record(const wait_record&) = delete;
  wait_record& operator=(const wait_record&) = delete;

 private:
  friend std::vector<wait_fact> open_waits();

  wait_fact fact_;
  bool linked_ = false;
  wait_record* next_ = nullptr;
  wait_record* previous_ = nullptr;
};

/// A fiber of a group, from its making to its end. Nothing where there is no group.
void note_member(const void* group, fiber& member) noexcept;
void forget_member(const void* group, fiber& member) noexcept;

/// All waits that are open. Throws std::bad_alloc.
std::vector<wait_fact> open_waits();
/// All holds, those of an object next to each other. Throws std::bad_alloc.
std::vector<hold_fact> known_holds();
/// Forgets the holds of a runtime's fibers, which have all ended.
void forget_holds_of(const runtime_core& core) noexcept;

}  // namespace weft::detail
