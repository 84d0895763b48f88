/* server_execute.c -- one request: whether it may run, its run, and who has to
 * know of it.
 *
 * The rules that hold for every command stand here and in the table's flags, so
 * that no handler has to think of passwords, memory or MULTI. */
#include "server_state.h"

#include "handlers.h"
#include "net_peer.h"
#include "resp.h"
#include "store.h"
#include "transaction.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_TEXT_MAX  512   /* the longest that resp_write_error() takes */
#define ATTACK_PAUSE_MS 60000 /* between two lines about it in the log */

/* ---- Whether it may run -------------------------------------------------- */

/* A web page can make a browser send us a form. Its bytes are a POST and a
 * Host: line first, and after them whatever the page likes: so who says either
 * is not listened to any longer ("cross-protocol scripting"). */
static bool is_http(struct slice name) {
    return slice_equal_nocase(name, slice_of("post")) ||
           slice_equal_nocase(name, slice_of("host:"));
}

static void refuse_http(struct server *server, struct conn *conn) {
    int64_t now = server->turn_us / 1000;
    char text[NET_TEXT_MAX];

    if (server->attacked_ms == 0 ||
        now - server->attacked_ms > ATTACK_PAUSE_MS) {
        server->attacked_ms = now;
        net_peer_address(conn->fd, text);
        log_write(&server->log, LOG_WARNING,
                  "possible attack: %s sent POST or Host:, as a web browser "
                  "does; its connection is closed",
                  text);
    }
    server_close_conn(server, conn);
}

/* A queue needs memory whatever is queued; EXEC needs what all its commands
 * need, and what gives the queue up needs none. */
static bool needs_memory(const struct command *command,
                         const struct session *session) {
    if (!transaction_is_open(session)) return command->flags & COMMAND_GROWS;
    if (command->run == command_exec) {
        return session->transaction->flags & COMMAND_GROWS;
    }
    return command->run != command_discard && command->run != command_reset &&
           command->run != command_quit;
}

static bool may_debug(const struct server *server,
                      const struct session *session) {
    int64_t who = server->config->enable_debug_command;

    return who == DEBUG_YES || (who == DEBUG_LOCAL &&
                                net_peer_is_local(server_conn_of(session)->fd));
}

/* Why this command may not run now: an error reply; NULL: it may. */
static const char *refusal(struct server *server, const struct command *command,
                           const struct call *call) {
    const struct session *session = call->session;
    int64_t maxmemory = server->config->maxmemory;

    if (!session->authenticated && !(command->flags & COMMAND_NO_AUTH)) {
        return "NOAUTH Authentication required.";
    }
    if (command->run == command_debug && !may_debug(server, session)) {
        return "ERR DEBUG command not allowed. If the enable-debug-command "
               "option is set to \"local\", you can run it from a local "
               "connection, otherwise you need to set this option in the "
               "configuration file, and then restart the server.";
    }
    if (transaction_is_open(session) && (command->flags & COMMAND_NO_MULTI)) {
        return "ERR Command not allowed inside a transaction";
    }
    if (maxmemory > 0 && needs_memory(command, session) &&
        server_memory(server) > (size_t)maxmemory) {
        return "OOM command not allowed when used memory > 'maxmemory'.";
    }
    return server_refusal_of_log(server, command, call);
}

/* The error that it was answered with, which is at 'start'. */
static void note_error(struct server *server, const struct call *call,
                       size_t start) {
    struct slice replies = buf_slice(call->out);

    figures_note_error(
        server, (struct slice){replies.data + start, replies.len - start});
}

/* An EXEC that may not run ends its transaction, and tells so. */
static void abort_transaction(struct server *server, struct call *call,
                              size_t start) {
    struct slice reply = buf_slice(call->out);
    struct slice why = {reply.data + start + 1, reply.len - start - 3};
    char text[ERROR_TEXT_MAX];

    if (why.len > 4 && memcmp(why.data, "ERR ", 4) == 0) {
        why = (struct slice){why.data + 4, why.len - 4};
    }
    snprintf(text, sizeof text, "%.*s", (int)why.len, why.data);
    call->out->tail -= reply.len - start;
    resp_write_error(call->out,
                     "EXECABORT Transaction discarded because of: %s", text);
    transaction_end(call->session, server->watches);
}

/* A transaction of which a part was refused will not run. */
static void note_refused(struct server *server, const struct command *command,
                         struct call *call, size_t start) {
    struct session *session = call->session;

    if (command != NULL && command->run == command_exec) {
        abort_transaction(server, call, start);
    }
    note_error(server, call, start);
    if (command != NULL) {
        server->figures.of[command - command_table].rejected++;
    }
    if (transaction_is_open(session)) session->transaction->refused = true;
}

/* ---- Its run ------------------------------------------------------------- */

/* To the log, and to those who follow it. */
static void append(struct server *server, unsigned database,
                   const struct slice *argv, size_t argc) {
    replication_append(server, database, argv, argc);
    if (server->aof == NULL) return;
    if (database != server->log_database) {
        char text[COMMAND_NUMBER_MAX];
        int len = snprintf(text, sizeof text, "%u", database);
        struct slice words[] = {
            slice_of("SELECT"), {text, (size_t)len}
        };

        aof_append(server->aof, words, 2);
        server->log_database = database;
    }
    aof_append(server->aof, argv, argc);
}

/* What belongs to no database must not select one. */
static void append_word(struct server *server, const char *text) {
    struct slice word = slice_of(text);

    replication_append(server, server->replication.database, &word, 1);
    if (server->aof != NULL) aof_append(server->aof, &word, 1);
}

