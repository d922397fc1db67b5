#pragma once

#include <memory>

#include <weft/io/backend.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Makes a backend on a ring of its own. Errors: the kernel's when it refuses the ring;
/// function_not_supported when it lacks what weft needs (Linux 5.11).
result<std::unique_ptr<backend>> make_io_uring_backend();

}  // namespace weft::io
