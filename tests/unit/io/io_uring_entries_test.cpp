#include "backends/io_uring_entries.hpp"

#include <cstdint>

#include <doctest/doctest.h>
#include <liburing.h>

namespace weft::io {

namespace {

constexpr unsigned ring_size = 64;

/// Adds entries that do nothing and carry these numbers.
void add(waiting_entries& to, std::uint64_t from, std::uint64_t end) {
  for (std::uint64_t i = from; i < end; ++i) {
    io_uring_sqe* const entry = to.add();
    REQUIRE(entry);
    io_uring_prep_nop(entry);
    io_uring_sqe_set_data64(entry, i);
  }
}

/// Has the ring carry out what it holds, and checks that it is what comes next.
void expect(io_uring& ring, std::uint64_t& next, unsigned count) {
  REQUIRE(io_uring_submit(&ring) == static_cast<int>(count));
  for (unsigned i = 0; i < count; ++i) {
    io_uring_cqe* done = nullptr;
    REQUIRE(io_uring_wait_cqe(&ring, &done) == 0);
    CHECK(done->user_data == next++);
    io_uring_cqe_seen(&ring, done);
  }
}

}  // namespace

TEST_CASE("whoever uses a place again finds nothing there") {
  waiting_entries waiting;
  io_uring ring{};
  if (const int error = io_uring_queue_init(ring_size, &ring, 0); error < 0) {
    MESSAGE("no ring to be had here: " << error);
    return;
  }
  for (int i = 0; i < 1000; ++i) {
    io_uring_sqe* const entry = waiting.add();
    REQUIRE(entry);
    CHECK(+entry->flags == 0);
    CHECK(+entry->buf_index == 0);  // a packed field cannot be referred to
    io_uring_prep_nop(entry);
    entry->buf_index = 7;
    entry->flags = IOSQE_ASYNC;
    waiting.move_to(ring, 1);
    REQUIRE(io_uring_submit(&ring) == 1);
    io_uring_cqe* done = nullptr;
    REQUIRE(io_uring_wait_cqe(&ring, &done) == 0);
    io_uring_cqe_seen(&ring, done);
  }
  io_uring_queue_exit(&ring);
}

TEST_CASE("entries reach the ring in their order, no more than asked for, however many wait") {
  io_uring ring{};
  if (const int error = io_uring_queue_init(ring_size, &ring, 0); error < 0) {
    MESSAGE("no ring to be had here: " << error);
    return;
  }
  waiting_entries waiting;
  CHECK(waiting.empty());
  waiting.move_to(ring, 10);
  CHECK(io_uring_sq_ready(&ring) == 0);

  // The first ones leave before the others come, so that the circle is open where it grows.
  std::uint64_t next = 0;
  add(waiting, 0, 200);
  for (int i = 0; i < 4; ++i) {
    waiting.move_to(ring, 40);
    expect(ring, next, 40);
  }
  add(waiting, 200, 3000);
  CHECK(waiting.size() == 3000 - next);

  // What the ring holds already counts, and it never takes more than it has room for.
  waiting.move_to(ring, 10);
  waiting.move_to(ring, 10);
  CHECK(io_uring_sq_ready(&ring) == 10);
  waiting.move_to(ring, 1000);
  CHECK(io_uring_sq_ready(&ring) == ring_size);
  expect(ring, next, ring_size);
  while (!waiting.empty()) {
    waiting.move_to(ring, ring_size);
    expect(ring, next, io_uring_sq_ready(&ring));
  }
  CHECK(next == 3000);
  io_uring_queue_exit(&ring);
}

}  // namespace weft::io
