/* server.c -- the server: the order of one turn.
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
 * since there is one thread, each command runs alone: no locks.
 *
 * What part 3 adds stands beside it: server_execute.c has the rules for one
 * request, server_clients.c those for all clients, server_time.c what time
 * brings, server_open.c the beginning and the end. */
#include "server.h"

#include "resp.h"
#include "server_state.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STRANGER_ARGS_MAX 10
#define STRANGER_BULK_MAX 16384
#define RESP_LENGTH_MAX   32 /* bytes around an argument: "$16384" and ends */

/* What Redis allows a client that has not said the password yet. */
static const struct resp_limits stranger_limits = {
    .args = STRANGER_ARGS_MAX,
    .bulk = STRANGER_BULK_MAX,
    .request = STRANGER_ARGS_MAX * (STRANGER_BULK_MAX + RESP_LENGTH_MAX),
    .too_many = "unauthenticated multibulk length",
    .too_long = "unauthenticated bulk length"};

/* ---- One client's share of a turn ------------------------------------- */

/* False if the client's share of the turn is over. */
static bool may_go_on(struct server *server, struct conn *conn,
                      const struct command *command) {
    if (conn->session.closing || conn->dead) return false;
    /* A client that asks for much is served in portions, so that it takes
     * neither all the time nor all the memory. */
    if (buf_len(&server->replies) - conn->replies_start > UNSENT_MAX) {
        conn->stalled = true;
        return false;
    }
    if (server_must_wait(server, conn, command)) {
        conn->stalled = conn->waits = true;
        server->waiting_count++;
        return false;
    }
    return true;
}

/* Read what has come. What a stranger says next may make it welcome, so its
 * requests are read one by one. */
static void read_ahead(struct server *server, const struct conn *conn,
                       struct query *query) {
    bool welcome = conn->session.authenticated;

    batch_read(&server->batch, &query->request, buf_slice(&query->bytes),
               welcome ? &server->limits : &stranger_limits,
               welcome ? BATCH_MAX : 1);
    server_announce(server, conn->session.database, &server->batch);
}

/* Run one request, and take it off the query. A large one, behind which nothing
 * has come, may leave its bytes to the store. */
static void run(struct server *server, struct conn *conn, struct buf *bytes,
                const struct resp_request *request,
                const struct command *command) {
    size_t size = request->size;
    bool is_offered = size > READ_SIZE && size == buf_len(bytes);

    if (is_offered) store_offer(server->store, bytes);
    server_execute(server, conn, request, command);
    if (is_offered) store_offer(server->store, NULL);
    if (bytes->data != NULL) buf_consume(bytes, size); /* else it was taken */
}

/* False if the client's share of the turn is over. */
static bool run_batch(struct server *server, struct conn *conn,
                      struct query *query) {
    const struct batch *batch = &server->batch;
    size_t i;

    for (i = 0; i < batch->count; i++) {
        if (!may_go_on(server, conn, server->commands[i])) return false;
        conn->partial_ms = 0;
        run(server, conn, &query->bytes, &batch->requests[i],
            server->commands[i]);
    }
    return !conn->session.closing && !conn->dead;
}

static void execute_all(struct server *server, struct conn *conn,
                        struct query *query) {
    struct batch *batch = &server->batch;

    conn->stalled = false;
    do {
        read_ahead(server, conn, query);
        if (!run_batch(server, conn, query)) return;
    } while (batch->end == RESP_COMPLETE);
    if (batch->end == RESP_ERROR) {
        resp_write_error(&server->replies, "ERR Protocol error: %s",
                         batch->requests[batch->count].error);
        conn->session.closing = true;
    }
    batch_keep_partial(batch, &query->request);
}

static void serve(struct server *server, struct conn *conn, unsigned ready) {
    struct query *query;
    size_t before;

    server->served[server->served_count++] = conn;
    conn->replies_start = buf_len(&server->replies);
    conn->replies_len = 0;
    conn->wrote = false;
    /* Nothing to read was asked for: its peer is gone. */
    if (conn->waits && (ready & LOOP_READ)) conn->dead = true;
    if (conn->waits || conn->dead || conn->session.closing ||
        conn_is_full(conn))
        return;

    query = conn_query(conn, &server->query);
    if ((ready & LOOP_READ) && !conn->eof && !conn->stalled) {
        before = buf_len(&query->bytes);
        query = conn_receive(conn, &server->query);
        server->figures.input_bytes += buf_len(&query->bytes) - before;
        conn->active_ms = server->turn_us / 1000;
    }
    if (!conn->dead) execute_all(server, conn, query);
    conn_keep(conn, query);
    conn->replies_len = buf_len(&server->replies) - conn->replies_start;
}

/* ---- A turn ----------------------------------------------------------- */

static void send_to(struct server *server, struct conn *conn,
                    struct slice replies) {
    size_t waiting = buf_len(&conn->unsent) + replies.len;
    size_t sent;

    conn_send(conn, replies);
    sent = waiting - buf_len(&conn->unsent);
    if (sent == 0) return;
    server->figures.output_bytes += sent;
    conn->active_ms = server->turn_us / 1000; /* it takes what it asked for */
}

/* What was sent. A large one is no reason to keep the memory. */
static void empty(struct buf *sent) {
    if (buf_len(sent) > REPLIES_MAX) {
        buf_free(sent);
    } else {
        buf_consume(sent, buf_len(sent));
    }
}

/* Steps 3 and 4. Monitors come last, so that one gets the "+OK" before what it
 * asked for. */
