/* test_child.c -- child processes: what comes back of them, what they are
 * spared, and that none outlives its parent. */
#include "child.h"
#include "helpers.h"
#include "kernel.h"
#include "suites.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* ---- The kernel, on a bad day ------------------------------------------- */

static bool no_close_range;

long __real_syscall(long number, long a, long b, long c);
long __wrap_syscall(long number, long a, long b, long c);

long __wrap_syscall(long number, long a, long b, long c) {
    if (!no_close_range) return __real_syscall(number, a, b, c);
    errno = ENOSYS;
    return -1;
}

/* ---- Children ----------------------------------------------------------- */

static struct child start(child_fn *work, void *context) {
    struct child child = {0};

    ck_assert_int_eq(child_start(&child, work, context, NULL, 0), 0);
    return child;
}

/* What it comes to: waits for its end, and leaves that for child_look(). */
static enum child_state outcome(struct child *child, void *report,
                                size_t size) {
    siginfo_t info;

    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT) == -1 &&
           errno == EINTR) {
    }
    return child_look(child, report, size);
}

static int say_hello(void *context, void *report, size_t size) {
    ck_assert_uint_eq(size, CHILD_REPORT_MAX);
    snprintf(report, size, "hello, %s", (const char *)context);
    return 0;
}

static int run_out_of_space(void *context, void *report, size_t size) {
    (void)context, (void)report, (void)size;
    errno = ENOSPC;
    return -1;
}

static int sleep_for_ever(void *context, void *report, size_t size) {
    (void)context, (void)report, (void)size;
    while (pause() == -1) {
    }
    return 0;
}

START_TEST(its_report_comes_back) {
    char world[] = "world", report[CHILD_REPORT_MAX];
    int descriptors = count_descriptors();
    struct child child = start(say_hello, world);

    ck_assert(outcome(&child, report, sizeof report) == CHILD_DONE);
    ck_assert_str_eq(report, "hello, world");
    ck_assert_int_eq(child.pid, 0);
    ck_assert_int_ge(child.fork_us, 0);
    ck_assert_int_eq(count_descriptors(), descriptors);
}
END_TEST

static char memory[1 << 20];

static int write_to_memory(void *context, void *report, size_t size) {
    (void)context, (void)report, (void)size;
    memset(memory, 2, sizeof memory);
    return 0;
}

START_TEST(what_it_writes_to_was_copied) {
    struct child child;

    memset(memory, 1, sizeof memory);
    child = start(write_to_memory, NULL);
    ck_assert(outcome(&child, NULL, 0) == CHILD_DONE);
    ck_assert_int_ge(child.copied, access("/proc/self/smaps_rollup", R_OK) == 0
                                       ? (int64_t)sizeof memory
                                       : 0);
    ck_assert_int_lt(child.copied, 100 * (int64_t)sizeof memory);
}
END_TEST

