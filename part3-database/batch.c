/* batch.c -- reading ahead. */
#include "batch.h"

#define ARGS_KEPT 256 /* memory for more is not kept for the next request */

static bool has_begun(const struct resp_request *request) {
    return request->pos > 0 || request->searched > 0;
}

static void clear(struct resp_request *request) {
    if (request->cap > ARGS_KEPT || request->words.cap > 0) {
        resp_request_free(request);
    } else {
        resp_request_next(request);
    }
}

static void move(struct resp_request *to, struct resp_request *from) {
    resp_request_free(to);
    *to = *from;
    *from = (struct resp_request){0};
}

void batch_free(struct batch *batch) {
    size_t i;

    for (i = 0; i <= BATCH_MAX; i++)
        resp_request_free(&batch->requests[i]);
}

void batch_read(struct batch *batch, struct resp_request *partial,
                struct slice in, const struct resp_limits *limits, size_t max) {
    struct resp_request *request = batch->requests;

    batch->count = 0;
    clear(request);
    if (partial != NULL && has_begun(partial)) move(request, partial);
    for (;;) {
        request->limits = limits;
        batch->end = resp_read_request(request, in);
        if (batch->end != RESP_COMPLETE || ++batch->count == max) return;
        in.data += request->size;
        in.len -= request->size;
        clear(++request);
    }
}

void batch_keep_partial(struct batch *batch, struct resp_request *partial) {
    struct resp_request *request = &batch->requests[batch->count];

    if (batch->end == RESP_NEED_MORE && has_begun(request)) {
        move(partial, request);
    }
}
