#include <string>
#include <vector>

#include "isolate.hpp"
#include "weft_dart.h"

using namespace weft::testing;

namespace {

std::int64_t cancel(const isolate& of, const pending& asked, std::int64_t handle) {
  return weft_cancel(of.port(), asked.id, handle);
}

/// Writes until one waits; its bytes are none that the system has taken.
pending write_in_vain(isolate& of, std::int64_t handle, std::vector<pending>& before) {
  const std::string block(256 * 1024, 'x');
  for (;;) {
    pending last = of.write(handle, block);
    if (!last.is_answered()) {
      before.push_back(last);  // of this one the system may have a part
      return of.write(handle, "never sent");
    }
  }
}

}  // namespace

TEST_CASE("a read and an accept are taken back, and those behind them are served [row B12]") {
  in_use lib;
  const connection c(lib.main);
  const pending first = lib.main.read(c.near);
  const pending second = lib.main.read(c.near);
  const pending third = lib.main.read(c.near);
  CHECK(cancel(lib.main, second, c.near) == 1);
  CHECK(second.result() == WEFT_ERR_CANCELED);
  CHECK(cancel(lib.main, second, c.near) == 0);
  CHECK(cancel(lib.main, first, c.near) == 1);
  CHECK(first.result() == WEFT_ERR_CANCELED);
  CHECK(lib.main.write(c.far, "for the third").result() == 13);
  CHECK(third.result() == 13);
  CHECK(cancel(lib.main, third, c.near) == 0);
  CHECK(weft_count(WEFT_COUNT_REQUESTS) == 0);

  const std::int64_t listener = lib.main.listen();
  const pending unwanted = lib.main.accept(listener);
  const pending wanted = lib.main.accept(listener);
  CHECK(cancel(lib.main, unwanted, listener) == 1);
  CHECK(unwanted.result() == WEFT_ERR_CANCELED);
  CHECK(lib.main.connect(tcp_get_local_port(listener)) > 0);
  CHECK(wanted.result() > 0);
}

TEST_CASE("a write is taken back unless a part of it is out: the stream stays whole") {
  in_use lib;
  const connection c(lib.main);
  std::vector<pending> begun;
  const pending vain = write_in_vain(lib.main, c.near, begun);
  const pending after = lib.main.write(c.near, "after");
  const pending end = lib.main.close_write(c.near);
  CHECK(cancel(lib.main, vain, c.near) == 1);
  CHECK(vain.result() == WEFT_ERR_CANCELED);
  CHECK(cancel(lib.main, end, c.near) == 1);
  CHECK(end.result() == WEFT_ERR_CANCELED);
  const bool is_whole = cancel(lib.main, begun.back(), c.near) == 0;

  const pending farewell = lib.main.close_write(c.near);
  const std::string all = lib.main.read_all(c.far);
  CHECK(all.size() % (256 * 1024) == 5);
  CHECK(all.ends_with("xafter"));
  CHECK(begun.back().result() == (is_whole ? 256 * 1024 : WEFT_ERR_CANCELED));
  CHECK(after.result() == 5);
  CHECK(farewell.result() == 0);
  CHECK(weft_count(WEFT_COUNT_UNSENT) == 0);
}

TEST_CASE("a connection in the making is given up, by its owner only") {
  in_use lib;
  const isolate other(lib.vm);
  // Whom the listener's queue does not take hears nothing.
  sockaddr_in address = loopback();
  const raw_handle listener = raw_listener(address, 0);
  pending waiting;
  do {
    waiting = lib.main.begin_connect(ntohs(address.sin_port));
  } while (waiting.is_answered());
  const std::int64_t open = weft_count(WEFT_COUNT_SOCKETS);
  CHECK(cancel(other, waiting, 0) == 0);
  CHECK(cancel(lib.main, waiting, 0) == 1);
  CHECK(waiting.result() == WEFT_ERR_CANCELED);
  CHECK(cancel(lib.main, waiting, 0) == 0);
  CHECK(weft_count(WEFT_COUNT_SOCKETS) == open - 1);
}

TEST_CASE("what nobody asked for is not taken back") {
  CHECK(weft_cancel(1, 0, 0) == TCP_ERR_NOT_INITIALIZED);
  in_use lib;
  const connection c(lib.main);
  CHECK(weft_cancel(lib.main.port(), 77, 0) == 0);
  CHECK(weft_cancel(lib.main.port(), 77, c.near) == 0);
  CHECK(weft_cancel(lib.main.port(), 77, -5) == TCP_ERR_INVALID_HANDLE);
  CHECK(lib.main.close(c.near).result() == 0);
  CHECK(weft_cancel(lib.main.port(), 77, c.near) == TCP_ERR_INVALID_HANDLE);
}