static void log_record(struct server *server, unsigned database,
                       const struct slice *argv, size_t argc) {
    if (server->in_transaction && !server->transaction_logged) {
        append_word(server, "MULTI");
        server->transaction_logged = true;
    }
    append(server, database, argv, argc);
}

void server_begin_transaction(struct server *server) {
    server->in_transaction = true;
    server->transaction_logged = false;
}

void server_end_transaction(struct server *server) {
    if (server->transaction_logged) append_word(server, "EXEC");
    server->in_transaction = server->transaction_logged = false;
}

/* The order of the log is that in which commands ran: its record joins the
 * others of the turn at once, and only what changed something has one. */
static void run_and_log(struct server *server, const struct command *command,
                        struct call *call) {
    unsigned database = call->session->database;

    command->run(call);
    /* The log would take it, and the next start refuse it. */
    assert(!call->changed || (command->flags & COMMAND_WRITE));
    if (!call->changed) return;
    server_conn_of(call->session)->wrote = true;
    log_record(server, database, call->argv, call->argc);
}

void server_run_call(struct server *server, const struct command *command,
                     struct call *call) {
    const struct call said = {.argv = call->argv,
                              .argc = call->argc,
                              .session = call->session,
                              .out = call->out};
    bool was_monitoring = call->session->monitoring;
    size_t start = buf_len(call->out);

    run_and_log(server, command, call);
    if (call->session->monitoring != was_monitoring) {
        server_monitor(server, server_conn_of(call->session), !was_monitoring);
    }
    server_note_run(server, command, &said, start);
}

/* ---- A request ----------------------------------------------------------- */

/* The end of one command is the beginning of the next, so that each looks at
 * the clock once. Within EXEC, time stands still. */
static void set_time(struct server *server) {
    server->time_us = server->turn_time_us + server->now_us - server->turn_us;
    if (server->is_loading) return; /* a log is replayed at no time at all */
    store_set_time(server->store, server->time_us / 1000);
}

/* A subcommand is a command of its own: one that is none is refused before it
 * is queued. */
static bool has_subcommand(struct server *server, const struct command *command,
                           struct call *call) {
    size_t start = buf_len(call->out);

    if (!(command->flags & COMMAND_PARENT) || call->argc == 1) return true;
    call->only_check = true;
    command->run(call);
    call->only_check = false;
    if (buf_len(call->out) == start) return true;
    note_refused(server, command, call, start);
    return false;
}

static void queue(struct server *server, const struct command *command,
                  struct call *call) {
    struct transaction *transaction = call->session->transaction;

    if (!has_subcommand(server, command, call)) return;
    /* What will not run needs no room. */
    if (!transaction->refused && !transaction->watcher.touched) {
        transaction_queue(transaction, command, call);
    }
    resp_write_simple(call->out, "QUEUED");
}

static void run_or_queue(struct server *server, const struct command *command,
                         struct call *call) {
    const char *wrong = refusal(server, command, call);
    size_t start = buf_len(call->out);

    if (wrong != NULL) {
        resp_write_error(call->out, "%s", wrong);
        note_refused(server, command, call, start);
    } else if (transaction_is_open(call->session) &&
               !(command->flags & COMMAND_NO_QUEUE)) {
        queue(server, command, call);
    } else {
        set_time(server);
        store_select(server->store, call->session->database);
        server_run_call(server, command, call);
    }
}

void server_execute(struct server *server, struct conn *conn,
                    const struct resp_request *request,
                    const struct command *command) {
    const struct config *config = server->config;
    size_t start = buf_len(&server->replies);
    int64_t limit = config->output_normal.hard;
    size_t hard = limit > 0 ? (size_t)limit : SIZE_MAX - start;
    struct call call = {.argv = request->argv,
                        .argc = request->argc,
                        .session = &conn->session,
                        .store = server->store,
                        .out = &server->replies,
                        .server = server,
                        .out_max = start + hard,
                        .value_max = (size_t)config->proto_max_bulk_len};

    if (request->argc == 0) return; /* a blank line, "*0": no reply either */
    if (command == NULL && is_http(request->argv[0])) {
        refuse_http(server, conn);
        return;
    }
    /* What it is sent it takes for records: so it cannot be answered. */
    if (replica_is_one(&conn->session) &&
        (command == NULL || command->run != command_replconf)) {
        server_close_conn(server, conn);
        return;
    }
    conn->session.last_command = command;
    conn->session.last_subcommand = NULL;
    if (command_check(&call, command)) {
        assert(command != NULL); /* which an analyzer cannot know */
        run_or_queue(server, command, &call);
    } else {
        note_refused(server, command, &call, start);
    }
    if (buf_len(&server->replies) > call.out_max) {
        server_give_up(server, conn, "client-output-buffer-limit, hard");
    }
}

/* ---- The store's listener ------------------------------------------------ */

static void note_changed(void *context, unsigned database, uint64_t hash,
                         struct slice key) {
    struct server *server = context;

    watches_changed(server->watches, database, hash, key);
}

static void note_expired(void *context, struct slice key) {
    struct server *server = context;
    struct slice words[] = {slice_of("DEL"), key};

    log_record(server, store_selected(server->store), words, 2);
}

static void note_clearing(void *context, unsigned database) {
    struct server *server = context;

    watches_clearing(server->watches, database);
}

void server_listen(struct server *server) {
    server->listener = (struct store_listener){server, note_changed,
                                               note_expired, note_clearing};
    store_listen(server->store, &server->listener);
}
