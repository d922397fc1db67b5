#pragma once

#include <system_error>

#include <weft/runtime/config.hpp>

namespace weft {

/// Why a text is not an address, a port or an endpoint.
///
/// Every message says what to write instead. All are `std::errc::invalid_argument`, except
/// `unknown_interface`, which is `std::errc::no_such_device`.
enum class address_errc {
  /// The text is empty.
  empty = 1,
  /// No port: `127.0.0.1`, `127.0.0.1:`.
  missing_port,
  /// The port is not a number of at most five digits: `127.0.0.1:-1`, `127.0.0.1:http`.
  bad_port,
  /// The port is above 65535.
  port_out_of_range,
  /// Neither an IPv4 nor an IPv6 address: `1.2.3`, `1.2.3.256`, `010.0.0.1`, `1::2::3`.
  bad_address,
  /// A host name where an address is wanted: `localhost:80`.
  host_name,
  /// An IPv6 address that is not in brackets, so that its port cannot be told apart: `::1:80`.
  missing_brackets,
  /// Brackets that do not pair, or hold no IPv6 address: `[::1:80`, `[::1]80`, `[127.0.0.1]:80`.
  bad_brackets,
  /// A scope where none can be, or one that is no interface name or index: `127.0.0.1%lo`,
  /// `fe80::1%`.
  bad_scope,
  /// The scope names an interface that this machine does not have.
  unknown_interface,
};

/// The category of weft::address_errc; its name is "weft.address".
WEFT_API const std::error_category& address_category() noexcept;

inline std::error_code make_error_code(address_errc code) noexcept {
  return {static_cast<int>(code), address_category()};
}

}  // namespace weft

template <>
struct std::is_error_code_enum<weft::address_errc> : std::true_type {};
