/* reader.c -- bytes to requests. */
#include "resp.h"

#include "micro.h"

#include <stdio.h>
#include <stdlib.h>

#define VALUE 64

struct reading {
    struct resp_request request;
    struct buf bytes; /* what is read, again and again */
};

static void say(struct reading *reading, const struct slice *words,
                size_t count) {
    size_t i;

    resp_write_array(&reading->bytes, count);
    for (i = 0; i < count; i++)
        resp_write_bulk(&reading->bytes, words[i]);
}

static void read_all(void *context, size_t count) {
    struct reading *reading = context;

    while (count-- > 0) {
        struct slice left = buf_slice(&reading->bytes);

        while (left.len > 0) {
            if (resp_read_request(&reading->request, left) != RESP_COMPLETE) {
                fprintf(stderr, "micro: not a request\n");
                exit(EXIT_FAILURE);
            }
            micro_use(reading->request.argv);
            left.data += reading->request.size;
            left.len -= reading->request.size;
            resp_request_next(&reading->request);
        }
    }
}

/* Some of the same requests, one behind the other. */
static void measure(const char *name, const struct slice *words, size_t count,
                    size_t pipeline) {
    struct reading reading = {0};
    size_t i;

    for (i = 0; i < pipeline; i++)
        say(&reading, words, count);
    micro_measure(name, read_all, &reading, pipeline);
    buf_free(&reading.bytes);
    resp_request_free(&reading.request);
}

void micro_reader(void) {
    static const char large[4096];
    struct slice key = slice_of("key:000000123456");
    struct slice get[] = {slice_of("GET"), key};
    struct slice set[] = {slice_of("SET"), key, {large, VALUE}};
    struct slice set_large[] = {slice_of("SET"), key, {large, sizeof large}};

    measure("resp_read_request, GET", get, 2, 1);
    measure("resp_read_request, SET of 64 bytes", set, 3, 1);
    measure("resp_read_request, GET, one of 16", get, 2, 16);
    measure("resp_read_request, SET, one of 16", set, 3, 16);
    measure("resp_read_request, SET of 4 KiB", set_large, 3, 1);
}
