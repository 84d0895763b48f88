/* command_handshake.c -- what client libraries ask before the first command of
 * their user: which protocol, who is there, what can you do. */
#include "handlers.h"
#include "params.h"
#include "resp.h"

static bool is(struct slice argument, const char *word) {
    return slice_equal_nocase(argument, slice_of(word));
}

/* A name goes into lists of one client a line: no blank, no control byte. */
static bool set_name(struct call *call, struct slice name) {
    struct buf *own = &call->session->name;
    size_t i;

    for (i = 0; i < name.len; i++) {
        if (name.data[i] < '!' || name.data[i] > '~') {
            resp_write_error(call->out,
                             "ERR Client names cannot contain spaces, newlines "
                             "or special characters.");
            return false;
        }
    }
    buf_free(own);
    buf_append(own, name.data, name.len);
    return true;
}

/* ---- HELLO [version [AUTH user password] [SETNAME name]] --------------- */

/* The options after the version. False if one was answered with an error. */
static bool hello_options(struct call *call) {
    size_t i = 2;

    while (i < call->argc) {
        size_t left = call->argc - i - 1; /* arguments behind this one */

        if (is(call->argv[i], "auth") && left >= 2) {
            /* No password can be set in this part, and then Redis takes any
             * for the user called default, and none for all others. */
            if (!slice_equal(call->argv[i + 1], slice_of("default"))) {
                resp_write_error(call->out,
                                 "WRONGPASS invalid username-password pair or "
                                 "user is disabled.");
                return false;
            }
            i += 3;
        } else if (is(call->argv[i], "setname") && left >= 1) {
            if (!set_name(call, call->argv[i + 1])) return false;
            i += 2;
        } else {
            resp_write_error(call->out,
                             "ERR Syntax error in HELLO option '%.*s'",
                             command_shown(call->argv[i]), call->argv[i].data);
            return false;
        }
    }
    return true;
}

static void write_pair(struct buf *out, const char *key, const char *value) {
    resp_write_bulk(out, slice_of(key));
    resp_write_bulk(out, slice_of(value));
}

void command_hello(struct call *call) {
    struct session *session = call->session;
    int64_t version = session->protocol;

    if (call->argc > 1 && !slice_to_int64(call->argv[1], &version)) {
        resp_write_error(call->out, "ERR Protocol version is not an integer or "
                                    "out of range");
        return;
    }
    if (version < 2 || version > 3) {
        resp_write_error(call->out, "NOPROTO unsupported protocol version");
        return;
    }
    if (!hello_options(call)) return;
    session->protocol = (int)version;

    resp_write_map(call->out, 7, session->protocol);
    /* Libraries choose what they send by these two, so we name what we are
     * compatible with. */
    write_pair(call->out, "server", "redis");
    write_pair(call->out, "version", REDIS_COMPATIBLE_VERSION);
    resp_write_bulk(call->out, slice_of("proto"));
    resp_write_integer(call->out, session->protocol);
    resp_write_bulk(call->out, slice_of("id"));
    resp_write_integer(call->out, (int64_t)session->id);
    write_pair(call->out, "mode", "standalone");
    write_pair(call->out, "role", "master");
    resp_write_bulk(call->out, slice_of("modules"));
    resp_write_array(call->out, 0);
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
    if (set_name(call, call->argv[2])) resp_write_simple(call->out, "OK");
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

/* ---- COMMAND ---------------------------------------------------------- */

static void count_commands(struct call *call) {
    int64_t count = 0;

    while (command_table[count].name != NULL)
        count++;
    resp_write_integer(call->out, count);
}

/* redis-cli asks for these to show hints; an empty answer means: none. */
static void docs(struct call *call) {
    resp_write_map(call->out, 0, call->session->protocol);
}

void command_command(struct call *call) {
    static const struct subcommand table[] = {
        {"count", 2, count_commands},
        {"docs",  0, docs          },
        {NULL,    0, NULL          },
    };

    if (call->argc == 1) {
        resp_write_array(call->out, 0);
    } else {
        run_subcommand(call, table, "command", "COMMAND");
    }
}
