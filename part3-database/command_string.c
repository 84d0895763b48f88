/* command_string.c -- values as strings: replaced, read in part, grown.
 *
 * A value that the store lends dies when the store changes, so whoever answers
 * with the old value does so before there is a new one. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"

#include <string.h>

/* ---- Options ------------------------------------------------------------ */

enum {
    EX = 1,
    PX = 1 << 1,
    EXAT = 1 << 2,
    PXAT = 1 << 3,
    EXPIRES = EX | PX | EXAT | PXAT,
    KEEPTTL = 1 << 4,
    PERSIST = 1 << 5,
    NX = 1 << 6,
    XX = 1 << 7,
    GET = 1 << 8,
};

/* The first four stand in the order of enum argument_time. */
static const struct argument_word words[] = {
    {"ex",      EX,      EXPIRES & ~EX,   true },
    {"px",      PX,      EXPIRES & ~PX,   true },
    {"exat",    EXAT,    EXPIRES & ~EXAT, true },
    {"pxat",    PXAT,    EXPIRES & ~PXAT, true },
    {"keepttl", KEEPTTL, EXPIRES,         false},
    {"persist", PERSIST, EXPIRES,         false},
    {"nx",      NX,      XX,              false},
    {"xx",      XX,      NX,              false},
    {"get",     GET,     0,               false},
    {NULL,      0,       0,               false},
};

/* Read those of the words that are 'allowed' here. */
static bool read_options(struct call *call, size_t first, unsigned allowed,
                         struct argument_words *options) {
    if (!arguments_read_words(call, first, words, options)) return false;
    if ((options->given & ~allowed) == 0) return true;
    reply_syntax_error(call);
    return false;
}

/* When the key will expire; left alone if they do not say it. */
static bool read_expiry(struct call *call, const struct argument_words *options,
                        int64_t *at) {
    unsigned how;

    for (how = 0; (EXPIRES & 1u << how) != 0; how++) {
        if (options->given & 1u << how) {
            return argument_expiry(call, options->values[how], how, true, at);
        }
    }
    return true;
}

/* ---- Replacing ---------------------------------------------------------- */

static void reply_value(struct call *call, bool there, struct slice value) {
    if (there) {
        resp_write_bulk(call->out, value);
    } else {
        resp_write_null(call->out, call->session->protocol);
    }
}

/* Let argv[1] have 'value', until 'at' or for ever, and log it so. */
static void set_until(struct call *call, struct slice value, int64_t at) {
    struct slice record[] = {slice_of("SET"), call->argv[1], value,
                             slice_of("PXAT"), command_number(call, at)};

    store_set_until(call->store, record[1], value, at);
    command_log(call, record, at != STORE_NO_EXPIRY ? 5 : 3);
}

/* The same, but the key expires when it would have. */
static void set_keeping_expiry(struct call *call, struct slice value) {
    struct slice record[] = {slice_of("SET"), call->argv[1], value,
                             slice_of("KEEPTTL")};
    char *bytes = store_resize(call->store, record[1], value.len);

    if (value.len > 0) memcpy(bytes, value.data, value.len);
    command_log(call, record, 4);
}

static void set_with(struct call *call, const struct argument_words *options) {
    int64_t at = STORE_NO_EXPIRY;
    struct slice old;
    bool there, skip;

    if (!read_expiry(call, options, &at)) return;
    if (options->given & GET) {
        there = store_get(call->store, call->argv[1], &old);
        reply_value(call, there, old);
    } else {
        there = store_peek(call->store, call->argv[1], NULL);
    }
    skip = (options->given & (there ? NX : XX)) != 0;
    if (!(options->given & GET)) {
        if (skip) {
            resp_write_null(call->out, call->session->protocol);
        } else {
            resp_write_simple(call->out, "OK");
        }
    }
    if (skip) return;
    if (options->given & KEEPTTL) {
        set_keeping_expiry(call, call->argv[2]);
    } else {
        set_until(call, call->argv[2], at);
    }
}

void command_set_options(struct call *call) {
    struct argument_words options;

    if (call->argc == 3) {
        command_set(call); /* the common case, and the series' own */
    } else if (read_options(call, 3, ~(unsigned)PERSIST, &options)) {
        set_with(call, &options);
    }
}

/* SETEX and PSETEX: key, time, value. */
static void set_expiring(struct call *call, unsigned how) {
    int64_t at;

    if (!argument_expiry(call, call->argv[2], how, true, &at)) return;
    set_until(call, call->argv[3], at);
    resp_write_simple(call->out, "OK");
}

void command_setex(struct call *call) {
    set_expiring(call, ARGUMENT_SECONDS);
}

void command_psetex(struct call *call) {
    set_expiring(call, ARGUMENT_MILLISECONDS);
}

void command_setnx(struct call *call) {
    bool there = store_peek(call->store, call->argv[1], NULL);

    if (!there) set_until(call, call->argv[2], STORE_NO_EXPIRY);
    resp_write_integer(call->out, !there);
}

void command_getset(struct call *call) {
    struct slice old;
    bool there = store_get(call->store, call->argv[1], &old);

    reply_value(call, there, old);
    set_until(call, call->argv[2], STORE_NO_EXPIRY);
}

/* ---- Reading, and the end of it ----------------------------------------- */

