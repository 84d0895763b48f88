/* test_command_number.c -- values that count: at the ends of what fits, and
 * with what is no number. */
#include "command.h"

#include "helpers.h"
#include "suites.h"

#include <inttypes.h>

#define NO_INTEGER "-ERR value is not an integer or out of range\r\n"
#define NO_FLOAT   "-ERR value is not a valid float\r\n"
#define OVERFLOW   "-ERR increment or decrement would overflow\r\n"
#define INFINITE   "-ERR increment would produce NaN or Infinity\r\n"

static void set(struct caller *caller, const char *value) {
    store_set(caller->store, BYTES("key"), slice_of(value));
}

static void holds(struct caller *caller, const char *value) {
    struct slice got;

    check_that(store_peek(caller->store, BYTES("key"), &got), "no key");
    assert_bytes(got, slice_of(value));
}

/* ---- Integers -------------------------------------------------------------
 */

__extension__ typedef __int128 wide; /* holds what does not fit */

static const int64_t numbers[] = {
    INT64_MIN,
    INT64_MIN + 1,
    INT64_MIN + 2,
    INT64_MIN / 2,
    -1000,
    -10,
    -2,
    -1,
    0,
    1,
    2,
    9,
    10,
    99,
    INT64_MAX / 2,
    INT64_MAX / 2 + 1,
    INT64_MAX - 2,
    INT64_MAX - 1,
    INT64_MAX,
};

/* Say this to a key that has this value, and see that it becomes 'sum', or
 * stays if that does not fit. */
static void expect_sum(const char *command, int64_t value, int64_t by,
                       wide sum) {
    struct caller caller;
    char line[64], text[32];
    struct slice reply;

    caller_open(&caller);
    snprintf(text, sizeof text, "%" PRId64, value);
    set(&caller, text);
    store_set_expiry(caller.store, BYTES("key"), 5);
    snprintf(line, sizeof line, "%s key %" PRId64, command, by);
    reply = caller_say(&caller, line);
    if (sum < INT64_MIN || sum > INT64_MAX) {
        assert_bytes(reply, BYTES(OVERFLOW));
        assert_logged(&caller, "");
    } else {
        char want[40];

        snprintf(text, sizeof text, "%" PRId64, (int64_t)sum);
        snprintf(want, sizeof want, ":%s\r\n", text);
        assert_bytes(reply, slice_of(want));
        assert_bytes(buf_slice(&caller.record), slice_of(line));
    }
    holds(&caller, text);
    ck_assert(store_expiry(caller.store, BYTES("key")) == 5);
    caller_close(&caller);
}

START_TEST(integers_are_added_as_long_as_they_fit) {
    size_t a, b;

    for (a = 0; a < COUNT_OF(numbers); a++) {
        for (b = 0; b < COUNT_OF(numbers); b++) {
            wide value = numbers[a];

            expect_sum("INCRBY", numbers[a], numbers[b], value + numbers[b]);
            if (numbers[b] == INT64_MIN) continue;
            expect_sum("DECRBY", numbers[a], numbers[b], value - numbers[b]);
        }
    }
}
END_TEST

START_TEST(the_smallest_integer_cannot_be_taken_away) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "DECRBY key -9223372036854775808",
                 "-ERR decrement would overflow\r\n");
    assert_logged(&caller, "");
    assert_reply(&caller, "DECRBY key -9223372036854775807",
                 ":9223372036854775807\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(incr_and_decr_count_by_one_from_nothing) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "INCR key", ":1\r\n");
    assert_logged(&caller, "INCR key");
    assert_reply(&caller, "DECR key", ":0\r\n");
    assert_reply(&caller, "dEcR key", ":-1\r\n");
    assert_logged(&caller, "dEcR key");
    holds(&caller, "-1");
    set(&caller, "9223372036854775807");
    assert_reply(&caller, "INCR key", OVERFLOW);
    set(&caller, "-9223372036854775808");
    assert_reply(&caller, "DECR key", OVERFLOW);
    holds(&caller, "-9223372036854775808");
    caller_close(&caller);
}
END_TEST

