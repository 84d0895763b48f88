/* command_client.c -- CLIENT: what a client says of itself, and the table of
 * its subcommands. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>

static void client_getname(struct call *call) {
    struct slice name = buf_slice(&call->session->name);

    if (name.len == 0) {
        resp_write_null(call->out, call->session->protocol);
    } else {
        resp_write_bulk(call->out, name);
    }
}

static void client_id(struct call *call) {
    resp_write_integer(call->out, (int64_t)call->session->id);
}

static void client_no_evict(struct call *call) {
    bool on = argument_is(call->argv[2], "on");

    if (!on && !argument_is(call->argv[2], "off")) {
        reply_syntax_error(call);
        return;
    }
    call->session->no_evict = on;
    resp_write_simple(call->out, "OK");
}

static struct buf *place_of_library(struct session *session, bool is_name) {
    if (session->library == NULL) {
        session->library = xcalloc(1, sizeof *session->library);
    }
    return is_name ? &session->library->name : &session->library->version;
}

void client_forget_library(struct session *session) {
    if (session->library == NULL) return;
    buf_free(&session->library->name);
    buf_free(&session->library->version);
    free(session->library);
    session->library = NULL;
}

/* As in Redis 7.2: libraries send it to every server. */
static void client_setinfo(struct call *call) {
    struct slice value = call->argv[3];
    char what[16];
    bool is_name = argument_is(call->argv[2], "lib-name");
    struct buf *place;

    if (!is_name && !argument_is(call->argv[2], "lib-ver")) {
        resp_write_error(call->out, "ERR Unrecognized option '%.*s'",
                         command_shown(call->argv[2]), call->argv[2].data);
        return;
    }
    snprintf(what, sizeof what, "%.*s", (int)call->argv[2].len,
             call->argv[2].data);
    if (!client_takes_word(call, what, value)) return;
    place = place_of_library(call->session, is_name);
    buf_free(place);
    buf_append(place, value.data, value.len);
    resp_write_simple(call->out, "OK");
}

static void client_setname(struct call *call) {
    if (client_set_name(call, call->argv[2])) {
        resp_write_simple(call->out, "OK");
    }
}

void command_client(struct call *call) {
    static const struct subcommand table[] = {
        {"getname",  2,  client_getname },
        {"id",       2,  client_id      },
        {"info",     2,  client_info    },
        {"kill",     -3, client_kill    },
        {"list",     -2, client_list    },
        {"no-evict", 3,  client_no_evict},
        {"setinfo",  4,  client_setinfo },
        {"setname",  3,  client_setname },
        {NULL,       0,  NULL           },
    };

    run_subcommand(call, "client", table);
}
