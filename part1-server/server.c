/* server.c -- the server: what it owns, and the order of one turn.
 *
 * One thread, and a loop instead of a thread for each client. A turn of the
 * loop serves every client that has sent something:
 *
 *   1. wait until descriptors are ready;
 *   2. read, parse, execute: replies only join a buffer;
 *   3. commit: what this turn changed is written to the log;
 *   4. send the replies;
 *   5. free the connections that are over.
 *
 * The order is the point. Since 3 comes before 4, no client is told "+OK"
 * before its change is in the log. Since 3 comes once a turn, one write (and
 * one sync, where each has to be synced) serves all clients of the turn. Since
 * 5 comes last, nothing above it ever meets a connection that is gone. And
 * since there is one thread, each command runs alone: no locks. */
#include "server.h"

#include "aof.h"
#include "command.h"
#include "conn.h"
#include "loop.h"
#include "net.h"
#include "params.h"
#include "resp.h"
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct server {
    const struct server_options *options;
    const struct log *log;
    size_t maxclients; /* as asked for, or as descriptors allow */
    bool stopping;
    bool has_lost_log; /* a commit failed, and that was logged */

    struct loop *loop;
    int wake[2]; /* a pipe: a byte in [1] ends the wait */
    int listeners[LISTENERS_MAX];
    int listener_count;
    int64_t accept_again_ms; /* out of descriptors until then; 0: accepting */
    int64_t accept_warned_ms;

    struct conn **conns; /* by descriptor; NULL: not a client's */
    size_t conns_cap;
    size_t client_count;
    uint64_t last_id;

    /* Of the turn: */
    struct conn *served[EVENTS_PER_TURN];
    size_t served_count;
    size_t sent_count;  /* of those served, how many have been sent to */
    struct query query; /* shared by all without a partial request */
    struct buf replies; /* of all, each client's in one run */

    struct store *store;
    struct aof *aof;
};

/* ---- Accepting -------------------------------------------------------- */

static void watch_listeners(struct server *server, unsigned interest) {
    int i;

    for (i = 0; i < server->listener_count; i++) {
        loop_change(server->loop, server->listeners[i], interest);
    }
}

/* Out of descriptors. The connection stays in the backlog, so its listener
 * would be ready again at once, and for ever: stop looking for a while. */
static void pause_accepting(struct server *server, int cause) {
    int64_t now = clock_ms();

    if (now - server->accept_warned_ms >= ACCEPT_PAUSE_MS) {
        server->accept_warned_ms = now;
        log_write(server->log, LOG_WARNING,
                  "cannot accept, waiting for clients to leave: %s",
                  strerror(cause));
    }
    server->accept_again_ms = now + ACCEPT_PAUSE_MS;
    watch_listeners(server, 0);
}

static void resume_accepting(struct server *server) {
    if (server->accept_again_ms == 0) return;
    if (clock_ms() < server->accept_again_ms) return;
    server->accept_again_ms = 0;
    watch_listeners(server, LOOP_READ);
}

static void add_conn(struct server *server, int fd) {
    size_t slot = (size_t)fd;

    if (loop_add(server->loop, fd, LOOP_READ) == -1) {
        log_write(server->log, LOG_WARNING, "cannot watch a connection: %s",
                  strerror(errno));
        close(fd);
        return;
    }
    if (slot >= server->conns_cap) {
        size_t cap = (slot + 1) * 2;

        server->conns = xrealloc(server->conns, cap * sizeof *server->conns);
        memset(server->conns + server->conns_cap, 0,
               (cap - server->conns_cap) * sizeof *server->conns);
        server->conns_cap = cap;
    }
    server->conns[slot] = conn_new(fd, ++server->last_id);
    server->conns[slot]->interest = LOOP_READ;
    server->client_count++;
    log_write(server->log, LOG_VERBOSE, "client %llu connected",
              (unsigned long long)server->last_id);
}

static void refuse_conn(int fd) {
    static const char reply[] = "-ERR max number of clients reached\r\n";

    /* A courtesy: if it does not fit into the socket at once, it is lost. */
    if (write(fd, reply, sizeof reply - 1) == -1) errno = 0;
    close(fd);
}

static void accept_conns(struct server *server, int listener) {
    int i;

    for (i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd = net_accept(listener);

        if (fd >= 0 && server->client_count < server->maxclients) {
            add_conn(server, fd);
        } else if (fd >= 0) {
            refuse_conn(fd);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                   errno == ENOMEM) {
            pause_accepting(server, errno);
            return;
        }
        /* Any other error is that of one connection, which died while it was
         * waiting (accept(2), "Error handling"): on to the next. */
    }
}

/* ---- One client's share of a turn ------------------------------------- */

