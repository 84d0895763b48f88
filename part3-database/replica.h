/* replica.h -- feeding replicas: the log, on a socket.
 *
 * A Redis or Valkey server that is told "REPLICAOF us" connects like a client
 * and says PSYNC. It is sent an empty snapshot in Redis's format, all data as
 * records, and from then on every record that the log gets, in the same order.
 * It answers with nothing but how far it is (REPLCONF ACK). */
#ifndef REDIS_LITE_REPLICA_H
#define REDIS_LITE_REPLICA_H

#include "buf.h"
#include "child.h"
#include "net.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct server;
struct session;

enum replica_state {
    REPLICA_NOT,   /* it has only told of itself */
    REPLICA_WAITS, /* for a child that writes to it */
    REPLICA_SYNCS, /* the child does; what is logged meanwhile is held */
    REPLICA_ONLINE /* it has all data, and gets what is logged */
};

/* What a session has of it; NULL: it never spoke of being one. */
struct replica {
    enum replica_state state;
    bool sends_acks;    /* it came by PSYNC, and not by the older SYNC */
    bool wants_file;    /* it is redis-cli, and wants a snapshot in a file */
    bool wants_no_data; /* nothing but what changes from now on */
    int port;           /* where it listens, as it says; 0: did not say */
    char address[NET_TEXT_MAX]; /* likewise; "": ask the socket */
    struct buf held;            /* of the stream, while the child writes */
    int64_t acked;    /* the offset that it has come to, as it says... */
    int64_t acked_ms; /* ...and when (clock_ms()); or when it had all data */
};

/* What a server has of it. */
struct replication {
    struct conn **replicas; /* owned array; those that wait, sync or follow */
    size_t count;
    struct child child; /* that writes all data to one of them... */
    struct conn *syncs; /* ...this one */
    struct buf stream;  /* records of this turn */
    unsigned database;  /* that the stream has selected */
    int64_t offset;     /* bytes of the stream, from where it starts */
    int64_t pinged_ms;  /* clock_ms() */
    uint64_t syncs_count;
};

/* Where the count of bytes begins: so high that a replica can be told, before
 * it is sent all data, a number that makes its count ours when it has them. */
#define REPLICATION_OFFSET INT64_C(1000000000000000)

/* That of a session; made if there is none. */
struct replica *replica_of(struct session *session);
void replica_free(struct session *session);
bool replica_is_one(const struct session *session);

/* From the end of the turn on, this client is a replica. */
void replica_add(struct server *server, struct conn *conn, bool by_psync);
void replica_remove(struct server *server, struct conn *conn);

/* Add a record to the stream of this turn, if anybody gets it. */
void replication_append(struct server *server, unsigned database,
                        const struct slice *argv, size_t argc);

/* After the commit: replicas get the records of this turn. With the policy
 * always the disk has them by then. Otherwise, if a write has failed, they are
 * ahead of the log until that is made good (aof.h). */
void replication_send(struct server *server);

/* Begin and end syncs, say PING, close who is silent or too far behind. */
void replication_tick(struct server *server);

/* What INFO and ROLE tell: 0 as long as there never was a replica. */
int64_t replication_offset(const struct server *server);

/* Bytes that replicas cost: a part of what all clients do. */
size_t replication_memory(const struct server *server);

bool replication_has_child(const struct server *server);

/* End the child, if there is one, and close the replica that it wrote to: it is
 * to come again. */
void replication_stop_sync(struct server *server);
void replication_free(struct server *server);

/* "wait_bgsave", "send_bulk" or "online", as in Redis. */
const char *replica_state_name(const struct replica *replica);

/* Where it is, as it or the socket says; its port. */
const char *replica_address(const struct conn *conn, char text[NET_TEXT_MAX]);

#endif
