/* aof_rewrite.c -- a new append-only file, of what is needed for the data as
 * they are now, in place of one that tells all their history.
 *
 *   1. A child process (fork(2)) writes all keys to FILE.rewrite; then what was
 *      logged meanwhile, for which it reads the log; then it waits for the
 * disk. The server writes its log and knows nothing of it.
 *   2. What was logged since then is little. The server copies it itself, a bit
 *      each turn. From then on it writes to both files.
 *   3. The thread that waits for the disk (aof_sync.c) syncs the new file,
 * gives it the log's name with rename(2), and syncs the directory.
 *   4. Only then is the old one closed. Until then either may be what is found
 *      after a crash, and both have everything.
 *
 * Whatever fails before the rename leaves the log as it was. */
#include "aof.h"

#include "aof_state.h"
#include "params.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#define BATCH_SIZE (64 * 1024)   /* bytes of a block, about */
#define LITTLE     (1024 * 1024) /* bytes: what the server may copy itself */
#define ROUNDS_MAX 16            /* then the child ends, whatever is left */

/* What the child has done, in the end. */
struct report {
    int64_t size;            /* of the new file... */
    struct seal_chain chain; /* ...and what it comes to */
    int64_t tail_at;         /* so much of the log is in it */
    struct seal_chain tail_chain;
};

/* ---- What was logged meanwhile ------------------------------------------- */

static int write_next(struct aof *aof, int64_t synced, struct slice records) {
    return aof_file_write(&aof->rewrite.next, &aof->crc64,
                          !aof->options.settings.has_no_seals, synced, records);
}

static int flush_batch(struct aof *aof) {
    struct buf *batch = &aof->rewrite.batch;
    struct slice records = buf_slice(batch);

    if (records.len == 0) return 0;
    if (write_next(aof, 0, records) == -1) return -1;
    buf_consume(batch, records.len);
    return 0;
}

/* Copy what the log has up to 'end', but for about 'most' bytes at a time. How
 * many it copied; -1 with errno. The reader checks all of it once more. */
static int64_t copy_tail(struct aof *aof, int64_t end, int64_t most) {
    struct aof_reader *tail = &aof->rewrite.tail;
    int64_t from = tail->offset + (int64_t)tail->used;
    enum aof_read got = AOF_RECORDS;

    tail->end = end;
    while (got == AOF_RECORDS &&
           tail->offset + (int64_t)tail->used - from < most) {
        struct buf *batch = &aof->rewrite.batch;

        got = aof_reader_next(tail);
        buf_append(batch, tail->records.data, tail->records.len);
        /* A transaction without seals must not come to stand in two blocks. */
        if (buf_len(batch) >= BATCH_SIZE && !tail->has_no_seal &&
            flush_batch(aof) == -1) {
            return -1;
        }
    }
    if (got == AOF_TORN || got == AOF_WRONG) errno = EIO;
    if (got != AOF_RECORDS && got != AOF_END) return -1;
    if (flush_batch(aof) == -1) return -1;
    return tail->offset + (int64_t)tail->used - from;
}

static int open_tail(struct aof *aof, int fd, int64_t at,
                     const struct seal_chain *chain) {
    return aof_reader_open(&aof->rewrite.tail, fd, &aof->crc64, at, at, chain);
}

/* ---- The child ----------------------------------------------------------- */

static int add_records(void *to, struct slice records) {
    struct aof *aof = to;

    if (child_is_orphan(&aof->rewrite.child)) {
        errno = ECANCELED;
        return -1;
    }
    return write_next(aof, 0, records);
}

/* Until so little is left that the server can do it. */
static int copy_rounds(struct aof *aof) {
    int64_t copied = INT64_MAX;
    int round;

    for (round = 0; round < ROUNDS_MAX && copied > LITTLE; round++) {
        copied = copy_tail(aof, atomic_load(aof->rewrite.written), INT64_MAX);
        if (copied == -1 || fsync(aof->rewrite.next.fd) == -1) return -1;
    }
    return 0;
}

static int write_all(struct aof *aof) {
    struct aof_file *next = &aof->rewrite.next;

    /* The first seal has the id, and nothing to prove but itself. */
    if (write_next(aof, 0, (struct slice){0}) == -1) return -1;
    if (aof->options.snapshot(aof->options.context, add_records, aof) == -1 ||
        fsync(next->fd) == -1 || copy_rounds(aof) == -1) {
        return -1;
    }
    /* And the last one says that all was on the disk. */
    if (write_next(aof, next->size, (struct slice){0}) == -1) return -1;
    return fsync(next->fd);
}

