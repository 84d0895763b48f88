/* replica.c -- feeding replicas.
 *
 * To get all data to a replica while they change, a child process (fork(2))
 * writes them as they were when it began, straight to the socket. What is
 * logged meanwhile is held back here, and sent when the child has ended. One
 * child at a time: others wait, also for a rewrite of the log. Only a rewrite
 * without which nobody may write waits for no replica. */
#include "replica.h"

#include "command.h"
#include "conn.h"
#include "net_peer.h"
#include "resp.h"
#include "server_state.h"
#include "snapshot.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An RDB file with nothing in it: its version, its end, and no checksum. */
static const char empty_rdb[] = "REDIS0009\xff\0\0\0\0\0\0\0";

#define RDB_SIZE (sizeof empty_rdb) /* the last 0 belongs to it */

/* ---- Who is one ---------------------------------------------------------- */

struct replica *replica_of(struct session *session) {
    if (session->replica == NULL) {
        session->replica = xcalloc(1, sizeof *session->replica);
    }
    return session->replica;
}

void replica_free(struct session *session) {
    if (session->replica != NULL) buf_free(&session->replica->held);
    free(session->replica);
    session->replica = NULL;
}

bool replica_is_one(const struct session *session) {
    return session->replica != NULL && session->replica->state != REPLICA_NOT;
}

void replica_add(struct server *server, struct conn *conn, bool by_psync) {
    struct replication *replication = &server->replication;
    struct replica *replica = replica_of(&conn->session);

    replica->state = REPLICA_WAITS;
    replica->sends_acks = by_psync;
    replica->acked_ms = server->turn_us / 1000;
    replication->replicas = xrealloc(replication->replicas,
                                     (replication->count + 1) *
                                         sizeof *replication->replicas);
    replication->replicas[replication->count++] = conn;
}

void replica_remove(struct server *server, struct conn *conn) {
    struct replication *replication = &server->replication;
    size_t i = 0;

    if (!replica_is_one(&conn->session)) return;
    if (replication->syncs == conn) {
        child_kill(&replication->child);
        replication->syncs = NULL;
    }
    while (replication->replicas[i] != conn)
        i++;
    replication->replicas[i] = replication->replicas[--replication->count];
    log_write(&server->log, LOG_NOTICE, "replica %llu is gone",
              (unsigned long long)conn->session.id);
}

const char *replica_state_name(const struct replica *replica) {
    static const char *const names[] = {"", "wait_bgsave", "send_bulk",
                                        "online"};

    return names[replica->state];
}

const char *replica_address(const struct conn *conn, char text[NET_TEXT_MAX]) {
    const struct replica *replica = conn->session.replica;
    char *colon;

    if (replica->address[0] != '\0') return replica->address;
    net_peer_address(conn->fd, text);
    colon = strrchr(text, ':'); /* the port is that of this connection */
    if (colon != NULL) *colon = '\0';
    return text;
}

/* ---- The stream ---------------------------------------------------------- */

static void append(struct buf *stream, const struct slice *argv, size_t argc) {
    size_t i;

    resp_write_array(stream, argc);
    for (i = 0; i < argc; i++)
        resp_write_bulk(stream, argv[i]);
}

static void append_select(struct buf *stream, unsigned database) {
    char text[COMMAND_NUMBER_MAX];
    int len = snprintf(text, sizeof text, "%u", database);
    struct slice words[] = {
        slice_of("SELECT"), {text, (size_t)len}
    };

    append(stream, words, 2);
}

void replication_append(struct server *server, unsigned database,
                        const struct slice *argv, size_t argc) {
    struct replication *replication = &server->replication;

    if (replication->count == 0) return;
    if (database != replication->database) {
        append_select(&replication->stream, database);
        replication->database = database;
    }
    append(&replication->stream, argv, argc);
}

static void send_now(struct server *server, struct conn *conn,
                     struct slice bytes) {
    size_t waiting = buf_len(&conn->unsent) + bytes.len;

    conn_send(conn, bytes);
    server->figures.output_bytes += waiting - buf_len(&conn->unsent);
}

/* What it costs now; it may have been nobody's turn. */
static void settle(struct server *server, struct conn *conn) {
    server_settle(server, conn);
    server->has_doomed |= conn->dead;
}

