/* test_command_string.c -- commands on strings: what they answer, what they
 * have the log say, and what is there afterwards. */
#include "command.h"

#include "helpers.h"
#include "suites.h"

#define NOW 1700000000123

#define OK           "+OK\r\n"
#define NIL          "$-1\r\n"
#define SYNTAX_ERROR "-ERR syntax error\r\n"
#define NO_INTEGER   "-ERR value is not an integer or out of range\r\n"
#define TOO_LONG                                                               \
    "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n"

/* A caller at a certain time, with "key" = "value" that expires at NOW + 1 s.
 */
static void begin(struct caller *caller) {
    caller_open(caller);
    store_set_time(caller->store, NOW);
    store_set(caller->store, BYTES("key"), BYTES("value"));
    store_set_expiry(caller->store, BYTES("key"), NOW + 1000);
}

/* What is said, answered and logged, and when "key" expires afterwards; -2: it
 * is not there. */
static void expect(struct caller *caller, const char *words, const char *answer,
                   const char *logged, int64_t expiry) {
    struct slice value;
    int64_t got = -2;

    assert_bytes(caller_say(caller, words), slice_of(answer));
    check_that(same_bytes(buf_slice(&caller->record), slice_of(logged)),
               "%s: logged \"%s\"", words, shown(buf_slice(&caller->record)));
    if (store_peek(caller->store, BYTES("key"), &value)) {
        got = store_expiry(caller->store, BYTES("key"));
    }
    check_that(got == expiry, "%s: expires at %lld", words, (long long)got);
}

static void holds(struct caller *caller, const char *key, const char *value) {
    struct slice got;

    check_that(store_peek(caller->store, slice_of(key), &got), "no %s", key);
    assert_bytes(got, slice_of(value));
}

/* The same on a new caller each time. */
static void once(const char *words, const char *answer, const char *logged,
                 int64_t expiry) {
    struct caller caller;

    begin(&caller);
    expect(&caller, words, answer, logged, expiry);
    caller_close(&caller);
}

/* ---- SET ------------------------------------------------------------------
 */

START_TEST(set_takes_a_time_in_four_spellings) {
    once("SET key v EX 10", OK, "SET key v PXAT 1700000010123", NOW + 10000);
    once("SET key v px 10", OK, "SET key v PXAT 1700000000133", NOW + 10);
    once("SET key v ExAt 1700000001", OK, "SET key v PXAT 1700000001000",
         1700000001000);
    once("SET key v PXAT 1700000000124", OK, "SET key v PXAT 1700000000124",
         NOW + 1);
    once("SET key v EX 1 EX 10", OK, "SET key v PXAT 1700000010123",
         NOW + 10000);
}
END_TEST

START_TEST(set_ends_the_time_unless_it_is_to_keep_it) {
    once("SET key v", OK, "SET key v", STORE_NO_EXPIRY);
    once("SET key v XX", OK, "SET key v", STORE_NO_EXPIRY);
    once("SET key v KEEPTTL", OK, "SET key v KEEPTTL", NOW + 1000);
    once("SET key  keepttl", OK, "SET key  KEEPTTL", NOW + 1000);
    once("SET key longer-than-before xx KeepTTL GET", "$5\r\nvalue\r\n",
         "SET key longer-than-before KEEPTTL", NOW + 1000);
}
END_TEST

/* Redis takes it, and the next look at the key finds that it is over. */
START_TEST(set_takes_a_time_that_is_past) {
    once("SET key v PXAT 1", OK, "SET key v PXAT 1", -2);
    once("SET key v EXAT 1700000000", OK, "SET key v PXAT 1700000000000", -2);
}
END_TEST

START_TEST(set_refuses_a_time_that_is_none) {
    static const char invalid[] = "-ERR invalid expire time in 'set' "
                                  "command\r\n";
    static const char *const words[] = {"EX", "PX", "EXAT", "PXAT"};
    size_t i;

    for (i = 0; i < COUNT_OF(words); i++) {
        char line[64];

        snprintf(line, sizeof line, "SET key v NX %s 0", words[i]);
        once(line, invalid, "", NOW + 1000);
        snprintf(line, sizeof line, "SET key v GET %s -1", words[i]);
        once(line, invalid, "", NOW + 1000);
        snprintf(line, sizeof line, "SET key v %s soon", words[i]);
        once(line, NO_INTEGER, "", NOW + 1000);
        snprintf(line, sizeof line, "SET key v %s", words[i]);
        once(line, SYNTAX_ERROR, "", NOW + 1000);
    }
    once("SET key v EX 9223372036854775807", invalid, "", NOW + 1000);
    once("SET key v PX 9223372036854775807", invalid, "", NOW + 1000);
}
END_TEST

