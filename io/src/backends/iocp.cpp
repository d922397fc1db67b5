#include "iocp.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>

#include <sys/socket.h>

#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/detail/parker.hpp>

#include "../execute.hpp"
#include "../syscalls_windows.hpp"
#include "iocp_handles.hpp"
#include "iocp_request.hpp"
#include "iocp_start.hpp"

/// One completion port a worker.
///
/// A socket, or a file, belongs to one port for good: to that of the worker on which an operation
/// on it first had to be started. There the system carries out what can_be_started(). On other
/// workers, and when that worker's runtime is no more, operations are tried when the socket is
/// ready for them: the readiness of any socket is reported to the port of the socket that asks, and
/// each worker has one for that. So a completion always comes to the worker whose fiber waits, but
/// for those that another worker of its runtime takes on behalf of a busy one, which it may do at
/// any time: the system hands each completion out once. No stranger ever takes one, neither a plain
/// thread, which waits without a port, nor another runtime's worker, whose fibers wait at a port of
/// their own. So an operation need not be held (operation::held) while it is completed: the fiber's
/// control block and the backend outlive the workers of their runtime.
///
/// Ports are told apart by numbers that are never used again.
namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

constexpr ULONG_PTR operation_key = 0;
constexpr ULONG_PTR wake_key = 1;

// Of one transfer: the system has 32 bits for it.
constexpr std::size_t most_bytes = std::size_t{1} << 30;

constexpr std::uint64_t nobodys_port = UINT64_MAX;
std::atomic<std::uint64_t> last_port{0};

sys::call injected_as(opcode code) noexcept {
  switch (code) {
    case opcode::receive_message:
      return sys::call::receive_message;
    case opcode::accept:
      return sys::call::accept;
    case opcode::connect:
      return sys::call::connect;
    case opcode::read_at:
      return sys::call::read;
    case opcode::write_at:
      return sys::call::write;
    default:
      return sys::call::receive;
  }
}

void CALLBACK on_time(void*, DWORD, DWORD) {}

class iocp_backend final : public backend {
 public:
  iocp_backend(owned port, owned timer, int poller) noexcept
      : port_(std::move(port)), timer_(std::move(timer)), poller_(poller) {}
  ~iocp_backend() override { sys::close(poller_); }

  backend_kind kind() const noexcept override { return backend_kind::iocp; }

  void poll(time_point until) noexcept override;
  void wake() noexcept override { ::PostQueuedCompletionStatus(port_.get(), 0, wake_key, nullptr); }
  void assist() noexcept override;

  bool submit(operation& op) noexcept override;
  bool withdraw(operation&) noexcept override { return false; }  // the system has it
  void request_cancel(std::uint64_t tag) noexcept override { request::of(tag).cancel(tag); }

 private:
  bool takes(operation& op) noexcept;
  bool try_or_begin(operation& op) noexcept;
  bool begin(operation& op, bool whole) noexcept;
  bool reap(DWORD milliseconds, bool alertable) noexcept;
  void end(request& r) noexcept;

  const owned port_;
  const owned timer_;
  const int poller_;
  const std::uint64_t number_ = ++last_port;
  request_pool requests_;
  std::atomic<bool> waiting_{false};
};

/// Whether the operation's socket belongs to this port; makes it so if it belongs to none yet.
bool iocp_backend::takes(operation& op) noexcept {
  detail::descriptor_state& state = *op.target;
  std::lock_guard hold(state.lock);
  if (state.tenancy == 0) {
    const HANDLE handle = sys::as_handle(state.fd);
    if (::CreateIoCompletionPort(handle, port_.get(), operation_key, 0)) {
      state.tenancy = number_;
      state.skips_immediate = skip_immediate(sys::as_socket(state.fd));
    } else {
      state.tenancy = nobodys_port;  // someone gave it to a port before it came here
    }
  }
  return state.tenancy == number_;
}

/// Whether a receive has come in time for what a moment before was not there yet: it has taken all
/// there was, without waiting. A peer that answers while this side's next call is on its way into
/// the system would be served for as long as a fiber's budget lasts, and others, whose completions
/// lie in the port, not at all.
bool was_lucky(const operation& op) noexcept {
  const bool receives = op.code == opcode::receive || op.code == opcode::receive_leased;
  return receives && op.is_stream && !op.home && op.result > 0 &&
         static_cast<std::size_t>(op.result) < op.asked;
}

bool iocp_backend::submit(operation& op) noexcept {
  if (!try_or_begin(op)) {
    return false;
  }
  if (was_lucky(op)) {
    weft::detail::yield_as_if_woken();  // and may run on another worker from here on
  }
  return true;
}