/* Those that wait will see in the data what this has done to them. */
static void send_stream(struct server *server, struct conn *conn,
                        struct slice bytes) {
    struct replica *replica = conn->session.replica;

    if (replica->state == REPLICA_SYNCS) {
        buf_append(&replica->held, bytes.data, bytes.len);
    } else if (replica->state == REPLICA_ONLINE) {
        send_now(server, conn, bytes);
    }
    settle(server, conn);
}

void replication_send(struct server *server) {
    struct replication *replication = &server->replication;
    struct slice bytes = buf_slice(&replication->stream);
    size_t i;

    if (bytes.len == 0) return;
    replication->offset += (int64_t)bytes.len;
    for (i = 0; i < replication->count; i++)
        send_stream(server, replication->replicas[i], bytes);
    if (bytes.len > REPLIES_MAX) {
        buf_free(&replication->stream);
    } else {
        buf_consume(&replication->stream, bytes.len);
    }
}

/* ---- The child ----------------------------------------------------------- */

struct sync {
    struct server *server;
    const struct replica *replica;
    int fd;
    int patience_ms;
    int64_t size; /* of all records */
};

static int count_records(void *to, struct slice records) {
    struct sync *sync = to;

    sync->size += (int64_t)records.len;
    return 0;
}

/* The socket does not wait, for the server has it too. */
static int write_out(void *to, struct slice bytes) {
    const struct sync *sync = to;
    struct pollfd room = {.fd = sync->fd, .events = POLLOUT};

    while (bytes.len > 0) {
        ssize_t sent;

        errno = ETIMEDOUT;
        if (poll(&room, 1, sync->patience_ms) == 0) return -1;
        if (child_is_orphan(&sync->server->replication.child)) return -1;
        sent = write(sync->fd, bytes.data, bytes.len);
        if (sent == -1 && (errno == EAGAIN || errno == EINTR)) continue;
        if (sent == -1) return -1;
        bytes.data += sent;
        bytes.len -= (size_t)sent;
    }
    return 0;
}

/* All data, and which database the stream goes on with. */
static int write_data(struct sync *sync, aof_add_fn *add) {
    const struct replication *replication = &sync->server->replication;
    struct buf select = {0};
    int result = 0;

    if (!sync->replica->wants_no_data) {
        result = snapshot_write(sync->server->store, add, sync);
    }
    append_select(&select, replication->database);
    if (result == 0) result = add(sync, buf_slice(&select));
    buf_free(&select);
    return result;
}

/* First the data are counted: the replica counts them, and what follows, from
 * the number that it is told. */
static int run_sync(void *context, void *report, size_t size) {
    struct sync *sync = context;
    const struct server *server = sync->server;
    char line[128];
    int len = 0;

    (void)report, (void)size;
    if (write_data(sync, count_records) == -1) return -1;
    if (sync->replica->sends_acks) {
        len = snprintf(line, sizeof line, "+FULLRESYNC %s %lld\r\n",
                       server->run_id,
                       (long long)(server->replication.offset - sync->size));
    }
    len += snprintf(line + len, sizeof line - (size_t)len, "$%zu\r\n",
                    RDB_SIZE);
    if (write_out(sync, (struct slice){line, (size_t)len}) == -1 ||
        write_out(sync, (struct slice){empty_rdb, RDB_SIZE}) == -1) {
        return -1;
    }
    return write_data(sync, write_out);
}

static int patience_of(const struct server *server) {
    int64_t seconds = server->config->repl_timeout;

    return seconds < INT_MAX / 1000 ? (int)seconds * 1000 : INT_MAX;
}

static void start_sync(struct server *server, struct conn *conn) {
    struct replication *replication = &server->replication;
    struct replica *replica = conn->session.replica;
    struct sync sync = {.server = server,
                        .replica = replica,
                        .fd = conn->fd,
                        .patience_ms = patience_of(server)};

    if (buf_len(&conn->unsent) > 0) return; /* replies before, or line ends */
    if (child_start(&replication->child, run_sync, &sync, &conn->fd, 1) == -1) {
        log_write(&server->log, LOG_WARNING,
                  "cannot make a process for replica %llu: %s",
                  (unsigned long long)conn->session.id, strerror(errno));
        server_close_conn(server, conn);
        return;
    }
    figures_note_fork(server, replication->child.fork_us);
    replica->state = REPLICA_SYNCS;
    replication->syncs = conn;
    replication->syncs_count++;
    log_write(
        &server->log, LOG_NOTICE, "replica %llu gets all data: process %ld",
        (unsigned long long)conn->session.id, (long)replication->child.pid);
}

