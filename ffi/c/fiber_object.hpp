#pragma once

#include <cstdint>
#include <mutex>

#include <weft/ffi/weft.h>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/event.hpp>

#include "handle_table.hpp"

namespace weft::c {

/// A fiber with a handle. The fiber pins it, and sets `done` last; `result` and `code` are written
/// before and read after that.
class fiber_object final : public object {
 public:
  static constexpr int own_kind = WEFT_KIND_FIBER;
  fiber_object() noexcept : object(own_kind) {}
  /// The last pin may be the fiber's own, and it must not join itself.
  ~fiber_object() override { on_close(); }

  /// What the fiber does: calls `body(result)`, which returns a code.
  template <class Body>
  void run(Body& body) noexcept {
    try {
      code = body(result);
    } catch (...) {
      code = WEFT_E_CALLBACK_FAILED;
    }
    done.set();
  }

  void take(join_handle<void> spawned) noexcept;
  void on_close() noexcept override;
  void cancel() noexcept;
  bool is_calling() noexcept;

  event done;
  std::int64_t result = 0;
  int code = WEFT_OK;

 private:
  std::mutex mutex_;
  join_handle<void> fiber_;
  std::uint64_t id_ = 0;
};

/// Calls the function at `next` and then every `period`, unless that is 0, as long as it returns 0.
int call_at(time_point next, duration period, weft_function function, void* argument,
            std::int64_t& result);

}  // namespace weft::c
