/* command_expire.c -- how long a key lives: to say it, to ask for it, to take
 * it back. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"

/* ---- To say it ---------------------------------------------------------- */

/* When it is to be said: if the key... */
enum {
    IF_NONE = 1,    /* has no expiry (NX) */
    IF_ANY = 2,     /* has one (XX) */
    IF_LATER = 4,   /* would live longer (GT) */
    IF_EARLIER = 8, /* would live less long (LT) */
};

static unsigned condition_named(struct slice word) {
    if (argument_is(word, "nx")) return IF_NONE;
    if (argument_is(word, "xx")) return IF_ANY;
    if (argument_is(word, "gt")) return IF_LATER;
    if (argument_is(word, "lt")) return IF_EARLIER;
    return 0;
}

/* The errors are these commands' own, so the reader of all options is not for
 * them. */
static bool read_conditions(struct call *call, unsigned *conditions) {
    unsigned both = IF_LATER | IF_EARLIER;
    size_t i;

    *conditions = 0;
    for (i = 3; i < call->argc; i++) {
        unsigned condition = condition_named(call->argv[i]);

        if (condition == 0) {
            resp_write_error(call->out, "ERR Unsupported option %.*s",
                             (int)call->argv[i].len, call->argv[i].data);
            return false;
        }
        *conditions |= condition;
    }
    if ((*conditions & IF_NONE) && *conditions != IF_NONE) {
        resp_write_error(call->out, "ERR NX and XX, GT or LT options at the "
                                    "same time are not compatible");
        return false;
    }
    if ((*conditions & both) == both) {
        resp_write_error(call->out, "ERR GT and LT options at the same time "
                                    "are not compatible");
        return false;
    }
    return true;
}

/* Without an expiry, a key lives longer than with any. */
static bool holds(unsigned conditions, int64_t old, int64_t at) {
    bool is_none = old == STORE_NO_EXPIRY;

    if ((conditions & IF_NONE) && !is_none) return false;
    if ((conditions & IF_ANY) && is_none) return false;
    if ((conditions & IF_LATER) && (is_none || at <= old)) return false;
    if ((conditions & IF_EARLIER) && !is_none && at >= old) return false;
    return true;
}

/* Let the key have its expiry, or go if that is past; and log it as it is. At
 * replay there is no time (store.h), so nothing is past. */
static void set_expiry(struct call *call, struct slice key, int64_t at) {
    int64_t now = store_time(call->store);

    if (now != 0 && at <= now) {
        store_delete(call->store, key);
        command_log(call, (struct slice[]){slice_of("DEL"), key}, 2);
    } else {
        store_set_expiry(call->store, key, at);
        command_log(call,
                    (struct slice[]){slice_of("PEXPIREAT"), key,
                                     command_number(call, at)},
                    3);
    }
}

static void expire(struct call *call, unsigned how) {
    struct slice key = call->argv[1];
    unsigned conditions;
    bool done;
    int64_t at;

    if (!read_conditions(call, &conditions) ||
        !argument_expiry(call, call->argv[2], how, false, &at)) {
        return;
    }
    done = store_peek(call->store, key, NULL) &&
           holds(conditions, store_expiry(call->store, key), at);
    if (done) set_expiry(call, key, at);
    resp_write_integer(call->out, done);
}

void command_expire(struct call *call) {
    expire(call, ARGUMENT_SECONDS);
}

void command_pexpire(struct call *call) {
    expire(call, ARGUMENT_MILLISECONDS);
}

void command_expireat(struct call *call) {
    expire(call, ARGUMENT_SECONDS | ARGUMENT_UNIX);
}

void command_pexpireat(struct call *call) {
    expire(call, ARGUMENT_MILLISECONDS | ARGUMENT_UNIX);
}

void command_persist(struct call *call) {
    struct slice key = call->argv[1];

    if (store_peek(call->store, key, NULL) &&
        store_expiry(call->store, key) != STORE_NO_EXPIRY) {
        store_set_expiry(call->store, key, STORE_NO_EXPIRY);
        call->changed = true;
    }
    resp_write_integer(call->out, call->changed);
}

/* ---- To ask for it ------------------------------------------------------ */

/* 'how' as above: with ARGUMENT_UNIX when it ends, else how long it has. */
static void tell_expiry(struct call *call, unsigned how) {
    struct slice key = call->argv[1];
    int64_t answer = -2; /* no such key */

    if (store_get(call->store, key, NULL)) {
        answer = store_expiry(call->store, key);
        if (answer != STORE_NO_EXPIRY) {
            if (!(how & ARGUMENT_UNIX)) answer -= store_time(call->store);
            /* Rounded to whole seconds, so that 5 are 5 at first. */
            if (!(how & ARGUMENT_MILLISECONDS)) {
                answer = answer / 1000 + (answer % 1000 >= 500);
            }
        }
    }
    resp_write_integer(call->out, answer);
}

void command_ttl(struct call *call) {
    tell_expiry(call, ARGUMENT_SECONDS);
}

void command_pttl(struct call *call) {
    tell_expiry(call, ARGUMENT_MILLISECONDS);
}

void command_expiretime(struct call *call) {
    tell_expiry(call, ARGUMENT_SECONDS | ARGUMENT_UNIX);
}

void command_pexpiretime(struct call *call) {
    tell_expiry(call, ARGUMENT_MILLISECONDS | ARGUMENT_UNIX);
}