static void execute(struct server *server, struct conn *conn,
                    const struct resp_request *request) {
    struct call call = {.argv = request->argv,
                        .argc = request->argc,
                        .session = &conn->session,
                        .store = server->store,
                        .out = &server->replies};

    if (request->argc == 0) return; /* a blank line, "*0": no reply either */
    command_execute(&call);
    if (call.changed) aof_append(server->aof, call.argv, call.argc);
}

static void execute_all(struct server *server, struct conn *conn,
                        struct query *query) {
    enum resp_status status;

    conn->stalled = false;
    while (!conn->session.closing) {
        /* A client that asks for much is served in portions, so that it takes
         * neither all the time nor all the memory. */
        if (buf_len(&server->replies) - conn->replies_start > UNSENT_MAX) {
            conn->stalled = true;
            return;
        }
        status = resp_read_request(&query->request, buf_slice(&query->bytes));
        if (status == RESP_NEED_MORE) return;
        if (status == RESP_ERROR) {
            resp_write_error(&server->replies, "ERR Protocol error: %s",
                             query->request.error);
            conn->session.closing = true;
            return;
        }
        execute(server, conn, &query->request);
        buf_consume(&query->bytes, query->request.size);
        resp_request_next(&query->request);
    }
}

static void serve(struct server *server, struct conn *conn, unsigned ready) {
    struct query *query;

    server->served[server->served_count++] = conn;
    conn->replies_start = buf_len(&server->replies);
    conn->replies_len = 0;
    if (conn->session.closing || conn_is_full(conn)) return;

    if ((ready & LOOP_READ) && !conn->eof && !conn->stalled) {
        query = conn_receive(conn, &server->query);
    } else {
        query = conn_query(conn, &server->query);
    }
    if (!conn->dead) execute_all(server, conn, query);
    conn_keep(conn, query);
    conn->replies_len = buf_len(&server->replies) - conn->replies_start;
}

/* ---- A turn ----------------------------------------------------------- */

/* Steps 3 and 4 for the clients served since they were last taken. */
static int commit_and_send(struct server *server) {
    struct slice replies;

    if (aof_commit(server->aof) == -1) {
        log_write(server->log, LOG_WARNING,
                  "cannot write %s, so nothing more can be promised: %s",
                  server->options->aof_path, strerror(errno));
        server->has_lost_log = true;
        return -1;
    }
    replies = buf_slice(&server->replies);
    for (; server->sent_count < server->served_count; server->sent_count++) {
        struct conn *conn = server->served[server->sent_count];

        conn_send(conn, (struct slice){replies.data + conn->replies_start,
                                       conn->replies_len});
    }
    if (replies.len > REPLIES_MAX) {
        buf_free(&server->replies); /* one large reply is no reason to keep */
    } else {
        buf_consume(&server->replies, replies.len);
    }
    return 0;
}

static void remove_conn(struct server *server, struct conn *conn) {
    log_write(server->log, LOG_VERBOSE, "client %llu left",
              (unsigned long long)conn->session.id);
    loop_remove(server->loop, conn->fd);
    server->conns[conn->fd] = NULL;
    server->client_count--;
    conn_free(conn);
    if (server->accept_again_ms != 0) server->accept_again_ms = 1; /* now */
}

/* Step 5; and the loop is told what each of the others waits for. */
static void settle(struct server *server) {
    size_t i;

    for (i = 0; i < server->served_count; i++) {
        struct conn *conn = server->served[i];
        unsigned interest = conn_interest(conn);

        if (!conn->dead && interest != conn->interest) {
            conn->interest = interest;
            if (loop_change(server->loop, conn->fd, interest) == -1) {
                conn->dead = true;
            }
        }
        if (conn->dead) remove_conn(server, conn);
    }
    server->served_count = server->sent_count = 0;
}

static int handle(struct server *server, const struct loop_event *event) {
    size_t slot = (size_t)event->fd;
    char byte;

    if (slot < server->conns_cap && server->conns[slot] != NULL) {
        serve(server, server->conns[slot], event->ready);
        if (buf_len(&server->replies) > REPLIES_MAX) {
            return commit_and_send(server);
        }
    } else if (event->fd == server->wake[0]) {
        if (read(event->fd, &byte, 1) == 1) server->stopping = true;
    } else {
        accept_conns(server, event->fd);
    }
    return 0;
}

int server_turn(struct server *server, int timeout_ms) {
    struct loop_event events[EVENTS_PER_TURN];
    int count;
    int i;

    resume_accepting(server);
    if (server->accept_again_ms != 0 &&
        (timeout_ms < 0 || timeout_ms > ACCEPT_PAUSE_MS)) {
        timeout_ms = ACCEPT_PAUSE_MS;
    }
    count = loop_wait(server->loop, events, EVENTS_PER_TURN, timeout_ms);
    if (count == -1) {
        log_write(server->log, LOG_WARNING, "cannot wait for clients: %s",
                  strerror(errno));
        return -1;
    }
    for (i = 0; i < count; i++) {
        if (handle(server, &events[i]) == -1) return -1;
    }
    if (commit_and_send(server) == -1) return -1;
    settle(server);
    return 0;
}

