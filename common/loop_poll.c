/* loop_poll.c -- the portable loop, on poll(2): `make LOOP=poll`.
 *
 * poll() is handed every descriptor at every turn, so a turn costs as much as
 * there are clients, idle ones too; that is why epoll(7) and kqueue(2) exist.
 * macOS and the BSDs are meant to be served by this file; it is tested on
 * Linux only. */
#include "loop.h"

#include "util.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct loop {
    struct pollfd *watched; /* owned; the order means nothing */
    int count;
    int cap;
    int *index;    /* owned; by descriptor: its place in 'watched' */
    int index_cap; /* descriptors that 'index' has room for */
    int next;      /* where the next search starts, so that all get a turn */
};

struct loop *loop_new(void) {
    return xcalloc(1, sizeof(struct loop));
}

void loop_free(struct loop *loop) {
    free(loop->watched);
    free(loop->index);
    free(loop);
}

static short to_poll(unsigned interest) {
    return (short)((interest & LOOP_READ ? POLLIN : 0) |
                   (interest & LOOP_WRITE ? POLLOUT : 0));
}

static unsigned from_poll(short events) {
    if (events & (POLLERR | POLLHUP | POLLNVAL)) return LOOP_READ | LOOP_WRITE;
    return (events & POLLIN ? LOOP_READ : 0) |
           (events & POLLOUT ? LOOP_WRITE : 0);
}

int loop_add(struct loop *loop, int fd, unsigned interest) {
    if (loop->count == loop->cap) {
        loop->cap = loop->cap > 0 ? loop->cap * 2 : 16;
        loop->watched = xrealloc(loop->watched,
                                 (size_t)loop->cap * sizeof *loop->watched);
    }
    if (fd >= loop->index_cap) {
        loop->index_cap = (fd + 1) * 2;
        loop->index = xrealloc(loop->index,
                               (size_t)loop->index_cap * sizeof *loop->index);
    }
    loop->index[fd] = loop->count;
    loop->watched[loop->count++] = (struct pollfd){.fd = fd,
                                                   .events = to_poll(interest)};
    return 0;
}

int loop_change(struct loop *loop, int fd, unsigned interest) {
    loop->watched[loop->index[fd]].events = to_poll(interest);
    return 0;
}

void loop_remove(struct loop *loop, int fd) {
    struct pollfd last = loop->watched[--loop->count];

    /* The last one fills the gap. */
    loop->watched[loop->index[fd]] = last;
    loop->index[last.fd] = loop->index[fd];
}

int loop_wait(struct loop *loop, struct loop_event *events, int max,
              int timeout_ms) {
    int ready = poll(loop->watched, (nfds_t)loop->count, timeout_ms);
    int found = 0;
    int i;

    if (ready == -1) return errno == EINTR ? 0 : -1;
    if (ready > max) ready = max;
    if (loop->next >= loop->count) loop->next = 0;
    for (i = loop->next; found < ready; i = (i + 1) % loop->count) {
        if (loop->watched[i].revents == 0) continue;
        events[found].fd = loop->watched[i].fd;
        events[found++].ready = from_poll(loop->watched[i].revents);
        loop->next = i + 1;
    }
    return found;
}
