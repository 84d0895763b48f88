/* aof.h -- the append-only file: every change, in the order it happened, so
 * that replaying the file brings the data back.
 *
 * Format     A recorded conversation: each record is a request as a client
 *            sends it, an array of bulk strings. From part 3 on the records of
 *            a turn are a block, and a line in front of it says how long it is
 *            and what it has to add up to (aof_seal.h). Redis 7 and Valkey
 *            read it, for whom such a line is a comment.
 * Ownership  One server a file: a lock file beside it ("FILE.lock") is locked
 *            with flock(2) while the file is open. It is empty and stays.
 *
 * What a client that got "+OK" may rely on, when this ends:
 *
 *                     policy always   everysec           no
 *   the process       kept            kept               kept
 *   the machine       kept            all but 2 s        as the system likes
 *
 * and when this fails:
 *
 *   write() to it     always: the server ends, without a reply to anybody
 *                     whose write is not on the disk. Otherwise clients that
 *                     wrote in that turn are closed without a reply; nobody
 *                     may write, all may read, until the disk takes what is
 *                     still to be written. What was answered before is kept.
 *   a sync            Nobody can know what is on the disk (fsync(2)), and
 *                     asking again does not tell. always: as above. Otherwise
 *                     nobody may write until all data is in a new file, which
 *                     is begun at once, and that is synced. What was answered
 *                     is kept, unless the machine ends before.
 *   a rewrite         At any step: the file that was there goes on. When its
 *                     directory cannot be synced, both files go on, for either
 *                     may be the one that is found after a crash.
 *   a byte in it      It is noticed, and the server refuses to start, if the
 *                     byte was known to be on the disk. What was not may be
 *                     what a crash has left: it is put aside, with all behind
 *                     it. Never is anything else loaded than what was written.
 *                     (Files without seals: see aof_open().)
 *
 * "All but 2 s": a sync begins every second; while the oldest change that is
 * not on the disk is 2 s old, aof_is_behind(), and clients that write have to
 * wait. So no more than 2 s of changes are ever at stake. (A write() may have
 * to wait behind the sync of the same file, in the kernel: then all do.)
 *
 * In parts 1 and 2 it is a stub that keeps nothing, and says so in the log. */
#ifndef REDIS_LITE_AOF_H
#define REDIS_LITE_AOF_H

#include "slice.h"
#include "util.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aof;
struct batch;

/* When what was written is synced to the disk: before the replies of its turn,
 * about every second by a thread of its own, or when the system likes. */
enum aof_fsync { FSYNC_ALWAYS, FSYNC_EVERYSEC, FSYNC_NO };

/* Runs one record on 'context' while the file is loaded: NULL if it went well,
 * else what is wrong with it. A callback, for the log is below the commands. */
typedef const char *aof_replay_fn(void *context, const struct slice *argv,
                                  size_t argc);

/* From part 3 on: called some ten times a second while the file is loaded, so
 * that others can do something meanwhile: 'loaded' bytes of 'size' are done.
 * False: give up. */
typedef bool aof_pause_fn(void *context, int64_t loaded, int64_t size);

/* From part 3 on: told of records that will be replayed next, so that what they
 * need can be fetched meanwhile. */
typedef void aof_announce_fn(void *context, const struct batch *batch);

/* From part 3 on: hand all data to 'add', as records, whole ones at a time.
 * Runs in a child process. -1 with errno if 'add' returned that. */
typedef int aof_add_fn(void *to, struct slice records);
typedef int aof_snapshot_fn(void *context, aof_add_fn *add, void *to);

/* From part 3 on. */
struct aof_settings {
    enum aof_fsync fsync;
    bool has_no_seals;        /* blocks go without the line before them */
    bool has_timestamps;      /* a line with the time, each second */
    bool refuses_torn;        /* aof-load-truncated no */
    int64_t corrupt_tail_max; /* bytes: aof-load-corrupt-tail-max-size */
};

