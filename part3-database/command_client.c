/* command_client.c -- stub, from part 2. */
#include "handlers.h"
#include "resp.h"

static bool is(struct slice argument, const char *word) {
    return slice_equal_nocase(argument, slice_of(word));
}

/* ---- Subcommands ------------------------------------------------------ */

struct subcommand {
    const char *name; /* lower case, as in error texts */
    size_t argc;      /* exactly, both names included; 0: any */
    command_fn *run;
};

/* Run the one of 'table' (which ends with a NULL name) that argv[1] names;
 * 'upper' is the command's own name, as its help text spells it. */
static void run_subcommand(struct call *call, const struct subcommand *table,
                           const char *container, const char *upper) {
    struct slice name = call->argv[1];

    while (table->name != NULL && !is(name, table->name))
        table++;
    if (table->name == NULL) {
        resp_write_error(call->out,
                         "ERR unknown subcommand '%.*s'. Try %s HELP.",
                         command_shown(name), name.data, upper);
    } else if (table->argc != 0 && table->argc != call->argc) {
        resp_write_error(call->out,
                         "ERR wrong number of arguments for '%s|%s' command",
                         container, table->name);
    } else {
        table->run(call);
    }
}

/* ---- CLIENT ----------------------------------------------------------- */

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

/* The library's name and version: taken, and not shown anywhere yet. */
static void client_setinfo(struct call *call) {
    if (is(call->argv[2], "lib-name") || is(call->argv[2], "lib-ver")) {
        resp_write_simple(call->out, "OK");
    } else {
        resp_write_error(call->out, "ERR Unrecognized option '%.*s'",
                         command_shown(call->argv[2]), call->argv[2].data);
    }
}

static void client_setname(struct call *call) {
    buf_free(&call->session->name);
    buf_append(&call->session->name, call->argv[2].data, call->argv[2].len);
    resp_write_simple(call->out, "OK");
}

void command_client(struct call *call) {
    static const struct subcommand table[] = {
        {"getname", 2, client_getname},
        {"id",      2, client_id     },
        {"setinfo", 4, client_setinfo},
        {"setname", 3, client_setname},
        {NULL,      0, NULL          },
    };

    run_subcommand(call, table, "client", "CLIENT");
}
