#pragma once

#include <weft/io/pipe_reader.hpp>
#include <weft/io/pipe_writer.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// The two ends of a pipe, closed by exec().
struct pipe {
  pipe_reader reader;
  pipe_writer writer;
};

/// Makes a pipe. Does not suspend.
/// Errors: `too_many_files_open` and its like; `not_enough_memory`.
WEFT_API result<pipe> make_pipe() noexcept;

}  // namespace weft::io
