/* command_connection.c -- commands about the connection alone. */
#include "handlers.h"
#include "resp.h"

void command_ping(struct call *call) {
    if (call->argc > 2) {
        /* The table can say "one or more", not "one or two". */
        resp_write_error(call->out,
                         "ERR wrong number of arguments for 'ping' command");
    } else if (call->argc == 2) {
        resp_write_bulk(call->out, call->argv[1]);
    } else {
        resp_write_simple(call->out, "PONG");
    }
}

void command_echo(struct call *call) {
    resp_write_bulk(call->out, call->argv[1]);
}

void command_quit(struct call *call) {
    resp_write_simple(call->out, "OK");
    call->session->closing = true;
}
