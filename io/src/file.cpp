#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <string>

#include <sys/uio.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/file.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>

#include "file_open.hpp"
#include "move_all.hpp"
#include "pool_call.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

constexpr std::int64_t at_end = -1;

std::unexpected<std::error_code> refused(std::errc why) noexcept {
  return fail(std::make_error_code(why));
}

/// What may become an offset of the system's.
bool is_beyond(std::uint64_t position) noexcept {
  return position > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

iovec part_of(std::span<const std::byte> bytes) noexcept {
  return {.iov_base = const_cast<std::byte*>(bytes.data()),
          .iov_len = static_cast<decltype(iovec::iov_len)>(bytes.size())};
}

/// The system's form of a list of buffers.
template <class Byte>
class part_list {
 public:
  explicit part_list(std::span<const std::span<Byte>> buffers) noexcept
      : count_(std::min(buffers.size(), file::most_buffers)) {
    for (std::size_t i = 0; i < count_; ++i) {
      parts_[i] = part_of(buffers[i]);
      size_ += buffers[i].size();
    }
  }

  const iovec* parts() const noexcept { return parts_.data(); }
  unsigned count() const noexcept { return static_cast<unsigned>(count_); }
  std::size_t size() const noexcept { return size_; }

 private:
  std::array<iovec, file::most_buffers> parts_;
  std::size_t count_;
  std::size_t size_ = 0;
};

}  // namespace

result<file> file::take(int handle, const sys::file_modes& opened_for) noexcept {
  try {
    // Nothing that is done with it below would fail for want of data or room.
    return file(descriptor::adopt_nonblocking(handle), {.reads = opened_for.reads,
                                                        .writes = opened_for.writes,
                                                        .appends = opened_for.appends,
                                                        .in_memory = opened_for.in_memory,
                                                        .direct = opened_for.direct});
  } catch (const std::bad_alloc&) {
    return refused(std::errc::not_enough_memory);
  }
}

result<file> file::open(const std::string& path, const file_options& options) {
  if (detail::contradicts_itself(options) || path.find('\0') != std::string::npos) {
    return refused(std::errc::invalid_argument);
  }
  if (auto going = check_cancel(); !going) {
    return fail(going.error());
  }
  sys::file_modes opened_for;
  const auto handle = blocking([&] { return sys::open_file(path.c_str(), options, opened_for); });
  if (!handle) {
    return fail(handle.error());
  }
  if (*handle < 0) {
    return detail::refused("open", std::string_view(path), sys::error_of(*handle));
  }
  auto opened = take(*handle, opened_for);
  if (!opened) {
    sys::close(*handle);
  }
  return opened;
}

result<file> file::adopt(int handle) {
  sys::file_modes opened_for;
  if (const int error = sys::prepare_file(handle, opened_for); error < 0) {
    return fail(sys::error_of(error));
  }
  return take(handle, opened_for);
}

std::error_code file::check(opcode code) const noexcept {
  const bool reads = direction_of(code) == direction::in;
  if (reads ? modes_.reads : modes_.writes) [[likely]] {
    return {};
  }
  return is_open() ? std::make_error_code(std::errc::bad_file_descriptor) : errc::closed;
}

result<std::size_t> file::move(opcode code, std::uint64_t offset, const iovec* parts,
                               unsigned count, std::size_t size) const noexcept {
  if (const auto error = check(code)) {
    return fail(error);
  }
  if (size == 0) {
    return 0;
  }
  // Not all systems refuse what is not aligned, and those that do not go by the cache then.
  const bool aligned = std::ranges::all_of(std::span(parts, count), [this](const iovec& part) {
    return is_aligned(reinterpret_cast<std::uintptr_t>(part.iov_base) | part.iov_len);
  });
  if (is_beyond(offset) || !is_aligned(offset) || !aligned) {
    return refused(std::errc::invalid_argument);
  }
  const bool appends = modes_.appends && code == opcode::write_at;
  file_transfer what{.parts = parts,
                     .count = count,
                     .offset = appends ? at_end : static_cast<std::int64_t>(offset),
                     .in_memory = modes_.in_memory,
                     .direct = modes_.direct > 1};
  operation op{.code = code, .data = &what, .size = size};
  const auto moved = descriptor_.perform_on_file(op);
  if (moved && *moved == 0) {
    // A device that takes nothing, and does not say why, would be asked for ever.
    return code == opcode::read_at ? fail(errc::end_of_stream) : refused(std::errc::io_error);
  }
  return moved;
}

