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

/* ---- stubs ---- */

void command_auth(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}

void command_reset(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}

void command_select(struct call *call) {
    resp_write_error(call->out, "ERR not yet");
}
