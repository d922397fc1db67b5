#include "io_uring_buffers.hpp"

#include <new>
#include <utility>

#include <liburing.h>

#include <weft/io/detail/syscalls.hpp>

#include "../buffer_pool.hpp"

// The ring's entries are written here and not by liburing's functions: their structure has a member
// that C++ lays out otherwise than C in some versions. An entry is an io_uring_buf; the tail lies
// in the last field of the first one.

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

constexpr std::align_val_t page{65536};  // the largest that kernels are built with

}  // namespace

provided_buffers::~provided_buffers() {
  for (std::byte* const buffer : buffers_) {
    if (buffer) {
      detail::return_buffer(buffer, detail::small_buffer);
    }
  }
  ::operator delete(slots_, page);
}

bool provided_buffers::set_up(io_uring& ring) noexcept {
  state_ = state::refused;
  void* const memory = ::operator new(count * sizeof(io_uring_buf), page, std::nothrow);
  if (!memory) {
    return false;
  }
  slots_ = new (memory) io_uring_buf[count]{};
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(slots_);
  registration.ring_entries = count;
  registration.bgid = group;
  if (sys::consult(sys::call::ring_register, -1).error != 0 ||
      io_uring_register_buf_ring(&ring, &registration, 0) < 0) {
    return false;
  }
  state_ = state::ready;
  for (std::uint16_t place = 0; place < count; ++place) {
    provide(place);
  }
  return true;
}

void provided_buffers::provide(std::uint16_t place) noexcept {
  std::byte* const buffer = detail::take_buffer(detail::small_buffer);
  buffers_[place] = buffer;
  if (!buffer) {
    any_missing_ = true;
    return;
  }
  io_uring_buf& slot = slots_[tail_ % count];
  slot.addr = reinterpret_cast<std::uintptr_t>(buffer);
  slot.len = detail::small_buffer;
  slot.bid = place;
  ++tail_;
  // Release pairs with the kernel's acquire: it sees the slot before it counts it.
  std::atomic_ref(slots_[0].resv).store(tail_, std::memory_order_release);
}

std::byte* provided_buffers::take(std::uint32_t completion_flags) noexcept {
  const auto place = static_cast<std::uint16_t>(completion_flags >> IORING_CQE_BUFFER_SHIFT);
  std::byte* const taken = buffers_[place];
  provide(place);
  if (any_missing_ && buffers_[place]) [[unlikely]] {
    any_missing_ = false;  // there is memory again
    for (std::uint16_t other = 0; other < count; ++other) {
      if (!buffers_[other]) {
        provide(other);
      }
    }
  }
  return taken;
}

}  // namespace weft::io
