/* command_handshake.c -- what client libraries ask before the first command of
 * their user: which protocol, who is there, let me in, which database. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"
#include "server_state.h"
#include "transaction.h"

#define REDACTED "(redacted)" /* as Redis writes it */

bool client_takes_word(struct call *call, const char *what, struct slice word) {
    size_t i;

    for (i = 0; i < word.len; i++) {
        if (word.data[i] < '!' || word.data[i] > '~') {
            resp_write_error(call->out,
                             "ERR %s cannot contain spaces, newlines or "
                             "special characters.",
                             what);
            return false;
        }
    }
    return true;
}

bool client_set_name(struct call *call, struct slice name) {
    struct buf *own = &call->session->name;

    if (!client_takes_word(call, "Client names", name)) return false;
    buf_free(own);
    buf_append(own, name.data, name.len);
    return true;
}

/* ---- Passwords -------------------------------------------------------- */

/* The one that is asked for; "": none. */
static struct slice password_of(const struct call *call) {
    if (call->server == NULL) return slice_of("");
    return slice_of(call->server->config->requirepass);
}

/* As slice_equal(), in a time that does not tell how much was right: it depends
 * on what was said only by its length. */
static bool is_secret(struct slice said, struct slice secret) {
    size_t wrong = said.len ^ secret.len;
    size_t i;

    for (i = 0; i < said.len; i++) {
        char c = i < secret.len ? secret.data[i] : '\0';

        wrong |= (unsigned char)(said.data[i] ^ c);
    }
    return wrong == 0;
}

/* There is one user. Without a password to ask for, any is right. */
static bool authenticate(struct call *call, struct slice user,
                         struct slice said) {
    struct slice password = password_of(call);

    if (!slice_equal(user, slice_of("default")) ||
        (password.len > 0 && !is_secret(said, password))) {
        resp_write_error(call->out, "WRONGPASS invalid username-password pair "
                                    "or user is disabled.");
        return false;
    }
    call->session->authenticated = true;
    return true;
}

void command_auth(struct call *call) {
    struct slice user = slice_of("default");

    if (call->argc > 3) {
        reply_syntax_error(call);
        return;
    }
    if (call->argc == 3) {
        user = call->argv[1];
    } else if (password_of(call).len == 0) {
        resp_write_error(call->out,
                         "ERR AUTH <password> called without any password "
                         "configured for the default user. Are you sure your "
                         "configuration is correct?");
        return;
    }
    if (authenticate(call, user, call->argv[call->argc - 1])) {
        resp_write_simple(call->out, "OK");
    }
}

/* Whether argument 'i' of this HELLO is AUTH, and what it needs follows. */
static bool is_hello_auth(const struct slice *argv, size_t argc, size_t i) {
    return argument_is(argv[i], "auth") && argc - i > 2;
}

static bool is_redacted(const struct command *command, const struct slice *argv,
                        size_t argc, size_t i) {
    if (command->run == command_auth) return i >= 1;
    if (command->run == command_config) {
        return i > 2 && i % 2 == 1 && argument_is(argv[1], "set") &&
               argument_is(argv[i - 1], "requirepass");
    }
    if (command->run != command_hello || i < 3) return false;
    return is_hello_auth(argv, argc, i - 1) ||
           (i > 3 && is_hello_auth(argv, argc, i - 2));
}

void arguments_redact(const struct command *command, struct slice *argv,
                      size_t argc) {
    size_t i;

    for (i = argc; i-- > 1;) { /* the words before tell, so backwards */
        if (is_redacted(command, argv, argc, i)) argv[i] = slice_of(REDACTED);
    }
}

/* ---- HELLO [version [AUTH user password] [SETNAME name]] --------------- */

/* The options after the version, each done when it is read, as in Redis. False
 * if one was answered with an error. */
static bool hello_options(struct call *call) {
    size_t i = 2;

    while (i < call->argc) {
        const struct slice *option = &call->argv[i];

        if (is_hello_auth(call->argv, call->argc, i)) {
            if (!authenticate(call, option[1], option[2])) return false;
            i += 3;
        } else if (argument_is(*option, "setname") && call->argc - i > 1) {
            if (!client_set_name(call, option[1])) return false;
            i += 2;
        } else {
            resp_write_error(call->out,
                             "ERR Syntax error in HELLO option '%.*s'",
                             command_shown(*option), option->data);
            return false;
        }
    }
    if (call->session->authenticated || password_of(call).len == 0) return true;
    resp_write_error(call->out,
                     "NOAUTH HELLO must be called with the client already "
                     "authenticated, otherwise the HELLO AUTH <user> <pass> "
                     "option can be used to authenticate the client and select "
                     "the RESP protocol version at the same time");
    return false;
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

/* ---- SELECT, RESET ------------------------------------------------------ */

void command_select(struct call *call) {
    unsigned database;

    if (!argument_database(call, call->argv[1], &database)) return;
    call->session->database = database;
    store_select(call->store, database);
    resp_write_simple(call->out, "OK");
}

/* As if it had just connected, but for its id and what CLIENT was told. */
void command_reset(struct call *call) {
    struct session *session = call->session;

    transaction_end(session, call->server->watches);
    session->monitoring = false;
    session->database = 0;
    session->protocol = 2;
    session->authenticated = password_of(call).len == 0;
    server_conn_of(session)->stranger_ms = call->server->turn_us / 1000;
    buf_free(&session->name);
    resp_write_simple(call->out, "RESET");
}
