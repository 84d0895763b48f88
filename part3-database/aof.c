/* aof.c -- the append-only file: append, commit, and what to do when the disk
 * does not.
 *
 * Two threads: the server's appends and writes; one of our own (aof_sync.c)
 * waits for the disk, since an fdatasync() may take as long as it likes. */
#include "aof.h"

#include "aof_state.h"
#include "params.h"
#include "resp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CHECK_MS 1000 /* between two looks at the file's size */

int aof_fail(const struct aof *aof, const char *what, const char *path) {
    int cause = errno;

    log_write(aof->options.log, LOG_WARNING, "cannot %s %s: %s", what, path,
              strerror(cause));
    errno = cause;
    return -1;
}

/* ---- Appending ----------------------------------------------------------- */

/* Redis's line with the time, for redis-check-aof --truncate-to-timestamp: once
 * a second is enough, before the first record of it. */
static void append_time(struct aof *aof) {
    int64_t now_s = time_us() / 1000000;
    char line[32];

    if (now_s == aof->time_s || buf_len(&aof->pending) > aof->held) return;
    aof->time_s = now_s;
    snprintf(line, sizeof line, "#TS:%" PRId64 "\r\n", now_s);
    buf_append(&aof->pending, line, strlen(line));
}

void aof_append(struct aof *aof, const struct slice *argv, size_t argc) {
    size_t i;

    if (aof->options.settings.has_timestamps) append_time(aof);
    /* The writer that answers clients: the log is what they said. */
    resp_write_array(&aof->pending, argc);
    for (i = 0; i < argc; i++)
        resp_write_bulk(&aof->pending, argv[i]);
}

/* ---- Failing ------------------------------------------------------------- */

/* What the kernel could not sync it may have thrown away, and a second try
 * would not tell: fsync(2). Only a new file can be relied on. */
void aof_lose(struct aof *aof, int cause) {
    if (aof->is_lost) return;
    aof->is_lost = true;
    aof->error = cause;
    aof_stop_rewriting(aof);
}

static void look_at_syncer(struct aof *aof) {
    int cause = atomic_load(&aof->syncer.error);

    if (cause == 0 || aof->is_lost) return;
    errno = cause;
    aof_fail(aof, "sync", aof->options.path);
    log_write(aof->options.log, LOG_WARNING,
              "what it holds may not be on the disk: nobody may write until "
              "all data is in a new file");
    aof_lose(aof, cause);
}

void aof_recover(struct aof *aof) {
    if (aof->error != 0) {
        log_write(aof->options.log, LOG_NOTICE,
                  "%s is written again: nothing was lost", aof->options.path);
    }
    aof->error = 0;
    aof->is_lost = false;
    aof->held = 0;
}

/* O_APPEND finds the end wherever somebody has put it, but the data would not
 * come back from such a file. */
static void check_size(struct aof *aof) {
    int64_t now_ms = clock_ms();
    struct stat status;

    if (now_ms - aof->checked_ms < CHECK_MS) return;
    aof->checked_ms = now_ms;
    if (aof->is_lost || aof->file.is_torn ||
        fstat(aof->file.fd, &status) == -1 ||
        status.st_size == aof->file.size) {
        return;
    }
    log_write(aof->options.log, LOG_WARNING,
              "%s is %" PRId64 " bytes long, and not %" PRId64
              ": somebody else has changed it. Nobody may write until all data "
              "is in a new file",
              aof->options.path, (int64_t)status.st_size, aof->file.size);
    aof_lose(aof, EIO);
}

/* ---- Writing ------------------------------------------------------------- */

static int write_to(struct aof *aof, struct aof_file *file, int64_t synced,
                    struct slice records) {
    return aof_file_write(file, &aof->crc64,
                          !aof->options.settings.has_no_seals, synced, records);
}

/* While the new file takes the place of the log, a crash may leave either: so
 * what is written is in both, or in none. */
static int write_both(struct aof *aof, struct slice records) {
    struct aof_rewrite *rewrite = &aof->rewrite;
    struct aof_file before = aof->file;
    int cause;

    if (!aof->is_lost &&
        write_to(aof, &aof->file, atomic_load(&aof->syncer.synced), records) ==
            -1) {
        return -1;
    }
    if (rewrite->phase != REWRITE_REPLACING ||
        write_to(aof, &rewrite->next, atomic_load(&aof->syncer.next_synced),
                 records) == 0) {
        return 0;
    }
    cause = errno;
    if (aof_stop_rewriting(aof) && !aof->is_lost) return 0;
    if (!aof->is_lost) aof_file_take_back(&aof->file, &before);
    errno = cause;
    return -1;
}

