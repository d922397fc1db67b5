#pragma once

#include <sys/types.h>

#if defined(__FreeBSD__)
struct xucred {
  unsigned cr_version;
  uid_t cr_uid;
  short cr_ngroups;
  gid_t cr_groups[16];
  union {
    void* _cr_unused1;
    pid_t cr_pid;
  };
};
#endif
