// The load generator has to cost no more than the server, or it measures itself. Hence:
// - One thread, raw epoll, edge-triggered; both directions are registered once, no later epoll_ctl.
// - A read that does not fill the buffer has emptied the socket; there is no second one.
// - Nothing is allocated once the connections stand, and the clock is read once a read.
// - What is sent is a slice of a table, never put together (see pattern).
// - Of long messages one read in sixteen is compared; the others are counted and discarded in the
//   kernel (MSG_TRUNC), which spares a copy. Short ones are compared to the last byte, and so are
//   all with --verify-all.

#include "echo_load_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <stdexcept>
#include <system_error>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace echo_load {
namespace {

constexpr std::size_t chunk = pattern::chunk;
constexpr std::size_t always_verified = 4096;  // messages up to this size
constexpr std::uint32_t sampled = 16;          // of longer ones, one read in so many
constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t patience = 3 * second;  // for what is under way at the end

std::string text(int error) {
  return std::generic_category().message(error);
}

std::uint64_t now() noexcept {
  return read_clock(CLOCK_MONOTONIC);
}

std::uint64_t nanoseconds(double seconds) noexcept {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

}  // namespace

client::client(const options& what)
    : what_(what),
      server_(what.host, what.port, what.server_process),
      connections_(what.connections),
      started_(what.connections * what.pipeline),
      buffer_(std::make_unique<unsigned char[]>(chunk)) {
  poller_ = epoll_create1(EPOLL_CLOEXEC);
  if (poller_ < 0) {
    throw std::runtime_error("epoll_create1: " + text(errno));
  }
}

client::~client() {
  for (const connection& peer : connections_) {
    if (peer.fd >= 0) {
      close(peer.fd);
    }
  }
  if (poller_ >= 0) {
    close(poller_);
  }
}

report client::run() {
  connect_all();
  poll_until(now() + nanoseconds(what_.warmup));
  open_window();
  report seen;
  const std::uint64_t server_before = server_.cpu_time();
  const std::uint64_t own_before = read_clock(CLOCK_PROCESS_CPUTIME_ID);
  const std::uint64_t begin = now();
  poll_until(begin + nanoseconds(what_.seconds));
  seen.duration = now() - begin;
  seen.own_cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - own_before;
  seen.server_cpu = server_.cpu_time() - server_before;
  seen.messages = messages_;
  seen.slowest = slowest();
  drain();
  seen.latency = latency_;
  return seen;
}

void client::connect_all() {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    connection& peer = connections_[i];
    open(peer);
    peer.sent = peer.received = peer.origin = i * 97;
    peer.started = &started_[i * what_.pipeline];
    peer.to_send = std::uint64_t{what_.size} * what_.pipeline;
  }
  // Nothing is sent before the first poll: early connections must not load the server while late
  // ones connect.
  std::fill(started_.begin(), started_.end(), now());
  under_way_ = started_.size();
}

void client::open(connection& peer) {
  const auto number = static_cast<std::size_t>(&peer - connections_.data());
  peer.fd = server_.connect(number + 1, connections_.size());
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.ptr = &peer;
  if (epoll_ctl(poller_, EPOLL_CTL_ADD, peer.fd, &event) != 0) {
    throw std::runtime_error("epoll_ctl: " + text(errno));
  }
}

// A new connection in the place of one on which nothing is under way. The old one is reset, so that
// its port is free at once.
void client::replace(connection& peer) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(peer.fd);
  open(peer);
  peer.replaced_at = peer.finished;
}

void client::open_window() {
  for (connection& peer : connections_) {
    peer.finished_before = peer.finished;
  }
  messages_ = 0;
  latency_ = {};
}

void client::poll_until(std::uint64_t deadline) {
  while (poll_once(deadline)) {
  }
}

// One batch of events. False: the deadline has passed.
bool client::poll_once(std::uint64_t deadline) {
  std::array<epoll_event, 512> events;
  const std::uint64_t time = now();
  if (time >= deadline) {
    return false;
  }
  const int limit = what_.spin ? 0 : static_cast<int>((deadline - time) / 1'000'000 + 1);
  const int ready = epoll_wait(poller_, events.data(), static_cast<int>(events.size()), limit);
  if (ready < 0 && errno != EINTR) {
    throw std::runtime_error("epoll_wait: " + text(errno));
  }
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    serve(*static_cast<connection*>(event.data.ptr), event.events);
  }
  return true;
}

void client::serve(connection& peer, std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    receive(peer);
  }
  if (what_.churn != 0 && !draining_ && peer.finished - peer.replaced_at >= what_.churn) {
    replace(peer);
  }
  if (peer.to_send > 0) {
    send_due(peer);
  }
}

void client::receive(connection& peer) {
  for (;;) {
    const bool verify =
        what_.verify_all || what_.size <= always_verified || peer.reads++ % sampled == 0;
    const ssize_t n = recv(peer.fd, buffer_.get(), chunk, verify ? 0 : MSG_TRUNC);
    if (n == 0) {
      fail(peer, "closed the connection");
    }
    if (n < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return;
      }
      fail(peer, "failed: " + text(errno));
    }
    const auto size = static_cast<std::size_t>(n);
    if (verify && !pattern_.matches(peer.received, buffer_.get(), size)) {
      fail(peer, "returned other bytes than it was sent");
    }
    peer.received += size;
    finish_messages(peer);
    if (size < chunk) {
      return;
    }
  }
}

// Counts the messages that have come back whole, and makes as many due.
void client::finish_messages(connection& peer) {
  const std::uint64_t whole = (peer.received - peer.origin) / what_.size;
  if (whole == peer.finished) {
    return;
  }
  const std::uint64_t time = now();
  for (; peer.finished < whole; ++peer.finished) {
    std::uint64_t& started = peer.started[peer.finished % what_.pipeline];
    latency_.add(time - started);
    started = time;
    ++messages_;
    if (draining_) {
      --under_way_;
    } else {
      peer.to_send += what_.size;
    }
  }
}

void client::send_due(connection& peer) {
  while (peer.to_send > 0) {
    const std::size_t size = std::min<std::uint64_t>(peer.to_send, chunk);
    const ssize_t n = send(peer.fd, pattern_.at(peer.sent), size, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return;
      }
      fail(peer, "failed: " + text(errno));
    }
    peer.sent += static_cast<std::uint64_t>(n);
    peer.to_send -= static_cast<std::uint64_t>(n);
  }
}

// Makes nothing new due and waits for what is under way, so that the slowest answers are counted
// and a server that forgot a message is found out.
void client::drain() {
  draining_ = true;
  const std::uint64_t deadline = now() + patience;
  while (under_way_ > 0 && poll_once(deadline)) {
  }
  if (under_way_ > 0) {
    throw std::runtime_error(server_.name() + " still owes " + std::to_string(under_way_) +
                             " messages, " + std::to_string(patience / second) +
                             " s after the last one was due");
  }
}

double client::slowest() const {
  std::uint64_t least = UINT64_MAX;
  for (const connection& peer : connections_) {
    least = std::min(least, peer.finished - peer.finished_before);
  }
  return messages_ == 0 ? 0
                        : static_cast<double>(least) * static_cast<double>(connections_.size()) /
                              static_cast<double>(messages_);
}

void client::fail(const connection& peer, const std::string& what) const {
  throw std::runtime_error(server_.name() + " " + what + " (connection " +
                           std::to_string(&peer - connections_.data() + 1) + " of " +
                           std::to_string(connections_.size()) + ", after " +
                           std::to_string(peer.finished) + " messages)");
}

}  // namespace echo_load
