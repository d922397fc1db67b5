// RFC 8305, from the point where the addresses are known: one fiber an attempt, all of them in a
// group of the calling fiber's, and a channel with room for every outcome, so that none of them
// ever waits to hand its own in. The group, which is destroyed first, cancels and joins those that
// were too late, which closes their sockets; a connection that was made but not needed dies with
// the channel.

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <weft/net/connect_options.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/task_group.hpp>

#include "socket.hpp"

namespace weft {

namespace {

/// By the other family in turn, beginning with the first endpoint's, else in order.
std::vector<endpoint> interleaved(std::span<const endpoint> candidates) {
  std::vector<endpoint> order;
  order.reserve(candidates.size());
  std::size_t next_same = 0;
  std::size_t next_other = 0;
  const bool first_is_v4 = candidates.front().is_v4();
  const auto take = [&](std::size_t& next, bool wanted_v4) {
    while (next < candidates.size() && candidates[next].is_v4() != wanted_v4) {
      ++next;
    }
    if (next < candidates.size()) {
      order.push_back(candidates[next++]);
    }
  };
  while (order.size() < candidates.size()) {
    take(next_same, first_is_v4);
    take(next_other, !first_is_v4);
  }
  return order;
}

bool scope_ended(std::error_code error) noexcept {
  return error == make_error_code(errc::operation_canceled) ||
         error == make_error_code(errc::timed_out);
}

result<tcp_stream> one_after_the_other(std::span<const endpoint> order,
                                       const connect_options& options) {
  std::optional<std::error_code> first_error;
  for (const endpoint& candidate : order) {
    auto stream = connect(candidate, options);
    if (stream || scope_ended(stream.error())) {
      return stream;
    }
    first_error = first_error.value_or(stream.error());
  }
  return fail(*first_error);
}

class race {
 public:
  race(std::span<const endpoint> order, const connect_options& options)
      : order_(order), options_(options), outcomes_(order.size()) {}

  result<tcp_stream> run() {
    start_next();
    while (running_ > 0) {
      const bool all_started = started_ == order_.size();
      auto next = outcomes_.receive_for(all_started ? duration::max() : options_.attempt_delay);
      if (!next) {
        if (auto open = check_cancel(); !open) {
          return fail(open.error());
        }
        start_next();
        continue;
      }
      --running_;
      if (next->stream) {
        return std::move(next->stream);
      }
      if (next->number == 0) {
        first_error_ = next->stream.error();
      }
      start_next();
    }
    // A cancellation may end the last attempts before this fiber sees it.
    auto open = check_cancel();
    return fail(open ? first_error_ : open.error());
  }

 private:
  struct outcome {
    std::size_t number;
    result<tcp_stream> stream;
  };

  void start_next() {
    if (started_ == order_.size()) {
      return;
    }
    (void)attempts_.spawn([this, number = started_] {
      (void)outcomes_.try_send({number, connect(order_[number], options_)});
    });
    ++started_;
    ++running_;
  }

  const std::span<const endpoint> order_;
  const connect_options& options_;
  std::size_t started_ = 0;
  std::size_t running_ = 0;
  std::error_code first_error_;
  channel<outcome> outcomes_;
  task_group attempts_{on_error::keep_going};
};

}  // namespace

result<tcp_stream> connect(std::span<const endpoint> candidates, const connect_options& options) {
  if (candidates.empty()) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  if (candidates.size() == 1) {
    return connect(candidates.front(), options);
  }
  const std::vector<endpoint> order = interleaved(candidates);
  auto made = runtime::current() ? race(order, options).run() : one_after_the_other(order, options);
  if (!made) {
    std::array<char, endpoint::text_capacity> text;
    return detail::fail_with_note(made.error(), "connect", order.front().format_to(text));
  }
  return made;
}

}  // namespace weft