START_TEST(only_integers_are_counted) {
    static const char *const texts[] = {
        "",
        "a",
        "1a",
        "+1",
        "01",
        "-0",
        "-",
        "1.0",
        "0x1",
        "1e3",
        "\t1",
        "1\n",
        "--1",
        "nan",
        "9223372036854775808",
        "-9223372036854775809",
    };
    static const char *const commands[] = {"INCR", "DECR", "INCRBY", "DECRBY"};
    struct caller caller;
    size_t i, k;

    caller_open(&caller);
    for (i = 0; i < COUNT_OF(texts); i++) {
        for (k = 0; k < COUNT_OF(commands); k++) {
            struct slice argv[] = {slice_of(commands[k]), BYTES("key"),
                                   BYTES("1")};

            set(&caller, texts[i]);
            assert_bytes(caller_run(&caller, argv, k < 2 ? 2 : 3),
                         BYTES(NO_INTEGER));
            ck_assert(!caller.changed);
            holds(&caller, texts[i]);
            if (k < 2) continue;
            set(&caller, "1");
            argv[2] = slice_of(texts[i]);
            assert_bytes(caller_run(&caller, argv, 3), BYTES(NO_INTEGER));
            ck_assert(!caller.changed);
            holds(&caller, "1");
        }
    }
    caller_close(&caller);
}
END_TEST

/* ---- Floating point --------------------------------------------------------
 */

/* What redis-server 7.0.15 on x86-64 answers; NULL: no such key before. */
static const struct {
    const char *value, *by, *sum;
} sums[] = {
    {NULL, "1.5", "1.5"},
    {"10.50", "0.1", "10.6"},
    {"5.0e3", "2.0e2", "5200"},
    {"0", "-0.0", "0"},
    {"-0", "-0", "0"},
    {"1", "-1", "0"},
    {"3", "0", "3"},
    {"100", "900", "1000"},
    {"0.5", "-1", "-0.5"},
    {"1", "1e-17", "1.00000000000000001"},
    {"1e-18", "0", "0"},
    {"-1e-18", "0", "0"},
    {"0x10", "0x.8", "16.5"},
    {"123456789012345678", "0.25", "123456789012345678.25"},
    {"1e18", "1", "1000000000000000001"},
    {"9223372036854775807", "1", "9223372036854775808"},
    {"+.5", "5.", "5.5"},
};

START_TEST(floats_are_printed_as_redis_prints_them) {
    struct caller caller;
    size_t i;

    caller_open(&caller);
    for (i = 0; i < COUNT_OF(sums); i++) {
        struct slice argv[] = {BYTES("INCRBYFLOAT"), BYTES("key"),
                               slice_of(sums[i].by)};
        char want[80], logged[80];

        if (sums[i].value != NULL) set(&caller, sums[i].value);
        snprintf(want, sizeof want, "$%zu\r\n%s\r\n", strlen(sums[i].sum),
                 sums[i].sum);
        snprintf(logged, sizeof logged, "SET key %s KEEPTTL", sums[i].sum);
        assert_bytes(caller_run(&caller, argv, 3), slice_of(want));
        assert_bytes(buf_slice(&caller.record), slice_of(logged));
        holds(&caller, sums[i].sum);
    }
    caller_close(&caller);
}
END_TEST

START_TEST(the_longest_float_has_room) {
    struct caller caller;
    struct slice got;

    caller_open(&caller);
    assert_reply(&caller, "INCRBYFLOAT key abc", NO_FLOAT);
    caller_say(&caller, "INCRBYFLOAT key -1.18e4932");
    ck_assert(caller.changed);
    ck_assert(store_peek(caller.store, BYTES("key"), &got));
    ck_assert_uint_eq(got.len, 4934); /* a sign, and no zeros behind a point */
    assert_reply(&caller, "INCRBYFLOAT key -1.18e4932", INFINITE);
    ck_assert(!caller.changed);
    caller_say(&caller, "INCRBYFLOAT key 1.18e4932");
    holds(&caller, "0");
    caller_close(&caller);
}
END_TEST

