#pragma once

/// All of TCP: listen(), connect(), and what they return.

#include <weft/net/connect_options.hpp>
#include <weft/net/listen_options.hpp>
#include <weft/net/tcp_listener.hpp>
#include <weft/net/tcp_socket.hpp>
#include <weft/net/tcp_stream.hpp>
