/* aof_load.c -- replaying the append-only file, and what to do about its end.
 *
 * The file is read by the reader that reads clients: it is a conversation. But
 * where a client that breaks the rules is sent away, a file that does is all
 * there is. So nothing in it is skipped or thrown away.
 *
 * What a crash leaves behind is at the end, and was not known to be on the disk
 * when the last good block was written: nobody was promised that it would be.
 * That is put aside. Everything else is damage, which a person has to look at.
 */
#include "aof_load.h"

#include "aof_read.h"
#include "batch.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SHOWN_MAX 64  /* bytes of a command's name in the server's log */
#define PAUSE_MS       100 /* between two calls of pause() */

struct load {
    const struct aof_options *options;
    struct aof_reader reader;
    struct aof_found *found;
    struct batch batch;
    int64_t record_at; /* where in the file the record begins */

    bool in_transaction;           /* MULTI was read, and EXEC not yet */
    struct buf held;               /* what stands between them */
    int64_t multi_at;              /* where MULTI stands... */
    int64_t held_at;               /* where 'held' begins in the file */
    struct seal_chain multi_chain; /* ...in a block that begins so */
    bool gave_up;
    int64_t paused_ms; /* when pause() was called last */
};

/* ---- What was found ------------------------------------------------------ */

/* Once. Bytes of the file may be part of it, and a terminal is to show it. */
static void note_why(struct load *load, const char *why) {
    text_append_escaped(&load->found->why, slice_of(why));
    buf_append(&load->found->why, "", 1);
}

void aof_found_free(struct aof_found *found) {
    buf_free(&found->why);
}

const char *aof_found_why(const struct aof_found *found) {
    return buf_slice(&found->why).data;
}

/* False, for its callers to return. */
static bool damaged(struct load *load, int64_t at) {
    load->found->verdict = AOF_DAMAGED;
    load->found->at = at;
    load->found->cut_at = load->in_transaction ? load->multi_at
                                               : load->reader.offset;
    return false;
}

/* ---- Records ------------------------------------------------------------- */

static bool is_word(const struct resp_request *record, const char *word) {
    return record->argc == 1 &&
           slice_equal_nocase(record->argv[0], slice_of(word));
}

/* The record is well-formed, but the commands may not have it. */
static bool replay(struct load *load, const struct resp_request *record) {
    const struct aof_options *options = load->options;
    struct slice name = record->argv[0];
    struct buf *why = &load->found->why;
    const char *wrong;

    wrong = options->replay(options->context, record->argv, record->argc);
    if (wrong == NULL) {
        load->found->records++;
        return true;
    }
    if (name.len > NAME_SHOWN_MAX) name.len = NAME_SHOWN_MAX;
    text_append_quoted(why, name);
    text_append(why, ": ");
    note_why(load, wrong);
    return damaged(load, load->record_at);
}

/* Now that its EXEC is there, run what stands between it and MULTI. */
static bool replay_transaction(struct load *load) {
    struct slice rest = buf_slice(&load->held);
    struct resp_request record = {0};
    bool good = true;

    load->record_at = load->held_at;
    while (good && rest.len > 0) {
        resp_read_request(&record, rest);
        good = replay(load, &record);
        load->record_at += (int64_t)record.size;
        rest.data += record.size;
        rest.len -= record.size;
        resp_request_next(&record);
    }
    resp_request_free(&record);
    buf_free(&load->held);
    load->in_transaction = false;
    return good;
}

/* A transaction is replayed whole or not at all. So its records are held until
 * the last of them has been read. */
static bool take_record(struct load *load, const struct resp_request *record,
                        struct slice bytes) {
    if (is_word(record, "multi")) {
        if (load->in_transaction) {
            note_why(load, "MULTI within MULTI");
            return damaged(load, load->record_at);
        }
        load->in_transaction = true;
        load->multi_at = load->record_at;
        load->held_at = load->record_at + (int64_t)bytes.len;
        load->multi_chain = load->reader.chain;
        return true;
    }
    if (is_word(record, "exec")) {
        if (load->in_transaction) return replay_transaction(load);
        note_why(load, "EXEC without MULTI");
        return damaged(load, load->record_at);
    }
    if (!load->in_transaction) return replay(load, record);
    buf_append(&load->held, bytes.data, bytes.len);
    return true;
}

