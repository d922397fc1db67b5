// A TCP echo server on io_uring by hand, one thread: what each way of receiving and of accepting
// costs without a runtime around it. `tests/bench/compare_echo` runs it like any other server;
// docs/decisions/007-leased-reads.md has the figures.
//
//   --receive single     a receive into the connection's own buffer
//   --receive provided   a receive into a buffer that the kernel takes from a ring of them
//   --receive multishot  one request, as many completions as data arrives, buffers from the ring
//   --receive poll       wait until readable, then call recv with the one buffer of all connections
//   --accept single | multishot | poll   likewise; poll accepts until there is none
//
// It sends by calling send: that nearly always fits, and is cheapest in every mode. A peer that
// does not read holds up all others, which is right for measuring and for nothing else.

#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum mode { single, provided, multishot, readiness };
enum { submissions = 256, completions = 4096, group = 0 };

struct connection {
  int fd;
  unsigned char buffer[];  // with --receive single only
};

static struct io_uring ring;
static struct io_uring_buf_ring* provided_ring;
static unsigned char* provided_buffers;
static unsigned buffer_count = 256;
static unsigned buffer_size = 16 * 1024;
static enum mode receiving = single;
static enum mode accepting = single;
static unsigned char* shared_buffer;
static int listener;
static char accept_tag;
static char signal_tag;

_Noreturn static void die(const char* what, int error) {
  fprintf(stderr, "uring_echo: %s: %s\n", what, strerror(error));
  exit(1);
}

static struct io_uring_sqe* entry_for(void* who) {
  struct io_uring_sqe* entry;
  while ((entry = io_uring_get_sqe(&ring)) == NULL) {
    io_uring_submit(&ring);
  }
  entry->user_data = (uintptr_t)who;
  return entry;
}

static void finish_entry(struct io_uring_sqe* entry, void* who) {
  io_uring_sqe_set_data(entry, who);
}

static void arm_receive(struct connection* peer) {
  struct io_uring_sqe* entry = entry_for(peer);
  switch (receiving) {
    case single:
      io_uring_prep_recv(entry, peer->fd, peer->buffer, buffer_size, 0);
      break;
    case provided:
      io_uring_prep_recv(entry, peer->fd, NULL, buffer_size, 0);
      break;
    case multishot:
      io_uring_prep_recv_multishot(entry, peer->fd, NULL, 0, 0);
      break;
    case readiness:
      io_uring_prep_poll_add(entry, peer->fd, POLLIN);
      break;
  }
  if (receiving == provided || receiving == multishot) {
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = group;
  }
  finish_entry(entry, peer);
}

static void arm_accept(void) {
  struct io_uring_sqe* entry = entry_for(&accept_tag);
  switch (accepting) {
    case multishot:
      io_uring_prep_multishot_accept(entry, listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
      break;
    case readiness:
      io_uring_prep_poll_add(entry, listener, POLLIN);
      break;
    default:
      io_uring_prep_accept(entry, listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  }
  finish_entry(entry, &accept_tag);
}

static void open_connection(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct connection* peer = malloc(sizeof *peer + (receiving == single ? buffer_size : 0));
  if (peer == NULL) {
    close(fd);
    return;
  }
  peer->fd = fd;
  arm_receive(peer);
}

static void accepted(const struct io_uring_cqe* completion) {
  if (accepting == readiness) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      open_connection(fd);
    }
  } else if (completion->res >= 0) {
    open_connection(completion->res);
  }
  if (!(completion->flags & IORING_CQE_F_MORE)) {
    arm_accept();
  }
}

static bool send_all(int fd, const unsigned char* data, size_t size) {
  while (size > 0) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      struct pollfd writable = {.fd = fd, .events = POLLOUT};
      poll(&writable, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      return false;
    } else if (n > 0) {
      data += n;
      size -= (size_t)n;
    }
  }
  return true;
}

static void provide(unsigned short id) {
  io_uring_buf_ring_add(provided_ring, provided_buffers + (size_t)id * buffer_size, buffer_size, id,
                        io_uring_buf_ring_mask(buffer_count), 0);
  io_uring_buf_ring_advance(provided_ring, 1);
}

// False: the connection is over.
static bool echo(struct connection* peer, const struct io_uring_cqe* completion) {
  if (receiving == readiness) {
    ssize_t n = recv(peer->fd, shared_buffer, buffer_size, 0);
    return n > 0 ? send_all(peer->fd, shared_buffer, (size_t)n) : n < 0 && errno == EAGAIN;
  }
  const size_t size = completion->res > 0 ? (size_t)completion->res : 0;
  if (receiving == single) {
    return size > 0 && send_all(peer->fd, peer->buffer, size);
  }
  if (!(completion->flags & IORING_CQE_F_BUFFER)) {
    return completion->res == -ENOBUFS;
  }
  const unsigned short id = (unsigned short)(completion->flags >> IORING_CQE_BUFFER_SHIFT);
  const bool sent =
      size > 0 && send_all(peer->fd, provided_buffers + (size_t)id * buffer_size, size);
  provide(id);
  return sent;
}

