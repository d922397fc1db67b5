#pragma once

#include <atomic>
#include <cstdint>

#include <weft/runtime/detail/parker.hpp>

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
namespace weft::detail {

enum class wait_state : std::uint8_t {
  running = 0,
  ready,
  timed_out,
  canceled,
  waiting,           // a waker, a deadline, any cancellation
  waiting_shielded,  // the same without the shutdown's sweep, which knows nothing of shields
  waiting_firmly,    // a waker and a deadline only
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

  static std::uint64_t load(const parker& p) noexcept {
    return p.word_.load(std::memory_order_acquire);
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
      if (token.who->word_.compare_exchange_weak(seen, pack(token.generation, outcome),
                                                 std::memory_order_acq_rel,
                                                 std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  /// Ends whatever wait is open, if cancellation may: `sweep` for the shutdown's.
  static bool claim_canceled(parker& p, bool sweep) noexcept {
    std::uint64_t seen = p.word_.load(std::memory_order_seq_cst);
    for (;;) {
      const wait_state state = state_of(seen);
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
};

}  // namespace weft::detail