/// Past the cache only the end of the file leaves a block in part, where nothing can be asked for.
bool file::is_end(std::size_t left, std::size_t asked, std::uint64_t position) const noexcept {
  return left != asked && !is_aligned(position);
}

result<std::size_t> file::read_at(std::uint64_t offset,
                                  std::span<std::byte> buffer) const noexcept {
  const iovec one = part_of(buffer);
  return move(opcode::read_at, offset, &one, 1, buffer.size());
}

result<void> file::read_exact_at(std::uint64_t offset, std::span<std::byte> buffer) const noexcept {
  using outcome = result<std::size_t>;
  return detail::move_all(buffer, [&](std::span<std::byte> rest) {
    const std::uint64_t where = offset + (buffer.size() - rest.size());
    return is_end(rest.size(), buffer.size(), where) ? outcome(fail(errc::end_of_stream))
                                                     : read_at(where, rest);
  });
}

result<std::size_t> file::read_vectored_at(
    std::uint64_t offset, std::span<const std::span<std::byte>> buffers) const noexcept {
  const part_list all(buffers);
  return move(opcode::read_at, offset, all.parts(), all.count(), all.size());
}

result<std::size_t> file::write_at(std::uint64_t offset,
                                   std::span<const std::byte> data) const noexcept {
  const iovec one = part_of(data);
  return move(opcode::write_at, offset, &one, 1, data.size());
}

result<void> file::write_all_at(std::uint64_t offset,
                                std::span<const std::byte> data) const noexcept {
  return detail::move_all(data, [&](std::span<const std::byte> rest) {
    return write_at(offset + (data.size() - rest.size()), rest);
  });
}

result<std::size_t> file::write_vectored_at(
    std::uint64_t offset, std::span<const std::span<const std::byte>> buffers) const noexcept {
  const part_list all(buffers);
  return move(opcode::write_at, offset, all.parts(), all.count(), all.size());
}

result<std::size_t> file::read(std::span<std::byte> buffer) noexcept {
  const auto n = read_at(position_, buffer);
  position_ += n.value_or(0);
  return n;
}

result<void> file::read_exact(std::span<std::byte> buffer) noexcept {
  using outcome = result<std::size_t>;
  return detail::move_all(buffer, [&](std::span<std::byte> rest) {
    return is_end(rest.size(), buffer.size(), position_) ? outcome(fail(errc::end_of_stream))
                                                         : read(rest);
  });
}

result<std::size_t> file::write(std::span<const std::byte> data) noexcept {
  const auto n = write_at(modes_.appends ? 0 : position_, data);
  position_ += modes_.appends ? 0 : n.value_or(0);
  return n;
}

result<void> file::write_all(std::span<const std::byte> data) noexcept {
  return detail::move_all(data, [this](std::span<const std::byte> rest) { return write(rest); });
}

result<void> file::sync() const noexcept {
  operation op{.code = opcode::sync};
  const auto done = descriptor_.perform_on_file(op);
  return done ? result<void>() : fail(done.error());
}

result<void> file::sync_data() const noexcept {
  operation op{.code = opcode::sync_data};
  const auto done = descriptor_.perform_on_file(op);
  return done ? result<void>() : fail(done.error());
}

result<std::uint64_t> file::size() const noexcept {
  const auto found =
      detail::call_on_handle(descriptor_, [](int handle) { return sys::file_size(handle); });
  return found ? result<std::uint64_t>(static_cast<std::uint64_t>(*found)) : fail(found.error());
}

result<void> file::resize(std::uint64_t size) const noexcept {
  if (const auto error = check(opcode::write_at)) {
    return fail(error);
  }
  if (is_beyond(size)) {
    return refused(std::errc::invalid_argument);
  }
  const auto done = detail::call_on_handle(descriptor_, [size](int handle) {
    return sys::resize_file(handle, static_cast<std::int64_t>(size));
  });
  return done ? result<void>() : fail(done.error());
}

}  // namespace weft::io