int aof_write(struct aof *aof) {
    struct slice records = buf_slice(&aof->pending);

    if (records.len == 0 && !aof->owes_seal) return 0;
    if (aof->is_lost && aof->rewrite.phase != REWRITE_REPLACING) {
        errno = aof->error;
        return -1;
    }
    if (write_both(aof, records) == -1) return -1;
    aof->turn_size = (int64_t)records.len;
    buf_consume(&aof->pending, records.len);
    if (aof->pending.cap > AOF_PENDING_KEPT) buf_free(&aof->pending);
    aof->held = 0;
    aof->owes_seal = false;
    aof_note_written(aof);
    return 0;
}

/* Write, and under the policy always sync. */
static int write_and_sync(struct aof *aof) {
    if (aof_write(aof) == -1) {
        aof->error = errno;
        return -1;
    }
    if (aof->options.settings.fsync != FSYNC_ALWAYS) return 0;
    if (aof_sync_now(aof) == 0) return 0;
    aof_lose(aof, errno);
    return -1;
}

/* What earlier turns could not write is left to aof_tick(), or each read would
 * try again. What this one has added then is no client's doing: nobody may
 * write, but keys may expire. */
int aof_commit(struct aof *aof) {
    bool was_failing = aof->error != 0;

    look_at_syncer(aof);
    if (buf_len(&aof->pending) > aof->held) {
        if (aof->error == 0) write_and_sync(aof);
        aof->held = buf_len(&aof->pending);
    }
    if (aof->rewrite.phase != REWRITE_NONE) aof_go_on_rewriting(aof);
    errno = aof->error;
    return aof->error != 0 && !was_failing ? -1 : 0;
}

/* ---- As time goes by ----------------------------------------------------- */

static void look_whether_behind(struct aof *aof) {
    struct aof_syncer *syncer = &aof->syncer;
    bool is_behind =
        aof->options.settings.fsync == FSYNC_EVERYSEC && !aof->is_lost &&
        atomic_load(&syncer->synced) < atomic_load(&syncer->written) &&
        clock_ms() - atomic_load(&syncer->unsynced_ms) >= AOF_BEHIND_MS;

    if (is_behind && !aof->is_behind) {
        aof->delayed++;
        log_write(aof->options.log, LOG_WARNING,
                  "the disk is behind: a sync of %s takes more than a second. "
                  "Clients that write have to wait",
                  aof->options.path);
    }
    aof->is_behind = is_behind;
}

void aof_tick(struct aof *aof) {
    look_at_syncer(aof);
    check_size(aof);
    look_whether_behind(aof);
    if (aof->rewrite.phase != REWRITE_NONE) aof_go_on_rewriting(aof);
    if (!aof->is_lost && (aof->error != 0 || aof->owes_seal)) {
        bool was_failing = aof->error != 0;

        if (write_and_sync(aof) == 0 && was_failing) aof_recover(aof);
    }
}

int aof_error(const struct aof *aof) {
    return aof->error;
}

bool aof_is_behind(const struct aof *aof) {
    return aof->is_behind;
}

int aof_configure(struct aof *aof, const struct aof_settings *settings) {
    bool is_stricter = settings->fsync < aof->options.settings.fsync;

    /* What the policy before has left unsynced is not what this one promises.
     */
    if (is_stricter && !aof->is_lost && aof_sync_now(aof) == -1) {
        aof_lose(aof, errno);
        return -1;
    }
    aof->options.settings = *settings;
    atomic_store(&aof->syncer.syncs_each_second,
                 settings->fsync == FSYNC_EVERYSEC);
    return 0;
}

struct aof_status aof_status(const struct aof *aof) {
    const struct aof_rewrite *rewrite = &aof->rewrite;
    const struct aof_syncer *syncer = &aof->syncer;
    bool is_rewriting = rewrite->phase != REWRITE_NONE;

    return (struct aof_status){
        .size = aof->file.size,
        .base_size = rewrite->base_size,
        .pending = (int64_t)buf_len(&aof->pending),
        .synced_s = atomic_load(&syncer->synced_s),
        .delayed = aof->delayed,
        .is_syncing = atomic_load(&syncer->is_syncing),
        .is_rewriting = is_rewriting,
        .failures = rewrite->failures + rewrite->is_unsure_said,
        .rewrite_ms = is_rewriting ? clock_ms() - rewrite->began_ms : 0,
        .last_rewrite_ms = rewrite->last_ms,
        .rewrites = rewrite->count,
        .fork_us = rewrite->child.fork_us,
        .copied = rewrite->child.copied};
}
