#pragma once

#include <memory>
#include <utility>

#include <weft/runtime/config.hpp>

namespace weft {

namespace detail {
/// A key; never reused.
WEFT_API unsigned make_local_key(void (*destroy)(void*) noexcept);
/// The calling fiber's or thread's slot for the key; null until set.
WEFT_API void*& local_slot(unsigned key);
}  // namespace detail

/// A variable of which each fiber has its own copy, as `thread_local` gives each thread one. A
/// `thread_local` itself must not be relied on across a suspension: the fiber may change threads.
///
/// The copy is made, value-initialised, at the fiber's first use and destroyed at its end, newest
/// variable first. A plain thread has a copy, too.
///
/// Threads: the object may be used from anywhere; each fiber sees its own copy.
/// Lifetime: meant for namespace scope or static members; must outlive every fiber that used it.
/// Cost: an array index; one allocation for each fiber and variable at first use.
template <class T>
class fiber_local {
 public:
  fiber_local()
      : key_(detail::make_local_key([](void* copy) noexcept { delete static_cast<T*>(copy); })) {}
  fiber_local(const fiber_local&) = delete;
  fiber_local& operator=(const fiber_local&) = delete;

  T& operator*() const { return *copy(); }
  T* operator->() const { return copy(); }

 private:
  T* copy() const {
    void* made = detail::local_slot(key_);
    if (!made) {
      made = new T();
      // Asked for anew: making the copy may have used other variables, and so moved the slots.
      detail::local_slot(key_) = made;
    }
    return static_cast<T*>(made);
  }

  const unsigned key_;
};

}  // namespace weft
