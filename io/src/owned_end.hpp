#pragma once

#include <utility>

#include <weft/io/detail/syscalls.hpp>

namespace weft::io::detail {

/// A native handle that nobody waits on.
class owned_end {
 public:
  owned_end() noexcept = default;
  explicit owned_end(int native) noexcept : native_(native) {}
  owned_end(owned_end&& other) noexcept : native_(other.release()) {}
  owned_end& operator=(owned_end&& other) noexcept {
    std::swap(native_, other.native_);
    return *this;
  }
  ~owned_end() {
    if (native_ >= 0) {
      weft::detail::sys::close(native_);
    }
  }

  int get() const noexcept { return native_; }
  int release() noexcept { return std::exchange(native_, -1); }

 private:
  int native_ = -1;
};

}  // namespace weft::io::detail
