/* test_command_keys.c -- commands about keys as such: what is answered, what is
 * there afterwards, and whether it is a change. */
#include "command.h"
#include "helpers.h"
#include "store.h"
#include "suites.h"

#define NOW        INT64_C(1700000000000)
#define NO_KEY     "-ERR no such key\r\n"
#define SAME       "-ERR source and destination objects are the same\r\n"
#define NO_INDEX   "-ERR DB index is out of range\r\n"
#define NO_INTEGER "-ERR value is not an integer or out of range\r\n"
#define NO_INT                                                                 \
    "-ERR value is out of range, value must between -2147483648 and "          \
    "2147483647\r\n"
#define SYNTAX "-ERR syntax error\r\n"

static void expect(struct caller *caller, const char *words, const char *reply,
                   bool changed) {
    struct slice got = caller_say(caller, words);

    check_that(same_bytes(got, slice_of(reply)), "%s: got \"%s\", not \"%s\"",
               words, shown(got), shown(slice_of(reply)));
    check_that(caller->changed == changed, "%s: changed is not %d", words,
               changed);
}

static void set(struct caller *caller, unsigned database, const char *key,
                const char *value, int64_t expiry) {
    store_select(caller->store, database);
    store_set(caller->store, slice_of(key), slice_of(value));
    if (expiry != STORE_NO_EXPIRY) {
        store_set_expiry(caller->store, slice_of(key), expiry);
    }
    store_select(caller->store, 0);
}

/* Value NULL: it is not there. */
static void check_key(struct caller *caller, unsigned database, const char *key,
                      const char *value, int64_t expiry) {
    struct slice got;

    store_select(caller->store, database);
    ck_assert(store_peek(caller->store, slice_of(key), &got) ==
              (value != NULL));
    if (value != NULL) {
        assert_bytes(got, slice_of(value));
        ck_assert_int_eq(store_expiry(caller->store, slice_of(key)), expiry);
    }
    store_select(caller->store, 0);
}

/* ---- RENAME, COPY, MOVE ------------------------------------------------- */

/* What the two keys are before: not there, for ever, with an expiry, or with
 * one that has come. */
enum state { MISSING, ETERNAL, MORTAL, EXPIRED, STATES };

static int64_t expiry_of(enum state state) {
    if (state == MORTAL) return NOW + 5000;
    return state == EXPIRED ? NOW : STORE_NO_EXPIRY;
}

static bool is_alive(enum state state) {
    return state == ETERNAL || state == MORTAL;
}

struct row {
    const char *words;
    unsigned database; /* of the second key */
    const char *to;
    bool replaces;
    bool keeps; /* the first key */
    const char *done;
    const char *not_done;
    const char *missing;
};

static const struct row rows[] = {
    {"RENAME a b", 0, "b", true, false, "+OK\r\n", NULL, NO_KEY},
    {"RENAMENX a b", 0, "b", false, false, ":1\r\n", ":0\r\n", NO_KEY},
    {"COPY a b", 0, "b", false, true, ":1\r\n", ":0\r\n", ":0\r\n"},
    {"COPY a b REPLACE", 0, "b", true, true, ":1\r\n", ":0\r\n", ":0\r\n"},
    {"COPY a b DB 3", 3, "b", false, true, ":1\r\n", ":0\r\n", ":0\r\n"},
    {"COPY a a db 3", 3, "a", false, true, ":1\r\n", ":0\r\n", ":0\r\n"},
    {"COPY a b rEplace DB 3", 3, "b", true, true, ":1\r\n", ":0\r\n", ":0\r\n"},
    {"COPY a b dB 9 REPLACE DB 3 replace", 3, "b", true, true, ":1\r\n",
     ":0\r\n", ":0\r\n"},
    {"MOVE a 3", 3, "a", false, false, ":1\r\n", ":0\r\n", ":0\r\n"},
};

static void check_row(const struct row *row, enum state from, enum state to) {
    bool done = is_alive(from) && (row->replaces || !is_alive(to));
    const char *reply = is_alive(from) ? row->not_done : row->missing;
    struct caller caller;

    caller_open(&caller);
    store_set_time(caller.store, NOW - 1);
    if (from != MISSING) set(&caller, 0, "a", "from", expiry_of(from));
    if (to != MISSING) {
        set(&caller, row->database, row->to, "to", expiry_of(to));
    }
    store_set_time(caller.store, NOW);
    expect(&caller, row->words, done ? row->done : reply, done);
    check_key(&caller, 0, "a",
              is_alive(from) && (row->keeps || !done) ? "from" : NULL,
              expiry_of(from));
    if (done) {
        check_key(&caller, row->database, row->to, "from", expiry_of(from));
    } else {
        check_key(&caller, row->database, row->to, is_alive(to) ? "to" : NULL,
                  expiry_of(to));
    }
    caller_close(&caller);
}