/* Whether to go on; now and then others get a turn. */
static bool breathe(struct load *load) {
    int64_t now = clock_ms();

    if (load->options->pause == NULL || now - load->paused_ms < PAUSE_MS) {
        return true;
    }
    load->paused_ms = now;
    load->gave_up = !load->options->pause(load->options->context,
                                          load->record_at, load->found->size);
    return !load->gave_up;
}

/* The wire allows lines of words and empty arrays; the log does not. */
static bool is_record(const struct resp_request *request, struct slice bytes) {
    return bytes.data[0] == '*' && request->argc > 0;
}

/* How many bytes at the front were taken: a comment, or records that were read
 * ahead; 0: they are damaged, or others want us to stop. */
static size_t take_some(struct load *load, struct slice bytes) {
    const struct aof_options *options = load->options;
    const struct batch *batch = &load->batch;
    int64_t at = load->record_at;
    size_t done = 0;
    size_t i;

    if (bytes.data[0] == '#') {
        const char *end = memchr(bytes.data, '\n', bytes.len);

        return end == NULL ? bytes.len : (size_t)(end - bytes.data) + 1;
    }
    if (!breathe(load)) return 0;
    batch_read(&load->batch, NULL, bytes, NULL, BATCH_MAX);
    if (options->announce != NULL) options->announce(options->context, batch);
    for (i = 0; i < batch->count; i++) {
        const struct resp_request *record = &batch->requests[i];
        struct slice rest = {bytes.data + done, record->size};

        if (!is_record(record, rest)) break;
        if (!take_record(load, record, rest)) return 0;
        done += rest.len;
        load->record_at = at + (int64_t)done;
    }
    if (done > 0) return done;
    note_why(load, "no record of a change");
    damaged(load, load->record_at);
    return 0;
}

/* The records of a block, which are whole, with comments between them. */
static bool take_block(struct load *load) {
    struct slice all = load->reader.records;
    size_t done = 0;

    while (done < all.len) {
        size_t size;

        load->record_at = load->reader.records_at + (int64_t)done;
        size = take_some(load, (struct slice){all.data + done, all.len - done});
        if (size == 0) return false;
        done += size;
    }
    /* A turn is a block, and a transaction is part of a turn. */
    if (load->in_transaction && load->reader.records_at > load->reader.offset) {
        note_why(load, "a transaction without its end");
        return damaged(load, load->reader.offset);
    }
    return true;
}

/* ---- The end ------------------------------------------------------------- */

/* What is wrong, or torn, may be cut off if nothing says that it was on the
 * disk. Without seals, nothing ever does: then only a torn record is taken for
 * what a crash leaves, and what the settings allow. */
static void judge(struct load *load, enum aof_read what) {
    const struct aof_settings *settings = &load->options->settings;
    struct aof_reader *reader = &load->reader;
    struct aof_found *found = load->found;
    bool has_seals = (reader->chain.id != 0 && !reader->chain.is_open) ||
                     reader->is_first_wrong;

    found->at = reader->offset;
    found->cut_at = load->in_transaction ? load->multi_at : reader->offset;
    found->chain = load->in_transaction ? load->multi_chain : reader->chain;
    found->in_transaction = load->in_transaction;
    found->verdict = AOF_CRASHED;
    if (what == AOF_WRONG) {
        note_why(load, reader->wrong);
    } else {
        note_why(load, load->in_transaction    ? "it ends within a transaction"
                       : reader->chain.id != 0 ? "it ends within a block"
                                               : "it ends within a record");
    }
    if (what != AOF_END && aof_reader_look_ahead(reader) == -1) {
        found->verdict = AOF_UNREAD;
        return;
    }
    found->synced = reader->synced;
    if (reader->synced > found->cut_at) found->verdict = AOF_DAMAGED;
    if (what == AOF_WRONG && !has_seals &&
        found->size - found->cut_at > settings->corrupt_tail_max) {
        found->verdict = AOF_DAMAGED;
    }
    if (settings->refuses_torn) found->verdict = AOF_DAMAGED;
}

