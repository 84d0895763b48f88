/* buf.h -- a growable queue of bytes: append at the tail, consume the head.
 *
 * Ownership  A buf owns its storage until buf_free(). A slice taken from it is
 *            borrowed, and dies at the next call that can change the buf.
 * Units      Lengths are bytes. Contents may hold any byte, NUL included.
 * Errors     None to check: running out of memory ends the process (util.h).
 *
 * A zeroed buf is a valid empty one, so there is no buf_init(). */
#ifndef REDIS_LITE_BUF_H
#define REDIS_LITE_BUF_H

#include "slice.h"

#include <stddef.h>
#include <string.h>

struct buf {
    char *data;  /* owned; NULL while cap is 0 */
    size_t head; /* first unread byte */
    size_t tail; /* one past the last byte written */
    size_t cap;  /* bytes allocated */
};

/* Give the storage back; the buf is empty and may be used again. */
void buf_free(struct buf *buf);

/* Make room for 'size' more bytes and return where they go. Write at most that
 * many there, then tell buf_added() how many it were. */
char *buf_reserve(struct buf *buf, size_t size);

/* Drop 'size' bytes from the head; at most buf_len() of them. */
void buf_consume(struct buf *buf, size_t size);

/* Give back storage that is not needed, if most of it is not. */
void buf_trim(struct buf *buf);

static inline size_t buf_len(const struct buf *buf) {
    return buf->tail - buf->head;
}

/* The unread bytes, borrowed. */
static inline struct slice buf_slice(const struct buf *buf) {
    if (buf->cap == 0) return (struct slice){"", 0};
    return (struct slice){buf->data + buf->head, buf_len(buf)};
}

static inline void buf_added(struct buf *buf, size_t size) {
    buf->tail += size;
}

/* Copy bytes in. They must not lie in this buf: it may move to make room. */
static inline void buf_append(struct buf *buf, const void *bytes, size_t size) {
    if (size == 0) return; /* memcpy() may not be given NULL, even for none */
    memcpy(buf_reserve(buf, size), bytes, size);
    buf_added(buf, size);
}

#endif