START_TEST(a_key_takes_all_it_has_with_it) {
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int from = MISSING; from < STATES; from++) {
            for (int to = MISSING; to < STATES; to++)
                check_row(&rows[i], (enum state)from, (enum state)to);
        }
    }
}
END_TEST

START_TEST(a_key_and_itself) {
    struct caller caller;

    caller_open(&caller);
    expect(&caller, "RENAME a a", NO_KEY, false);
    expect(&caller, "RENAMENX a a", NO_KEY, false);
    expect(&caller, "COPY a a", SAME, false);
    set(&caller, 0, "a", "v", 5);
    expect(&caller, "RENAME a a", "+OK\r\n", false);
    expect(&caller, "RENAMENX a a", ":0\r\n", false);
    expect(&caller, "COPY a a", SAME, false);
    expect(&caller, "COPY a a REPLACE DB 0", SAME, false);
    expect(&caller, "MOVE a 0", SAME, false);
    check_key(&caller, 0, "a", "v", 5);
    caller_close(&caller);
}
END_TEST

START_TEST(what_is_wrong_is_told_in_the_order_of_the_request) {
    static const char *const errors[][2] = {
        {"COPY a b DB", SYNTAX},
        {"COPY a b foo DB x", SYNTAX},
        {"COPY a b DB x foo", NO_INTEGER},
        {"COPY a b DB -1 foo", NO_INDEX},
        {"COPY a b DB 65536", NO_INDEX},
        {"COPY a b DB 2147483648", NO_INT},
        {"COPY a b DB -2147483649", NO_INT},
        {"COPY a b DB 9223372036854775808", NO_INTEGER},
        {"COPY a a DB 0 foo", SYNTAX},
        {"MOVE a x", NO_INTEGER},
        {"MOVE a 2147483648", NO_INT},
        {"MOVE a 2147483647", NO_INDEX},
        {"MOVE a -1", NO_INDEX},
        {"MOVE a ", NO_INTEGER},
    };
    struct caller caller;

    caller_open(&caller);
    set(&caller, 0, "a", "v", STORE_NO_EXPIRY);
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        expect(&caller, errors[i][0], errors[i][1], false);
    ck_assert_uint_eq(store_total(caller.store), 1);
    caller_close(&caller);
}
END_TEST

/* ---- The others --------------------------------------------------------- */

START_TEST(each_key_that_is_named_counts_as_often_as_it_is) {
    struct caller caller;

    caller_open(&caller);
    store_set_time(caller.store, NOW);
    set(&caller, 0, "a", "v", STORE_NO_EXPIRY);
    set(&caller, 0, "b", "v", STORE_NO_EXPIRY);
    store_set_time(caller.store, NOW + 9000);
    expect(&caller, "TOUCH a none a b", ":3\r\n", false);
    expect(&caller, "TOUCH none", ":0\r\n", false);
    ck_assert_int_eq(store_idle_seconds(caller.store, slice_of("a")), 0);
    expect(&caller, "UNLINK none", ":0\r\n", false);
    expect(&caller, "UNLINK a none a b", ":2\r\n", true);
    ck_assert_uint_eq(store_count(caller.store), 0);
    caller_close(&caller);
}
END_TEST

START_TEST(a_type_is_string_or_none) {
    struct caller caller;

    caller_open(&caller);
    expect(&caller, "TYPE a", "+none\r\n", false);
    set(&caller, 0, "a", "", STORE_NO_EXPIRY);
    expect(&caller, "TYPE a", "+string\r\n", false);
    caller_close(&caller);
}
END_TEST

START_TEST(a_random_key_is_one_that_is_there) {
    struct caller caller;

    caller_open(&caller);
    store_set_time(caller.store, NOW);
    expect(&caller, "RANDOMKEY", "$-1\r\n", false);
    caller.session.protocol = 3;
    expect(&caller, "RANDOMKEY", "_\r\n", false);
    set(&caller, 0, "a", "v", STORE_NO_EXPIRY);
    set(&caller, 0, "b", "v", NOW);
    expect(&caller, "RANDOMKEY", "$1\r\na\r\n", false);
    caller_close(&caller);
}
END_TEST

START_TEST(flushing_forgets_one_database_or_all) {
    static const char *const ways[] = {"", " ASYNC", " sync"};
    struct caller caller;
    char words[32];

    caller_open(&caller);
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        set(&caller, 0, "a", "v", STORE_NO_EXPIRY);
        set(&caller, 5, "a", "v", STORE_NO_EXPIRY);
        expect(&caller, "FLUSHDB x", SYNTAX, false);
        expect(&caller, "FLUSHALL sync x", SYNTAX, false);
        snprintf(words, sizeof words, "FLUSHDB%s", ways[i]);
        expect(&caller, words, "+OK\r\n", true);
        ck_assert_uint_eq(store_total(caller.store), 1);
        expect(&caller, words, "+OK\r\n", false);
        snprintf(words, sizeof words, "FLUSHALL%s", ways[i]);
        expect(&caller, words, "+OK\r\n", true);
        ck_assert_uint_eq(store_total(caller.store), 0);
        expect(&caller, words, "+OK\r\n", false);
    }
    caller_close(&caller);
}
END_TEST