START_TEST(set_looks_first_whether_the_key_is_there) {
    once("SET key v NX", NIL, "", NOW + 1000);
    once("SET key v NX EX 100", NIL, "", NOW + 1000);
    once("SET other v XX", NIL, "", NOW + 1000);
    once("SET other v nX", OK, "SET other v", NOW + 1000);
    once("SET other v PX 1 NX", OK, "SET other v PXAT 1700000000124",
         NOW + 1000);
}
END_TEST

START_TEST(set_answers_what_was_there_before) {
    once("SET key v GET", "$5\r\nvalue\r\n", "SET key v", STORE_NO_EXPIRY);
    once("SET key v GET NX", "$5\r\nvalue\r\n", "", NOW + 1000);
    once("SET key v XX GET", "$5\r\nvalue\r\n", "SET key v", STORE_NO_EXPIRY);
    once("SET other v GET", NIL, "SET other v", NOW + 1000);
    once("SET other v GET NX", NIL, "SET other v", NOW + 1000);
    once("SET other v XX GET", NIL, "", NOW + 1000);
    once("SET key v get ex 10", "$5\r\nvalue\r\n",
         "SET key v PXAT 1700000010123", NOW + 10000);
}
END_TEST

/* Any two options: which may stand together does not depend on their order. */
START_TEST(options_of_set_exclude_each_other) {
    static const char *const options[] = {"EX 9",
                                          "PX 9",
                                          "EXAT 1800000000",
                                          "PXAT 1800000000000",
                                          "KEEPTTL",
                                          "NX",
                                          "XX",
                                          "GET"};
    size_t a, b;

    for (a = 0; a < COUNT_OF(options); a++) {
        for (b = 0; b < COUNT_OF(options); b++) {
            bool times = a != b && a < 5 && b < 5;
            bool conditions = a + b == 5 + 6 && (a == 5 || a == 6);
            struct caller caller;
            char line[100];
            struct slice reply;

            snprintf(line, sizeof line, "SET key v %s %s", options[a],
                     options[b]);
            begin(&caller);
            reply = caller_say(&caller, line);
            check_that(same_bytes(reply, BYTES(SYNTAX_ERROR)) ==
                           (times || conditions),
                       "%s: %s", line, shown(reply));
            caller_close(&caller);
        }
    }
}
END_TEST

START_TEST(set_refuses_words_of_other_commands) {
    static const char *const words[] = {"PERSIST", "", "NXX", "EX10", "1"};
    size_t i;

    for (i = 0; i < COUNT_OF(words); i++) {
        char line[64];

        snprintf(line, sizeof line, "SET key v %s", words[i]);
        once(line, SYNTAX_ERROR, "", NOW + 1000);
        snprintf(line, sizeof line, "SET key v GET %s NX", words[i]);
        once(line, SYNTAX_ERROR, "", NOW + 1000);
    }
}
END_TEST

START_TEST(what_is_not_there_is_the_null_of_the_protocol) {
    static const char *const lines[] = {
        "SET key v NX", "SET other v GET", "GETSET another v",
        "GETDEL none",  "GETEX none",      "SET none v XX",
    };
    struct caller caller;
    size_t i;

    begin(&caller);
    caller.session.protocol = 3;
    for (i = 0; i < COUNT_OF(lines); i++)
        assert_bytes(caller_say(&caller, lines[i]), BYTES("_\r\n"));
    assert_reply(&caller, "MGET key none other",
                 "*3\r\n$5\r\nvalue\r\n_\r\n$1\r\nv\r\n");
    caller_close(&caller);
}
END_TEST

/* ---- The older forms of SET ---------------------------------------------- */

START_TEST(setex_and_psetex_take_the_time_first) {
    once("SETEX key 10 v", OK, "SET key v PXAT 1700000010123", NOW + 10000);
    once("PSETEX key 10 v", OK, "SET key v PXAT 1700000000133", NOW + 10);
    once("SeTeX key 0 v", "-ERR invalid expire time in 'setex' command\r\n", "",
         NOW + 1000);
    once("PSETEX key -1 v", "-ERR invalid expire time in 'psetex' command\r\n",
         "", NOW + 1000);
    once("SETEX key 9223372036854775 v",
         "-ERR invalid expire time in 'setex' command\r\n", "", NOW + 1000);
    once("PSETEX key v 10", NO_INTEGER, "", NOW + 1000);
}
END_TEST

