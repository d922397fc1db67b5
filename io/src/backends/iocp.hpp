#pragma once

#include <memory>

#include <weft/io/backend.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Makes a backend on a completion port of its own.
result<std::unique_ptr<backend>> make_iocp_backend();

}  // namespace weft::io
