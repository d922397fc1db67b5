// Before any header: on 32-bit processors too lstat() takes files whose number or time is larger.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/native_unix_endpoint.hpp>
#include <weft/runtime/sleep.hpp>

#include "socket.hpp"
#include "unix_socket.hpp"

/// The file of a Unix socket outlives a program that dies, and then the path is taken though nobody
/// serves it. Such a file refuses connections of any kind, while a socket that lives refuses those
/// of another kind with another error, before it listens, too: so a datagram socket asks, for which
/// one of its own kind need not listen, and notices nothing. Whoever replaces a file holds a lock
/// on the directory meanwhile, so that two who find the same stale file do not remove each other's
/// new one; where the directory cannot be opened it goes without. A path that is served is looked
/// at for a while: the sockets of a program that was killed live on for a moment, until the system
/// has taken its rings apart, even when its parent knows already that it is dead.
///
/// The calls here are those on files, which the seam in syscalls.hpp does not have.
namespace weft::detail {

namespace {

using namespace std::chrono_literals;

constexpr auto look_again = 5ms;

std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

/// The path with its end marked, as system calls want it.
struct path_text {
  std::array<char, unix_endpoint::most_bytes + 1> text{};

  explicit path_text(std::string_view path) noexcept { path.copy(text.data(), text.size() - 1); }
  const char* c_str() const noexcept { return text.data(); }
};

std::optional<struct stat> file_at(const unix_endpoint& where) noexcept {
  struct stat found;
  if (!where.is_path() || ::lstat(path_text(where.name()).c_str(), &found) < 0) {
    return {};
  }
  return found;
}

/// Who has the path.
enum class occupant { nobody, no_socket, alive, stale };

occupant ask(const unix_endpoint& where) noexcept {
  const auto file = file_at(where);
  if (!file) {
    return occupant::nobody;
  }
  if (!S_ISSOCK(file->st_mode)) {
    return occupant::no_socket;
  }
  const int fd = sys::socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) {
    return occupant::alive;  // as far as anyone can tell
  }
  const owned_handle probe(fd);
  const native_unix_endpoint address(where);
  switch (sys::connect(fd, address.data(), address.size())) {
    case -ECONNREFUSED:
      return occupant::stale;
    case -ENOENT:
      return occupant::nobody;
    default:
      return occupant::alive;
  }
}

/// Holds the lock of the directory of a path, if it can be had in a moment.
class directory_lock {
 public:
  enum class outcome { held, impossible, busy };

  explicit directory_lock(const unix_endpoint& where) noexcept {
    const std::string_view path = where.name();
    const std::size_t slash = path.rfind('/');
    const std::string_view directory = slash == std::string_view::npos ? "."
                                       : slash == 0                    ? "/"
                                                                       : path.substr(0, slash);
    directory_ =
        owned_handle(::open(path_text(directory).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  result<outcome> lock(duration patience) noexcept {
    if (!directory_) {
      return outcome::impossible;
    }
    // Others hold it for as long as they look, and may be several.
    for (auto left = 5 * std::min(patience, duration::max() / 5);; left -= look_again) {
      if (::flock(directory_.native_handle(), LOCK_EX | LOCK_NB) == 0) {
        return outcome::held;
      }
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return outcome::impossible;
      }
      if (left <= duration::zero()) {
        return outcome::busy;
      }
      if (auto slept = sleep_for(look_again); !slept) {
        return fail(slept.error());
      }
    }
  }

 private:
  owned_handle directory_;
};

result<void> bind_here(const io::descriptor& socket, const unix_endpoint& where,
                       const unix_options& options) noexcept {
  const native_unix_endpoint address(where);
  const bool has_mode = options.mode && where.is_path();
  return do_on(socket, [&](int fd) noexcept {
    // The file is made with the socket's mode less the umask: never wider than asked for.
    // Only Linux lets a socket have a mode before.
    if (has_mode && ::fchmod(fd, *options.mode) < 0 && errno != EINVAL) {
      return -errno;
    }
    if (const int bound = sys::bind(fd, address.data(), address.size()); bound < 0) {
      return bound;
    }
    const auto path = path_text(where.name());
    if (has_mode && ::chmod(path.c_str(), *options.mode) < 0) {
      const int error = errno;
      ::unlink(path.c_str());
      return -error;
    }
    return 0;
  });
}

std::unexpected<std::error_code> in_use() noexcept {
  return fail(std::make_error_code(std::errc::address_in_use));
}

/// Binds to a path that is taken, if by nobody who serves it.
result<void> replace(const io::descriptor& socket, const unix_endpoint& where,
                     const unix_options& options) noexcept {
  directory_lock lock(where);
  const auto held = lock.lock(options.patience);
  if (!held || *held == directory_lock::outcome::busy) {
    return held ? result<void>(in_use()) : fail(held.error());
  }
  occupant found = ask(where);
  for (auto left = options.patience; left > duration::zero() && found == occupant::alive;
       left -= look_again) {
    if (auto slept = sleep_for(look_again); !slept) {
      return slept;
    }
    found = ask(where);
  }
  if (found == occupant::no_socket) {
    return fail(std::make_error_code(std::errc::not_a_socket));
  }
  if (found == occupant::alive) {
    return in_use();
  }
  if (found == occupant::stale && ::unlink(path_text(where.name()).c_str()) < 0 &&
      errno != ENOENT) {
    return fail(last_error());
  }
  return bind_here(socket, where, options);
}

}  // namespace

bound_path::bound_path(const unix_endpoint& where) noexcept {
  if (const auto file = file_at(where)) {
    where_ = where;
    device_ = static_cast<std::uint64_t>(file->st_dev);
    file_ = file->st_ino;
    is_there_.store(true, std::memory_order_relaxed);
  }
}

bound_path& bound_path::operator=(bound_path&& other) noexcept {
  if (this != &other) {
    remove();
    where_ = other.where_;
    device_ = other.device_;
    file_ = other.file_;
    is_there_.store(other.is_there_.exchange(false, std::memory_order_relaxed),
                    std::memory_order_relaxed);
  }
  return *this;
}

void bound_path::remove() noexcept {
  if (!is_there_.exchange(false, std::memory_order_relaxed)) {
    return;
  }
  const auto file = file_at(where_);
  if (file && static_cast<std::uint64_t>(file->st_dev) == device_ && file->st_ino == file_) {
    ::unlink(path_text(where_.name()).c_str());
  }
}

result<bound_path> take_path(const io::descriptor& socket, const unix_endpoint& where,
                             const unix_options& options) noexcept {
  auto bound = bind_here(socket, where, options);
  if (!bound && bound.error() == std::errc::address_in_use && where.is_path() &&
      options.replace_stale) {
    bound = replace(socket, where, options);
  }
  return bound ? result<bound_path>(bound_path(where)) : fail(bound.error());
}

std::string_view hint_for_unix(std::error_code error) noexcept {
  if (error == std::errc::address_in_use) {
    return "another program serves it";
  }
  if (error == std::errc::not_a_socket) {
    return "a file of another kind is there, and is left alone";
  }
  if (error == std::errc::connection_refused) {
    return "nobody listens there any more";
  }
  if (error == std::errc::no_such_file_or_directory) {
    return "nobody listens there, or the directory does not exist";
  }
  if (error == std::errc::wrong_protocol_type) {
    return "a Unix socket of another kind is there: stream or datagram";
  }
  return {};
}

}  // namespace weft::detail
