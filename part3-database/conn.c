/* conn.c -- one client: query buffer, output buffer, and when it is over. */
#include "conn.h"

#include "loop.h"
#include "params.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEAP           16            /* times what has come: room for more */
#define LARGE_READ_MAX (1024 * 1024) /* bytes; then others have their turn */

void query_free(struct query *query) {
    buf_free(&query->bytes);
    resp_request_free(&query->request);
}

struct conn *conn_new(int fd, uint64_t id) {
    struct conn *conn = xcalloc(1, sizeof *conn);

    conn->fd = fd;
    conn->session.id = id;
    conn->session.protocol = 2;
    return conn;
}

static void drop_query(struct conn *conn) {
    if (conn->query == NULL) return;
    query_free(conn->query);
    free(conn->query);
    conn->query = NULL;
}

void conn_free(struct conn *conn) {
    close(conn->fd);
    drop_query(conn);
    buf_free(&conn->unsent);
    buf_free(&conn->session.name);
    free(conn);
}

struct query *conn_query(struct conn *conn, struct query *shared) {
    return conn->query != NULL ? conn->query : shared;
}

/* Read into the shared buffer: a connection that read into its own would have
 * to keep room for all that might come. */
static ssize_t read_shared(int fd, struct buf *own, struct buf *shared) {
    char *room = buf_reserve(shared, READ_SIZE);
    ssize_t got = read(fd, room, shared->cap - shared->tail);

    if (got > 0 && own == shared) buf_added(shared, (size_t)got);
    if (got > 0 && own != shared) buf_append(own, room, (size_t)got);
    return got;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Room for 'size' more bytes, and for none beyond them. */
static void reserve_exactly(struct buf *buf, size_t size) {
    buf->cap = buf->tail + size;
    buf->data = xrealloc(buf->data, buf->cap);
}

/* Make room for what a large request lacks, and say how much to read of it.
 *
 * An announced length is no reason to ask for memory. Bytes that have come are,
 * for LEAP times as many: where a promise is not kept, the rest is never
 * touched, so it takes addresses and no memory. All of it at once is not copied
 * from one place to a larger one, time and again; and as nothing is behind it,
 * its buffer may be kept as it is (store.h, store_offer()). */
static size_t make_room(struct query *own) {
    struct buf *bytes = &own->bytes;
    size_t len = buf_len(bytes);
    size_t lacks = resp_request_lacks(&own->request, len);
    size_t room;

    if (lacks == 0) {
        buf_reserve(bytes, READ_SIZE);
    } else if (bytes->cap == bytes->tail) {
        reserve_exactly(bytes, smaller(lacks, LEAP * len));
    }
    room = bytes->cap - bytes->tail;
    if (lacks > 0) room = smaller(room, lacks);
    return smaller(room, LARGE_READ_MAX);
}

/* What is large has its own room, and would be copied for nothing. */
static ssize_t read_large(int fd, struct query *own) {
    size_t size = make_room(own);
    ssize_t got = read(fd, own->bytes.data + own->bytes.tail, size);

    if (got > 0) buf_added(&own->bytes, (size_t)got);
    return got;
}

struct query *conn_receive(struct conn *conn, struct query *shared) {
    struct query *query = conn_query(conn, shared);
    ssize_t got = buf_len(&query->bytes) < READ_SIZE
                      ? read_shared(conn->fd, &query->bytes, &shared->bytes)
                      : read_large(conn->fd, query);

    if (got > 0) return query;
    if (got == 0) {
        /* The peer has said all, but it may still listen: what it asked for
         * is answered before we close (half-close, shutdown(2)). */
        conn->eof = true;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        conn->dead = true;
    }
    return query;
}

/* A query of its own, with just the bytes that are left in 'shared'. */
static struct query *query_take(struct query *shared) {
    struct query *own = xcalloc(1, sizeof *own);
    struct slice left = buf_slice(&shared->bytes);

    buf_append(&own->bytes, left.data, left.len);
    buf_consume(&shared->bytes, left.len);
    own->request = shared->request;
    shared->request = (struct resp_request){0};
    return own;
}

void conn_keep(struct conn *conn, struct query *query) {
    bool is_over = conn->dead || conn->session.closing;

    if (query == conn->query) {
        if (is_over || buf_len(&query->bytes) == 0) {
            drop_query(conn);
        } else if (query->bytes.head > 0) { /* else its room is for the rest */
            buf_trim(&query->bytes);
        }
    } else if (is_over) {
        buf_consume(&query->bytes, buf_len(&query->bytes));
        resp_request_next(&query->request);
    } else if (buf_len(&query->bytes) > 0) {
        conn->query = query_take(query);
    }
}

/* How many bytes the socket took, or -1 if the peer is gone. */
static ssize_t send_some(struct conn *conn, struct slice bytes) {
    ssize_t sent = write(conn->fd, bytes.data, bytes.len);

    if (sent >= 0) return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
    conn->dead = true;
    return -1;
}

void conn_send(struct conn *conn, struct slice replies) {
    ssize_t sent;

    if (conn->dead) return;
    if (buf_len(&conn->unsent) > 0) {
        buf_append(&conn->unsent, replies.data, replies.len);
        sent = send_some(conn, buf_slice(&conn->unsent));
        if (sent > 0) buf_consume(&conn->unsent, (size_t)sent);
        if (buf_len(&conn->unsent) == 0) buf_free(&conn->unsent);
    } else if (replies.len > 0) {
        sent = send_some(conn, replies);
        if (sent >= 0) {
            buf_append(&conn->unsent, replies.data + sent,
                       replies.len - (size_t)sent);
        }
    }
    if (conn_interest(conn) == 0) conn->dead = true;
}

bool conn_is_full(const struct conn *conn) {
    return buf_len(&conn->unsent) > UNSENT_MAX;
}

unsigned conn_interest(const struct conn *conn) {
    unsigned interest = 0;

    if (buf_len(&conn->unsent) > 0) interest |= LOOP_WRITE;
    if (conn->session.closing) return interest;

    /* A stalled client gets on as soon as its socket takes more, which is now
     * or later; so does one that is full. Neither has to send anything. */
    if (conn->stalled) return interest | LOOP_WRITE;
    if (!conn->eof && !conn_is_full(conn)) interest |= LOOP_READ;
    return interest;
}
