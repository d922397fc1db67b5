// The options of a TCP socket. What a system lacks fails there with operation_not_supported.

#include <algorithm>
#include <array>
#include <climits>
#include <string_view>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <weft/net/tcp_options.hpp>

#include "socket.hpp"
#include "socket_option_names.hpp"

namespace weft::detail {

namespace {

using calls = tcp_option_calls;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Out of range stays out of range.
template <class Number>
int clamped(Number value) noexcept {
  return static_cast<int>(std::clamp<Number>(
      value, std::is_signed_v<Number> ? static_cast<Number>(INT_MIN) : Number{0}, INT_MAX));
}

template <class Duration>
result<Duration> as_duration(const result<int>& value) noexcept {
  return value ? result<Duration>(*value) : fail(value.error());
}

result<std::size_t> as_size(const result<int>& value) noexcept {
  return value ? result<std::size_t>(static_cast<std::size_t>(*value)) : fail(value.error());
}

result<bool> is_v6(const io::descriptor& s) noexcept {
  const auto here = local_endpoint_of(s);
  return here ? result<bool>(here->is_v6()) : fail(here.error());
}

/// An IPv6 socket may talk IPv4, too, and has both options; what it says of itself is IPv6's.
result<void> set_ip_number(const io::descriptor& s, option_name v4, option_name v6,
                           int value) noexcept {
  const auto six = is_v6(s);
  if (!six) {
    return fail(six.error());
  }
  if (!*six) {
    return set_number(s, v4, value);
  }
  if (auto set = set_number(s, v6, value); !set) {
    return set;
  }
  (void)set_number(s, v4, value);
  return {};
}

result<int> ip_number(const io::descriptor& s, option_name v4, option_name v6) noexcept {
  const auto six = is_v6(s);
  if (!six) {
    return fail(six.error());
  }
  return number(s, *six ? v6 : v4);
}

constexpr option_name tos_v4{.level = IPPROTO_IP, .name = IP_TOS};
constexpr option_name tos_v6{.level = IPPROTO_IPV6, .name = IPV6_TCLASS};
constexpr option_name ttl_v4{.level = IPPROTO_IP, .name = IP_TTL};
constexpr option_name ttl_v6{.level = IPPROTO_IPV6, .name = IPV6_UNICAST_HOPS};

}  // namespace

result<void> calls::set_no_delay(socket s, bool on) noexcept {
  return set_flag(s, IPPROTO_TCP, TCP_NODELAY, on);
}
result<bool> calls::no_delay(socket s) noexcept {
  return flag(s, IPPROTO_TCP, TCP_NODELAY);
}

result<void> calls::set_quick_ack(socket s, bool on) noexcept {
  return set_number(s, option::quick_ack, on);
}
result<bool> calls::quick_ack(socket s) noexcept {
  return is_on(s, option::quick_ack);
}

result<void> calls::set_keep_alive(socket s, std::optional<keep_alive_times> times) noexcept {
  if (times) {
    const std::array<std::pair<option_name, int>, 3> numbers{{
        {option::keep_alive_idle, clamped(times->idle.count())},
        {option::keep_alive_interval, clamped(times->interval.count())},
        {option::keep_alive_count, times->count},
    }};
    for (const auto& [name, value] : numbers) {
      if (auto set = set_number(s, name, value); !set) {
        return set;
      }
    }
  }
  return set_flag(s, SOL_SOCKET, SO_KEEPALIVE, times.has_value());
}

result<std::optional<keep_alive_times>> calls::keep_alive(socket s) noexcept {
  const auto on = flag(s, SOL_SOCKET, SO_KEEPALIVE);
  if (!on) {
    return fail(on.error());
  }
  if (!*on) {
    return std::nullopt;
  }
  const auto idle = number(s, option::keep_alive_idle);
  const auto interval = number(s, option::keep_alive_interval);
  const auto count = number(s, option::keep_alive_count);
  for (const auto* asked : {&idle, &interval, &count}) {
    if (!*asked) {
      return fail(asked->error());
    }
  }
  return keep_alive_times{.idle = seconds(*idle), .interval = seconds(*interval), .count = *count};
}

result<void> calls::set_linger(socket s, std::optional<seconds> time) noexcept {
  ::linger value{};
  value.l_onoff = time ? 1 : 0;
  value.l_linger = static_cast<decltype(value.l_linger)>(time ? clamped(time->count()) : 0);
  return set_value(s, option::linger, value);
}

result<std::optional<seconds>> calls::linger(socket s) noexcept {
  ::linger value{};
  unsigned size = sizeof value;
  const auto asked = ask_option(s, option::linger, &value, size);
  if (!asked) {
    return fail(asked.error());
  }
  return value.l_onoff ? std::optional(seconds(value.l_linger)) : std::nullopt;
}

result<void> calls::set_user_timeout(socket s, milliseconds time) noexcept {
  return set_number(s, option::user_timeout, clamped(time.count()));
}
result<milliseconds> calls::user_timeout(socket s) noexcept {
  return as_duration<milliseconds>(number(s, option::user_timeout));
}

result<void> calls::set_send_buffer(socket s, std::size_t size) noexcept {
  return set_number(s, SOL_SOCKET, SO_SNDBUF, clamped(size));
}
result<std::size_t> calls::send_buffer(socket s) noexcept {
  return as_size(number(s, SOL_SOCKET, SO_SNDBUF));
}
result<void> calls::set_receive_buffer(socket s, std::size_t size) noexcept {
  return set_number(s, SOL_SOCKET, SO_RCVBUF, clamped(size));
}
result<std::size_t> calls::receive_buffer(socket s) noexcept {
  return as_size(number(s, SOL_SOCKET, SO_RCVBUF));
}

result<void> calls::set_tos(socket s, int value) noexcept {
  if (value < 0 || value > 255) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  return set_ip_number(s, tos_v4, tos_v6, value);
}
result<int> calls::tos(socket s) noexcept {
  return ip_number(s, tos_v4, tos_v6);
}

result<void> calls::set_ttl(socket s, int hops) noexcept {
  if (hops < 1 || hops > 255) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  return set_ip_number(s, ttl_v4, ttl_v6, hops);
}
result<int> calls::ttl(socket s) noexcept {
  return ip_number(s, ttl_v4, ttl_v6);
}

result<void> calls::set_reuse_address(socket s, bool on) noexcept {
  return set_flag(s, SOL_SOCKET, SO_REUSEADDR, on);
}
result<bool> calls::reuse_address(socket s) noexcept {
  return flag(s, SOL_SOCKET, SO_REUSEADDR);
}

result<void> calls::set_reuse_port(socket s, bool on) noexcept {
  return set_number(s, option::reuse_port, on);
}
result<bool> calls::reuse_port(socket s) noexcept {
  return is_on(s, option::reuse_port);
}

result<void> calls::set_v6_only(socket s, bool on) noexcept {
  return set_flag(s, IPPROTO_IPV6, IPV6_V6ONLY, on);
}
result<bool> calls::v6_only(socket s) noexcept {
  return flag(s, IPPROTO_IPV6, IPV6_V6ONLY);
}

result<void> calls::set_fast_open_queue(socket s, int size) noexcept {
  return set_number(s, option::fast_open_queue, size);
}
result<int> calls::fast_open_queue(socket s) noexcept {
  return number(s, option::fast_open_queue);
}

result<void> calls::set_fast_open(socket s, bool on) noexcept {
  return set_number(s, option::fast_open, on);
}
result<bool> calls::fast_open(socket s) noexcept {
  return is_on(s, option::fast_open);
}

result<void> calls::set_defer_accept(socket s, seconds time) noexcept {
  return set_number(s, option::defer_accept, clamped(time.count()));
}
result<seconds> calls::defer_accept(socket s) noexcept {
  return as_duration<seconds>(number(s, option::defer_accept));
}

result<void> calls::set_interface(socket s, std::string_view name) noexcept {
  std::array<char, IFNAMSIZ> text{};
  if (name.size() >= text.size()) {
    return fail(std::make_error_code(std::errc::no_such_device));
  }
  std::ranges::copy(name, text.begin());
  return set_option(s, option::bind_to_interface, text.data(), static_cast<unsigned>(name.size()));
}

result<std::string> calls::interface_name(socket s) {
  std::array<char, IFNAMSIZ> text{};
  unsigned size = text.size();
  const auto asked = ask_option(s, option::bind_to_interface, text.data(), size);
  if (!asked) {
    return fail(asked.error());
  }
  return std::string(text.data());
}

result<void> calls::set_late_source_port(socket s, bool on) noexcept {
  return set_number(s, option::late_source_port, on);
}

}  // namespace weft::detail
