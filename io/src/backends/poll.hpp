#pragma once

#include <memory>

#include <weft/io/backend.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Makes a backend on the poll() call, which every POSIX system has.
result<std::unique_ptr<backend>> make_poll_backend();

}  // namespace weft::io
