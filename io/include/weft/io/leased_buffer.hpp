#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <weft/runtime/config.hpp>

namespace weft::io {

/// Bytes that arrived, in a buffer that weft lends: it goes back when this goes.
///
/// Threads: may be moved to, and end, in any fiber or thread; not used by two at once.
/// Lifetime: may outlive the socket it came from, and the runtime.
/// Cost: giving back is a list operation; the buffer holds 4 or 64 KiB of memory until then.
class WEFT_API leased_buffer {
 public:
  leased_buffer() noexcept = default;
  /// Of the library: takes over `capacity` bytes that detail::take_buffer() gave.
  leased_buffer(std::byte* data, std::size_t size, std::size_t capacity) noexcept
      : begin_(data), data_(data), size_(size), capacity_(capacity) {}
  leased_buffer(leased_buffer&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(other.capacity_) {}
  leased_buffer& operator=(leased_buffer&& other) noexcept {
    leased_buffer old(std::move(*this));
    begin_ = std::exchange(other.begin_, nullptr);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = other.capacity_;
    return *this;
  }
  ~leased_buffer() { give_back(); }

  /// What arrived, or what drop_first() has left of it. To be read and overwritten at will.
  std::span<std::byte> bytes() const noexcept { return {data_, size_}; }
  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Leaves out the first `count` bytes from now on: they have been dealt with. At most size().
  void drop_first(std::size_t count) noexcept {
    data_ += count;
    size_ -= count;
  }

  /// Gives the buffer back now. Idempotent.
  void give_back() noexcept {
    if (begin_) {
      return_to_pool();
    }
  }

 private:
  void return_to_pool() noexcept;

  std::byte* begin_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace weft::io
