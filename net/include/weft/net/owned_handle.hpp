#pragma once

#include <utility>

#include <weft/runtime/config.hpp>

namespace weft {

/// Owns a native handle of any kind, and knows nothing else of it: one that was received from
/// another process. To wait on it, hand it to io::descriptor::adopt(handle.release()), which makes
/// it non-blocking for everyone who shares it.
///
/// Threads: a plain value.
class owned_handle {
 public:
  owned_handle() noexcept = default;
  explicit owned_handle(int native) noexcept : native_(native) {}
  owned_handle(owned_handle&& other) noexcept : native_(other.release()) {}
  owned_handle& operator=(owned_handle&& other) noexcept {
    owned_handle old(std::exchange(native_, other.release()));
    return *this;
  }
  ~owned_handle() { close(); }

  explicit operator bool() const noexcept { return native_ >= 0; }
  /// -1 when there is none.
  int native_handle() const noexcept { return native_; }
  int release() noexcept { return std::exchange(native_, -1); }
  WEFT_API void close() noexcept;

 private:
  int native_ = -1;
};

}  // namespace weft