START_TEST(a_sum_is_finite) {
    static const char *const pairs[][2] = {
        {"inf", "1"},  {"1", "inf"},         {"-inf", "inf"},
        {"1", "-INF"}, {"infinity", "-inf"}, {"1e4932", "1e4932"},
    };
    struct caller caller;
    size_t i;

    caller_open(&caller);
    for (i = 0; i < COUNT_OF(pairs); i++) {
        struct slice argv[] = {BYTES("INCRBYFLOAT"), BYTES("key"),
                               slice_of(pairs[i][1])};

        set(&caller, pairs[i][0]);
        assert_bytes(caller_run(&caller, argv, 3), BYTES(INFINITE));
        ck_assert(!caller.changed);
        holds(&caller, pairs[i][0]);
    }
    caller_close(&caller);
}
END_TEST

/* As the value and as what is added to it. */
static void expect_no_float(struct slice text) {
    struct slice argv[] = {BYTES("INCRBYFLOAT"), BYTES("key"), BYTES("1")};
    struct caller caller;

    caller_open(&caller);
    store_set(caller.store, BYTES("key"), text);
    check_that(same_bytes(caller_run(&caller, argv, 3), BYTES(NO_FLOAT)),
               "the value \"%s\" is taken", shown(text));
    ck_assert(!caller.changed);
    set(&caller, "1");
    argv[2] = text;
    check_that(same_bytes(caller_run(&caller, argv, 3), BYTES(NO_FLOAT)),
               "\"%s\" is added", shown(text));
    ck_assert(!caller.changed);
    holds(&caller, "1");
    caller_close(&caller);
}

START_TEST(only_floats_are_added) {
    static const char *const texts[] = {
        "",    "a",       "1a",      "1,5", " 1",       "1 ",
        "\t1", "\n1",     "\v1",     "1\r", "nan",      "-NaN",
        "e1",  "1e",      ".",       "-",   "nan(1)",   "1e5000",
        "--1", "-1e5000", "1e-5000", "0x",  "infinite", "1..5",
    };
    char longest[6000];
    size_t i;

    for (i = 0; i < COUNT_OF(texts); i++)
        expect_no_float(slice_of(texts[i]));
    expect_no_float(BYTES("1\0"));
    expect_no_float(BYTES("\0"
                          "1"));
    memset(longest, '0', sizeof longest);
    expect_no_float((struct slice){longest, 5120});
    expect_no_float((struct slice){longest, sizeof longest});
}
END_TEST

START_TEST(of_a_long_float_5119_bytes_are_taken) {
    struct slice argv[] = {BYTES("INCRBYFLOAT"), BYTES("key"), {NULL, 5119}};
    char zeros[5119];
    struct caller caller;

    caller_open(&caller);
    memset(zeros, '0', sizeof zeros);
    argv[2].data = zeros;
    assert_bytes(caller_run(&caller, argv, 3), BYTES("$1\r\n0\r\n"));
    caller_close(&caller);
}
END_TEST

START_TEST(a_sum_of_floats_keeps_the_time) {
    struct caller caller;

    caller_open(&caller);
    caller.replica = store_new();
    assert_reply(&caller, "SET key 1 PXAT 7", "+OK\r\n");
    assert_reply(&caller, "INCRBYFLOAT key 1.25", "$4\r\n2.25\r\n");
    ck_assert(store_expiry(caller.store, BYTES("key")) == 7);
    ck_assert(store_expiry(caller.replica, BYTES("key")) == 7);
    store_free(caller.replica);
    caller_close(&caller);
}
END_TEST

Suite *number_suite(void) {
    const TTest *const tests[] = {
        integers_are_added_as_long_as_they_fit,
        the_smallest_integer_cannot_be_taken_away,
        incr_and_decr_count_by_one_from_nothing,
        only_integers_are_counted,
        floats_are_printed_as_redis_prints_them,
        the_longest_float_has_room,
        a_sum_is_finite,
        only_floats_are_added,
        of_a_long_float_5119_bytes_are_taken,
        a_sum_of_floats_keeps_the_time,
    };

    return suite_of("command_number", tests, COUNT_OF(tests));
}
