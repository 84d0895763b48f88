/* aof_room.h -- a place to try the append-only file in: a directory that is
 * removed whatever happens, a store, and what was said and replayed. */
#ifndef UNIT_AOF_ROOM_H
#define UNIT_AOF_ROOM_H

#include "aof.h"
#include "command.h"
#include "crc64.h"
#include "helpers.h"
#include "kernel.h"
#include "snapshot.h"
#include "store.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>

/* ---- A directory for each test ---------------------------------------- */

/* Check hands its tests no argument: what one of them has is here. Each is a
 * process, which starts with it as it stands here; only 'base' is made before,
 * by the runner, and removed by it at the end, whatever happened in between. */
static struct {
    char base[64];
    char dir[80];
    char path[96]; /* of the log, in 'dir' */
    FILE *said;    /* what was written to 'log' */
    struct log log;
    struct store *store;
    struct buf replayed; /* what was replayed, as records */
    struct aof_settings settings;
    aof_pause_fn *pause;
} room;

/* Some thousand files are made and synced here: in memory, if there is a file
 * system for that. */
static inline void make_base(void) {
    const char *parent = getenv("TMPDIR");

    if (parent == NULL) parent = "/dev/shm";
    if (access(parent, W_OK) == -1) parent = "/tmp";
    snprintf(room.base, sizeof room.base, "%.40s/redis-lite.XXXXXX", parent);
    if (mkdtemp(room.base) == NULL) perror(room.base);
}

static inline int remove_one(const char *path, const struct stat *status,
                             int type, struct FTW *at) {
    (void)status, (void)type, (void)at;
    return remove(path);
}

