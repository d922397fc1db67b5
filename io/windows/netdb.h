#pragma once

#include <sys/socket.h>

// Look-ups have codes of their own for everything here.
#ifndef EAI_SYSTEM
#define EAI_SYSTEM (-11)
#endif
