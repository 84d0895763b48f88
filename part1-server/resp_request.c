/* resp_request.c -- what a reader collects: the arguments of one request. */
#include "resp.h"

#include <stdio.h>
#include <stdlib.h>

#define ARGS_MIN 8 /* room of the first allocation */

void resp_request_add(struct resp_request *request, size_t start, size_t len) {
    if (request->argc == request->cap) {
        request->cap = request->cap > 0 ? request->cap * 2 : ARGS_MIN;
        request->argv = xrealloc(request->argv,
                                 request->cap * sizeof *request->argv);
        request->starts = xrealloc(request->starts,
                                   request->cap * sizeof *request->starts);
    }
    request->starts[request->argc] = start;
    request->argv[request->argc++].len = len;
}

enum resp_status resp_request_done(struct resp_request *request,
                                   const char *base, size_t size) {
    size_t i;

    for (i = 0; i < request->argc; i++) {
        request->argv[i].data = base + request->starts[i];
    }
    request->size = size;
    return RESP_COMPLETE;
}

enum resp_status resp_request_fail(struct resp_request *request,
                                   const char *why) {
    snprintf(request->error, sizeof request->error, "%s", why);
    return RESP_ERROR;
}

void resp_request_next(struct resp_request *request) {
    buf_consume(&request->words, buf_len(&request->words));
    request->argc = 0;
    request->pos = 0;
    request->searched = 0;
    request->in_bulk = false;
}

void resp_request_free(struct resp_request *request) {
    buf_free(&request->words);
    free(request->argv);
    free(request->starts);
    *request = (struct resp_request){0};
}
