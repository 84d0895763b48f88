/* aof_read.c -- taking the append-only file apart.
 *
 * At each place between two blocks there is one of three things: a seal, for
 * which the bytes that it covers have to be there and add up; a record, where
 * somebody has written without seals; a comment, where that was Redis. */
#include "aof_read.h"

#include "params.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMMENT_MAX                                                            \
    1024 /* bytes of a line, as in Redis (AOF_ANNOTATION...)                   \
          */

static const char seal_front[] = "#HDR:";

int aof_reader_open(struct aof_reader *reader, int fd,
                    const struct crc64 *crc64, int64_t from, int64_t end,
                    const struct seal_chain *chain) {
    *reader = (struct aof_reader){.fd = fd,
                                  .crc64 = crc64,
                                  .end = end,
                                  .offset = from,
                                  .read_until = from,
                                  .next_chain = *chain};
    return lseek(fd, (off_t)from, SEEK_SET) == -1 ? -1 : 0;
}

void aof_reader_close(struct aof_reader *reader) {
    buf_free(&reader->bytes);
    resp_request_free(&reader->request);
}

/* ---- Reading ------------------------------------------------------------- */

static struct slice unread(const struct aof_reader *reader) {
    return buf_slice(&reader->bytes);
}

/* Read more: 1; 0 if there is no more; -1 with errno. */
static int read_more(struct aof_reader *reader) {
    size_t size = AOF_READ_SIZE;
    ssize_t got;

    if ((int64_t)size > reader->end - reader->read_until) {
        size = (size_t)(reader->end - reader->read_until);
    }
    if (size == 0) return 0;
    do {
        got = read(reader->fd, buf_reserve(&reader->bytes, size), size);
    } while (got == -1 && errno == EINTR);
    if (got <= 0) return (int)got;
    buf_added(&reader->bytes, (size_t)got);
    reader->read_until += got;
    return 1;
}

/* Have at least 'size' bytes of the block: as read_more(). */
static int have(struct aof_reader *reader, size_t size) {
    while (unread(reader).len < size) {
        int more = read_more(reader);

        if (more != 1) return more;
    }
    return 1;
}

static enum aof_read torn_or_failed(int more) {
    return more == 0 ? AOF_TORN : AOF_FAILED;
}

static enum aof_read wrong(struct aof_reader *reader, const char *format, ...)
    PRINTF_LIKE(2, 3);

static enum aof_read wrong(struct aof_reader *reader, const char *format, ...) {
    va_list args;

    va_start(args, format);
    vsnprintf(reader->wrong, sizeof reader->wrong, format, args);
    va_end(args);
    return AOF_WRONG;
}

/* What was handed out is done with. */
static void move_on(struct aof_reader *reader) {
    buf_consume(&reader->bytes, reader->used);
    reader->offset += (int64_t)reader->used;
    reader->chain = reader->next_chain;
    reader->used = 0;
    reader->records = (struct slice){0};
}

/* The first 'used' bytes are a block; its records begin at 'start'. */
static enum aof_read hand_out(struct aof_reader *reader, size_t start,
                              size_t used) {
    reader->used = used;
    reader->records = (struct slice){unread(reader).data + start, used - start};
    reader->records_at = reader->offset + (int64_t)start;
    return AOF_RECORDS;
}

/* ---- What there may be --------------------------------------------------- */

/* The length of the line, its end included, if it has one within 'max' bytes:
 * 1; 0 if the file ends before, -1 with errno; 2 if it is longer. */
static int find_line(struct aof_reader *reader, size_t max, size_t *len) {
    for (;;) {
        struct slice in = unread(reader);
        size_t known = in.len < max ? in.len : max;
        const char *end = memchr(in.data, '\n', known);
        int more;

        if (end != NULL) {
            *len = (size_t)(end - in.data) + 1;
            return 1;
        }
        if (known == max) return 2;
        more = read_more(reader);
        if (more != 1) return more;
    }
}

/* Behind a seal only another one may stand, unless it said otherwise. */
static bool needs_seal(const struct aof_reader *reader) {
    return reader->chain.id != 0 && !reader->chain.is_open;
}

static enum aof_read read_sealed(struct aof_reader *reader, size_t line_len) {
    struct slice in = unread(reader);
    uint64_t sum;
    struct seal seal;
    int found;

    if (!seal_read(reader->crc64, reader->chain.id, reader->offset,
                   (struct slice){in.data, line_len}, &seal)) {
        reader->is_first_wrong = reader->chain.id == 0;
        return wrong(reader, "expected a seal, and this is none of this file");
    }
    if (seal.synced > reader->synced) reader->synced = seal.synced;
    found = have(reader, line_len + (size_t)seal.len);
    if (found != 1) return torn_or_failed(found);

