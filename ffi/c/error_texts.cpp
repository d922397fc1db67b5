#include <algorithm>
#include <array>
#include <cstdint>

#include <weft/ffi/weft.h>

namespace {

struct entry {
  int code;
  const char* name;
  const char* text;
};

#define WEFT_ENTRY(code, text) \
  entry {                      \
    code, #code, text          \
  }

constexpr std::array entries{
    WEFT_ENTRY(WEFT_E_INVALID_ARGUMENT, "an argument is not valid"),
    WEFT_ENTRY(WEFT_E_STALE_HANDLE, "the handle was closed, or never was one"),
    WEFT_ENTRY(WEFT_E_WRONG_KIND, "the handle is of another kind than the call needs"),
    WEFT_ENTRY(WEFT_E_WRONG_THREAD, "the call works only in a fiber, or only outside of one"),
    WEFT_ENTRY(WEFT_E_NOT_STARTED, "weft is not running: call weft_start() first"),
    WEFT_ENTRY(WEFT_E_UNKNOWN_OPTION, "an option is not known to this version of the library"),
    WEFT_ENTRY(WEFT_E_OUT_OF_MEMORY, "out of memory"),
    WEFT_ENTRY(WEFT_E_TOO_MANY_HANDLES, "too many handles are open: close those not needed"),
    WEFT_ENTRY(WEFT_E_CALLBACK_FAILED, "an exception left the function"),
    WEFT_ENTRY(WEFT_E_INTERNAL, "an error that should not be: please report it"),
    WEFT_ENTRY(WEFT_E_TIMED_OUT, "timed out"),
    WEFT_ENTRY(WEFT_E_CANCELED, "canceled"),
    WEFT_ENTRY(WEFT_E_CLOSED, "closed"),
    WEFT_ENTRY(WEFT_E_WOULD_BLOCK, "the call would have to wait"),
    WEFT_ENTRY(WEFT_E_END_OF_STREAM, "the stream ended before the data was complete"),
    WEFT_ENTRY(WEFT_E_WOULD_DEADLOCK, "the call would wait for itself"),
    WEFT_ENTRY(WEFT_E_SYSTEM, "a system error: weft_last_system_error() has its number"),
    WEFT_ENTRY(WEFT_E_CONNECTION_REFUSED, "connection refused: nobody listens there"),
    WEFT_ENTRY(WEFT_E_CONNECTION_RESET, "connection reset by the peer"),
    WEFT_ENTRY(WEFT_E_CONNECTION_ABORTED, "connection aborted"),
    WEFT_ENTRY(WEFT_E_BROKEN_PIPE, "the peer has closed the connection"),
    WEFT_ENTRY(WEFT_E_NOT_CONNECTED, "not connected"),
    WEFT_ENTRY(WEFT_E_ALREADY_CONNECTED, "already connected"),
    WEFT_ENTRY(WEFT_E_ADDRESS_IN_USE, "the address is in use"),
    WEFT_ENTRY(WEFT_E_ADDRESS_NOT_AVAILABLE, "the address is not one of this machine"),
    WEFT_ENTRY(WEFT_E_NETWORK_UNREACHABLE, "no route to that network"),
    WEFT_ENTRY(WEFT_E_HOST_UNREACHABLE, "no route to that host"),
    WEFT_ENTRY(WEFT_E_PERMISSION_DENIED, "permission denied"),
    WEFT_ENTRY(WEFT_E_MESSAGE_TOO_LONG, "the message is too long"),
    WEFT_ENTRY(WEFT_E_NO_SUCH_FILE, "no such file or directory"),
    WEFT_ENTRY(WEFT_E_TOO_MANY_OPEN_FILES, "too many open files"),
    WEFT_ENTRY(WEFT_E_NO_BUFFER_SPACE, "the system has no buffer space left"),
    WEFT_ENTRY(WEFT_E_NOT_SUPPORTED, "not supported here"),
    WEFT_ENTRY(WEFT_E_BAD_ADDRESS, "the text is not an address"),
    WEFT_ENTRY(WEFT_E_HOST_NOT_FOUND, "no such host"),
    WEFT_ENTRY(WEFT_E_NO_ADDRESS, "the host has no address"),
    WEFT_ENTRY(WEFT_E_NO_NAME_SERVER, "no name server answered"),
    WEFT_ENTRY(WEFT_E_SERVICE_NOT_FOUND, "no such service"),
};

#undef WEFT_ENTRY

const entry* entry_of(std::int64_t code) noexcept {
  const auto* found = std::ranges::find(entries, code, &entry::code);
  return found == entries.end() ? nullptr : found;
}

}  // namespace

extern "C" {

const char* weft_error_name(std::int64_t code) noexcept {
  if (code >= 0) {
    return "WEFT_OK";
  }
  const entry* const found = entry_of(code);
  return found ? found->name : "?";
}

const char* weft_error_text(std::int64_t code) noexcept {
  if (code >= 0) {
    return "success";
  }
  const entry* const found = entry_of(code);
  return found ? found->text : "not an error code of weft";
}
}
