#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/result.hpp>

namespace weft {
class runtime;
}

/// What a fiber runs and leaves behind: a callable, then its outcome, in one piece of storage
/// inside the fiber's control block, or on the heap when it is large.
namespace weft::detail {

class fiber;
class scope;

/// `result<U>` for U, so that `join()` of a fiber that returns `result<U>` is not a result twice.
template <class T>
struct flatten {
  using type = T;
};
template <class U>
struct flatten<std::expected<U, std::error_code>> {
  using type = U;
};
template <class T>
using flatten_t = typename flatten<T>::type;

/// How a fiber ended: by a value, an error, or an exception.
template <class T>
struct outcome {
  std::exception_ptr exception;
  std::optional<result<T>> value;

  result<T> take() {
    if (exception) {
      std::rethrow_exception(std::move(exception));
    }
    return std::move(*value);
  }
};

/// The operations of a task on its storage, one static table per type.
struct task_ops {
  /// Calls the callable and replaces it by its outcome.
  void (*run)(void* task) noexcept;
  /// Destroys what is there, callable or outcome, and frees heap storage.
  void (*destroy)(void* task, bool ran) noexcept;
  /// The exception that nobody will see, or null.
  std::exception_ptr (*exception)(void* task) noexcept;
};

/// Bytes of the control block that a task may use before it goes to the heap.
inline constexpr std::size_t inline_task_size = 56;
inline constexpr std::size_t inline_task_alignment = 8;

template <class Callable, class T>
union task {
  static constexpr bool is_inline =
      sizeof(Callable) <= inline_task_size && sizeof(outcome<T>) <= inline_task_size &&
      alignof(Callable) <= inline_task_alignment && alignof(outcome<T>) <= inline_task_alignment;

  Callable callable;
  outcome<T> done;

  template <class F>
  explicit task(F&& f) : callable(std::forward<F>(f)) {}
  ~task() {}

  static outcome<T> invoke(Callable& callable) noexcept {
    using R = std::invoke_result_t<Callable&>;
    outcome<T> end;
    try {
      if constexpr (std::is_void_v<R>) {
        callable();
        end.value.emplace();
      } else {
        end.value.emplace(callable());
      }
    } catch (...) {
      end.exception = std::current_exception();
    }
    return end;
  }

  static void run(void* at) noexcept {
    auto* self = static_cast<task*>(at);
    outcome<T> end = invoke(self->callable);
    self->callable.~Callable();
    ::new (static_cast<void*>(&self->done)) outcome<T>(std::move(end));
  }

  static void destroy(void* at, bool ran) noexcept {
    auto* self = static_cast<task*>(at);
    if (ran) {
      self->done.~outcome<T>();
    } else {
      self->callable.~Callable();
    }
    if constexpr (!is_inline) {
      delete self;
    }
  }

  static std::exception_ptr exception(void* at) noexcept {
    return static_cast<task*>(at)->done.exception;
  }

  static constexpr task_ops ops{&run, &destroy, &exception};
};

/// A callable with its arguments, called as `f(std::move(arguments)...)`.
template <class F, class... Args>
struct bound_call {
  F function;
  std::tuple<Args...> arguments;

  decltype(auto) operator()() { return std::apply(std::move(function), std::move(arguments)); }
};

template <class F, class... Args>
auto bind_call(F&& function, Args&&... arguments) {
  if constexpr (sizeof...(Args) == 0) {
    return std::decay_t<F>(std::forward<F>(function));
  } else {
    return bound_call<std::decay_t<F>, std::decay_t<Args>...>{
        std::forward<F>(function),
        std::tuple<std::decay_t<Args>...>(std::forward<Args>(arguments)...)};
  }
}

/// What create_fiber() needs to know beside the task.
struct fiber_request {
  const task_ops* ops = nullptr;
  runtime* where_to = nullptr;  // null: the runtime of the calling fiber
  std::size_t stack_size = 0;   // 0: the runtime's default
  bool pinned = false;
  std::string_view name = {};
  std::source_location site = {};
  scope* parent = nullptr;  // the scope of the task group, if any
};

/// Takes a control block. Aborts with a message when there is no runtime to take it from; throws
/// std::bad_alloc, and std::system_error with `shutting_down` after the runtime's shutdown.
WEFT_API fiber* create_fiber(const fiber_request& request);
/// inline_task_size bytes for the task.
WEFT_API void* task_storage(fiber* f) noexcept;
/// Uses `task` (heap) instead of the inline storage.
WEFT_API void set_heap_task(fiber* f, void* task) noexcept;
/// The task, wherever it is.
WEFT_API void* task_of(fiber* f) noexcept;
/// Gives back a control block whose task was never constructed.
WEFT_API void discard_fiber(fiber* f) noexcept;
/// Makes a created fiber runnable.
WEFT_API void start_fiber(fiber* f) noexcept;

/// Called on the finished fiber's worker in place of leaving the outcome to a joiner.
using completion_hook = void (*)(fiber* f, void* context) noexcept;
/// Before start_fiber(): `hook(f, context)` runs when the fiber has finished and takes the place of
/// its joiner: it must see to reap_fiber(). It must not suspend.
WEFT_API void set_completion_hook(fiber* f, completion_hook hook, void* context) noexcept;

WEFT_API bool is_finished(const fiber* f) noexcept;
/// Waits for the end. Fails only when the wait is cancelled or times out.
WEFT_API result<void> join_fiber(fiber* f, cancelable can, time_point until) noexcept;
/// Publishes a token for the finishing worker, which only unparks it: the first half of
/// join_fiber() for those who wait for other things, too. False, and nothing is published, when it
/// has finished.
WEFT_API bool enlist_joiner(fiber* f, wait_token token) noexcept;
/// Takes back what enlist_joiner() published.
WEFT_API void withdraw_joiner(fiber* f) noexcept;
/// Whether the caller is that fiber.
WEFT_API bool is_calling(const fiber* f) noexcept;
WEFT_API void cancel_fiber(fiber* f, const char* reason) noexcept;
/// Destroys a finished fiber's outcome and gives its control block back.
WEFT_API void reap_fiber(fiber* f) noexcept;
/// Lets go of a fiber: it reaps itself at its end.
WEFT_API void detach_fiber(fiber* f) noexcept;
WEFT_API std::uint64_t fiber_id(const fiber* f) noexcept;

template <class T, class Callable>
fiber* make_fiber(fiber_request request, Callable&& callable) {
  using task_type = task<std::decay_t<Callable>, T>;
  request.ops = &task_type::ops;
  fiber* f = create_fiber(request);
  try {
    if constexpr (task_type::is_inline) {
      ::new (task_storage(f)) task_type(std::forward<Callable>(callable));
    } else {
      set_heap_task(f, new task_type(std::forward<Callable>(callable)));
    }
  } catch (...) {
    discard_fiber(f);
    throw;
  }
  return f;
}

/// The finished fiber's outcome; call once, then reap_fiber().
template <class T>
outcome<T>& outcome_of(fiber* f) noexcept {
  // A task is a union: its outcome starts where it starts.
  return *std::launder(static_cast<outcome<T>*>(task_of(f)));
}

}  // namespace weft::detail
