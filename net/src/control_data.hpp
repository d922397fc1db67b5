#pragma once

#include <cstddef>
#include <cstring>
#include <span>

#include <sys/socket.h>

/// The control data of messages (RFC 3542): written and read without a cast that could misalign.
namespace weft::detail {

/// Writes control data into a buffer that is large enough for all that is put there, and hands it
/// to a message.
template <std::size_t Capacity>
class control_writer {
 public:
  void put(int level, int type, const void* data, std::size_t size) noexcept {
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = static_cast<decltype(header.cmsg_len)>(CMSG_LEN(size));
    std::memcpy(buffer_ + used_, &header, sizeof header);
    std::memcpy(buffer_ + used_ + CMSG_LEN(0), data, size);
    used_ += CMSG_SPACE(size);
  }
  template <class Value>
  void put(int level, int type, const Value& value) noexcept {
    static_assert(CMSG_SPACE(sizeof value) <= Capacity);
    put(level, type, &value, sizeof value);
  }

  bool is_empty() const noexcept { return used_ == 0; }

  void attach_to(msghdr& message) noexcept {
    if (used_ > 0) {
      message.msg_control = buffer_;
      message.msg_controllen = static_cast<decltype(message.msg_controllen)>(used_);
    }
  }

 private:
  alignas(cmsghdr) std::byte buffer_[Capacity]{};
  std::size_t used_ = 0;
};

// musl's macro compares a size with the difference of two pointers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
inline cmsghdr* next_control(msghdr& message, cmsghdr* at) noexcept {
  return CMSG_NXTHDR(&message, at);
}
#pragma GCC diagnostic pop

/// Calls `f(level, type, span of bytes)` for each piece of control data that a message came with.
template <class F>
void for_each_control(const msghdr& message, F f) {
  auto* const headers = const_cast<msghdr*>(&message);
  for (cmsghdr* at = CMSG_FIRSTHDR(headers); at; at = next_control(*headers, at)) {
    f(at->cmsg_level, at->cmsg_type,
      std::span(reinterpret_cast<const std::byte*>(CMSG_DATA(at)), at->cmsg_len - CMSG_LEN(0)));
  }
}

/// The value that control data carries. Some systems send an int as one byte.
template <class Value>
Value value_in(std::span<const std::byte> data) noexcept {
  Value value{};
  std::memcpy(&value, data.data(), data.size() < sizeof value ? data.size() : sizeof value);
  return value;
}

}  // namespace weft::detail
