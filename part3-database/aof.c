/* aof.c -- the append-only file: append, commit, sync every second, close.
 *
 * Two threads: the server's appends and writes; one of our own does nothing
 * but wait for the disk, since an fdatasync() may take as long as it likes. It
 * needs no lock: what they share is one flag and one error number. */
#include "aof.h"

#include "aof_load.h"
#include "params.h"
#include "resp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct aof {
    const char *path; /* borrowed */
    const struct log *log;
    int fd;
    int lock_fd;
    struct buf pending; /* records of this turn */

    pthread_t syncer;
    bool has_syncer;
    int stop[2];             /* a pipe; closing [1] ends the syncer */
    enum aof_fsync fsync;    /* of the server's thread */
    atomic_bool is_unsynced; /* something was written since the last sync */
    atomic_llong synced_s;   /* when that was: time of day, seconds */
    atomic_int error;        /* errno of a failed write or sync; it stays */
};

static int fail(const struct aof *aof, const char *what) {
    log_write(aof->log, LOG_WARNING, "cannot %s %s: %s", what, aof->path,
              strerror(errno));
    return -1;
}

/* ---- Opening ---------------------------------------------------------- */

/* flock(2) belongs to the open file, not to its name or to the process, so it
 * goes when we go, however that happens. It is taken on a file beside the log
 * that is never renamed. */
static int take_lock(struct aof *aof) {
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s.lock", aof->path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return fail(aof, "lock");
    }
    aof->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (aof->lock_fd == -1) return fail(aof, "make the lock file beside");
    if (flock(aof->lock_fd, LOCK_EX | LOCK_NB) == -1) {
        if (errno != EWOULDBLOCK) return fail(aof, "lock");
        log_write(aof->log, LOG_WARNING,
                  "%s belongs to a server that is running: it holds %s",
                  aof->path, path);
        return -1;
    }
    return 0;
}

static int open_file(struct aof *aof) {
    struct stat status;

    /* O_APPEND: whatever else happens, a write never lands on a record. */
    aof->fd = open(aof->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (aof->fd == -1 || fstat(aof->fd, &status) == -1) {
        return fail(aof, "open");
    }
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL; /* a directory cannot be opened so; a device could */
        return fail(aof, "keep a log in");
    }
    /* Through a link, the same file has another name, and another lock file. */
    if (flock(aof->fd, LOCK_EX | LOCK_NB) == -1) return fail(aof, "lock");
    if (aof_sync_directory(aof->path) == -1) {
        return fail(aof, "sync the directory of");
    }
    return 0;
}

static void sync_now(struct aof *aof) {
    if (sync_data(aof->fd) == -1) {
        atomic_store(&aof->error, errno);
    } else {
        atomic_store(&aof->synced_s, time_us() / 1000000);
    }
}

static void *sync_every_second(void *argument) {
    struct aof *aof = argument;
    struct pollfd stop = {.fd = aof->stop[0], .events = POLLIN};

    /* The flag is taken before the sync: what is written while it runs may or
     * may not be covered, and raises the flag again. */
    while (poll(&stop, 1, AOF_SYNC_PERIOD_MS) <= 0) {
        if (atomic_exchange(&aof->is_unsynced, false)) sync_now(aof);
    }
    return NULL;
}

static int start_syncer(struct aof *aof) {
    if (pipe(aof->stop) == -1) return fail(aof, "make a pipe for");
    fcntl(aof->stop[0], F_SETFD, FD_CLOEXEC);
    fcntl(aof->stop[1], F_SETFD, FD_CLOEXEC);
    errno = pthread_create(&aof->syncer, NULL, sync_every_second, aof);
    if (errno != 0) return fail(aof, "make a thread for");
    aof->has_syncer = true;
    return 0;
}

static void close_fd(int fd) {
    if (fd != -1) close(fd);
}

static void stop_syncer(struct aof *aof) {
    close_fd(aof->stop[1]);
    if (aof->has_syncer) pthread_join(aof->syncer, NULL);
    close_fd(aof->stop[0]);
}

static void aof_free(struct aof *aof) {
    close_fd(aof->fd);
    close_fd(aof->lock_fd); /* last: now another server may open the file */
    buf_free(&aof->pending);
    free(aof);
}

