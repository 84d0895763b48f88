/* server_clients.c -- who is let in, what a client may cost, and who has to go.
 *
 * One rule behind all of it: for what a client costs, the client pays. Time it
 * does not use, bytes it does not take, memory it does not give back: beyond a
 * limit its connection is closed, and nobody else notices. */
#include "server_state.h"

#include "net.h"
#include "net_peer.h"
#include "transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A request that is long in coming has to come at this rate at least. */
#define REQUEST_BYTES_PER_MS 16

/* Bytes of replies that may wait for one who has not said the password. */
#define STRANGER_UNSENT_MAX 1024

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
    int64_t now = server->turn_us / 1000;

    if (now - server->accept_warned_ms >= ACCEPT_PAUSE_MS) {
        server->accept_warned_ms = now;
        log_write(&server->log, LOG_WARNING,
                  "cannot accept, waiting for clients to leave: %s",
                  strerror(cause));
    }
    server->accept_again_ms = now + ACCEPT_PAUSE_MS;
    watch_listeners(server, 0);
}

void server_resume_accepting(struct server *server) {
    if (server->accept_again_ms == 0) return;
    if (server->turn_us / 1000 < server->accept_again_ms) return;
    server->accept_again_ms = 0;
    watch_listeners(server, LOOP_READ);
}

static void make_place(struct server *server, size_t slot) {
    size_t cap = (slot + 1) * 2;

    if (slot < server->conns_cap) return;
    server->conns = xrealloc(server->conns, cap * sizeof(struct conn *));
    memset(server->conns + server->conns_cap, 0,
           (cap - server->conns_cap) * sizeof(struct conn *));
    server->conns_cap = cap;
}

/* False if the kernel has no room for one more. */
static bool add_conn(struct server *server, int fd) {
    struct conn *conn;

    if (loop_add(server->loop, fd, LOOP_READ) == -1) {
        pause_accepting(server, errno);
        close(fd);
        return false;
    }
    if (server->config->tcp_keepalive > 0) {
        net_keep_alive(fd, (int)server->config->tcp_keepalive);
    }
    make_place(server, (size_t)fd);
    conn = conn_new(fd, ++server->last_id);
    conn->interest = LOOP_READ;
    conn->created_ms = conn->stranger_ms = conn->active_ms = server->turn_us /
                                                             1000;
    conn->session.authenticated = server->config->requirepass[0] == '\0';
    server->conns[fd] = conn;
    server->client_count++;
    server_account(server, conn);
    log_write(&server->log, LOG_VERBOSE, "client %llu connected",
              (unsigned long long)server->last_id);
    return true;
}

/* Why this one may not come in; NULL: it may. */
static const char *refusal(const struct server *server, int fd) {
    const struct config *config = server->config;

    if (server->client_count >= (size_t)config->maxclients) {
        return "-ERR max number of clients reached\r\n";
    }
    if (config->protected_mode && config->requirepass[0] == '\0' &&
        !net_peer_is_local(fd)) {
        return "-DENIED Redis is running in protected mode because protected "
               "mode is enabled and no password is set for the default user. "
               "Only connections from this machine are accepted then. To "
               "accept others, set requirepass, or protected-mode to no.\r\n";
    }
    return NULL;
}

