/* test_arguments.c -- how commands read what follows their names. */
#include "arguments.h"

#include "helpers.h"
#include "resp.h"
#include "suites.h"

#define WORDS_MAX 8

/* ---- A call that stands alone ------------------------------------------- */

struct asked {
    struct slice argv[WORDS_MAX]; /* copies of just the right size */
    struct session session;
    struct buf out;
    struct call call;
};

/* The words of a line; a blank between them, an empty one between two. */
static void asked_open(struct asked *asked, struct store *store,
                       const char *line) {
    *asked = (struct asked){.session = {.protocol = 2}};
    asked->call = (struct call){.argv = asked->argv,
                                .session = &asked->session,
                                .store = store,
                                .out = &asked->out};
    for (;; line++) {
        size_t len = strcspn(line, " ");

        ck_assert_uint_lt(asked->call.argc, WORDS_MAX);
        asked->argv[asked->call.argc++] = exact_copy((struct slice){line, len});
        line += len;
        if (*line == '\0') return;
    }
}

static void asked_close(struct asked *asked, const char *answer) {
    size_t i;

    check_that(same_bytes(buf_slice(&asked->out), slice_of(answer)),
               "%s: answered \"%s\", expected \"%s\"", shown(asked->argv[0]),
               shown(buf_slice(&asked->out)), shown(slice_of(answer)));
    for (i = 0; i < asked->call.argc; i++)
        exact_free(asked->argv[i]);
    buf_free(&asked->out);
}

#define SYNTAX_ERROR "-ERR syntax error\r\n"
#define NO_INTEGER   "-ERR value is not an integer or out of range\r\n"

/* ---- Words --------------------------------------------------------------- */

enum { ONE = 1, TWO = 2, VALUE = 4, LAST = 8 };

static const struct argument_word table[] = {
    {"one", ONE, TWO, false},
    {"two", TWO, 0, false}, /* said by "one" already */
    {"value", VALUE, 0, true},
    {"other", VALUE, 0, true}, /* another row of the same bit */
    {"last", LAST, ONE | TWO, false},
    {NULL, 0, 0, false},
};

/* 'given' < 0: it is an error. */
static void expect_words(const char *line, int given, const char *value,
                         const char *other) {
    struct argument_words found;
    struct asked asked;
    bool good;

    asked_open(&asked, NULL, line);
    good = arguments_read_words(&asked.call, 1, table, &found);
    check_that(good == (given >= 0), "%s", line);
    if (good) {
        check_that(found.given == (unsigned)given, "%s: %#x", line,
                   found.given);
        check_that((found.values[2].data == NULL) == (value == NULL), "%s",
                   line);
        if (value != NULL) assert_bytes(found.values[2], slice_of(value));
        if (other != NULL) assert_bytes(found.values[3], slice_of(other));
        check_that(found.values[0].data == NULL, "%s", line);
    }
    asked_close(&asked, good ? "" : SYNTAX_ERROR);
}

START_TEST(words_come_in_any_order_and_any_case) {
    expect_words("x", 0, NULL, NULL);
    expect_words("x one", ONE, NULL, NULL);
    expect_words("x TWO", TWO, NULL, NULL);
    expect_words("x VaLuE 5 oNe", ONE | VALUE, "5", NULL);
    expect_words("x one value 5", ONE | VALUE, "5", NULL);
    expect_words("x last value  other 7", LAST | VALUE, "", "7");
}
END_TEST

START_TEST(a_value_may_look_like_a_word) {
    expect_words("x value value", VALUE, "value", NULL);
    expect_words("x value one two", TWO | VALUE, "one", NULL);
}
END_TEST

START_TEST(of_a_word_given_twice_the_last_counts) {
    expect_words("x one one", ONE, NULL, NULL);
    expect_words("x value 1 one value 2", ONE | VALUE, "2", NULL);
}
END_TEST

START_TEST(other_words_and_missing_values_are_syntax_errors) {
    static const char *const lines[] = {
        "x three", "x ",          "x on",           "x ones",
        "x value", "x one value", "x value 1 more", "x one three",
    };
    size_t i;

    for (i = 0; i < COUNT_OF(lines); i++)
        expect_words(lines[i], -1, NULL, NULL);
}
END_TEST

START_TEST(words_exclude_each_other_in_either_order) {
    expect_words("x one two", -1, NULL, NULL);
    expect_words("x two one", -1, NULL, NULL);
    expect_words("x last value 1 one", -1, NULL, NULL);
    expect_words("x two value 1 last", -1, NULL, NULL);
}
END_TEST

