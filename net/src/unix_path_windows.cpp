#include <cerrno>

#include "socket.hpp"
#include "unix_socket.hpp"

/// There are no Unix sockets here: none can be opened, so none has a path.
namespace weft::detail {

bound_path::bound_path(const unix_endpoint&) noexcept {}

bound_path& bound_path::operator=(bound_path&&) noexcept {
  return *this;
}

void bound_path::remove() noexcept {}

result<bound_path> take_path(const io::descriptor&, const unix_endpoint&,
                             const unix_options&) noexcept {
  return fail(system_error_of(-EOPNOTSUPP));
}

std::string_view hint_for_unix(std::error_code error) noexcept {
  return error == std::errc::operation_not_supported
             ? "weft has no Unix sockets on Windows: use TCP on 127.0.0.1"
             : "";
}

}  // namespace weft::detail
