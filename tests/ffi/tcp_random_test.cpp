#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <stress/dice.hpp>

#include "isolate.hpp"
#include "weft_dart.h"

/// Isolates that do anything at any time, on threads of their own: connect, write, read, close,
/// forget, die in the middle. The VM checks that every request is answered once; what is read is
/// checked byte by byte.
namespace weft::testing {

namespace {

/// Bytes of a stream tell their own place in it.
char byte_at(std::size_t place) {
  return static_cast<char>(place % 251);
}

struct tally {
  std::atomic<std::size_t> operations{0};
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::size_t> wrong{0};
};

class wild_isolate {
 public:
  wild_isolate(fake_vm& vm, std::int64_t shared_address, dice d, tally& t)
      : vm_(vm), address_(shared_address), dice_(d), tally_(t), port_(vm.open_port()) {}

  void live(std::size_t operations) {
    for (std::size_t i = 0; i < operations; ++i) {
      act();
      settle();
      ++tally_.operations;
    }
  }

  /// Messages to it are refused from now on; its sockets are nobody's.
  void die() { vm_.kill(port_); }

  /// Waits until all is answered.
  void rest() {
    while (!asked_.empty()) {
      settle();
      std::this_thread::yield();
    }
  }

  void close_all() {
    for (auto& [handle, s] : sockets_) {
      request(what::close, handle, [&](std::int64_t id) {
        return s.is_listener ? tcp_listener_close(id, handle, dice_.one_in(2))
                             : tcp_close(id, handle);
      });
    }
    rest();
  }

 private:
  enum class what { listen, accept, connect, read, write, end, close };
  struct asked {
    what kind;
    std::int64_t id;
    std::int64_t handle;
    std::size_t size;
  };
  struct socket {
    bool is_listener = false;
    std::size_t written = 0;
    std::size_t read = 0;
    bool ended = false;
  };

  template <class Call>
  bool request(what kind, std::int64_t handle, Call&& call, std::size_t size = 0) {
    const std::int64_t id = next_id_++;
    vm_.expect(port_, id);
    if (call(id) < 0) {
      vm_.refused(port_, id);
      return false;
    }
    asked_.push_back({kind, id, handle, size});
    return true;
  }

  void act() {
    const std::uint64_t roll = dice_.below(100);
    if (roll < 4) {
      listen();
    } else if (roll < 16 && sockets_.size() < 40) {
      connect();
    } else if (roll < 20) {
      vm_.collect_some_data();
    } else if (!sockets_.empty()) {
      auto at = sockets_.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(dice_.below(sockets_.size())));
      at->second.is_listener ? use_listener(at->first) : use(at->first, at->second, roll);
    }
  }

  void listen() {
    request(what::listen, 0, [&](std::int64_t id) {
      return tcp_listen(port_, id, localhost.data(), 4, address_, false, 0, true);
    });
  }

  void connect() {
    request(what::connect, 0, [&](std::int64_t id) {
      return tcp_connect(port_, id, localhost.data(), 4, address_, nullptr, 0, 0);
    });
  }

  void use_listener(std::int64_t handle) {
    if (dice_.one_in(12)) {
      if (request(what::close, handle, [&](std::int64_t id) {
            return tcp_listener_close(id, handle, dice_.one_in(2));
          })) {
        sockets_.erase(handle);
      }
      return;
    }
    request(what::accept, handle, [&](std::int64_t id) { return tcp_accept(id, handle); });
  }

  void use(std::int64_t handle, socket& s, std::uint64_t roll) {
    if (roll < 50) {
      write(handle, s);
    } else if (roll < 80) {
      request(what::read, handle, [&](std::int64_t id) { return tcp_read(id, handle); });
    } else if (roll < 84) {
      s.ended = true;
      request(what::end, handle, [&](std::int64_t id) { return tcp_close_write(id, handle); });
    } else if (roll < 88) {
      request(what::close, handle, [&](std::int64_t id) { return tcp_close(id, handle); });
      sockets_.erase(handle);
    } else if (roll < 90) {
      forget(handle);
    } else if (roll < 93) {
      take_back();
    } else {
      std::array<std::uint8_t, 16> out{};
      static_cast<void>(tcp_get_remote_address(handle, out.data()));
      tcp_set_no_delay(handle, dice_.one_in(2));
    }
  }

  void forget(std::int64_t handle) {
    // An object's address is all that the fake VM needs of it; each is used once.
    auto* const object = reinterpret_cast<void*>(static_cast<std::intptr_t>(handle));
    tcp_attach_release(object, handle);
    sockets_.erase(handle);
    try {
      vm_.collect(object);
    } catch (const std::logic_error&) {  // NOLINT(bugprone-empty-catch)
      // Closed already, by force or with an isolate.
    }
  }

