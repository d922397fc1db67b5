// Small pieces are copied through a buffer of the program. Once a read has filled that buffer, more
// is on its way than it holds, and the bytes go through a pipe, where they are not copied; after a
// few small pieces in a row back again. docs/decisions/006-relay.md has the figures.

#include <memory>

#include <weft/net/relay.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/task_group.hpp>

#include "relay_pipe.hpp"

namespace weft {

namespace {

class direction {
 public:
  direction(const stream_socket& from, const stream_socket& to)
      : from_(from), to_(to), buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size)) {}

  /// Passes on until the stream ends.
  result<std::uint64_t> run() noexcept {
    for (std::uint64_t total = 0;;) {
      const auto n = through_pipe_ ? splice_piece() : copy_piece();
      if (!n || *n == 0) {
        return n ? result<std::uint64_t>(total) : fail(n.error());
      }
      total += *n;
      choose_way(*n);
    }
  }

 private:
  static constexpr std::size_t buffer_size = 64 * 1024;
  static constexpr std::size_t small = 16 * 1024;
  static constexpr int small_pieces_in_a_row = 8;

  /// 0: the stream has ended.
  result<std::size_t> copy_piece() noexcept {
    const auto n = from_.read({buffer_.get(), buffer_size});
    if (!n) {
      return n.error() == make_error_code(errc::end_of_stream) ? result<std::size_t>(0) : n;
    }
    const auto written = to_.write_all({buffer_.get(), *n});
    return written ? n : fail(written.error());
  }

  result<std::size_t> splice_piece() noexcept {
    const auto n = pipe_.fill_from(from_);
    if (!n && detail::is_unsupported(n.error())) {
      has_pipe_ = through_pipe_ = false;
      return copy_piece();
    }
    if (!n) {
      return n;
    }
    if (const auto drained = pipe_.drain_to(to_, *n); !drained) {
      return fail(drained.error());
    }
    const auto turn = maybe_yield();
    return turn ? n : fail(turn.error());
  }

  void choose_way(std::size_t moved) noexcept {
    if (!through_pipe_) {
      through_pipe_ = moved == buffer_size && has_pipe_ && (pipe_.is_open() || open_pipe());
      small_ones_ = 0;
    } else if (moved >= small) {
      small_ones_ = 0;
    } else {
      through_pipe_ = ++small_ones_ < small_pieces_in_a_row;
    }
  }

  bool open_pipe() noexcept { return has_pipe_ = pipe_.open().has_value(); }

  const stream_socket& from_;
  const stream_socket& to_;
  const std::unique_ptr<std::byte[]> buffer_;
  detail::relay_pipe pipe_;
  bool has_pipe_ = true;  // as far as is known
  bool through_pipe_ = false;
  int small_ones_ = 0;
};

result<void> pass_on(const stream_socket& from, const stream_socket& to, std::uint64_t& total) {
  const auto moved = relay_one_way(from, to);
  if (!moved) {
    return fail(moved.error());
  }
  total = *moved;
  return to.shutdown(socket_side::write);
}

}  // namespace

result<std::uint64_t> relay_one_way(const stream_socket& from, const stream_socket& to) {
  return direction(from, to).run();
}

result<relay_totals> relay(const stream_socket& a, const stream_socket& b) {
  relay_totals totals;
  task_group directions;
  (void)directions.spawn({.name = "relay"}, [&] { return pass_on(a, b, totals.a_to_b); });
  (void)directions.spawn({.name = "relay"}, [&] { return pass_on(b, a, totals.b_to_a); });
  if (auto done = directions.wait(); !done) {
    return fail(done.error());
  }
  return totals;
}

}  // namespace weft
