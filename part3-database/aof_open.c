/* aof_open.c -- the beginning and the end of the append-only file. */
#include "aof.h"

#include "aof_load.h"
#include "aof_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_of(const struct aof *aof) {
    return aof->options.path;
}

/* flock(2) belongs to the open file, not to its name or to the process, so it
 * goes when we go, however that happens. It is taken on a file beside the log
 * that is never renamed. */
static int take_lock(struct aof *aof) {
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s.lock", path_of(aof)) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return aof_fail(aof, "lock", path_of(aof));
    }
    aof->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (aof->lock_fd == -1) {
        return aof_fail(aof, "make the lock file beside", path_of(aof));
    }
    if (flock(aof->lock_fd, LOCK_EX | LOCK_NB) == -1) {
        if (errno != EWOULDBLOCK) return aof_fail(aof, "lock", path_of(aof));
        log_write(aof->options.log, LOG_WARNING,
                  "%s belongs to a server that is running: it holds %s",
                  path_of(aof), path);
        return -1;
    }
    return 0;
}

static int open_file(struct aof *aof) {
    struct stat status;

    /* O_APPEND: whatever else happens, a write never lands on a record. */
    aof->file.fd = open(path_of(aof), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC,
                        0600);
    if (aof->file.fd == -1 || fstat(aof->file.fd, &status) == -1) {
        return aof_fail(aof, "open", path_of(aof));
    }
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL; /* a directory cannot be opened so; a device could */
        return aof_fail(aof, "keep a log in", path_of(aof));
    }
    /* Through a link, the same file has another name, and another lock file. */
    if (flock(aof->file.fd, LOCK_EX | LOCK_NB) == -1) {
        return aof_fail(aof, "lock", path_of(aof));
    }
    if (aof_sync_directory(path_of(aof)) == -1) {
        return aof_fail(aof, "sync the directory of", path_of(aof));
    }
    return 0;
}

/* A rewrite that was not finished. Under the lock: it is nobody's. */
static void remove_leftover(struct aof *aof) {
    if (unlink(aof->next_path) == 0) {
        log_write(aof->options.log, LOG_NOTICE,
                  "removed %s, a rewrite that was not finished",
                  aof->next_path);
    } else if (errno != ENOENT) {
        aof_fail(aof, "remove", aof->next_path);
    }
}

/* A server that was killed may have left writes unsynced: what we have loaded
 * is ours to keep, too. From here on a seal says so. */
static int load(struct aof *aof) {
    struct aof_syncer *syncer = &aof->syncer;
    struct aof_found found;
    int result = aof_load(aof->file.fd, &aof->crc64, &aof->options, &found);

    if (result == 0) {
        aof->file.size = aof->rewrite.base_size = found.cut_at;
        aof->file.chain = found.chain;
        aof->file.says_all = found.ends_clean;
        atomic_store(&syncer->fd, aof->file.fd);
        atomic_store(&syncer->written, found.cut_at);
        if (found.cut_at > 0) result = aof_sync_now(aof);
        if (result == -1) aof_fail(aof, "sync", path_of(aof));
    }
    aof_found_free(&found);
    return result;
}

/* A new log gets its name only when its first seal is on the disk, so that no
 * crash leaves a file that has a size and not yet its bytes. */
static int begin_file(struct aof *aof) {
    struct aof_file next = {
        .fd = open(aof->next_path,
                   O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)};

    if (next.fd == -1) return -1;
    if (flock(next.fd, LOCK_EX | LOCK_NB) == -1 ||
        aof_file_write(&next, &aof->crc64, true, 0, (struct slice){0}) == -1 ||
        fsync(next.fd) == -1 || rename(aof->next_path, path_of(aof)) == -1 ||
        aof_sync_directory(path_of(aof)) == -1) {
        int cause = errno;

        close(next.fd);
        aof_file_free(&next);
        errno = cause;
        return -1;
    }
    close(aof->file.fd);
    aof_file_free(&aof->file);
    aof->file = next;
    atomic_store(&aof->syncer.fd, next.fd);
    aof_note_written(aof);
    atomic_store(&aof->syncer.synced, next.size);
    return 0;
}

