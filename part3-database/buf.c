/* buf.c -- the one growable buffer. */
#include "buf.h"

#include "util.h"

#include <stdlib.h>

#define CAP_MIN  64   /* bytes of the first allocation, at least */
#define TRIM_MIN 1024 /* bytes of storage that are not worth giving back */

void buf_free(struct buf *buf) {
    free(buf->data);
    *buf = (struct buf){0};
}

/* Doubling makes the cost of all copies together proportional to the bytes
 * that pass through; growing by a fixed step would make it quadratic. */
static void grow(struct buf *buf, size_t needed) {
    size_t cap = buf->cap > 0 ? buf->cap : CAP_MIN;

    while (cap < needed)
        cap *= 2;
    buf->data = xrealloc(buf->data, cap);
    buf->cap = cap;
}

char *buf_reserve(struct buf *buf, size_t size) {
    size_t len = buf_len(buf);

    if (buf->cap - buf->tail < size) {
        /* Sliding the bytes to the front is worth it once as many have been
         * consumed as have to be moved: each byte then pays for one other
         * (and the two places cannot overlap). */
        if (buf->head >= len && buf->cap - len >= size) {
            if (len > 0) memcpy(buf->data, buf->data + buf->head, len);
            buf->head = 0;
            buf->tail = len;
        } else {
            grow(buf, buf->tail + size);
        }
    }
    return buf->data + buf->tail;
}

void buf_consume(struct buf *buf, size_t size) {
    buf->head += size;
    if (buf->head == buf->tail) buf->head = buf->tail = 0;
}

void buf_trim(struct buf *buf) {
    struct buf small = {0};
    struct slice unread = buf_slice(buf);

    if (buf->cap < TRIM_MIN || buf->cap / 4 < unread.len) return;
    buf_append(&small, unread.data, unread.len);
    buf_free(buf);
    *buf = small;
}
