#pragma once

#include <array>
#include <cassert>
#include <cstddef>

#include <weft/net/endpoint.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

struct sockaddr;

namespace weft {

/// An endpoint in the form in which system calls take and give it.
///
/// To the system: `native_endpoint to(where); ::connect(fd, to.data(), to.size());`
/// From it: `native_endpoint from; socklen_t size = from.capacity(); ::accept(fd, from.data(),
/// &size); from.resize(size); auto peer = from.to_endpoint();`
///
/// Threads: a plain value.
/// Cost: 32 bytes, no allocation.
class native_endpoint {
 public:
  /// Empty, for the system to fill in.
  constexpr native_endpoint() noexcept = default;
  WEFT_API explicit native_endpoint(const endpoint& value) noexcept;

  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(storage_.data()); }
  const sockaddr* data() const noexcept {
    return reinterpret_cast<const sockaddr*>(storage_.data());
  }
  /// The bytes in use: `sizeof(sockaddr_in)`, `sizeof(sockaddr_in6)`, or 0 when empty.
  constexpr unsigned size() const noexcept { return size_; }
  /// The bytes that data() has room for: enough for each IP address, not for other families.
  static constexpr unsigned capacity() noexcept { return max_size; }
  /// Tells how much the system filled in. More than the capacity means that it cut the address off,
  /// which happens to other families only; to_endpoint() then reports the family.
  constexpr void resize(unsigned size) noexcept { size_ = size < max_size ? size : max_size; }

  /// Errors: as endpoint::from_native(); `std::errc::invalid_argument` when empty.
  result<endpoint> to_endpoint() const noexcept {
    return endpoint::from_native(storage_.data(), size_);
  }

 private:
  static constexpr unsigned max_size = 28;

  alignas(8) std::array<std::byte, max_size> storage_{};
  unsigned size_ = 0;
};

}  // namespace weft
