/* latency.h -- when the server was slow: for each kind of event, the last
 * spikes and the worst (Redis: "latency monitoring"). */
#ifndef REDIS_LITE_LATENCY_H
#define REDIS_LITE_LATENCY_H

#include <stddef.h>
#include <stdint.h>

#define LATENCY_SAMPLES 160 /* kept for each event, as in Redis */

enum latency_event {
    LATENCY_COMMAND,      /* a command */
    LATENCY_FAST_COMMAND, /* one that should always be fast */
    LATENCY_EXPIRE_CYCLE,
    LATENCY_AOF_WRITE,
    LATENCY_EVENTS, /* how many there are */
};

struct latency_sample {
    int64_t time; /* of day, seconds; 0: none */
    int64_t ms;
};

struct latency {
    struct {
        struct latency_sample samples[LATENCY_SAMPLES]; /* a ring */
        size_t next;
        int64_t max_ms; /* since the last reset */
    } events[LATENCY_EVENTS];
};

/* "command", "fast-command", "expire-cycle", "aof-write". */
const char *latency_name(enum latency_event event);

/* Note a spike; of those within one second the worst is kept. */
void latency_add(struct latency *latency, enum latency_event event,
                 int64_t time, int64_t ms);

/* One that is kept, the newest is number 0; NULL: there are not so many. */
const struct latency_sample *latency_at(const struct latency *latency,
                                        enum latency_event event,
                                        size_t number);

#endif
