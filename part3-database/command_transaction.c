/* command_transaction.c -- MULTI, EXEC, and what makes EXEC safe: WATCH.
 *
 * Commands between MULTI and EXEC wait in a queue (transaction.h). Since one
 * thread runs all commands, EXEC is atomic by doing nothing: it runs the queue
 * before anything else can. WATCH is optimistic locking: EXEC does nothing if
 * a watched key was touched since. */
#include "handlers.h"
#include "resp.h"
#include "server_state.h"
#include "transaction.h"

void command_multi(struct call *call) {
    if (transaction_is_open(call->session)) {
        resp_write_error(call->out, "ERR MULTI calls can not be nested");
        return;
    }
    transaction_of(call->session)->open = true;
    resp_write_simple(call->out, "OK");
}

void command_discard(struct call *call) {
    if (!transaction_is_open(call->session)) {
        resp_write_error(call->out, "ERR DISCARD without MULTI");
        return;
    }
    transaction_end(call->session, call->server->watches);
    resp_write_simple(call->out, "OK");
}

void command_watch(struct call *call) {
    size_t i;

    if (transaction_is_open(call->session)) {
        resp_write_error(call->out, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    for (i = 1; i < call->argc; i++) {
        watch_add(call->server->watches,
                  &transaction_of(call->session)->watcher, call->argv[i]);
    }
    resp_write_simple(call->out, "OK");
}

void command_unwatch(struct call *call) {
    struct transaction *transaction = call->session->transaction;

    if (transaction != NULL) {
        watch_clear(call->server->watches, &transaction->watcher);
    }
    resp_write_simple(call->out, "OK");
}

static void run_queue(struct call *call, struct transaction *transaction) {
    size_t i;

    resp_write_array(call->out, transaction->count);
    server_begin_transaction(call->server);
    for (i = 0; i < transaction->count; i++) {
        const struct queued *queued = &transaction->queue[i];
        struct call one = {.argv = queued->argv,
                           .argc = queued->argc,
                           .session = call->session,
                           .store = call->store,
                           .out = call->out,
                           .server = call->server,
                           .out_max = call->out_max,
                           .value_max = call->value_max};
        size_t before = buf_len(call->out);

        server_run_call(call->server, queued->command, &one);
        /* What nobody will read takes no room. */
        if (before > call->out_max) {
            call->out->tail -= buf_len(call->out) - before;
        }
    }
    server_end_transaction(call->server);
}

void command_exec(struct call *call) {
    struct transaction *transaction = call->session->transaction;
    struct watches *watches = call->server->watches;

    if (!transaction_is_open(call->session)) {
        resp_write_error(call->out, "ERR EXEC without MULTI");
        return;
    }
    if (transaction->refused) {
        resp_write_error(call->out, "EXECABORT Transaction discarded because "
                                    "of previous errors.");
    } else if (watch_is_touched(watches, &transaction->watcher)) {
        resp_write_null_array(call->out, call->session->protocol);
    } else {
        /* What it changes itself is nobody's business any more. */
        watch_clear(watches, &transaction->watcher);
        run_queue(call, transaction);
    }
    transaction_end(call->session, watches);
}
