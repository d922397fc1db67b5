#include "echo_load_server.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <unistd.h>

namespace echo_load {
namespace {

std::string text(int error) {
  return std::generic_category().message(error);
}

std::uint64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

std::uint64_t read_clock(clockid_t id) noexcept {
  timespec time{};
  clock_gettime(id, &time);
  return nanoseconds(time);
}

server::server(const std::string& host, std::uint16_t port, pid_t process)
    : name_((host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
            std::to_string(port)),
      process_(process) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    throw std::runtime_error("--host " + host + ": expected a numeric IPv4 or IPv6 address");
  }
  size_ = found->ai_addrlen;
  std::memcpy(&address_, found->ai_addr, size_);
  freeaddrinfo(found);
}

int server::connect(std::size_t number, std::size_t count) const {
  const int fd = socket(address_.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    throw std::runtime_error("socket: " + text(errno));
  }
  const timeval limit{.tv_sec = 5, .tv_usec = 0};  // holds for connect() too
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address_), size_) != 0) {
    const int error = errno == EINPROGRESS ? ETIMEDOUT : errno;
    close(fd);
    throw std::runtime_error("connect " + name_ + ": " + text(error) + " (connection " +
                             std::to_string(number) + " of " + std::to_string(count) +
                             (error == ECONNREFUSED ? "; is the server running?)" : ")"));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

std::uint64_t server::cpu_time() const {
  if (process_ == 0) {
    return 0;
  }
  clockid_t id{};
  timespec time{};
  int error = clock_getcpuclockid(process_, &id);
  if (error == 0 && clock_gettime(id, &time) != 0) {
    error = errno;
  }
  if (error != 0) {
    throw std::runtime_error("--server-pid " + std::to_string(process_) +
                             ": cannot read its CPU time: " + text(error));
  }
  return nanoseconds(time);
}

}  // namespace echo_load
