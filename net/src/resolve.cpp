// A look-up is owned by the fiber that asked and by the job on the blocking pool together, because
// either may be gone first: getaddrinfo cannot be interrupted, so a cancelled fiber leaves without
// the answer, and the job, which may even outlive the runtime, drops it.
//
// `waiter` and `found` are guarded by the mutex. The job wakes the waiter with the mutex held: the
// fiber takes the mutex before it returns, so it cannot end, nor its runtime be destroyed, between
// the job's look at `waiter` and the end of unpark(). A fiber that leaves early clears `waiter`.

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <weft/net/address_errc.hpp>
#include <weft/net/host_port.hpp>
#include <weft/net/resolve.hpp>
#include <weft/runtime/detail/blocking_job.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/explain.hpp>

#include "name_lookup.hpp"

namespace weft {
namespace {

using endpoints = std::vector<endpoint>;

struct lookup {
  const std::string host;
  const std::string service;
  std::mutex mutex;
  std::optional<detail::wait_token> waiter;
  result<endpoints> found;

  lookup(std::string_view h, std::string_view s) : host(h), service(s) {}

  void answer() noexcept {
    result<endpoints> answer = detail::look_up_name(host, service);
    std::lock_guard hold(mutex);
    found = std::move(answer);
    if (waiter) {
      detail::unpark(*waiter);
    }
  }

  result<endpoints> leave(detail::wake_reason why) {
    std::lock_guard hold(mutex);
    waiter.reset();
    if (why != detail::wake_reason::ready) {
      return fail(detail::cancel_error());
    }
    return std::move(found);
  }
};

result<endpoints> look_up(std::string_view host, std::string_view service) {
  const auto shared = std::make_shared<lookup>(host, service);
  // Made first, because nothing may throw while a wait is open.
  std::move_only_function<void() noexcept> job = [shared]() noexcept { shared->answer(); };
  const auto begun = detail::begin_wait(detail::cancelable::yes);
  if (!begun) {
    return fail(begun.error());
  }
  shared->waiter = *begun;
  if (const auto sent = detail::run_abandonable(std::move(job)); !sent) {
    detail::abandon_wait(*begun);
    return fail(sent.error());
  }
  return shared->leave(detail::park(*begun, forever, "a name look-up"));
}

/// Refuses what the C library would read as a number in a way of its own: " 80", "+80", "-1".
bool is_service_name(std::string_view text) noexcept {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return std::ranges::any_of(text, is_letter) &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

/// An address needs the pool only for the name of a service.
result<endpoints> resolve_address(const ip_address& address, std::string_view service) {
  if (const auto port = parse_port(service)) {
    return endpoints{endpoint(address, *port)};
  } else if (!is_service_name(service)) {
    return fail(port.error());
  }
  const auto found = look_up({}, service);
  if (!found) {
    return fail(found.error());
  }
  return endpoints{endpoint(address, found->front().port())};
}

result<endpoints> resolve_parts(std::string_view host, std::string_view service) {
  if (host.empty()) {
    return resolve_address(ip_address::any_v4(), service);
  }
  const auto address = ip_address::parse(host);
  if (address) {
    return resolve_address(*address, service);
  }
  if (address.error() != address_errc::host_name) {
    return fail(address.error());
  }
  if (const auto port = parse_port(service); !port && !is_service_name(service)) {
    return fail(port.error());
  }
  return look_up(host, service);
}

result<endpoints> with_note(result<endpoints> outcome, std::string_view host,
                            std::string_view service) {
  if (!outcome) {
    const std::error_code error = outcome.error();
    const std::string_view what = error == resolve_errc::service_not_found ? service : host;
    detail::note_error(error, "resolve " + std::string(what) + ": " + error.message());
  }
  return outcome;
}

result<endpoint> first_of(const result<endpoints>& outcome) {
  if (!outcome) {
    return fail(outcome.error());
  }
  return outcome->front();
}

}  // namespace

result<std::vector<endpoint>> resolve(std::string_view host, std::string_view service) {
  return with_note(resolve_parts(host, service), host, service);
}

result<std::vector<endpoint>> resolve(std::string_view host, std::uint16_t port) {
  return resolve(host, std::to_string(port));
}

result<std::vector<endpoint>> resolve(std::string_view host_and_service) {
  const auto halves = split_host_port(host_and_service);
  if (!halves) {
    return with_note(fail(halves.error()), host_and_service, {});
  }
  return with_note(resolve_parts(halves->host, halves->port), host_and_service, halves->port);
}

result<endpoint> resolve_first(std::string_view host, std::string_view service) {
  return first_of(resolve(host, service));
}

result<endpoint> resolve_first(std::string_view host, std::uint16_t port) {
  return first_of(resolve(host, port));
}

result<endpoint> resolve_first(std::string_view host_and_service) {
  return first_of(resolve(host_and_service));
}

}  // namespace weft
