// udp_load: loads a UDP echo server and says how many datagrams came back, and how late.
//
// A closed loop: each socket keeps some datagrams under way and sends the next when one is back.
// What is not back after a quarter of a second is lost; it is counted and sent again. One thread
// that never sleeps; several datagrams a system call, so that it costs less than any server.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "echo_load_histogram.hpp"
#include "echo_load_server.hpp"

namespace {

constexpr std::size_t batch = 64;
constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t patience = second / 4;

struct options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::size_t sockets = 1;
  std::size_t size = 64;
  std::size_t under_way = 64;
  double seconds = 3;
  double warmup = 0.5;
  pid_t server_process = 0;
};

/// What each datagram begins with; the rest is zeros.
struct head {
  std::uint64_t place;   // of under_way
  std::uint64_t number;  // how many were sent in that place before
};

std::uint64_t now() noexcept {
  return echo_load::read_clock(CLOCK_MONOTONIC);
}

/// One socket and what it has under way.
class flow {
 public:
  flow(int fd, const options& what)
      : fd_(fd), size_(what.size), places_(what.under_way), memory_(batch * what.size) {
    for (std::size_t i = 0; i < batch; ++i) {
      parts_[i] = {.iov_base = &memory_[i * size_], .iov_len = size_};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
    due_.reserve(places_.size());
    for (std::size_t i = 0; i < places_.size(); ++i) {
      due_.push_back(i);
    }
  }
  flow(flow&&) = delete;
  ~flow() { close(fd_); }

  void turn() {
    send_due();
    receive();
    if (now() - last_search_ > patience) {
      find_lost();
    }
  }
  void open_window() {
    returned = lost = 0;
    latency = {};
  }

  std::uint64_t returned = 0;
  std::uint64_t lost = 0;
  echo_load::histogram latency;

 private:
  struct place {
    std::uint64_t number = 0;
    std::uint64_t sent_at = 0;
  };

  void send_due() {
    while (!due_.empty()) {
      const std::size_t count = std::min(batch, due_.size());
      const std::uint64_t time = now();
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = due_[due_.size() - 1 - i];
        const head first{.place = at, .number = places_[at].number};
        std::memcpy(parts_[i].iov_base, &first, sizeof first);
        places_[at].sent_at = time;
      }
      const int sent = sendmmsg(fd_, messages_.data(), static_cast<unsigned>(count), 0);
      if (sent <= 0) {
        return;
      }
      due_.resize(due_.size() - static_cast<std::size_t>(sent));
    }
  }

  void receive() {
    const int count = recvmmsg(fd_, messages_.data(), batch, 0, nullptr);
    const std::uint64_t time = now();
    for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(count, 0)); ++i) {
      head first{};
      std::memcpy(&first, parts_[i].iov_base, sizeof first);
      if (messages_[i].msg_len != size_ || first.place >= places_.size()) {
        throw std::runtime_error("the server returned something else than it was sent");
      }
      place& answered = places_[first.place];
      if (answered.number != first.number) {
        continue;  // given up for lost before
      }
      latency.add(time - answered.sent_at);
      ++answered.number;
      ++returned;
      due_.push_back(first.place);
    }
  }

  void find_lost() {
    last_search_ = now();
    std::vector<bool> is_due(places_.size());
    for (const std::size_t at : due_) {
      is_due[at] = true;
    }
    for (std::size_t at = 0; at < places_.size(); ++at) {
      if (!is_due[at] && last_search_ - places_[at].sent_at > patience) {
        ++places_[at].number;
        ++lost;
        due_.push_back(at);
      }
    }
  }

  const int fd_;
  const std::size_t size_;
  std::vector<place> places_;
  std::vector<std::size_t> due_;
  std::vector<unsigned char> memory_;
  std::array<iovec, batch> parts_{};
  std::array<mmsghdr, batch> messages_{};
  std::uint64_t last_search_ = now();
};