START_TEST(setnx_and_getset_are_sets) {
    once("SETNX key v", ":0\r\n", "", NOW + 1000);
    once("SETNX other v", ":1\r\n", "SET other v", NOW + 1000);
    once("GETSET key v", "$5\r\nvalue\r\n", "SET key v", STORE_NO_EXPIRY);
    once("GETSET other v", NIL, "SET other v", NOW + 1000);
}
END_TEST

/* ---- GETDEL, GETEX --------------------------------------------------------
 */

START_TEST(getdel_is_logged_as_del) {
    once("GETDEL key", "$5\r\nvalue\r\n", "DEL key", -2);
    once("GETDEL other", NIL, "", NOW + 1000);
}
END_TEST

START_TEST(getex_answers_and_changes_the_time) {
    static const char value[] = "$5\r\nvalue\r\n";

    once("GETEX key", value, "", NOW + 1000);
    once("GETEX key EX 10", value, "PEXPIREAT key 1700000010123", NOW + 10000);
    once("GETEX key px 10", value, "PEXPIREAT key 1700000000133", NOW + 10);
    once("GETEX key EXAT 1700000001", value, "PEXPIREAT key 1700000001000",
         1700000001000);
    once("GETEX key PXAT 1700000000124", value, "PEXPIREAT key 1700000000124",
         NOW + 1);
    once("GETEX key Persist", value, "PERSIST key", STORE_NO_EXPIRY);
    once("GETEX key PXAT 1700000000123", value, "DEL key", -2);
    once("GETEX key EXAT 1", value, "DEL key", -2);
}
END_TEST

START_TEST(getex_logs_nothing_where_nothing_changes) {
    struct caller caller;

    begin(&caller);
    assert_reply(&caller, "SET key v", OK);
    expect(&caller, "GETEX key PERSIST", "$1\r\nv\r\n", "", STORE_NO_EXPIRY);
    expect(&caller, "GETEX other PERSIST", NIL, "", STORE_NO_EXPIRY);
    expect(&caller, "GETEX other EX 10", NIL, "", STORE_NO_EXPIRY);
    expect(&caller, "GETEX other EX never", NIL, "", STORE_NO_EXPIRY);
    caller_close(&caller);
}
END_TEST

START_TEST(getex_refuses_what_it_cannot_take) {
    static const char *const lines[] = {
        "GETEX key EX",         "GETEX key EX 1 PERSIST",
        "GETEX key NX",         "GETEX key PERSIST PX 1",
        "GETEX key KEEPTTL",    "GETEX key EX 1 PX 1",
        "GETEX key GET",        "GETEX key XX",
        "GETEX key EX 1 other", "GETEX other EX 1 EXAT 1",
    };
    size_t i;

    for (i = 0; i < COUNT_OF(lines); i++)
        once(lines[i], SYNTAX_ERROR, "", NOW + 1000);
    once("GETEX key EX 0", "-ERR invalid expire time in 'getex' command\r\n",
         "", NOW + 1000);
    once("GETEX key PXAT -1", "-ERR invalid expire time in 'getex' command\r\n",
         "", NOW + 1000);
    once("GETEX key PX x", NO_INTEGER, "", NOW + 1000);
}
END_TEST

/* ---- Many at once ---------------------------------------------------------
 */

