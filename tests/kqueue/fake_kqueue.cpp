#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>

#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/// kqueue() and kevent() on an epoll instance, to run the backend's logic on Linux: filters with
/// EV_CLEAR, EVFILT_USER, the ends of processes, receipts, ends of streams. It says nothing about
/// the real systems' own behaviour.
///
/// A queue is an epoll descriptor. Both directions of a descriptor are one registration there, so
/// each event is taken apart into those of the filters that were added.
namespace {

/// The real call is one of the system's, so a signal handler may make it. This one has locks, which
/// a handler on the thread that holds them would wait for in vain: no handler runs under them.
class locked {
 public:
  explicit locked(std::mutex& mutex) : mutex_(mutex) {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    mutex_.lock();
  }
  ~locked() {
    mutex_.unlock();
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  locked(const locked&) = delete;
  locked& operator=(const locked&) = delete;

 private:
  std::mutex& mutex_;
  sigset_t before_{};
};

struct filters {
  void* read = nullptr;
  void* write = nullptr;
  void* except = nullptr;
  std::uint32_t mask = 0;
};

struct queue {
  std::mutex mutex;
  std::map<int, filters> registered;
  int alarm = -1;    // the eventfd behind EVFILT_USER
  int process = -1;  // the pidfd behind EVFILT_PROC, of which there is one at most
};

std::mutex queues_mutex;
std::map<int, std::shared_ptr<queue>> queues;

std::shared_ptr<queue> find(int number) {
  const locked hold(queues_mutex);
  const auto at = queues.find(number);
  return at == queues.end() ? nullptr : at->second;
}

constexpr std::uint32_t mask_of(int filter) {
  return filter == EVFILT_READ    ? EPOLLIN | EPOLLRDHUP
         : filter == EVFILT_WRITE ? std::uint32_t{EPOLLOUT}
                                  : std::uint32_t{EPOLLPRI};
}

int apply_user(int number, queue& q, const struct kevent& change) {
  if (change.flags & EV_ADD) {
    epoll_event wanted{.events = EPOLLIN | EPOLLET, .data = {.fd = -1}};
    q.alarm = ::eventfd(0, EFD_CLOEXEC);
    return ::epoll_ctl(number, EPOLL_CTL_ADD, q.alarm, &wanted) == 0 ? 0 : errno;
  }
  if (change.fflags & NOTE_TRIGGER) {
    const std::uint64_t one = 1;
    return ::write(q.alarm, &one, sizeof one) == sizeof one ? 0 : errno;
  }
  return EINVAL;
}

int apply_process(int number, queue& q, const struct kevent& change) {
  if (q.process >= 0 || change.fflags != NOTE_EXIT) {
    return EINVAL;
  }
  q.process = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(change.ident), 0));
  epoll_event wanted{.events = EPOLLIN, .data = {.fd = q.process}};
  return q.process >= 0 && ::epoll_ctl(number, EPOLL_CTL_ADD, q.process, &wanted) == 0 ? 0 : errno;
}

int apply(int number, queue& q, const struct kevent& change) {
  const locked hold(q.mutex);
  if (change.filter == EVFILT_PROC) {
    return apply_process(number, q, change);
  }
  if (change.filter == EVFILT_USER) {
    return apply_user(number, q, change);
  }
  const int fd = static_cast<int>(change.ident);
  const std::uint32_t mask = mask_of(change.filter);
  filters& known = q.registered[fd];
  epoll_event wanted{.events = EPOLLET, .data = {.fd = fd}};
  if (change.flags & EV_DELETE) {
    if (!(known.mask & mask)) {
      return ENOENT;
    }
    known.mask &= ~mask;
    wanted.events |= known.mask;
    return ::epoll_ctl(number, known.mask ? EPOLL_CTL_MOD : EPOLL_CTL_DEL, fd, &wanted) == 0
               ? 0
               : errno;
  }
  (change.filter == EVFILT_READ    ? known.read
   : change.filter == EVFILT_WRITE ? known.write
                                   : known.except) = change.udata;
  known.mask |= mask;
  wanted.events |= known.mask;
  if (::epoll_ctl(number, EPOLL_CTL_MOD, fd, &wanted) == 0) {
    return 0;
  }
  known.mask = mask;  // the number was closed meanwhile, which takes it off
  wanted.events = EPOLLET | mask;
  return ::epoll_ctl(number, EPOLL_CTL_ADD, fd, &wanted) == 0 ? 0 : errno;
}

