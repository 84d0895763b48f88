/* loop.h -- readiness: which of many descriptors can be read or written now.
 *
 * The one place where the operating systems differ, hence two backends behind
 * this contract: loop_epoll.c (Linux; epoll(7)) in each part, and loop_poll.c
 * (everywhere; poll(2)) in common/, built by `make LOOP=poll`.
 *
 * Readiness is level-triggered: what was not finished is reported again by the
 * next loop_wait(), so no caller has to remember it. Trouble on a descriptor
 * (reset, hang-up) is reported as ready for everything: the read() or write()
 * that follows finds out what happened. */
#ifndef REDIS_LITE_LOOP_H
#define REDIS_LITE_LOOP_H

enum { LOOP_READ = 1, LOOP_WRITE = 2 }; /* bits of an interest or readiness */

struct loop_event {
    int fd;
    unsigned ready; /* LOOP_READ | LOOP_WRITE */
};

struct loop; /* owned by loop_new()'s caller; borrows the descriptors */

/* NULL with errno if the kernel has none to give. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Start watching 'fd', or stop: the second must come before close(). An
 * interest of 0 is allowed and reports nothing but trouble.
 * loop_add() and loop_change(): -1 with errno if the kernel refuses. */
int loop_add(struct loop *loop, int fd, unsigned interest);
int loop_change(struct loop *loop, int fd, unsigned interest);
void loop_remove(struct loop *loop, int fd);

/* Wait until something is ready, at most 'timeout_ms' (-1: for ever), and fill
 * in up to 'max' events, one a descriptor; if more are ready, the rest come
 * first next time. Returns how many; 0 on time-out or when a signal came (it
 * is not an error: the caller's next turn asks again); -1 with errno. */
int loop_wait(struct loop *loop, struct loop_event *events, int max,
              int timeout_ms);

#endif
