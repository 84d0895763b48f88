/* aof_check.c -- the tool for append-only files.
 *
 * It reads them as a start does, but decides nothing: what a start would cut or
 * refuse it says, and cuts only when it is told to. */
#include "aof_check.h"

#include "aof_load.h"
#include "aof_read.h"
#include "command.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct check {
    const char *path;
    int fd;
    FILE *report;
    struct crc64 crc64;
    struct aof_found found;
};

static bool fail(const struct check *check, const char *what,
                 const char *path) {
    fprintf(check->report, "cannot %s %s: %s\n", what, path, strerror(errno));
    return false;
}

/* ---- The report ---------------------------------------------------------- */

static void print_what_stands(const struct check *check) {
    const struct aof_found *found = &check->found;

    fprintf(check->report,
            "%s: %" PRId64 " bytes, seals: %" PRIu64 ", records: %" PRIu64 "\n",
            check->path, found->size, found->seals, found->records);
    if (found->synced > 0 && found->synced < INT64_MAX) {
        fprintf(check->report,
                "known to be on the disk: all before byte %" PRId64 "\n",
                found->synced);
    }
}

static void print_verdict(const struct check *check) {
    const struct aof_found *found = &check->found;
    int64_t rest = found->size - found->cut_at;

    if (found->verdict == AOF_GOOD) {
        fprintf(check->report, "good%s\n",
                found->seals == 0 ? ", as far as can be told without seals"
                                  : "");
        return;
    }
    fprintf(check->report, "byte %" PRId64 ": %s\n", found->at,
            aof_found_why(found));
    if (found->verdict == AOF_CRASHED) {
        fprintf(check->report,
                "This is what a crash leaves: a start moves the last %" PRId64
                " bytes to %s.cut-%" PRId64 "\n",
                rest, check->path, found->cut_at);
    } else {
        fprintf(check->report,
                "No crash explains this: a start refuses. With --fix, the last "
                "%" PRId64 " bytes are moved to %s.cut-%" PRId64 "\n",
                rest, check->path, found->cut_at);
    }
}

/* ---- --fix --------------------------------------------------------------- */

/* As the server takes it (aof_open.c). */
static bool take_lock(const struct check *check, int *lock_fd) {
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s.lock", check->path);
    *lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*lock_fd == -1) return fail(check, "make", path);
    if (flock(*lock_fd, LOCK_EX | LOCK_NB) == 0) return true;
    return fail(check, "lock", path);
}

static bool fix(const struct check *check) {
    char side[PATH_MAX];

    if (check->found.verdict == AOF_GOOD) return true;
    if (aof_cut(check->fd, check->path, &check->found, side, sizeof side) ==
        -1) {
        return fail(check, "write", side);
    }
    fprintf(check->report, "fixed: %" PRId64 " bytes are now in %s\n",
            check->found.size - check->found.cut_at, side);
    return true;
}

/* ---- --export ------------------------------------------------------------ */

/* Records follow each other, with comments between them. */
static void print_records(struct slice rest) {
    struct resp_request record = {0};

    while (rest.len > 0) {
        const char *end = memchr(rest.data, '\n', rest.len);
        size_t size = end == NULL ? rest.len : (size_t)(end - rest.data) + 1;

        if (rest.data[0] != '#') {
            resp_read_request(&record, rest);
            size = record.size;
            fwrite(rest.data, 1, size, stdout);
            resp_request_next(&record);
        }
        rest.data += size;
        rest.len -= size;
    }
    resp_request_free(&record);
}

/* All that is good: it has been read once. */
static bool export(const struct check *check) {
    static const struct seal_chain none = {0};
    struct aof_reader reader;

    if (aof_reader_open(&reader, check->fd, &check->crc64, 0,
                        check->found.cut_at, &none) == -1) {
        return fail(check, "read", check->path);
    }
    while (aof_reader_next(&reader) == AOF_RECORDS)
        print_records(reader.records);
    aof_reader_close(&reader);
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    return fail(check, "write to", "standard output");
}

/* ---- All of it ----------------------------------------------------------- */

static bool find(struct check *check) {
    struct store *store = store_new();
    struct log nowhere = {.fd = -1, .level = LOG_WARNING};
    struct aof_options options = {.path = check->path,
                                  .log = &nowhere,
                                  .replay = command_replay,
                                  .context = store};

    crc64_init(&check->crc64);
    aof_find(check->fd, &check->crc64, &options, &check->found);
    store_free(store);
    if (check->found.verdict == AOF_UNREAD) {
        return fail(check, "read", check->path);
    }
    print_what_stands(check);
    print_verdict(check);
    return true;
}

bool aof_check(const char *path, enum aof_check what) {
    struct check check = {.path = path,
                          .report = what == AOF_CHECK_EXPORT ? stderr : stdout};
    int lock_fd = -1;
    bool good = false;

    check.fd = open(path,
                    (what == AOF_CHECK_FIX ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (check.fd == -1) return fail(&check, "open", path);
    if (what != AOF_CHECK_FIX || take_lock(&check, &lock_fd)) {
        good = find(&check);
        if (good && what == AOF_CHECK_FIX) {
            good = fix(&check);
        } else {
            if (good && what == AOF_CHECK_EXPORT) good = export(&check);
            good = good && check.found.verdict == AOF_GOOD;
        }
    }
    aof_found_free(&check.found);
    close(check.fd);
    if (lock_fd != -1) close(lock_fd);
    return good;
}
