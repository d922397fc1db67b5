#include <cerrno>

#include <weft/io/backend.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/worker_access.hpp>

namespace weft::io {

const char backend::family_of_backends = 0;

backend::~backend() = default;

backend* backend::current() noexcept {
  return of(weft::detail::driver_of_running_fiber());
}

bool backend::open_wait(operation& op) noexcept {
  if (!weft::detail::begin_wait_of(op.waiter)) [[unlikely]] {
    op.result = -ECANCELED;
    return false;
  }
  return true;
}

backend_kind current_backend() noexcept {
  backend* here = backend::current();
  return here ? here->kind() : backend_kind::automatic;
}

std::string_view name_of(backend_kind kind) noexcept {
  switch (kind) {
    case backend_kind::automatic:
      return "automatic";
    case backend_kind::io_uring:
      return "io_uring";
    case backend_kind::epoll:
      return "epoll";
    case backend_kind::poll:
      return "poll";
    case backend_kind::kqueue:
      return "kqueue";
    case backend_kind::iocp:
      return "iocp";
  }
  return "unknown";
}

std::optional<backend_kind> backend_named(std::string_view name) noexcept {
  for (const auto kind : {backend_kind::automatic, backend_kind::io_uring, backend_kind::epoll,
                          backend_kind::poll, backend_kind::kqueue, backend_kind::iocp}) {
    if (name == name_of(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

}  // namespace weft::io
