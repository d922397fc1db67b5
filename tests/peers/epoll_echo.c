// The yardstick: a TCP echo server as one writes it by hand for speed, one thread, edge-triggered
// epoll, no abstraction. `tests/bench/compare_echo` measures every other server against it.
//
// What makes it fast, all of it safe:
// - One system call to read and one to write a message. A read that does not fill the buffer has
//   emptied the socket, so there is no second read to be told EAGAIN; the next byte raises a new
//   edge.
// - It writes at once and asks for EPOLLOUT only after EAGAIN.
// - All connections read into one buffer, which stays in the cache; only the bytes that the socket
//   would not take are copied aside, and that connection is not read again until they are gone.
//   `--own-buffers` gives each connection a buffer of its own instead, as servers must have that
//   keep a read outstanding (io_uring, stackful fibers, goroutines).
//
// A short read hides one thing: the end of the stream may have arrived with the data and raise no
// edge of its own. EPOLLRDHUP tells; from then on the connection is read until the end is seen.
//
// There is no bound on how long one connection may keep the thread: that would only make it slower.

#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { batch = 512, smallest_buffer = 64, largest_buffer = 16 << 20 };

struct connection {
  int fd;
  bool ending;   // the peer has sent all it will send
  bool blocked;  // waiting for EPOLLOUT: unsent[0, unsent_size) must go first
  size_t unsent_size;
  unsigned char* unsent;
  unsigned char buffer[];  // with --own-buffers only
};

static int poller;
static int listener;
static bool accept_again;  // out of descriptors: the edge is spent, so try after every batch
static size_t buffer_size = 64 * 1024;
static bool own_buffers;
static unsigned char* shared_buffer;

_Noreturn static void die(const char* what) {
  fprintf(stderr, "epoll_echo: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void watch(int operation, int fd, uint32_t events, void* who) {
  struct epoll_event event = {.events = events, .data.ptr = who};
  if (epoll_ctl(poller, operation, fd, &event) != 0) {
    die("epoll_ctl");
  }
}

static void close_connection(struct connection* peer) {
  close(peer->fd);
  free(peer->unsent);
  free(peer);
}

static void accept_all(void) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      accept_again = errno != EAGAIN && errno != EWOULDBLOCK;
      if (errno == EINTR || errno == ECONNABORTED) {
        continue;
      }
      return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection* peer = malloc(sizeof *peer + (own_buffers ? buffer_size : 0));
    if (peer == NULL) {
      close(fd);
      return;
    }
    peer->fd = fd;
    peer->ending = false;
    peer->blocked = false;
    peer->unsent_size = 0;
    peer->unsent = NULL;
    watch(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, peer);
  }
}

enum sent { all_sent, socket_full, connection_lost };

// Sends what the socket takes. Returns through `rest` how many bytes at the end of `data` are left.
static enum sent send_bytes(int fd, const unsigned char* data, size_t size, size_t* rest) {
  while (size > 0) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      *rest = size;
      return errno == EAGAIN || errno == EWOULDBLOCK ? socket_full : connection_lost;
    }
    data += n;
    size -= (size_t)n;
  }
  return all_sent;
}

// Keeps the last `rest` of the `size` bytes at `data` until the socket is writable. False: no
// memory.
static bool hold(struct connection* peer, const unsigned char* data, size_t size, size_t rest) {
  peer->unsent = malloc(rest);
  if (peer->unsent == NULL) {
    return false;
  }
  memcpy(peer->unsent, data + (size - rest), rest);
  peer->unsent_size = rest;
  peer->blocked = true;
  watch(EPOLL_CTL_MOD, peer->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, peer);
  return true;
}