/* A seal is on the disk before anybody is answered: a first one that can not be
 * read is damaged, then, and not what a crash has left. If the disk is full,
 * aof_tick() will write it. */
static int begin_seals(struct aof *aof) {
    if (aof->options.settings.has_no_seals || aof->file.says_all) return 0;
    if (aof->file.size == 0) {
        if (begin_file(aof) == 0) return 0;
        return aof_fail(aof, "begin", path_of(aof));
    }
    aof->owes_seal = true;
    if (aof_write(aof) == -1) {
        aof->error = errno;
        aof_fail(aof, "write", path_of(aof));
        return 0;
    }
    if (aof_sync_now(aof) == 0) return 0;
    return aof_fail(aof, "sync", path_of(aof));
}

static void aof_free(struct aof *aof) {
    int retired = atomic_load(&aof->syncer.retired);

    if (retired != -1) close(retired); /* the thread ended before it came */
    if (aof->file.fd != -1) close(aof->file.fd);
    if (aof->lock_fd != -1)
        close(aof->lock_fd); /* last: now another may come */
    aof_file_free(&aof->file);
    buf_free(&aof->pending);
    free(aof->next_path);
    free(aof);
}

static struct aof *aof_new(const struct aof_options *options) {
    static const char suffix[] = ".rewrite";
    size_t size = strlen(options->path) + sizeof suffix;
    struct aof *aof = xcalloc(1, sizeof *aof);
    struct aof_syncer *syncer = &aof->syncer;

    aof->options = *options;
    crc64_init(&aof->crc64);
    aof->next_path = xmalloc(size);
    snprintf(aof->next_path, size, "%s%s", options->path, suffix);
    aof->file.fd = aof->lock_fd = syncer->wake[0] = syncer->wake[1] = -1;
    aof->rewrite.next.fd = aof->rewrite.tail_fd = -1;
    aof->rewrite.last_ms = -1;
    atomic_store(&syncer->retired, -1);
    atomic_store(&syncer->synced_s, time_us() / 1000000);
    atomic_store(&syncer->syncs_each_second,
                 options->settings.fsync == FSYNC_EVERYSEC);
    return aof;
}

struct aof *aof_open(const struct aof_options *options) {
    struct aof *aof = aof_new(options);

    if (take_lock(aof) == 0 && open_file(aof) == 0) {
        remove_leftover(aof);
        if (load(aof) == 0 && begin_seals(aof) == 0 &&
            aof_start_syncer(aof) == 0) {
            return aof;
        }
    }
    aof_stop_syncer(aof);
    aof_free(aof);
    return NULL;
}

/* Say that there is no more, and that all of it was on the disk before. What
 * was appended is so already: it is no loss if this fails. */
static void end_seals(struct aof *aof) {
    aof->owes_seal = !aof->options.settings.has_no_seals && !aof->file.says_all;
    if (aof->owes_seal && aof_write(aof) == 0) aof_sync_now(aof);
}

int aof_close(struct aof *aof) {
    int cause;

    if (aof->error != 0 && !aof->is_lost) aof_tick(aof); /* once more */
    aof_commit(aof);
    aof_stop_rewriting(aof);
    aof_stop_syncer(aof);
    aof_go_on_rewriting(aof); /* it may have replaced the file by now */
    cause = aof->error;
    /* Even then: what was acknowledged before may still wait for a sync. */
    if (aof_sync_now(aof) == -1 && cause == 0) cause = errno;
    if (cause == 0) cause = atomic_load(&aof->syncer.error);
    if (cause == 0) end_seals(aof);
    aof_end_rewriting(aof);
    aof_free(aof);
    errno = cause;
    return cause == 0 ? 0 : -1;
}
