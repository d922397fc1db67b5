// The order of the scopes is what makes the end orderly. The accept loops live in the caller's
// scope: what cancels the caller ends them. The handlers live behind a shield: they go on, until
// the time to drain is over and their group is destroyed, which cancels and joins them.

#include <algorithm>
#include <new>
#include <optional>

#include <weft/net/serve.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/task_group.hpp>

#include "socket.hpp"

namespace weft {

namespace {

class server {
 public:
  server(const detail::connection_handler& handler, const serve_limits& limits) noexcept
      : handler_(handler),
        limits_(limits),
        slots_(limits.connections > 0 ? limits.connections : semaphore::max_permits) {}

  result<void> run(std::span<const tcp_listener> listeners) {
    task_group accepting;
    const shield in_order;
    task_group peers{on_error::keep_going};
    for (const tcp_listener& listener : listeners) {
      (void)accepting.spawn({.name = "accept loop"},
                            [&, this] { return accept_from(listener, peers); });
    }
    const result<void> ended = accepting.wait();
    drain(peers);
    if (!ended && ended.error() == make_error_code(errc::closed)) {
      return {};
    }
    return ended;
  }

 private:
  /// Waits longer each time in a row that it is needed.
  class back_off {
   public:
    result<void> wait() noexcept {
      const duration pause = std::exchange(pause_, std::min<duration>(pause_ * 2, longest));
      return sleep_for(pause);
    }
    void succeeded() noexcept { pause_ = shortest; }

   private:
    static constexpr duration shortest = std::chrono::milliseconds(5);
    static constexpr duration longest = std::chrono::seconds(1);
    duration pause_ = shortest;
  };

  bool holds_back() const noexcept { return limits_.connections > 0 && !limits_.refuse; }

  result<void> accept_from(const tcp_listener& listener, task_group& peers) {
    for (back_off pause;;) {
      semaphore::permit slot;
      auto peer = holds_back() ? accept_into_slot(listener, slot) : listener.accept();
      if (!peer && !detail::is_shortage(peer.error())) {
        return fail(peer.error());
      }
      if (peer && limits_.refuse) {
        slot = take_slot();
        if (slot.count() == 0) {
          limits_.refuse(*peer);
          continue;
        }
      }
      if (peer && start(peers, std::move(*peer), std::move(slot))) {
        pause.succeeded();
      } else if (auto waited = pause.wait(); !waited) {
        return waited;
      }
    }
  }

  /// The slot is not held while no connection is there: another listener may need it.
  result<tcp_stream> accept_into_slot(const tcp_listener& listener, semaphore::permit& slot) {
    for (;;) {
      auto free = await_slot(listener);
      if (!free) {
        return fail(free.error());
      }
      auto peer = listener.try_accept();
      if (peer) {
        slot = std::move(*free);
      }
      if (peer || peer.error() != std::errc::operation_would_block) {
        return peer;
      }
      free->release();
      io::operation op{.code = io::opcode::wait_readable};
      if (auto there = listener.descriptor().perform(op); !there) {
        return fail(there.error());
      }
    }
  }

  /// Nothing tells who waits for a slot that the listener was closed: so it looks now and then.
  result<semaphore::permit> await_slot(const tcp_listener& listener) noexcept {
    constexpr auto look_around = std::chrono::milliseconds(50);
    for (;;) {
      auto free = slots_.acquire_for(look_around);
      if (free || !listener.is_open()) {
        return free ? std::move(free) : fail(errc::closed);
      }
      if (auto open = check_cancel(); !open) {
        return fail(open.error());
      }
    }
  }

  semaphore::permit take_slot() noexcept {
    auto slot = slots_.try_acquire();
    return slot ? std::move(*slot) : semaphore::permit();
  }

  /// False: there was no memory for the fiber, and the connection is closed.
  bool start(task_group& peers, tcp_stream peer, semaphore::permit slot) {
    try {
      (void)peers.spawn({.name = "connection"},
                        [this, own_slot = std::move(slot), stream = std::move(peer)]() mutable {
                          const semaphore::permit until_done = std::move(own_slot);
                          handler_(std::move(stream));
                        });
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  void drain(task_group& peers) const {
    std::optional<timeout_scope> limit;
    if (limits_.drain != duration::max()) {
      limit.emplace(limits_.drain);
    }
    (void)peers.wait();
  }

  const detail::connection_handler& handler_;
  const serve_limits& limits_;
  semaphore slots_;
};

}  // namespace

result<void> detail::serve_with(std::span<const tcp_listener> listeners,
                                const connection_handler& handler, const serve_limits& limits) {
  return server(handler, limits).run(listeners);
}

namespace {

template <class Where>
result<std::vector<tcp_listener>> listen_for_all(const Where& where, listen_options& options) {
  options.reuse_port = true;
  auto first = listen(where, options);
  if (!first) {
    return fail(first.error());
  }
  const auto chosen = first->local_endpoint();
  if (!chosen) {
    return fail(chosen.error());
  }
  std::vector<tcp_listener> all;
  all.push_back(std::move(*first));
  const runtime* const here = runtime::current();
  for (unsigned count = here ? here->workers() : 1; all.size() < count;) {
    auto next = listen(*chosen, options);
    if (!next) {
      return fail(next.error());
    }
    all.push_back(std::move(*next));
  }
  return all;
}

}  // namespace

result<std::vector<tcp_listener>> listen_on_each_worker(const endpoint& where,
                                                        listen_options options) {
  return listen_for_all(where, options);
}

result<std::vector<tcp_listener>> listen_on_each_worker(std::string_view where,
                                                        listen_options options) {
  return listen_for_all(where, options);
}

}  // namespace weft
