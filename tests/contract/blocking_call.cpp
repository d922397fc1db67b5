#include "blocking_call.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

namespace weft::testing {

namespace {

using detail::sys::call;

/// Reading: one end waits for what the other sends, four bytes for each call.
struct inbound {
  explicit inbound(raw_pair ends)
      : near(stream_on(std::move(ends.near))), far(std::move(ends.far)) {}
  tcp_stream near;
  raw_handle far;
};

blocking_call reading(std::string_view name, call asks,
                      std::function<result<std::size_t>(tcp_stream&)> perform) {
  auto ends = std::make_shared<inbound>(tcp_pair());
  return {.name = name,
          .asks = asks,
          .handle = ends->near.descriptor().native_handle(),
          .perform = [ends, perform = std::move(perform)] { return perform(ends->near); },
          .make_ready = [ends] { CHECK(send_now(ends->far.get(), "ping")); },
          .close = [ends] { ends->near.close(); }};
}

/// Writing: the buffers are full until a fiber of our own begins to empty them.
struct outbound {
  explicit outbound(raw_pair ends) : far(std::move(ends.far)) {
    set_option(ends.near.get(), SO_SNDBUF, 16 * 1024);
    fill(ends.near.get());
    near = stream_on(std::move(ends.near));
  }

  void drain() {
    if (!drainer.joinable()) {
      drainer = spawn([this] {
        while (check_cancel()) {
          while (!receive_now(far.get()).empty()) {
          }
          (void)sleep_for(1ms);
        }
      });
    }
  }

  tcp_stream near;
  raw_handle far;
  join_handle<void> drainer;
};

blocking_call writing(std::string_view name, call asks,
                      std::function<result<std::size_t>(tcp_stream&)> perform) {
  auto ends = std::make_shared<outbound>(local_pair());
  return {.name = name,
          .asks = asks,
          .handle = ends->near.descriptor().native_handle(),
          .perform = [ends, perform = std::move(perform)] { return perform(ends->near); },
          .make_ready = [ends] { ends->drain(); },
          .close = [ends] { ends->near.close(); }};
}

result<std::size_t> perform_on(const tcp_stream& stream, io::opcode code) {
  io::operation op{.code = code};
  return stream.descriptor().perform(op);
}

template <class T>
result<std::size_t> one_if(const result<T>& done) {
  return done ? result<std::size_t>(1) : fail(done.error());
}

blocking_call read_call() {
  return reading("read", call::receive, [](tcp_stream& s) {
    std::array<std::byte, 4> buffer;
    return s.read(buffer);
  });
}

blocking_call read_exact_call() {
  return reading("read_exact", call::receive, [](tcp_stream& s) {
    std::array<std::byte, 4> buffer;
    return one_if(s.read_exact(buffer));
  });
}

blocking_call read_vectored_call() {
  return reading("read_vectored", call::receive_message, [](tcp_stream& s) {
    std::array<std::byte, 1> head;
    std::array<std::byte, 3> tail;
    const std::array<std::span<std::byte>, 2> parts{head, tail};
    return s.read_vectored(parts);
  });
}

blocking_call readable_call() {
  return reading("wait_readable", call::poll,
                 [](tcp_stream& s) { return perform_on(s, io::opcode::wait_readable); });
}

blocking_call write_call() {
  return writing("write", call::send, [](tcp_stream& s) { return s.write(bytes_of("x")); });
}

blocking_call write_all_call() {
  return writing("write_all", call::send, [](tcp_stream& s) {
    const std::string data(60'000, 'w');
    return one_if(s.write_all(data));
  });
}

blocking_call write_vectored_call() {
  return writing("write_vectored", call::send_message, [](tcp_stream& s) {
    const std::array<std::span<const std::byte>, 2> parts{bytes_of("a"), bytes_of("bcd")};
    return s.write_vectored(parts);
  });
}

blocking_call writable_call() {
  return writing("wait_writable", call::poll,
                 [](tcp_stream& s) { return perform_on(s, io::opcode::wait_writable); });
}

blocking_call accept_call() {
  struct state {
    tcp_listener listener;
    std::mutex mutex;
    std::vector<raw_handle> peers;
  };
  auto both = std::make_shared<state>();
  both->listener = or_throw(listen("127.0.0.1:0"));
  const sockaddr_in address = loopback(both->listener.local_endpoint()->port());
  return {.name = "accept",
          .asks = call::accept,
          .handle = both->listener.descriptor().native_handle(),
          .perform = [both] { return one_if(both->listener.accept()); },
          .make_ready =
              [both, address] {
                std::lock_guard hold(both->mutex);
                both->peers.push_back(raw_connection(address));
              },
          .close = [both] { both->listener.close(); }};
}

/// To a listener whose queue has room for so many; one is in it.
blocking_call connecting(int backlog) {
  struct state {
    explicit state(int room) : listener(raw_listener(address, room)) {}

    sockaddr_in address = loopback();
    raw_handle listener;
    raw_handle first = raw_connection(address);
    io::descriptor near = adopt(raw_handle(raw::socket(AF_INET, SOCK_STREAM)));
  };
  auto both = std::make_shared<state>(backlog);
  const bool waits = backlog == 0;
  return {.name = "connect",
          .asks = call::connect,
          .handle = both->near.native_handle(),
          .perform =
              [both] {
                unsigned size = sizeof both->address;
                io::operation op{
                    .code = io::opcode::connect, .data = &both->address, .address_size = &size};
                return both->near.perform(op);
              },
          .make_ready =
              [both, waits] {
                if (waits) {
                  raw_handle(raw::accept(both->listener.get()));
                }
              },
          .close = [both] { both->near.close(); },
          .once = waits};
}

}  // namespace

/// A connection to a listener whose queue is full stands only after someone has been accepted and
/// the system has tried again, a second later.
blocking_call connect_call() {
  return connecting(0);
}

blocking_call quick_connect_call() {
  return connecting(4);
}

blocking_call read_leased_call() {
  return reading("read_leased", call::receive, [](tcp_stream& s) -> result<std::size_t> {
    const auto leased = s.read_leased();
    return leased ? result<std::size_t>(leased->size()) : fail(leased.error());
  });
}

void expect(const blocking_call& call, std::error_code got, std::error_code wanted) {
  CHECK_MESSAGE(got == wanted, call.name);
}

const std::vector<make_call>& all_blocking_calls() {
  static const auto all = [] {
    std::vector<make_call> calls{read_call,   read_exact_call, read_vectored_call,  readable_call,
                                 write_call,  write_all_call,  write_vectored_call, writable_call,
                                 accept_call, connect_call};
    calls.insert(calls.end(), pipe_calls().begin(), pipe_calls().end());
    calls.insert(calls.end(), socket_calls().begin(), socket_calls().end());
    return calls;
  }();
  return all;
}

}  // namespace weft::testing
