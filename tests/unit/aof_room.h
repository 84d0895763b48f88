/* aof_room.h -- a place to try the append-only file in: a directory that is
 * removed whatever happens, a store, and what was said and replayed. */
#ifndef UNIT_AOF_ROOM_H
#define UNIT_AOF_ROOM_H

#include "aof.h"
#include "command.h"
#include "helpers.h"
#include "store.h"

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
}

static inline void leave_room(void) {
    nftw(room.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    fclose(room.said);
    store_free(room.store);
    buf_free(&room.replayed);
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

/* ---- Records ---------------------------------------------------------- */

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

/* Runs what is loaded, and takes it down. */
static inline const char *replay(void *context, const struct slice *argv,
                                 size_t argc) {
    const char *wrong = command_replay(context, argv, argc);

    if (wrong == NULL) add_record(&room.replayed, argv, argc);
    return wrong;
}

static inline struct aof *open_at(const char *path) {
    return aof_open(&(struct aof_options){.path = path,
                                          .log = &room.log,
                                          .replay = replay,
                                          .context = room.store,

                                          .settings = room.settings});
}

static inline struct aof *open_log(void) {
    store_clear(room.store);
    buf_consume(&room.replayed, buf_len(&room.replayed));
    forget_said();
    return open_at(room.path);
}

static inline struct aof *opened(void) {
    struct aof *aof = open_log();

    check_that(aof != NULL, "it does not open: %s", said());
    return aof;
}

#endif
