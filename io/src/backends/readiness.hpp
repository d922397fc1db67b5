#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <weft/io/backend.hpp>
#include <weft/io/detail/descriptor_state.hpp>

#include "../poller_home.hpp"

namespace weft::io {

/// The algorithm that all readiness backends share: try, queue, arm, retry.
///
/// A descriptor is registered once and for both directions with the poller of the worker on which a
/// fiber first had to wait for it. From then on the poller reports either each readiness as it
/// comes, edge-triggered, or those that an operation waits for after arm(), the present one too.
/// For each direction the descriptor keeps whether a call *might* not have to wait (`maybe`) and
/// how many events there were (`events`). A call that would block, or that moved less than it
/// could, clears `maybe`, unless an event came meanwhile; while it is clear, operations queue
/// without trying. An event sets it and gives the longest-waiting operation its turn: its fiber
/// runs, tries, and on leaving passes the turn to the next. So an event is never lost, a spurious
/// one costs a failed call, and in the steady state of a request-response server each read costs
/// one call and no registration.
///
/// A descriptor follows its fiber: when an operation has to wait on another worker than the one it
/// is registered with, and none waits there, the registration moves.
class readiness_backend : public backend, private detail::poller {
 public:
  bool submit(operation& op) noexcept final;
  bool withdraw(operation& op) noexcept final;
  void request_cancel(std::uint64_t tag) noexcept final;

 protected:
  /// Throws std::bad_alloc.
  readiness_backend() : home_(detail::poller_home::move_in(*this)), tenancy_(home_.tenancy) {}
  /// The first thing in a destructor: from here on nobody calls unwatch().
  void retire() noexcept {
    home_.move_out();
    detail::descriptor_state::forsake(home_, tenancy_);
  }

  /// Registers the descriptor with the poller and arms it: 0, or minus the error number. Called on
  /// the owning worker's thread.
  virtual int watch(detail::descriptor_state& state) noexcept = 0;

  struct event {
    detail::descriptor_state* state;
    bool in;
    bool out;
    /// The end of the stream, an error or an urgent mark: from now on it means nothing that a call
    /// moved less than it could have.
    bool cut_short;
  };
  /// The most events to ask the system for: so few that what the kernel and the fibers touch for
  /// them is still in the cache when each runs. See docs/decisions/012-batches.md.
  static constexpr std::size_t batch = 32;

  /// Collects what the system reported and gives those who wait for it their turn, a batch at a
  /// time and the last when it goes.
  class event_batch {
   public:
    event_batch() = default;
    event_batch(const event_batch&) = delete;
    event_batch& operator=(const event_batch&) = delete;
    ~event_batch() { tell(); }

    void add(const event& reported) noexcept {
      if (count_ == batch) {
        tell();
      }
      all_[count_++] = reported;
    }

   private:
    void tell() noexcept;

    std::array<event, batch> all_;
    std::size_t count_ = 0;
  };

  /// Under the descriptor's lock: whether this is where it is registered.
  bool is_registered_here(const detail::descriptor_state& state) const noexcept {
    return state.home == &home_ && state.tenancy == tenancy_;
  }

 private:
  enum class queued : std::uint8_t { yes, event_came, closing };

  queued queue(operation& op) noexcept;
  void move_here(detail::descriptor_state& state, detail::poller_home* from,
                 std::uint64_t tenancy) noexcept;

  detail::poller_home& home_;
  const std::uint64_t tenancy_;
};

}  // namespace weft::io
