#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <weft/ffi/weft.h>

/// The numbers that stand for objects outside.
///
/// Whoever uses an object pins it meanwhile; closing a handle makes it stale at once, tells
/// the object, so that those who wait on it leave, and the last pin that goes destroys the object
/// and gives the slot its next generation. A slot that has had them all is never used again.
///
/// All state of a slot is one word, `generation << 26 | open << 25 | closing << 24 | pins`, which
/// changes by compare-and-swap; the table itself holds one pin while the handle is open, and until
/// whoever closes it has told the object. `what` is written before the word opens (release) and
/// read by those who have pinned it (acquire).
namespace weft::c {

/// What a handle stands for.
class object {
 public:
  explicit object(int kind) noexcept : kind_(kind) {}
  object(const object&) = delete;
  object& operator=(const object&) = delete;
  virtual ~object() = default;

  /// One of WEFT_KIND_...
  int kind() const noexcept { return kind_; }

  /// The handle was closed: calls that wait on the object are to leave. Once; may suspend.
  virtual void on_close() noexcept {}

 private:
  const int kind_;
};

namespace detail {
struct slot {
  std::atomic<std::uint64_t> word{std::uint64_t{1} << 26};
  object* what = nullptr;
  std::uint32_t index = 0;
  slot* next_vacant = nullptr;
};
void unpin(slot& s) noexcept;
}  // namespace detail

/// Keeps an object from being destroyed.
template <class T>
class pinned {
 public:
  pinned() noexcept = default;
  pinned(pinned&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  pinned& operator=(pinned&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~pinned() {
    if (slot_) {
      detail::unpin(*slot_);
    }
  }

  explicit operator bool() const noexcept { return slot_ != nullptr; }
  T* operator->() const noexcept { return static_cast<T*>(slot_->what); }
  T& operator*() const noexcept { return *operator->(); }

  /// For the table's own use.
  explicit pinned(detail::slot* s) noexcept : slot_(s) {}
  detail::slot* release() noexcept { return std::exchange(slot_, nullptr); }

 private:
  detail::slot* slot_ = nullptr;
};

namespace handles {

/// A handle for the object; WEFT_E_TOO_MANY_HANDLES when there is no slot left, and then the object
/// is destroyed. Throws std::bad_alloc likewise.
weft_handle open(std::unique_ptr<object> what);

/// The object, if the handle is open.
pinned<object> find(weft_handle handle) noexcept;

/// Closes the handle; false when it is stale.
bool close(weft_handle handle) noexcept;

/// Closes all that are open.
void close_all() noexcept;

}  // namespace handles

/// Finds the object of a kind; otherwise `found` stays empty, and the result says why.
template <class T>
int find(weft_handle handle, pinned<T>& found) noexcept {
  auto any = handles::find(handle);
  if (!any) {
    return WEFT_E_STALE_HANDLE;
  }
  if (any->kind() != T::own_kind) {
    return WEFT_E_WRONG_KIND;
  }
  found = pinned<T>(any.release());
  return WEFT_OK;
}

}  // namespace weft::c
