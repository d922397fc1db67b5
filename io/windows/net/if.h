#pragma once

#include <sys/socket.h>

#define IFNAMSIZ 16  // as many as weft has room for