static int run_child(void *context, void *report, size_t size) {
    struct aof *aof = context;
    struct aof_reader *tail = &aof->rewrite.tail;
    /* Opened again, for to seek in one shared with the server is to move it. */
    int fd = open(aof->options.path, O_RDONLY | O_CLOEXEC);

    (void)size;
    if (fd == -1 ||
        open_tail(aof, fd, aof->file.size, &aof->file.chain) == -1 ||
        write_all(aof) == -1) {
        return -1;
    }
    *(struct report *)report = (struct report){
        aof->rewrite.next.size, aof->rewrite.next.chain,
        tail->offset + (int64_t)tail->used, tail->next_chain};
    return 0;
}

/* ---- Beginning and giving up --------------------------------------------- */

static void close_all(struct aof_rewrite *rewrite) {
    child_kill(&rewrite->child);
    aof_reader_close(&rewrite->tail);
    rewrite->tail = (struct aof_reader){0};
    if (rewrite->tail_fd != -1) close(rewrite->tail_fd);
    rewrite->tail_fd = -1;
    buf_free(&rewrite->batch);
    if (rewrite->written != NULL) {
        munmap(rewrite->written, sizeof *rewrite->written);
    }
    rewrite->written = NULL;
}

static void end(struct aof_rewrite *rewrite) {
    close_all(rewrite);
    rewrite->phase = REWRITE_NONE;
    rewrite->last_ms = clock_ms() - rewrite->began_ms;
    rewrite->is_unsure_said = false;
}

static void give_up(struct aof *aof) {
    struct aof_rewrite *rewrite = &aof->rewrite;

    end(rewrite);
    rewrite->failures++;
    if (rewrite->next.fd != -1) {
        close(rewrite->next.fd);
        unlink(aof->next_path);
    }
    aof_file_free(&rewrite->next);
}

static void fail(struct aof *aof, int cause) {
    errno = cause;
    aof_fail(aof, "rewrite", aof->options.path);
    give_up(aof);
}

/* The thread may have begun to replace the log: then it has to end that. */
bool aof_stop_rewriting(struct aof *aof) {
    int wanted = REPLACE_WANTED;

    if (aof->rewrite.phase == REWRITE_NONE) return true;
    if (aof->rewrite.phase == REWRITE_REPLACING &&
        !atomic_compare_exchange_strong(&aof->syncer.replacing, &wanted,
                                        REPLACE_NOT)) {
        return false;
    }
    fail(aof, ECANCELED);
    return true;
}

void aof_end_rewriting(struct aof *aof) {
    struct aof_rewrite *rewrite = &aof->rewrite;

    if (rewrite->phase == REWRITE_NONE) return;
    end(rewrite);
    if (rewrite->next.fd != -1) close(rewrite->next.fd);
    aof_file_free(&rewrite->next);
}

bool aof_wants_rewrite(const struct aof *aof) {
    return aof->is_lost && aof->rewrite.phase == REWRITE_NONE;
}

static int open_next(struct aof *aof) {
    struct aof_file *next = &aof->rewrite.next;

    *next = (struct aof_file){
        .fd = open(aof->next_path,
                   O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)};
    if (next->fd == -1) return -1;
    /* It will be the log, which is locked as long as it is open. */
    return flock(next->fd, LOCK_EX | LOCK_NB);
}

static int share_written(struct aof *aof) {
    struct aof_rewrite *rewrite = &aof->rewrite;
    void *page = mmap(NULL, sizeof *rewrite->written, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED) return -1;
    rewrite->written = page;
    atomic_store(rewrite->written, aof->file.size);
    return 0;
}

int aof_rewrite(struct aof *aof) {
    struct aof_rewrite *rewrite = &aof->rewrite;

    errno = aof->options.snapshot == NULL ? ENOSYS : EALREADY;
    if (aof->options.snapshot == NULL || rewrite->phase != REWRITE_NONE) {
        return -1;
    }
    /* The child sees what these records have done. If they can not go into the
     * log in front of what comes, the new file has to do without the log. */
    if (!aof->is_lost && aof_write(aof) == -1) aof_lose(aof, errno);
    rewrite->began_ms = clock_ms();
    rewrite->phase = REWRITE_CHILD;
    rewrite->count++;
    if (open_next(aof) == -1 || share_written(aof) == -1 ||
        child_start(&rewrite->child, run_child, aof, &rewrite->next.fd, 1) ==
            -1) {
        fail(aof, errno);
        return -1;
    }
    if (aof->is_lost) {
        buf_consume(&aof->pending, buf_len(&aof->pending));
        aof->held = 0;
    }
    log_write(aof->options.log, LOG_NOTICE, "rewriting %s: process %ld",
              aof->options.path, (long)rewrite->child.pid);
    return 0;
}

