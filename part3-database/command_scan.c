/* command_scan.c -- KEYS and SCAN: the keys of a database, all at once or a
 * portion at a time. */
#include "arguments.h"
#include "glob.h"
#include "handlers.h"
#include "resp.h"

#include <stdio.h>

#define SCAN_COUNT      10 /* keys that a SCAN is for, if it does not say */
#define BUCKETS_PER_KEY 10 /* that it looks at for each, most being empty */

/* Keys on their way to the reply: their number precedes them there. */
struct found {
    bool all; /* or only those that match: */
    struct slice pattern;
    struct buf keys;
    size_t count;
    uint64_t visited; /* whether they match or not */
};

static struct found found_by(struct slice pattern) {
    /* "*" is all keys, also the empty one, which glob_match() leaves out. */
    return (struct found){.all = slice_equal(pattern, slice_of("*")),
                          .pattern = pattern};
}

static void add_key(void *context, struct slice key, struct slice value) {
    struct found *found = context;

    (void)value;
    found->visited++;
    if (!found->all && !glob_match(found->pattern, key, false)) return;
    resp_write_bulk(&found->keys, key);
    found->count++;
}

/* Whether the reply is longer already than anybody will read. */
static bool is_too_much(const struct call *call, const struct found *found) {
    return buf_len(call->out) + buf_len(&found->keys) > call->out_max;
}

static void reply_found(struct call *call, struct found *found) {
    struct slice keys = buf_slice(&found->keys);

    resp_write_array(call->out, found->count);
    buf_append(call->out, keys.data, keys.len);
    buf_free(&found->keys);
}

void command_keys(struct call *call) {
    struct found found = found_by(call->argv[1]);
    uint64_t cursor = 0;

    do {
        cursor = store_scan(call->store, cursor, add_key, &found);
    } while (cursor != 0 && !is_too_much(call, &found));
    reply_found(call, &found);
}

/* ---- SCAN --------------------------------------------------------------- */

struct scan {
    uint64_t cursor;
    struct slice pattern;
    uint64_t count;
    bool no_type; /* the type asked for is none that a key has here */
};

/* What strtoul() takes, as Redis does: a sign, too, and no digit at all. */
static bool read_cursor(struct slice text, uint64_t *cursor) {
    bool negative = text.len > 1 && text.data[0] == '-';
    size_t i = negative || (text.len > 1 && text.data[0] == '+');

    *cursor = 0;
    for (; i < text.len; i++) {
        unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';

        if (digit > 9 || *cursor > (UINT64_MAX - digit) / 10) return false;
        *cursor = *cursor * 10 + digit;
    }
    if (negative) *cursor = 0 - *cursor;
    return true;
}

static bool read_count(struct call *call, struct slice text, uint64_t *count) {
    int64_t number;

    if (!argument_integer(call, text, &number)) return false;
    if (number < 1) {
        reply_syntax_error(call);
        return false;
    }
    *count = (uint64_t)number;
    return true;
}

/* Each option has a value, and the first that is wrong is what Redis speaks of:
 * so they are read here, one by one. */
static bool read_scan(struct call *call, struct scan *scan) {
    size_t i;

    if (!read_cursor(call->argv[1], &scan->cursor)) {
        resp_write_error(call->out, "ERR invalid cursor");
        return false;
    }
    for (i = 2; i + 1 < call->argc; i += 2) {
        struct slice word = call->argv[i];
        struct slice value = call->argv[i + 1];

        if (argument_is(word, "match")) {
            scan->pattern = value;
        } else if (argument_is(word, "type")) {
            scan->no_type = !argument_is(value, "string");
        } else if (argument_is(word, "count")) {
            if (!read_count(call, value, &scan->count)) return false;
        } else {
            break;
        }
    }
    if (i < call->argc) reply_syntax_error(call);
    return i >= call->argc;
}

void command_scan(struct call *call) {
    struct scan scan = {.pattern = slice_of("*"), .count = SCAN_COUNT};
    struct found found;
    uint64_t cursor;
    uint64_t left;
    char text[COMMAND_NUMBER_MAX];
    int len;

    if (!read_scan(call, &scan)) return;
    found = found_by(scan.pattern);
    cursor = scan.cursor;
    left = scan.count < UINT64_MAX / BUCKETS_PER_KEY
               ? scan.count * BUCKETS_PER_KEY
               : UINT64_MAX;
    do {
        cursor = store_scan(call->store, cursor, add_key, &found);
    } while (cursor != 0 && --left > 0 && found.visited < scan.count &&
             !is_too_much(call, &found));
    if (scan.no_type) {
        buf_free(&found.keys);
        found.count = 0;
    }
    resp_write_array(call->out, 2);
    len = snprintf(text, sizeof text, "%llu", (unsigned long long)cursor);
    resp_write_bulk(call->out, (struct slice){text, (size_t)len});
    reply_found(call, &found);
}
