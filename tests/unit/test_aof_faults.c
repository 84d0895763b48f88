/* test_aof_faults.c -- the append-only file on a bad day: each call that it
 * makes to the kernel fails once, at each place where it makes it.
 *
 * No hook in the sources is needed for that. The linker puts functions of ours
 * between the log and libc; they pass everything on, until a test has armed
 * them, and then only what concerns the test's own directory counts:
 */
/* clang-format off
 *
 * LDFLAGS: -Wl,--wrap=open,--wrap=close,--wrap=read,--wrap=write,--wrap=fstat,--wrap=flock,--wrap=fsync,--wrap=fdatasync,--wrap=ftruncate,--wrap=pipe,--wrap=poll,--wrap=pthread_create,--wrap=pthread_join
 *
 * clang-format on */
#include "aof_room.h"
#include "helpers.h"
#include "suites.h"

#include <dirent.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* ---- The kernel ------------------------------------------------------- */

enum kernel_call {
    OPEN,
    CLOSE,
    READ,
    WRITE,
    FSTAT,
    FLOCK,
    FSYNC,
    FDATASYNC,
    FTRUNCATE,
    PIPE,
    THREAD,
    CALLS
};

static const char *const call_names[CALLS] = {
    "open",  "close",     "read",      "write", "fstat",         "flock",
    "fsync", "fdatasync", "ftruncate", "pipe",  "pthread_create"};

#define FDS_MAX    1024
#define TRACE_MAX  4096
#define HURRIED_MS 4 /* what a second is, when there is no time for it */
#define FOR_GOOD   (1 << 30)

/* What a read or write may do instead of failing: too little. */
enum { HALF = -1, ONE_BYTE = -2 };

/* What goes wrong: calls number 'first' to 'last' of their kind, from 1 on. */
struct fault {
    enum kernel_call call;
    int first, last;
    int error; /* errno, HALF or ONE_BYTE */
};

#define FAULTS_MAX 3

/* The log has two threads, and both come by here: all that may change while
 * they run is atomic. */
static struct {
    atomic_bool is_armed;
    atomic_bool hurry;         /* let a second of poll() be short */
    atomic_bool gated;         /* fdatasync() waits in front of the gate */
    atomic_bool opens_at_join; /* the gate, when the thread is waited for */
    char dir[80];
    struct fault faults[FAULTS_MAX];
    atomic_bool ours[FDS_MAX]; /* descriptors of files in 'dir' */
    atomic_int count[CALLS];
    atomic_int polls;         /* that have ended */
    atomic_int syncing_fd;    /* by fdatasync(); -1: none */
    atomic_int threads;       /* that have not been joined */
    atomic_bool closed_early; /* a file was closed while it was synced */
    atomic_int traced;
    char trace[TRACE_MAX]; /* what was done to files, in order; see trace() */
} kernel;

/* 'w'rite, 't'runcate, 's'ync a file, sync a 'd'irectory, 'c'lose. */
static void trace(char letter) {
    int at = atomic_fetch_add(&kernel.traced, 1);

    if (at < TRACE_MAX - 1) kernel.trace[at] = letter;
}

/* One more call of this kind: the error that it is to fail with, or 0. */
static int strike(enum kernel_call call) {
    int n = atomic_fetch_add(&kernel.count[call], 1) + 1;

    for (int i = 0; i < FAULTS_MAX; i++) {
        const struct fault *fault = &kernel.faults[i];

        if (fault->call == call && n >= fault->first && n <= fault->last) {
            return fault->error;
        }
    }
    return 0;
}

static bool is_ours(int fd) {
    return atomic_load(&kernel.is_armed) && fd >= 0 && fd < FDS_MAX &&
           atomic_load(&kernel.ours[fd]);
}

/* Whether this call, on this descriptor, fails; errno then says with what. */
static bool strikes(enum kernel_call call, int fd) {
    int error = is_ours(fd) ? strike(call) : 0;

    if (error != 0) errno = error;
    return error != 0;
}

static size_t portion(int error, size_t size) {
    if (error == ONE_BYTE && size > 0) return 1;
    return error == HALF ? (size + 1) / 2 : size;
}

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_fstat(int fd, struct stat *status);
int __real_flock(int fd, int operation);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_ftruncate(int fd, off_t size);
int __real_pipe(int ends[2]);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument);
int __real_pthread_join(pthread_t thread, void **result);

