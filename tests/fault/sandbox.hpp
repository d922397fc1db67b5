#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <weft/net/tcp.hpp>

#include "support/child.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// A program that serves one connection, and what may be taken from it beforehand.
namespace weft::testing {

/// From here on the system answers io_uring_setup() with EPERM, to this thread and those it starts.
inline void forbid_io_uring() {
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  REQUIRE(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  REQUIRE(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

inline void limit(int what, rlim_t most) {
  const rlimit both{.rlim_cur = most, .rlim_max = most};
  REQUIRE(::setrlimit(static_cast<__rlimit_resource>(what), &both) == 0);
}

inline void stay_on_one_processor() {
  cpu_set_t allowed;
  REQUIRE(::sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  int first = 0;
  while (!CPU_ISSET(first, &allowed)) {
    ++first;
  }
  CPU_ZERO(&allowed);
  CPU_SET(first, &allowed);
  REQUIRE(::sched_setaffinity(0, sizeof allowed, &allowed) == 0);
}

/// A variable of the environment, for the children that are started while it lives. Null: none.
class variable {
 public:
  variable(const char* name, const char* value) : name_(name) {
    if (const char* const old = std::getenv(name)) {
      was_set_ = true;
      before_ = old;
    }
    set(value);
  }
  ~variable() { set(was_set_ ? before_.c_str() : nullptr); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

 private:
  void set(const char* value) {
    if (value) {
      ::setenv(name_, value, 1);
    } else {
      ::unsetenv(name_);
    }
  }

  const char* const name_;
  bool was_set_ = false;
  std::string before_;
};

inline result<std::string> echo(std::string text) {
  const auto listener = or_throw(listen("127.0.0.1:0"));
  auto server = spawn([&] {
    const auto peer = or_throw(listener.accept());
    std::array<std::byte, 64> buffer;
    const auto n = or_throw(peer.read(buffer));
    or_throw(peer.write_all(std::span(buffer).first(n)));
  });
  const auto client = or_throw(connect(*listener.local_endpoint()));
  or_throw(client.write_all(text));
  or_throw(client.read_exact(bytes_of(text)));
  or_throw(server.join());
  return text;
}

[[noreturn]] inline void end_as_a_program() {
  const int code = run_main([]() -> result<void> {
    std::printf("echoed %s on %s by %u workers\n", or_throw(echo("hello")).c_str(),
                std::string(io::name_of(io::current_backend())).c_str(),
                runtime::current()->statistics().workers);
    return {};
  });
  std::fflush(stdout);
  std::_Exit(code);
}

}  // namespace weft::testing
