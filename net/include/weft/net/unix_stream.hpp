#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/owned_handle.hpp>
#include <weft/net/stream_socket.hpp>
#include <weft/net/unix_endpoint.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Who is at the other end of a connection on this machine, as the system vouches for it: the
/// process that connected, listened or made the pair, at the time when it did.
struct peer_credentials {
  std::int64_t process_id = 0;
  std::uint32_t user_id = 0;
  std::uint32_t group_id = 0;

  friend constexpr bool operator==(const peer_credentials&,
                                   const peer_credentials&) noexcept = default;
};

/// What came with data in which handles were passed.
struct handles_received {
  /// The bytes in the buffer.
  std::size_t size = 0;
  /// The handles in the room for them, the first ones.
  std::size_t handles = 0;
  /// More handles were sent than there was room for, or than this process may have open. Those are
  /// closed; none leaks.
  bool handles_lost = false;
  /// Of a datagram: it was larger than the buffer; the rest is lost.
  bool truncated = false;
};

/// A connection over a Unix socket: what stream_socket has, and the passing of handles.
class WEFT_API unix_stream : public stream_socket {
 public:
  /// Handles that one call passes at most.
  static constexpr std::size_t most_handles = 253;

  unix_stream() noexcept = default;

  /// Connects to a listener.
  ///
  /// Suspends: only while the listener's backlog is full; then it tries again, 1 to 50 ms apart,
  ///   because the system does not tell when there is room.
  /// Errors: `connection_refused` (nobody listens any more), `no_such_file_or_directory`,
  ///   `permission_denied`, `wrong_protocol_type` (a socket of another kind); explain() names the
  ///   address and the way out.
  static result<unix_stream> connect(const unix_endpoint& where) noexcept;
  /// The same with the address as text, `/run/app.sock` or `@app`.
  static result<unix_stream> connect(std::string_view where) noexcept;
  /// Two ends of a connection that has no address.
  static result<std::pair<unix_stream, unix_stream>> pair() noexcept;

  /// write() that passes handles along with the first byte: the receiver gets handles of its own to
  /// the same files. The sender's stay open. There must be data.
  /// Errors: `invalid_argument` for more than `most_handles`; `too_many_references` when too many
  /// are
  ///   under way.
  result<std::size_t> send_handles(std::span<const std::byte> data,
                                   std::span<const int> handles) const noexcept;
  /// read() that also takes the handles that were passed with the bytes it reads, close-on-exec. A
  /// plain read() closes them. The buffer must not be empty.
  result<handles_received> receive_handles(std::span<std::byte> buffer,
                                           std::span<owned_handle> room) const noexcept;

  /// Errors: `operation_not_supported` where the system does not tell.
  result<weft::peer_credentials> peer_credentials() const noexcept;

  /// Unnamed unless it is a listener's end.
  result<unix_endpoint> local_endpoint() const noexcept;
  result<unix_endpoint> peer_endpoint() const noexcept;

  /// Takes over a connected socket.
  static unix_stream from(io::descriptor connected) noexcept {
    return unix_stream(std::move(connected));
  }

 private:
  explicit unix_stream(io::descriptor connected) noexcept : stream_socket(std::move(connected)) {}
};

}  // namespace weft