/* ---- Going on ------------------------------------------------------------ */

static void look_at_child(struct aof *aof) {
    struct aof_rewrite *rewrite = &aof->rewrite;
    struct report report;

    switch (child_look(&rewrite->child, &report, sizeof report)) {
    case CHILD_RUNS: return;
    case CHILD_FAILED: fail(aof, errno); return;
    case CHILD_DONE: break;
    }
    rewrite->next.size = report.size;
    rewrite->next.chain = report.chain;
    rewrite->tail_fd = open(aof->options.path, O_RDONLY | O_CLOEXEC);
    if (rewrite->tail_fd == -1 ||
        open_tail(aof, rewrite->tail_fd, report.tail_at, &report.tail_chain) ==
            -1) {
        fail(aof, errno);
        return;
    }
    rewrite->phase = REWRITE_CATCHING_UP;
}

static void catch_up(struct aof *aof) {
    struct aof_rewrite *rewrite = &aof->rewrite;
    struct aof_reader *tail = &rewrite->tail;

    /* In step with what comes, or it would never end. */
    if (copy_tail(aof, aof->file.size, AOF_CATCH_UP + 2 * aof->turn_size) ==
        -1) {
        fail(aof, errno);
        return;
    }
    if (tail->offset + (int64_t)tail->used < aof->file.size) return;
    close_all(rewrite);
    rewrite->phase = REWRITE_REPLACING;
    atomic_store(&aof->syncer.next_fd, rewrite->next.fd);
    atomic_store(&aof->syncer.next_written, rewrite->next.size);
    atomic_store(&aof->syncer.next_synced, 0);
    atomic_store(&aof->syncer.replacing, REPLACE_WANTED);
    aof_wake_syncer(aof);
}

/* The new file is the log. */
static void take_over(struct aof *aof, bool is_good) {
    struct aof_rewrite *rewrite = &aof->rewrite;
    struct aof_syncer *syncer = &aof->syncer;
    int old = aof->file.fd;

    aof_file_free(&aof->file);
    aof->file = rewrite->next;
    rewrite->next = (struct aof_file){.fd = -1};
    rewrite->base_size = aof->file.size;
    rewrite->failures = is_good ? 0 : rewrite->failures + 1;
    end(rewrite);
    atomic_store(&syncer->fd, aof->file.fd);
    atomic_store(&syncer->written, aof->file.size);
    atomic_store(&syncer->synced, atomic_load(&syncer->next_synced));
    atomic_store(&syncer->unsynced_ms, clock_ms());
    atomic_store(&syncer->error, 0);
    atomic_store(&syncer->retired, old);
    atomic_store(&syncer->replacing, REPLACE_NOT);
    if (!is_good) {
        aof->is_lost = false; /* so that it is lost anew */
        aof_lose(aof, atomic_load(&syncer->replace_error));
        return;
    }
    log_write(aof->options.log, LOG_NOTICE, "%s is rewritten: %lld bytes",
              aof->options.path, (long long)aof->file.size);
    /* What waits has yet to be written to it: then all is well again. */
    aof->is_lost = false;
    aof_wake_syncer(aof); /* to close the old one */
}

static void look_at_replacing(struct aof *aof) {
    struct aof_rewrite *rewrite = &aof->rewrite;
    int cause = atomic_load(&aof->syncer.replace_error);

    switch ((enum aof_replacing)atomic_load(&aof->syncer.replacing)) {
    case REPLACE_DONE: take_over(aof, true); break;
    case REPLACE_BROKEN: take_over(aof, false); break;
    case REPLACE_FAILED:
        atomic_store(&aof->syncer.replacing, REPLACE_NOT);
        fail(aof, cause);
        break;
    case REPLACE_UNSURE:
        if (rewrite->is_unsure_said) break;
        rewrite->is_unsure_said = true;
        errno = cause;
        aof_fail(aof, "sync the directory of", aof->options.path);
        log_write(aof->options.log, LOG_WARNING,
                  "a crash may leave the old file or the new one: both go on "
                  "until the directory is on the disk");
        break;
    case REPLACE_NOT:
    case REPLACE_WANTED:
    case REPLACE_BUSY: break;
    }
}

void aof_go_on_rewriting(struct aof *aof) {
    struct aof_rewrite *rewrite = &aof->rewrite;

    if (rewrite->phase == REWRITE_CHILD) look_at_child(aof);
    if (rewrite->phase == REWRITE_CATCHING_UP) catch_up(aof);
    if (rewrite->phase == REWRITE_REPLACING) look_at_replacing(aof);
}
