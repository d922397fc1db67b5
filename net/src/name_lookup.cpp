#include "name_lookup.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <new>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/resolve_errc.hpp>

namespace weft::detail {
namespace {

std::atomic<getaddrinfo_function> ask{&::getaddrinfo};

struct free_found {
  void operator()(addrinfo* found) const noexcept { freeaddrinfo(found); }
};
using found_list = std::unique_ptr<addrinfo, free_found>;

std::error_code error_of(int outcome, int error_number) noexcept {
  // A chain of comparisons, since some systems give two of these names the same value.
  if (outcome == EAI_AGAIN) {
    return resolve_errc::no_answer;
  }
  if (outcome == EAI_FAIL) {
    return resolve_errc::server_failure;
  }
  if (outcome == EAI_SERVICE) {
    return resolve_errc::service_not_found;
  }
  if (outcome == EAI_MEMORY) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
  if (outcome == EAI_SYSTEM && error_number != 0) {
    return sys::error_of(-error_number);
  }
#ifdef EAI_NODATA
  if (outcome == EAI_NODATA) {
    return resolve_errc::no_address;
  }
#endif
#ifdef EAI_ADDRFAMILY
  if (outcome == EAI_ADDRFAMILY) {
    return resolve_errc::no_address;
  }
#endif
  return outcome == EAI_NONAME ? resolve_errc::host_not_found : resolve_errc::server_failure;
}

result<found_list> query(const std::string& host, const std::string& service,
                         int socket_type) noexcept {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = socket_type;  // without one, every address would come once for each type
  addrinfo* found = nullptr;
  errno = 0;
  const int outcome =
      ask.load()(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  if (outcome != 0) {
    return fail(error_of(outcome, errno));
  }
  return found_list(found);
}

std::vector<endpoint> endpoints_in(const addrinfo* found) {
  std::vector<endpoint> endpoints;
  for (; found != nullptr; found = found->ai_next) {
    const auto one = endpoint::from_native(found->ai_addr, found->ai_addrlen);
    if (one && std::ranges::find(endpoints, *one) == endpoints.end()) {
      endpoints.push_back(*one);
    }
  }
  return endpoints;
}

}  // namespace

result<std::vector<endpoint>> look_up_name(const std::string& host,
                                           const std::string& service) noexcept {
  auto found = query(host, service, SOCK_STREAM);
  if (!found && found.error() == resolve_errc::service_not_found) {
    found = query(host, service, SOCK_DGRAM);
  }
  if (!found) {
    return fail(found.error());
  }
  try {
    std::vector<endpoint> endpoints = endpoints_in(found->get());
    if (endpoints.empty()) {
      return fail(resolve_errc::no_address);
    }
    return endpoints;
  } catch (const std::bad_alloc&) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

getaddrinfo_function replace_getaddrinfo(getaddrinfo_function replacement) noexcept {
  return ask.exchange(replacement ? replacement : &::getaddrinfo);
}

}  // namespace weft::detail