  /// Any request that is no write: the bytes of those that follow are counted already.
  void take_back() {
    if (asked_.empty()) {
      return;
    }
    const asked& any = asked_[static_cast<std::size_t>(dice_.below(asked_.size()))];
    if (any.kind != what::write) {
      weft_cancel(port_, any.id, any.handle);
    }
  }

  void write(std::int64_t handle, socket& s) {
    if (s.ended) {
      return;
    }
    const std::size_t size =
        1 + static_cast<std::size_t>(dice_.below(dice_.one_in(8) ? 300'000 : 3'000));
    std::string data(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      data[i] = byte_at(s.written + i);
    }
    if (request(
            what::write, handle,
            [&](std::int64_t id) {
              return tcp_write(id, handle, reinterpret_cast<const std::uint8_t*>(data.data()), 0,
                               static_cast<std::int64_t>(size));
            },
            size)) {
      s.written += size;
    }
  }

  void settle() {
    std::set<std::int64_t> behind;  // an earlier read was not answered when we looked
    std::erase_if(asked_, [&](const asked& a) {
      if (behind.contains(a.handle)) {
        return false;
      }
      const auto got = vm_.poll(port_, a.id);
      if (!got && a.kind == what::read) {
        behind.insert(a.handle);
      }
      if (got) {
        take(a, *got);
      }
      return got.has_value();
    });
  }

  void take(const asked& a, const answer& got) {
    const auto found = sockets_.find(a.handle);
    switch (a.kind) {
      case what::listen:
      case what::accept:
      case what::connect:
        if (got.result > 0) {
          sockets_[got.result].is_listener = a.kind == what::listen;
        }
        break;
      case what::read:
        if (got.data && found != sockets_.end()) {
          check(found->second, *got.data);
        }
        break;
      case what::write:
        if (got.result != static_cast<std::int64_t>(a.size) && got.result != TCP_ERR_WRITE_FAILED) {
          ++tally_.wrong;
        }
        break;
      case what::end:
        break;
      case what::close:
        if (got.result != 0) {
          ++tally_.wrong;
        }
        break;
    }
  }

  void check(socket& s, const std::vector<std::uint8_t>& data) {
    for (const std::uint8_t byte : data) {
      if (static_cast<char>(byte) != byte_at(s.read++)) {
        ++tally_.wrong;
      }
    }
    tally_.bytes += data.size();
  }

  fake_vm& vm_;
  std::int64_t address_;
  dice dice_;
  tally& tally_;
  dart::port port_;
  std::int64_t next_id_ = 0;
  std::deque<asked> asked_;  // in order: reads of one socket are checked in the order of its bytes
  std::map<std::int64_t, socket> sockets_;
};

std::size_t open_descriptors() {
  using std::filesystem::directory_iterator;
  return static_cast<std::size_t>(
      std::distance(directory_iterator("/proc/self/fd"), directory_iterator()));
}

}  // namespace

TEST_CASE("random loads: every request is answered once, every byte is right [row 151]") {
  allow_descriptors(4096);
  const std::uint64_t seed = seed_from_environment();
  CAPTURE(seed);
  MESSAGE("WEFT_TEST_SEED=", seed);
  const std::size_t before = open_descriptors();
  fake_vm vm;
  tally t;
  dice all(seed);
  for (std::size_t round = 0; round < rounds(12); ++round) {
    REQUIRE(tcp_init(vm.api()) == 0);
    isolate holder(vm);
    const std::int64_t address = tcp_get_local_port(holder.listen(true));
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&vm, &t, address, d = all.split()]() mutable {
        for (int life = 0; life < 3; ++life) {
          wild_isolate one(vm, address, d.split(), t);
          one.live(300 + static_cast<std::size_t>(d.below(400)));
          if (d.one_in(2)) {
            one.die();
            tcp_init(vm.api());
          } else {
            one.close_all();
          }
        }
      });
    }
    if (all.one_in(3)) {
      std::this_thread::sleep_for(all.up_to(std::chrono::milliseconds(30)));
      tcp_destroy();
      REQUIRE(tcp_init(vm.api()) == 0);
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    tcp_destroy();
    CHECK(vm.unanswered() == 0);
  }
  for (const std::string& complaint : vm.complaints()) {
    FAIL_CHECK(complaint);
  }
  CHECK(t.wrong == 0);
  MESSAGE(t.operations.load(), " operations, ", t.bytes.load(), " bytes checked");
  CHECK(open_descriptors() == before);
}

}  // namespace weft::testing
