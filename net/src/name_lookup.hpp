#pragma once

#include <string>
#include <vector>

#include <netdb.h>

#include <weft/net/endpoint.hpp>
#include <weft/runtime/result.hpp>

namespace weft::detail {

/// Asks the system's resolver and blocks until it answers. The host may be empty, to look up the
/// service alone. Errors: resolve_errc, or the system's.
result<std::vector<endpoint>> look_up_name(const std::string& host,
                                           const std::string& service) noexcept;

using getaddrinfo_function = int (*)(const char* host, const char* service, const addrinfo* hints,
                                     addrinfo** found);

/// The seam for tests: puts a function in getaddrinfo's place (null: back) and returns the one that
/// was there. What it finds is freed by freeaddrinfo. Any thread.
getaddrinfo_function replace_getaddrinfo(getaddrinfo_function replacement) noexcept;

}  // namespace weft::detail