int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __wrap_fstat(int fd, struct stat *status);
int __wrap_flock(int fd, int operation);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_pipe(int ends[2]);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument);
int __wrap_pthread_join(pthread_t thread, void **result);

int __wrap_open(const char *path, int flags, ...) {
    bool counts = atomic_load(&kernel.is_armed) &&
                  strncmp(path, kernel.dir, strlen(kernel.dir)) == 0;
    mode_t mode = 0;
    int error;
    int fd;

    if (flags & O_CREAT) {
        va_list rest;

        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    error = counts ? strike(OPEN) : 0;
    if (error != 0) {
        errno = error;
        return -1;
    }
    fd = __real_open(path, flags, mode);
    if (counts && fd >= 0 && fd < FDS_MAX) atomic_store(&kernel.ours[fd], true);
    return fd;
}

/* As on Linux, the descriptor is gone even if close() fails. */
int __wrap_close(int fd) {
    bool fails = strikes(CLOSE, fd);
    int error = errno;
    int result;

    if (is_ours(fd)) {
        trace('c');
        if (atomic_load(&kernel.syncing_fd) == fd) {
            atomic_store(&kernel.closed_early, true);
        }
        atomic_store(&kernel.ours[fd], false);
    }
    result = __real_close(fd);
    if (!fails) return result;
    errno = error;
    return -1;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size) {
    int error = is_ours(fd) ? strike(READ) : 0;

    if (error <= 0) return __real_read(fd, bytes, portion(error, size));
    errno = error;
    return -1;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
    int error = is_ours(fd) ? strike(WRITE) : 0;

    if (is_ours(fd)) trace('w');
    if (error <= 0) return __real_write(fd, bytes, portion(error, size));
    errno = error;
    return -1;
}

int __wrap_fstat(int fd, struct stat *status) {
    return strikes(FSTAT, fd) ? -1 : __real_fstat(fd, status);
}

int __wrap_flock(int fd, int operation) {
    return strikes(FLOCK, fd) ? -1 : __real_flock(fd, operation);
}

int __wrap_fsync(int fd) {
    struct stat status;

    if (is_ours(fd) && __real_fstat(fd, &status) == 0) {
        trace(S_ISDIR(status.st_mode) ? 'd' : 's');
    }
    return strikes(FSYNC, fd) ? -1 : __real_fsync(fd);
}

static void wait_a_moment(void) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

int __wrap_fdatasync(int fd) {
    bool fails;

    if (!is_ours(fd)) return __real_fdatasync(fd);
    trace('s');
    atomic_store(&kernel.syncing_fd, fd);
    while (atomic_load(&kernel.gated))
        wait_a_moment();
    atomic_store(&kernel.syncing_fd, -1);
    fails = strikes(FDATASYNC, fd);
    return fails ? -1 : __real_fdatasync(fd);
}

int __wrap_ftruncate(int fd, off_t size) {
    if (is_ours(fd)) trace('t');
    return strikes(FTRUNCATE, fd) ? -1 : __real_ftruncate(fd, size);
}

int __wrap_pipe(int ends[2]) {
    int error = atomic_load(&kernel.is_armed) ? strike(PIPE) : 0;

    if (error == 0) return __real_pipe(ends);
    errno = error;
    return -1;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
    bool hurried = atomic_load(&kernel.hurry) && timeout_ms > HURRIED_MS;
    int ready = __real_poll(fds, count, hurried ? HURRIED_MS : timeout_ms);

    if (hurried) atomic_fetch_add(&kernel.polls, 1);
    return ready;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument) {
    int error = atomic_load(&kernel.is_armed) ? strike(THREAD) : 0;

    if (error == 0) {
        error = __real_pthread_create(thread, attributes, run, argument);
    }
    if (error == 0) atomic_fetch_add(&kernel.threads, 1);
    return error;
}

int __wrap_pthread_join(pthread_t thread, void **result) {
    int error;

    if (atomic_load(&kernel.opens_at_join)) atomic_store(&kernel.gated, false);
    error = __real_pthread_join(thread, result);
    if (error == 0) atomic_fetch_sub(&kernel.threads, 1);
    return error;
}

/* ---- A room, and what its kernel does --------------------------------- */

static void disarm(void) {
    atomic_store(&kernel.is_armed, false);
}

/* Where Check does not fork, the next test is to find a kernel as usual. */
static void leave_as_found(void) {
    disarm();
    atomic_store(&kernel.hurry, false);
    atomic_store(&kernel.gated, false);
    atomic_store(&kernel.opens_at_join, false);
    leave_room();
}

static void empty_room(void) {
    nftw(room.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    check_that(mkdir(room.dir, 0700) == 0, "%s", strerror(errno));
}

/* From here on, what is done in the test's directory counts, and these faults
 * come to pass. Not while a log is open. */
static void arm(const struct fault faults[FAULTS_MAX]) {
    snprintf(kernel.dir, sizeof kernel.dir, "%s", room.dir);
    memcpy(kernel.faults, faults, sizeof kernel.faults);
    memset(kernel.trace, 0, sizeof kernel.trace);
    atomic_store(&kernel.traced, 0);
    atomic_store(&kernel.syncing_fd, -1);
    for (int call = 0; call < CALLS; call++)
        atomic_store(&kernel.count[call], 0);
    for (int fd = 0; fd < FDS_MAX; fd++)
        atomic_store(&kernel.ours[fd], false);
    atomic_store(&kernel.is_armed, true);
}

static const struct fault no_faults[FAULTS_MAX];

/* ---- Files and records ------------------------------------------------ */

/* How many of the files beside the log hold just these bytes, or others. */
static int count_beside(struct slice bytes, bool others) {
    struct dirent **found;
    int files = scandir(room.dir, &found, NULL, NULL);
    int count = 0;

    check_that(files >= 0, "%s: %s", room.dir, strerror(errno));
    for (int i = 0; i < files; i++) {
        char path[400];

        snprintf(path, sizeof path, "%s/%s", room.dir, found[i]->d_name);
        if (strstr(path, ".cut-") != NULL && file_is(path, bytes) != others) {
            count++;
        }
        free(found[i]);
    }
    free(found);
    return count;
}

static bool is_beside(struct slice bytes) {
    return count_beside(bytes, false) > 0;
}

static void append(struct aof *aof, struct buf *told, struct slice value) {
    struct slice argv[] = {BYTES("SET"), BYTES("\0key\r\n"), value};

    aof_append(aof, argv, COUNT_OF(argv));
    add_record(told, argv, COUNT_OF(argv));
}

/* Wait until 'count' is at least 'least'; false if it takes too long. */
static bool reaches(const atomic_int *count, int least) {
    int64_t end = clock_ms() + WAIT_MS;

    while (atomic_load(count) < least) {
        if (clock_ms() > end) return false;
        wait_a_moment();
    }
    return true;
}

/* ---- A life under faults ---------------------------------------------- */

#define TURNS 4

struct life {
    struct slice torn; /* what the file ended with at the start; borrowed */
    struct buf told;   /* records: those of the file, and all appended since */
    size_t kept;       /* bytes of 'told' that have been promised */
    bool opened;       /* the log was */
    bool perfect;      /* nothing went wrong, as far as we were told */
    char what[200];    /* went wrong, for messages */
};

/* At any moment the file holds what was promised, and then perhaps more of what
 * was appended, in that order, whole or torn: it will load, and to no more and
 * no less than that. */
static void check_file(const struct life *life) {
    struct buf file = read_file(room.path);
    struct slice found = buf_slice(&file);
    struct slice told = {buf_slice(&life->told).data, found.len};

    check_that(found.len >= life->kept, "%s: %zu bytes of %zu promised",
               life->what, found.len, life->kept);
    check_that(found.len <= buf_len(&life->told) && same_bytes(found, told),
               "%s: %zu bytes were promised, the file is \"%s\"", life->what,
               life->kept, shown(found));
    buf_free(&file);
}

static bool was_injected(int error) {
    for (int i = 0; i < FAULTS_MAX; i++) {
        if (error != 0 && kernel.faults[i].error == error) return true;
    }
    return false;
}

/* The server's part: a turn, a commit, the next; if it fails, no more. */
static bool take_turns(struct life *life, struct aof *aof) {
    static const char bytes[200];

    for (int turn = 0; turn < TURNS; turn++) {
        int polls = atomic_load(&kernel.polls);

        append(aof, &life->told, (struct slice){bytes, (size_t)turn * 60});
        if (turn % 2 == 1) append(aof, &life->told, BYTES("and one more"));
        errno = 0;
        if (aof_commit(aof) == -1) {
            check_that(was_injected(errno), "%s: failed with: %s", life->what,
                       strerror(errno));
            check_file(life); /* should we be killed now */
            return false;
        }
        life->kept = buf_len(&life->told);
        check_file(life);
        if (!atomic_load(&kernel.hurry)) continue;
        check_that(reaches(&kernel.polls, polls + 2), "the syncer sleeps");
    }
    return true;
}

static void live(struct life *life) {
    struct aof *aof = open_log();
    int result;

    life->opened = aof != NULL;
    if (aof == NULL) return;
    life->kept = buf_len(&life->told);
    life->perfect = take_turns(life, aof);
    errno = 0;
    result = aof_close(aof);
    if (result == 0) {
        const char *last_write = strrchr(kernel.trace, 'w');

        life->kept = buf_len(&life->told);
        check_that(last_write == NULL || strchr(last_write, 's') != NULL,
                   "%s: closed, and not synced", life->what);
    } else {
        check_that(was_injected(errno), "%s: failed with: %s", life->what,
                   strerror(errno));
        life->perfect = false;
    }
    check_file(life);
}

/* It did not open, and said why. Nothing is lost: what was torn is still in the
 * file, or beside it. */
static void check_not_opened(const struct life *life) {
    struct buf whole = {0};
    bool says_why = false;

    for (int i = 0; i < FAULTS_MAX; i++) {
        int error = kernel.faults[i].error;

        if (error > 0 && strstr(said(), strerror(error)) != NULL) {
            says_why = true;
        }
    }
    check_that(says_why && strstr(said(), room.path) != NULL,
               "%s: the log says \"%s\"", life->what, said());
    /* There may be no file yet: a fault struck before it was made. */
    if (access(room.path, F_OK) == 0) {
        buf_append(&whole, buf_slice(&life->told).data, buf_len(&life->told));
        buf_append(&whole, life->torn.data, life->torn.len);
        check_that(file_is(room.path, buf_slice(&whole)) ||
                       (file_is(room.path, buf_slice(&life->told)) &&
                        is_beside(life->torn)),
                   "%s: bytes were lost", life->what);
        buf_free(&whole);
    }
}

/* The fault is over: it opens, and holds what was promised. */
static void check_next_life(const struct life *life) {
    struct aof *aof = open_log();
    struct slice replayed;

    check_that(aof != NULL, "%s: opened no more: %s", life->what, said());
    check_that(aof_close(aof) == 0, "%s: closed no more", life->what);
    check_file(life);
    replayed = buf_slice(&room.replayed);
    check_that(replayed.len >= life->kept && file_is(room.path, replayed),
               "%s: %zu bytes of %zu promised were loaded", life->what,
               replayed.len, life->kept);
    check_that(life->torn.len == 0 || is_beside(life->torn),
               "%s: what was cut is lost", life->what);
    /* On a full disk each attempt to start would leave one more. */
    check_that(life->torn.len == 0 || count_beside(life->torn, true) == 0,
               "%s: half of what was cut is left", life->what);
}

/* For messages. */
static void describe(const struct fault faults[FAULTS_MAX], char text[200]) {
    size_t len = 0;

    for (int i = 0; i < FAULTS_MAX && faults[i].first > 0; i++) {
        int error = faults[i].error;

        len += (size_t)snprintf(
            text + len, 200 - len, "%s%s no. %d%s: %s", i > 0 ? ", " : "",
            call_names[faults[i].call], faults[i].first,
            faults[i].last > faults[i].first ? " and all further" : "",
            error == HALF       ? "half"
            : error == ONE_BYTE ? "one byte"
                                : strerror(error));
    }
}

/* Live once with these faults, from a file of three records and 'torn'. Tells
 * whether that life was perfect: nothing of the faults was to be noticed. */
static bool survive(struct slice torn, const struct fault faults[FAULTS_MAX]) {
    struct life life = {.torn = torn};
    struct buf file = {0};
    int before = count_descriptors();

    describe(faults, life.what);
    empty_room();
    for (int i = 0; i < 3; i++)
        add_record(&life.told, (struct slice[]){BYTES("DEL"), BYTES("a")}, 2);
    buf_append(&file, buf_slice(&life.told).data, buf_len(&life.told));
    buf_append(&file, torn.data, torn.len);
    write_file(room.path, buf_slice(&file));

    arm(faults);
    live(&life);
    disarm();
    if (!life.opened) check_not_opened(&life);
    check_that(atomic_load(&kernel.threads) == 0, "%s: a thread is left",
               life.what);
    check_that(count_descriptors() == before, "%s: %d descriptors are left",
               life.what, count_descriptors() - before);
    check_next_life(&life);
    buf_free(&file);
    buf_free(&life.told);
    return life.perfect;
}

/* Whether it came to that: the first fault struck. */
static bool struck(const struct fault *fault) {
    return atomic_load(&kernel.count[fault->call]) >= fault->first;
}

#define TORN BYTES("*2\r\n$3\r\nDEL\r\n$1000\r\nto")

static const int errors[] = {EIO, ENOSPC, EINTR};

/* One of these calls, then another, for n = 1, 2 ... until there is no n-th:
 * the n-th one fails, alone or as the first of many. A call that was
 * interrupted succeeds some day, or there would be no way out. */
START_TEST(whichever_call_fails_no_promise_is_broken) {
    enum kernel_call call = (enum kernel_call)_i;

    /* The syncer has to get its turn in each of the server's. */
    if (call == FDATASYNC) atomic_store(&kernel.hurry, true);
    for (size_t i = 0; i < COUNT_OF(errors) * 2; i++) {
        int error = errors[i / 2];
        bool for_good = i % 2 == 1;
        struct fault faults[FAULTS_MAX] = {{call, 0, 0, error}};
        int noticed = 0;
        bool perfect;
        int n = 0;

        if (for_good && error == EINTR) break;
        do {
            faults[0].first = ++n;
            faults[0].last = for_good ? FOR_GOOD : n;
            perfect = survive(TORN, faults);
            if (!perfect) noticed++;
            if (perfect && struck(faults)) {
                check_that(call == CLOSE || ((call == READ || call == WRITE) &&
                                             error == EINTR),
                           "%s no. %d failed unnoticed", call_names[call], n);
            }
        } while (struck(faults));
        /* An old libc calls fstat() by another name. */
        check_that(n > 1 || call == FSTAT, "%s is never called",
                   call_names[call]);
        /* Of those to close(), that of the file with what was cut counts. */
        check_that(noticed > 0 || call == FSTAT ||
                       ((call == READ || call == WRITE) && error == EINTR),
                   "%s: no failure was noticed", call_names[call]);
    }
}
END_TEST

/* Neither an interruption nor a short read or write is a failure: go on. */
START_TEST(what_is_done_by_halves_is_done_again) {
    static const enum kernel_call calls[] = {READ, WRITE};
    static const int halves[] = {EINTR, HALF, ONE_BYTE};

    for (size_t i = 0; i < COUNT_OF(calls) * COUNT_OF(halves) * 2; i++) {
        int half = halves[i / 2 % COUNT_OF(halves)];
        bool for_good = i % 2 == 1;
        struct fault faults[FAULTS_MAX] = {
            {calls[i / 2 / COUNT_OF(halves)], 0, 0, half}};
        int n = 0;

        if (for_good && half == EINTR) continue;
        do {
            char what[200];

            faults[0].first = ++n;
            faults[0].last = for_good ? FOR_GOOD : n;
            describe(faults, what);
            check_that(survive(TORN, faults), "%s: is no reason to fail", what);
        } while (struck(faults));
    }
}
END_TEST

/* The usual way for a disk to be full: there was room for a part. */
START_TEST(half_a_write_and_then_an_error_break_no_promise) {
    for (size_t i = 0; i < COUNT_OF(errors) * 2; i++) {
        bool for_good = i % 2 == 1;
        struct fault faults[FAULTS_MAX] = {{WRITE, 0, 0, HALF},
                                           {WRITE, 0, 0, errors[i / 2]}};
        int n = 0;

        if (for_good && errors[i / 2] == EINTR) break;
        do {
            faults[0].first = faults[0].last = ++n;
            faults[1].first = n + 1;
            faults[1].last = for_good ? FOR_GOOD : n + 1;
            survive(TORN, faults);
        } while (struck(faults));
    }
}
END_TEST

/* A turn is in the file as a whole, or not at all; even if some of its records
 * were written as a whole. */
START_TEST(half_a_turn_is_taken_back) {
    static const int portions[] = {HALF, ONE_BYTE};

    for (int writes = 1; writes <= 60; writes++) {
        for (size_t i = 0; i < COUNT_OF(portions); i++) {
            /* The first turn takes one write, the second so many and fails. */
            const struct fault faults[FAULTS_MAX] = {
                {WRITE, 2, writes + 1, portions[i]},
                {WRITE, writes + 2, FOR_GOOD, EIO}};
            struct buf told = {0}, more = {0};
            struct aof *aof;

            empty_room();
            arm(faults);
            aof = opened();
            append(aof, &told, BYTES("value"));
            ck_assert_int_eq(aof_commit(aof), 0);
            for (int j = 0; j < 3; j++)
                append(aof, &more, BYTES("of the second turn"));
            if (aof_commit(aof) == 0) { /* so many halves are a whole */
                buf_append(&told, buf_slice(&more).data, buf_len(&more));
            }
            check_that(file_is(room.path, buf_slice(&told)),
                       "after %d writes, %s each, and an error", writes,
                       portions[i] == HALF ? "half" : "one byte");
            aof_close(aof);
            buf_free(&told);
            buf_free(&more);
        }
    }
}
END_TEST

/* Half a record is in the file, and cannot be taken back. Then nothing may be
 * written behind it: a torn end is cut when the file is opened, but a torn
 * middle keeps it from opening ever again. */
START_TEST(a_write_that_cannot_be_taken_back_is_the_last) {
    static const enum kernel_call calls[] = {FTRUNCATE, FSTAT};

    for (size_t i = 0; i < COUNT_OF(calls) * 2; i++) {
        bool for_good = i % 2 == 1;
        struct fault faults[FAULTS_MAX] = {{WRITE, 0, 0, HALF},
                                           {WRITE, 0, 0, ENOSPC},
                                           {calls[i / 2], 0, 0, EIO}};

        for (int m = 1; m <= 4; m++) { /* opening the log needs some, too */
            int n = 0;

            faults[2].first = m;
            faults[2].last = for_good ? FOR_GOOD : m;
            do {
                faults[0].first = faults[0].last = ++n;
                faults[1].first = faults[1].last = n + 1;
                survive(BYTES(""), faults);
            } while (struck(faults));
        }
    }
}
END_TEST

/* Who was told so in that turn is told no more; what could not be written is
 * kept, and comes first when there is room. */
START_TEST(a_write_that_failed_is_done_again_when_there_is_room) {
    static const struct fault faults[FAULTS_MAX] = {{WRITE, 2, 4, ENOSPC}};
    struct buf told = {0};
    struct aof *aof;

    arm(faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    append(aof, &told, BYTES("no room for this"));
    errno = 0;
    ck_assert_int_eq(aof_commit(aof), -1);
    ck_assert_int_eq(errno, ENOSPC);
    append(aof, &told, BYTES("a key that expires meanwhile"));
    ck_assert_int_eq(aof_commit(aof), 0);
    ck_assert_int_eq(aof_error(aof), ENOSPC);
    aof_tick(aof);
    aof_tick(aof);
    ck_assert_int_eq(aof_error(aof), ENOSPC);
    aof_tick(aof);
    ck_assert_int_eq(aof_error(aof), 0);
    ck_assert(file_is(room.path, buf_slice(&told)));
    append(aof, &told, BYTES("and then this"));
    ck_assert_int_eq(aof_commit(aof), 0);
    ck_assert_int_eq(aof_close(aof), 0);
    ck_assert(file_is(room.path, buf_slice(&told)));
    buf_free(&told);
}
END_TEST

/* ---- Syncing ---------------------------------------------------------- */

/* What was done to files, of these letters only. */
static const char *trace_of(const char *letters) {
    static char filtered[TRACE_MAX];
    size_t len = 0;

    for (const char *at = kernel.trace; *at != '\0'; at++) {
        if (strchr(letters, *at) != NULL) filtered[len++] = *at;
    }
    filtered[len] = '\0';
    return filtered;
}

/* Let some of the syncer's seconds pass, which are short now. */
static void let_seconds_pass(int seconds) {
    check_that(reaches(&kernel.polls, atomic_load(&kernel.polls) + seconds),
               "the syncer sleeps");
}

static int syncs(void) {
    return atomic_load(&kernel.count[FDATASYNC]);
}

/* A sync has begun, and waits at the gate. */
static void wait_for_sync(void) {
    int64_t end = clock_ms() + WAIT_MS;

    while (atomic_load(&kernel.syncing_fd) == -1) {
        check_that(clock_ms() < end, "nothing is synced");
        wait_a_moment();
    }
}

START_TEST(within_about_a_second_what_was_committed_is_synced) {
    struct buf told = {0};
    struct aof *aof;
    int64_t began;

    arm(no_faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    began = clock_ms();
    ck_assert_int_eq(aof_commit(aof), 0);
    ck_assert(reaches(&kernel.count[FDATASYNC], 1));
    ck_assert_int_le(clock_ms() - began, 2500);
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&told);
}
END_TEST

START_TEST(what_was_not_written_is_not_synced) {
    struct buf told = {0};
    struct aof *aof;

    atomic_store(&kernel.hurry, true);
    arm(no_faults);
    aof = opened();
    let_seconds_pass(5);
    ck_assert_int_eq(aof_commit(aof), 0);
    let_seconds_pass(5);
    ck_assert_int_eq(syncs(), 0);
    for (int i = 1; i <= 3; i++) {
        append(aof, &told, BYTES("value"));
        let_seconds_pass(5);
        ck_assert_int_eq(syncs(), i - 1); /* appended is not written */
        ck_assert_int_eq(aof_commit(aof), 0);
        ck_assert(reaches(&kernel.count[FDATASYNC], i));
        let_seconds_pass(5);
        ck_assert_int_eq(syncs(), i);
    }
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&told);
}
END_TEST

/* A server that was killed may not have come to it. */
START_TEST(what_was_loaded_is_synced) {
    struct buf records = {0};
    struct aof *aof;

    add_record(&records, (struct slice[]){BYTES("DEL"), BYTES("a")}, 2);
    write_file(room.path, buf_slice(&records));
    atomic_store(&kernel.hurry, true);
    arm(no_faults);
    aof = opened();
    ck_assert(reaches(&kernel.count[FDATASYNC], 1));
    let_seconds_pass(5);
    ck_assert_int_eq(syncs(), 1);
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&records);
}
END_TEST

START_TEST(a_sync_that_takes_its_time_holds_up_no_commit) {
    struct buf told = {0};
    struct aof *aof;

    atomic_store(&kernel.hurry, true);
    atomic_store(&kernel.gated, true);
    arm(no_faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    wait_for_sync();
    for (int i = 0; i < 10; i++) {
        append(aof, &told, BYTES("value"));
        ck_assert_int_eq(aof_commit(aof), 0);
        ck_assert(file_is(room.path, buf_slice(&told)));
    }
    atomic_store(&kernel.gated, false);
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&told);
}
END_TEST

START_TEST(what_is_written_during_a_sync_gets_one_of_its_own) {
    struct buf told = {0};
    struct aof *aof;

    atomic_store(&kernel.hurry, true);
    atomic_store(&kernel.gated, true);
    arm(no_faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    wait_for_sync();
    append(aof, &told, BYTES("perhaps too late for that one"));
    ck_assert_int_eq(aof_commit(aof), 0);
    atomic_store(&kernel.gated, false);
    ck_assert_msg(reaches(&kernel.count[FDATASYNC], 2), "%d syncs", syncs());
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&told);
}
END_TEST

START_TEST(closing_waits_for_a_sync_and_syncs_once_more) {
    struct buf told = {0};
    struct aof *aof;

    atomic_store(&kernel.hurry, true);
    atomic_store(&kernel.gated, true);
    atomic_store(&kernel.opens_at_join, true);
    arm(no_faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    wait_for_sync();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_close(aof), 0);
    ck_assert(!atomic_load(&kernel.closed_early));
    ck_assert_int_eq(atomic_load(&kernel.threads), 0);
    /* Twice written and synced; and what is closed last is log and lock. */
    ck_assert_str_eq(trace_of("wsc") + strcspn(trace_of("wsc"), "w"), "wswscc");
    ck_assert(file_is(room.path, buf_slice(&told)));
    buf_free(&told);
}
END_TEST

/* A kernel that could not write a page may call it clean all the same, and the
 * next sync would find nothing to complain of. So one failure is enough. */
START_TEST(after_a_sync_that_failed_nothing_more_is_written) {
    static const struct fault faults[FAULTS_MAX] = {{FDATASYNC, 1, 1, EIO}};
    struct buf told = {0}, more = {0};
    struct aof *aof;
    int64_t end = clock_ms() + WAIT_MS;

    atomic_store(&kernel.hurry, true);
    arm(faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    while (aof_commit(aof) == 0) { /* nothing: only asks */
        check_that(clock_ms() < end, "nobody is told");
        wait_a_moment();
    }
    ck_assert_int_eq(errno, EIO);
    let_seconds_pass(3);
    append(aof, &more, BYTES("too late"));
    ck_assert_int_eq(aof_commit(aof), 0);
    aof_tick(aof);
    ck_assert_int_eq(aof_error(aof), EIO);
    ck_assert(aof_wants_rewrite(aof));
    errno = 0;
    ck_assert_int_eq(aof_close(aof), -1);
    ck_assert_int_eq(errno, EIO);
    ck_assert(file_is(room.path, buf_slice(&told)));
    disarm();
    ck_assert_int_eq(aof_close(opened()), 0);
    assert_bytes(buf_slice(&room.replayed), buf_slice(&told));
    buf_free(&told);
    buf_free(&more);
}
END_TEST

START_TEST(a_last_sync_that_fails_is_told) {
    static const struct fault faults[FAULTS_MAX] = {{FDATASYNC, 1, 1, ENOSPC}};
    struct buf told = {0};
    struct aof *aof;

    arm(faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    errno = 0;
    ck_assert_int_eq(aof_close(aof), -1);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert(file_is(room.path, buf_slice(&told)));
    buf_free(&told);
}
END_TEST

/* ---- The order of things ---------------------------------------------- */

/* fsync(2): the name of a new file is its directory's, not its own. */
START_TEST(the_directory_of_a_new_log_is_synced) {
    arm(no_faults);
    ck_assert_int_eq(aof_close(opened()), 0);
    ck_assert_str_eq(trace_of("dwt"), "d");
}
END_TEST

/* What is cut is on the disk elsewhere, under a name that is there too, before
 * it is cut; and is cut on the disk before anything is written behind it. */
START_TEST(what_is_cut_is_safe_before_it_is_cut) {
    arm(no_faults);
    write_file(room.path, TORN);
    ck_assert_int_eq(aof_close(opened()), 0);
    /* The last one is that of aof_close(). */
    ck_assert_str_eq(trace_of("dwts"), "dwsdtss");
    ck_assert(is_beside(TORN));
}
END_TEST

Suite *aof_faults_suite(void) {
    const TTest *const tests[] = {
        what_is_done_by_halves_is_done_again,
        half_a_write_and_then_an_error_break_no_promise,
        half_a_turn_is_taken_back,
        a_write_that_cannot_be_taken_back_is_the_last,
        a_write_that_failed_is_done_again_when_there_is_room,
        within_about_a_second_what_was_committed_is_synced,
        what_was_not_written_is_not_synced,
        what_was_loaded_is_synced,
        a_sync_that_takes_its_time_holds_up_no_commit,
        what_is_written_during_a_sync_gets_one_of_its_own,
        closing_waits_for_a_sync_and_syncs_once_more,
        after_a_sync_that_failed_nothing_more_is_written,
        a_last_sync_that_fails_is_told,
        the_directory_of_a_new_log_is_synced,
        what_is_cut_is_safe_before_it_is_cut,
    };
    Suite *suite = suite_create("aof: faults");
    TCase *tcase = tcase_create("aof: faults");

    tcase_set_timeout(tcase, TEST_SECONDS);
    tcase_add_unchecked_fixture(tcase, make_base, remove_base);
    tcase_add_checked_fixture(tcase, enter_room, leave_as_found);
    tcase_add_loop_test(tcase, whichever_call_fails_no_promise_is_broken, 0,
                        CALLS);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
