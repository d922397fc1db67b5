#pragma once

#include <cstdint>
#include <string_view>

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// The two halves of `host:port`, as parts of the text they were found in.
struct host_port {
  /// A name or an address without its brackets; empty for `:80`.
  std::string_view host;
  /// A number or a service name; never empty.
  std::string_view port;

  friend bool operator==(const host_port&, const host_port&) noexcept = default;
};

/// Takes `example.org:80`, `127.0.0.1:http`, `[::1]:80` or `:80` apart. Neither half is checked
/// further: an address goes to ip_address::parse(), a name to resolve(), a number to parse_port().
///
/// Errors: `address_errc::empty`, `missing_port`, `missing_brackets`, `bad_brackets`, and
///   `bad_address` where too many colons leave no meaning.
WEFT_API result<host_port> split_host_port(std::string_view text) noexcept;

/// Reads a port number: one to five decimal digits up to 65535 and nothing else.
///
/// Errors: `address_errc::missing_port` for an empty text, `bad_port`, `port_out_of_range`.
WEFT_API result<std::uint16_t> parse_port(std::string_view text) noexcept;

}  // namespace weft
