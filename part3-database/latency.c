/* latency.c -- when the server was slow. */
#include "latency.h"

const char *latency_name(enum latency_event event) {
    static const char *const names[LATENCY_EVENTS] = {
        [LATENCY_COMMAND] = "command",
        [LATENCY_FAST_COMMAND] = "fast-command",
        [LATENCY_EXPIRE_CYCLE] = "expire-cycle",
        [LATENCY_AOF_WRITE] = "aof-write",
    };

    return names[event];
}

const struct latency_sample *latency_at(const struct latency *latency,
                                        enum latency_event event,
                                        size_t number) {
    const struct latency_sample *sample =
        &latency->events[event].samples[(latency->events[event].next +
                                         LATENCY_SAMPLES - 1 - number) %
                                        LATENCY_SAMPLES];

    return number < LATENCY_SAMPLES && sample->time != 0 ? sample : NULL;
}

void latency_add(struct latency *latency, enum latency_event event,
                 int64_t time, int64_t ms) {
    struct latency_sample *last = (struct latency_sample *)latency_at(latency,
                                                                      event, 0);
    size_t *next = &latency->events[event].next;

    if (ms > latency->events[event].max_ms) latency->events[event].max_ms = ms;
    if (last != NULL && last->time == time) {
        if (ms > last->ms) last->ms = ms;
        return;
    }
    latency->events[event].samples[*next] = (struct latency_sample){time, ms};
    *next = (*next + 1) % LATENCY_SAMPLES;
}