static void find_all(struct load *load) {
    struct aof_found *found = load->found;
    enum aof_read got;

    while ((got = aof_reader_next(&load->reader)) == AOF_RECORDS) {
        if (take_block(load)) continue;
        if (load->gave_up) {
            errno = 0;
            found->verdict = AOF_UNREAD;
        }
        return;
    }
    found->synced = load->reader.synced;
    found->seals = load->reader.seals;
    if (got == AOF_FAILED) {
        found->verdict = AOF_UNREAD;
    } else if (got == AOF_END && !load->in_transaction) {
        found->verdict = AOF_GOOD;
        found->at = found->cut_at = load->reader.offset;
        found->chain = load->reader.chain;
        found->ends_clean = load->reader.says_all;
    } else {
        judge(load, got);
    }
}

static bool is_rdb(int fd) {
    char start[5];

    return pread(fd, start, sizeof start, 0) == sizeof start &&
           memcmp(start, "REDIS", sizeof start) == 0;
}

void aof_find(int fd, const struct crc64 *crc64,
              const struct aof_options *options, struct aof_found *found) {
    static const struct seal_chain none = {0};
    struct load load = {
        .options = options, .found = found, .paused_ms = clock_ms()};
    struct stat status;

    *found = (struct aof_found){.verdict = AOF_UNREAD};
    if (fstat(fd, &status) == -1) return;
    found->size = status.st_size;
    if (aof_reader_open(&load.reader, fd, crc64, 0, found->size, &none) == -1) {
        return;
    }
    find_all(&load);
    found->is_rdb = found->verdict == AOF_DAMAGED && found->at == 0 &&
                    is_rdb(fd);
    aof_reader_close(&load.reader);
    buf_free(&load.held);
    batch_free(&load.batch);
}

/* ---- Loading ------------------------------------------------------------- */

/* Nothing has been changed yet when this is said, and nothing will be. */
static int refuse(const struct aof_options *options,
                  const struct aof_found *found) {
    const struct log *log = options->log;

    if (found->is_rdb) {
        log_write(log, LOG_WARNING,
                  "%s begins with a snapshot in Redis's RDB format, which is "
                  "not read here. To have it all as commands, say to the Redis "
                  "that wrote it: CONFIG SET aof-use-rdb-preamble no, and then "
                  "BGREWRITEAOF",
                  options->path);
        return -1;
    }
    log_write(log, LOG_WARNING,
              "%s is damaged at byte %lld: %s. Nothing was changed; good "
              "records before it: %llu",
              options->path, (long long)found->at, aof_found_why(found),
              (unsigned long long)found->records);
    if (found->synced > found->cut_at && found->synced < INT64_MAX) {
        log_write(log, LOG_WARNING,
                  "a later seal says that all before byte %lld was on the "
                  "disk, so it was no crash that left it so",
                  (long long)found->synced);
    }
    return -1;
}

static int fail(const struct aof_options *options, const char *what,
                const char *path) {
    log_write(options->log, LOG_WARNING, "cannot %s %s: %s", what, path,
              strerror(errno));
    return -1;
}

static int cut(int fd, const struct aof_options *options,
               const struct aof_found *found) {
    char side[PATH_MAX];

    if (aof_cut(fd, options->path, found, side, sizeof side) == -1) {
        return fail(options, strcmp(side, options->path) == 0 ? "cut" : "write",
                    side);
    }
    log_write(options->log, LOG_WARNING,
              "%s has at its end what a crash leaves (%s): its last %lld "
              "bytes, from byte %lld on, are now in %s",
              options->path, aof_found_why(found),
              (long long)(found->size - found->cut_at),
              (long long)found->cut_at, side);
    return 0;
}

int aof_load(int fd, const struct crc64 *crc64,
             const struct aof_options *options, struct aof_found *found) {
    aof_find(fd, crc64, options, found);
    switch (found->verdict) {
    case AOF_GOOD: break;
    case AOF_CRASHED:
        if (cut(fd, options, found) == -1) return -1;
        break;
    case AOF_DAMAGED: return refuse(options, found);
    case AOF_UNREAD:
        return errno == 0 ? -1 : fail(options, "read", options->path);
    }
    if (found->records > 0) {
        log_write(options->log, LOG_NOTICE, "loaded %llu records from %s",
                  (unsigned long long)found->records, options->path);
    }
    return 0;
}
