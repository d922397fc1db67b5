#pragma once

#include "fiber.hpp"
#include "fiber_list.hpp"
#include "runtime_core.hpp"
#include "thread_parker.hpp"
#include "worker.hpp"

namespace weft::detail {

/// Whose waits were ended under locks; made runnable after these are released.
class wake_list {
 public:
  void add(parker& p) noexcept {
    if (p.is_fiber()) {
      fibers_.push_back(static_cast<fiber*>(&p));
    } else {
      // A thread needs only the futex: no lock of ours is taken there.
      static_cast<thread_parker&>(p).wake();
    }
  }

  void make_runnable() noexcept {
    while (fiber* f = fibers_.pop_front()) {
      f->home->core().schedule(f);
    }
  }

 private:
  fiber_list fibers_;
};

}  // namespace weft::detail
