#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>
#include <utility>

/// What Dart has asked for and was not answered yet.
namespace weft::dart {

struct request {
  request* next = nullptr;
  std::int64_t id = 0;
};

/// First in, first out; owns nothing.
class request_queue {
 public:
  bool is_empty() const noexcept { return !first_; }
  request& front() const noexcept { return *first_; }

  void push(request& last) noexcept {
    last.next = nullptr;
    (first_ ? last_->next : first_) = &last;
    last_ = &last;
  }

  std::size_t size() const noexcept {
    std::size_t count = 0;
    if (first_) {
      for (const request* each = first_; ++count, each != last_; each = each->next) {
      }
    }
    return count;
  }

  request& pop() noexcept { return *std::exchange(first_, first_->next); }

  /// The request with that number; null: it is not here.
  request* find(std::int64_t id) const noexcept {
    for (request* each = first_; each; each = each == last_ ? nullptr : each->next) {
      if (each->id == id) {
        return each;
      }
    }
    return nullptr;
  }

  /// Takes out one that is here.
  void remove(request& wanted) noexcept {
    if (first_ == &wanted) {
      pop();
      return;
    }
    request* before = first_;
    while (before->next != &wanted) {
      before = before->next;
    }
    before->next = wanted.next;
    if (last_ == &wanted) {
      last_ = before;
    }
  }

 private:
  request* first_ = nullptr;
  request* last_ = nullptr;  // meaningless while first_ is null
};

/// A read or an accept.
struct plain_request : request {
  static plain_request* make(std::int64_t id) noexcept {
    auto* made = new (std::nothrow) plain_request;
    if (made) {
      made->id = id;
    }
    return made;
  }
  static void dispose(request& done) noexcept { delete static_cast<plain_request*>(&done); }
};

/// An address as the system takes it: the longest is the name of a Unix socket.
struct native_address {
  alignas(8) std::array<std::byte, 112> storage{};
  unsigned size = 0;
};

/// Bytes that are still to be sent or, without any, the end of the stream. The bytes follow the
/// object.
struct write_request : request {
  std::int64_t total = 0;  // what the caller asked for; 0: the end of the stream
  std::size_t size = 0;    // what of it had to be kept
  std::size_t sent = 0;    // what of that has gone out since
  native_address to;       // of a datagram

  bool is_end() const noexcept { return total == 0; }
  /// Whether the system has taken nothing of it.
  bool is_untouched() const noexcept {
    return sent == 0 && static_cast<std::size_t>(total) == size;
  }
  std::span<const std::byte> unsent() const noexcept {
    return std::span(reinterpret_cast<const std::byte*>(this + 1), size).subspan(sent);
  }

  /// Room for `size` bytes; null: out of memory.
  static write_request* make(std::int64_t id, std::int64_t total, std::size_t size) noexcept {
    void* memory = std::malloc(sizeof(write_request) + size);
    if (!memory) {
      return nullptr;
    }
    auto* made = new (memory) write_request;
    made->id = id;
    made->total = total;
    made->size = size;
    return made;
  }
  std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  static void dispose(request& done) noexcept { std::free(static_cast<write_request*>(&done)); }
};

/// A connection on its way.
struct connect_request : request {
  native_address peer;
};

}  // namespace weft::dart
