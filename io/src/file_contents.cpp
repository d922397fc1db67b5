#include <algorithm>
#include <new>
#include <stdexcept>

#include <weft/io/file.hpp>
#include <weft/io/file_contents.hpp>

namespace weft::io {

namespace {

// For files that do not tell how large they are, such as those of /proc.
constexpr std::uint64_t least_room = 4096;

/// Room for what there seems to be, and a byte more, so that the end is met without growing again;
/// but for no more than a byte beyond the limit.
std::size_t first_room(std::uint64_t size, std::size_t limit) {
  const std::uint64_t wanted = std::max(size < UINT64_MAX ? size + 1 : size, least_room);
  return static_cast<std::size_t>(std::min<std::uint64_t>(
      wanted, limit < SIZE_MAX ? std::uint64_t{limit} + 1 : std::uint64_t{SIZE_MAX}));
}

/// Until the end, or until there is more than the limit.
result<std::string> read_all(file& from, std::size_t room, std::size_t limit) {
  std::string contents;
  for (std::size_t used = 0;;) {
    contents.resize(std::max(room, used));
    const auto n = from.read(std::as_writable_bytes(std::span(contents).subspan(used)));
    if (!n && n.error() == errc::end_of_stream) {
      contents.resize(used);
      return contents;
    }
    if (!n) {
      return fail(n.error());
    }
    used += *n;
    if (used > limit) {
      return fail(std::make_error_code(std::errc::file_too_large));
    }
    if (used == contents.size()) {
      room = first_room(std::uint64_t{used} * 2, limit);
    }
  }
}

result<void> write_to(const std::string& path, const file_options& options,
                      std::span<const std::byte> contents) {
  auto to = file::open(path, options);
  return to ? to->write_all(contents) : fail(to.error());
}

}  // namespace

result<std::string> read_file(const std::string& path, std::size_t limit) {
  auto from = file::open(path);
  if (!from) {
    return fail(from.error());
  }
  const auto size = from->size();
  if (!size) {
    return fail(size.error());
  }
  if (*size > limit) {
    return fail(std::make_error_code(std::errc::file_too_large));
  }
  try {
    return read_all(*from, first_room(*size, limit), limit);
  } catch (const std::bad_alloc&) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  } catch (const std::length_error&) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

result<void> write_file(const std::string& path, std::span<const std::byte> contents) {
  return write_to(path, {.access = file_access::write, .create = file_creation::truncate},
                  contents);
}

result<void> append_file(const std::string& path, std::span<const std::byte> contents) {
  return write_to(
      path, {.access = file_access::write, .create = file_creation::if_missing, .append = true},
      contents);
}

}  // namespace weft::io
