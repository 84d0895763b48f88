/* buf.c -- bytes that join a buffer and leave it again. */
#include "buf.h"

#include "micro.h"

#define APPENDS 64 /* then it is emptied, as after a turn */

struct filling {
    struct buf buf;
    char bytes[1024];
    size_t size; /* of them, appended at a time */
};

static void fill(void *context, size_t count) {
    struct filling *filling = context;
    size_t i;

    while (count-- > 0) {
        for (i = 0; i < APPENDS; i++)
            buf_append(&filling->buf, filling->bytes, filling->size);
        micro_use(filling->buf.data);
        buf_consume(&filling->buf, buf_len(&filling->buf));
    }
}

void micro_buf(void) {
    struct filling filling = {.size = 8};

    micro_measure("buf_append, 8 bytes", fill, &filling, APPENDS);
    filling.size = 64;
    micro_measure("buf_append, 64 bytes", fill, &filling, APPENDS);
    filling.size = sizeof filling.bytes;
    micro_measure("buf_append, 1 KiB", fill, &filling, APPENDS);
    buf_free(&filling.buf);
}