/* ---- OBJECT ------------------------------------------------------------- */

static void check_object(struct caller *caller, struct slice value,
                         const char *encoding, const char *refcount) {
    store_set(caller->store, slice_of("k"), value);
    check_that(
        same_bytes(caller_say(caller, "OBJECT encoding k"), slice_of(encoding)),
        "encoding of \"%s\"", shown(value));
    check_that(
        same_bytes(caller_say(caller, "object REFCOUNT k"), slice_of(refcount)),
        "refcount of \"%s\"", shown(value));
}

START_TEST(an_encoding_is_the_one_that_redis_would_use) {
    static const char *const integers[] = {"-1", "10000", "9223372036854775807",
                                           "-9223372036854775808"};
    static const char *const texts[] = {"",
                                        "-",
                                        "-0",
                                        "00",
                                        "01",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1.0",
                                        "0x",
                                        "9223372036854775808",
                                        "-9223372036854775809"};
    char bytes[100];
    struct caller caller;

    caller_open(&caller);
    for (size_t i = 0; i < COUNT_OF(integers); i++) {
        check_object(&caller, slice_of(integers[i]), "$3\r\nint\r\n", ":1\r\n");
    }
    check_object(&caller, slice_of("0"), "$3\r\nint\r\n", ":2147483647\r\n");
    check_object(&caller, slice_of("9999"), "$3\r\nint\r\n", ":2147483647\r\n");
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        check_object(&caller, slice_of(texts[i]), "$6\r\nembstr\r\n", ":1\r\n");
    }
    memset(bytes, 'x', sizeof bytes);
    for (size_t len = 0; len < sizeof bytes; len++) {
        check_object(&caller, (struct slice){bytes, len},
                     len <= 44 ? "$6\r\nembstr\r\n" : "$3\r\nraw\r\n",
                     ":1\r\n");
    }
    caller_close(&caller);
}
END_TEST

START_TEST(asking_about_an_object_is_not_using_it) {
    struct caller caller;

    caller_open(&caller);
    store_set_time(caller.store, NOW);
    set(&caller, 0, "k", "v", STORE_NO_EXPIRY);
    store_set_time(caller.store, NOW + 7000);
    expect(&caller, "OBJECT IDLETIME k", ":7\r\n", false);
    expect(&caller, "OBJECT ENCODING k", "$6\r\nembstr\r\n", false);
    expect(&caller, "OBJECT IDLETIME k", ":7\r\n", false);
    expect(&caller, "OBJECT FREQ k",
           "-ERR An LFU maxmemory policy is not selected, access frequency not "
           "tracked. Please note that when switching between policies at "
           "runtime LRU and LFU data will take some time to adjust.\r\n",
           false);
    caller_close(&caller);
}
END_TEST

START_TEST(what_is_no_object_has_nothing_to_tell) {
    static const char *const names[] = {"ENCODING", "freq", "IdleTime",
                                        "REFCOUNT"};
    struct caller caller;
    char words[40];

    caller_open(&caller);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(words, sizeof words, "OBJECT %s none", names[i]);
        caller.session.protocol = 2;
        expect(&caller, words, "$-1\r\n", false);
        caller.session.protocol = 3;
        expect(&caller, words, "_\r\n", false);
    }
    expect(&caller, "OBJECT nOpe k",
           "-ERR unknown subcommand 'nOpe'. Try OBJECT HELP.\r\n", false);
    expect(&caller, "OBJECT freq",
           "-ERR wrong number of arguments for 'object|freq' command\r\n",
           false);
    assert_bytes(((struct slice){caller_say(&caller, "OBJECT HELP").data, 5}),
                 BYTES("*11\r\n"));
    caller_close(&caller);
}
END_TEST

Suite *keys_suite(void) {
    const TTest *const tests[] = {
        a_key_takes_all_it_has_with_it,
        a_key_and_itself,
        what_is_wrong_is_told_in_the_order_of_the_request,
        each_key_that_is_named_counts_as_often_as_it_is,
        a_type_is_string_or_none,
        a_random_key_is_one_that_is_there,
        flushing_forgets_one_database_or_all,
        an_encoding_is_the_one_that_redis_would_use,
        asking_about_an_object_is_not_using_it,
        what_is_no_object_has_nothing_to_tell,
    };

    return suite_of("command_keys", tests, COUNT_OF(tests));
}
