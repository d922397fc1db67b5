#include "io_uring_start.hpp"

#include <cerrno>

#include <liburing.h>

#include <weft/io/detail/syscalls.hpp>

namespace weft::io {

namespace sys = weft::detail::sys;

namespace {

constexpr unsigned submission_entries = 256;
constexpr unsigned completion_entries = 4096;

bool has_what_weft_needs(io_uring& ring) noexcept {
  constexpr unsigned features = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP | IORING_FEAT_FAST_POLL;
  if ((ring.features & features) != features) {
    return false;
  }
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  if (!probe) {
    return false;
  }
  bool all = true;
  for (const int code :
       {IORING_OP_RECV, IORING_OP_SEND, IORING_OP_RECVMSG, IORING_OP_SENDMSG, IORING_OP_READ,
        IORING_OP_WRITE, IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_FSYNC, IORING_OP_ACCEPT,
        IORING_OP_CONNECT, IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL}) {
    all = all && io_uring_opcode_supported(probe, code);
  }
  io_uring_free_probe(probe);
  return all;
}

}  // namespace

result<void> start_ring(io_uring& ring) noexcept {
  if (const sys::fault f = sys::consult(sys::call::ring_setup, -1); f.error != 0) {
    return fail(std::error_code(f.error, std::system_category()));
  }
  int error = 0;
  for (const unsigned since_5_19 : {IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, 0U}) {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | since_5_19;
    parameters.cq_entries = completion_entries;
    error = io_uring_queue_init_params(submission_entries, &ring, &parameters);
    if (error != -EINVAL) {
      break;
    }
  }
  if (error < 0) {
    return fail(std::error_code(-error, std::system_category()));
  }
  if (!has_what_weft_needs(ring)) {
    io_uring_queue_exit(&ring);
    return fail(std::make_error_code(std::errc::function_not_supported));
  }
  return {};
}

}  // namespace weft::io
