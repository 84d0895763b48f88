/* command_database.c -- the commands of the series: what a map can do. */
#include "handlers.h"
#include "resp.h"

void command_get(struct call *call) {
    struct slice value;

    if (store_get(call->store, call->argv[1], &value)) {
        resp_write_bulk(call->out, value);
    } else {
        resp_write_null(call->out, call->session->protocol);
    }
}

void command_set(struct call *call) {
    store_set(call->store, call->argv[1], call->argv[2]);
    call->changed = true;
    resp_write_simple(call->out, "OK");
}

void command_del(struct call *call) {
    int64_t deleted = 0;
    size_t i;

    for (i = 1; i < call->argc; i++) {
        if (store_delete(call->store, call->argv[i])) deleted++;
    }
    call->changed = deleted > 0; /* else there is nothing to remember */
    resp_write_integer(call->out, deleted);
}

void command_exists(struct call *call) {
    int64_t found = 0;
    size_t i;

    /* A key that is named twice counts twice, as in Redis. */
    for (i = 1; i < call->argc; i++) {
        if (store_get(call->store, call->argv[i], NULL)) found++;
    }
    resp_write_integer(call->out, found);
}

void command_dbsize(struct call *call) {
    resp_write_integer(call->out, (int64_t)store_count(call->store));
}
