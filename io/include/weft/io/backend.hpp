#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <weft/io/operation.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/driver.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// The system's interfaces that weft can run on.
enum class backend_kind : std::uint8_t {
  automatic,  ///< the best that the system permits
  io_uring,
  epoll,
  poll,
  kqueue,
  iocp,
};

WEFT_API std::string_view name_of(backend_kind kind) noexcept;
/// Nothing for a name that is none of the above.
WEFT_API std::optional<backend_kind> backend_named(std::string_view name) noexcept;

/// A driver that performs operations: the seam between perform() and an operating system's way of
/// waiting. One per worker. Its wake() may be called by signal handlers as well.
class WEFT_API backend : public driver {
 public:
  backend() noexcept : driver(&family_of_backends) {}
  ~backend() override;

  virtual backend_kind kind() const noexcept = 0;

  /// Starts an operation of the fiber op.waiter.who, on the owning worker's thread. True: it has
  /// completed already and op.result holds. False: op.waiter was opened and complete() will be
  /// called for it exactly once.
  virtual bool submit(operation& op) noexcept = 0;

  /// Takes back an operation that waits, if the backend still can: then complete() will not be
  /// called for it by the backend. Called with op.target->lock held, any thread.
  virtual bool withdraw(operation& op) noexcept = 0;

  /// Asks the operation with this tag, which withdraw() could not take back, to complete soon, with
  /// ECANCELED or whatever it comes to. Any thread. One that is over already is left alone.
  virtual void request_cancel(std::uint64_t tag) noexcept = 0;

  /// Whether operations on files may be submitted. One that it cannot carry out without holding the
  /// worker up fails with EOPNOTSUPP.
  bool takes_files() const noexcept {
    return kind() == backend_kind::io_uring || kind() == backend_kind::iocp;
  }

  /// The calling worker's backend; null where there is none.
  static backend* current() noexcept;
  /// The driver, if it is a backend.
  static backend* of(driver* events) noexcept {
    const bool is_one = events && events->family() == &family_of_backends;
    return is_one ? static_cast<backend*>(events) : nullptr;
  }

  bool acts_by_itself() const noexcept final { return false; }

 protected:
  /// Opens the operation's wait. False: a scope around the fiber is cancelled, nothing was opened,
  /// and the operation has completed with ECANCELED.
  static bool open_wait(operation& op) noexcept;

 private:
  static const char family_of_backends;
};

namespace detail {
/// Ends a waiting operation: it may be gone when this returns. -EAGAIN has it submitted again.
WEFT_API void complete(operation& op, std::ptrdiff_t result) noexcept;
}  // namespace detail

/// Which backend a runtime's workers run on, and why.
struct backend_choice {
  backend_kind kind = backend_kind::automatic;
  /// Why a better one was not taken, as a sentence; empty when the best was, or one was asked for.
  std::string reason;
};

/// Makes drivers of one kind. `automatic` takes what the environment variable WEFT_BACKEND names,
/// else the best that works here, and says in one line on stderr why that is not the best there is.
///
/// Errors: `function_not_supported` or the system's own when the asked-for kind does not work here;
///   `invalid_argument` when WEFT_BACKEND names none.
WEFT_API result<driver_factory> make_drivers(backend_kind wanted, backend_choice* chosen = nullptr);

/// The backend of the calling fiber's runtime; `automatic` where there is none.
WEFT_API backend_kind current_backend() noexcept;

}  // namespace weft::io
