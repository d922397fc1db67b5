#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include <weft/runtime/errc.hpp>
#include <weft/sync/detail/future_state.hpp>
#include <weft/sync/future.hpp>

namespace weft {

/// Will have a value, or an error, once and for all, for everyone who has one of its futures.
///
///     weft::promise<answer> asked;
///     waiting_clients.push_back(asked.get_future());
///     ...
///     asked.set_value(found);
///
/// A promise that is dropped without is settled with `errc::broken_promise`.
///
/// Threads: any fiber or thread may settle it, several at once: the first call counts, it alone
/// returns
///   true. All else by one at a time.
/// Cost: one allocation, shared with all its futures; settling takes one lock if anyone waits.
template <class T>
class promise {
  using value_type = std::conditional_t<std::is_void_v<T>, std::nullptr_t, T>;

 public:
  /// Throws std::bad_alloc.
  promise() : state_(new detail::future_state<T>) {}
  promise(promise&&) noexcept = default;
  promise& operator=(promise&& other) noexcept {
    if (this != &other) {
      abandon();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~promise() { abandon(); }

  /// A future of it; call it as often as there are to be some.
  future<T> get_future() const noexcept { return future<T>(state_); }

  /// Settles the promise. False, and the value is dropped, where it was settled before. A value
  /// whose move constructor throws settles it with that exception.
  bool set_value(value_type value)
    requires(!std::is_void_v<T>)
  {
    return settle(std::in_place, std::in_place, std::move(value));
  }
  bool set_value() noexcept
    requires std::is_void_v<T>
  {
    return settle(std::in_place, std::in_place);
  }
  bool set_error(std::error_code error) noexcept {
    return settle(std::in_place, std::unexpect, error);
  }
  bool set_exception(std::exception_ptr exception) noexcept {
    assert(exception && "a promise was settled with a null exception");
    return settle(std::move(exception));
  }

  bool is_settled() const noexcept { return state_->is_claimed(); }

 private:
  template <class... Args>
  bool settle(Args&&... args) {
    assert(state_ && "a promise was used after it was moved from");
    if (!state_->claim()) {
      return false;
    }
    state_->settle(std::forward<Args>(args)...);
    return true;
  }

  void abandon() noexcept {
    if (state_) {
      set_error(errc::broken_promise);
    }
  }

  detail::future_reference<T> state_;
};

}  // namespace weft
