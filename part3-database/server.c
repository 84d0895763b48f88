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
 * since there is one thread, each command runs alone: no locks.
 *
 * What part 3 adds stands beside it: server_execute.c has the rules for one
 * request, server_clients.c those for all clients. */
#include "server.h"

#include "net.h"
#include "net_peer.h"
#include "resp.h"
#include "server_state.h"
#include "store.h"
#include "transaction.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Looking for what has expired, or giving back what was cleared: so long at a
 * time, and again so soon if there was much; so it takes at most a quarter of
 * all time, as in Redis. */
#define EXPIRE_US        1000
#define EXPIRE_AGAIN_MS  4
#define EXPIRE_MUCH      10 /* percent of those looked at */
#define CHECK_CLIENTS_MS 1000
#define SAMPLE_MS        1000 /* instantaneous_ops_per_sec */

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

static void execute_all(struct server *server, struct conn *conn,
                        struct query *query) {
    enum resp_status status;

    conn->stalled = false;
    while (!conn->session.closing && !conn->dead) {
        /* A client that asks for much is served in portions, so that it takes
         * neither all the time nor all the memory. */
        if (buf_len(&server->replies) - conn->replies_start > UNSENT_MAX) {
            conn->stalled = true;
            return;
        }
        query->request.limits = conn->session.authenticated ? &server->limits
                                                            : &stranger_limits;
        status = resp_read_request(&query->request, buf_slice(&query->bytes));
        if (status == RESP_NEED_MORE) return;
        if (status == RESP_ERROR) {
            resp_write_error(&server->replies, "ERR Protocol error: %s",
                             query->request.error);
            conn->session.closing = true;
            return;
        }
        conn->partial_ms = 0;
        server_execute(server, conn, &query->request);
        buf_consume(&query->bytes, query->request.size);
        resp_request_next(&query->request);
    }
}

