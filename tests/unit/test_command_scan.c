/* test_command_scan.c -- KEYS and SCAN: what is shown, what is promised, and
 * that no call does too much. */
#include "command.h"
#include "helpers.h"
#include "store.h"
#include "suites.h"

#define NOW INT64_C(1700000000000)

#define STAYING   2000  /* keys that are there all the while */
#define PASSING   40000 /* names of those that come and go */
#define SYNTAX    "-ERR syntax error\r\n"
#define NO_CURSOR "-ERR invalid cursor\r\n"

static void set(struct caller *caller, const char *key) {
    store_set(caller->store, slice_of(key), slice_of("v"));
}

/* ---- Options ------------------------------------------------------------ */

START_TEST(options_are_taken_in_any_order_and_any_case) {
    static const char found[] = "*2\r\n$1\r\n0\r\n*1\r\n$2\r\nab\r\n";
    static const char *const options[] = {"mATCH a*", "COUNT 100",
                                          "tYPE STRING"};
    struct caller caller;
    char words[100];

    caller_open(&caller);
    set(&caller, "ab");
    set(&caller, "b");
    for (size_t i = 0; i < 27; i++) {
        snprintf(words, sizeof words, "SCAN 0 %s %s %s %s", options[i % 3],
                 options[i / 3 % 3], options[i / 9], "match a*");
        assert_bytes(caller_say(&caller, words), slice_of(found));
    }
    assert_reply(&caller, "SCAN 0 COUNT 100 TYPE hash",
                 "*2\r\n$1\r\n0\r\n*0\r\n");
    assert_reply(&caller, "SCAN 0 TYPE hash TYPE string MATCH b",
                 "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nb\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(what_is_wrong_is_told_in_the_order_of_the_request) {
    static const struct {
        const char *words;
        const char *reply;
    } rows[] = {
        {"SCAN x", NO_CURSOR},
        {"a blank and a 0", NO_CURSOR}, /* see below */
        {"SCAN -", NO_CURSOR},
        {"SCAN +", NO_CURSOR},
        {"SCAN 0x0", NO_CURSOR},
        {"SCAN 1.5", NO_CURSOR},
        {"SCAN 18446744073709551616", NO_CURSOR},
        {"SCAN 99999999999999999999", NO_CURSOR},
        {"SCAN x foo", NO_CURSOR},
        {"SCAN 0 foo", SYNTAX},
        {"SCAN 0 MATCH", SYNTAX},
        {"SCAN 0 MATCH * TYPE", SYNTAX},
        {"SCAN 0 COUNT 0", SYNTAX},
        {"SCAN 0 COUNT -1", SYNTAX},
        {"SCAN 0 COUNT 0 COUNT 5", SYNTAX},
        {"SCAN 0 foo bar COUNT x", SYNTAX},
        {"SCAN 0 COUNT x foo",
         "-ERR value is not an integer or out of range\r\n"},
    };
    struct slice blank[] = {slice_of("SCAN"), slice_of(" 0")};
    struct caller caller;

    caller_open(&caller);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slice got = i == 1 ? caller_run(&caller, blank, 2)
                                  : caller_say(&caller, rows[i].words);

        check_that(same_bytes(got, slice_of(rows[i].reply)), "%s: %s",
                   rows[i].words, shown(got));
    }
    caller_close(&caller);
}
END_TEST

/* As strtoul() takes them. */
START_TEST(any_64_bits_are_a_cursor) {
    static const char *const cursors[] = {
        "0", "00", "+0", "-0", "", "18446744073709551615", "-1", "007"};
    struct caller caller;

    caller_open(&caller);
    for (size_t i = 0; i < COUNT_OF(cursors); i++) {
        struct slice argv[] = {slice_of("SCAN"), slice_of(cursors[i])};

        assert_bytes(caller_run(&caller, argv, 2),
                     BYTES("*2\r\n$1\r\n0\r\n*0\r\n"));
    }
    caller_close(&caller);
}
END_TEST

/* ---- Going round -------------------------------------------------------- */

struct round {
    uint64_t cursor;
    size_t keys;                 /* in the last reply */
    unsigned char seen[STAYING]; /* how often, of those named "s<number>" */
};

static long long number_at(const char **at, char type) {
    char *end;
    long long number;

    check_that(**at == type, "'%c', not '%c'", **at, type);
    number = strtoll(*at + 1, &end, 10);
    *at = end + 2;
    return number;
}

