#include "iocp_request.hpp"

#include <mutex>
#include <new>
#include <utility>

namespace weft::io {

void request::cancel(std::uint64_t meant) noexcept {
  std::lock_guard hold(lock);
  if (is_under_way && tag() == meant) {
    ::CancelIoEx(handle, this);
  }
}

request* request_pool::take(operation& op) noexcept {
  request* taken = nullptr;
  while (!taken) {
    {
      std::lock_guard hold(lock_);
      taken = free_;
      if (taken) {
        free_ = taken->next_free;
      }
    }
    if (!taken && !add_block()) {
      return nullptr;
    }
  }
  static_cast<OVERLAPPED&>(*taken) = {};
  taken->op = &op;
  taken->accepted = INVALID_SOCKET;
  taken->is_readiness = false;
  taken->flags = 0;
  std::lock_guard hold(taken->lock);
  taken->is_under_way = true;
  return taken;
}

void request_pool::give_back(request& ended) noexcept {
  {
    std::lock_guard hold(ended.lock);
    ended.is_under_way = false;
    ++ended.number;
  }
  std::lock_guard hold(lock_);
  ended.next_free = std::exchange(free_, &ended);
}

bool request_pool::add_block() noexcept {
  constexpr std::size_t block_size = 32;
  try {
    auto block = std::make_unique<request[]>(block_size);
    std::lock_guard hold(lock_);
    blocks_.push_back(std::move(block));
    for (std::size_t i = 0; i < block_size; ++i) {
      request& added = blocks_.back()[i];
      added.next_free = std::exchange(free_, &added);
    }
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace weft::io
