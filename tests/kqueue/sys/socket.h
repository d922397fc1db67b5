#pragma once

#include_next <sys/socket.h>

/// What macOS has otherwise than the system that lends its headers here.
#if defined(__APPLE__)
#undef MSG_NOSIGNAL
#define SO_NOSIGPIPE 0x1022
#endif
