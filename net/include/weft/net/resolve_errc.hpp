#pragma once

#include <system_error>

#include <weft/runtime/config.hpp>

namespace weft {

/// Why the name of a host or a service has no endpoint.
enum class resolve_errc {
  /// The name servers answered: no such host. Asking again soon will not help.
  host_not_found = 1,
  /// The host exists and has neither an IPv4 nor an IPv6 address.
  no_address,
  /// No name server answered, or none could tell. `std::errc::resource_unavailable_try_again`.
  no_answer,
  /// A name server refused the question for good.
  server_failure,
  /// The service's name is not known on this machine (/etc/services).
  service_not_found,
};

/// The category of weft::resolve_errc; its name is "weft.resolve".
WEFT_API const std::error_category& resolve_category() noexcept;

inline std::error_code make_error_code(resolve_errc code) noexcept {
  return {static_cast<int>(code), resolve_category()};
}

}  // namespace weft

template <>
struct std::is_error_code_enum<weft::resolve_errc> : std::true_type {};
