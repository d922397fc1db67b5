#include "dart_api.hpp"

#include <array>
#include <atomic>
#include <cstring>

/// The functions are kept in atomics of their own: a second isolate may hand the table over while
/// the first is posting, and both tables name the same functions of one VM. Relaxed loads do: what
/// a function works on is the VM's business, and whoever posts has been called by Dart after the
/// table was read, or is a thread that was started, or woken through a lock, by such a call.
namespace weft::dart {

namespace {

struct entry {
  const char* name;
  void (*function)();
};

struct api_table {
  std::int32_t major;
  std::int32_t minor;
  const entry* entries;  // ends with one that has no name
};
static_assert(offsetof(api_table, entries) == 8);

using message_poster = bool (*)(port, message*);
using integer_poster = bool (*)(port, std::int64_t);
using finalizable_maker = void* (*)(object, void*, std::intptr_t, finalizer);

std::atomic<message_poster> post_message{nullptr};
std::atomic<integer_poster> post_integer{nullptr};
std::atomic<finalizable_maker> new_finalizable{nullptr};

template <class Function>
Function find(const entry* entries, const char* name) noexcept {
  for (; entries->name; ++entries) {
    if (std::strcmp(entries->name, name) == 0) {
      return reinterpret_cast<Function>(entries->function);
    }
  }
  return nullptr;
}

message null_message() noexcept {
  message made{};
  made.type = kind::null;
  return made;
}

message integer(std::int64_t value) noexcept {
  message made{};
  made.type = kind::int64;
  made.value.int64 = value;
  return made;
}

delivery post_reply(port to, std::int64_t id, std::int64_t result, message& data) noexcept {
  const message_poster function = post_message.load(std::memory_order_relaxed);
  if (!function) {
    return delivery::refused;
  }
  message id_part = integer(id);
  message result_part = integer(result);
  std::array<message*, 3> parts{&id_part, &result_part, &data};
  message reply{};
  reply.type = kind::array;
  reply.value.array = {static_cast<std::intptr_t>(parts.size()), parts.data()};
  return delivery{function(to, &reply)};
}

}  // namespace

bool load_api(const void* table) noexcept {
  constexpr std::int32_t known_major = 2;
  const auto* given = static_cast<const api_table*>(table);
  if (!given || given->major != known_major || !given->entries) {
    return false;
  }
  const auto message_function = find<message_poster>(given->entries, "Dart_PostCObject");
  const auto integer_function = find<integer_poster>(given->entries, "Dart_PostInteger");
  const auto finalizable = find<finalizable_maker>(given->entries, "Dart_NewFinalizableHandle");
  if (!message_function || !integer_function || !finalizable) {
    return false;
  }
  post_message.store(message_function, std::memory_order_relaxed);
  post_integer.store(integer_function, std::memory_order_relaxed);
  new_finalizable.store(finalizable, std::memory_order_relaxed);
  return true;
}

delivery post(port to, std::int64_t id, std::int64_t result) noexcept {
  message nothing = null_message();
  return post_reply(to, id, result, nothing);
}

delivery post_copy(port to, std::int64_t id, std::span<const std::byte> data) noexcept {
  message copied{};
  copied.type = kind::bytes;
  copied.value.bytes = {element_uint8, static_cast<std::intptr_t>(data.size()),
                        reinterpret_cast<const std::uint8_t*>(data.data())};
  return post_reply(to, id, static_cast<std::int64_t>(data.size()), copied);
}

delivery post_external(port to, std::int64_t id, std::span<std::byte> data, void* peer,
                       finalizer release) noexcept {
  message handed_over{};
  handed_over.type = kind::external_bytes;
  handed_over.value.external = {element_uint8, static_cast<std::intptr_t>(data.size()),
                                reinterpret_cast<std::uint8_t*>(data.data()), peer, release};
  return post_reply(to, id, static_cast<std::int64_t>(data.size()), handed_over);
}

delivery post_number(port to, std::int64_t number) noexcept {
  const integer_poster function = post_integer.load(std::memory_order_relaxed);
  return delivery{function && function(to, number)};
}

bool attach(object to, void* peer, std::intptr_t size, finalizer release) noexcept {
  const finalizable_maker function = new_finalizable.load(std::memory_order_relaxed);
  return function && function(to, peer, size, release) != nullptr;
}

}  // namespace weft::dart
