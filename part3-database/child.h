/* child.h -- a child process: it has a copy of all memory as it was when it
 * began (fork(2)), so it can go through the data while the server goes on.
 *
 * The child owns nothing: every descriptor but those named is closed in it, so
 * that no socket lives longer for it, and no lock. It dies with its parent. */
#ifndef REDIS_LITE_CHILD_H
#define REDIS_LITE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_REPORT_MAX 256 /* bytes: a pipe takes them without waiting */

/* Zeroed: there is none. */
struct child {
    pid_t pid;       /* 0: there is none */
    pid_t parent;    /* whose child it is */
    int report;      /* of a pipe: what it says at its end */
    int64_t fork_us; /* what fork(2) took */
    int64_t copied;  /* bytes of memory, for the last one; 0: unknown */
};

/* What the child does: 0, and 'report' written, if that went well; else -1 with
 * errno. 'size' is CHILD_REPORT_MAX, all of it zeroed. Whatever takes long has
 * to look at child_is_orphan() now and then. */
typedef int child_fn(void *context, void *report, size_t size);

/* Begin. The child keeps the descriptors 'kept', and standard error. -1 with
 * errno: there is none. */
int child_start(struct child *child, child_fn *work, void *context,
                const int *kept, size_t kept_count);

/* For the child, of its copy of what child_start() was given: whether its
 * parent has ended, so that nobody wants its work any longer. */
bool child_is_orphan(const struct child *child);

enum child_state { CHILD_RUNS, CHILD_DONE, CHILD_FAILED };

/* Whether it has ended, without waiting for it; there has to be one. If so it
 * is gone (pid 0), and: CHILD_DONE, with the first 'size' bytes of its report
 * copied out; or CHILD_FAILED, with errno as it said, or ECHILD if it could not
 * say anything. */
enum child_state child_look(struct child *child, void *report, size_t size);

/* End it now, and wait until it has. Nothing if there is none. */
void child_kill(struct child *child);

#endif
