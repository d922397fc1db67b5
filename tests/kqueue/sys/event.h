#pragma once

#include <cstdint>
#include <ctime>

/// What the systems with kqueue declare in <sys/event.h>, as far as the backend uses it, for
/// compilers that lack their headers. fake_kqueue.cpp implements it on Linux.
#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_PROC (-5)
#if !defined(__OpenBSD__)
#define EVFILT_USER (-11)
#endif
#if !defined(__NetBSD__) && !defined(__FreeBSD__)
#define EVFILT_EXCEPT (-15)
#define NOTE_OOB 0x0002
#endif

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_TRIGGER 0x01000000
#define NOTE_EXIT 0x80000000U

struct kevent {
  std::uintptr_t ident;
#if defined(__NetBSD__)
  std::uint32_t filter;
  std::uint32_t flags;
#else
  short filter;
  unsigned short flags;
#endif
  unsigned fflags;
  std::int64_t data;
  void* udata;
};

#if defined(__NetBSD__)
using kevent_count = std::size_t;
#else
using kevent_count = int;
#endif

extern "C" int kqueue();
extern "C" int kevent(int queue, const struct kevent* changes, kevent_count change_count,
                      struct kevent* events, kevent_count event_count, const timespec* limit);
