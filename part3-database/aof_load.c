/* aof_load.c -- replaying the append-only file.
 *
 * The file is read by the reader that reads clients: it is a conversation. But
 * where a client that breaks the rules is sent away, a file that does is all
 * there is. So nothing in it is skipped or thrown away. A file that ends in the
 * middle of a record is what a crash leaves behind: the torn record was not
 * acknowledged (or, if the machine lost its power, not synced yet), and is put
 * aside. Everything else is damage, which a person has to look at. */
#include "aof_load.h"

#include "params.h"
#include "resp.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SHOWN_MAX 64 /* bytes of a command's name in the server's log */

struct load {
    int fd;
    const char *path;
    const struct log *log;
    aof_replay_fn *replay;
    void *context;

    struct buf bytes;    /* read, and not replayed yet */
    bool in_transaction; /* MULTI was read, and EXEC not yet: they begin... */
    size_t held;         /* ...with so many bytes of it */
    struct resp_request request;
    int64_t offset;   /* of the first of 'bytes' in the file */
    int64_t size;     /* of the file */
    uint64_t records; /* replayed */
    int64_t said_ms;  /* when progress was logged last */
};

static int fail(const struct load *load, const char *what, const char *path) {
    log_write(load->log, LOG_WARNING, "cannot %s %s: %s", what, path,
              strerror(errno));
    return -1;
}

/* Nothing has been changed yet when this is said, and nothing will be. The
 * record is the one behind what is held. */
static int refuse(const struct load *load, const char *why) {
    log_write(load->log, LOG_WARNING,
              "%s is damaged in the record at byte %lld: %s. Nothing was "
              "changed; good records before it: %llu",
              load->path, (long long)load->offset + (long long)load->held, why,
              (unsigned long long)load->records);
    return -1;
}

static bool is_word(const struct resp_request *record, const char *word) {
    return record->argc == 1 &&
           slice_equal_nocase(record->argv[0], slice_of(word));
}

static void say_progress(struct load *load) {
    int64_t now = clock_ms();

    if (now - load->said_ms < 1000) return;
    load->said_ms = now;
    log_write(load->log, LOG_NOTICE, "loading %s: %d %%", load->path,
              (int)(load->offset * 100 / load->size));
}

/* The record is well-formed, but the commands will not have it. */
static int refuse_command(const struct load *load, struct slice name,
                          const char *why) {
    char text[NAME_SHOWN_MAX + 64];

    if (name.len > NAME_SHOWN_MAX) name.len = NAME_SHOWN_MAX;
    snprintf(text, sizeof text, "'%.*s': %s", (int)name.len, name.data, why);
    return refuse(load, text);
}

static int replay_record(struct load *load, const struct resp_request *record) {
    const char *wrong = load->replay(load->context, record->argv, record->argc);

    if (wrong != NULL) return refuse_command(load, record->argv[0], wrong);
    load->records++;
    return 0;
}

/* Now that its EXEC is there, run what stands between it and MULTI: the first
 * 'size' bytes. */
static int replay_transaction(struct load *load, size_t size) {
    const char *bytes = buf_slice(&load->bytes).data;
    struct resp_request record = {0};
    int result = 0;

    /* 'held' goes through them once more, so that refuse() knows where. */
    for (load->held = 0; result == 0; load->held += record.size) {
        resp_request_next(&record);
        resp_read_request(
            &record, (struct slice){bytes + load->held, size - load->held});
        if (load->held + record.size == size) break; /* that was EXEC */
        if (load->held > 0) result = replay_record(load, &record);
    }
    resp_request_free(&record);
    return result;
}

/* A transaction is replayed whole or not at all. So its records are held until
 * the last of them has been read. */
static int take_record(struct load *load) {
    struct resp_request *record = &load->request;
    size_t size = load->held + record->size;

    if (is_word(record, "multi")) {
        if (load->in_transaction) return refuse(load, "MULTI within MULTI");
        load->in_transaction = true;
    } else if (is_word(record, "exec")) {
        if (!load->in_transaction) return refuse(load, "EXEC without MULTI");
        if (replay_transaction(load, size) == -1) return -1;
        load->in_transaction = false;
    } else if (!load->in_transaction) {
        if (replay_record(load, record) == -1) return -1;
    }
    if (load->in_transaction) {
        load->held = size;
    } else {
        load->held = 0;
        load->offset += (int64_t)size;
        buf_consume(&load->bytes, size);
    }
    resp_request_next(record);
    return 0;
}