static struct slice bulk_at(const char **at) {
    size_t len = (size_t)number_at(at, '$');
    struct slice bytes = {*at, len};

    *at += len + 2;
    return bytes;
}

static void scan(struct caller *caller, struct round *round,
                 const char *options) {
    char words[100];
    const char *at;
    struct slice cursor;

    snprintf(words, sizeof words, "SCAN %llu%s",
             (unsigned long long)round->cursor, options);
    at = caller_say(caller, words).data;
    ck_assert_int_eq(number_at(&at, '*'), 2);
    cursor = bulk_at(&at);
    round->cursor = strtoull(cursor.data, NULL, 10);
    round->keys = (size_t)number_at(&at, '*');
    for (size_t i = 0; i < round->keys; i++) {
        struct slice key = bulk_at(&at);
        size_t number = (size_t)strtol(key.data + 1, NULL, 10);

        if (key.data[0] == 's' && round->seen[number] < 255) {
            round->seen[number]++;
        }
    }
}

static void set_number(struct caller *caller, char kind, size_t number) {
    char key[24];

    snprintf(key, sizeof key, "%c%zu", kind, number);
    set(caller, key);
}

static void delete_number(struct caller *caller, size_t number) {
    char key[24];

    snprintf(key, sizeof key, "p%zu", number);
    store_delete(caller->store, slice_of(key));
}

/* Between two calls: let all of a random range come, or go, so that the table
 * grows and shrinks by rounds, or by a few buckets. */
static void come_and_go(struct caller *caller, uint64_t *chance) {
    size_t sizes[] = {1, 30, 1000, PASSING};
    size_t count = 1 + random_below(chance, sizes[random_below(chance, 4)]);
    size_t from = random_below(chance, PASSING);
    bool come = random_below(chance, 2) == 0;

    if (random_below(chance, 4) > 0) return;
    for (size_t i = from; i < from + count && i < PASSING; i++) {
        if (come) {
            set_number(caller, 'p', i);
        } else {
            delete_number(caller, i);
        }
    }
}

START_TEST(whatever_comes_and_goes_what_stays_is_returned) {
    static const char *const options[] = {"",
                                          " COUNT 1",
                                          " COUNT 7",
                                          " COUNT 100 MATCH s*",
                                          " COUNT 3 TYPE string",
                                          " COUNT 1000"};
    uint64_t chance = (uint64_t)_i + 1;
    struct caller caller;

    caller_open(&caller);
    for (size_t i = 0; i < STAYING; i++)
        set_number(&caller, 's', i);
    for (int turn = 0; turn < 8; turn++) {
        struct round round = {0};

        do {
            scan(&caller, &round, options[random_below(&chance, 6)]);
            come_and_go(&caller, &chance);
        } while (round.cursor != 0);
        for (size_t i = 0; i < STAYING; i++)
            check_that(round.seen[i] > 0, "seed %d, round %d: s%zu was missed",
                       _i, turn, i);
    }
    caller_close(&caller);
}
END_TEST

START_TEST(what_rests_is_returned_once) {
    struct caller caller;
    struct round round = {0};

    caller_open(&caller);
    for (size_t i = 0; i < STAYING; i++)
        set_number(&caller, 's', i);
    do {
        scan(&caller, &round, " MATCH s*");
    } while (round.cursor != 0);
    for (size_t i = 0; i < STAYING; i++)
        ck_assert_int_eq(round.seen[i], 1);
    caller_close(&caller);
}
END_TEST

/* A call is for so many keys; how many of them match does not matter. */
START_TEST(the_work_of_a_call_is_bounded_whatever_matches) {
    struct caller caller;
    int calls = 0;
    struct round round = {0};

    caller_open(&caller);
    for (size_t i = 0; i < STAYING; i++)
        set_number(&caller, 's', i);
    do {
        scan(&caller, &round, " MATCH none COUNT 20");
        ck_assert_uint_eq(round.keys, 0);
        calls++;
    } while (round.cursor != 0);
    ck_assert_int_ge(calls, STAYING / 40);
    ck_assert_int_le(calls, STAYING / 20);

    /* Nor may it go through many buckets to find them: here, nearly all keys
     * have expired. */
    store_set_time(caller.store, NOW);
    for (size_t i = 0; i < PASSING; i++) {
        char key[24];

        snprintf(key, sizeof key, "p%zu", i);
        set(&caller, key);
        store_set_expiry(caller.store, slice_of(key), NOW + 1);
    }
    store_set_time(caller.store, NOW + 1);
    for (size_t i = 0; i < STAYING; i++) {
        char key[24];

        snprintf(key, sizeof key, "s%zu", i);
        store_delete(caller.store, slice_of(key));
    }
    calls = 0;
    do {
        scan(&caller, &round, " COUNT 1");
        calls++;
    } while (round.cursor != 0);
    ck_assert_int_ge(calls, PASSING / 5 / 10 / 2);
    caller_close(&caller);
}
END_TEST

