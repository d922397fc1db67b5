#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// The few functions of the Dart VM that the bridge calls, and the message they carry.
///
/// The VM hands its functions over at run time, as a table of names; nothing of it is linked or
/// included. The layouts below are the VM's, for version 2 of that table; the static_asserts hold
/// them to the numbers measured on real machines, 32 and 64 bits wide.
namespace weft::dart {

using port = std::int64_t;
inline constexpr port no_port = 0;

using finalizer = void (*)(void* isolate_data, void* peer);
/// A reference to an object of the isolate that is calling us; valid during that call.
using object = void*;

/// What a message is made of. Later numbers moved between the VM's versions: never use one.
enum class kind : std::int32_t {
  null = 0,
  boolean = 1,
  int32 = 2,
  int64 = 3,
  floating = 4,
  string = 5,
  array = 6,
  bytes = 7,
  external_bytes = 8,
};

inline constexpr std::int32_t element_uint8 = 2;

/// Dart_CObject.
struct message {
  struct array_value {
    std::intptr_t length;
    message** values;
  };
  struct bytes_value {
    std::int32_t type;
    std::intptr_t length;
    const std::uint8_t* values;
  };
  struct external_value {
    std::int32_t type;
    std::intptr_t length;
    std::uint8_t* data;
    void* peer;
    finalizer release;
  };

  kind type;
  union {
    bool boolean;
    std::int32_t int32;
    std::int64_t int64;
    double floating;
    const char* string;
    array_value array;
    bytes_value bytes;
    external_value external;
    std::intptr_t room[5];  // the largest alternative of the VM's own
  } value;
};

namespace layout {
// On i386 a 64-bit number in a struct is aligned to 4, so the value follows the type at once.
inline constexpr bool wide = sizeof(void*) == 8;
static_assert(sizeof(message) == (wide ? 48 : 24));
static_assert(alignof(message) == (wide ? 8 : 4));
static_assert(offsetof(message, value) == (wide ? 8 : 4));
static_assert(offsetof(message, value.array.length) == (wide ? 8 : 4));
static_assert(offsetof(message, value.array.values) == (wide ? 16 : 8));
static_assert(offsetof(message, value.external.type) == (wide ? 8 : 4));
static_assert(offsetof(message, value.external.length) == (wide ? 16 : 8));
static_assert(offsetof(message, value.external.data) == (wide ? 24 : 12));
static_assert(offsetof(message, value.external.peer) == (wide ? 32 : 16));
static_assert(offsetof(message, value.external.release) == (wide ? 40 : 20));
}  // namespace layout

/// Reads the table that `NativeApi.initializeApiDLData` points to. False: it is none that we can
/// use, and what was read before stays in force. Any thread, any number of times.
bool load_api(const void* table) noexcept;

/// What became of a message.
enum class [[nodiscard]] delivery : bool { refused, accepted };

// All of these may be called on any thread, and with locks held that no finalizer takes. `refused`
// means that the port is dead, and that its isolate is, too.

/// Posts `[id, result, null]`.
delivery post(port to, std::int64_t id, std::int64_t result) noexcept;
/// Posts `[id, data.size(), a copy of data]`.
delivery post_copy(port to, std::int64_t id, std::span<const std::byte> data) noexcept;
/// Posts `[id, data.size(), data itself]`: the VM calls `release(peer)` when it needs the data no
/// longer, on whatever thread, unless it refuses the message.
delivery post_external(port to, std::int64_t id, std::span<std::byte> data, void* peer,
                       finalizer release) noexcept;
/// Posts a bare number.
delivery post_number(port to, std::int64_t number) noexcept;

/// Has `release(peer)` called once, on whatever thread, when the object is collected or its isolate
/// ends. Only inside a call from Dart. False: it will not be called.
bool attach(object to, void* peer, std::intptr_t size, finalizer release) noexcept;

}  // namespace weft::dart
