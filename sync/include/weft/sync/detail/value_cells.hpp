#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/runtime/detail/atomic.hpp>

/// Values that are read where they are while newer ones take their place: what watch and broadcast
/// keep. A reader holds a reference, so copying, which is the user's code and may be long, happens
/// outside every lock and keeps no sender waiting.
///
/// A cell has one reference from whoever shows it, and one from each reader. References are taken
/// under the owner's lock, through the one that shows it; they are dropped anywhere. So when the
/// owner finds under the lock that its reference is the only one, nobody can take another, and it
/// may put the next value into the same cell: with readers that are done in time nothing is ever
/// allocated.
namespace weft::detail {

template <class T>
struct value_cell {
  value_cell() noexcept {}
  ~value_cell() {}

  atomic<std::uint32_t> references{1};
  union {
    T value;  // there once a slot shows the cell
  };
};

/// A reference to a cell.
template <class T>
class value_view {
 public:
  value_view() noexcept = default;
  explicit value_view(value_cell<T>* cell) noexcept : cell_(cell) {
    // Relaxed: taken under the lock through a reference that lasts at least until it is released.
    cell_->references.fetch_add(1, std::memory_order_relaxed);
  }
  /// Takes over a reference.
  static value_view adopt(value_cell<T>* cell) noexcept {
    value_view view;
    view.cell_ = cell;
    return view;
  }
  value_view(value_view&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
  value_view& operator=(value_view&& other) noexcept {
    if (this != &other) {
      drop(std::exchange(cell_, std::exchange(other.cell_, nullptr)));
    }
    return *this;
  }
  ~value_view() { drop(cell_); }

  const T& operator*() const noexcept { return cell_->value; }
  const T* operator->() const noexcept { return &cell_->value; }
  explicit operator bool() const noexcept { return cell_ != nullptr; }

  /// Drops a reference to a cell; null is none.
  static void drop(value_cell<T>* cell) noexcept {
    // The release orders this reader's reads before the reuse or the end of the cell, which
    // acquire.
    if (cell && cell->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      std::destroy_at(&cell->value);
      delete cell;
    }
  }

 private:
  value_cell<T>* cell_ = nullptr;
};

/// The place of one shown value; guarded by its owner's lock.
template <class T>
class value_slot {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "a value that others read must not throw when it is moved");

 public:
  value_slot() noexcept = default;
  value_slot(const value_slot&) = delete;
  value_slot& operator=(const value_slot&) = delete;
  ~value_slot() { value_view<T>::drop(cell_); }

  value_view<T> view() const noexcept { return value_view<T>(cell_); }

  /// Shows a value from now on, moved from `value`.
  ///
  /// Returns false, and does nothing, when that takes a cell and `fresh` is null: the caller makes
  /// one, without the lock, and tries again. Whatever is in `fresh` and `old` afterwards is to be
  /// destroyed without the lock, too.
  struct leftovers {
    std::unique_ptr<value_cell<T>> fresh;
    std::optional<T> old;
    value_view<T> shared;  // still has readers

    leftovers() = default;
    leftovers(const leftovers&) = delete;
    leftovers& operator=(const leftovers&) = delete;
    ~leftovers() = default;
  };
  bool show(T& value, leftovers& rest) noexcept {
    // Acquire pairs with the release in drop(): then the readers are done, and none can come.
    if (cell_ && cell_->references.load(std::memory_order_acquire) == 1) {
      rest.old.emplace(std::move(cell_->value));
      std::destroy_at(&cell_->value);
      std::construct_at(&cell_->value, std::move(value));
      return true;
    }
    if (!rest.fresh) {
      return false;
    }
    std::construct_at(&rest.fresh->value, std::move(value));
    rest.shared = value_view<T>::adopt(std::exchange(cell_, rest.fresh.release()));
    return true;
  }

  /// Stops showing anything.
  value_view<T> clear() noexcept { return value_view<T>::adopt(std::exchange(cell_, nullptr)); }

 private:
  value_cell<T>* cell_ = nullptr;
};

}  // namespace weft::detail