// Sends held bytes. True: none is left and the connection may be read again.
static bool release(struct connection* peer, bool* lost) {
  size_t rest = 0;
  enum sent outcome = send_bytes(peer->fd, peer->unsent, peer->unsent_size, &rest);
  *lost = outcome == connection_lost;
  if (outcome == socket_full) {
    memmove(peer->unsent, peer->unsent + (peer->unsent_size - rest), rest);
    peer->unsent_size = rest;
  }
  if (outcome != all_sent) {
    return false;
  }
  free(peer->unsent);
  peer->unsent = NULL;
  peer->unsent_size = 0;
  peer->blocked = false;
  watch(EPOLL_CTL_MOD, peer->fd, EPOLLIN | EPOLLRDHUP | EPOLLET, peer);
  return true;
}

// Echoes until the socket is empty or will take no more. False: the connection is over.
static bool echo(struct connection* peer) {
  unsigned char* buffer = own_buffers ? peer->buffer : shared_buffer;
  for (;;) {
    ssize_t n = recv(peer->fd, buffer, buffer_size, 0);
    if (n <= 0) {
      if (n < 0 && errno == EINTR) {
        continue;
      }
      return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    size_t size = (size_t)n;
    size_t rest = 0;
    switch (send_bytes(peer->fd, buffer, size, &rest)) {
      case connection_lost:
        return false;
      case socket_full:
        return hold(peer, buffer, size, rest);
      case all_sent:
        break;
    }
    if (size < buffer_size && !peer->ending) {
      return true;
    }
  }
}

static void serve(struct connection* peer, uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    peer->ending = true;
  }
  bool lost = false;
  if (peer->blocked && !release(peer, &lost)) {
    if (lost) {
      close_connection(peer);
    }
    return;
  }
  if (!echo(peer)) {
    close_connection(peer);
  }
}

static void listen_on(uint16_t port) {
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) {
    die("socket");
  }
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr*)&address, size) != 0) {
    die("bind to the port");
  }
  if (listen(listener, 4096) != 0) {
    die("listen");
  }
  if (getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
    die("getsockname");
  }
  printf("listening on 127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
  fflush(stdout);
}

static void allow_all_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static unsigned long number(const char* text, unsigned long least, unsigned long most) {
  char* end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || value < least || value > most) {
    fprintf(stderr, "epoll_echo: %s: expected a number from %lu to %lu\n", text, least, most);
    exit(2);
  }
  return value;
}

static uint16_t parse(int count, char** words) {
  uint16_t port = 0;
  for (int i = 1; i < count; ++i) {
    if (strcmp(words[i], "--port") == 0 && i + 1 < count) {
      port = (uint16_t)number(words[++i], 0, 65535);
    } else if (strcmp(words[i], "--buffer") == 0 && i + 1 < count) {
      buffer_size = number(words[++i], smallest_buffer, largest_buffer);
    } else if (strcmp(words[i], "--own-buffers") == 0) {
      own_buffers = true;
    } else {
      fprintf(stderr, "usage: epoll_echo [--port N] [--buffer BYTES] [--own-buffers]\n");
      exit(2);
    }
  }
  return port;
}

static int signal_descriptor(void) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  int fd = signalfd(-1, &ends, SFD_CLOEXEC);
  if (fd < 0) {
    die("signalfd");
  }
  return fd;
}

int main(int count, char** words) {
  uint16_t port = parse(count, words);
  allow_all_descriptors();
  int signals = signal_descriptor();
  shared_buffer = malloc(buffer_size);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (shared_buffer == NULL || poller < 0) {
    die("start");
  }
  listen_on(port);
  watch(EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLET, &listener);
  watch(EPOLL_CTL_ADD, signals, EPOLLIN, NULL);
  struct epoll_event events[batch];
  for (;;) {
    int ready = epoll_wait(poller, events, batch, -1);
    if (ready < 0 && errno != EINTR) {
      die("epoll_wait");
    }
    for (int i = 0; i < ready; ++i) {
      if (events[i].data.ptr == NULL) {
        return 0;  // SIGINT or SIGTERM
      }
      if (events[i].data.ptr == &listener) {
        accept_all();
      } else {
        serve(events[i].data.ptr, events[i].events);
      }
    }
    if (accept_again) {
      accept_all();
    }
  }
}
