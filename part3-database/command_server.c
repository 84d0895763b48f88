/* command_server.c -- small questions about the server, and MONITOR. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"
#include "server_state.h"

#include <stdio.h>

static void write_number(struct buf *out, int64_t number) {
    char text[COMMAND_NUMBER_MAX];

    snprintf(text, sizeof text, "%lld", (long long)number);
    resp_write_bulk(out, slice_of(text));
}

void command_time(struct call *call) {
    int64_t now = call->server->time_us;

    resp_write_array(call->out, 2);
    write_number(call->out, now / 1000000);
    write_number(call->out, now % 1000000);
}

/* Since when nothing can be lost: the last sync of the log. */
void command_lastsave(struct call *call) {
    resp_write_integer(call->out, server_last_sync(call->server));
}

/* The child has to see what the log has: no more, so it may have to wait until
 * the turn is over. */
void command_bgrewriteaof(struct call *call) {
    struct server *server = call->server;
    struct aof_status status;

    if (server->aof == NULL) {
        resp_write_error(call->out,
                         "ERR there is no append-only file (appendonly no)");
        return;
    }
    status = aof_status(server->aof);
    if (status.is_rewriting) {
        resp_write_error(call->out, "ERR Background append only file rewriting "
                                    "already in progress");
    } else if (server_has_child(server) || server->in_transaction ||
               status.pending > 0) {
        server->is_rewrite_wanted = true;
        resp_write_simple(call->out,
                          "Background append only file rewriting scheduled");
    } else if (server_rewrite_log(server) == -1) {
        resp_write_error(call->out,
                         "ERR Can't execute an AOF background rewriting. "
                         "Please check the server logs for more information.");
    } else {
        resp_write_simple(call->out,
                          "Background append only file rewriting started");
    }
}

/* ---- MEMORY ------------------------------------------------------------- */

/* How many samples to take of a value of many parts: we have none such. */
static bool read_samples(struct call *call) {
    int64_t samples;
    size_t i;

    for (i = 3; i < call->argc; i += 2) {
        if (!argument_is(call->argv[i], "samples") || i + 1 == call->argc) {
            reply_syntax_error(call);
            return false;
        }
        if (!argument_integer(call, call->argv[i + 1], &samples)) return false;
        if (samples < 0) {
            reply_syntax_error(call);
            return false;
        }
    }
    return true;
}

static void memory_usage(struct call *call) {
    struct slice value;

    if (!read_samples(call)) return;
    if (store_peek(call->store, call->argv[2], &value)) {
        resp_write_integer(
            call->out, (int64_t)store_key_memory(call->store, call->argv[2]));
    } else {
        resp_write_null(call->out, call->session->protocol);
    }
}

void command_memory(struct call *call) {
    static const struct subcommand table[] = {
        {"usage", -3, memory_usage},
        {NULL,    0,  NULL        },
    };

    run_subcommand(call, "memory", table);
}

/* ---- MONITOR ------------------------------------------------------------ */

/* What it is sent from now on are no replies, so to say it again gets none (as
 * in Redis), and it cannot be said where a reply has its place. */
void command_monitor(struct call *call) {
    if (call->session->monitoring) return;
    if (call->server->in_transaction) {
        resp_write_error(call->out,
                         "ERR MONITOR isn't allowed for DENY BLOCKING client");
        return;
    }
    call->session->monitoring = true;
    resp_write_simple(call->out, "OK");
}