struct aof_options {
    const char *path; /* borrowed until aof_close(), as 'log' is */
    const struct log *log;
    aof_replay_fn *replay;
    void *context; /* of the callbacks */

    /* From part 3 on: */
    aof_pause_fn *pause;       /* NULL: none */
    aof_announce_fn *announce; /* NULL: nobody wants to know */
    aof_snapshot_fn *snapshot; /* NULL: it cannot be rewritten */
    struct aof_settings settings;
};

/* Open the file, making it if it is not there (mode 0600), take its lock, and
 * replay what it holds. Starts the background thread.
 *
 * If the file ends within a block, as a crash leaves it, what stands before is
 * loaded, the torn rest is moved to "FILE.cut-OFFSET", and the log says so.
 * A block that is wrong, and was not known to be on the disk when the last good
 * one was written, is moved likewise, with all that follows it. Anything else
 * that is not as it was written refuses: NULL, the file untouched, and the log
 * names the offset and what was expected. Also NULL, logged, if the file can
 * not be opened, locked or read, or pause() gave up.
 *
 * Without seals (the file of another program) only the end can be told: within
 * a record it is cut, as above, and anything else refuses. A damaged length
 * that leads past the end then looks like a torn end, and a byte that changed
 * within a value like any other. If no more than 'corrupt_tail_max' bytes
 * follow the last good record, they are cut whatever they are. */
struct aof *aof_open(const struct aof_options *options);

/* Add one record to those of this turn. Copies; cannot fail. */
void aof_append(struct aof *aof, const struct slice *argv, size_t argc);

/* Write the records of this turn to the file, after those that wait for it.
 * -1 with errno: they are not all where the policy wants them, so nobody may be
 * told that they are. They are kept, and written at a later call, after which
 * aof_error() is 0 again; but with the policy always, it is better to end. */
int aof_commit(struct aof *aof);

/* Commit, sync to the disk, close, give up the lock; frees 'aof' in any case.
 * -1 with errno if something that was appended is not on the disk. */
int aof_close(struct aof *aof);

/* ---- From part 3 on ---------------------------------------------------- */

/* Go by these settings from now on. -1 with errno: a sync, which a stricter
 * policy needs, has failed. */
int aof_configure(struct aof *aof, const struct aof_settings *settings);

/* Look after time, ten times a second or so: write what waits, go on with a
 * rewrite. It never waits for the disk longer than aof_commit(). */
void aof_tick(struct aof *aof);

/* Why nobody may write now: an errno; 0: they may. */
int aof_error(const struct aof *aof);

/* Whether so much waits for the disk that clients which write have to. */
bool aof_is_behind(const struct aof *aof);

/* Begin to write a new file, of what is needed for the data as they are now: a
 * child process does it, while the old one goes on. -1 with errno: no child, or
 * one is there already (EALREADY). */
int aof_rewrite(struct aof *aof);

/* Whether it wants to be rewritten, since the file can not be relied on. */
bool aof_wants_rewrite(const struct aof *aof);

struct aof_status {
    int64_t size;      /* of the file, bytes... */
    int64_t base_size; /* ...and when it was loaded, or last rewritten */
    int64_t pending;   /* bytes that wait to be written */
    int64_t synced_s;  /* the last sync that succeeded, or when it was opened:
                          the time of day, seconds */
    uint64_t delayed;  /* how often aof_is_behind() came to be */
    bool is_syncing;   /* the thread is at it */

    bool is_rewriting;
    uint64_t failures;       /* of the last rewrites, one after the other */
    int64_t rewrite_ms;      /* how long this one has taken so far... */
    int64_t last_rewrite_ms; /* ...and how long the last one took; -1: none */
    uint64_t rewrites;       /* begun */
    int64_t fork_us;         /* what the last fork(2) took */
    int64_t copied; /* bytes of memory, for the last child; 0: unknown */
};

struct aof_status aof_status(const struct aof *aof);

#endif
