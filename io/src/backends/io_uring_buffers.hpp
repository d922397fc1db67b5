#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

struct io_uring;
struct io_uring_buf;

namespace weft::io {

/// Buffers that the kernel takes from when data arrives, so that an operation that waits holds
/// none. One ring of them a backend, guarded by the backend's lock.
///
/// The ring holds pooled buffers of the small size. One that the kernel has filled leaves the ring
/// for good, with the data, and another from the pool takes its place: so a lease that is kept for
/// long does not drain the ring, and may outlive it. A burst can still find the ring empty before
/// the backend comes to refill it; then the kernel says ENOBUFS, and the operation is done by
/// waiting for readiness.
///
/// Errors: a kernel that has no buffer rings (before 5.19) leaves usable() false.
/// Lifetime: no operation may be under way when it is destroyed, and the ring must be closed.
class provided_buffers {
 public:
  static constexpr std::uint16_t group = 0;

  provided_buffers() noexcept = default;
  ~provided_buffers();
  provided_buffers(const provided_buffers&) = delete;
  provided_buffers& operator=(const provided_buffers&) = delete;

  /// Whether operations may take from it. Registers it with the ring the first time.
  bool usable(io_uring& ring) noexcept {
    return state_ == state::ready || (state_ == state::untried && set_up(ring));
  }

  /// The buffer that a completion's flags name, and a new one in its place. It is the caller's.
  std::byte* take(std::uint32_t completion_flags) noexcept;

 private:
  enum class state : std::uint8_t { untried, ready, refused };
  static constexpr std::uint16_t count = 256;  // a power of two

  bool set_up(io_uring& ring) noexcept;
  void provide(std::uint16_t place) noexcept;

  state state_ = state::untried;
  bool any_missing_ = false;
  std::uint16_t tail_ = 0;
  io_uring_buf* slots_ = nullptr;  // what the kernel reads
  std::array<std::byte*, count> buffers_{};
};

}  // namespace weft::io
