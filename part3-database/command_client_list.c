/* command_client_list.c -- CLIENT LIST, INFO and KILL: who is connected, what
 * each costs, and closing one. */
#include "arguments.h"
#include "handlers.h"
#include "net_peer.h"
#include "resp.h"
#include "server_state.h"
#include "text.h"
#include "transaction.h"

#include <stdlib.h>

/* ---- One line about one client ---------------------------------------- */

#define FLAGS_MAX 12

/* From MULTI to the end of EXEC, within which it is open no more. */
static bool is_in_transaction(const struct session *session) {
    return session->transaction != NULL &&
           (session->transaction->open || session->transaction->count > 0);
}

/* As in Redis, of which we have these. */
static const char *flags_of(const struct conn *conn, char text[FLAGS_MAX]) {
    const struct session *session = &conn->session;
    const struct transaction *transaction = session->transaction;
    char *end = text;

    if (replica_is_one(session)) *end++ = 'S';
    if (session->monitoring) *end++ = 'O';
    if (is_in_transaction(session)) *end++ = 'x';
    if (conn->waits) *end++ = 'b';
    if (transaction != NULL && transaction->watcher.touched) *end++ = 'd';
    if (session->closing) *end++ = 'c';
    if (conn->dead) *end++ = 'A';
    if (net_is_unix(conn->fd)) *end++ = 'U';
    if (session->no_evict) *end++ = 'e';
    if (end == text) *end++ = 'N';
    *end = '\0';
    return text;
}

static const char *events_of(const struct conn *conn) {
    static const char *const texts[] = {"", "r", "w", "rw"};

    return texts[(conn->interest & LOOP_READ ? 1 : 0) +
                 (conn->interest & LOOP_WRITE ? 2 : 0)];
}

static void append_figures(struct buf *line, const struct conn *conn) {
    const struct transaction *transaction = conn->session.transaction;
    const struct buf *query = conn->query != NULL ? &conn->query->bytes : NULL;

    text_append(
        line, "multi=%lld qbuf=%zu qbuf-free=%zu argv-mem=0 multi-mem=%zu ",
        is_in_transaction(&conn->session) ? (long long)transaction->count : -1,
        query != NULL ? buf_len(query) : 0,
        query != NULL ? query->cap - query->tail : 0,
        transaction_memory(&conn->session));
    text_append(line, "rbs=0 rbp=0 obl=%zu oll=0 omem=%zu tot-mem=%zu ",
                buf_len(&conn->unsent), conn->unsent.cap, conn_memory(conn));
}

static void append_field(struct buf *line, const char *name,
                         const struct buf *value) {
    text_append(line, "%s", name);
    buf_append(line, buf_slice(value).data, buf_len(value));
}

/* Redis's line; what we have not (a reply buffer of its own ...) is 0. */
static void append_line(struct buf *line, const struct server *server,
                        const struct conn *conn) {
    const struct session *session = &conn->session;
    const struct command *last = session->last_command;
    const struct library *library = session->library;
    const struct buf none = {0};
    int64_t now_ms = server->now_us / 1000;
    char address[NET_TEXT_MAX];
    char local[NET_TEXT_MAX];
    char flags[FLAGS_MAX];

    net_peer_address(conn->fd, address);
    net_own_address(conn->fd, local);
    text_append(line, "id=%llu addr=%s laddr=%s fd=%d",
                (unsigned long long)session->id, address, local, conn->fd);
    append_field(line, " name=", &session->name);
    text_append(line, " age=%lld idle=%lld flags=%s db=%u sub=0 psub=0 ssub=0 ",
                (long long)(now_ms - conn->created_ms) / 1000,
                (long long)(now_ms - conn->active_ms) / 1000,
                flags_of(conn, flags), session->database);
    append_figures(line, conn);
    text_append(line, "events=%s cmd=%s%s%s user=default redir=-1 resp=%d ",
                events_of(conn), last != NULL ? last->name : "NULL",
                session->last_subcommand != NULL ? "|" : "",
                session->last_subcommand != NULL ? session->last_subcommand
                                                 : "",
                session->protocol);
    append_field(line, "lib-name=", library != NULL ? &library->name : &none);
    append_field(line,
                 " lib-ver=", library != NULL ? &library->version : &none);
    buf_append(line, "\n", 1);
}

/* ---- INFO, LIST ---------------------------------------------------------- */

static void reply_text(struct call *call, struct buf *text) {
    resp_write_text(call->out, buf_slice(text), call->session->protocol);
    buf_free(text);
}

void client_info(struct call *call) {
    struct buf text = {0};

    append_line(&text, call->server, server_conn_of(call->session));
    reply_text(call, &text);
}

static int by_id(const void *a, const void *b) {
    uint64_t first = (*(struct conn *const *)a)->session.id;
    uint64_t second = (*(struct conn *const *)b)->session.id;

    return (first > second) - (first < second);
}

/* All clients in the order of their numbers; owned by the caller. A request may
 * ask for a million numbers, and each must not be a look at all clients. */
static struct conn **sorted_clients(const struct server *server) {
    struct conn **sorted = xcalloc(server->client_count, sizeof *sorted);
    size_t count = 0;
    size_t i;

    for (i = 0; i < server->conns_cap; i++) {
        if (server->conns[i] != NULL) sorted[count++] = server->conns[i];
    }
    qsort(sorted, count, sizeof *sorted, by_id);
    return sorted;
}

/* CLIENT LIST ID id...: in that order. False if it was answered with an error.
 */
