/* session.h -- what the server knows of one client beyond its socket: who it
 * is, what it said of itself, and whether it wants to go.
 *
 * Commands change it; connections carry it. It stands in a header of its own
 * so that neither has to know the other. */
#ifndef REDIS_LITE_SESSION_H
#define REDIS_LITE_SESSION_H

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

struct command;
struct replica;
struct transaction;

/* CLIENT SETINFO. Most clients are quiet about it, and all are counted in
 * bytes: so it stands beside. */
struct library {
    struct buf name;
    struct buf version;
};

struct session {
    uint64_t id;     /* never given twice by one server (CLIENT ID) */
    int protocol;    /* 2, or 3 after HELLO 3 */
    bool closing;    /* no more requests: send what is answered, then close */
    struct buf name; /* CLIENT SETNAME; empty: none */

    /* From part 3 on: */
    bool authenticated; /* or no password was asked for when it came */
    bool no_evict;      /* CLIENT NO-EVICT: whatever it costs, it stays */
    bool monitoring;    /* MONITOR: is told every command that runs */
    unsigned database;  /* SELECT */
    struct transaction *transaction;    /* owned; NULL unless MULTI or WATCH */
    struct replica *replica;            /* owned; NULL: it is none */
    struct library *library;            /* owned; NULL: it did not say */
    const struct command *last_command; /* NULL: none yet, or unknown */
    const char *last_subcommand;        /* NULL: it had none */
};

#endif