START_TEST(a_count_may_be_of_any_size) {
    struct caller caller;
    struct round round = {0};

    caller_open(&caller);
    for (size_t i = 0; i < STAYING; i++)
        set_number(&caller, 's', i);
    scan(&caller, &round, " COUNT 9223372036854775807");
    ck_assert_uint_eq(round.cursor, 0);
    ck_assert_uint_eq(round.keys, STAYING);
    caller_close(&caller);
}
END_TEST

/* ---- KEYS --------------------------------------------------------------- */

START_TEST(keys_are_those_that_match) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "KEYS *", "*0\r\n");
    set(&caller, "key:1");
    set(&caller, "");
    assert_reply(&caller, "keys key:?", "*1\r\n$5\r\nkey:1\r\n");
    assert_reply(&caller, "KEYS KEY:?", "*0\r\n");
    assert_reply(&caller, "KEYS k[^x]y*", "*1\r\n$5\r\nkey:1\r\n");
    /* As in Redis: "*" is all, but as a pattern it needs a byte. */
    assert_reply(&caller, "KEYS **", "*1\r\n$5\r\nkey:1\r\n");
    assert_reply(&caller, "KEYS ", "*1\r\n$0\r\n\r\n");
    ck_assert_int_eq(caller_say(&caller, "KEYS *").data[1], '2');
    caller_close(&caller);
}
END_TEST

START_TEST(what_has_expired_is_not_shown) {
    struct caller caller;

    caller_open(&caller);
    store_set_time(caller.store, NOW);
    set(&caller, "a");
    set(&caller, "b");
    store_set_expiry(caller.store, slice_of("a"), NOW + 1);
    store_set_time(caller.store, NOW + 1);
    assert_reply(&caller, "KEYS *", "*1\r\n$1\r\nb\r\n");
    assert_reply(&caller, "SCAN 0", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nb\r\n");
    caller_close(&caller);
}
END_TEST

/* Longer than anybody will read, but not by much: and a whole reply. */
START_TEST(they_stop_when_nobody_will_read_the_rest) {
    static const char *const requests[][4] = {
        {"KEYS", "*", NULL, NULL},
        {"SCAN", "0", "COUNT", "1000000"},
    };
    struct caller caller;

    caller_open(&caller);
    for (size_t i = 0; i < PASSING; i++)
        set_number(&caller, 'p', i);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct slice argv[4];
        struct call call = {.argv = argv,
                            .session = &caller.session,
                            .store = caller.store,
                            .out = &caller.out,
                            .out_max = 5000};

        while (call.argc < 4 && requests[i][call.argc] != NULL) {
            argv[call.argc] = slice_of(requests[i][call.argc]);
            call.argc++;
        }
        buf_consume(&caller.out, buf_len(&caller.out));
        command_execute(&call);
        ck_assert_uint_gt(buf_len(&caller.out), 5000);
        ck_assert_uint_lt(buf_len(&caller.out), 6000);
        ck_assert_uint_eq(reply_size(buf_slice(&caller.out)),
                          buf_len(&caller.out));
    }
    caller_close(&caller);
}
END_TEST

Suite *scan_suite(void) {
    const TTest *const tests[] = {
        options_are_taken_in_any_order_and_any_case,
        what_is_wrong_is_told_in_the_order_of_the_request,
        any_64_bits_are_a_cursor,
        what_rests_is_returned_once,
        the_work_of_a_call_is_bounded_whatever_matches,
        a_count_may_be_of_any_size,
        keys_are_those_that_match,
        what_has_expired_is_not_shown,
        they_stop_when_nobody_will_read_the_rest,
    };
    Suite *suite = suite_of("command_scan", tests, COUNT_OF(tests));
    TCase *loop = tcase_create("command_scan: promise");

    tcase_set_timeout(loop, TEST_SECONDS);
    tcase_add_loop_test(loop, whatever_comes_and_goes_what_stays_is_returned, 0,
                        STRIDE > 1 ? 1 : 6);
    suite_add_tcase(suite, loop);
    return suite;
}
