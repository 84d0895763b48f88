/* server.h -- the server: it owns the loop, the connections, the store and the
 * log, and takes turns.
 *
 * There are no mutable globals behind it: two servers can live in one process,
 * each driven by its own thread or, turn by turn, by one. The process has to
 * ignore SIGPIPE, and SIGXFSZ if it has a limit on files: the server takes them
 * from write() (main.c). */
#ifndef REDIS_LITE_SERVER_H
#define REDIS_LITE_SERVER_H

#include "util.h"

#include <stddef.h>

struct config;
struct server;

/* Borrowed until server_free(). */
struct server_options {
    const char *program;  /* argv[0]; its own name in what the log suggests */
    const char *address;  /* HOST:PORT (net.h) */
    const char *aof_path; /* of the append-only file (aof.h) */
    size_t maxclients;    /* connections at a time */
    struct log log;
    struct config *config; /* from part 3 on: all other settings (config.h),
                              which the server takes over; NULL: the defaults */
};

/* Listen, and load the log. NULL if it cannot start; a message says why. */
struct server *server_new(const struct server_options *options);

/* Serve until server_stop(). 0, or -1 if it cannot go on; a message says why.
 */
int server_run(struct server *server);

/* One turn of the loop, waiting at most 'timeout_ms' (-1: for ever) for
 * something to do. 0, or -1 as server_run(). */
int server_turn(struct server *server, int timeout_ms);

/* Let server_run() return after the turn that it is in. The only function here
 * that another thread may call. */
void server_stop(struct server *server);

/* The port that it listens on. */
int server_port(const struct server *server);

/* Close the connections and the log, synced to the disk. -1 if that failed;
 * a message says why. */
int server_free(struct server *server);

#endif
