#pragma once

namespace weft::c {

/// What the system says of a socket.
struct socket_nature {
  int family = 0;
  int type = 0;
  bool is_udp = false;
  bool listens = false;
  bool is_connected = false;
};

/// 0, or the negative error number of what is no socket.
int read_nature(int native, socket_nature& into) noexcept;

}  // namespace weft::c
