#pragma once

#include <array>
#include <cstddef>

#include <weft/net/unix_endpoint.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

struct sockaddr;

namespace weft {

/// A unix_endpoint in the form in which system calls take and give it: as native_endpoint is used.
///
/// Threads: a plain value.
/// Cost: 120 bytes, no allocation.
class native_unix_endpoint {
 public:
  /// Empty, for the system to fill in.
  constexpr native_unix_endpoint() noexcept = default;
  WEFT_API explicit native_unix_endpoint(const unix_endpoint& value) noexcept;

  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(storage_.data()); }
  const sockaddr* data() const noexcept {
    return reinterpret_cast<const sockaddr*>(storage_.data());
  }
  constexpr unsigned size() const noexcept { return size_; }
  static constexpr unsigned capacity() noexcept { return max_size; }
  /// Tells how much the system filled in.
  constexpr void resize(unsigned size) noexcept { size_ = size < max_size ? size : max_size; }

  /// Errors: as unix_endpoint::from_native(). Empty: unnamed.
  WEFT_API result<unix_endpoint> to_endpoint() const noexcept;

 private:
  static constexpr unsigned max_size = 110;

  alignas(8) std::array<std::byte, max_size> storage_{};
  unsigned size_ = 0;
};

}  // namespace weft