struct aof *aof_open(const struct aof_options *options) {
    const char *path = options->path;
    const struct log *log = options->log;
    aof_replay_fn *replay = options->replay;
    void *context = options->context;

    struct aof *aof = xcalloc(1, sizeof *aof);

    aof->path = path;
    aof->log = log;
    aof->fd = aof->lock_fd = aof->stop[0] = aof->stop[1] = -1;
    aof->fsync = options->settings.fsync;
    aof->synced_s = time_us() / 1000000;
    if (take_lock(aof) == 0 && open_file(aof) == 0) {
        int64_t size = aof_load(aof->fd, path, log, replay, context);

        /* A server that was killed may have left writes unsynced: what we
         * have loaded is ours to keep, too. */
        aof->is_unsynced = size > 0;
        if (size >= 0 && start_syncer(aof) == 0) return aof;
    }
    stop_syncer(aof);
    aof_free(aof);
    return NULL;
}

/* ---- Writing ---------------------------------------------------------- */

void aof_append(struct aof *aof, const struct slice *argv, size_t argc) {
    size_t i;

    /* The writer that answers clients: the log is what they said. */
    resp_write_array(&aof->pending, argc);
    for (i = 0; i < argc; i++)
        resp_write_bulk(&aof->pending, argv[i]);
}

/* Part of a record at the end would be followed by the next one, and the file
 * be damaged for good. Take back the 'done' bytes that went in. */
static void undo_write(struct aof *aof, size_t done) {
    struct stat status;

    if (done == 0) return;
    if (fstat(aof->fd, &status) == 0 &&
        ftruncate(aof->fd, status.st_size - (off_t)done) == 0) {
        return;
    }
    fail(aof, "take back half a record from the end of");
}

static int write_pending(struct aof *aof) {
    struct slice pending = buf_slice(&aof->pending);
    size_t done = 0;
    int cause;

    while (done < pending.len) {
        ssize_t written = write(aof->fd, pending.data + done,
                                pending.len - done);

        if (written == -1 && errno == EINTR) continue;
        if (written == -1) {
            cause = errno;
            undo_write(aof, done);
            atomic_store(&aof->error, cause);
            return -1;
        }
        done += (size_t)written;
    }
    return 0;
}

int aof_commit(struct aof *aof) {
    size_t size = buf_len(&aof->pending);

    if (atomic_load(&aof->error) == 0 && size > 0 && write_pending(aof) == 0) {
        buf_consume(&aof->pending, size);
        if (aof->pending.cap > AOF_PENDING_KEPT) buf_free(&aof->pending);
        switch (aof->fsync) {
        case FSYNC_ALWAYS: sync_now(aof); break;
        case FSYNC_EVERYSEC: atomic_store(&aof->is_unsynced, true); break;
        case FSYNC_NO: break;
        }
    }
    errno = atomic_load(&aof->error);
    return errno == 0 ? 0 : -1;
}

int aof_configure(struct aof *aof, const struct aof_settings *settings) {
    enum aof_fsync fsync = settings->fsync;

    /* What the policy before has left unsynced is not what this one promises.
     */
    if (fsync != aof->fsync) sync_now(aof);
    aof->fsync = fsync;
    errno = atomic_load(&aof->error);
    return errno == 0 ? 0 : -1;
}

void aof_tick(struct aof *aof) {
    (void)aof;
}
int aof_error(const struct aof *aof) {
    return atomic_load(&aof->error);
}
bool aof_is_behind(const struct aof *aof) {
    (void)aof;
    return false;
}
int aof_rewrite(struct aof *aof) {
    (void)aof;
    errno = ENOSYS;
    return -1;
}
bool aof_wants_rewrite(const struct aof *aof) {
    (void)aof;
    return false;
}
struct aof_status aof_status(const struct aof *aof) {
    return (struct aof_status){.synced_s = atomic_load(&aof->synced_s),
                               .last_rewrite_ms = -1};
}

int aof_close(struct aof *aof) {
    int cause;

    aof_commit(aof);
    stop_syncer(aof);
    cause = atomic_load(&aof->error);
    /* Even then: what was acknowledged before may still wait for a sync. */
    if (sync_data(aof->fd) == -1 && cause == 0) cause = errno;
    aof_free(aof);
    errno = cause;
    return cause == 0 ? 0 : -1;
}
