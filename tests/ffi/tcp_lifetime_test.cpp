#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <malloc.h>
#include <support/patience.hpp>

#include "isolate.hpp"

using namespace weft::testing;

namespace {

std::ptrdiff_t open_descriptors() {
  using std::filesystem::directory_iterator;
  return std::distance(directory_iterator("/proc/self/fd"), directory_iterator());
}

}  // namespace

TEST_CASE("before init and after destroy, everything is -11") {
  fake_vm vm;
  const std::uint8_t byte = 0;
  std::uint8_t out[16];
  CHECK(tcp_connect(1, 0, localhost.data(), 4, 80, nullptr, 0, 0) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_listen(1, 0, localhost.data(), 4, 0, false, 0, false) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_read(0, 1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_write(0, 1, &byte, 0, 1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_close_write(0, 1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_close(0, 1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_accept(0, 1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_accept_loop(1, 1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_listener_close(0, 1, true) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_get_local_address(1, out) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_get_remote_port(1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_get_keep_alive(1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(tcp_set_no_delay(1, true) == TCP_ERR_NOT_INITIALIZED);
  tcp_attach_release(&vm, 1);
  tcp_destroy();
}

TEST_CASE("init wants a table, and may be called again") {
  CHECK(tcp_init(nullptr) == TCP_ERR_INVALID_ARGUMENT);
  in_use lib;
  CHECK(tcp_init(lib.vm.api()) == 0);
  const connection c(lib.main);
  CHECK(tcp_init(lib.vm.api()) == 0);
  CHECK(lib.main.write(c.near, "x").result() == 1);
}

TEST_CASE("destroy answers every request, closes all, and init starts afresh [row 130]") {
  const std::ptrdiff_t before = open_descriptors();
  fake_vm vm;
  for (int round = 0; round < 3; ++round) {
    REQUIRE(tcp_init(vm.api()) == 0);
    isolate one(vm);
    const half_raw idle(one);
    const half_raw full(one);
    const std::int64_t listener = one.listen();
    const pending read = one.read(idle.handle);
    const pending accept = one.accept(listener);
    const std::string large(8'000'000, 'l');
    const pending write = one.write(full.handle, large);
    const pending end = one.close_write(full.handle);
    tcp_destroy();
    CHECK(read.result() == TCP_ERR_READ_FAILED);
    CHECK(accept.result() == TCP_ERR_ACCEPT_FAILED);
    CHECK(write.result() == TCP_ERR_WRITE_FAILED);
    CHECK(end.result() == TCP_ERR_WRITE_FAILED);
    CHECK(tcp_read(0, idle.handle) == TCP_ERR_NOT_INITIALIZED);
    REQUIRE(tcp_init(vm.api()) == 0);
    CHECK(tcp_read(0, idle.handle) == TCP_ERR_INVALID_HANDLE);
    tcp_destroy();
  }
  CHECK(vm.unanswered() == 0);
  CHECK(vm.complaints().empty());
  CHECK(open_descriptors() == before);
}

TEST_CASE("close answers what is pending first, and its own request last; the peer hears at once") {
  in_use lib;
  const half_raw c(lib.main);
  const std::string large(8'000'000, 'l');
  const pending first = lib.main.read(c.handle);
  const pending second = lib.main.read(c.handle);
  const pending write = lib.main.write(c.handle, large);
  const pending closed = lib.main.close(c.handle);
  const std::vector<std::int64_t> order = lib.vm.order(lib.main.port());
  CHECK(std::vector(order.end() - 4, order.end()) ==
        std::vector{first.id, second.id, write.id, closed.id});
  CHECK(first.result() == TCP_ERR_READ_FAILED);
  CHECK(second.result() == TCP_ERR_READ_FAILED);
  CHECK(write.result() == TCP_ERR_WRITE_FAILED);
  CHECK(closed.result() == 0);
  const std::string rest = receive_exactly(c.peer.get(), large.size());
  CHECK(rest.size() < large.size());  // and the end of the stream came
}

TEST_CASE("a closed handle is no handle, for whatever") {
  in_use lib;
  const connection c(lib.main);
  CHECK(lib.main.close(c.near).result() == 0);
  const std::uint8_t byte = 0;
  std::uint8_t out[16];
  CHECK(lib.main.refusal([&](auto id) { return tcp_close(id, c.near); }) == TCP_ERR_INVALID_HANDLE);
  CHECK(lib.main.refusal([&](auto id) { return tcp_read(id, c.near); }) == TCP_ERR_INVALID_HANDLE);
  CHECK(lib.main.refusal([&](auto id) { return tcp_write(id, c.near, &byte, 0, 1); }) ==
        TCP_ERR_INVALID_HANDLE);
  CHECK(tcp_get_local_address(c.near, out) == TCP_ERR_INVALID_HANDLE);
  CHECK(tcp_set_keep_alive(c.near, true) == TCP_ERR_INVALID_HANDLE);
  for (const std::int64_t nonsense : {std::int64_t{0}, std::int64_t{-5}, INT64_MAX, INT64_MIN}) {
    CHECK(lib.main.refusal([&](auto id) { return tcp_read(id, nonsense); }) ==
          TCP_ERR_INVALID_HANDLE);
  }
  CHECK(lib.main.read(c.far).result() == TCP_ERR_CLOSED);
}

TEST_CASE("a handle never reaches its successor [row 132]") {
  in_use lib;
  std::int64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    const connection c(lib.main);
    CHECK(c.near != last);
    if (last != 0) {
      CHECK(lib.main.refusal([&](auto id) { return tcp_close(id, last); }) ==
            TCP_ERR_INVALID_HANDLE);
    }
    CHECK(lib.main.close(c.near).result() == 0);
    CHECK(lib.main.close(c.far).result() == 0);
    last = c.near;
  }
}

TEST_CASE("a collected object's socket is closed, its successor's is not [row 132]") {
  in_use lib;
  int forgotten = 0;
  int closed_before = 0;
  const half_raw c(lib.main);
  tcp_attach_release(&forgotten, c.handle);
  lib.vm.collect(&forgotten);
  CHECK(receive_exactly(c.peer.get(), 1).empty());
  await_until([&] { return tcp_get_local_port(c.handle) == TCP_ERR_INVALID_HANDLE; });

  const half_raw closed(lib.main);
  tcp_attach_release(&closed_before, closed.handle);
  CHECK(lib.main.close(closed.handle).result() == 0);
  const half_raw successor(lib.main);
  lib.vm.collect(&closed_before);
  const half_raw marker(lib.main);
  int marker_object = 0;
  tcp_attach_release(&marker_object, marker.handle);
  lib.vm.collect(&marker_object);
  await_until([&] { return tcp_get_local_port(marker.handle) == TCP_ERR_INVALID_HANDLE; });
  CHECK(lib.main.write(successor.handle, "mine").result() == 4);

  tcp_attach_release(&forgotten, c.handle);  // closed: nothing to attach
  tcp_attach_release(nullptr, successor.handle);
}

TEST_CASE("the sockets of a dead isolate are closed when it refuses an answer") {
  in_use lib;
  isolate other(lib.vm);
  const half_raw one(other);
  const half_raw two(other);
  const half_raw mine(lib.main);
  static_cast<void>(other.read(one.handle));
  other.die();
  REQUIRE(send_now(one.peer.get(), std::string(30'000, 'x')));
  CHECK(receive_exactly(two.peer.get(), 1).empty());
  CHECK(tcp_get_local_port(one.handle) == TCP_ERR_INVALID_HANDLE);
  CHECK(tcp_get_local_port(two.handle) == TCP_ERR_INVALID_HANDLE);
  CHECK(lib.vm.data_held() == 0);
  CHECK(lib.main.write(mine.handle, "alive").result() == 5);
}

TEST_CASE("an isolate that died with nothing pending is found out when its peer goes on") {
  in_use lib;
  isolate other(lib.vm);
  const half_raw c(other);
  const pending once = other.read(c.handle);  // from then on the socket is watched
  REQUIRE(send_now(c.peer.get(), "one"));
  CHECK(once.result() == 3);
  other.die();
  REQUIRE(send_now(c.peer.get(), "two"));
  // Closed with bytes unread, so it ends in a reset.
  CHECK(receive_exactly(c.peer.get(), 1).empty());
  CHECK(tcp_get_local_port(c.handle) == TCP_ERR_INVALID_HANDLE);
}

TEST_CASE("hot restart: init closes what dead isolates left, and no one else's") {
  in_use lib;
  const half_raw mine(lib.main);
  isolate before(lib.vm);
  const half_raw left(before);
  const std::int64_t listener = before.listen();
  const std::int64_t address = tcp_get_local_port(listener);
  before.die();
  CHECK(tcp_init(lib.vm.api()) == 0);
  CHECK(lib.vm.probes() >= 1);
  CHECK(receive_exactly(left.peer.get(), 1).empty());
  isolate after(lib.vm);
  CHECK(after.listen(false, address) > 0);
  CHECK(lib.main.write(mine.handle, "mine").result() == 4);
}

TEST_CASE("hot restart: an address that a dead isolate holds is free") {
  in_use lib;
  isolate before(lib.vm);
  const std::int64_t listener = before.listen();
  const std::int64_t address = tcp_get_local_port(listener);
  before.die();
  CHECK(lib.main.listen(false, address) > 0);
}

TEST_CASE("descriptors are closed on exec") {
  in_use lib;
  const connection c(lib.main);
  const std::int64_t listener = lib.main.listen();
  CHECK(listener > 0);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::atoi(entry.path().filename().c_str());
    const std::string what = std::filesystem::is_symlink(entry.path())
                                 ? std::filesystem::read_symlink(entry.path()).string()
                                 : "";
    if (what.starts_with("socket:") || what.starts_with("anon_inode:[event")) {
      CHECK_MESSAGE((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, what);
    }
  }
}

TEST_CASE("there may be more than 4,096 handles, and ten thousand reads that wait cost little") {
  allow_descriptors(12'000);
  in_use lib;
  const std::int64_t listener = lib.main.listen();
  const std::int64_t address = tcp_get_local_port(listener);
  const std::size_t connections = rounds(2'500);
  std::vector<std::int64_t> handles;
  for (std::size_t i = 0; i < connections; ++i) {
    const pending accepted = lib.main.accept(listener);
    handles.push_back(lib.main.connect(address));
    handles.push_back(accepted.result());
  }
  CHECK(std::ranges::all_of(handles, [](std::int64_t h) { return h > 0; }));
  const auto held = [] { return static_cast<std::ptrdiff_t>(mallinfo2().uordblks); };
  std::int64_t id = 100'000;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    lib.vm.expect(lib.main.port(), id);  // the fake's own memory is not counted
    lib.vm.expect(lib.main.port(), id + 1);
    id += 2;
  }
  const std::ptrdiff_t before = held();
  id = 100'000;
  for (const std::int64_t handle : handles) {
    CHECK(tcp_read(id, handle) == 0);
    CHECK(tcp_read(id + 1, handle) == 0);
    id += 2;
  }
  if (!sanitized) {
    MESSAGE("2 reads waiting on each of ", handles.size(), " handles: ", held() - before, " bytes");
    CHECK(held() - before < 2'000'000);
  }
}
