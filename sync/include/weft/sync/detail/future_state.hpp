#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/countdown.hpp>

namespace weft::detail {

/// What a promise and its futures share: one allocation, freed by the last of them.
///
/// claimed_ decides who may write the outcome, once; unsettled_ publishes it by falling to zero.
/// After that nobody writes it any more, and all may read it.
template <class T>
class future_state {
 public:
  future_state() noexcept = default;
  future_state(const future_state&) = delete;
  future_state& operator=(const future_state&) = delete;

  void share() noexcept {
    // Relaxed: who copies a reference holds one.
    references_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop() noexcept {
    // The release orders this owner's reads before the last one's deletion, which acquires them.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  /// True for the first caller, who must call settle().
  bool claim() noexcept { return !claimed_.exchange(true, std::memory_order_relaxed); }
  bool is_claimed() const noexcept { return claimed_.load(std::memory_order_relaxed); }

  void settle(std::exception_ptr exception) noexcept {
    exception_ = std::move(exception);
    (void)unsettled_.subtract(1);
  }
  template <class... Args>
  void settle(std::in_place_t, Args&&... args) {
    try {
      value_.emplace(std::forward<Args>(args)...);
    } catch (...) {
      exception_ = std::current_exception();
    }
    (void)unsettled_.subtract(1);
  }

  countdown& unsettled() noexcept { return unsettled_; }
  bool is_settled() const noexcept { return unsettled_.is_zero(); }

  /// What it was settled with; throws where that was an exception. Only when settled.
  const result<T>& outcome() const {
    if (exception_) {
      std::rethrow_exception(exception_);
    }
    return *value_;
  }

 private:
  ~future_state() = default;

  atomic<std::uint32_t> references_{1};
  atomic<bool> claimed_{false};
  countdown unsettled_{1};
  std::exception_ptr exception_;
  std::optional<result<T>> value_;
};

/// One reference to a state, or none.
template <class T>
class future_reference {
 public:
  future_reference() noexcept = default;
  explicit future_reference(future_state<T>* owned) noexcept : state_(owned) {}
  future_reference(const future_reference& other) noexcept : state_(other.state_) {
    if (state_) {
      state_->share();
    }
  }
  future_reference(future_reference&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)) {}
  future_reference& operator=(future_reference other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~future_reference() {
    if (state_) {
      state_->drop();
    }
  }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  future_state<T>* operator->() const noexcept { return state_; }

 private:
  future_state<T>* state_ = nullptr;
};

}  // namespace weft::detail
