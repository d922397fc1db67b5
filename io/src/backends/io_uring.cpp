#include "io_uring.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <new>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <liburing.h>
#include <sys/socket.h>

#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/detail/spinlock.hpp>

#include "../buffer_pool.hpp"
#include "../execute.hpp"
#include "../syscalls_linux.hpp"
#include "../syscalls_posix.hpp"
#include "../warm_up.hpp"
#include "io_uring_buffers.hpp"
#include "io_uring_entries.hpp"
#include "io_uring_prepare.hpp"
#include "io_uring_start.hpp"

/// One ring a worker; io_uring_start.hpp says how it is set up.
///
/// `ring_lock_` guards both queues. The owner holds it while it fills an entry and throughout
/// poll(), asleep or not; everyone else only ever tries it. Who fails to get it leaves a note in
/// `wanted_cancels_` and wakes the owner, who is in poll() or will be soon.
namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

// The kernel is given so many at a time, or fewer. Those whose event is there already, which under
// load are nearly all, complete at once.
constexpr unsigned batch = 32;
// Of one transfer: an entry has 32 bits for it. The system itself stops at 2 GiB.
constexpr std::size_t most_bytes = std::size_t{1} << 30;

// user_data of entries that are no operation's; a tag is never so small.
constexpr std::uint64_t ignored = 0;
constexpr std::uint64_t wake_event = 1;

bool is_of_operation(const io_uring_cqe& entry) noexcept {
  return entry.user_data > wake_event;
}

class io_uring_backend final : public backend {
 public:
  io_uring_backend(const io_uring& ring, int wake) noexcept : ring_(ring), wake_(wake) {
    arm_wake();
  }
  ~io_uring_backend() override {
    io_uring_queue_exit(&ring_);
    sys::close(wake_);
  }

  backend_kind kind() const noexcept override { return backend_kind::io_uring; }

  void poll(time_point until) noexcept override;
  void wake() noexcept override { sys::signal_event(wake_); }
  void assist() noexcept override;

  bool submit(operation& op) noexcept override;
  bool withdraw(operation&) noexcept override { return false; }  // the kernel has it
  void request_cancel(std::uint64_t tag) noexcept override;

