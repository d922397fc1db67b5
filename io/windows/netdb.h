#pragma once

#include <sys/socket.h>

inline int getaddrinfo_once_started(const char* host, const char* service, const addrinfo* hints,
                                    addrinfo** found) noexcept {
  start_winsock();
  return ::getaddrinfo(host, service, hints, found);
}
#define getaddrinfo getaddrinfo_once_started

// Look-ups have codes of their own for everything here, and none for a host without addresses of
// the family that is asked for.
#ifndef EAI_ADDRFAMILY
#define EAI_ADDRFAMILY (-9)
#endif
#ifndef EAI_SYSTEM
#define EAI_SYSTEM (-11)
#endif
