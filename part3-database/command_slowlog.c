/* command_slowlog.c -- SLOWLOG and LATENCY: what made the server slow. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"
#include "server_state.h"

#include <string.h>

#define SLOWLOG_SHOWN 10 /* unless a number is given */

/* ---- SLOWLOG ------------------------------------------------------------ */

static void write_entry(struct buf *out, const struct slowlog_entry *entry) {
    size_t i;

    resp_write_array(out, 6);
    resp_write_integer(out, (int64_t)entry->id);
    resp_write_integer(out, entry->time);
    resp_write_integer(out, entry->microseconds);
    resp_write_array(out, entry->argc);
    for (i = 0; i < entry->argc; i++)
        resp_write_bulk(out, entry->argv[i]);
    resp_write_bulk(out, slice_of(entry->address));
    resp_write_bulk(out, slice_of(entry->name));
}

static void slowlog_get(struct call *call) {
    const struct slowlog *slowlog = call->server->slowlog;
    size_t count = slowlog_count(slowlog);
    int64_t wanted = SLOWLOG_SHOWN;
    size_t i;

    if (call->argc > 3) {
        resp_write_error(call->out,
                         "ERR unknown subcommand or wrong number of arguments "
                         "for '%.*s'. Try SLOWLOG HELP.",
                         command_shown(call->argv[1]), call->argv[1].data);
        return;
    }
    if (call->argc == 3 &&
        (!slice_to_int64(call->argv[2], &wanted) || wanted < -1)) {
        resp_write_error(call->out,
                         "ERR count should be greater than or equal to -1");
        return;
    }
    if (wanted >= 0 && (size_t)wanted < count) count = (size_t)wanted;
    resp_write_array(call->out, count);
    for (i = 0; i < count; i++)
        write_entry(call->out, slowlog_at(slowlog, i));
}

static void slowlog_len(struct call *call) {
    resp_write_integer(call->out,
                       (int64_t)slowlog_count(call->server->slowlog));
}

static void slowlog_reset(struct call *call) {
    slowlog_clear(call->server->slowlog);
    resp_write_simple(call->out, "OK");
}

void command_slowlog(struct call *call) {
    static const struct subcommand table[] = {
        {"get",   -2, slowlog_get  },
        {"len",   2,  slowlog_len  },
        {"reset", 2,  slowlog_reset},
        {NULL,    0,  NULL         },
    };

    run_subcommand(call, "slowlog", table);
}

/* ---- LATENCY ------------------------------------------------------------ */

static void latency_latest(struct call *call) {
    const struct latency *latency = &call->server->latency;
    struct buf events = {0}; /* they follow their number */
    size_t count = 0;
    unsigned event;

    for (event = 0; event < LATENCY_EVENTS; event++) {
        const struct latency_sample *last = latency_at(latency, event, 0);

        if (last == NULL) continue;
        resp_write_array(&events, 4);
        resp_write_bulk(&events, slice_of(latency_name(event)));
        resp_write_integer(&events, last->time);
        resp_write_integer(&events, last->ms);
        resp_write_integer(&events, latency->events[event].max_ms);
        count++;
    }
    resp_write_array(call->out, count);
    buf_append(call->out, buf_slice(&events).data, buf_len(&events));
    buf_free(&events);
}

/* LATENCY_EVENTS: there is none with this name. */
static unsigned event_named(struct slice name) {
    unsigned event = 0;

    while (event < LATENCY_EVENTS &&
           !slice_equal(name, slice_of(latency_name(event))))
        event++;
    return event;
}

static void latency_history(struct call *call) {
    const struct latency *latency = &call->server->latency;
    unsigned event = event_named(call->argv[2]);
    size_t count = 0;

    while (event < LATENCY_EVENTS && latency_at(latency, event, count) != NULL)
        count++;
    resp_write_array(call->out, count);
    while (count-- > 0) { /* the oldest first */
        const struct latency_sample *sample = latency_at(latency, event, count);

        resp_write_array(call->out, 2);
        resp_write_integer(call->out, sample->time);
        resp_write_integer(call->out, sample->ms);
    }
}

/* Forget the spikes of this event; returns how many events that were. */
static int64_t forget(struct latency *latency, unsigned event) {
    if (event == LATENCY_EVENTS || latency_at(latency, event, 0) == NULL) {
        return 0;
    }
    memset(&latency->events[event], 0, sizeof latency->events[event]);
    return 1;
}

static void latency_reset(struct call *call) {
    struct latency *latency = &call->server->latency;
    int64_t count = 0;
    unsigned event;
    size_t i;

    for (i = 2; i < call->argc; i++)
        count += forget(latency, event_named(call->argv[i]));
    for (event = 0; call->argc == 2 && event < LATENCY_EVENTS; event++)
        count += forget(latency, event);
    resp_write_integer(call->out, count);
}

void command_latency(struct call *call) {
    static const struct subcommand table[] = {
        {"history", 3,  latency_history},
        {"latest",  2,  latency_latest },
        {"reset",   -2, latency_reset  },
        {NULL,      0,  NULL           },
    };

    run_subcommand(call, "latency", table);
}
