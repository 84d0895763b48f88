/* transaction.h -- what a client has queued since MULTI, and what it watches.
 *
 * Ownership  Of its session (session.h), which has none unless it needs one. */
#ifndef REDIS_LITE_TRANSACTION_H
#define REDIS_LITE_TRANSACTION_H

#include "command.h"
#include "watch.h"

#include <stdbool.h>
#include <stddef.h>

/* One queued command; its arguments are copies. */
struct queued {
    const struct command *command;
    struct slice *argv; /* owned, one allocation with the bytes */
    size_t argc;
};

struct transaction {
    bool open;    /* MULTI was said */
    bool refused; /* a command could not be queued: EXEC will refuse */
    struct watcher watcher;
    struct queued *queue; /* owned */
    size_t count;
    size_t cap;
    unsigned flags; /* of all queued commands (command.h) */
    size_t memory;  /* bytes of the queue, its spare places too */
};

/* The session's, made if it has none. */
struct transaction *transaction_of(struct session *session);

/* Whether it is between MULTI and EXEC. */
bool transaction_is_open(const struct session *session);

/* Bytes that MULTI and WATCH cost: the client pays for them. */
size_t transaction_memory(const struct session *session);

/* Add a copy of this call to the queue. */
void transaction_queue(struct transaction *transaction,
                       const struct command *command, const struct call *call);

/* Forget the queue, and what is watched: after EXEC, DISCARD, RESET, or when
 * the client has gone. 'watches' is the server's. */
void transaction_end(struct session *session, struct watches *watches);

#endif
