#include "io_uring_entries.hpp"

#include <algorithm>
#include <new>

#include <liburing.h>

namespace weft::io {

namespace {

constexpr std::size_t initial_room = 256;

}  // namespace

waiting_entries::waiting_entries() : slots_(initial_room) {}

waiting_entries::~waiting_entries() = default;

io_uring_sqe* waiting_entries::add() noexcept {
  if (count_ == slots_.size() && !grow()) {
    return nullptr;
  }
  io_uring_sqe& added = slots_[(first_ + count_++) & (slots_.size() - 1)];
  // Since liburing 2.4 io_uring_get_sqe() does this, and the io_uring_prep_*() rely on it.
  added = {};
  return &added;
}

void waiting_entries::move_to(io_uring& ring, unsigned most) noexcept {
  for (unsigned there = io_uring_sq_ready(&ring); there < most && count_ != 0; ++there) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring);
    if (!entry) {
      return;
    }
    *entry = slots_[first_];
    first_ = (first_ + 1) & (slots_.size() - 1);
    --count_;
  }
}

bool waiting_entries::grow() noexcept {
  try {
    std::vector<io_uring_sqe> larger(slots_.size() * 2);
    const auto middle = slots_.begin() + static_cast<std::ptrdiff_t>(first_);
    std::rotate_copy(slots_.begin(), middle, slots_.end(), larger.begin());
    slots_.swap(larger);
    first_ = 0;
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace weft::io
