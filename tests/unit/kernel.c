/* kernel.c -- the functions between the log and libc, and the numbers that they
 * go by. */
#include "kernel.h"

#include "helpers.h"

#include <pthread.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define FDS_MAX 1024

const char *const call_names[CALLS] = {
    "open",      "close",     "read",   "write",
    "fstat",     "flock",     "fsync",  "fsync of a directory",
    "fdatasync", "ftruncate", "pipe",   "pthread_create",
    "lseek",     "rename",    "unlink", "mmap",
    "fork"};

const struct fault no_faults[FAULTS_MAX];

/* Until a test arms it: nothing is shared with anybody. */
static struct kernel at_rest;
struct kernel *kernel = &at_rest;

/* Descriptors of files in the test's directory. Those of a child are its own,
 * as this copy of the array is. */
static atomic_bool ours[FDS_MAX];

static pid_t owner; /* who has armed it: all others are children */

static void trace(char letter) {
    int at = atomic_fetch_add(&kernel->traced, 1);

    if (at < TRACE_MAX - 1) kernel->trace[at] = letter;
}

/* One more call of this kind: the error that it is to fail with, or 0. */
static int strike(enum kernel_call call) {
    int n = atomic_fetch_add(&kernel->count[call], 1) + 1;

    for (int i = 0; i < FAULTS_MAX; i++) {
        if (kernel->faults[i].call == (int)call &&
            n >= kernel->faults[i].first && n <= kernel->faults[i].last) {
            return kernel->faults[i].error;
        }
    }
    return 0;
}

static bool is_ours(int fd) {
    return atomic_load(&kernel->is_armed) && fd >= 0 && fd < FDS_MAX &&
           atomic_load(&ours[fd]);
}

static bool is_there(const char *path) {
    return atomic_load(&kernel->is_armed) &&
           strncmp(path, kernel->dir, strlen(kernel->dir)) == 0;
}

/* Whether this call, on this path, fails; errno then says with what. */
static bool strikes_path(enum kernel_call call, const char *path) {
    int error = is_there(path) ? strike(call) : 0;

    if (error != 0) errno = error;
    return error != 0;
}

/* Whether a call that concerns no file fails. */
static bool strikes_all(enum kernel_call call) {
    int error = atomic_load(&kernel->is_armed) ? strike(call) : 0;

    if (error != 0) errno = error;
    return error != 0;
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
off_t __real_lseek(int fd, off_t offset, int whence);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset);
pid_t __real_fork(void);
int64_t __real_clock_ms(void);

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
off_t __wrap_lseek(int fd, off_t offset, int whence);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset);
pid_t __wrap_fork(void);
int64_t __wrap_clock_ms(void);

int __wrap_open(const char *path, int flags, ...) {
    bool counts = is_there(path);
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
    if (fd >= 0 && fd < FDS_MAX) atomic_store(&ours[fd], counts);
    return fd;
}