static bool add_lines(struct call *call, struct buf *text,
                      struct conn **sorted) {
    struct conn asked;
    const struct conn *key = &asked;
    size_t i;

    for (i = 3; i < call->argc && buf_len(text) <= call->out_max; i++) {
        struct conn **found;
        int64_t id;

        if (!slice_to_int64(call->argv[i], &id)) {
            resp_write_error(call->out, "ERR Invalid client ID");
            return false;
        }
        asked.session.id = (uint64_t)id;
        found = bsearch(&key, sorted, call->server->client_count,
                        sizeof *sorted, by_id);
        if (found != NULL) append_line(text, call->server, *found);
    }
    return true;
}

static void list_some(struct call *call) {
    struct conn **sorted = sorted_clients(call->server);
    struct buf text = {0};

    if (add_lines(call, &text, sorted)) {
        reply_text(call, &text);
    } else {
        buf_free(&text);
    }
    free(sorted);
}

/* Of these we have two; what no client of ours is, is TYPE_OTHER. */
enum client_type { TYPE_ANY, TYPE_NORMAL, TYPE_REPLICA, TYPE_OTHER };

static bool read_type(struct call *call, struct slice word,
                      enum client_type *type) {
    if (argument_is(word, "normal")) {
        *type = TYPE_NORMAL;
    } else if (argument_is(word, "replica") || argument_is(word, "slave")) {
        *type = TYPE_REPLICA;
    } else if (argument_is(word, "master") || argument_is(word, "pubsub")) {
        *type = TYPE_OTHER;
    } else {
        resp_write_error(call->out, "ERR Unknown client type '%.*s'",
                         command_shown(word), word.data);
        return false;
    }
    return true;
}

static bool is_of_type(const struct conn *conn, enum client_type type) {
    if (type == TYPE_ANY) return true;
    return type ==
           (replica_is_one(&conn->session) ? TYPE_REPLICA : TYPE_NORMAL);
}

void client_list(struct call *call) {
    struct server *server = call->server;
    struct buf text = {0};
    enum client_type wanted = TYPE_ANY;
    size_t i;

    if (call->argc > 3 && argument_is(call->argv[2], "id")) {
        list_some(call);
        return;
    }
    if (call->argc == 4 && argument_is(call->argv[2], "type")) {
        if (!read_type(call, call->argv[3], &wanted)) return;
    } else if (call->argc != 2) {
        reply_syntax_error(call);
        return;
    }
    for (i = 0; i < server->conns_cap; i++) {
        if (server->conns[i] != NULL && is_of_type(server->conns[i], wanted)) {
            append_line(&text, server, server->conns[i]);
        }
    }
    reply_text(call, &text);
}

/* ---- KILL ------------------------------------------------------------- */

/* Which clients: those that are all of it. */
struct victims {
    int64_t id;           /* 0: any */
    struct slice address; /* data NULL: any */
    struct slice local;   /* likewise: which of our addresses it came to */
    enum client_type type;
    bool spares_self;
};

/* One option and its value. False if it was answered with an error. */
static bool read_victims(struct call *call, struct slice option,
                         struct slice value, struct victims *victims) {
    if (argument_is(option, "id")) {
        if (slice_to_int64(value, &victims->id) && victims->id > 0) return true;
        resp_write_error(call->out, "ERR client-id should be greater than 0");
        return false;
    }
    if (argument_is(option, "type")) {
        return read_type(call, value, &victims->type);
    } else if (argument_is(option, "addr")) {
        victims->address = value;
    } else if (argument_is(option, "laddr")) {
        victims->local = value;
    } else if (argument_is(option, "user")) {
        if (slice_equal(value, slice_of("default"))) return true;
        resp_write_error(call->out, "ERR No such user '%.*s'",
                         command_shown(value), value.data);
        return false;
    } else if (argument_is(option, "skipme") &&
               (argument_is(value, "yes") || argument_is(value, "no"))) {
        victims->spares_self = argument_is(value, "yes");
    } else {
        reply_syntax_error(call);
        return false;
    }
    return true;
}

static bool is_victim(const struct victims *victims, const struct conn *conn) {
    char text[NET_TEXT_MAX];

    if (conn->dead || !is_of_type(conn, victims->type)) return false;
    if (victims->id != 0 && conn->session.id != (uint64_t)victims->id) {
        return false;
    }
    if (victims->address.data != NULL) {
        net_peer_address(conn->fd, text);
        if (!slice_equal(victims->address, slice_of(text))) return false;
    }
    if (victims->local.data != NULL) {
        net_own_address(conn->fd, text);
        if (!slice_equal(victims->local, slice_of(text))) return false;
    }
    return true;
}

/* Returns how many. Who asks for its own end gets the answer first. */
static int64_t kill_clients(struct call *call, const struct victims *victims) {
    struct server *server = call->server;
    int64_t killed = 0;
    size_t i;

    for (i = 0; i < server->conns_cap; i++) {
        struct conn *conn = server->conns[i];

        if (conn == NULL || !is_victim(victims, conn)) continue;
        if (&conn->session != call->session) {
            server_close_conn(server, conn);
        } else if (victims->spares_self) {
            continue;
        } else {
            call->session->closing = true;
        }
        killed++;
    }
    return killed;
}

void client_kill(struct call *call) {
    struct victims victims = {.spares_self = call->argc > 3};
    size_t i;

    if (call->argc == 3) {
        victims.address = call->argv[2];
        if (kill_clients(call, &victims) > 0) {
            resp_write_simple(call->out, "OK");
        } else {
            resp_write_error(call->out, "ERR No such client");
        }
        return;
    }
    for (i = 2; i < call->argc; i += 2) {
        if (i + 1 == call->argc) {
            reply_syntax_error(call);
            return;
        }
        if (!read_victims(call, call->argv[i], call->argv[i + 1], &victims)) {
            return;
        }
    }
    resp_write_integer(call->out, kill_clients(call, &victims));
}
