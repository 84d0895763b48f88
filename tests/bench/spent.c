/* spent.c -- what a thread has spent, and how much of that in the kernel. */
#include "spent.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static _Thread_local int64_t in_calls_ns, in_fork_ns;

static int64_t read_ns(clockid_t clock) {
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- In place of libc's -------------------------------------------------- */

ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
pid_t __real_fork(void);
pid_t __wrap_fork(void);

ssize_t __wrap_read(int fd, void *bytes, size_t size) {
    int64_t began = read_ns(CLOCK_THREAD_CPUTIME_ID);
    ssize_t got = __real_read(fd, bytes, size);

    in_calls_ns += read_ns(CLOCK_THREAD_CPUTIME_ID) - began;
    return got;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
    int64_t began = read_ns(CLOCK_THREAD_CPUTIME_ID);
    ssize_t written = __real_write(fd, bytes, size);

    in_calls_ns += read_ns(CLOCK_THREAD_CPUTIME_ID) - began;
    return written;
}

pid_t __wrap_fork(void) {
    int64_t began = read_ns(CLOCK_THREAD_CPUTIME_ID);
    pid_t pid = __real_fork();

    in_fork_ns += read_ns(CLOCK_THREAD_CPUTIME_ID) - began;
    return pid;
}

/* ---- What it comes to ---------------------------------------------------- */

struct spent spent_so_far(void) {
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return (struct spent){.cpu_ns = read_ns(CLOCK_THREAD_CPUTIME_ID),
                          .in_calls_ns = in_calls_ns,
                          .in_fork_ns = in_fork_ns,
                          .clock_ns = read_ns(CLOCK_MONOTONIC),
                          .faults = usage.ru_minflt};
}

struct spent spent_since(const struct spent *before) {
    struct spent now = spent_so_far();

    return (struct spent){.cpu_ns = now.cpu_ns - before->cpu_ns,
                          .in_calls_ns = now.in_calls_ns - before->in_calls_ns,
                          .in_fork_ns = now.in_fork_ns - before->in_fork_ns,
                          .clock_ns = now.clock_ns - before->clock_ns,
                          .faults = now.faults - before->faults};
}