static void serve(struct server *server, struct conn *conn, unsigned ready) {
    struct query *query;
    size_t before;

    server->served[server->served_count++] = conn;
    conn->replies_start = buf_len(&server->replies);
    conn->replies_len = 0;
    if (conn->dead || conn->session.closing || conn_is_full(conn)) return;

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

static int commit(struct server *server) {
    int64_t threshold = server->config->latency_monitor_threshold;
    int64_t began_ms;

    if (server->aof == NULL) return 0;
    began_ms = threshold > 0 ? clock_ms() : 0;
    if (aof_commit(server->aof) == -1) {
        log_write(&server->log, LOG_WARNING,
                  "cannot write %s, so nothing more can be promised: %s",
                  server->config->aof_path, strerror(errno));
        server->has_lost_log = true;
        return -1;
    }
    if (threshold > 0 && clock_ms() - began_ms >= threshold) {
        latency_add(&server->latency, LATENCY_AOF_WRITE,
                    server->turn_time_us / 1000000, clock_ms() - began_ms);
    }
    return 0;
}

/* Steps 3 and 4. Monitors come last, so that one gets the "+OK" before what it
 * asked for. */
static int commit_and_send(struct server *server) {
    struct slice replies, lines;
    size_t i;

    if (commit(server) == -1) return -1;
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
        struct conn *conn = server->monitors[i];

        send_to(server, conn,
                (struct slice){lines.data + conn->lines_start,
                               lines.len - conn->lines_start});
        conn->lines_start = 0;
    }
    empty(&server->monitor_lines);
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

/* What the loop is to wait for now, what the client costs; or its end. */
static void settle_conn(struct server *server, struct conn *conn) {
    unsigned interest = conn_interest(conn);

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
        settle_conn(server, server->monitors[i]);
        server->has_doomed |= server->monitors[i]->dead;
    }
    for (i = 0; i < server->served_count; i++) {
        settle_conn(server, server->served[i]);
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

/* ---- What time brings --------------------------------------------------- */

static void sample(struct server *server, int64_t now_ms) {
    struct server_figures *figures = &server->figures;
    int64_t passed = now_ms - figures->sampled_ms;
    size_t memory = server_memory(server);

    if (memory > figures->memory_peak) figures->memory_peak = memory;
    if (passed < SAMPLE_MS) return;
    figures->commands_per_second = (figures->commands -
                                    figures->sampled_commands) *
                                   1000 / (uint64_t)passed;
    figures->sampled_commands = figures->commands;
    figures->sampled_ms = now_ms;
}

/* True if there is much to be done. */
static bool expire_some(struct server *server) {
    int64_t began = clock_us();
    int64_t took_ms;
    int percent;

    store_set_time(server->store, server->turn_time_us / 1000);
    percent = store_expire_some(server->store, EXPIRE_US);
    took_ms = (clock_us() - began) / 1000;
    if (server->config->latency_monitor_threshold > 0 &&
        took_ms >= server->config->latency_monitor_threshold) {
        latency_add(&server->latency, LATENCY_EXPIRE_CYCLE,
                    server->turn_time_us / 1000000, took_ms);
    }
    return percent >= EXPIRE_MUCH;
}

/* Let the store go on with one of its two duties: what was cleared comes first,
 * for it certainly gives memory. Returns in how many milliseconds to go on. */
static int64_t tend_store(struct server *server) {
    int64_t pause = 1000 / server->config->hz;
    bool more = store_reclaim_some(server->store, EXPIRE_US);

    if (!more && !server->no_active_expire) more = expire_some(server);
    return more && pause > EXPIRE_AGAIN_MS ? EXPIRE_AGAIN_MS : pause;
}

static void tick(struct server *server) {
    int64_t now_ms = server->turn_us / 1000;

    server_resume_accepting(server);
    if (now_ms < server->tick_ms) return;
    server->tick_ms = now_ms + tend_store(server);
    sample(server, now_ms);
    if (server->aof != NULL) server->last_sync_s = aof_last_sync(server->aof);
    if (now_ms < server->clients_ms) return;
    server->clients_ms = now_ms + CHECK_CLIENTS_MS;
    server_check_clients(server, now_ms);
}

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
    tick(server);
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

size_t server_memory(const struct server *server) {
    return store_memory(server->store) + server->clients_memory +
           server->query.bytes.cap + server->replies.cap +
           server->monitor_lines.cap;
}

/* ---- Beginning and end ------------------------------------------------ */

/* Each client needs a descriptor; better to know now how many there can be
 * than to find out under load. */
static bool limit_clients(struct server *server) {
    int64_t *maxclients = &server->config->maxclients;
    size_t wanted = (size_t)*maxclients + DESCRIPTORS_RESERVED;
    size_t limit = net_raise_descriptor_limit(wanted);

    if (limit <= DESCRIPTORS_RESERVED) {
        log_write(&server->log, LOG_WARNING,
                  "only %zu open files are allowed, and %d are needed before "
                  "the first client (ulimit -n)",
                  limit, DESCRIPTORS_RESERVED);
        return false;
    }
    if (limit < wanted) {
        log_write(&server->log, LOG_WARNING,
                  "maxclients is %zu, not %zu: only %zu open files are allowed "
                  "(ulimit -n)",
                  limit - DESCRIPTORS_RESERVED, wanted - DESCRIPTORS_RESERVED,
                  limit);
        *maxclients = (int64_t)(limit - DESCRIPTORS_RESERVED);
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
    log_write(&server->log, LOG_WARNING, "cannot make an event loop: %s",
              strerror(errno));
    return false;
}

static bool open_listeners(struct server *server) {
    const struct config *config = server->config;
    char error[NET_TEXT_MAX];
    int count = net_listen_all(config->address, (int)config->tcp_backlog,
                               server->listeners, error);
    int i;

    if (count >= 0) server->listener_count = count;
    if (count >= 0 && config->unixsocket[0] != '\0') {
        server->unix_listener = net_listen_unix(
            config->unixsocket, (unsigned)config->unixsocketperm,
            (int)config->tcp_backlog, error);
        if (server->unix_listener == -1) count = -1;
    }
    if (count == -1) {
        log_write(&server->log, LOG_WARNING, "cannot listen on %s", error);
        return false;
    }
    if (server->unix_listener != -1) {
        server->listeners[server->listener_count++] = server->unix_listener;
    }
    for (i = 0; i < server->listener_count; i++) {
        if (loop_add(server->loop, server->listeners[i], LOOP_READ) == -1) {
            log_write(&server->log, LOG_WARNING, "cannot watch a socket: %s",
                      strerror(errno));
            return false;
        }
    }
    return true;
}

/* Keys that nobody can select would be forgotten, and come back one day. */
static bool can_select_all(const struct server *server) {
    unsigned count = store_databases(server->store);

    if (count <= server->config->databases) return true;
    log_write(&server->log, LOG_WARNING,
              "%s has keys in database %u: it wants 'databases' to be %u or "
              "more",
              server->config->aof_path, count - 1, count);
    return false;
}

static bool open_aof(struct server *server) {
    if (!server->config->appendonly) {
        log_write(&server->log, LOG_WARNING,
                  "appendonly is no: nothing will be kept");
        return true;
    }
    /* Of the store it knows the time only from now on: what the log holds was
     * there when it was written, and what went has its DEL. */
    server->aof = aof_open(server->config->aof_path, &server->log,
                           command_replay, server->store);
    server->log_database = store_selected(server->store);
    return server->aof != NULL && can_select_all(server);
}

static bool open_logfile(struct server *server) {
    const char *path = server->config->logfile;
    int fd;

    if (path[0] == '\0') return true;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd == -1) {
        log_write(&server->log, LOG_WARNING, "cannot open logfile %s: %s", path,
                  strerror(errno));
        return false;
    }
    server->log.fd = fd;
    return true;
}

bool server_apply_config(struct server *server, char error[CONFIG_ERROR_MAX]) {
    const struct config *config = server->config;
    int64_t wanted = config->maxclients;

    if (!limit_clients(server) || config->maxclients < wanted) {
        snprintf(error, CONFIG_ERROR_MAX,
                 "The operating system is not able to handle the specified "
                 "number of clients, try with %lld",
                 (long long)config->maxclients);
        return false;
    }
    if (server->aof != NULL &&
        aof_set_fsync(server->aof, (enum aof_fsync)config->appendfsync) == -1) {
        snprintf(error, CONFIG_ERROR_MAX, "cannot sync %s: %s",
                 config->aof_path, strerror(errno));
        return false;
    }
    /* From here on nothing can fail, so what is refused has no effect. */
    server->log.level = (enum log_level)config->loglevel;
    server->limits = (struct resp_limits){
        .args = RESP_ARGS_MAX,
        .bulk = config->proto_max_bulk_len,
        .request = config->client_query_buffer_limit};
    if (config->requirepass[0] == '\0') server_let_all_in(server);
    return true;
}

static void greet(const struct server *server) {
    char text[NET_TEXT_MAX];
    int i;

    for (i = 0; i < server->listener_count; i++) {
        if (server->listeners[i] == server->unix_listener) {
            snprintf(text, sizeof text, "%s", server->config->unixsocket);
        } else {
            net_local_address(server->listeners[i], text);
        }
        log_write(&server->log, LOG_NOTICE, "listening on %s", text);
    }
    command_hint(text, sizeof text, server->options->program,
                 server_port(server));
    log_write(&server->log, LOG_NOTICE, "try: %s", text);
}

/* The settings: those that were read, or the defaults; and the few that every
 * part has. */
static struct config *config_of(const struct server_options *options) {
    struct config *config = options->config;

    if (config != NULL) return config;
    config = config_new();
    free(config->address);
    free(config->aof_path);
    config->address = xstrdup(options->address);
    config->aof_path = xstrdup(options->aof_path);
    config->maxclients = (int64_t)options->maxclients;
    config->loglevel = options->log.level;
    return config;
}

static void draw_run_id(struct server *server) {
    unsigned char bytes[(sizeof server->run_id - 1) / 2];
    size_t i;

    random_bytes(bytes, sizeof bytes);
    for (i = 0; i < sizeof bytes; i++)
        snprintf(server->run_id + 2 * i, 3, "%02x", bytes[i]);
}

struct server *server_new(const struct server_options *options) {
    struct server *server = xcalloc(1, sizeof *server);
    char error[CONFIG_ERROR_MAX];

    server->options = options;
    server->config = config_of(options);
    server->log = options->log;
    server->wake[0] = server->wake[1] = server->unix_listener = -1;
    server->started_ms = server->figures.sampled_ms = clock_ms();
    server->last_sync_s = time_us() / 1000000;
    server->figures.of = xcalloc(command_count, sizeof *server->figures.of);
    server->store = store_new();
    server->watches = watches_new(server->store);
    server->slowlog = slowlog_new();
    draw_run_id(server);
    /* The port first, the log second: a port in use should not be found out
     * only after a large log was loaded. Clients wait in the backlog. */
    if (!open_logfile(server) || !limit_clients(server) || !open_loop(server) ||
        !open_listeners(server) || !open_aof(server) ||
        !server_apply_config(server, error)) {
        server_free(server);
        return NULL;
    }
    look_at_clocks(server);
    server_listen(server);
    greet(server);
    return server;
}

int server_port(const struct server *server) {
    return net_local_port(server->listeners[0]);
}

static int close_aof(struct server *server) {
    if (server->aof == NULL || aof_close(server->aof) == 0) return 0;
    if (!server->has_lost_log) {
        log_write(&server->log, LOG_WARNING, "cannot sync %s: %s",
                  server->config->aof_path, strerror(errno));
    }
    return -1;
}

int server_free(struct server *server) {
    int result;
    size_t i;

    store_listen(server->store, NULL);
    for (i = 0; i < server->conns_cap; i++) {
        if (server->conns[i] != NULL) {
            server_remove_conn(server, server->conns[i]);
        }
    }
    free(server->conns);
    free(server->monitors);
    if (server->unix_listener != -1) unlink(server->config->unixsocket);
    while (server->listener_count > 0) {
        close(server->listeners[--server->listener_count]);
    }
    result = close_aof(server);
    if (server->wake[0] != -1) close(server->wake[0]);
    if (server->wake[1] != -1) close(server->wake[1]);
    if (server->loop != NULL) loop_free(server->loop);
    store_free(server->store);
    watches_free(server->watches);
    slowlog_free(server->slowlog);
    query_free(&server->query);
    buf_free(&server->replies);
    buf_free(&server->monitor_lines);
    free(server->figures.of);
    if (server->log.fd != server->options->log.fd) close(server->log.fd);
    config_free(server->config);
    free(server);
    return result;
}
