#pragma once

#include <sys/socket.h>

// Look-ups have codes of their own for everything here, and none for a host without addresses of
// the family that is asked for.
#ifndef EAI_ADDRFAMILY
#define EAI_ADDRFAMILY (-9)
#endif
#ifndef EAI_SYSTEM
#define EAI_SYSTEM (-11)
#endif
