#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <weft/net/endpoint.hpp>
#include <weft/net/tcp_options.hpp>
#include <weft/net/tcp_stream.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// How a connection is made. Each option can be read back from the stream; tcp_options says what
/// those that are not explained here mean. What is left out stays as the system has it.
struct connect_options {
  bool no_delay = true;
  std::optional<keep_alive_times> keep_alive = {};
  std::optional<std::size_t> send_buffer = {};
  std::optional<std::size_t> receive_buffer = {};
  std::optional<std::chrono::seconds> linger = {};
  std::optional<int> tos = {};
  std::optional<int> ttl = {};
  std::optional<std::chrono::milliseconds> user_timeout = {};

  /// Lets the first write travel with the request to connect, to a server that permits it and that
  /// this machine has talked to before. Then connect() succeeds at once, and the first write or
  /// read tells whether there is such a server.
  bool fast_open = false;
  /// The address and port of this machine to connect from; port 0: a free one.
  std::optional<endpoint> source = {};
  bool reuse_address = false;
  /// Connects through this network interface only, "eth0"; empty: any.
  std::string interface_name = {};

  /// Where a host has several addresses: how long the attempts are apart as long as none has
  /// failed.
  duration attempt_delay = std::chrono::milliseconds(250);
};

/// Connects to a server.
///
/// Suspends: until the connection stands or has failed.
/// Errors: `connection_refused`, `network_unreachable`, `timed_out` (the system's or a scope's),
///   `operation_not_supported` for an option that the system lacks, and the system's others;
///   explain() names the address.
WEFT_API result<tcp_stream> connect(const endpoint& where,
                                    const connect_options& options = {}) noexcept;

/// Connects to one of several endpoints of a server, whichever answers first: "happy eyeballs", RFC
/// 8305. They are tried in their order, but IPv6 and IPv4 in turn; the next attempt begins when one
/// has failed, or after `attempt_delay`, while the earlier ones go on. Attempts that come too late
/// are cancelled and their sockets closed before the call returns.
///
/// Errors: when all attempts fail, the error of the first endpoint; `invalid_argument` when there
///   is none.
/// Threads: on a plain thread one is tried after the other.
/// Cost: for more than one endpoint a fiber for each attempt.
WEFT_API result<tcp_stream> connect(std::span<const endpoint> candidates,
                                    const connect_options& options = {});

/// The same with the address as text, `127.0.0.1:80`, `[::1]:80` or `example.org:80`. A host name
/// is looked up, and its addresses are tried as above.
///
/// Errors: also address_errc and resolve_errc.
WEFT_API result<tcp_stream> connect(std::string_view where, const connect_options& options = {});

}  // namespace weft
