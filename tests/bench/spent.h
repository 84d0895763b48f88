/* spent.h -- what a thread has spent, and how much of that in the kernel.
 *
 * The linker puts functions of ours (spent.c) between the server and libc:
 * tests/Makefile names them. */
#ifndef BENCH_SPENT_H
#define BENCH_SPENT_H

#include <stdint.h>

struct spent {
    int64_t cpu_ns;      /* CPU time of the thread... */
    int64_t in_calls_ns; /* ...of that, in read() and write()... */
    int64_t in_fork_ns;  /* ...and in fork() */
    int64_t clock_ns;    /* time by the clock */
    long faults;         /* pages that the kernel had to find or copy for it */
};

/* This thread, so far; and since then. */
struct spent spent_so_far(void);
struct spent spent_since(const struct spent *before);

#endif
