/* command_keys.c -- keys as such: renaming, copying, forgetting them, and what
 * is known of them. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"

#define SHARED_INTEGERS 10000 /* 0 to 9999: Redis has one object for all */
#define EMBSTR_MAX      44    /* bytes that Redis keeps beside their object */
#define INTEGER_LEN_MAX 20

/* ---- One key --------------------------------------------------------------
 */

void command_type(struct call *call) {
    bool found = store_get(call->store, call->argv[1], NULL);

    resp_write_simple(call->out, found ? "string" : "none");
}

void command_touch(struct call *call) {
    int64_t touched = 0;
    struct slice value;
    size_t i;

    for (i = 1; i < call->argc; i++)
        touched += store_get(call->store, call->argv[i], &value);
    resp_write_integer(call->out, touched);
}

/* Redis frees in the background what has many parts; a string has one. */
void command_unlink(struct call *call) {
    command_del(call);
}

void command_randomkey(struct call *call) {
    struct slice key;

    if (store_random_key(call->store, &key)) {
        resp_write_bulk(call->out, key);
    } else {
        resp_write_null(call->out, call->session->protocol);
    }
}

/* ---- From one key to another --------------------------------------------- */

static bool is_there(struct call *call, unsigned database, struct slice key) {
    unsigned selected = store_selected(call->store);
    bool found;

    store_select(call->store, database);
    found = store_peek(call->store, key, NULL);
    store_select(call->store, selected);
    return found;
}

/* Let 'to' have what 'from', which is there, has; and it nothing. */
static void move_key(struct call *call, struct slice from, unsigned database,
                     struct slice to) {
    store_copy(call->store, from, database, to);
    store_delete(call->store, from);
    call->changed = true;
}

/* False if the first key is not there, and that was answered. */
static bool has_source(struct call *call) {
    if (is_there(call, store_selected(call->store), call->argv[1])) return true;
    resp_write_error(call->out, "ERR no such key");
    return false;
}

void command_rename(struct call *call) {
    struct slice from = call->argv[1];
    struct slice to = call->argv[2];

    if (!has_source(call)) return;
    if (!slice_equal(from, to)) {
        move_key(call, from, store_selected(call->store), to);
    }
    resp_write_simple(call->out, "OK");
}

void command_renamenx(struct call *call) {
    unsigned database = store_selected(call->store);
    struct slice to = call->argv[2];

    if (!has_source(call)) return;
    if (!is_there(call, database, to)) {
        move_key(call, call->argv[1], database, to);
    }
    resp_write_integer(call->out, call->changed);
}

static void reply_same_object(struct call *call) {
    resp_write_error(call->out,
                     "ERR source and destination objects are the same");
}

void command_move(struct call *call) {
    struct slice key = call->argv[1];
    unsigned selected = store_selected(call->store);
    unsigned database;

    if (!argument_database(call, call->argv[2], &database)) return;
    if (database == selected) {
        reply_same_object(call);
        return;
    }
    if (is_there(call, selected, key) && !is_there(call, database, key)) {
        move_key(call, key, database, key);
    }
    resp_write_integer(call->out, call->changed);
}

/* The first option that is wrong is what Redis speaks of, so these are read one
 * by one. */
static bool read_copy(struct call *call, unsigned *database, bool *replace) {
    size_t i;

    *database = store_selected(call->store);
    *replace = false;
    for (i = 3; i < call->argc; i++) {
        if (argument_is(call->argv[i], "replace")) {
            *replace = true;
        } else if (argument_is(call->argv[i], "db") && i + 1 < call->argc) {
            if (!argument_database(call, call->argv[++i], database))
                return false;
        } else {
            reply_syntax_error(call);
            return false;
        }
    }
    return true;
}

void command_copy(struct call *call) {
    struct slice from = call->argv[1];
    struct slice to = call->argv[2];
    struct slice value;
    unsigned database;
    bool replace;

    if (!read_copy(call, &database, &replace)) return;
    if (database == store_selected(call->store) && slice_equal(from, to)) {
        reply_same_object(call);
        return;
    }
    if (store_get(call->store, from, &value) &&
        (replace || !is_there(call, database, to))) {
        store_copy(call->store, from, database, to);
        call->changed = true;
    }
    resp_write_integer(call->out, call->changed);
}

/* ---- All keys -------------------------------------------------------------
 */

/* ASYNC and SYNC say how the memory is given back, not what is seen. */
static bool read_flush(struct call *call) {
    if (call->argc == 1 ||
        (call->argc == 2 && (argument_is(call->argv[1], "async") ||
                             argument_is(call->argv[1], "sync")))) {
        return true;
    }
    reply_syntax_error(call);
    return false;
}

void command_flushdb(struct call *call) {
    if (!read_flush(call)) return;
    call->changed = store_count(call->store) > 0;
    store_clear(call->store);
    resp_write_simple(call->out, "OK");
}

void command_flushall(struct call *call) {
    if (!read_flush(call)) return;
    call->changed = store_total(call->store) > 0;
    store_clear_all(call->store);
    resp_write_simple(call->out, "OK");
}

/* ---- OBJECT ---------------------------------------------------------------
 *
 * Entries are no objects and have one encoding. The answers are those that
 * Redis gives for the same value after SET; what it keeps another way after
 * APPEND and the like, it tells otherwise. */

/* The value of the key that is asked about; false, and null is answered, if
 * there is none. Asking is not using it. */
static bool find_object(struct call *call, struct slice *value) {
    if (store_peek(call->store, call->argv[2], value)) return true;
    resp_write_null(call->out, call->session->protocol);
    return false;
}

static bool is_integer(struct slice value, int64_t *integer) {
    return value.len <= INTEGER_LEN_MAX && slice_to_int64(value, integer);
}

static void object_encoding(struct call *call) {
    const char *encoding = "raw";
    struct slice value;
    int64_t integer;

    if (!find_object(call, &value)) return;
    if (value.len <= EMBSTR_MAX) encoding = "embstr";
    if (is_integer(value, &integer)) encoding = "int";
    resp_write_bulk(call->out, slice_of(encoding));
}

static void object_freq(struct call *call) {
    struct slice value;

    if (!find_object(call, &value)) return;
    resp_write_error(
        call->out,
        "ERR An LFU maxmemory policy is not selected, access frequency not "
        "tracked. Please note that when switching between policies at runtime "
        "LRU and LFU data will take some time to adjust.");
}

static void object_idletime(struct call *call) {
    struct slice value;

    if (!find_object(call, &value)) return;
    resp_write_integer(call->out,
                       store_idle_seconds(call->store, call->argv[2]));
}

static void object_refcount(struct call *call) {
    struct slice value;
    int64_t integer;
    bool shared;

    if (!find_object(call, &value)) return;
    shared = is_integer(value, &integer) && integer >= 0 &&
             integer < SHARED_INTEGERS;
    resp_write_integer(call->out, shared ? INT32_MAX : 1);
}

void command_object(struct call *call) {
    static const struct subcommand table[] = {
        {"encoding", 3, object_encoding},
        {"freq",     3, object_freq    },
        {"idletime", 3, object_idletime},
        {"refcount", 3, object_refcount},
        {NULL,       0, NULL           },
    };

    run_subcommand(call, "object", table);
}