START_TEST(a_word_is_bytes_and_no_string) {
    struct slice nul = exact_copy(BYTES("one\0"));

    ck_assert(!argument_is(nul, "one"));
    ck_assert(!argument_is((struct slice){NULL, 0}, "one"));
    ck_assert(argument_is(BYTES("oNE"), "one"));
    exact_free(nul);
}
END_TEST

/* ---- Ranges -------------------------------------------------------------- */

/* Every range of a short string, against the definition: each item of it is
 * looked at by its number from the start. */
START_TEST(a_range_is_cut_to_what_is_there) {
    int64_t len, first, last;

    for (len = 0; len <= 5; len++) {
        for (first = -8; first <= 8; first++) {
            for (last = -8; last <= 8; last++) {
                struct argument_range range = {first, last};
                int64_t from = first < 0 ? first + len : first;
                int64_t to = last < 0 ? last + len : last;
                bool some = argument_range_within(&range, len);

                if (from < 0) from = 0;
                if (to < 0) to = 0; /* as Redis: the first is in */
                if (to > len - 1) to = len - 1;
                if (first < 0 && last < 0 && first > last) to = -1;
                check_that(some == (from <= to), "%lld to %lld of %lld",
                           (long long)first, (long long)last, (long long)len);
                if (!some) continue;
                check_that(range.first == from && range.last == to,
                           "%lld to %lld of %lld", (long long)first,
                           (long long)last, (long long)len);
            }
        }
    }
}
END_TEST

START_TEST(a_range_of_the_largest_numbers_does_not_overflow) {
    struct argument_range all = {INT64_MIN, INT64_MAX};
    struct argument_range none = {INT64_MAX, INT64_MIN};
    struct argument_range low = {INT64_MIN, INT64_MIN};

    ck_assert(argument_range_within(&all, 3));
    ck_assert(all.first == 0 && all.last == 2);
    ck_assert(!argument_range_within(&none, 3));
    ck_assert(argument_range_within(&low, 3));
    ck_assert(low.first == 0 && low.last == 0);
}
END_TEST

/* ---- Times --------------------------------------------------------------- */

#define NOW  INT64_C(1700000000123)
#define MORE INT64_MAX

/* 'at' < 0 with an error text: refused. */
static void expect_time(const char *text, unsigned how, bool only_positive,
                        int64_t at, const char *error) {
    struct store *store = store_new();
    struct asked asked;
    char line[64];
    int64_t got = 0;
    bool good;

    store_set_time(store, NOW);
    snprintf(line, sizeof line, "sEtEx %s", text);
    asked_open(&asked, store, line);
    good = argument_expiry(&asked.call, asked.argv[1], how, only_positive,
                           &got);
    check_that(good == (error == NULL), "%s, %u", text, how);
    check_that(!good || got == at, "%s, %u: %lld", text, how, (long long)got);
    asked_close(&asked, good ? "" : error);
    store_free(store);
}

static void expect_number(int64_t number, unsigned how, bool only_positive,
                          int64_t at, const char *error) {
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)number);
    expect_time(text, how, only_positive, at, error);
}

#define INVALID "-ERR invalid expire time in 'setex' command\r\n"

enum {
    S = ARGUMENT_SECONDS,
    MS = ARGUMENT_MILLISECONDS,
    UNIX_S = ARGUMENT_UNIX | ARGUMENT_SECONDS,
    UNIX_MS = ARGUMENT_UNIX | ARGUMENT_MILLISECONDS,
};

START_TEST(a_time_is_from_now_or_since_1970) {
    expect_time("1", S, true, NOW + 1000, NULL);
    expect_time("1", MS, true, NOW + 1, NULL);
    expect_time("1", UNIX_S, true, 1000, NULL);
    expect_time("1", UNIX_MS, true, 1, NULL);
    expect_time("-1", S, false, NOW - 1000, NULL);
    expect_time("0", MS, false, NOW, NULL);
    expect_time("-1", UNIX_S, false, -1000, NULL);
}
END_TEST

START_TEST(a_time_that_is_no_integer_is_refused) {
    static const char *const texts[] = {
        "", "abc", "1.5", "1\t", "+1", "01", "0x1", "9223372036854775808",
    };
    size_t i;

    for (i = 0; i < COUNT_OF(texts); i++)
        expect_time(texts[i], (unsigned)i % 4, i % 2 == 0, 0, NO_INTEGER);
}
END_TEST

