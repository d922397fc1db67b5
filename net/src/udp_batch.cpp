#include <algorithm>
#include <array>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/native_endpoint.hpp>
#include <weft/net/udp.hpp>

#include "control_data.hpp"
#include "datagram.hpp"
#include "many_messages.hpp"
#include "socket.hpp"
#include "socket_option_names.hpp"

/// Many datagrams a system call: the call is tried first, and the fiber waits for readiness only
/// when there is nothing to be done. What a call needs lies on the stack of a function that never
/// suspends, so a fiber that waits keeps none of it.
namespace weft {

namespace {

/// A call's worth. More gains nothing that can be measured, and costs stack.
constexpr std::size_t most_at_once = 32;

struct incoming {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control;
  iovec part;
  native_endpoint from;
};

void prepare(detail::numbered_message& message, incoming& in, const udp_slot& slot) noexcept {
  in.part = {.iov_base = slot.buffer.data(), .iov_len = slot.buffer.size()};
  message = {};
  message.msg_hdr.msg_name = in.from.data();
  message.msg_hdr.msg_namelen = native_endpoint::capacity();
  message.msg_hdr.msg_iov = &in.part;
  message.msg_hdr.msg_iovlen = 1;
  message.msg_hdr.msg_control = in.control.data();
  message.msg_hdr.msg_controllen = static_cast<decltype(msghdr::msg_controllen)>(in.control.size());
}

void tell(udp_slot& slot, const detail::numbered_message& message, incoming& in) noexcept {
  in.from.resize(message.msg_hdr.msg_namelen);
  slot.size = message.msg_len;
  slot.from = in.from.to_endpoint().value_or(endpoint());
  slot.truncated = (message.msg_hdr.msg_flags & MSG_TRUNC) != 0;
  slot.segment_size = 0;
  detail::for_each_control(
      message.msg_hdr, [&](int level, int type, std::span<const std::byte> data) {
        if (level == IPPROTO_UDP && type == detail::option::receive_offload.name) {
          slot.segment_size = static_cast<std::size_t>(detail::value_in<int>(data));
        }
      });
}

/// Receives what is there into at most `most_at_once` slots.
WEFT_NOINLINE result<std::size_t> take(const io::descriptor& socket,
                                       std::span<udp_slot> slots) noexcept {
  std::array<incoming, most_at_once> in;
  std::array<detail::numbered_message, most_at_once> messages;
  const std::size_t count = std::min(slots.size(), most_at_once);
  for (std::size_t i = 0; i < count; ++i) {
    prepare(messages[i], in[i], slots[i]);
  }
  const auto taken = detail::call_on(socket, [&](int fd) noexcept {
    return detail::receive_messages(fd, std::span(messages).first(count));
  });
  if (!taken) {
    return fail(taken.error());
  }
  const auto filled = static_cast<std::size_t>(*taken);
  for (std::size_t i = 0; i < filled; ++i) {
    tell(slots[i], messages[i], in[i]);
  }
  return filled;
}

/// Sends at most `most_at_once` datagrams.
WEFT_NOINLINE result<std::size_t> give(const io::descriptor& socket,
                                       std::span<const udp_parcel> parcels) noexcept {
  std::array<iovec, most_at_once> parts;
  std::array<native_endpoint, most_at_once> to;
  std::array<detail::numbered_message, most_at_once> messages{};
  const std::size_t count = std::min(parcels.size(), most_at_once);
  for (std::size_t i = 0; i < count; ++i) {
    const udp_parcel& parcel = parcels[i];
    msghdr& header = messages[i].msg_hdr;
    parts[i] = {.iov_base = const_cast<std::byte*>(parcel.data.data()),
                .iov_len = parcel.data.size()};
    header.msg_iov = &parts[i];
    header.msg_iovlen = 1;
    if (parcel.to) {
      to[i] = native_endpoint(*parcel.to);
      header.msg_name = to[i].data();
      header.msg_namelen = to[i].size();
    }
  }
  const auto sent = detail::call_on(socket, [&](int fd) noexcept {
    return detail::send_messages(fd, std::span(messages).first(count));
  });
  return sent ? result<std::size_t>(static_cast<std::size_t>(*sent)) : fail(sent.error());
}

bool would_block(std::error_code error) noexcept {
  return error == std::errc::operation_would_block;
}

/// Repeats a step, which does part of `all`, until all is done or a step fails. The error counts
/// only if nothing was done.
template <class Item, class Step>
result<std::size_t> in_steps(std::span<Item> all, Step step) noexcept {
  std::size_t done = 0;
  while (done < all.size()) {
    const std::span<Item> rest = all.subspan(done);
    const auto moved = step(rest);
    if (!moved) {
      return done > 0 ? result<std::size_t>(done) : fail(moved.error());
    }
    done += *moved;
    if (*moved < std::min(rest.size(), most_at_once)) {
      break;
    }
  }
  return done;
}

}  // namespace

result<std::size_t> udp_socket::try_receive_many(std::span<udp_slot> slots) const noexcept {
  return in_steps(slots, [&](std::span<udp_slot> rest) { return take(descriptor_, rest); });
}

result<std::size_t> udp_socket::receive_many(std::span<udp_slot> slots) const noexcept {
  for (;;) {
    if (auto open = detail::may_go_on(); !open) {
      return fail(open.error());
    }
    const auto taken = try_receive_many(slots);
    if (taken || !would_block(taken.error())) {
      return taken;
    }
    if (auto ready = readable(); !ready) {
      return fail(ready.error());
    }
  }
}

result<std::size_t> udp_socket::try_send_many(std::span<const udp_parcel> parcels) const noexcept {
  return in_steps(parcels,
                  [&](std::span<const udp_parcel> rest) { return give(descriptor_, rest); });
}

result<std::size_t> udp_socket::send_many(std::span<const udp_parcel> parcels) const noexcept {
  std::size_t done = 0;
  while (done < parcels.size()) {
    result<std::size_t> sent;
    if (auto open = detail::may_go_on(); !open) {
      sent = fail(open.error());
    } else if (sent = try_send_many(parcels.subspan(done)); !sent && would_block(sent.error())) {
      auto ready = writable();
      sent = ready ? result<std::size_t>(0) : fail(ready.error());
    }
    if (!sent) {
      return done > 0 ? result<std::size_t>(done) : sent;
    }
    done += *sent;
  }
  return done;
}

}  // namespace weft