static void end_sync(struct server *server) {
    struct replication *replication = &server->replication;
    struct conn *conn = replication->syncs;
    struct replica *replica = conn->session.replica;
    enum child_state state = child_look(&replication->child, NULL, 0);

    if (state == CHILD_RUNS) return;
    replication->syncs = NULL;
    if (state == CHILD_FAILED) {
        log_write(&server->log, LOG_WARNING,
                  "replica %llu did not get all data: %s",
                  (unsigned long long)conn->session.id, strerror(errno));
        server_close_conn(server, conn);
        return;
    }
    log_write(&server->log, LOG_NOTICE, "replica %llu has all data",
              (unsigned long long)conn->session.id);
    replica->state = REPLICA_ONLINE;
    /* It could say nothing meanwhile: from now on it is expected to. */
    conn->active_ms = replica->acked_ms = server->turn_us / 1000;
    send_stream(server, conn, buf_slice(&replica->held));
    buf_free(&replica->held);
}

/* ---- As time goes by ----------------------------------------------------- */

/* Something each period, so that a silent link is known to be dead: PING in the
 * stream, and to those that wait an empty line, which the protocol allows. */
static void ping(struct server *server) {
    struct replication *replication = &server->replication;
    struct slice word = slice_of("PING");
    size_t i;

    for (i = 0; i < replication->count; i++) {
        struct conn *conn = replication->replicas[i];

        if (conn->session.replica->state == REPLICA_WAITS) {
            send_now(server, conn, slice_of("\n"));
            settle(server, conn);
        }
    }
    append(&replication->stream, &word, 1);
    replication_send(server);
}

/* One that falls behind is not read from, so it may be of no account that it
 * says nothing as long as it takes what it is sent. */
static void check(struct server *server, struct conn *conn, int64_t now_ms) {
    const struct replica *replica = conn->session.replica;

    if (conn->dead) return;
    if (replica->state == REPLICA_ONLINE && replica->sends_acks &&
        now_ms - conn->active_ms > server->config->repl_timeout * 1000) {
        log_write(&server->log, LOG_WARNING, "replica %llu is silent",
                  (unsigned long long)conn->session.id);
        server_close_conn(server, conn);
    } else if (replica->state == REPLICA_WAITS && !server_has_child(server)) {
        start_sync(server, conn);
    }
}

void replication_tick(struct server *server) {
    struct replication *replication = &server->replication;
    int64_t now_ms = server->turn_us / 1000;
    size_t i;

    if (replication->count == 0) return;
    if (replication->syncs != NULL) end_sync(server);
    for (i = 0; i < replication->count; i++)
        check(server, replication->replicas[i], now_ms);
    if (now_ms - replication->pinged_ms >=
        server->config->repl_ping_replica_period * 1000) {
        replication->pinged_ms = now_ms;
        ping(server);
    }
}

int64_t replication_offset(const struct server *server) {
    return server->replication.syncs_count > 0 ? server->replication.offset : 0;
}

size_t replication_memory(const struct server *server) {
    const struct replication *replication = &server->replication;
    size_t memory = 0;
    size_t i;

    for (i = 0; i < replication->count; i++)
        memory += replication->replicas[i]->memory;
    return memory;
}

bool replication_has_child(const struct server *server) {
    return server->replication.syncs != NULL;
}

void replication_stop_sync(struct server *server) {
    struct replication *replication = &server->replication;

    if (replication->syncs == NULL) return;
    log_write(&server->log, LOG_WARNING,
              "replica %llu did not get all data: the log needs the process",
              (unsigned long long)replication->syncs->session.id);
    child_kill(&replication->child);
    server_close_conn(server, replication->syncs);
    replication->syncs = NULL;
}

void replication_free(struct server *server) {
    struct replication *replication = &server->replication;

    child_kill(&replication->child);
    free(replication->replicas);
    buf_free(&replication->stream);
}
