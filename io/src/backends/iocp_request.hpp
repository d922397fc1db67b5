#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <sys/socket.h>

#include <weft/io/operation.hpp>
#include <weft/runtime/detail/spinlock.hpp>

namespace weft::io {

/// What the socket driver is asked when a readiness is waited for, and answers.
struct readiness_query {
  LARGE_INTEGER timeout;
  ULONG count;
  ULONG is_exclusive;
  HANDLE handle;
  ULONG events;
  LONG status;
};

/// What the system needs of an operation while it is under way. The operation itself lies on its
/// fiber's stack and may end at any moment; this stays, so a cancellation that comes too late meets
/// the wrong number and is dropped.
///
/// `lock` guards `number` and `is_under_way`; the rest belongs to whoever starts or ends it.
struct request : OVERLAPPED {
  static constexpr int tag_bits = 48;  // of user space, on 64-bit Windows
  static constexpr DWORD address_room = sizeof(sockaddr_storage) + 16;

  std::uint64_t tag() const noexcept {
    return reinterpret_cast<std::uintptr_t>(this) | std::uint64_t{number} << tag_bits;
  }
  static request& of(std::uint64_t tag) noexcept {
    return *reinterpret_cast<request*>(
        static_cast<std::uintptr_t>(tag & ((std::uint64_t{1} << tag_bits) - 1)));
  }

  /// Asks the system to end it, if it is still the one that the tag means.
  void cancel(std::uint64_t tag) noexcept;

  operation* op = nullptr;
  HANDLE handle = nullptr;  // what it was started on
  SOCKET socket = INVALID_SOCKET;
  SOCKET accepted = INVALID_SOCKET;  // what a connection that is waited for goes to
  bool is_readiness = false;
  DWORD flags = 0;
  readiness_query query{};
  std::array<std::byte, std::size_t{2} * address_room> addresses;

  weft::detail::spinlock lock;
  std::uint16_t number = 0;  // counts the uses of the object
  bool is_under_way = false;
  request* next_free = nullptr;
};

/// A backend's requests. Any thread.
class request_pool {
 public:
  /// One that is under way from now on; null when there is no memory.
  request* take(operation& op) noexcept;
  void give_back(request& ended) noexcept;

 private:
  bool add_block() noexcept;

  weft::detail::spinlock lock_;
  request* free_ = nullptr;
  std::vector<std::unique_ptr<request[]>> blocks_;
};

}  // namespace weft::io
