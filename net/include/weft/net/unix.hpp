#pragma once

/// All of Unix sockets: streams, listeners, datagrams, and where they are.

#include <weft/net/unix_datagram.hpp>
#include <weft/net/unix_endpoint.hpp>
#include <weft/net/unix_listener.hpp>
#include <weft/net/unix_stream.hpp>
