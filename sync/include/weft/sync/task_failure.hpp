#pragma once

#include <cstdint>
#include <exception>
#include <system_error>

namespace weft {

/// How a task of a task_group failed: by an error or by an exception, one of which is there.
struct task_failure {
  std::error_code error;         ///< none: it was an exception
  std::exception_ptr exception;  ///< null: it was an error
  std::uint64_t fiber = 0;       ///< the task's number in dumps
};

}  // namespace weft
