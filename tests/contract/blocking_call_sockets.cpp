#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <unistd.h>

#include <weft/net/unix.hpp>

#include "blocking_call_datagrams.hpp"
#include "support/raw_sockets.hpp"

/// The calls of Unix sockets.
namespace weft::testing {

namespace {

using detail::sys::call;

template <class T>
result<std::size_t> one_if(const result<T>& done) {
  return done ? result<std::size_t>(1) : fail(done.error());
}

blocking_call unix_read_call() {
  struct state {
    unix_stream near;
    raw_handle far;
  };
  raw_pair ends = local_pair();
  auto both =
      std::make_shared<state>(unix_stream::from(adopt(std::move(ends.near))), std::move(ends.far));
  return {.name = "read of a Unix stream",
          .asks = call::receive,
          .handle = both->near.descriptor().native_handle(),
          .perform =
              [both] {
                std::array<std::byte, 4> buffer;
                return both->near.read(buffer);
              },
          .make_ready = [both] { CHECK(send_now(both->far.get(), "ping")); },
          .close = [both] { both->near.close(); }};
}

/// A name that no other socket has.
std::string unused_name() {
  static std::atomic<int> count{0};
  return "@weft-contract-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

blocking_call unix_accept_call() {
  struct state {
    std::string name = unused_name();
    unix_listener listener = or_throw(unix_listener::listen(name));
    std::mutex mutex;
    std::vector<unix_stream> peers;
  };
  auto both = std::make_shared<state>();
  return {.name = "accept of a Unix listener",
          .asks = call::accept,
          .handle = both->listener.descriptor().native_handle(),
          .perform = [both] { return one_if(both->listener.accept()); },
          .make_ready =
              [both] {
                unix_stream peer = or_throw(unix_stream::connect(both->name));
                std::lock_guard hold(both->mutex);
                both->peers.push_back(std::move(peer));
              },
          .close = [both] { both->listener.close(); }};
}

/// The receiver has no room until a datagram is taken from it.
blocking_call unix_send_to_call() {
  struct state {
    unix_endpoint where = or_throw(unix_endpoint::parse(unused_name()));
    unix_datagram far = or_throw(unix_datagram::bind(where));
    unix_datagram near = or_throw(unix_datagram::unbound());
  };
  auto both = std::make_shared<state>();
  while (both->near.try_send_to(bytes_of("full"), both->where)) {
  }
  return {
      .name = "send_to of a Unix datagram socket",
      .asks = call::send_message,
      .handle = both->near.descriptor().native_handle(),
      .perform = [both] { return one_if(both->near.send_to("x", both->where)); },
      .make_ready = [both] { CHECK(!receive_now(both->far.descriptor().native_handle()).empty()); },
      .close = [both] { both->near.close(); },
      .is_direct = true};
}

}  // namespace

const std::vector<make_call>& socket_calls() {
  static const auto all = [] {
    std::vector<make_call> calls{unix_read_call, unix_accept_call, unix_send_to_call};
    calls.insert(calls.begin(), datagram_calls().begin(), datagram_calls().end());
    return calls;
  }();
  return all;
}

}  // namespace weft::testing
