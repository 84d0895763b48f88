/* child.c -- a child process, from fork(2) to waitpid(2). */
#include "child.h"

#include "util.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* What goes through the pipe. It is shorter than PIPE_BUF, so that it is there
 * as a whole or not at all (pipe(7)). */
struct message {
    int error; /* 0, or why it failed */
    int64_t copied;
    _Alignas(max_align_t) char report[CHILD_REPORT_MAX]; /* of any struct */
};

/* ---- In the child ------------------------------------------------------- */

/* A thread of the parent waits for these two (main.c), and the child has none:
 * so they end it, and both are free to come. */
static void restore_signals(void) {
    sigset_t none;

    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

bool child_is_orphan(const struct child *child) {
    return getppid() != child->parent;
}

/* Linux can end it at once. Elsewhere it has to look. */
static void die_with_parent(const struct child *child) {
#ifdef PR_SET_PDEATHSIG
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    /* If that came too late. */
    if (child_is_orphan(child)) _exit(EXIT_FAILURE);
}

/* Descriptors from 'first' to 'last'. */
static void close_range_of(unsigned first, unsigned last) {
    long limit = sysconf(_SC_OPEN_MAX);
    unsigned fd;

    if (first > last) return;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, last, 0) == 0) return;
#endif
    if (limit > 0 && last >= (unsigned long)limit) last = (unsigned)limit - 1;
    for (fd = first; fd <= last; fd++)
        close((int)fd);
}

static int by_number(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

/* What lies between those that are kept is closed. */
static void close_others(const int *kept, size_t count, int report) {
    int *all = xmalloc((count + 2) * sizeof *all);
    unsigned next = 0;
    size_t i;

    if (count > 0) memcpy(all, kept, count * sizeof *all);
    all[count++] = STDERR_FILENO;
    all[count++] = report;
    qsort(all, count, sizeof *all, by_number);
    for (i = 0; i < count; i++) {
        if (all[i] > 0) close_range_of(next, (unsigned)all[i] - 1);
        next = (unsigned)all[i] + 1;
    }
    close_range_of(next, INT_MAX);
    free(all);
}

/* A page is copied when one of the two writes to it (proc(5), smaps_rollup). */
static int64_t count_copied(void) {
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    long long kilobytes = 0;
    char line[128];

    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL &&
           sscanf(line, "Private_Dirty: %lld kB", &kilobytes) != 1) {
    }
    fclose(file);
    return (int64_t)kilobytes * 1024;
}

/* _exit(): what the parent has registered for its own end, or buffered, is not
 * for the child to do. */
static _Noreturn void work_and_exit(child_fn *work, void *context, int report) {
    struct message message;
    ssize_t written;

    memset(&message, 0, sizeof message); /* the gaps, too: it is sent */
    if (work(context, message.report, sizeof message.report) == -1) {
        message.error = errno != 0 ? errno : ECHILD;
    }
    message.copied = count_copied();
    do {
        written = write(report, &message, sizeof message);
    } while (written == -1 && errno == EINTR);
    _exit(message.error == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- In the parent ------------------------------------------------------ */

/* With non-blocking ends, so that nobody can wait for a child that is gone. */
static int open_pipe(int ends[2]) {
    int i;

    if (pipe(ends) == -1) return -1;
    for (i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

int child_start(struct child *child, child_fn *work, void *context,
                const int *kept, size_t kept_count) {
    int64_t began_us;
    sigset_t all, before;
    int ends[2];
    int cause;

    if (open_pipe(ends) == -1) return -1;
    /* A handler of the parent must not run in the child. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    child->parent = getpid();
    began_us = clock_us();
    child->pid = fork();
    if (child->pid == 0) {
        restore_signals();
        die_with_parent(child);
        close_others(kept, kept_count, ends[1]);
        work_and_exit(work, context, ends[1]);
    }
    cause = errno;
    child->fork_us = clock_us() - began_us;
    child->report = ends[0];
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (child->pid != -1) return 0;
    child->pid = 0;
    close(ends[0]);
    errno = cause;
    return -1;
}

enum child_state child_look(struct child *child, void *report, size_t size) {
    struct message message = {.error = ECHILD};
    pid_t ended;

    assert(child->pid != 0 && size <= sizeof message.report);
    /* Where SIGCHLD is ignored, as whoever started us may have wanted it, the
     * kernel forgets children itself: -1, and it has ended, too. */
    ended = waitpid(child->pid, NULL, WNOHANG);
    if (ended == 0) return CHILD_RUNS;
    if (read(child->report, &message, sizeof message) == -1) errno = ECHILD;
    close(child->report);
    child->pid = 0;
    child->copied = message.copied;
    if (message.error != 0) {
        errno = message.error;
        return CHILD_FAILED;
    }
    if (size > 0) memcpy(report, message.report, size);
    return CHILD_DONE;
}

void child_kill(struct child *child) {
    if (child->pid == 0) return;
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) == -1 && errno == EINTR) {
    }
    close(child->report);
    child->pid = 0;
}