START_TEST(its_errno_comes_back) {
    struct child child = start(run_out_of_space, NULL);

    ck_assert(outcome(&child, NULL, 0) == CHILD_FAILED);
    ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

START_TEST(one_that_is_killed_has_failed) {
    struct child child = start(sleep_for_ever, NULL);

    ck_assert(child_look(&child, NULL, 0) == CHILD_RUNS);
    kill(child.pid, SIGTERM); /* which is not blocked in it */
    ck_assert(outcome(&child, NULL, 0) == CHILD_FAILED);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(kill_leaves_nothing) {
    int descriptors = count_descriptors();
    struct child child = start(sleep_for_ever, NULL);
    pid_t pid = child.pid;

    child_kill(&child);
    ck_assert_int_eq(child.pid, 0);
    ck_assert_int_eq(kill(pid, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
    ck_assert_int_eq(count_descriptors(), descriptors);
    child_kill(&child); /* there is none: nothing */
}
END_TEST

/* Then the kernel forgets it by itself. */
START_TEST(its_report_comes_back_where_its_end_is_ignored) {
    char world[] = "world", report[CHILD_REPORT_MAX];
    struct child child;

    signal(SIGCHLD, SIG_IGN);
    child = start(say_hello, world);
    ck_assert(outcome(&child, report, sizeof report) == CHILD_DONE);
    ck_assert_str_eq(report, "hello, world");
}
END_TEST

/* ---- Failing to start ---------------------------------------------------- */

START_TEST(without_fork_there_is_none) {
    int descriptors = count_descriptors();
    static const struct fault no_child[FAULTS_MAX] = {{FORK, 1, 1, EAGAIN}};
    struct child child = {0};
    sigset_t mask;

    kernel_arm("no directory", no_child);
    ck_assert_int_eq(child_start(&child, say_hello, NULL, NULL, 0), -1);
    ck_assert_int_eq(errno, EAGAIN);
    kernel_disarm();
    ck_assert_int_eq(child.pid, 0);
    ck_assert_int_eq(count_descriptors(), descriptors);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    ck_assert(!sigismember(&mask, SIGTERM));
}
END_TEST

START_TEST(without_descriptors_there_is_none) {
    struct rlimit before, none;
    struct child child = {0};

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(child_start(&child, say_hello, NULL, NULL, 0), -1);
    ck_assert_int_eq(errno, EMFILE);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(child.pid, 0);
}
END_TEST

/* ---- What it has --------------------------------------------------------- */

/* A letter for each descriptor that is open. */
static int list_descriptors(void *context, void *report, size_t size) {
    char *letters = report;
    size_t fd;

    (void)context;
    for (fd = 0; fd < size - 1; fd++)
        letters[fd] = is_open((int)fd) ? 'x' : '.';
    return 0;
}

static void check_descriptors(void) {
    static const int kept[] = {201, 7, 203};
    static const int others[] = {8, 9, 200, 202, 250};
    char letters[CHILD_REPORT_MAX];
    struct child child = {0};
    int open = 0;
    size_t i;

    for (i = 0; i < COUNT_OF(kept); i++)
        ck_assert_int_eq(dup2(STDERR_FILENO, kept[i]), kept[i]);
    for (i = 0; i < COUNT_OF(others); i++)
        ck_assert_int_eq(dup2(STDERR_FILENO, others[i]), others[i]);
    ck_assert_int_eq(child_start(&child, list_descriptors, NULL, kept, 3), 0);
    ck_assert(outcome(&child, letters, sizeof letters) == CHILD_DONE);
    for (i = 0; i < sizeof letters; i++)
        open += letters[i] == 'x';
    check_that(letters[2] == 'x' && letters[7] == 'x' && letters[201] == 'x' &&
                   letters[203] == 'x' && open == 5, /* one is the report's */
               "it has %.*s", (int)sizeof letters, letters);
}

START_TEST(it_has_the_descriptors_that_it_was_given) {
    check_descriptors();
}
END_TEST

START_TEST(so_it_has_on_an_old_kernel) {
    no_close_range = true;
    check_descriptors();
}
END_TEST

static void ignore_it(int number) {
    (void)number;
}

static int list_signals(void *context, void *report, size_t size) {
    struct sigaction term, pipe;
    sigset_t mask;

    (void)context;
    sigaction(SIGTERM, NULL, &term);
    sigaction(SIGPIPE, NULL, &pipe);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    snprintf(report, size, "%d %d %d", term.sa_handler == SIG_DFL,
             pipe.sa_handler == SIG_IGN, sigismember(&mask, SIGINT));
    return 0;
}

START_TEST(it_can_be_asked_to_end) {
    char report[CHILD_REPORT_MAX];
    struct child child;
    sigset_t set;

    signal(SIGTERM, ignore_it);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    child = start(list_signals, NULL);
    ck_assert(outcome(&child, report, sizeof report) == CHILD_DONE);
    ck_assert_str_eq(report, "1 1 0");
}
END_TEST

static int end_pipe[2];

static void say_end(void) {
    if (write(end_pipe[1], "!", 1) == -1) return;
}

START_TEST(what_the_parent_does_at_its_end_it_does_not) {
    char world[] = "world", byte;
    struct child child = {0};

    ck_assert_int_eq(pipe(end_pipe), 0);
    ck_assert_int_eq(atexit(say_end), 0);
    ck_assert_int_eq(child_start(&child, say_hello, world, &end_pipe[1], 1), 0);
    close(end_pipe[1]);
    ck_assert_int_eq(read(end_pipe[0], &byte, 1), 0);
    ck_assert(outcome(&child, NULL, 0) == CHILD_DONE);
}
END_TEST

/* ---- Orphans ------------------------------------------------------------- */

START_TEST(it_dies_with_its_parent) {
    int alive[2]; /* until all have closed it */
    char byte;
    pid_t parent;

    ck_assert_int_eq(pipe(alive), 0);
    parent = fork();
    if (parent == 0) {
        struct child child = {0};

        if (child_start(&child, sleep_for_ever, NULL, &alive[1], 1) == -1) {
            _exit(1);
        }
        if (write(alive[1], "!", 1) == -1) _exit(1);
        sleep_for_ever(NULL, NULL, 0);
    }
    close(alive[1]);
    ck_assert_int_eq(read(alive[0], &byte, 1), 1); /* it has begun */
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    ck_assert(wait_for(alive[0], POLLIN, WAIT_MS));
    ck_assert_int_eq(read(alive[0], &byte, 1), 0);
    close(alive[0]);
}
END_TEST

START_TEST(an_orphan_knows) {
    struct child child = {.parent = getppid()};

    ck_assert(!child_is_orphan(&child));
    child.parent = getpid(); /* any other */
    ck_assert(child_is_orphan(&child));
}
END_TEST

Suite *child_suite(void) {
    const TTest *const tests[] = {
        its_report_comes_back,
        what_it_writes_to_was_copied,
        its_errno_comes_back,
        one_that_is_killed_has_failed,
        kill_leaves_nothing,
        its_report_comes_back_where_its_end_is_ignored,
        without_fork_there_is_none,
        without_descriptors_there_is_none,
        it_has_the_descriptors_that_it_was_given,
        so_it_has_on_an_old_kernel,
        it_can_be_asked_to_end,
        what_the_parent_does_at_its_end_it_does_not,
        it_dies_with_its_parent,
        an_orphan_knows,
    };

    return suite_of("child", tests, COUNT_OF(tests));
}
