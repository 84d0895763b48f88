/* feeder.h -- clients, in a process of their own: what they cost is not on the
 * server's account, and a server in this process can be measured.
 *
 * Ten of them, each with a pipeline of requests; all send, then all listen. So
 * a turn of the server has a bounded amount of work, and how long it takes
 * beyond that is the server's doing. */
#ifndef BENCH_FEEDER_H
#define BENCH_FEEDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FEEDER_CLIENTS  10
#define FEEDER_PIPELINE 16 /* requests of a client at a time */

enum feeding {
    FEED_SETS, /* SET of 'count' keys, one after the other */
    FEED_MIX,  /* SET and GET in turn, of any of the 'count' keys, for ever */
    FEED_WORD, /* a command without arguments, by one of them */
    FEED_END,  /* of FEED_MIX */
};

/* A key is 16 bytes, a value 64. */
struct order {
    enum feeding what;
    int port;
    int64_t count;
    int64_t from;     /* the first key's number */
    int64_t until_ms; /* when keys that are set expire; 0: never */
    char word[24];
};

struct feeder {
    pid_t pid;
    int orders; /* a socket to it */
};

/* Begin before there is much memory to be copied. Trouble ends both. */
void feeder_start(struct feeder *feeder);

/* Let it do that. It may not be at anything but FEED_MIX. */
void feeder_order(const struct feeder *feeder, const struct order *order);

/* Whether it has done what it was told last; true once, without waiting. */
bool feeder_is_done(const struct feeder *feeder);

void feeder_end(struct feeder *feeder);

#endif
