#include <algorithm>
#include <array>
#include <new>
#include <span>
#include <string>
#include <system_error>

#include <poll.h>

#include <weft/io/command.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/spawn.hpp>

#include "pool_call.hpp"

/// Both streams are read at once, or a child that fills the one while the other is read would never
/// end. A fiber reads one and spawns another for the other; a plain thread looks at both in turn.
namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

/// What is read from one of the streams.
struct capture {
  const pipe_reader& from;
  std::string& into;
  std::size_t limit;
  bool has_ended = false;

  /// What there is; waits for it only where `read` does. The end is none of its errors.
  template <class Read>
  result<void> read_some(Read read) {
    constexpr std::size_t room = std::size_t{16} * 1024;
    const std::size_t known = into.size();
    into.resize(known + room);
    const auto n = read(from, std::as_writable_bytes(std::span(into).subspan(known)));
    into.resize(known + n.value_or(0));
    if (!n) {
      has_ended = n.error() == errc::end_of_stream;
      return has_ended ? result<void>() : fail(n.error());
    }
    if (into.size() > limit) {
      return fail(std::make_error_code(std::errc::value_too_large));
    }
    return {};
  }

  result<void> read_all() noexcept {
    try {
      while (!has_ended) {
        const auto read = read_some(
            [](const pipe_reader& one, std::span<std::byte> buffer) { return one.read(buffer); });
        if (!read) {
          return read;
        }
      }
      return {};
    } catch (const std::bad_alloc&) {
      return fail(std::make_error_code(std::errc::not_enough_memory));
    }
  }
};

/// Whichever fails ends the other.
result<void> read_in_two_fibers(capture& output, capture& error) {
  cancel_scope both;
  result<void> other;
  auto reader = weft::spawn([&] {
    other = error.read_all();
    if (!other) {
      both.cancel("the child's other stream could not be read");
    }
  });
  result<void> own = output.read_all();
  if (own) {
    own = reader.join();
  }
  if (reader.joinable()) {
    reader.cancel();
    const shield until_joined;
    (void)reader.join();
  }
  const bool was_ended = !own && own.error() == errc::operation_canceled && !other &&
                         other.error() != errc::operation_canceled;
  return was_ended || own ? other : own;
}

result<void> read_in_turn(capture& output, capture& error) {
  constexpr auto look_around = std::chrono::milliseconds(50);
  const auto try_read = [](const pipe_reader& one, std::span<std::byte> buffer) {
    return one.try_read(buffer);
  };
  while (!output.has_ended || !error.has_ended) {
    if (auto going = check_cancel(); !going) {
      return going;
    }
    std::array<pollfd, 2> waits;
    std::size_t count = 0;
    for (capture* one : {&output, &error}) {
      if (one->has_ended) {
        continue;
      }
      const auto read = one->read_some(try_read);
      if (!read && read.error() != std::errc::operation_would_block) {
        return read;
      }
      if (!read) {
        waits[count++] = {
            .fd = one->from.descriptor().native_handle(), .events = POLLIN, .revents = 0};
      }
    }
    const bool all_wait = count == std::size_t{!output.has_ended} + std::size_t{!error.has_ended};
    if (all_wait && count > 0) {
      sys::poll(std::span(waits).first(count), clock::now() + look_around);
    }
  }
  return {};
}

}  // namespace

result<command_output> command::output(std::size_t limit) const {
  command piped = *this;
  piped.output(child_stream::pipe()).error(child_stream::pipe()).kill_on_drop();
  if (!streams_[0]) {
    piped.input(child_stream::null());
  }
  auto child = piped.spawn();
  if (!child) {
    return fail(child.error());
  }
  child->input().close();
  command_output all{.status = exit_status::exited(0), .output = {}, .error = {}};
  capture output{.from = child->output(), .into = all.output, .limit = limit};
  capture error{.from = child->error(), .into = all.error, .limit = limit};
  const auto read =
      runtime::current() ? read_in_two_fibers(output, error) : read_in_turn(output, error);
  if (!read && read.error() == std::errc::value_too_large) {
    return detail::refused("the output of", std::string_view(program_), read.error());
  }
  if (!read) {
    return fail(read.error());
  }
  const auto ended = child->wait();
  if (!ended) {
    return fail(ended.error());
  }
  all.status = *ended;
  return all;
}

}  // namespace weft::io
