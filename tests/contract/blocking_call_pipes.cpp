#include <array>
#include <memory>
#include <utility>

#include "blocking_call.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_pipes.hpp"

namespace weft::testing {

namespace {

using detail::sys::call;

blocking_call pipe_read_call() {
  struct state {
    io::descriptor near;
    raw_handle far;
  };
  raw_pair ends = pipe_pair();
  auto both = std::make_shared<state>(adopt(std::move(ends.near)), std::move(ends.far));
  return {.name = "read of a pipe",
          .asks = call::read,
          .handle = both->near.native_handle(),
          .perform =
              [both] {
                std::array<std::byte, 4> buffer;
                io::operation op{
                    .code = io::opcode::read, .data = buffer.data(), .size = buffer.size()};
                return both->near.perform(op);
              },
          .make_ready = [both] { CHECK(raw::write(both->far.get(), "ping", 4) == 4); },
          .close = [both] { both->near.close(); }};
}

blocking_call pipe_write_call() {
  struct state {
    raw_handle far;
    io::descriptor near;
  };
  raw_pair ends = pipe_pair();
  CHECK(raw::fill_pipe(ends.far.get()));
  auto both = std::make_shared<state>(std::move(ends.near), adopt(std::move(ends.far)));
  return {.name = "write to a pipe",
          .asks = call::write,
          .handle = both->near.native_handle(),
          .perform =
              [both] {
                std::array<char, 4096> block{};
                io::operation op{
                    .code = io::opcode::write, .data = block.data(), .size = block.size()};
                return both->near.perform(op);
              },
          .make_ready =
              [both] {
                while (!raw::make_room(both->far.get())) {
                  (void)sleep_for(100us);  // until the last one has written
                }
              },
          .close = [both] { both->near.close(); }};
}

}  // namespace

const std::vector<make_call>& pipe_calls() {
  static const std::vector<make_call> all{pipe_read_call, pipe_write_call};
  return all;
}

}  // namespace weft::testing