START_TEST(a_time_has_to_fit) {
    int64_t most = MORE / 1000;

    expect_number(MORE - NOW, MS, true, MORE, NULL);
    expect_number(MORE - NOW + 1, MS, true, 0, INVALID);
    expect_number(MORE, MS, false, 0, INVALID);
    expect_number(MORE, UNIX_MS, true, MORE, NULL);
    expect_number(most, UNIX_S, true, most * 1000, NULL);
    expect_number(most + 1, UNIX_S, true, 0, INVALID);
    expect_number((MORE - NOW) / 1000, S, true,
                  (MORE - NOW) / 1000 * 1000 + NOW, NULL);
    expect_number((MORE - NOW) / 1000 + 1, S, true, 0, INVALID);
    expect_number(most, S, true, 0, INVALID);
    expect_number(INT64_MIN, UNIX_MS, false, INT64_MIN, NULL);
    expect_number(INT64_MIN, MS, false, INT64_MIN + NOW, NULL);
    expect_number(-most, UNIX_S, false, -most * 1000, NULL);
    expect_number(-most - 1, UNIX_S, false, 0, INVALID);
    expect_number(-most - 1, S, false, 0, INVALID);
}
END_TEST

START_TEST(a_time_has_to_be_positive_where_redis_wants_it) {
    unsigned how;

    for (how = 0; how < 4; how++) {
        expect_time("0", how, true, 0, INVALID);
        expect_time("-1", how, true, 0, INVALID);
        expect_number(INT64_MIN, how, true, 0, INVALID);
    }
}
END_TEST

/* ---- Subcommands ----------------------------------------------------------
 */

static void run_get(struct call *call) {
    resp_write_simple(call->out, "got");
}

static void run_more(struct call *call) {
    resp_write_simple(call->out, "more");
}

static const struct subcommand subcommands[] = {
    {"get", 2, run_get},
    {"more", -3, run_more},
    {NULL, 0, NULL},
};

static void expect_run(const char *line, const char *answer) {
    struct asked asked;

    asked_open(&asked, NULL, line);
    run_subcommand(&asked.call, "thing", subcommands);
    asked_close(&asked, answer);
}

#define UNKNOWN(name) "-ERR unknown subcommand '" name "'. Try THING HELP.\r\n"
#define WRONG_NUMBER(name)                                                     \
    "-ERR wrong number of arguments for 'thing|" name "' command\r\n"

START_TEST(a_subcommand_is_found_in_any_case) {
    expect_run("x get", "+got\r\n");
    expect_run("x gEt", "+got\r\n");
    expect_run("x MORE a", "+more\r\n");
    expect_run("x more a b c", "+more\r\n");
}
END_TEST

START_TEST(a_subcommand_takes_its_number_of_arguments) {
    expect_run("x get a", WRONG_NUMBER("get"));
    expect_run("x More", WRONG_NUMBER("more"));
    expect_run("x HELP a", WRONG_NUMBER("help"));
}
END_TEST

START_TEST(an_unknown_subcommand_is_named) {
    char line[300] = "x ";
    char want[300];

    expect_run("x nosuch", UNKNOWN("nosuch"));
    expect_run("x Ge", UNKNOWN("Ge"));
    expect_run("x gets a b c", UNKNOWN("gets"));
    expect_run("x ", UNKNOWN(""));
    expect_run("x a\rb\nc", UNKNOWN("a b c"));

    memset(line + 2, 'y', 250);
    snprintf(want, sizeof want, UNKNOWN("%.128s"), line + 2);
    expect_run(line, want);
}
END_TEST

START_TEST(help_is_made_of_the_docs) {
    struct asked asked;

    asked_open(&asked, NULL, "x HeLp");
    run_subcommand(&asked.call, "memory", subcommands);
    asked_close(
        &asked,
        "*5\r\n"
        "+MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n"
        "+HELP\r\n"
        "+    What MEMORY can do.\r\n"
        "+USAGE key [SAMPLES count]\r\n"
        "+    How many bytes a key takes.\r\n");
}
END_TEST

Suite *arguments_suite(void) {
    const TTest *const tests[] = {
        words_come_in_any_order_and_any_case,
        a_value_may_look_like_a_word,
        of_a_word_given_twice_the_last_counts,
        other_words_and_missing_values_are_syntax_errors,
        words_exclude_each_other_in_either_order,
        a_word_is_bytes_and_no_string,
        a_range_is_cut_to_what_is_there,
        a_range_of_the_largest_numbers_does_not_overflow,
        a_time_is_from_now_or_since_1970,
        a_time_that_is_no_integer_is_refused,
        a_time_has_to_fit,
        a_time_has_to_be_positive_where_redis_wants_it,
        a_subcommand_is_found_in_any_case,
        a_subcommand_takes_its_number_of_arguments,
        an_unknown_subcommand_is_named,
        help_is_made_of_the_docs,
    };

    return suite_of("arguments", tests, COUNT_OF(tests));
}
