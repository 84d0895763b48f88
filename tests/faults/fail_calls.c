/* fail_calls.c -- makes one call to the kernel fail, or fall short, or the
 * process die in front of it. For LD_PRELOAD; calls.py says which call.
 *
 * It stands between any server and libc, and counts the calls that concern the
 * files in one directory. The counts are in a file that is mapped by the
 * server, its children and calls.py at the same time: so calls.py can arm it at
 * any moment, sees what was reached, and can end the fault. (strace could make
 * calls fail as well, but not fall short.)
 *
 * What libc calls by itself is not seen: so for what goes through stdio,
 * fwrite() and fflush() count as writes. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* In this order in calls.py, too. */
enum call {
    OPEN,
    READ,
    WRITE,
    FSYNC,
    FDATASYNC,
    FTRUNCATE,
    RENAME,
    UNLINK,
    FORK,
    CALLS
};

/* What happens, if not an errno. */
enum {
    SHORT = -1, /* part of it is read or written */
    KILL = -2,  /* the process ends in front of the call */
    TORN = -3,  /* the first is short, the others find no space */
    STUCK = -4, /* as TORN, and what was written can not be taken back */
    LIE = -5    /* it says yes and does nothing: for the self-test */
};

struct control {
    _Atomic int call;        /* that goes wrong; CALLS: none */
    _Atomic int first, last; /* of them, from 1 on... */
    _Atomic int fault;       /* ...with this errno, or one of the above */
    _Atomic int counts[CALLS];
    _Atomic int struck; /* how often it went wrong */
};

static struct control *control;
static char directory[PATH_MAX];

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAIL_CONTROL");
    const char *below = getenv("FAIL_DIRECTORY");
    int fd = path != NULL && below != NULL ? open(path, O_RDWR) : -1;
    void *page = MAP_FAILED;

    if (fd != -1) {
        page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED,
                    fd, 0);
        close(fd);
    }
    if (page == MAP_FAILED) return;
    snprintf(directory, sizeof directory, "%s", below);
    control = page;
}

/* ---- Which calls -------------------------------------------------------- */

static bool is_below(const char *path) {
    size_t len = strlen(directory);

    return strncmp(path, directory, len) == 0 &&
           (path[len] == '\0' || path[len] == '/');
}

/* A relative path is seen from where the server is. */
static bool is_ours(const char *path) {
    char here[PATH_MAX];

    if (control == NULL || path == NULL) return false;
    if (path[0] == '/') return is_below(path);
    return getcwd(here, sizeof here) != NULL && is_below(here);
}

static bool is_our_fd(int fd) {
    char link[64];
    char path[PATH_MAX];
    ssize_t len;

    if (control == NULL) return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof path - 1);
    if (len <= 0) return false;
    path[len] = '\0';
    return is_below(path);
}

/* An errno, or one of the other faults, as it stands. */
static int fail_with(int fault) {
    if (fault == KILL) kill(getpid(), SIGKILL);
    if (fault > 0) errno = fault;
    return fault;
}

/* One more call of this kind: 0, an errno, SHORT or LIE. */
static int strike(enum call call) {
    int n = atomic_fetch_add(&control->counts[call], 1) + 1;
    int first = atomic_load(&control->first);
    int fault = atomic_load(&control->fault);
    int armed = atomic_load(&control->call);

    if (fault == STUCK && armed == WRITE && call == FTRUNCATE &&
        atomic_load(&control->struck) > 0) {
        return fail_with(EIO);
    }
    if (armed != (int)call || n < first || n > atomic_load(&control->last)) {
        return 0;
    }
    atomic_fetch_add(&control->struck, 1);
    if (fault == TORN || fault == STUCK) fault = n == first ? SHORT : ENOSPC;
    return fail_with(fault);
}

/* A part of a transfer, but something, as a disk or a signal leaves it. */
static size_t portion(int fault, size_t size) {
    return fault == SHORT && size > 1 ? size / 2 : size;
}

