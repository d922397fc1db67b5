#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <weft/net/endpoint.hpp>
#include <weft/net/tcp_listener.hpp>
#include <weft/net/tcp_options.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// How a listener is made. Each option can be read back from the listener; tcp_options says what
/// those that are not explained here mean. What is left out stays as the system has it.
struct listen_options {
  /// Connections that wait for accept(), at most; 0: the system's maximum.
  int backlog = 0;
  /// Lets a restarted server take the port while its old connections linger.
  bool reuse_address = true;
  /// Lets several listeners share the port; the system deals the connections out.
  bool reuse_port = false;
  /// An IPv6 listener takes no IPv4 connections.
  bool v6_only = false;

  // What accepted streams start with.
  bool no_delay = true;
  std::optional<keep_alive_times> keep_alive = {};
  std::optional<std::size_t> send_buffer = {};
  std::optional<std::size_t> receive_buffer = {};
  std::optional<std::chrono::seconds> linger = {};
  std::optional<int> tos = {};
  std::optional<int> ttl = {};
  std::optional<std::chrono::milliseconds> user_timeout = {};

  /// Connections that may bring their first data before they stand, at most.
  std::optional<int> fast_open_queue = {};
  /// A connection is accepted only when its first data has come, or after this time.
  std::optional<std::chrono::seconds> defer_accept = {};
  /// Takes connections through this network interface only, "eth0"; empty: any.
  std::string interface_name = {};
};

/// Listens on an address of this machine. Does not suspend.
///
/// Errors: `address_in_use`, `address_not_available` (not this machine's), `permission_denied`,
///   `operation_not_supported` for an option that the system lacks, and the system's others;
///   explain() names the address and the way out.
WEFT_API result<tcp_listener> listen(const endpoint& where,
                                     const listen_options& options = {}) noexcept;
/// The same with the address as text, `127.0.0.1:80`, `[::]:80` or `:80`. Host names are looked up.
///
/// Errors: also address_errc and resolve_errc.
WEFT_API result<tcp_listener> listen(std::string_view where, const listen_options& options = {});

}  // namespace weft