/// True: it has completed already.
bool iocp_backend::try_or_begin(operation& op) noexcept {
  bool whole = can_be_started(op) && takes(op);
  if (is_on_file(op.code) && !whole) {
    op.result = -EOPNOTSUPP;
    return true;
  }
  if (!whole || op.polled || op.poll_first) {
    // What is left of a connection that was begun already is to wait for its end.
    whole = whole && !(op.polled && op.code == opcode::connect);
    op.polled = false;
    op.result = detail::execute(op);
    if (op.result != -EAGAIN) {
      return true;
    }
  } else {
    const sys::fault injected = sys::consult(injected_as(op.code), op.target->fd, op.size);
    if (injected.error != 0) {
      op.result = result_of_refusal(op, -injected.error);
      return true;
    }
    op.asked = std::min({op.size, injected.limit, most_bytes});
  }
  if (!open_wait(op)) {
    return true;
  }
  if (begin(op, whole)) {
    weft::detail::abandon_wait(op.waiter);
    return true;
  }
  return false;
}

/// True: it has completed already.
bool iocp_backend::begin(operation& op, bool whole) noexcept {
  request* const r = requests_.take(op);
  if (!r) {
    op.result = -ENOMEM;
    return true;
  }
  const bool skips = whole && op.target->skips_immediate;
  const std::uint64_t tag = op.tag = r->tag();
  r->socket = sys::as_socket(op.target->fd);
  const int begun = whole ? start(*r) : start_readiness(*r, sys::as_socket(poller_));
  // Unless it has failed, or is done for good, it may have been ended by another thread meanwhile.
  if (begun == 0 && skips) {
    op.result = finish(*r);
    requests_.give_back(*r);
    return true;
  }
  if (begun != 0 && begun != -EINPROGRESS) {
    op.result = result_of_refusal(op, begun);
    op.polled = op.result == -EAGAIN;  // made from here the next time
    requests_.give_back(*r);
    return true;
  }
  bool closing = false;
  {
    std::lock_guard hold(op.target->lock);
    op.home = this;
    op.target->submitted.push_back(op);
    closing = op.target->closing;
    op.interrupted = closing;
  }
  if (closing) {
    request_cancel(tag);
  }
  return false;
}

void iocp_backend::end(request& r) noexcept {
  operation& op = *r.op;
  const std::ptrdiff_t result = finish(r);
  requests_.give_back(r);
  detail::complete(op, result);
}

/// Takes what has completed; whether someone wanted to wake the owner.
bool iocp_backend::reap(DWORD milliseconds, bool alertable) noexcept {
  std::array<OVERLAPPED_ENTRY, 64> entries;
  bool was_woken = false;
  ULONG count = 0;
  do {
    if (!::GetQueuedCompletionStatusEx(port_.get(), entries.data(),
                                       static_cast<ULONG>(entries.size()), &count, milliseconds,
                                       alertable)) {
      break;  // the time is over; the count means nothing
    }
    for (ULONG i = 0; i < count; ++i) {
      if (entries[i].lpOverlapped) {
        end(*static_cast<request*>(entries[i].lpOverlapped));
      } else {
        was_woken = true;
      }
    }
    milliseconds = 0;
  } while (count == entries.size());
  return was_woken;
}

void iocp_backend::poll(time_point until) noexcept {
  const DWORD milliseconds = sys::milliseconds_left(until);
  if (milliseconds == 0) {
    reap(0, false);
    return;
  }
  if (milliseconds != INFINITE) {
    // The port's own clock has ticks of many milliseconds; a timer ends the wait more precisely.
    LARGE_INTEGER due;
    due.QuadPart = -std::max<std::int64_t>((until - clock::now()).count() / 100, 1);
    ::SetWaitableTimer(timer_.get(), &due, 0, &on_time, nullptr, FALSE);
  }
  waiting_.store(true, std::memory_order_relaxed);  // a hint, that publishes nothing
  reap(milliseconds, true);
  waiting_.store(false, std::memory_order_relaxed);
}

void iocp_backend::assist() noexcept {
  if (!waiting_.load(std::memory_order_relaxed) && reap(0, false)) {
    wake();  // which was meant for the owner
  }
}

std::unexpected<std::error_code> last_failure() noexcept {
  return fail(sys::error_of(-sys::errno_of(::GetLastError())));
}

}  // namespace

result<std::unique_ptr<backend>> make_iocp_backend() {
  // As many threads at once as like to: one that helps another out must not be held back.
  constexpr DWORD any_number = UINT32_MAX;
  owned port(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, any_number));
  if (!port.get()) {
    return last_failure();
  }
  owned timer = make_timer();
  if (!timer.get()) {
    return last_failure();
  }
  const int poller = sys::socket(AF_INET, SOCK_DGRAM, 0);
  if (poller < 0) {
    return fail(sys::error_of(poller));
  }
  if (!::CreateIoCompletionPort(sys::as_handle(poller), port.get(), operation_key, 0)) {
    const auto failure = last_failure();
    sys::close(poller);
    return failure;
  }
  return std::make_unique<iocp_backend>(std::move(port), std::move(timer), poller);
}

}  // namespace weft::io