struct kevent event(int fd, int filter, bool ended, void* data) {
  struct kevent made{};
  made.ident = static_cast<std::uintptr_t>(fd);
  made.filter = static_cast<short>(filter);
  made.flags = static_cast<unsigned short>(EV_CLEAR | (ended ? EV_EOF : 0));
  made.udata = data;
  return made;
}

/// At most three events of one.
int take_apart(queue& q, const epoll_event& e, struct kevent* into) {
  if (e.data.fd < 0) {
    *into = event(0, EVFILT_USER, false, nullptr);
    return 1;
  }
  const locked hold(q.mutex);
  const auto at = q.registered.find(e.data.fd);
  if (at == q.registered.end()) {
    return 0;
  }
  const filters& known = at->second;
  const bool broken = e.events & (EPOLLHUP | EPOLLERR);
  const bool ended = broken || (e.events & EPOLLRDHUP);
  int count = 0;
  if ((known.mask & EPOLLIN) && ((e.events & EPOLLIN) || ended)) {
    into[count++] = event(e.data.fd, EVFILT_READ, ended, known.read);
  }
  if ((known.mask & EPOLLOUT) && ((e.events & EPOLLOUT) || broken)) {
    into[count++] = event(e.data.fd, EVFILT_WRITE, broken, known.write);
  }
  if ((known.mask & EPOLLPRI) && (e.events & EPOLLPRI)) {
    into[count++] = event(e.data.fd, EVFILT_EXCEPT, false, known.except);
  }
  return count;
}

int wait(int number, queue& q, struct kevent* events, int room, const timespec* limit) {
  std::array<epoll_event, 64> native;
  const int most = std::min(room / 3, static_cast<int>(native.size()));
  const int ready = ::epoll_pwait2(number, native.data(), most, limit, nullptr);
  int count = 0;
  for (int i = 0; i < ready; ++i) {
    count += take_apart(q, native[static_cast<std::size_t>(i)], events + count);
  }
  return ready < 0 ? ready : count;
}

}  // namespace

extern "C" int kqueue() {
  const int number = ::epoll_create1(EPOLL_CLOEXEC);
  if (number >= 0) {
    const locked hold(queues_mutex);
    queues[number] = std::make_shared<queue>();
  }
  return number;
}

extern "C" int kevent(int number, const struct kevent* changes, int change_count,
                      struct kevent* events, int event_count, const timespec* limit) {
  const std::shared_ptr<queue> q = find(number);
  if (!q) {
    errno = EBADF;
    return -1;
  }
  for (int i = 0; i < change_count; ++i) {
    const struct kevent change = changes[i];
    const int error = apply(number, *q, change);
    if (change.flags & EV_RECEIPT) {
      events[i] = change;
      events[i].flags = EV_ERROR;
      events[i].data = error;
    } else if (error != 0) {
      errno = error;
      return -1;
    }
  }
  const bool only_changes = change_count > 0;
  return only_changes ? change_count : wait(number, *q, events, event_count, limit);
}

/// The linker sends close() here (--wrap), for closing a queue ends what is behind it.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
extern "C" int __real_close(int fd);
extern "C" int __wrap_close(int fd) {
  // NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
  std::shared_ptr<queue> gone;
  {
    const locked hold(queues_mutex);
    if (const auto at = queues.find(fd); at != queues.end()) {
      gone = at->second;
      queues.erase(at);
    }
  }
  for (const int behind : {gone ? gone->alarm : -1, gone ? gone->process : -1}) {
    if (behind >= 0) {
      __real_close(behind);
    }
  }
  return __real_close(fd);
}
