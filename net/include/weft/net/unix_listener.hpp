#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/detail/bound_path.hpp>
#include <weft/net/unix_endpoint.hpp>
#include <weft/net/unix_stream.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// How a Unix socket takes a path.
struct unix_options {
  /// Connections that wait for accept(), at most; 0: the system's maximum. Listeners only.
  int backlog = 0;
  /// A socket's file that nobody serves any more, left behind by a program that died, is replaced.
  bool replace_stale = true;
  /// The permissions of the file, such as 0660: to connect takes the right to write. Empty: what
  /// the process's umask leaves. Abstract names have none.
  std::optional<std::uint32_t> mode = {};
  /// How long a path is looked at that is taken, before that is an error: the sockets of a program
  /// that was killed live on for a moment. 0: once, without suspending.
  duration patience = std::chrono::milliseconds(200);
};

/// A Unix socket that accepts connections. Its file is removed when it is closed or destroyed,
/// unless another has taken its place.
///
/// Threads: any number of fibers may accept at once; close() may come from anywhere.
/// Lifetime: must outlive the calls on it; the destructor closes.
class WEFT_API unix_listener {
 public:
  unix_listener() noexcept = default;

  /// Listens on a path or an abstract name.
  ///
  /// Suspends: when the path is taken, up to 200 ms, to let a program that was just killed vanish;
  /// and
  ///   while another program replaces a stale file in the same directory. Of several that replace
  ///   the same one at once, one succeeds.
  /// Errors: `address_in_use` when another serves the path, `not_a_socket` when it is a file of
  ///   another kind, `no_such_file_or_directory` and `permission_denied` of the directory;
  ///   explain() names the address and the way out.
  static result<unix_listener> listen(const unix_endpoint& where,
                                      const unix_options& options = {}) noexcept;
  /// The same with the address as text, `/run/app.sock` or `@app`.
  static result<unix_listener> listen(std::string_view where,
                                      const unix_options& options = {}) noexcept;

  /// Waits for a connection, as tcp_listener::accept().
  result<unix_stream> accept() const noexcept;
  /// A connection that is there already, or `operation_would_block`; `too_many_files_open` when no
  /// descriptor is left.
  result<unix_stream> try_accept() const noexcept;

  result<unix_endpoint> local_endpoint() const noexcept;

  /// Stops listening and removes the file: accept() calls end with `closed`. Idempotent. Suspends
  /// as stream_socket::close().
  void close() noexcept {
    path_.remove();
    descriptor_.close();
  }
  bool is_open() const noexcept { return descriptor_.is_open(); }
  /// From now on closing leaves the file where it is.
  void keep_file() noexcept { path_.forget(); }

  const io::descriptor& descriptor() const noexcept { return descriptor_; }
  /// Gives the native handle up without closing it; the file stays, too. No call may be waiting.
  int release() noexcept {
    path_.forget();
    return descriptor_.release();
  }
  /// Takes over a socket that listens already. Its file stays when it is closed.
  static unix_listener from(io::descriptor listening) noexcept {
    unix_listener made;
    made.descriptor_ = std::move(listening);
    return made;
  }

 private:
  io::descriptor descriptor_;
  detail::bound_path path_;
};

}  // namespace weft