int open_socket(const options& what) {
  sockaddr_storage address{};
  const echo_load::server server(what.host, what.port, 0);
  const socklen_t size = server.address(address);
  const int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int room = 4 << 20;
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    throw std::runtime_error("cannot connect to " + server.name());
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  return fd;
}

void turn_until(std::vector<std::unique_ptr<flow>>& flows, std::uint64_t deadline) {
  while (now() < deadline) {
    for (const auto& each : flows) {
      each->turn();
    }
  }
}

void load(const options& what) {
  const echo_load::server server(what.host, what.port, what.server_process);
  std::vector<std::unique_ptr<flow>> flows;
  for (std::size_t i = 0; i < what.sockets; ++i) {
    flows.push_back(std::make_unique<flow>(open_socket(what), what));
  }
  turn_until(flows, now() + static_cast<std::uint64_t>(what.warmup * 1e9));
  for (const auto& each : flows) {
    each->open_window();
  }
  const std::uint64_t cpu_before = server.cpu_time();
  const std::uint64_t own_before = echo_load::read_clock(CLOCK_PROCESS_CPUTIME_ID);
  const std::uint64_t begin = now();
  turn_until(flows, begin + static_cast<std::uint64_t>(what.seconds * 1e9));
  const auto elapsed = static_cast<double>(now() - begin);
  const auto cpu = static_cast<double>(server.cpu_time() - cpu_before);
  const auto own =
      static_cast<double>(echo_load::read_clock(CLOCK_PROCESS_CPUTIME_ID) - own_before);
  std::uint64_t returned = 0;
  std::uint64_t lost = 0;
  std::uint64_t least = UINT64_MAX;
  for (const auto& each : flows) {
    returned += each->returned;
    lost += each->lost;
    least = std::min(least, each->returned);
  }
  if (returned == 0) {
    throw std::runtime_error(server.name() + " does not answer");
  }
  const echo_load::histogram& latency = flows[0]->latency;
  const auto us = [&](double fraction) {
    return static_cast<double>(latency.percentile(fraction)) / 1e3;
  };
  const auto messages = static_cast<double>(returned);
  std::printf(
      R"({"rate": %.1f, "lost": %llu, "p50_us": %.2f, "p99_us": %.2f, "p999_us": %.2f, )"
      R"("slowest_connection": %.3f, "generator_busy": %.3f, "server_us_per_message": %.4f, )"
      R"("server_busy": %.3f})"
      "\n",
      messages / elapsed * 1e9, static_cast<unsigned long long>(lost), us(0.5), us(0.99), us(0.999),
      static_cast<double>(least) * static_cast<double>(flows.size()) / messages, own / elapsed,
      cpu / 1e3 / messages, cpu / elapsed);
}

template <class Number>
void set(Number& value, std::string_view name, std::string_view word) {
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc{} || stop != end || !(value > 0)) {
    throw std::runtime_error(std::string(name) + " " + std::string(word) +
                             ": expected a number above 0");
  }
}

options parse(int count, char** words) {
  options what;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = words[i];
    if (name == "--json" || name == "--spin") {
      continue;  // as always
    }
    const std::string_view word = i + 1 < count ? words[++i] : "";
    if (name == "--host") {
      what.host = word;
    } else if (name == "--port") {
      set(what.port, name, word);
    } else if (name == "--connections") {
      set(what.sockets, name, word);
    } else if (name == "--size") {
      set(what.size, name, word);
    } else if (name == "--pipeline") {
      set(what.under_way, name, word);
    } else if (name == "--seconds") {
      set(what.seconds, name, word);
    } else if (name == "--warmup") {
      set(what.warmup, name, word);
    } else if (name == "--server-pid") {
      set(what.server_process, name, word);
    } else {
      throw std::runtime_error(std::string(name) + ": no such option; echo_load has the same");
    }
  }
  if (what.port == 0 || what.size < sizeof(head) || what.size > 2048) {
    throw std::runtime_error("--port is missing, or --size is not from 16 to 2048");
  }
  return what;
}

}  // namespace

int main(int count, char** words) {
  try {
    load(parse(count, words));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "udp_load: %s\n", error.what());
    return 1;
  }
}
