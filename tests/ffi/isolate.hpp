#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <doctest/doctest.h>
#include <support/raw_handles.hpp>
#include <sys/resource.h>

#include "fake_vm.hpp"
#include "tcp.h"

namespace weft::testing {

inline constexpr std::array<std::uint8_t, 4> localhost{127, 0, 0, 1};

/// A request that was accepted: its answer will come.
struct [[nodiscard]] pending {
  fake_vm* vm = nullptr;
  dart::port by = dart::no_port;
  std::int64_t id = -1;

  answer await() const { return vm->await(by, id); }
  std::int64_t result() const { return await().result; }
  bool is_answered() const { return vm->poll(by, id).has_value(); }
};

/// The library between tcp_init() and tcp_destroy(), and what a Dart isolate does with it.
class isolate {
 public:
  explicit isolate(fake_vm& vm) : vm_(&vm), port_(vm.open_port()) {}

  dart::port port() const { return port_; }
  void die() const { vm_->kill(port_); }

  /// Makes a request that must not be refused.
  template <class Call>
  pending ask(Call&& call) {
    const std::int64_t id = next_id_++;
    vm_->expect(port_, id);
    const std::int64_t returned = call(id);
    CHECK(returned == 0);
    return {vm_, port_, id};
  }
  /// What a request is refused with.
  template <class Call>
  std::int64_t refusal(Call&& call) {
    const std::int64_t id = next_id_++;
    vm_->expect(port_, id);
    const std::int64_t returned = call(id);
    if (returned < 0) {
      vm_->refused(port_, id);
    }
    return returned;
  }

  std::int64_t listen(bool shared = false, std::int64_t at = 0) {
    return ask([&](std::int64_t id) {
             return tcp_listen(port_, id, localhost.data(), 4, at, false, 0, shared);
           })
        .result();
  }
  pending begin_connect(std::int64_t to) {
    return ask([&](std::int64_t id) {
      return tcp_connect(port_, id, localhost.data(), 4, to, nullptr, 0, 0);
    });
  }
  std::int64_t connect(std::int64_t to) { return begin_connect(to).result(); }
  pending accept(std::int64_t listener) {
    return ask([&](std::int64_t id) { return tcp_accept(id, listener); });
  }
  pending read(std::int64_t handle) {
    return ask([&](std::int64_t id) { return tcp_read(id, handle); });
  }
  pending write(std::int64_t handle, std::string_view text) {
    return ask([&](std::int64_t id) {
      return tcp_write(id, handle, reinterpret_cast<const std::uint8_t*>(text.data()), 0,
                       static_cast<std::int64_t>(text.size()));
    });
  }
  pending close_write(std::int64_t handle) {
    return ask([&](std::int64_t id) { return tcp_close_write(id, handle); });
  }
  pending close(std::int64_t handle) {
    return ask([&](std::int64_t id) { return tcp_close(id, handle); });
  }
  pending close_listener(std::int64_t listener, bool force = false) {
    return ask([&](std::int64_t id) { return tcp_listener_close(id, listener, force); });
  }

  /// Reads until the end of the stream.
  std::string read_all(std::int64_t handle) {
    std::string text;
    for (;;) {
      const answer got = read(handle).await();
      if (got.result == TCP_ERR_CLOSED) {
        return text;
      }
      REQUIRE(got.data);
      CHECK(got.result == static_cast<std::int64_t>(got.data->size()));
      text.append(got.data->begin(), got.data->end());
    }
  }

 private:
  fake_vm* vm_;
  dart::port port_;
  std::int64_t next_id_ = 0;
};

/// The library in use by one isolate. Whatever a test leaves behind is answered at the end.
class in_use {
 public:
  fake_vm vm;
  isolate main{vm};

  in_use() { REQUIRE(tcp_init(vm.api()) == 0); }
  ~in_use() {
    tcp_destroy();
    CHECK(vm.unanswered() == 0);
    for (const std::string& complaint : vm.complaints()) {
      FAIL_CHECK(complaint);
    }
  }
};

/// Both ends of a connection, in one isolate.
struct connection {
  std::int64_t near = 0;
  std::int64_t far = 0;

  explicit connection(isolate& of) {
    const std::int64_t listener = of.listen();
    const pending accepted = of.accept(listener);
    near = of.connect(tcp_get_local_port(listener));
    far = accepted.result();
    CHECK(of.close_listener(listener).result() == 0);
    REQUIRE(near > 0);
    REQUIRE(far > 0);
  }
};

/// A connection whose other end is the test's own.
struct half_raw {
  std::int64_t handle = 0;
  raw_handle peer;

  explicit half_raw(isolate& of) {
    sockaddr_in address = loopback();
    const raw_handle listener = raw_listener(address, 1);
    handle = of.connect(ntohs(address.sin_port));
    REQUIRE(handle > 0);
    peer = raw_handle(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
};

/// Waits for what no message tells.
inline void await_until(auto&& condition) {
  for (int i = 0; i < 20'000 && !condition(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(condition());
}

/// So many descriptors may be open, as far as the system lets us.
inline void allow_descriptors(rlim_t count) {
  rlimit now{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
  now.rlim_cur = std::min(now.rlim_max, std::max(now.rlim_cur, count));
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
}

/// Blocks until so many bytes have come; shorter at the end of the stream.
inline std::string receive_exactly(int fd, std::size_t size) {
  std::string text(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::recv(fd, text.data() + got, size - got, 0);
    if (n <= 0) {
      break;
    }
    got += static_cast<std::size_t>(n);
  }
  text.resize(got);
  return text;
}

}  // namespace weft::testing
