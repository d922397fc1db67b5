#pragma once

#include <pthread.h>
#include <time.h>

/// What the C++ library of this machine, made for glibc, expects of the C library, so that its
/// headers compile with musl's. weft itself uses none of it.
#define __GLIBC_PREREQ(major, minor) 0
#define __locale_t locale_t
#define _ISupper 1
#define _ISlower 2
#define _ISalpha 4
#define _ISdigit 8
#define _ISxdigit 16
#define _ISspace 32
#define _ISprint 64
#define _ISgraph 128
#define _ISblank 256
#define _IScntrl 512
#define _ISpunct 1024
#define _ISalnum 2048

extern "C" {
int pthread_cond_clockwait(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
int pthread_mutex_clocklock(pthread_mutex_t*, clockid_t, const timespec*);
int pthread_rwlock_clockrdlock(pthread_rwlock_t*, clockid_t, const timespec*);
int pthread_rwlock_clockwrlock(pthread_rwlock_t*, clockid_t, const timespec*);
}
