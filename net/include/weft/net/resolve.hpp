#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <weft/net/endpoint.hpp>
#include <weft/net/resolve_errc.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Looks up the endpoints of a host: by the system's resolver, with its hosts file, search list and
/// order of preference.
///
/// The host is a name, or an address in one of the forms of ip_address::parse(); an empty host is
/// any IPv4 address, as in endpoint::parse(). The service is a port number or a name such as
/// "https".
///
/// Suspends: until there is an answer. An address with a port number is answered at once.
/// Returns: at least one endpoint, the preferred first, none twice.
/// Errors: resolve_errc where look-up failed; address_errc where the texts cannot be looked up,
/// such
///   as `127.1` or port 99999. explain() names the host.
/// Cancellation: the call returns at once; the look-up is abandoned, and not even shutdown waits
/// for
///   it.
/// Threads: on a plain thread it blocks the thread and is not cancelable.
/// Cost: a thread of the blocking pool for as long as the system takes, seconds where name servers
///   are silent.
WEFT_API result<std::vector<endpoint>> resolve(std::string_view host, std::string_view service);
WEFT_API result<std::vector<endpoint>> resolve(std::string_view host, std::uint16_t port);
/// The same for `example.org:443`, `[::1]:http` and all else that split_host_port() takes apart.
WEFT_API result<std::vector<endpoint>> resolve(std::string_view host_and_service);

/// The first of what resolve() returns.
WEFT_API result<endpoint> resolve_first(std::string_view host, std::string_view service);
WEFT_API result<endpoint> resolve_first(std::string_view host, std::uint16_t port);
WEFT_API result<endpoint> resolve_first(std::string_view host_and_service);

}  // namespace weft