START_TEST(mset_sets_all_and_the_last_of_a_key_twice) {
    struct caller caller;

    begin(&caller);
    expect(&caller, "MSET a 1 key 2 a 3", OK, "MSET a 1 key 2 a 3",
           STORE_NO_EXPIRY);
    holds(&caller, "a", "3");
    holds(&caller, "key", "2");
    assert_reply(&caller, "MGET a none key a",
                 "*4\r\n$1\r\n3\r\n$-1\r\n$1\r\n2\r\n$1\r\n3\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(msetnx_sets_all_or_none) {
    struct caller caller;

    begin(&caller);
    expect(&caller, "MSETNX a 1 key 2", ":0\r\n", "", NOW + 1000);
    expect(&caller, "MSETNX key 2 a 1", ":0\r\n", "", NOW + 1000);
    assert_reply(&caller, "EXISTS a", ":0\r\n");
    expect(&caller, "MSETNX a 1 b 2 a 3", ":1\r\n", "MSETNX a 1 b 2 a 3",
           NOW + 1000);
    holds(&caller, "a", "3");
    holds(&caller, "b", "2");
    caller_close(&caller);
}
END_TEST

START_TEST(pairs_have_to_be_pairs) {
    once("MSET a 1 key",
         "-ERR wrong number of arguments for 'mset' command\r\n", "",
         NOW + 1000);
    once("msetnx a 1 b",
         "-ERR wrong number of arguments for 'msetnx' command\r\n", "",
         NOW + 1000);
}
END_TEST

/* The client will be closed, so what it lacks does no harm; without a limit a
 * few bytes of request could ask for any number of bytes of answer. */
START_TEST(mget_stops_when_nobody_will_read_on) {
    struct slice argv[1001] = {BYTES("MGET")};
    struct caller caller;
    struct call call;
    size_t i;

    begin(&caller);
    for (i = 1; i < COUNT_OF(argv); i++)
        argv[i] = BYTES("key");
    call = (struct call){.argv = argv,
                         .argc = COUNT_OF(argv),
                         .session = &caller.session,
                         .store = caller.store,
                         .out = &caller.out,
                         .out_max = 500};
    command_execute(&call);
    ck_assert_uint_gt(buf_len(&caller.out), 500);
    ck_assert_uint_lt(buf_len(&caller.out), 520);
    call.out_max = SIZE_MAX;
    buf_consume(&caller.out, buf_len(&caller.out));
    command_execute(&call);
    ck_assert_uint_eq(buf_len(&caller.out), 7 + 1000 * 11);
    caller_close(&caller);
}
END_TEST

/* ---- Parts of a value -----------------------------------------------------
 */

START_TEST(strlen_counts_bytes) {
    once("STRLEN key", ":5\r\n", "", NOW + 1000);
    once("STRLEN other", ":0\r\n", "", NOW + 1000);
}
END_TEST

/* Each range of each length: byte by byte, by its number from the start. */
START_TEST(getrange_answers_the_bytes_between) {
    static const char text[] = "abcde";
    struct caller caller;
    int len, first, last;

    begin(&caller);
    for (len = 0; len <= 5; len++) {
        store_set(caller.store, BYTES("a"), (struct slice){text, (size_t)len});
        for (first = -7; first <= 7; first++) {
            for (last = -7; last <= 7; last++) {
                char line[40], want[40], part[8];
                int count = 0, i;

                for (i = 0; i < len; i++) {
                    int from = first < 0 ? first + len : first;
                    int to = last < 0 ? last + len : last;

                    if (first < 0 && last < 0 && first > last) continue;
                    if (to < 0) to = 0; /* the first is always in, in Redis */
                    if (i >= from && i <= to) part[count++] = text[i];
                }
                snprintf(line, sizeof line, "GETRANGE a %d %d", first, last);
                snprintf(want, sizeof want, "$%d\r\n%.*s\r\n", count, count,
                         part);
                assert_bytes(caller_say(&caller, line), slice_of(want));
            }
        }
    }
    assert_reply(&caller, "GETRANGE none 0 -1", "$0\r\n\r\n");
    assert_reply(&caller, "GETRANGE none a -1", NO_INTEGER);
    assert_reply(&caller, "GETRANGE a 0 1.0", NO_INTEGER);
    caller_close(&caller);
}
END_TEST

/* Each offset and length over each length that was there. */
START_TEST(setrange_overwrites_and_fills_with_zeros) {
    struct caller caller;
    size_t len, start, count;

    begin(&caller);
    for (len = 0; len <= 6; len++) {
        for (start = 0; start <= 9; start++) {
            for (count = 1; count <= 4; count++) {
                char model[16] = {0};
                size_t end = start + count > len ? start + count : len;
                char text[8], want[16];
                struct slice argv[] = {BYTES("SETRANGE"),
                                       BYTES("key"),
                                       {NULL, 0},
                                       {"xyzw", count}};
                struct slice value;

                memcpy(model, "abcdef", len);
                memcpy(model + start, "xyzw", count);
                store_delete(caller.store, BYTES("key"));
                if (len > 0) {
                    store_set(caller.store, BYTES("key"),
                              (struct slice){"abcdef", len});
                    store_set_expiry(caller.store, BYTES("key"), NOW + 5);
                }
                snprintf(text, sizeof text, "%zu", start);
                argv[2] = slice_of(text);
                snprintf(want, sizeof want, ":%zu\r\n", end);
                assert_bytes(caller_run(&caller, argv, 4), slice_of(want));
                ck_assert(caller.changed);
                ck_assert(store_peek(caller.store, BYTES("key"), &value));
                assert_bytes(value, ((struct slice){model, end}));
                ck_assert(store_expiry(caller.store, BYTES("key")) ==
                          (len > 0 ? NOW + 5 : STORE_NO_EXPIRY));
            }
        }
    }
    caller_close(&caller);
}
END_TEST

START_TEST(setrange_of_nothing_changes_nothing) {
    struct caller caller;

    begin(&caller);
    expect(&caller, "SETRANGE key 3 ", ":5\r\n", "", NOW + 1000);
    expect(&caller, "SETRANGE key 9223372036854775807 ", ":5\r\n", "",
           NOW + 1000);
    expect(&caller, "SETRANGE other 3 ", ":0\r\n", "", NOW + 1000);
    assert_reply(&caller, "EXISTS other", ":0\r\n");
    expect(&caller, "SETRANGE key -1 x", "-ERR offset is out of range\r\n", "",
           NOW + 1000);
    expect(&caller, "SETRANGE key -1 ", "-ERR offset is out of range\r\n", "",
           NOW + 1000);
    expect(&caller, "SETRANGE key x x", NO_INTEGER, "", NOW + 1000);
    holds(&caller, "key", "value");
    caller_close(&caller);
}
END_TEST

START_TEST(append_adds_and_keeps_the_time) {
    struct caller caller;

    begin(&caller);
    expect(&caller, "APPEND key -more", ":10\r\n", "APPEND key -more",
           NOW + 1000);
    holds(&caller, "key", "value-more");
    expect(&caller, "APPEND other x", ":1\r\n", "APPEND other x", NOW + 1000);
    holds(&caller, "other", "x");
    expect(&caller, "APPEND empty ", ":0\r\n", "APPEND empty ", NOW + 1000);
    holds(&caller, "empty", "");
    caller_close(&caller);
}
END_TEST

/* At the limit, one below and one above, and where sums would overflow. */
START_TEST(no_value_grows_beyond_the_limit) {
    struct caller caller;

    begin(&caller);
    caller.value_max = 8;
    expect(&caller, "APPEND key 1234", TOO_LONG, "", NOW + 1000);
    expect(&caller, "APPEND key 123", ":8\r\n", "APPEND key 123", NOW + 1000);
    expect(&caller, "APPEND key 1", TOO_LONG, "", NOW + 1000);
    expect(&caller, "APPEND other 123456789", TOO_LONG, "", NOW + 1000);
    expect(&caller, "SETRANGE key 7 x", ":8\r\n", "SETRANGE key 7 x",
           NOW + 1000);
    expect(&caller, "SETRANGE key 7 xy", TOO_LONG, "", NOW + 1000);
    expect(&caller, "SETRANGE key 8 x", TOO_LONG, "", NOW + 1000);
    expect(&caller, "SETRANGE other 9 x", TOO_LONG, "", NOW + 1000);
    expect(&caller, "SETRANGE key 0 123456789", TOO_LONG, "", NOW + 1000);
    holds(&caller, "key", "value12x");

    caller.value_max = 0; /* 512 MB */
    expect(&caller, "SETRANGE key 536870912 x", TOO_LONG, "", NOW + 1000);
    expect(&caller, "SETRANGE key 9223372036854775807 x", TOO_LONG, "",
           NOW + 1000);
    expect(&caller, "SETRANGE key 9223372036854775806 xyz", TOO_LONG, "",
           NOW + 1000);
    assert_reply(&caller, "EXISTS other", ":0\r\n");
    caller_close(&caller);
}
END_TEST

Suite *string_suite(void) {
    const TTest *const tests[] = {
        set_takes_a_time_in_four_spellings,
        set_ends_the_time_unless_it_is_to_keep_it,
        set_takes_a_time_that_is_past,
        set_refuses_a_time_that_is_none,
        set_looks_first_whether_the_key_is_there,
        set_answers_what_was_there_before,
        options_of_set_exclude_each_other,
        set_refuses_words_of_other_commands,
        what_is_not_there_is_the_null_of_the_protocol,
        setex_and_psetex_take_the_time_first,
        setnx_and_getset_are_sets,
        getdel_is_logged_as_del,
        getex_answers_and_changes_the_time,
        getex_logs_nothing_where_nothing_changes,
        getex_refuses_what_it_cannot_take,
        mset_sets_all_and_the_last_of_a_key_twice,
        msetnx_sets_all_or_none,
        pairs_have_to_be_pairs,
        mget_stops_when_nobody_will_read_on,
        strlen_counts_bytes,
        getrange_answers_the_bytes_between,
        setrange_overwrites_and_fills_with_zeros,
        setrange_of_nothing_changes_nothing,
        append_adds_and_keeps_the_time,
        no_value_grows_beyond_the_limit,
    };

    return suite_of("command_string", tests, COUNT_OF(tests));
}
