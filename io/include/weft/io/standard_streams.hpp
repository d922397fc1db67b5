#pragma once

#include <weft/io/shared_reader.hpp>
#include <weft/io/shared_writer.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// The streams that the program was started with, each time by a handle of the object's own, so
/// that closing one closes no stream. Nothing of them is buffered here, and what std::cout and
/// std::printf have buffered comes whenever they write it. Do not suspend.
///
/// Errors: `bad_file_descriptor` where the program was started without that stream, or has closed
///   it; `too_many_files_open` and its like; `not_enough_memory`.
WEFT_API result<shared_reader> standard_input() noexcept;
WEFT_API result<shared_writer> standard_output() noexcept;
WEFT_API result<shared_writer> standard_error() noexcept;

}  // namespace weft::io