static int commit_and_send(struct server *server) {
    struct slice replies, lines;
    size_t i;

    if (server_commit(server) == -1) return -1;
    replies = buf_slice(&server->replies);
    for (i = 0; i < server->served_count; i++) {
        struct conn *conn = server->served[i];

        send_to(server, conn,
                (struct slice){replies.data + conn->replies_start,
                               conn->replies_len});
    }
    empty(&server->replies);
    lines = buf_slice(&server->monitor_lines);
    for (i = 0; i < server->monitor_count; i++) {
        struct monitor *monitor = &server->monitors[i];

        send_to(server, monitor->conn,
                (struct slice){lines.data + monitor->lines_start,
                               lines.len - monitor->lines_start});
        monitor->lines_start = 0;
    }
    empty(&server->monitor_lines);
    replication_send(server);
    server_look_after_log(server);
    return 0;
}

/* Since when it owes us the rest of a request. One that is not being read from
 * owes us nothing. */
static void note_partial(struct conn *conn, int64_t now_ms) {
    if (conn->query == NULL || conn->stalled || conn_is_full(conn)) {
        conn->partial_ms = 0;
    } else if (conn->partial_ms == 0) {
        conn->partial_ms = now_ms;
    }
}

void server_settle(struct server *server, struct conn *conn) {
    unsigned interest = conn_interest(conn);

    /* What it was answered before may go on its way. */
    if (conn->waits) interest = buf_len(&conn->unsent) > 0 ? LOOP_WRITE : 0;

    if (!conn->dead && interest != conn->interest) {
        conn->interest = interest;
        if (loop_change(server->loop, conn->fd, interest) == -1) {
            conn->dead = true;
        }
    }
    if (!conn->dead) {
        note_partial(conn, server->turn_us / 1000);
        server_check_output(server, conn, server->turn_us / 1000);
        server_account(server, conn);
    }
}

/* Step 5. */
static void settle(struct server *server) {
    size_t i;

    for (i = 0; i < server->monitor_count; i++) {
        server_settle(server, server->monitors[i].conn);
        server->has_doomed |= server->monitors[i].conn->dead;
    }
    for (i = 0; i < server->served_count; i++) {
        server_settle(server, server->served[i]);
    }
    for (i = 0; i < server->served_count; i++) {
        if (server->served[i]->dead) {
            server_remove_conn(server, server->served[i]);
        }
    }
    server->served_count = 0;
    server_remove_doomed(server);
    /* Last: what those cost who are gone is no reason to close another. */
    server_check_costs(server);
    server_remove_doomed(server);
}

static bool is_listener(const struct server *server, int fd) {
    int i = 0;

    while (i < server->listener_count && server->listeners[i] != fd)
        i++;
    return i < server->listener_count;
}

static void handle(struct server *server, const struct loop_event *event) {
    size_t slot = (size_t)event->fd;
    char byte;

    if (slot < server->conns_cap && server->conns[slot] != NULL) {
        serve(server, server->conns[slot], event->ready);
    } else if (event->fd == server->wake[0]) {
        if (read(event->fd, &byte, 1) == 1) server->stopping = true;
    } else if (is_listener(server, event->fd)) {
        server_accept(server, event->fd);
        /* No time of the command that comes next. */
        server->now_us = clock_us();
    }
}

static bool has_much_to_send(const struct server *server) {
    return buf_len(&server->replies) > REPLIES_MAX ||
           buf_len(&server->monitor_lines) > REPLIES_MAX;
}

/* Serve who is ready, in turn. Once there is much to send the turn is over, so
 * that what it cost is looked at first; the rest comes in the next one. (By
 * then one of them may be gone, and nobody or a new client have its descriptor:
 * to be served without reason does no harm.) */
static void handle_events(struct server *server) {
    while (server->event_next < server->event_count &&
           !has_much_to_send(server)) {
        handle(server, &server->events[server->event_next++]);
    }
}

/* ---- The order of a turn ------------------------------------------------ */

static void look_at_clocks(struct server *server) {
    server->turn_us = server->now_us = clock_us();
    server->turn_time_us = time_us();
}

/* Until the next tick, or until it is asked for. */
static int time_to_wait(const struct server *server, int timeout_ms) {
    int64_t left = server->tick_ms - clock_ms();

    if (left < 0) left = 0;
    return timeout_ms < 0 || timeout_ms > left ? (int)left : timeout_ms;
}

static int wait_for_events(struct server *server, int timeout_ms) {
    int count = loop_wait(server->loop, server->events, EVENTS_PER_TURN,
                          time_to_wait(server, timeout_ms));

    if (count == -1) {
        log_write(&server->log, LOG_WARNING, "cannot wait for clients: %s",
                  strerror(errno));
        return -1;
    }
    server->event_next = 0;
    server->event_count = count;
    return 0;
}

int server_turn(struct server *server, int timeout_ms) {
    if (server->event_next == server->event_count &&
        wait_for_events(server, timeout_ms) == -1) {
        return -1;
    }
    look_at_clocks(server);
    handle_events(server);
    /* After them: if we slept for long, those who spoke in time are not late.
     */
    server_tick(server);
    if (commit_and_send(server) == -1) return -1;
    settle(server);
    return 0;
}

int server_run(struct server *server) {
    while (!server->stopping) {
        if (server_turn(server, -1) == -1) return -1;
    }
    log_write(&server->log, LOG_NOTICE, "stopping");
    return 0;
}

void server_stop(struct server *server) {
    char byte = 0;

    /* A full pipe has woken the loop already. */
    if (write(server->wake[1], &byte, 1) == -1) return;
}