void server_accept(struct server *server, int listener) {
    int i;

    for (i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd = net_accept(listener);
        const char *wrong;

        if (fd >= 0) {
            server->figures.connections++;
            wrong = refusal(server, fd);
            if (wrong == NULL) {
                if (!add_conn(server, fd)) return;
                continue;
            }
            server->figures.rejected++;
            /* A courtesy: if it does not fit at once, it is lost. */
            if (write(fd, wrong, strlen(wrong)) == -1) errno = 0;
            close(fd);
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

void server_let_all_in(struct server *server) {
    size_t i;

    for (i = 0; i < server->conns_cap; i++) {
        if (server->conns[i] != NULL) {
            server->conns[i]->session.authenticated = true;
        }
    }
}

/* ---- Leaving ----------------------------------------------------------- */

struct conn *server_conn_of(const struct session *session) {
    return (struct conn *)((char *)session - offsetof(struct conn, session));
}

void server_monitor(struct server *server, struct conn *conn, bool on) {
    size_t i;

    for (i = 0; i < server->monitor_count; i++) {
        if (server->monitors[i].conn != conn) continue;
        if (!on)
            server->monitors[i] = server->monitors[--server->monitor_count];
        return;
    }
    if (!on) return;
    server->monitors = xrealloc(server->monitors, (server->monitor_count + 1) *
                                                      sizeof *server->monitors);
    server->monitors[server->monitor_count++] = (struct monitor){
        conn, buf_len(&server->monitor_lines)};
}

void server_close_conn(struct server *server, struct conn *conn) {
    conn->dead = true;
    server->has_doomed = true;
}

void server_remove_conn(struct server *server, struct conn *conn) {
    struct session *session = &conn->session;

    log_write(&server->log, LOG_VERBOSE, "client %llu left",
              (unsigned long long)session->id);
    server_monitor(server, conn, false);
    if (conn->waits) server->waiting_count--;
    replica_remove(server, conn);
    replica_free(session);
    transaction_end(session, server->watches);
    client_forget_library(session);
    loop_remove(server->loop, conn->fd);
    server->conns[conn->fd] = NULL;
    server->client_count--;
    server->clients_memory -= conn->memory;
    conn_free(conn);
    if (server->accept_again_ms != 0) server->accept_again_ms = 1; /* now */
}

void server_remove_doomed(struct server *server) {
    size_t i;

    if (!server->has_doomed) return;
    server->has_doomed = false;
    for (i = 0; i < server->conns_cap; i++) {
        struct conn *conn = server->conns[i];

        if (conn != NULL && conn->dead) server_remove_conn(server, conn);
    }
}

/* ---- What a client may cost --------------------------------------------- */

size_t conn_memory(const struct conn *conn) {
    const struct session *session = &conn->session;
    size_t memory = sizeof *conn + conn->unsent.cap + session->name.cap +
                    transaction_memory(session);

    if (session->library != NULL) {
        memory += sizeof *session->library + session->library->name.cap +
                  session->library->version.cap;
    }
    if (session->replica != NULL) {
        memory += sizeof *session->replica + session->replica->held.cap;
    }
    if (conn->query != NULL) {
        /* Room that was made for what is to come is not touched yet. */
        memory += sizeof *conn->query + conn->query->bytes.tail +
                  conn->query->request.words.cap +
                  conn->query->request.cap *
                      (sizeof(struct slice) + sizeof(size_t));
    }
    return memory;
}

void server_account(struct server *server, struct conn *conn) {
    size_t memory = conn_memory(conn);

    server->clients_memory += memory - conn->memory;
    conn->memory = memory;
}

void server_give_up(struct server *server, struct conn *conn, const char *why) {
    if (server->given_up++ == 0) {
        log_write(&server->log, LOG_WARNING, "closed client %llu: %s",
                  (unsigned long long)conn->session.id, why);
    }
    server->figures.evicted++;
    server_close_conn(server, conn);
}

/* There may be thousands: one has a line, and the others share one. */
static void tell_given_up(struct server *server) {
    if (server->given_up > 1) {
        log_write(&server->log, LOG_WARNING,
                  "closed %llu more clients for what they cost",
                  (unsigned long long)server->given_up - 1);
    }
    server->given_up = 0;
}

/* Replies that wait: not above the hard limit ever, nor above the soft one for
 * long. */
void server_check_output(struct server *server, struct conn *conn,
                         int64_t now_ms) {
    const struct config *config = server->config;
    bool is_replica = replica_is_one(&conn->session);
    const struct output_limit *limit = is_replica ? &config->output_replica
                                                  : &config->output_normal;
    int64_t waiting = (int64_t)buf_len(&conn->unsent);

    if (is_replica) waiting += (int64_t)buf_len(&conn->session.replica->held);
    if (!conn->session.authenticated && waiting > STRANGER_UNSENT_MAX) {
        server_give_up(server, conn, "does not read what it is answered");
    } else if (limit->hard > 0 && waiting > limit->hard) {
        server_give_up(server, conn, "client-output-buffer-limit, hard");
    } else if (limit->soft == 0 || waiting <= limit->soft) {
        conn->over_ms = 0;
    } else if (conn->over_ms == 0) {
        conn->over_ms = now_ms;
    } else if (now_ms - conn->over_ms >= limit->soft_seconds * 1000) {
        server_give_up(server, conn, "client-output-buffer-limit, soft");
    }
}

/* Half a request, or nothing said by one who has to say the password: neither
 * holds a place for long. Who sends much is given time for it. */
static bool takes_too_long(const struct server *server, const struct conn *conn,
                           int64_t now_ms) {
    int64_t patience = server->config->request_timeout * 1000;

    if (patience == 0) return false;
    if (!conn->session.authenticated && now_ms - conn->stranger_ms > patience) {
        return true;
    }
    if (conn->partial_ms == 0 || conn->query == NULL) return false;
    patience += (int64_t)buf_len(&conn->query->bytes) / REQUEST_BYTES_PER_MS;
    return now_ms - conn->partial_ms > patience;
}

static void check_client(struct server *server, struct conn *conn,
                         int64_t now_ms) {
    int64_t timeout = server->config->timeout * 1000;

    server_check_output(server, conn, now_ms);
    if (conn->dead) return;
    if (replica_is_one(&conn->session)) return;
    if (timeout > 0 && !conn->session.monitoring && !conn->waits &&
        now_ms - conn->active_ms > timeout) {
        server_close_conn(server, conn);
    } else if (takes_too_long(server, conn, now_ms)) {
        server_give_up(server, conn, "request-timeout");
    }
}

void server_check_clients(struct server *server, int64_t now_ms) {
    size_t i;

    tell_given_up(server);
    for (i = 0; i < server->conns_cap; i++) {
        struct conn *conn = server->conns[i];

        if (conn != NULL && !conn->dead) check_client(server, conn, now_ms);
    }
}

static int by_memory(const void *a, const void *b) {
    size_t first = (*(struct conn *const *)a)->memory;
    size_t second = (*(struct conn *const *)b)->memory;

    return (first < second) - (first > second); /* the largest first */
}

/* All clients together: those that cost most go first. Replicas have a limit of
 * their own. */
void server_check_costs(struct server *server) {
    size_t limit = config_clients_limit(server->config);
    size_t memory = server->clients_memory - replication_memory(server);
    struct conn **order;
    size_t count = 0;
    size_t i;

    if (limit == 0 || memory <= limit) return;
    order = xcalloc(server->client_count, sizeof *order);
    for (i = 0; i < server->conns_cap; i++) {
        struct conn *conn = server->conns[i];

        if (conn == NULL || conn->dead || conn->session.no_evict ||
            replica_is_one(&conn->session)) {
            continue;
        }
        order[count++] = conn;
    }
    qsort(order, count, sizeof *order, by_memory);
    for (i = 0; i < count && memory > limit; i++) {
        memory -= order[i]->memory;
        server_give_up(server, order[i], "maxmemory-clients");
    }
    free(order);
}