 private:
  io_uring_sqe& next_entry() noexcept;
  /// Whether the kernel has some that it posts when it is entered the next time: those of calls
  /// that have just ended, and those that found the queue full.
  bool completions_are_held_back() const noexcept {
    return std::atomic_ref(*ring_.sq.kflags).load(std::memory_order_relaxed) &
           (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
  }
  void arm_wake() noexcept;
  void prepare_cancel(std::uint64_t tag) noexcept;
  bool want_cancel(std::uint64_t tag) noexcept;
  void insist_on_cancel(std::uint64_t tag) noexcept;
  void take_wanted_cancels() noexcept;
  bool submit_batch() noexcept;
  void submit_all() noexcept;
  void reap() noexcept;
  void finish(const io_uring_cqe& entry) noexcept;
  void take_provided(operation& op, const io_uring_cqe& entry) noexcept;

  weft::detail::spinlock ring_lock_;
  io_uring ring_;
  waiting_entries entries_;
  provided_buffers provided_;
  std::uint16_t next_tag_ = 0;
  bool wake_armed_ = false;
  bool wake_taken_ = false;  // by a rescuer: the owner may be on its way to sleep
  const int wake_;
  std::uint64_t wake_count_ = 0;  // where the kernel puts the eventfd's value

  std::mutex wanted_mutex_;  // guards the vector
  std::vector<std::uint64_t> wanted_cancels_;
  std::atomic<bool> any_wanted_{false};
};

bool io_uring_backend::submit(operation& op) noexcept {
  // A send nearly always fits the socket's buffer: the call at once is cheaper than a round through
  // the ring, and the bytes leave earlier. A large receive had better happen when its fiber runs:
  // by the time a batch of them has completed, the first ones' data is out of the cache.
  if (op.code == opcode::send || op.polled) {
    op.polled = false;
    op.result = detail::execute_in_line(op);
    if (op.result != -EAGAIN) {
      return true;
    }
  }
  const sys::fault injected = sys::consult(injected_as(op.code), op.target->fd, op.size);
  if (injected.error != 0) {
    op.result = result_of(op, -injected.error);
    return true;
  }
  op.asked = std::min({op.size, injected.limit, most_bytes});
  if (!open_wait(op)) {
    return true;
  }
  op.home = this;
  {
    std::lock_guard hold(ring_lock_);
    op.tag = make_tag(op, next_tag_++);
    if (op.code == opcode::receive_leased && !op.poll_first && !provided_.usable(ring_)) {
      op.poll_first = true;
    }
    io_uring_sqe& entry = next_entry();
    prepare(entry, op);
    io_uring_sqe_set_data64(&entry, op.tag);
  }
  bool closing = false;
  {
    std::lock_guard hold(op.target->lock);
    op.target->submitted.push_back(op);
    closing = op.target->closing;
    op.interrupted = closing;
  }
  if (closing) {
    request_cancel(op.tag);
  }
  return false;
}

io_uring_sqe& io_uring_backend::next_entry() noexcept {
  for (;;) {
    if (io_uring_sqe* entry = entries_.add()) {
      return *entry;
    }
    submit_batch();
  }
}

/// False: the kernel takes none just now.
bool io_uring_backend::submit_batch() noexcept {
  entries_.move_to(ring_, batch);
  // EBUSY and EAGAIN: the kernel wants completions taken first. Nothing is lost either way: entries
  // it did not take stay in the queue.
  if (io_uring_submit(&ring_) < 0) {
    reap();
    return false;
  }
  return true;
}

void io_uring_backend::submit_all() noexcept {
  while ((!entries_.empty() || io_uring_sq_ready(&ring_) != 0) && submit_batch()) {
  }
}

void io_uring_backend::arm_wake() noexcept {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_read(&entry, wake_, &wake_count_, sizeof wake_count_, 0);
  io_uring_sqe_set_data64(&entry, wake_event);
  wake_armed_ = true;
}

void io_uring_backend::poll(time_point until) noexcept {
  std::lock_guard hold(ring_lock_);
  take_wanted_cancels();
  if (!wake_armed_) {
    arm_wake();
  }
  if (std::exchange(wake_taken_, false)) {
    until = time_point::min();
  }
  entries_.move_to(ring_, batch);
  if (until == time_point::min() || io_uring_cq_ready(&ring_) != 0 || !entries_.empty()) {
    if (io_uring_sq_ready(&ring_) != 0) {
      submit_batch();
    } else if (completions_are_held_back()) {
      io_uring_get_events(&ring_);
    }
  } else if (until == forever) {
    io_uring_submit_and_wait(&ring_, 1);
  } else {
    timespec left{};
    sys::time_left(until, left);
    __kernel_timespec wait{.tv_sec = left.tv_sec, .tv_nsec = left.tv_nsec};
    io_uring_cqe* first = nullptr;
    io_uring_submit_and_wait_timeout(&ring_, &first, 1, &wait, nullptr);
  }
  reap();
}

void io_uring_backend::assist() noexcept {
  std::unique_lock hold(ring_lock_, std::try_to_lock);
  if (!hold) {
    return;
  }
  take_wanted_cancels();
  submit_all();
  reap();
  wake_taken_ = wake_taken_ || !wake_armed_;
}

void io_uring_backend::reap() noexcept {
  std::array<io_uring_cqe*, batch> entries;
  unsigned count = 0;
  do {
    count = io_uring_peek_batch_cqe(&ring_, entries.data(), batch);
    const std::span completed = std::span(entries).first(count);
    for (const io_uring_cqe* entry : completed) {
      if (is_of_operation(*entry)) {
        detail::warm_up_stack(&operation_of(entry->user_data));
      }
    }
    for (const io_uring_cqe* entry : completed) {
      if (is_of_operation(*entry)) {
        const operation& op = operation_of(entry->user_data);
        detail::warm_up_state(op.target);
        detail::warm_up_waiter(op);
      }
    }
    for (const io_uring_cqe* entry : completed) {
      finish(*entry);
    }
    io_uring_cq_advance(&ring_, count);
  } while (count == batch);
}

void io_uring_backend::finish(const io_uring_cqe& entry) noexcept {
  if (entry.user_data == wake_event) {
    wake_armed_ = false;
  } else if (is_of_operation(entry)) {
    operation& op = operation_of(entry.user_data);
    if (entry.flags & IORING_CQE_F_BUFFER) {
      take_provided(op, entry);
    }
    detail::complete(op, result_of(op, entry.res));
  }
}

void io_uring_backend::take_provided(operation& op, const io_uring_cqe& entry) noexcept {
  std::byte* const buffer = provided_.take(entry.flags);
  if (entry.res > 0) {
    op.data = buffer;
  } else {
    detail::return_buffer(buffer, detail::small_buffer);
  }
}

void io_uring_backend::prepare_cancel(std::uint64_t tag) noexcept {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_cancel64(&entry, tag, 0);
  io_uring_sqe_set_data64(&entry, ignored);
}

void io_uring_backend::request_cancel(std::uint64_t tag) noexcept {
  if (current() == this) {
    // The calling fiber is about to wait, so the next poll, which submits, is near.
    std::lock_guard hold(ring_lock_);
    prepare_cancel(tag);
    return;
  }
  if (std::unique_lock hold(ring_lock_, std::try_to_lock); hold) {
    prepare_cancel(tag);
    submit_all();
    return;
  }
  if (!want_cancel(tag)) {
    insist_on_cancel(tag);
  }
  wake();
}

/// False: there is no memory for the note.
bool io_uring_backend::want_cancel(std::uint64_t tag) noexcept {
  std::lock_guard hold(wanted_mutex_);
  try {
    wanted_cancels_.push_back(tag);
  } catch (const std::bad_alloc&) {
    return false;
  }
  any_wanted_.store(true, std::memory_order_release);
  return true;
}

/// Without a note, then: wakes the owner until it lets go of the ring for a moment.
void io_uring_backend::insist_on_cancel(std::uint64_t tag) noexcept {
  std::unique_lock hold(ring_lock_, std::try_to_lock);
  while (!hold) {
    wake();
    std::this_thread::yield();
    (void)hold.try_lock();
  }
  prepare_cancel(tag);
  submit_all();
}

void io_uring_backend::take_wanted_cancels() noexcept {
  if (!any_wanted_.load(std::memory_order_acquire)) {
    return;
  }
  std::vector<std::uint64_t> wanted;
  {
    std::lock_guard hold(wanted_mutex_);
    wanted.swap(wanted_cancels_);
    any_wanted_.store(false, std::memory_order_relaxed);
  }
  for (const std::uint64_t tag : wanted) {
    prepare_cancel(tag);
  }
}

}  // namespace

result<std::unique_ptr<backend>> make_io_uring_backend() {
  io_uring ring{};
  if (auto ready = start_ring(ring); !ready) {
    return fail(ready.error());
  }
  const int wake = sys::event_fd();
  if (wake < 0) {
    io_uring_queue_exit(&ring);
    return fail(std::error_code(-wake, std::system_category()));
  }
  return std::make_unique<io_uring_backend>(ring, wake);
}

}  // namespace weft::io
