/* conn.h -- one client's connection: what came in and is not a whole request
 * yet, what is answered and not sent yet.
 *
 * Memory  Most clients are idle at most times, and what they sent last was
 *         whole. So bytes are read into a query that all connections share,
 *         and a connection owns one only while a request of its own is
 *         partial; likewise for replies that the socket did not take.
 * Errors  Trouble with a peer ends that connection and nothing else: it is
 *         marked dead, and its owner frees it at the end of the turn. */
#ifndef REDIS_LITE_CONN_H
#define REDIS_LITE_CONN_H

#include "buf.h"
#include "resp.h"
#include "session.h"

#include <stdbool.h>
#include <stdint.h>

/* The query buffer, and the reader's place in it. */
struct query {
    struct buf bytes;
    struct resp_request request;
};

void query_free(struct query *query);

struct conn {
    int fd;              /* owned */
    unsigned interest;   /* what the loop was told last (loop.h) */
    bool eof;            /* the peer will send no more */
    bool stalled;        /* more requests are here than were run */
    bool dead;           /* to be freed at the end of the turn */
    bool wrote;          /* from part 3 on: in this turn it changed data... */
    bool waits;          /* ...and: to write, until the disk has caught up */
    struct query *query; /* owned; NULL unless a request is partial */
    struct buf unsent;   /* replies that the socket has not taken yet */
    struct session session;
    size_t replies_start; /* this turn's replies: a run of bytes in the */
    size_t replies_len;   /* buffer that all connections share */

    /* From part 3 on; times of clock_ms(). */
    int64_t created_ms;
    int64_t stranger_ms; /* it came, or said RESET: may owe a password since */
    int64_t active_ms;   /* it sent or took something last */
    int64_t partial_ms;  /* it began the request that is partial; 0: none is */
    int64_t over_ms;     /* it went over the soft limit of output; 0: is not */
    size_t memory;       /* bytes that it took when it was last served */
};

/* Takes over 'fd', which is non-blocking. */
struct conn *conn_new(int fd, uint64_t id);
void conn_free(struct conn *conn); /* closes the descriptor */

/* Read what the peer has sent, once. It joins the request that is partial, or
 * else goes into 'shared', which is empty. Returns which: the query to run. */
struct query *conn_receive(struct conn *conn, struct query *shared);

/* The same without reading, for a client that has sent enough already. */
struct query *conn_query(struct conn *conn, struct query *shared);

/* After running what could be run: what is left in 'query' becomes the
 * connection's own, and 'shared' is empty again for the next one. */
void conn_keep(struct conn *conn, struct query *query);

/* Send what was unsent and then 'replies'; keep what the socket refuses. A
 * connection that then waits for nothing is over, and marked dead. */
void conn_send(struct conn *conn, struct slice replies);

/* Whether the peer takes its replies too slowly to be served more. */
bool conn_is_full(const struct conn *conn);

/* What to wait for now (LOOP_READ | LOOP_WRITE); 0 only if it is over. */
unsigned conn_interest(const struct conn *conn);

#endif