    in = unread(reader);
    if (seal.id != 0) reader->next_chain.id = seal.id;
    reader->next_chain.is_open = seal.is_open;
    sum = seal_sum(reader->crc64, &reader->next_chain,
                   (struct slice){in.data, line_len},
                   (struct slice){in.data + line_len, (size_t)seal.len});
    if (sum != seal.checksum) {
        return wrong(
            reader,
            "expected the checksum %016" PRIx64
            ", and the file up to byte %" PRId64 " comes to %016" PRIx64,
            seal.checksum, reader->offset + (int64_t)line_len + seal.len, sum);
    }
    reader->seals++;
    reader->says_all = seal.len == 0 && seal.synced == reader->offset;
    return hand_out(reader, line_len, line_len + (size_t)seal.len);
}

static enum aof_read read_line(struct aof_reader *reader) {
    size_t line_len = 0;
    int found = find_line(reader, COMMENT_MAX, &line_len);
    struct slice in;

    if (found < 1) return torn_or_failed(found);
    if (found == 2) {
        return wrong(reader,
                     "a line that begins with '#' and is longer than "
                     "%d bytes",
                     COMMENT_MAX);
    }
    in = unread(reader);
    if (line_len >= sizeof seal_front - 1 &&
        memcmp(in.data, seal_front, sizeof seal_front - 1) == 0) {
        return read_sealed(reader, line_len);
    }
    /* In a file that has seals, only a damaged one is not known. */
    if (needs_seal(reader) ||
        (reader->chain.id != 0 && memcmp(in.data, "#TS:", 4) != 0)) {
        return wrong(reader, "expected a seal");
    }
    seal_skip(reader->crc64, &reader->next_chain,
              (struct slice){in.data, line_len});
    return hand_out(reader, 0, line_len);
}

static enum aof_read read_record(struct aof_reader *reader) {
    struct slice in;
    int more;

    resp_request_next(&reader->request);
    for (;;) {
        switch (resp_read_request(&reader->request, unread(reader))) {
        case RESP_ERROR: return wrong(reader, "%s", reader->request.error);
        case RESP_COMPLETE:
            in = (struct slice){unread(reader).data, reader->request.size};
            reader->has_no_seal = true;
            reader->says_all = false;
            seal_skip(reader->crc64, &reader->next_chain, in);
            return hand_out(reader, 0, in.len);
        case RESP_NEED_MORE: break;
        }
        more = read_more(reader);
        if (more != 1) return torn_or_failed(more);
    }
}

enum aof_read aof_reader_next(struct aof_reader *reader) {
    int more;

    move_on(reader);
    more = have(reader, 1);
    if (more == 0) return AOF_END;
    if (more == -1) return AOF_FAILED;
    switch (unread(reader).data[0]) {
    case '#': return read_line(reader);
    case '*':
        if (!needs_seal(reader)) return read_record(reader);
        break;
    default: break;
    }
    return wrong(reader, needs_seal(reader)
                             ? "expected a seal"
                             : "expected '*', the start of a record");
}

/* ---- Looking ahead ------------------------------------------------------- */

/* What a seal at 'at' says, if it is one. */
static void believe(struct aof_reader *reader, int64_t at, struct slice line) {
    struct seal seal;

    if (!seal_read(reader->crc64, reader->chain.id, at, line, &seal)) return;
    if (reader->chain.id == 0) seal.synced = INT64_MAX;
    if (seal.synced > reader->synced) reader->synced = seal.synced;
}

/* All of what has been read but for a last line that may be a seal, too. */
static void look_at(struct aof_reader *reader, bool is_last) {
    struct slice in = unread(reader);
    size_t done = 0;

    for (;;) {
        const char *found = memmem(in.data + done, in.len - done, seal_front,
                                   sizeof seal_front - 1);
        const char *end;
        size_t at;

        if (found == NULL) break;
        at = (size_t)(found - in.data);
        if (in.len - at < SEAL_MAX && !is_last) {
            reader->used = at;
            return;
        }
        end = memchr(found, '\n', in.len - at);
        if (end != NULL) {
            believe(reader, reader->offset + (int64_t)at,
                    (struct slice){found, (size_t)(end - found) + 1});
        }
        done = at + 1;
    }
    /* The first bytes of one may stand at the end. */
    if (done + sizeof seal_front < in.len) done = in.len - sizeof seal_front;
    reader->used = done;
}

int aof_reader_look_ahead(struct aof_reader *reader) {
    struct seal_chain chain = reader->chain;
    int64_t offset = reader->offset;
    int more;

    if (reader->is_first_wrong &&
        reader->end - offset > (int64_t)seal_first_len(reader->crc64, offset)) {
        reader->synced = INT64_MAX;
    }
    reader->used = unread(reader).len > 0; /* what is wrong is not looked at */
    do {
        reader->next_chain = chain;
        move_on(reader);
        more = read_more(reader);
        look_at(reader, more == 0);
    } while (more == 1);
    reader->offset = offset;
    return more;
}
