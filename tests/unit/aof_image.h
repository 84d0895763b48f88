/* aof_image.h -- a log to do damage to: its bytes, and what each of its blocks
 * is, found out without the code under test. */
#ifndef UNIT_AOF_IMAGE_H
#define UNIT_AOF_IMAGE_H

#include "aof_room.h"

#define BLOCKS_MAX 64

/* What is kept whole or cut as a whole: with a seal, all that it covers;
 * without one a record, a transaction, a comment. */
struct block {
    size_t start, records_at, end; /* offsets */
    size_t synced;                 /* as its seal says */
    size_t told; /* bytes of records that stand before it, in the whole file */
};

struct image {
    struct buf bytes;
    struct buf told; /* the records that are replayed */
    bool has_seals;
    struct block blocks[BLOCKS_MAX];
    int count;
};

static inline void image_free(struct image *image) {
    buf_free(&image->bytes);
    buf_free(&image->told);
}

#define MULTI BYTES("*1\r\n$5\r\nMULTI\r\n")
#define EXEC  BYTES("*1\r\n$4\r\nEXEC\r\n")

static inline bool begins_with(struct slice bytes, struct slice front) {
    return bytes.len >= front.len &&
           memcmp(bytes.data, front.data, front.len) == 0;
}

/* The length of what begins with 'in', when there are no seals. */
static inline size_t item_size(struct slice in) {
    size_t size = 0;

    if (in.data[0] == '#') {
        const char *end = memchr(in.data, '\n', in.len);

        return (size_t)(end - in.data) + 1;
    }
    if (!begins_with(in, MULTI)) return record_size(in);
    while (!begins_with((struct slice){in.data + size, in.len - size}, EXEC))
        size += record_size((struct slice){in.data + size, in.len - size});
    return size + EXEC.len;
}

/* What is replayed of these records: MULTI and EXEC are not. */
static inline void tell(struct image *image, struct slice records) {
    while (records.len > 0) {
        size_t size = record_size(records);

        if (!begins_with(records, MULTI) && !begins_with(records, EXEC)) {
            buf_append(&image->told, records.data, size);
        }
        records.data += size;
        records.len -= size;
    }
}

static inline void add_block(struct image *image, size_t size) {
    struct slice all = buf_slice(&image->bytes);
    struct block *block = &image->blocks[image->count];
    size_t start = image->count == 0 ? 0 : block[-1].end;
    const char *seal = all.data + start;
    struct buf records;

    ck_assert_int_lt(image->count, BLOCKS_MAX);
    *block = (struct block){start, start, start + size, 0,
                            buf_len(&image->told)};
    if (image->has_seals) {
        const char *synced = strstr(seal, ";synced:");

        block->records_at = start + item_size((struct slice){seal, size});
        block->synced = (size_t)atoll(synced + strlen(";synced:"));
    }
    records = without_comments((struct slice){all.data + block->records_at,
                                              block->end - block->records_at});
    tell(image, buf_slice(&records));
    buf_free(&records);
    image->count++;
}

/* 'bytes' is the image's from now on. */
static inline void image_read(struct image *image, struct buf bytes,
                              bool has_seals) {
    struct slice rest;

    *image = (struct image){.bytes = bytes, .has_seals = has_seals};
    *buf_reserve(&image->bytes, 1) = '\0'; /* for strstr() */
    rest = buf_slice(&image->bytes);
    while (rest.len > 0) {
        size_t size = item_size(rest);

        if (has_seals)
            size += (size_t)atoll(rest.data + strlen("#HDR:v1;len:"));
        add_block(image, size);
        rest.data += size;
        rest.len -= size;
    }
}

/* ---- The log that is damaged ----------------------------------------------
 */

struct way {
    bool has_seals;
    bool is_closed; /* else the server was killed */
    enum aof_fsync fsync;
};

static const struct way ways[] = {
    {true, true, FSYNC_ALWAYS},   {true, false, FSYNC_ALWAYS},
    {true, true, FSYNC_EVERYSEC}, {true, false, FSYNC_EVERYSEC},
    {false, true, FSYNC_ALWAYS},
};

#define WAYS ((int)COUNT_OF(ways))

static inline void set_way(const struct way *way) {
    room.settings = (struct aof_settings){.fsync = way->fsync,
                                          .has_no_seals = !way->has_seals,
                                          .has_timestamps = true};
}

#define APPEND(aof, ...) aof_append(aof, ARGS(__VA_ARGS__))

static inline void commit(struct aof *aof) {
    check_that(aof_commit(aof) == 0, "%s", strerror(errno));
}

/* In the middle of its life all is synced, so that under "everysec" some of it
 * is and some is not. */
static inline void sync_all(struct aof *aof) {
    struct aof_settings settings = room.settings;

    settings.fsync = FSYNC_ALWAYS;
    check_that(aof_configure(aof, &settings) == 0, "%s", strerror(errno));
    check_that(aof_configure(aof, &room.settings) == 0, "%s", strerror(errno));
}

static inline void take_sample_turns(struct aof *aof) {
    struct buf copy;

    APPEND(aof, BYTES("SET"), BYTES("key"), BYTES("value"));
    commit(aof);
    APPEND(aof, BYTES("MULTI"));
    APPEND(aof, BYTES("SET"), BYTES("a"), BYTES("1"));
    APPEND(aof, BYTES("SET"), BYTES("b"), BYTES("2"));
    APPEND(aof, BYTES("EXEC"));
    APPEND(aof, BYTES("DEL"), BYTES("a"), BYTES("nosuch"));
    commit(aof);
    sync_all(aof);
    APPEND(aof, BYTES("SELECT"), BYTES("1"));
    APPEND(aof, BYTES("SET"), BYTES("\0\r\n"),
           BYTES("*1\r\n$8\r\nFLUSHALL\r\n"));
    commit(aof);
    /* A value that holds seals of this very file. */
    copy = read_file(room.path);
    APPEND(
        aof, BYTES("SET"), BYTES("copy"),
        {buf_slice(&copy).data, buf_len(&copy) < 330 ? buf_len(&copy) : 330});
    commit(aof);
    buf_free(&copy);
    APPEND(aof, BYTES("SELECT"), BYTES("0"));
    APPEND(aof, BYTES("SET"), BYTES("e"), BYTES("x"), BYTES("PXAT"),
           BYTES("99999999999999"));
    commit(aof);
    APPEND(aof, BYTES("SET"), BYTES("tail"), BYTES("0123456789"));
    commit(aof);
}

/* What a server that went this way has left. */
static inline void make_image(struct image *image, const struct way *way) {
    struct aof *aof;
    struct buf bytes;

    set_way(way);
    aof = opened();
    take_sample_turns(aof);
    if (way->is_closed) closed(aof);
    bytes = read_file(room.path);
    if (!way->is_closed) closed(aof);
    image_read(image, bytes, way->has_seals);
    empty_room();
}

#endif
