#pragma once

#include <memory>

#include <weft/io/backend.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Makes a backend on a kqueue of its own.
result<std::unique_ptr<backend>> make_kqueue_backend();

}  // namespace weft::io