/* Replay all whole records of 'bytes'. */
static int replay_whole(struct load *load) {
    for (;;) {
        struct slice all = buf_slice(&load->bytes);
        struct slice in = {all.data + load->held, all.len - load->held};

        /* The wire allows lines of words and empty arrays; the log does
         * not. */
        if (in.len > 0 && in.data[0] != '*') {
            return refuse(load, "expected '*', the start of a record");
        }
        switch (resp_read_request(&load->request, in)) {
        case RESP_NEED_MORE: return 0;
        case RESP_ERROR: return refuse(load, load->request.error);
        case RESP_COMPLETE: break;
        }
        if (load->request.argc == 0) return refuse(load, "an empty record");
        if (take_record(load) == -1) return -1;
    }
}

static int read_all(struct load *load) {
    for (;;) {
        char *room = buf_reserve(&load->bytes, AOF_READ_SIZE);
        ssize_t got = read(load->fd, room, AOF_READ_SIZE);

        if (got == 0) return 0;
        if (got == -1 && errno == EINTR) continue;
        if (got == -1) return fail(load, "read", load->path);
        buf_added(&load->bytes, (size_t)got);
        if (replay_whole(load) == -1) return -1;
        say_progress(load);
    }
}

int aof_sync_directory(const char *path) {
    char copy[PATH_MAX]; /* dirname(3) may change what it is given */
    int fd;
    int result;
    int cause;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) return -1;
    result = fsync(fd);
    cause = errno;
    close(fd);
    errno = cause;
    return result;
}

static int write_all(int fd, struct slice bytes) {
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);

        if (written == -1 && errno == EINTR) continue;
        if (written == -1) return -1;
        bytes.data += written;
        bytes.len -= (size_t)written;
    }
    return 0;
}

/* A new file for what is cut; an earlier one is never overwritten. */
static int open_side_file(const struct load *load, char path[PATH_MAX]) {
    int fd = -1;
    int i;

    for (i = 0; i < 1000; i++) {
        int len = snprintf(path, PATH_MAX,
                           i == 0 ? "%s.cut-%lld" : "%s.cut-%lld.%d",
                           load->path, (long long)load->offset, i);

        if (len >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd != -1 || errno != EEXIST) break;
    }
    return fd;
}

/* The file ends within a record, or a transaction: all of it is in 'bytes'.
 * First make sure that it is kept elsewhere, then cut. */
static int cut_torn_record(struct load *load) {
    struct slice torn = buf_slice(&load->bytes);
    char path[PATH_MAX];
    int side = open_side_file(load, path);
    int kept;

    if (side == -1) return fail(load, "make", path);
    kept = write_all(side, torn);
    if (kept == 0) kept = fsync(side);
    if (close(side) == -1) kept = -1;
    if (kept == -1 || aof_sync_directory(path) == -1) {
        fail(load, "write", path);
        unlink(path); /* the file still has it all; a disk may be full */
        return -1;
    }
    if (ftruncate(load->fd, (off_t)load->offset) == -1 ||
        fsync(load->fd) == -1) {
        return fail(load, "cut", load->path);
    }
    log_write(load->log, LOG_WARNING,
              "%s ended within a %s, as after a crash: its last %zu bytes, "
              "from byte %lld on, are now in %s",
              load->path, load->in_transaction ? "transaction" : "record",
              torn.len, (long long)load->offset, path);
    return 0;
}

int64_t aof_load(int fd, const char *path, const struct log *log,
                 aof_replay_fn *replay, void *context) {
    struct load load = {.fd = fd,
                        .path = path,
                        .log = log,
                        .replay = replay,
                        .context = context,
                        .said_ms = clock_ms()};
    struct stat status;
    int result;

    if (fstat(fd, &status) == -1) return fail(&load, "read", path);
    load.size = status.st_size;
    result = read_all(&load);
    if (result == 0 && buf_len(&load.bytes) > 0) {
        result = cut_torn_record(&load);
    }
    if (result == 0 && load.records > 0) {
        log_write(log, LOG_NOTICE, "loaded %llu records from %s",
                  (unsigned long long)load.records, path);
    }
    buf_free(&load.bytes);
    resp_request_free(&load.request);
    return result == 0 ? load.offset : -1;
}
