/* loop_epoll.c -- the event loop's readiness, on Linux: epoll(7).
 *
 * The kernel keeps the set of watched descriptors between calls, so a turn
 * costs as much as there is to do, however many clients are idle. */
#include "loop.h"

#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define WAIT_MAX 256 /* events taken from the kernel at a time */

struct loop {
    int epoll_fd; /* owned */
};

struct loop *loop_new(void) {
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct loop *loop;

    if (epoll_fd == -1) return NULL;
    loop = xmalloc(sizeof *loop);
    loop->epoll_fd = epoll_fd;
    return loop;
}

void loop_free(struct loop *loop) {
    close(loop->epoll_fd);
    free(loop);
}

static int control(struct loop *loop, int operation, int fd,
                   unsigned interest) {
    struct epoll_event event = {.data.fd = fd};

    if (interest & LOOP_READ) event.events |= EPOLLIN;
    if (interest & LOOP_WRITE) event.events |= EPOLLOUT;
    return epoll_ctl(loop->epoll_fd, operation, fd, &event);
}

int loop_add(struct loop *loop, int fd, unsigned interest) {
    return control(loop, EPOLL_CTL_ADD, fd, interest);
}

int loop_change(struct loop *loop, int fd, unsigned interest) {
    return control(loop, EPOLL_CTL_MOD, fd, interest);
}

void loop_remove(struct loop *loop, int fd) {
    control(loop, EPOLL_CTL_DEL, fd, 0);
}

static unsigned readiness(uint32_t events) {
    /* A peer that is gone: let the read() or write() find out. */
    if (events & (EPOLLERR | EPOLLHUP)) return LOOP_READ | LOOP_WRITE;
    return (events & EPOLLIN ? LOOP_READ : 0) |
           (events & EPOLLOUT ? LOOP_WRITE : 0);
}

int loop_wait(struct loop *loop, struct loop_event *events, int max,
              int timeout_ms) {
    struct epoll_event ready[WAIT_MAX];
    int count;
    int i;

    if (max > WAIT_MAX) max = WAIT_MAX;
    count = epoll_wait(loop->epoll_fd, ready, max, timeout_ms);
    if (count == -1) return errno == EINTR ? 0 : -1;
    for (i = 0; i < count; i++) {
        events[i].fd = ready[i].data.fd;
        events[i].ready = readiness(ready[i].events);
    }
    return count;
}
