/* writer.c -- replies to bytes. */
#include "resp.h"

#include "micro.h"

#define REPLIES 64 /* then they are sent, as after a turn */

struct writing {
    struct buf out;
    struct slice value;
    int64_t number;
};

static void simple(void *context) {
    struct writing *writing = context;

    resp_write_simple(&writing->out, "OK");
}

static void bulk(void *context) {
    struct writing *writing = context;

    resp_write_bulk(&writing->out, writing->value);
}

static void integer(void *context) {
    struct writing *writing = context;

    resp_write_integer(&writing->out, writing->number);
}

static void null(void *context) {
    struct writing *writing = context;

    resp_write_null(&writing->out, 2);
}

/* A loop for each, so that none pays for a call that others need not make. */
#define WRITE_ALL(name)                                                        \
    static void name##_all(void *context, size_t count) {                      \
        struct writing *writing = context;                                     \
        int i;                                                                 \
                                                                               \
        while (count-- > 0) {                                                  \
            for (i = 0; i < REPLIES; i++)                                      \
                name(writing);                                                 \
            micro_use(writing->out.data);                                      \
            buf_consume(&writing->out, buf_len(&writing->out));                \
        }                                                                      \
    }

WRITE_ALL(simple)
WRITE_ALL(bulk)
WRITE_ALL(integer)
WRITE_ALL(null)

void micro_writer(void) {
    static const char value[4096];
    struct writing writing = {.value = {value, 64}, .number = 7};

    micro_measure("resp_write_simple", simple_all, &writing, REPLIES);
    micro_measure("resp_write_null", null_all, &writing, REPLIES);
    micro_measure("resp_write_integer, 1 digit", integer_all, &writing,
                  REPLIES);
    writing.number = INT64_C(-1234567890123456789);
    micro_measure("resp_write_integer, 19 digits", integer_all, &writing,
                  REPLIES);
    micro_measure("resp_write_bulk, 64 bytes", bulk_all, &writing, REPLIES);
    writing.value.len = sizeof value;
    micro_measure("resp_write_bulk, 4 KiB", bulk_all, &writing, REPLIES);
    buf_free(&writing.out);
}