/* As on Linux, the descriptor is gone even if close() fails. */
int __wrap_close(int fd) {
    bool fails = strikes(CLOSE, fd);
    int error = errno;
    int result;

    if (is_ours(fd)) {
        trace('c');
        if (atomic_load(&kernel->syncing_fd) == fd) {
            atomic_store(&kernel->closed_early, true);
        }
        atomic_store(&ours[fd], false);
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

    if (is_ours(fd)) trace(error > 0 ? 'x' : 'w');
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

void wait_a_moment(void) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* A child that is to stop waits here for its parent to let it go on. */
static void stop_child(void) {
    static int syncs;

    if (getpid() == owner || ++syncs != kernel->child_stops_at) return;
    kernel->child_waits = true;
    while (kernel->child_stops_at != 0 && getppid() == owner)
        wait_a_moment();
}

int __wrap_fsync(int fd) {
    struct stat status = {0};

    if (!is_ours(fd)) return __real_fsync(fd);
    stop_child();
    __real_fstat(fd, &status);
    trace(S_ISDIR(status.st_mode) ? 'd' : 's');
    return strikes(S_ISDIR(status.st_mode) ? DIRSYNC : FSYNC, fd)
               ? -1
               : __real_fsync(fd);
}

int __wrap_fdatasync(int fd) {
    bool fails;

    if (!is_ours(fd)) return __real_fdatasync(fd);
    trace('s');
    atomic_store(&kernel->syncing_fd, fd);
    while (atomic_load(&kernel->gated))
        wait_a_moment();
    atomic_store(&kernel->syncing_fd, -1);
    fails = strikes(FDATASYNC, fd);
    return fails ? -1 : __real_fdatasync(fd);
}

int __wrap_ftruncate(int fd, off_t size) {
    if (is_ours(fd)) trace('t');
    return strikes(FTRUNCATE, fd) ? -1 : __real_ftruncate(fd, size);
}

int __wrap_pipe(int ends[2]) {
    return strikes_all(PIPE) ? -1 : __real_pipe(ends);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
    bool hurried = atomic_load(&kernel->hurry) && timeout_ms > HURRIED_MS;
    int ready = __real_poll(fds, count, hurried ? HURRIED_MS : timeout_ms);

    if (hurried) atomic_fetch_add(&kernel->polls, 1);
    return ready;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument) {
    int error = atomic_load(&kernel->is_armed) ? strike(THREAD) : 0;

    if (error == 0) {
        error = __real_pthread_create(thread, attributes, run, argument);
    }
    if (error == 0) atomic_fetch_add(&kernel->threads, 1);
    return error;
}

int __wrap_pthread_join(pthread_t thread, void **result) {
    int error;

    if (atomic_load(&kernel->opens_at_join))
        atomic_store(&kernel->gated, false);
    error = __real_pthread_join(thread, result);
    if (error == 0) atomic_fetch_sub(&kernel->threads, 1);
    return error;
}

off_t __wrap_lseek(int fd, off_t offset, int whence) {
    return strikes(LSEEK, fd) ? -1 : __real_lseek(fd, offset, whence);
}

int __wrap_rename(const char *from, const char *to) {
    if (is_there(from)) trace('r');
    return strikes_path(RENAME, from) ? -1 : __real_rename(from, to);
}

int __wrap_unlink(const char *path) {
    if (is_there(path)) trace('u');
    return strikes_path(UNLINK, path) ? -1 : __real_unlink(path);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset) {
    if (strikes_all(MMAP)) return MAP_FAILED;
    return __real_mmap(at, size, protection, flags, fd, offset);
}

pid_t __wrap_fork(void) {
    return strikes_all(FORK) ? -1 : __real_fork();
}

int64_t __wrap_clock_ms(void) {
    long long slow_ms = atomic_load(&kernel->slow_ms);

    return __real_clock_ms() + slow_ms +
           atomic_fetch_add(&kernel->added_ms, slow_ms);
}

/* ---- What tests do with it --------------------------------------------- */

static void make_shared(void) {
    void *page = __real_mmap(NULL, sizeof *kernel, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    check_that(page != MAP_FAILED, "%s", strerror(errno));
    memcpy(page, &at_rest, sizeof at_rest);
    kernel = page;
}

void kernel_set(const struct fault faults[FAULTS_MAX]) {
    for (int i = 0; i < FAULTS_MAX; i++) {
        kernel->faults[i].last = -1; /* not while it is half another */
        kernel->faults[i].call = (int)faults[i].call;
        kernel->faults[i].error = faults[i].error;
        kernel->faults[i].first = faults[i].first;
        kernel->faults[i].last = faults[i].last;
    }
    memset(kernel->trace, 0, sizeof kernel->trace);
    atomic_store(&kernel->traced, 0);
    for (int call = 0; call < CALLS; call++)
        atomic_store(&kernel->count[call], 0);
}

void kernel_arm(const char *dir, const struct fault faults[FAULTS_MAX]) {
    if (kernel == &at_rest) make_shared();
    snprintf(kernel->dir, sizeof kernel->dir, "%s", dir);
    atomic_store(&kernel->syncing_fd, -1);
    for (int fd = 0; fd < FDS_MAX; fd++)
        atomic_store(&ours[fd], false);
    owner = getpid();
    kernel->child_stops_at = 0;
    kernel->child_waits = false;
    kernel_set(faults);
    atomic_store(&kernel->is_armed, true);
}

void kernel_disarm(void) {
    atomic_store(&kernel->is_armed, false);
}

void kernel_describe(const struct fault faults[FAULTS_MAX], char text[200]) {
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

bool kernel_struck(const struct fault *fault) {
    return atomic_load(&kernel->count[fault->call]) >= fault->first;
}

const char *kernel_trace(const char *letters) {
    static char filtered[TRACE_MAX];
    size_t len = 0;

    for (const char *at = kernel->trace; *at != '\0'; at++) {
        if (strchr(letters, *at) != NULL) filtered[len++] = *at;
    }
    filtered[len] = '\0';
    return filtered;
}

bool reaches(const atomic_int *count, int least) {
    int64_t end = __real_clock_ms() + WAIT_MS;

    while (atomic_load(count) < least) {
        if (__real_clock_ms() > end) return false;
        wait_a_moment();
    }
    return true;
}

void let_seconds_pass(int seconds) {
    check_that(reaches(&kernel->polls, atomic_load(&kernel->polls) + seconds),
               "the thread of the log sleeps");
}