int server_run(struct server *server) {
    while (!server->stopping) {
        if (server_turn(server, -1) == -1) return -1;
    }
    log_write(server->log, LOG_NOTICE, "stopping");
    return 0;
}

void server_stop(struct server *server) {
    char byte = 0;

    /* A full pipe has woken the loop already. */
    if (write(server->wake[1], &byte, 1) == -1) return;
}

/* ---- Beginning and end ------------------------------------------------ */

/* Each client needs a descriptor; better to know now how many there can be
 * than to find out under load. */
static bool limit_clients(struct server *server) {
    size_t wanted = server->options->maxclients + DESCRIPTORS_RESERVED;
    size_t limit = net_raise_descriptor_limit(wanted);

    if (limit <= DESCRIPTORS_RESERVED) {
        log_write(server->log, LOG_WARNING,
                  "only %zu open files are allowed, and %d are needed before "
                  "the first client (ulimit -n)",
                  limit, DESCRIPTORS_RESERVED);
        return false;
    }
    server->maxclients = limit - DESCRIPTORS_RESERVED;
    if (limit < wanted) {
        log_write(server->log, LOG_WARNING,
                  "maxclients is %zu, not %zu: only %zu open files are allowed "
                  "(ulimit -n)",
                  server->maxclients, server->options->maxclients, limit);
    }
    return true;
}

static bool open_loop(struct server *server) {
    server->loop = loop_new();
    if (server->loop != NULL && pipe(server->wake) == 0 &&
        net_set_flags(server->wake[0]) == 0 &&
        net_set_flags(server->wake[1]) == 0 &&
        loop_add(server->loop, server->wake[0], LOOP_READ) == 0) {
        return true;
    }
    log_write(server->log, LOG_WARNING, "cannot make an event loop: %s",
              strerror(errno));
    return false;
}

static bool open_listeners(struct server *server) {
    char error[NET_TEXT_MAX];
    int count = net_listen(server->options->address, server->listeners, error);
    int i;

    if (count == -1) {
        log_write(server->log, LOG_WARNING, "cannot listen on %s", error);
        return false;
    }
    server->listener_count = count;
    for (i = 0; i < count; i++) {
        if (loop_add(server->loop, server->listeners[i], LOOP_READ) == -1) {
            log_write(server->log, LOG_WARNING, "cannot watch a socket: %s",
                      strerror(errno));
            return false;
        }
    }
    return true;
}

static void greet(const struct server *server) {
    char text[NET_TEXT_MAX];
    int i;

    for (i = 0; i < server->listener_count; i++) {
        net_local_address(server->listeners[i], text);
        log_write(server->log, LOG_NOTICE, "listening on %s", text);
    }
    command_hint(text, sizeof text, server->options->program,
                 server_port(server));
    log_write(server->log, LOG_NOTICE, "try: %s", text);
}

struct server *server_new(const struct server_options *options) {
    struct server *server = xcalloc(1, sizeof *server);

    server->options = options;
    server->log = &options->log;
    server->wake[0] = server->wake[1] = -1;
    server->store = store_new();
    /* The port first, the log second: a port in use should not be found out
     * only after a large log was loaded. Clients wait in the backlog. */
    if (limit_clients(server) && open_loop(server) && open_listeners(server)) {
        server->aof = aof_open(&(struct aof_options){.path = options->aof_path,
                                                     .log = server->log,
                                                     .replay = command_replay,
                                                     .context = server->store});
    }
    if (server->aof == NULL) {
        server_free(server);
        return NULL;
    }
    greet(server);
    return server;
}

int server_port(const struct server *server) {
    return net_local_port(server->listeners[0]);
}

int server_free(struct server *server) {
    int result = 0;
    size_t i;

    for (i = 0; i < server->conns_cap; i++) {
        if (server->conns[i] != NULL) conn_free(server->conns[i]);
    }
    free(server->conns);
    while (server->listener_count > 0) {
        close(server->listeners[--server->listener_count]);
    }
    if (server->aof != NULL && aof_close(server->aof) == -1) {
        if (!server->has_lost_log) {
            log_write(server->log, LOG_WARNING, "cannot sync %s: %s",
                      server->options->aof_path, strerror(errno));
        }
        result = -1;
    }
    if (server->wake[0] != -1) close(server->wake[0]);
    if (server->wake[1] != -1) close(server->wake[1]);
    if (server->loop != NULL) loop_free(server->loop);
    store_free(server->store);
    query_free(&server->query);
    buf_free(&server->replies);
    free(server);
    return result;
}
