/* kernel.h -- a kernel that fails when it is told to.
 *
 * No hook in the sources is needed for that. The linker puts functions of ours
 * (kernel.c) between the log and libc: tests/Makefile names them. They pass
 * everything on, until a test has armed them, and then only what concerns the
 * test's own directory counts.
 *
 * A child process counts as well, and with the same numbers: they are in memory
 * that it shares. */
#ifndef UNIT_KERNEL_H
#define UNIT_KERNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kernel_call {
    OPEN,
    CLOSE,
    READ,
    WRITE,
    FSTAT,
    FLOCK,
    FSYNC,
    DIRSYNC, /* fsync() of a directory */
    FDATASYNC,
    FTRUNCATE,
    PIPE,
    THREAD,
    LSEEK,
    CALLS_OF_A_LIFE, /* those above: by a log that is not rewritten */
    RENAME = CALLS_OF_A_LIFE,
    UNLINK,
    MMAP,
    FORK,
    CALLS
};

extern const char *const call_names[CALLS];

#define HURRIED_MS 4 /* what a second is, when there is no time for it */
#define FOR_GOOD   (1 << 30)
#define TRACE_MAX  4096

/* What a read or write may do instead of failing: too little. */
enum { HALF = -1, ONE_BYTE = -2 };

/* What goes wrong: calls number 'first' to 'last' of their kind, from 1 on. */
struct fault {
    enum kernel_call call;
    int first, last;
    int error; /* errno, HALF or ONE_BYTE */
};

#define FAULTS_MAX 3

/* The log has two threads, and now and then a child; all come by here: so what
 * may change while they run is atomic. */
struct kernel {
    atomic_bool is_armed;
    atomic_bool hurry;         /* let a second of poll() be short */
    atomic_bool gated;         /* fdatasync() waits in front of the gate */
    atomic_bool opens_at_join; /* the gate, when the thread is waited for */
    char dir[80];
    struct {
        atomic_int call, first, last, error; /* as in struct fault */
    } faults[FAULTS_MAX];
    atomic_int count[CALLS];
    atomic_int polls;          /* that have ended */
    atomic_int syncing_fd;     /* by fdatasync(); -1: none */
    atomic_int threads;        /* that have not been joined */
    atomic_bool closed_early;  /* a file was closed while it was synced */
    atomic_llong added_ms;     /* to what clock_ms() says... */
    atomic_llong slow_ms;      /* ...and so much more at each call */
    atomic_int child_stops_at; /* its fsync() number so and so; 0: nowhere */
    atomic_bool child_waits;   /* there, until that is 0 */
    atomic_int traced;
    char trace[TRACE_MAX]; /* what was done to files, in order; see below */
};

/* Letters of the trace: 'w'rite ('x': one that fails), 't'runcate, 's'ync a
 * file, sync a 'd'irectory, 'c'lose, 'r'ename, 'u'nlink. */

extern struct kernel *kernel;

/* From here on, what is done in 'dir' counts, and these faults come to pass.
 * Not while a log is open. */
void kernel_arm(const char *dir, const struct fault faults[FAULTS_MAX]);

/* Count anew, with these faults; the log may be open. */
void kernel_set(const struct fault faults[FAULTS_MAX]);

/* As usual again. */
void kernel_disarm(void);

extern const struct fault no_faults[FAULTS_MAX];

/* For messages. */
void kernel_describe(const struct fault faults[FAULTS_MAX], char text[200]);

/* Whether it came to that: the fault struck. */
bool kernel_struck(const struct fault *fault);

/* What was done to files, of these letters only; until the next call. */
const char *kernel_trace(const char *letters);

void wait_a_moment(void);

/* Wait until 'count' is at least 'least'; false if it takes too long. */
bool reaches(const atomic_int *count, int least);

/* Let some of the log's seconds pass, which are short now. */
void let_seconds_pass(int seconds);

#endif
