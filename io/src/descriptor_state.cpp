#include <cerrno>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <weft/io/backend.hpp>
#include <weft/io/detail/descriptor_state.hpp>
#include <weft/runtime/detail/parker.hpp>

#include "buffer_pool.hpp"

namespace weft::io::detail {

namespace {

weft::detail::spinlock pool_lock;
descriptor_state* pool = nullptr;

constexpr std::size_t block_size = 64;

/// All there are, in use or not. They stay reachable for ever from here.
struct block_list {
  std::mutex mutex;
  std::vector<std::unique_ptr<descriptor_state[]>> blocks;

  static block_list& instance() {
    static block_list& one = *new block_list;
    return one;
  }
};

/// Refills the pool.
void add_block() {
  block_list& all = block_list::instance();
  std::lock_guard one_at_a_time(all.mutex);
  all.blocks.push_back(std::make_unique<descriptor_state[]>(block_size));
  std::lock_guard hold(pool_lock);
  for (std::size_t i = 0; i < block_size; ++i) {
    descriptor_state& added = all.blocks.back()[i];
    added.next_free = std::exchange(pool, &added);
  }
}

constexpr signed char tries_after_success = 4;

/// See message_tries.
signed char tries_after_wait(signed char tries) noexcept {
  constexpr signed char after_failures = -16;
  return tries == 1 ? after_failures : static_cast<signed char>(tries > 1 ? tries - 1 : tries + 1);
}

}  // namespace

descriptor_state& descriptor_state::open(int fd) {
  for (;;) {
    {
      std::lock_guard hold(pool_lock);
      if (descriptor_state* state = pool) {
        pool = state->next_free;
        std::lock_guard fresh(state->lock);
        state->fd = fd;
        state->closing = false;
        state->inside = 0;
        state->cut_short = false;
        state->large_receives = false;
        state->has_accepted = false;
        state->message_tries = 0;
        state->home = nullptr;
        state->tenancy = 0;
        state->first_closer = {};
        state->other_closers = nullptr;
        for (readiness& r : state->sides) {
          r.maybe = true;
        }
        return *state;
      }
    }
    add_block();
  }
}

void descriptor_state::dispose(descriptor_state& state) noexcept {
  std::lock_guard hold(pool_lock);
  state.next_free = std::exchange(pool, &state);
}

void descriptor_state::forsake(const poller_home& home, std::uint64_t tenancy) noexcept {
  block_list& all = block_list::instance();
  std::lock_guard all_of_them(all.mutex);
  for (const auto& block : all.blocks) {
    for (std::size_t i = 0; i < block_size; ++i) {
      block[i].leave_home(home, tenancy);
    }
  }
}

void descriptor_state::leave_home(const poller_home& from, std::uint64_t of_tenancy) noexcept {
  std::unique_lock hold(lock);
  if (home != &from || tenancy != of_tenancy) {
    return;
  }
  home = nullptr;
  for (const direction d : {direction::in, direction::out}) {
    while (operation* stranded = take_first(d)) {
      hold.unlock();
      complete_taken(*stranded, -EAGAIN);
      hold.lock();
    }
  }
}

void operation_queue::push_back(operation& op) noexcept {
  op.next = nullptr;
  op.previous = last_;
  if (last_) {
    last_->next = &op;
  } else {
    first_.store(&op, std::memory_order_relaxed);
  }
  last_ = &op;
  op.queue = this;
}

void operation_queue::remove(operation& op) noexcept {
  if (operation_queue* const queue = std::exchange(op.queue, nullptr)) {
    if (op.previous) {
      op.previous->next = op.next;
    } else {
      queue->first_.store(op.next, std::memory_order_relaxed);
    }
    (op.next ? op.next->previous : queue->last_) = op.previous;
  }
}

bool descriptor_state::enter() noexcept {
  std::lock_guard hold(lock);
  if (closing) {
    return false;
  }
  ++inside;
  return true;
}

void descriptor_state::leave() noexcept {
  weft::detail::wait_token last_out;
  {
    std::lock_guard hold(lock);
    if (--inside == 0 && closing) {
      last_out = first_closer;
    }
  }
  if (last_out.who) {
    weft::detail::unpark(last_out);
  }
}

bool descriptor_state::enter(operation& op) noexcept {
  std::lock_guard hold(lock);
  if (closing) {
    return false;
  }
  ++inside;
  op.target = this;
  if (op.code == opcode::receive) {
    op.poll_first = large_receives;
  } else if (op.code == opcode::receive_leased) {
    op.poll_first = large_receives;
    op.size = large_receives ? large_buffer : small_buffer;
  } else if (op.code == opcode::accept) {
    op.polled = has_accepted;
  } else if (op.code == opcode::receive_message) {
    op.polled = message_tries > 0;
  }
  op.attempt = side(direction_of(op.code)).maybe;
  op.events_seen = side(direction_of(op.code)).events;
  return true;
}

void descriptor_state::leave(operation& op, bool exhausted) noexcept {
  operation* successor = nullptr;
  weft::detail::wait_token last_out;
  {
    std::unique_lock hold(lock);
    take_back(op, hold);
    readiness& mine = side(direction_of(op.code));
    if (exhausted && mine.events == op.events_seen && !cut_short) {
      mine.maybe = false;
    }
    if (op.code == opcode::receive_message) {
      if (op.home) {
        message_tries = tries_after_wait(message_tries);
      } else if (op.result >= 0) {
        message_tries = tries_after_success;
      }
    } else if (op.code == opcode::accept) {
      has_accepted = op.result >= 0;
    } else if (op.code == opcode::receive || op.code == opcode::receive_leased) {
      constexpr std::ptrdiff_t large = 4096;
      large_receives = op.result >= large;
    }
    // Whoever's turn it was passes it on, whatever came of it.
    if (mine.maybe && !mine.waiting.is_empty()) {
      successor = take_first(direction_of(op.code));
    }
    if (--inside == 0 && closing) {
      last_out = first_closer;
    }
  }
  if (successor) {
    complete_taken(*successor, -EAGAIN);
  }
  if (last_out.who) {
    weft::detail::unpark(last_out);
  }
}

operation* descriptor_state::take_first(direction d) noexcept {
  operation* op = side(d).waiting.front();
  if (op) {
    operation_queue::remove(*op);
    op->attempt = true;
    op->events_seen = side(d).events;
    op->held.store(true, std::memory_order_relaxed);
  }
  return op;
}

void descriptor_state::take_back(operation& op,
                                 std::unique_lock<weft::detail::spinlock>& hold) noexcept {
  while (op.held.load(std::memory_order_acquire)) [[unlikely]] {
    hold.unlock();
    std::this_thread::yield();
    hold.lock();
  }
  operation_queue::remove(op);
}

void descriptor_state::complete_taken(operation& op, std::ptrdiff_t result) noexcept {
  complete(op, result);
  let_go(op);
}

}  // namespace weft::io::detail
