#include <algorithm>
#include <cstddef>
#include <cstring>
#include <ostream>

#include <sys/socket.h>
#include <sys/un.h>

#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/unix_endpoint.hpp>

#include "address_length.hpp"
#include "hash.hpp"
#include "socket.hpp"

namespace weft {

static_assert(sizeof(sockaddr_un) <= native_unix_endpoint::capacity());
static_assert(alignof(native_unix_endpoint) >= alignof(sockaddr_un));

namespace {

constexpr std::size_t name_offset = offsetof(sockaddr_un, sun_path);
// The BSDs and macOS have room for a few bytes less than a unix_endpoint.
constexpr std::size_t most_here =
    std::min(unix_endpoint::most_bytes, sizeof(sockaddr_un::sun_path) - 1);

std::unexpected<std::error_code> refuse(std::errc why, std::string_view text,
                                        std::string_view hint) noexcept {
  return detail::fail_with_note(std::make_error_code(why), "unix address", text, hint);
}

std::unexpected<std::error_code> too_long(std::string_view text) noexcept {
  constexpr std::string_view hint =
      most_here == 107 ? "107 bytes are the most: use a shorter directory, or a path relative to "
                         "the working directory"
                       : "103 bytes are the most: use a shorter directory, or a path relative to "
                         "the working directory";
  return refuse(std::errc::filename_too_long, text, hint);
}

}  // namespace

result<unix_endpoint> unix_endpoint::make(kind what, std::string_view name) noexcept {
  if (name.size() > most_here) {
    return too_long(name);
  }
  unix_endpoint made;
  made.kind_ = what;
  made.size_ = static_cast<std::uint8_t>(name.size());
  std::memcpy(made.bytes_.data(), name.data(), name.size());
  return made;
}

result<unix_endpoint> unix_endpoint::path(std::string_view path) noexcept {
  if (path.empty()) {
    return refuse(std::errc::invalid_argument, path,
                  "write a path, as in /run/app.sock, or a name, as in @app");
  }
  if (path.find('\0') != std::string_view::npos) {
    return refuse(std::errc::invalid_argument, path, "a path holds no zero byte");
  }
  if (path.front() != '@') {
    return make(kind::path, path);
  }
  std::array<char, most_bytes> spelled{'.', '/'};
  if (path.size() + 2 > spelled.size()) {
    return too_long(path);
  }
  std::memcpy(spelled.data() + 2, path.data(), path.size());
  return make(kind::path, {spelled.data(), path.size() + 2});
}

result<unix_endpoint> unix_endpoint::abstract(std::string_view name) noexcept {
  if (name.empty()) {
    return refuse(std::errc::invalid_argument, "@", "write a name after the @, as in @app");
  }
  if (!detail::has_abstract_names) {
    return refuse(std::errc::operation_not_supported, name,
                  "names without a file are Linux's own: use a path, as in /tmp/app.sock");
  }
  return make(kind::abstract, name);
}

result<unix_endpoint> unix_endpoint::parse(std::string_view text) noexcept {
  return text.starts_with('@') ? abstract(text.substr(1)) : path(text);
}

result<unix_endpoint> unix_endpoint::from_native(const void* data, std::size_t size) noexcept {
  sockaddr_un native{};
  if (size < name_offset || size > sizeof native) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  std::memcpy(&native, data, size);
  if (native.sun_family != AF_UNIX) {
    return fail(std::make_error_code(std::errc::address_family_not_supported));
  }
  const std::string_view bytes(native.sun_path, size - name_offset);
  if (bytes.empty()) {
    return unix_endpoint();
  }
  if (bytes.front() == '\0') {
    return bytes.size() == 1 || !detail::has_abstract_names ? result<unix_endpoint>(unix_endpoint())
                                                            : abstract(bytes.substr(1));
  }
  return path(bytes.substr(0, bytes.find('\0')));
}

std::string_view unix_endpoint::format_to(std::span<char, text_capacity> buffer) const noexcept {
  char* at = buffer.data();
  if (is_abstract()) {
    *at++ = '@';
  }
  std::memcpy(at, bytes_.data(), size_);
  return {buffer.data(), at + size_};
}

std::string unix_endpoint::to_string() const {
  std::array<char, text_capacity> buffer;
  return std::string(format_to(buffer));
}

std::ostream& operator<<(std::ostream& out, const unix_endpoint& value) {
  std::array<char, unix_endpoint::text_capacity> buffer;
  return out << value.format_to(buffer);
}

native_unix_endpoint::native_unix_endpoint(const unix_endpoint& value) noexcept {
  sockaddr_un native{};
  native.sun_family = AF_UNIX;
  const std::string_view name = value.name();
  const std::size_t before = value.is_abstract() ? 1 : 0;
  const std::size_t after = value.is_path() ? 1 : 0;
  std::memcpy(native.sun_path + before, name.data(), name.size());
  std::memcpy(storage_.data(), &native, sizeof native);
  size_ = static_cast<unsigned>(name_offset + before + name.size() + after);
  detail::note_length(storage_.data(), size_);
}

result<unix_endpoint> native_unix_endpoint::to_endpoint() const noexcept {
  return size_ == 0 ? result<unix_endpoint>(unix_endpoint())
                    : unix_endpoint::from_native(storage_.data(), size_);
}

}  // namespace weft

std::size_t std::hash<weft::unix_endpoint>::operator()(
    const weft::unix_endpoint& value) const noexcept {
  const std::uint64_t kind = value.is_abstract() ? 1 : 0;
  return static_cast<std::size_t>(
      weft::detail::scramble(std::hash<std::string_view>()(value.name()) ^ kind));
}
