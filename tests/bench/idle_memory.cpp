// What idle connections cost in memory: accepts connections, lets a fiber wait for each, and counts
// what the process has grown by.
//
//   idle_memory [connections]        default 9000, as many as descriptors allow
//
// One process for each way of waiting, so that none finds another's memory. Columns, in bytes a
// connection: anonymous memory when all have begun to wait; when each has meanwhile used 64 KiB of
// its stack; the same some seconds later; and page tables, which are the kernel's, at the end.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <alloca.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/sync/task_group.hpp>

namespace {

using namespace std::chrono_literals;

/// Reads once, and says whether there was something.
using read_function = bool (*)(const weft::tcp_stream&);

bool read_short(const weft::tcp_stream& peer) {
  std::array<std::byte, 64> buffer;
  return peer.read(buffer).has_value();
}

bool read_long(const weft::tcp_stream& peer) {
  std::array<std::byte, std::size_t{16} * 1024> buffer;
  return peer.read(buffer).has_value();
}

bool read_leased(const weft::tcp_stream& peer) {
  return peer.read_leased().has_value();
}

bool readable_then_read(const weft::tcp_stream& peer) {
  return peer.readable().has_value() && peer.try_read_leased().has_value();
}

struct form {
  const char* name;
  read_function read;
};

constexpr std::array forms{
    form{"read, 64 bytes on the stack", read_short}, form{"read, 16 KiB on the stack", read_long},
    form{"read_leased", read_leased}, form{"readable, try_read_leased", readable_then_read}};

struct memory {
  long anonymous = 0;
  long page_tables = 0;
};

memory memory_now() {
  memory now;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long* const where = word == "RssAnon:" ? &now.anonymous
                        : word == "VmPTE:" ? &now.page_tables
                                           : nullptr;
    if (where) {
      status >> *where;
      *where *= 1024;
    }
  }
  return now;
}

[[gnu::noinline]] void use_stack() {
  constexpr std::size_t size = std::size_t{64} * 1024;
  void* const memory = alloca(size);
  std::memset(memory, 1, size);
  asm volatile("" : : "r"(memory) : "memory");  // the compiler must not think that nobody looks
}

std::size_t have_used_stack = 0;

weft::result<void> wait_for_data(weft::tcp_stream peer, read_function read) {
  while (read(peer)) {
    use_stack();
    ++have_used_stack;
  }
  return {};
}

int connect_raw(std::uint16_t port, std::size_t number) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(number % 16));
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  return fd;
}

long each(long total, std::size_t connections) {
  return total / static_cast<long>(connections);
}

void measure(const form& what, std::size_t connections) {
  const auto listener = weft::or_throw(weft::listen("0.0.0.0:0"));
  const std::uint16_t port = weft::or_throw(listener.local_endpoint()).port();
  std::vector<int> clients;
  clients.reserve(connections);
  weft::task_group peers{weft::on_error::keep_going};
  const memory before = memory_now();
  for (std::size_t i = 0; i < connections; ++i) {
    clients.push_back(connect_raw(port, i));
    peers.spawn(wait_for_data, weft::or_throw(listener.accept()), what.read);
  }
  (void)weft::sleep_for(200ms);
  const memory waiting = memory_now();
  for (const int fd : clients) {
    if (::write(fd, "x", 1) != 1) {
      std::perror("write");
      std::exit(1);
    }
  }
  while (have_used_stack < connections) {
    (void)weft::sleep_for(10ms);
  }
  const memory used = memory_now();
  (void)weft::sleep_for(4s);
  const memory later = memory_now();
  std::printf("%-30s %8ld %8ld %8ld %8ld\n", what.name,
              each(waiting.anonymous - before.anonymous, connections),
              each(used.anonymous - before.anonymous, connections),
              each(later.anonymous - before.anonymous, connections),
              each(later.page_tables - before.page_tables, connections));
  std::fflush(stdout);
  peers.cancel();
  for (const int fd : clients) {
    ::close(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t wanted = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 9000;
  const std::size_t connections = std::min<std::size_t>(wanted, (limit.rlim_cur - 100) / 2);
  std::printf("%zu connections, bytes each\n%-30s %8s %8s %8s %8s\n", connections, "", "waiting",
              "used 64K", "later", "tables");
  std::fflush(stdout);
  for (const form& what : forms) {
    const pid_t child = fork();
    if (child == 0) {
      weft::run([&] { measure(what, connections); }, {.workers = 1});
      std::fflush(stdout);
      _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
      return 1;
    }
  }
  return 0;
}
