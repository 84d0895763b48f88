/* aof_state.h -- what the append-only file is made of; between its files only.
 * The contract for all others is aof.h. */
#ifndef REDIS_LITE_AOF_STATE_H
#define REDIS_LITE_AOF_STATE_H

#include "aof.h"
#include "aof_file.h"
#include "aof_read.h"
#include "buf.h"
#include "child.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The thread that waits for the disk. It shares with the server's thread only
 * what is atomic; and the file, while it is not being replaced. */
struct aof_syncer {
    pthread_t thread;
    bool has_thread;
    int wake[2]; /* a pipe: a byte wakes it, closing [1] ends it */

    atomic_int fd;            /* of the log */
    atomic_llong written;     /* bytes that are in it... */
    atomic_llong synced;      /* ...and of them those that are on the disk */
    atomic_llong unsynced_ms; /* since when some are not, or earlier */
    atomic_llong synced_s;    /* the last sync: time of day, seconds */
    atomic_bool syncs_each_second; /* else only when it is asked to */
    atomic_bool is_syncing;
    atomic_int error;   /* errno of a sync that failed; 0: none */
    atomic_int retired; /* a descriptor to be closed; -1: none */

    atomic_int replacing;     /* enum aof_replacing */
    atomic_int replace_error; /* errno, if it failed or is unsure */
    atomic_int next_fd;
    atomic_llong next_written, next_synced; /* bytes of it */
};

/* How far the thread is with putting the new file in the place of the log. */
enum aof_replacing {
    REPLACE_NOT,
    REPLACE_WANTED, /* may still be taken back */
    REPLACE_BUSY,
    REPLACE_UNSURE, /* renamed, but the directory may not be on the disk */
    REPLACE_DONE,   /* renamed, for good; it touches no file until told */
    REPLACE_BROKEN, /* renamed, and then a sync of it failed; likewise */
    REPLACE_FAILED  /* the log is where it was */
};

enum aof_rewrite_phase {
    REWRITE_NONE,
    REWRITE_CHILD,       /* a child writes the new file */
    REWRITE_CATCHING_UP, /* what was logged since then goes into it */
    REWRITE_REPLACING    /* it has all; what comes is written to both */
};

struct aof_rewrite {
    enum aof_rewrite_phase phase;
    struct child child;
    struct aof_file next;   /* the new file */
    struct aof_reader tail; /* what of the log is not in it yet */
    int tail_fd;
    struct buf batch;      /* of that, on its way to it */
    atomic_llong *written; /* shared with the child: bytes of the log */
    bool is_unsure_said;
    uint64_t failures;         /* one after the other */
    int64_t began_ms, last_ms; /* clock_ms(); how long the last took, or -1 */
    uint64_t count;
    int64_t base_size;
};

struct aof {
    struct aof_options options; /* strings in it are borrowed */
    struct crc64 crc64;
    int lock_fd;
    char *next_path; /* owned: "FILE.rewrite" */

    struct buf pending; /* records that are not in the file */
    size_t held;        /* bytes of them that earlier turns could not write */
    int64_t turn_size;  /* bytes that were written last */
    struct aof_file file;
    int error;      /* errno: why nobody may write; 0: they may */
    bool is_lost;   /* for a sync failed: nothing is written to it */
    bool owes_seal; /* one that says that all was synced */
    bool is_behind;
    uint64_t delayed;
    int64_t time_s;     /* the last that was noted in the file */
    int64_t checked_ms; /* when its size was compared last */

    struct aof_syncer syncer;
    struct aof_rewrite rewrite;
};

/* ---- aof.c: writing ------------------------------------------------------ */

/* Write what is pending, or a seal that is owed. -1 with errno. */
int aof_write(struct aof *aof);

/* The file is given up, for this reason: nothing more is written to it. */
void aof_lose(struct aof *aof, int cause);

/* What was wrong is over: a new file has everything. */
void aof_recover(struct aof *aof);

/* Log what 'errno' says, and return -1. */
int aof_fail(const struct aof *aof, const char *what, const char *path);

/* ---- aof_sync.c: the thread ---------------------------------------------- */

int aof_start_syncer(struct aof *aof); /* -1, logged */
void aof_stop_syncer(struct aof *aof);
void aof_wake_syncer(struct aof *aof);

/* Sync the log now, and the file that may take its place. -1 with errno. */
int aof_sync_now(struct aof *aof);

/* What is in them now, and what was synced in between, if that is less. */
void aof_note_written(struct aof *aof);

/* ---- aof_rewrite.c ------------------------------------------------------- */

/* Go on as far as can be done without waiting. */
void aof_go_on_rewriting(struct aof *aof);

/* Give it up, if that can be: not if the new file may have its name already.
 * True if there is none any more. */
bool aof_stop_rewriting(struct aof *aof);

/* At the end: free what there is of it, whatever became of it. */
void aof_end_rewriting(struct aof *aof);

#endif