static void delete_and_log(struct call *call) {
    struct slice record[] = {slice_of("DEL"), call->argv[1]};

    store_delete(call->store, record[1]);
    command_log(call, record, 2);
}

void command_getdel(struct call *call) {
    struct slice value;
    bool there = store_get(call->store, call->argv[1], &value);

    reply_value(call, there, value);
    if (there) delete_and_log(call);
}

static void expire_and_log(struct call *call, int64_t at) {
    struct slice record[] = {slice_of("PEXPIREAT"), call->argv[1],
                             command_number(call, at)};

    store_set_expiry(call->store, record[1], at);
    command_log(call, record, 3);
}

static void persist_and_log(struct call *call) {
    struct slice record[] = {slice_of("PERSIST"), call->argv[1]};

    if (store_expiry(call->store, record[1]) == STORE_NO_EXPIRY) return;
    store_set_expiry(call->store, record[1], STORE_NO_EXPIRY);
    command_log(call, record, 2);
}

void command_getex(struct call *call) {
    struct argument_words options;
    int64_t at = STORE_NO_EXPIRY;
    struct slice value;

    if (!read_options(call, 2, EXPIRES | PERSIST, &options)) return;
    if (!store_get(call->store, call->argv[1], &value)) {
        resp_write_null(call->out, call->session->protocol);
        return;
    }
    if (!read_expiry(call, &options, &at)) return;
    resp_write_bulk(call->out, value);
    if (options.given & PERSIST) {
        persist_and_log(call);
    } else if (at != STORE_NO_EXPIRY && at <= store_time(call->store)) {
        delete_and_log(call);
    } else if (at != STORE_NO_EXPIRY) {
        expire_and_log(call, at);
    }
}

/* ---- Many at once ------------------------------------------------------- */

void command_mget(struct call *call) {
    size_t i;

    resp_write_array(call->out, call->argc - 1);
    for (i = 1; i < call->argc; i++) {
        struct slice value;
        bool there = store_get(call->store, call->argv[i], &value);

        if (buf_len(call->out) > call->out_max) return;
        reply_value(call, there, value);
    }
}

/* Whether each key has its value; else that is said. */
static bool check_pairs(struct call *call, const char *name) {
    if (call->argc % 2 == 1) return true;
    resp_write_error(call->out,
                     "ERR wrong number of arguments for '%s' command", name);
    return false;
}

static void set_pairs(struct call *call) {
    size_t i;

    for (i = 1; i < call->argc; i += 2)
        store_set(call->store, call->argv[i], call->argv[i + 1]);
    call->changed = true;
}

void command_mset(struct call *call) {
    if (!check_pairs(call, "mset")) return;
    set_pairs(call);
    resp_write_simple(call->out, "OK");
}

void command_msetnx(struct call *call) {
    bool any = false;
    size_t i;

    if (!check_pairs(call, "msetnx")) return;
    for (i = 1; i < call->argc && !any; i += 2)
        any = store_peek(call->store, call->argv[i], NULL);
    if (!any) set_pairs(call);
    resp_write_integer(call->out, !any);
}

/* ---- Parts of a value ---------------------------------------------------- */

void command_strlen(struct call *call) {
    struct slice value = {NULL, 0};

    store_get(call->store, call->argv[1], &value);
    resp_write_integer(call->out, (int64_t)value.len);
}

void command_getrange(struct call *call) {
    struct argument_range range;
    struct slice value = {NULL, 0};

    if (!argument_range(call, 2, &range)) return;
    store_get(call->store, call->argv[1], &value);
    if (argument_range_within(&range, (int64_t)value.len)) {
        value.data += range.first;
        value.len = (size_t)(range.last - range.first + 1);
    } else {
        value.len = 0;
    }
    resp_write_bulk(call->out, value);
}

/* Write 'bytes' over the value, from 'start' on; it was 'len' bytes long, and
 * grows if it must. */
static void overwrite(struct call *call, size_t len, uint64_t start,
                      struct slice bytes) {
    size_t max = argument_value_max(call);
    char *value;

    if (bytes.len > max || start > max - bytes.len) {
        resp_write_error(call->out, "ERR string exceeds maximum allowed size "
                                    "(proto-max-bulk-len)");
        return;
    }
    if (start + bytes.len > len) len = start + bytes.len;
    value = store_resize(call->store, call->argv[1], len);
    if (bytes.len > 0) memcpy(value + start, bytes.data, bytes.len);
    call->changed = true;
    resp_write_integer(call->out, (int64_t)len);
}

void command_append(struct call *call) {
    struct slice value = {NULL, 0};

    store_peek(call->store, call->argv[1], &value);
    overwrite(call, value.len, value.len, call->argv[2]);
}

void command_setrange(struct call *call) {
    struct slice value = {NULL, 0};
    int64_t start;

    if (!argument_integer(call, call->argv[2], &start)) return;
    if (start < 0) {
        resp_write_error(call->out, "ERR offset is out of range");
        return;
    }
    store_peek(call->store, call->argv[1], &value);
    if (call->argv[3].len == 0) {
        resp_write_integer(call->out, (int64_t)value.len); /* and no new key */
    } else {
        overwrite(call, value.len, (uint64_t)start, call->argv[3]);
    }
}