/* Those of libc. The first call finds all: later, a child of a process with
 * threads could not (dlsym() takes a lock, which one of them might have had).
 */
/* clang-format off */
#define EACH(X) \
    X(open) X(open64) X(fopen) X(fopen64) X(read) X(pread) X(pread64) \
    X(write) X(fwrite) X(fflush) X(fsync) X(fdatasync) X(ftruncate) \
    X(ftruncate64) X(rename) X(unlink) X(fork)
/* clang-format on */
#define HOLD(name) static __typeof__(&name) real_##name;
#define FIND(name)                                                             \
    real_##name = __extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name);
EACH(HOLD)

static void find(void) {
    EACH(FIND)
}

#define REAL(name) (real_##name == NULL ? find() : (void)0, real_##name)

/* ---- In place of libc's ------------------------------------------------- */

#define OPENS(name)                                                            \
    int name(const char *path, int flags, ...) {                               \
        va_list more;                                                          \
        int mode;                                                              \
                                                                               \
        va_start(more, flags);                                                 \
        mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, int) : 0;   \
        va_end(more);                                                          \
        if (is_ours(path) && strike(OPEN) > 0) return -1;                      \
        return REAL(name)(path, flags, mode);                                  \
    }
OPENS(open)
OPENS(open64)

#define FOPENS(name)                                                           \
    FILE *name(const char *path, const char *mode) {                           \
        if (is_ours(path) && strike(OPEN) > 0) return NULL;                    \
        return REAL(name)(path, mode);                                         \
    }
FOPENS(fopen)
FOPENS(fopen64)

ssize_t read(int fd, void *to, size_t size) {
    int fault = is_our_fd(fd) ? strike(READ) : 0;

    return fault > 0 ? -1 : REAL(read)(fd, to, portion(fault, size));
}

#define PREADS(name, offset_type)                                              \
    ssize_t name(int fd, void *to, size_t size, offset_type at) {              \
        int fault = is_our_fd(fd) ? strike(READ) : 0;                          \
                                                                               \
        return fault > 0 ? -1 : REAL(name)(fd, to, portion(fault, size), at);  \
    }
PREADS(pread, off_t)
PREADS(pread64, off64_t)

ssize_t write(int fd, const void *from, size_t size) {
    int fault = is_our_fd(fd) ? strike(WRITE) : 0;

    if (fault == LIE) return (ssize_t)size;
    return fault > 0 ? -1 : REAL(write)(fd, from, portion(fault, size));
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file) {
    if (is_our_fd(fileno(file)) && strike(WRITE) > 0) return 0;
    return REAL(fwrite)(from, size, count, file);
}

int fflush(FILE *file) {
    if (file != NULL && is_our_fd(fileno(file)) && strike(WRITE) > 0)
        return EOF;
    return REAL(fflush)(file);
}

int fsync(int fd) {
    return is_our_fd(fd) && strike(FSYNC) > 0 ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd) {
    return is_our_fd(fd) && strike(FDATASYNC) > 0 ? -1 : REAL(fdatasync)(fd);
}

#define FTRUNCATES(name, offset_type)                                          \
    int name(int fd, offset_type size) {                                       \
        if (is_our_fd(fd) && strike(FTRUNCATE) > 0) return -1;                 \
        return REAL(name)(fd, size);                                           \
    }
FTRUNCATES(ftruncate, off_t)
FTRUNCATES(ftruncate64, off64_t)

int rename(const char *from, const char *to) {
    return is_ours(to) && strike(RENAME) > 0 ? -1 : REAL(rename)(from, to);
}

int unlink(const char *path) {
    return is_ours(path) && strike(UNLINK) > 0 ? -1 : REAL(unlink)(path);
}

pid_t fork(void) {
    return control != NULL && strike(FORK) > 0 ? -1 : REAL(fork)();
}
