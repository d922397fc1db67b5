#pragma once

#include <cstdint>
#include <exception>
#include <system_error>

#include <weft/runtime/detail/error_background.hpp>

namespace weft {

/// How a task of a task_group failed: by an error or by an exception, one of which is there.
struct task_failure {
  std::error_code error;         ///< none: it was an exception
  std::exception_ptr exception;  ///< null: it was an error
  std::uint64_t fiber = 0;       ///< the task's number in dumps
  /// For explanation() and cause().
  detail::error_background background = {};

  /// What explain() would have said of the error in the task.
  std::string explanation() const { return detail::explanation_of(error, background); }
  /// Who cancelled the task, or which of its timeout_scopes ran out, if that is what the error is.
  const std::optional<cancel_cause>& cause() const noexcept { return background.cause; }
};

}  // namespace weft
