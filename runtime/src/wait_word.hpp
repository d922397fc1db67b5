#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>

/// The state machine of one wait, in the parker's 64-bit word: generation and state.
///
///   running --open()--> waiting* --claim()--> ready | timed_out | canceled --open()--> waiting*
///   ...
///
/// open() belongs to the parker; it is a seq_cst exchange, the parker's half of the handshake with
/// whoever cancels: the parker publishes its wait and then looks for a cancellation, the canceller
/// publishes the cancellation and then looks for a wait; one of them sees the other.
/// claim() is a compare-and-swap by anyone that names the generation it means; of all claims of one
/// wait exactly one succeeds, and its maker must see to it that the parker runs.
///
/// hold() and release() put an open wait aside for a few instructions, in which nobody can claim
/// it; who wants to looks again and again. For the stack sweeper, who must know that a fiber stays
/// parked.
namespace weft::detail {

enum class wait_state : std::uint8_t {
  running = 0,
  ready,
  timed_out,
  canceled,
  waiting,           // a waker, a deadline, any cancellation
  waiting_shielded,  // the same without the shutdown's sweep, which knows nothing of shields
  waiting_firmly,    // a waker and a deadline only
  held,              // one of these three, put aside
};

class wait_word {
 public:
  static constexpr std::uint64_t state_mask = 7;
  static constexpr int state_bits = 3;

  static std::uint64_t generation_of(std::uint64_t word) noexcept { return word >> state_bits; }
  static wait_state state_of(std::uint64_t word) noexcept {
    return static_cast<wait_state>(word & state_mask);
  }
  static std::uint64_t pack(std::uint64_t generation, wait_state state) noexcept {
    return generation << state_bits | static_cast<std::uint64_t>(state);
  }
  static bool is_waiting(wait_state state) noexcept { return state >= wait_state::waiting; }

  /// seq_cst: a timer that goes off publishes that and then looks for a wait; see fiber_timer.hpp.
  static std::uint64_t load(const parker& p) noexcept {
    return p.word_.load(std::memory_order_seq_cst);
  }

  /// Starts a wait of a new generation. By the parker only.
  static wait_token open(parker& p, wait_state how) noexcept {
    const std::uint64_t generation = generation_of(p.word_.load(std::memory_order_relaxed)) + 1;
    p.word_.exchange(pack(generation, how), std::memory_order_seq_cst);
    return {&p, generation};
  }

  /// Ends the wait that the token names, if it is still open.
  static bool claim(wait_token token, wait_state outcome) noexcept {
    std::uint64_t seen = token.who->word_.load(std::memory_order_relaxed);
    while (generation_of(seen) == token.generation && is_waiting(state_of(seen))) {
      if (state_of(seen) == wait_state::held) [[unlikely]] {
        seen = after_hold(*token.who);
      } else if (token.who->word_.compare_exchange_weak(seen, pack(token.generation, outcome),
                                                        std::memory_order_acq_rel,
                                                        std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  /// Puts a wait aside, if it is still open, and tells what it was. Not by the parker.
  static bool hold(wait_token token, wait_state& was) noexcept {
    std::uint64_t seen = token.who->word_.load(std::memory_order_relaxed);
    was = state_of(seen);
    return generation_of(seen) == token.generation && is_waiting(was) && was != wait_state::held &&
           token.who->word_.compare_exchange_strong(seen, pack(token.generation, wait_state::held),
                                                    std::memory_order_acq_rel,
                                                    std::memory_order_relaxed);
  }
  /// Opens it again. Whoever claims it later sees what the holder wrote before. An exchange and no
  /// store, for the sake of synchronize().
  static void release(wait_token token, wait_state was) noexcept {
    token.who->word_.exchange(pack(token.generation, was), std::memory_order_acq_rel);
  }

  /// Ends whatever wait is open, if cancellation may: `sweep` for the shutdown's.
  static bool claim_canceled(parker& p, bool sweep) noexcept {
    std::uint64_t seen = p.word_.load(std::memory_order_seq_cst);
    for (;;) {
      const wait_state state = state_of(seen);
      if (state == wait_state::held) [[unlikely]] {
        seen = after_hold(p);
        continue;
      }
      if (state != wait_state::waiting && (sweep || state != wait_state::waiting_shielded)) {
        return false;
      }
      if (p.word_.compare_exchange_weak(seen, pack(generation_of(seen), wait_state::canceled),
                                        std::memory_order_seq_cst)) {
        return true;
      }
    }
  }

  /// Orders the caller's earlier writes before any wait that the parker opens from now on: both are
  /// read-modify-writes of one word, so the later one reads from the earlier one.
  static void synchronize(parker& p) noexcept { p.word_.fetch_add(0, std::memory_order_acq_rel); }

 private:
  /// Not inlined: hardly anybody comes here, and everybody who claims would carry it along.
  WEFT_NOINLINE static std::uint64_t after_hold(const parker& p) noexcept {
    std::uint64_t seen = 0;
    for (int spins = 0;
         state_of(seen = p.word_.load(std::memory_order_seq_cst)) == wait_state::held; ++spins) {
      spins < 100 ? cpu_relax() : std::this_thread::yield();
    }
    return seen;
  }
};

}  // namespace weft::detail