static inline void remove_base(void) {
    nftw(room.base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void enter_room(void) {
    snprintf(room.dir, sizeof room.dir, "%s/XXXXXX", room.base);
    ck_assert_ptr_nonnull(mkdtemp(room.dir));
    snprintf(room.path, sizeof room.path, "%s/log.aof", room.dir);
    room.said = tmpfile();
    ck_assert_ptr_nonnull(room.said);
    room.log = (struct log){fileno(room.said), LOG_DEBUG};
    room.store = store_new();
    room.replayed = (struct buf){0};
    room.settings = (struct aof_settings){.fsync = FSYNC_EVERYSEC,
                                          .has_no_seals = true};
    room.pause = NULL;
}

static inline void enter_room_with_seals(void) {
    enter_room();
    room.settings.has_no_seals = false;
}

/* Where Check does not fork, the next test is to find a kernel as usual. */
static inline void leave_room(void) {
    kernel_disarm();
    kernel->hurry = kernel->gated = kernel->opens_at_join = false;
    kernel->slow_ms = 0;
    nftw(room.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    fclose(room.said);
    store_free(room.store);
    buf_free(&room.replayed);
}

static inline void empty_room(void) {
    nftw(room.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    check_that(mkdir(room.dir, 0700) == 0, "%s", strerror(errno));
}

/* What the log of the server says, and a fresh sheet for it. */
static inline const char *said(void) {
    static char text[4096];
    ssize_t len = pread(room.log.fd, text, sizeof text - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

static inline void forget_said(void) {
    check_that(ftruncate(room.log.fd, 0) == 0, "cannot empty the log");
    lseek(room.log.fd, 0, SEEK_SET);
}

/* ---- Files ------------------------------------------------------------ */

static inline void write_file(const char *path, struct slice bytes) {
    FILE *file = fopen(path, "w");

    check_that(file != NULL, "%s: %s", path, strerror(errno));
    check_that(fwrite(bytes.data, 1, bytes.len, file) == bytes.len, "%s", path);
    fclose(file);
}

/* To be freed with buf_free(). */
static inline struct buf read_file(const char *path) {
    struct buf bytes = {0};
    FILE *file = fopen(path, "r");
    size_t got;

    check_that(file != NULL, "%s: %s", path, strerror(errno));
    do {
        got = fread(buf_reserve(&bytes, 4096), 1, 4096, file);
        buf_added(&bytes, got);
    } while (got > 0);
    fclose(file);
    return bytes;
}

static inline bool file_is(const char *path, struct slice bytes) {
    struct buf found = read_file(path);
    bool is_so = same_bytes(buf_slice(&found), bytes);

    buf_free(&found);
    return is_so;
}

/* The names in the directory that hold 'part', sorted, each behind a blank. */
static inline const char *names_with(const char *part) {
    static char names[4096];
    struct dirent **found;
    int count = scandir(room.dir, &found, NULL, alphasort);
    size_t len = 0;

    check_that(count >= 0, "%s: %s", room.dir, strerror(errno));
    names[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (strstr(found[i]->d_name, part) != NULL) {
            len += (size_t)snprintf(names + len, sizeof names - len, " %s",
                                    found[i]->d_name);
        }
        free(found[i]);
    }
    free(found);
    return names;
}

/* "FILE.cut-OFFSET" */
static inline const char *side_path(size_t offset) {
    static char path[128];

    snprintf(path, sizeof path, "%s.cut-%zu", room.path, offset);
    return path;
}

/* ---- Records ---------------------------------------------------------- */

#define ARGS(...)                                                              \
    (struct slice[]){__VA_ARGS__}, COUNT_OF(((struct slice[]){__VA_ARGS__}))

/* Not by resp_writer.c: that the log speaks RESP is to be found out here. */
static inline void add_record(struct buf *out, const struct slice *argv,
                              size_t argc) {
    char line[32];

    buf_append(out, line, (size_t)sprintf(line, "*%zu\r\n", argc));
    for (size_t i = 0; i < argc; i++) {
        buf_append(out, line, (size_t)sprintf(line, "$%zu\r\n", argv[i].len));
        buf_append(out, argv[i].data, argv[i].len);
        append_literal(out, "\r\n");
    }
}

/* How long the record at the front of 'in' is; 0 if it is not whole. */
static inline size_t record_size(struct slice in) {
    const char *at = in.data;
    const char *end = in.data + in.len;
    long argc = 0;
    long part = -1; /* the number of arguments stands first */

    for (; part < argc; part++) {
        const char *cr = memchr(at, '\r', (size_t)(end - at));
        long number;

        if (cr == NULL || cr + 2 > end) return 0;
        number = strtol(at + 1, NULL, 10);
        at = cr + 2;
        if (part == -1) {
            argc = number;
        } else if (number + 2 > end - at) {
            return 0;
        } else {
            at += number + 2;
        }
    }
    return (size_t)(at - in.data);
}

/* What a file holds without the lines that begin with '#': whole records, and
 * then perhaps part of one. To be freed with buf_free(). */
static inline struct buf without_comments(struct slice file) {
    struct buf records = {0};

    while (file.len > 0) {
        size_t size;

        if (file.data[0] == '#') {
            const char *end = memchr(file.data, '\n', file.len);

            size = end != NULL ? (size_t)(end - file.data) + 1 : file.len;
        } else {
            size = record_size(file);
            if (size == 0) size = file.len;
            buf_append(&records, file.data, size);
        }
        file.data += size;
        file.len -= size;
    }
    return records;
}

static inline struct buf read_records(const char *path) {
    struct buf file = read_file(path);
    struct buf records = without_comments(buf_slice(&file));

    buf_free(&file);
    return records;
}

static inline bool file_holds(const char *path, struct slice records) {
    struct buf found = read_records(path);
    bool is_so = same_bytes(buf_slice(&found), records);

    buf_free(&found);
    return is_so;
}

/* Runs what is loaded, and takes it down. */
static inline const char *replay(void *context, const struct slice *argv,
                                 size_t argc) {
    const char *wrong = command_replay(context, argv, argc);

    if (wrong == NULL) add_record(&room.replayed, argv, argc);
    return wrong;
}

/* For a rewrite: the context of the callbacks is the store. */
static inline int write_snapshot(void *context, aof_add_fn *add, void *to) {
    return snapshot_write(context, add, to);
}

static inline struct aof *open_at(const char *path) {
    return aof_open(&(struct aof_options){.path = path,
                                          .log = &room.log,
                                          .replay = replay,
                                          .context = room.store,
                                          .pause = room.pause,
                                          .snapshot = write_snapshot,
                                          .settings = room.settings});
}

static inline struct aof *open_log(void) {
    store_clear_all(room.store);
    store_select(room.store, 0);
    buf_consume(&room.replayed, buf_len(&room.replayed));
    forget_said();
    return open_at(room.path);
}

static inline struct aof *opened(void) {
    struct aof *aof = open_log();

    check_that(aof != NULL, "it does not open: %s", said());
    return aof;
}

static inline void closed(struct aof *aof) {
    check_that(aof_close(aof) == 0, "it does not close: %s", strerror(errno));
}

/* ---- Data ------------------------------------------------------------- */

/* What is in the store, in a number that does not depend on the order. */
static inline void add_entry(void *context, struct slice key,
                             struct slice value) {
    uint64_t *digest = context;
    static struct crc64 crc64;
    int64_t more[] = {(int64_t)store_selected(room.store),
                      store_expiry(room.store, key), (int64_t)key.len};
    uint64_t sum;

    if (crc64.table[0][1] == 0) crc64_init(&crc64);
    sum = crc64_add(&crc64, 1, more, sizeof more);
    sum = crc64_add(&crc64, sum, key.data, key.len);
    *digest += crc64_add(&crc64, sum, value.data, value.len);
}

static inline uint64_t digest_store(void) {
    unsigned selected = store_selected(room.store);
    uint64_t digest = 0;
    uint64_t cursor = 0;

    for (unsigned i = 0; i < store_databases(room.store); i++) {
        store_select(room.store, i);
        do {
            cursor = store_scan(room.store, cursor, add_entry, &digest);
        } while (cursor != 0);
    }
    store_select(room.store, selected);
    return digest;
}

/* ---- Tests ------------------------------------------------------------ */

/* 'enter' is what makes their room. */
static inline void add_tests(Suite *suite, const char *name, SFun enter,
                             const TTest *const *tests, size_t count) {
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, 3 * TEST_SECONDS); /* sanitizers take theirs */
    tcase_add_unchecked_fixture(tcase, make_base, remove_base);
    tcase_add_checked_fixture(tcase, enter, leave_room);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
}

#endif