static void received(struct connection* peer, const struct io_uring_cqe* completion) {
  const bool more = completion->flags & IORING_CQE_F_MORE;
  if (!echo(peer, completion)) {
    if (more) {
      shutdown(peer->fd, SHUT_RDWR);  // the last completion closes it
      return;
    }
    close(peer->fd);
    free(peer);
  } else if (!more) {
    arm_receive(peer);
  }
}

static void listen_on(uint16_t port) {
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr*)&address, size) != 0 ||
      listen(listener, 4096) != 0 || getsockname(listener, (struct sockaddr*)&address, &size)) {
    die("listen", errno);
  }
  printf("listening on 127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
  fflush(stdout);
}

static void set_up_ring(void) {
  struct io_uring_params parameters = {.flags = IORING_SETUP_CQSIZE, .cq_entries = completions};
  int error = io_uring_queue_init_params(submissions, &ring, &parameters);
  if (error < 0) {
    die("io_uring", -error);
  }
  if (receiving != provided && receiving != multishot) {
    return;
  }
  if (posix_memalign((void**)&provided_ring, 4096, buffer_count * sizeof(struct io_uring_buf)) ||
      posix_memalign((void**)&provided_buffers, 4096, (size_t)buffer_count * buffer_size)) {
    die("buffers", ENOMEM);
  }
  struct io_uring_buf_reg registration = {
      .ring_addr = (uintptr_t)provided_ring, .ring_entries = buffer_count, .bgid = group};
  io_uring_buf_ring_init(provided_ring);
  error = io_uring_register_buf_ring(&ring, &registration, 0);
  if (error < 0) {
    die("buffer ring", -error);
  }
  for (unsigned id = 0; id < buffer_count; ++id) {
    provide((unsigned short)id);
  }
}

static enum mode mode_named(const char* name) {
  static const char* const names[] = {"single", "provided", "multishot", "poll"};
  for (int i = 0; i < 4; ++i) {
    if (strcmp(name, names[i]) == 0) {
      return (enum mode)i;
    }
  }
  fprintf(stderr, "uring_echo: %s: expected single, provided, multishot or poll\n", name);
  exit(2);
}

static uint16_t parse(int count, char** words) {
  uint16_t port = 0;
  for (int i = 1; i < count; i += 2) {
    const char* const value = i + 1 < count ? words[i + 1] : "";
    if (strcmp(words[i], "--port") == 0) {
      port = (uint16_t)atoi(value);
    } else if (strcmp(words[i], "--buffer") == 0 && atoi(value) > 0) {
      buffer_size = (unsigned)atoi(value);
    } else if (strcmp(words[i], "--buffers") == 0 && atoi(value) > 0) {
      buffer_count = (unsigned)atoi(value);  // a power of two
    } else if (strcmp(words[i], "--receive") == 0) {
      receiving = mode_named(value);
    } else if (strcmp(words[i], "--accept") == 0) {
      accepting = mode_named(value);
    } else {
      fprintf(stderr,
              "usage: uring_echo [--port N] [--buffer BYTES] [--buffers N] "
              "[--receive single|provided|multishot|poll] [--accept single|multishot|poll]\n");
      exit(2);
    }
  }
  return port;
}

static void watch_signals(void) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  struct io_uring_sqe* entry = entry_for(&signal_tag);
  io_uring_prep_poll_add(entry, signalfd(-1, &ends, SFD_CLOEXEC), POLLIN);
  finish_entry(entry, &signal_tag);
}

int main(int count, char** words) {
  uint16_t port = parse(count, words);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  shared_buffer = malloc(buffer_size);
  set_up_ring();
  watch_signals();
  listen_on(port);
  arm_accept();
  for (;;) {
    io_uring_submit_and_wait(&ring, 1);
    unsigned head;
    unsigned seen = 0;
    struct io_uring_cqe* completion;
    io_uring_for_each_cqe(&ring, head, completion) {
      ++seen;
      void* who = io_uring_cqe_get_data(completion);
      if (who == &signal_tag) {
        return 0;
      }
      if (who == &accept_tag) {
        accepted(completion);
      } else {
        received(who, completion);
      }
    }
    io_uring_cq_advance(&ring, seen);
  }
}
