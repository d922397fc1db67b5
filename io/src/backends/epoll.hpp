#pragma once

#include <memory>

#include <weft/io/backend.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Makes a backend on an epoll instance of its own.
result<std::unique_ptr<backend>> make_epoll_backend();

}  // namespace weft::io
