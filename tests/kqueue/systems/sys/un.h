#pragma once

#include <sys/socket.h>

struct sockaddr_un {
  unsigned char sun_len;
  sa_family_t sun_family;
  char sun_path[104];
};

#if defined(__APPLE__) || defined(__FreeBSD__)
#define SOL_LOCAL 0
#define LOCAL_PEERCRED 1
#endif
#if defined(__APPLE__)
#define LOCAL_PEERPID 2
#elif defined(__NetBSD__)
#define LOCAL_PEEREID 3
struct unpcbid {
  pid_t unp_pid;
  uid_t unp_euid;
  gid_t unp_egid;
};
#endif
