/* test_command_expire.c -- EXPIRE and its kin: rules, rounding, what is logged.
 */
#include "command.h"
#include "helpers.h"
#include "store.h"
#include "suites.h"

#define NOW INT64_C(1700000000000) /* some day in 2023 */

/* Run it; what the log would have is left in 'record', words with one blank
 * between them, "" if nothing. */
static struct slice run(struct caller *caller, const char *words,
                        char record[200]) {
    struct slice argv[16];
    struct call call = {.argv = argv,
                        .session = &caller->session,
                        .store = caller->store,
                        .out = &caller->out};
    size_t len = 0;

    for (;; words++) {
        size_t size = strcspn(words, " ");

        argv[call.argc++] = (struct slice){words, size};
        words += size;
        if (*words == '\0') break;
    }
    buf_consume(&caller->out, buf_len(&caller->out));
    command_execute(&call);
    record[0] = '\0';
    for (size_t i = 0; call.changed && i < call.argc; i++) {
        len += (size_t)snprintf(record + len, 200 - len, "%s%.*s",
                                i > 0 ? " " : "", (int)call.argv[i].len,
                                call.argv[i].data);
    }
    return buf_slice(&caller->out);
}

static void expect(struct caller *caller, const char *words, const char *reply,
                   const char *record) {
    char logged[200];
    struct slice got = run(caller, words, logged);

    check_that(same_bytes(got, slice_of(reply)), "%s: got \"%s\", not \"%s\"",
               words, shown(got), shown(slice_of(reply)));
    check_that(strcmp(logged, record) == 0, "%s: logged \"%s\", not \"%s\"",
               words, logged, record);
}

static void open_at(struct caller *caller, int64_t now) {
    caller_open(caller);
    store_set_time(caller->store, now);
    store_set(caller->store, slice_of("k"), slice_of("v"));
}

/* ---- Conditions --------------------------------------------------------- */

/* What the key has before: nothing, or an expiry before, at or after the one
 * that is asked for. Each word, and each pair of words, does what it says. */
enum before { NONE, EARLIER, SAME, LATER, BEFORES };

static bool allows(const char *word, enum before before) {
    if (strcmp(word, "nx") == 0) return before == NONE;
    if (strcmp(word, "Xx") == 0) return before != NONE;
    if (strcmp(word, "GT") == 0) return before == EARLIER;
    if (strcmp(word, "lT") == 0) return before == NONE || before == LATER;
    return true;
}

static bool fit(const char *one, const char *two) {
    bool nx = strcmp(one, "nx") == 0 || strcmp(two, "nx") == 0;
    bool gt = strcmp(one, "GT") == 0 || strcmp(two, "GT") == 0;
    bool lt = strcmp(one, "lT") == 0 || strcmp(two, "lT") == 0;

    return strcmp(one, two) == 0 || !(nx || (gt && lt));
}

static void check_pair(const char *one, const char *two, enum before before) {
    static const int64_t offsets[] = {0, 10000, 50000, 90000};
    char words[100];
    char record[200];
    struct caller caller;
    struct slice reply;
    bool wanted = fit(one, two) && allows(one, before) && allows(two, before);
    int64_t left = before == NONE ? STORE_NO_EXPIRY : NOW + offsets[before];

    open_at(&caller, NOW);
    if (before != NONE) store_set_expiry(caller.store, slice_of("k"), left);
    snprintf(words, sizeof words, "EXPIRE k 50 %s %s", one, two);
    reply = run(&caller, words, record);
    if (!fit(one, two)) {
        const char *text =
            strcmp(one, "nx") == 0 || strcmp(two, "nx") == 0
                ? "-ERR NX and XX, GT or LT options at the same time are not "
                  "compatible\r\n"
                : "-ERR GT and LT options at the same time are not "
                  "compatible\r\n";

        assert_bytes(reply, slice_of(text));
    } else {
        assert_bytes(reply, slice_of(wanted ? ":1\r\n" : ":0\r\n"));
    }
    if (wanted) left = NOW + 50000;
    check_that(store_expiry(caller.store, slice_of("k")) == left, "%s after %d",
               words, (int)before);
    ck_assert_str_eq(record, wanted ? "PEXPIREAT k 1700000050000" : "");
    caller_close(&caller);
}

START_TEST(each_pair_of_conditions_holds_or_is_refused) {
    static const char *const words[] = {"nx", "Xx", "GT", "lT"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        for (size_t j = 0; j < COUNT_OF(words); j++) {
            for (int before = NONE; before < BEFORES; before++)
                check_pair(words[i], words[j], (enum before)before);
        }
    }
}
END_TEST

/* ---- Times -------------------------------------------------------------- */

START_TEST(each_command_means_the_same_moment) {
    static const char *const words[] = {"EXPIRE k 100", "pexpire k 100000",
                                        "ExpireAt k 1700000100",
                                        "PEXPIREAT k 1700000100000"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct caller caller;

        open_at(&caller, NOW);
        expect(&caller, words[i], ":1\r\n", "PEXPIREAT k 1700000100000");
        expect(&caller, "PEXPIRETIME k", ":1700000100000\r\n", "");
        expect(&caller, "EXPIRETIME k", ":1700000100\r\n", "");
        expect(&caller, "PTTL k", ":100000\r\n", "");
        expect(&caller, "TTL k", ":100\r\n", "");
        caller_close(&caller);
    }
}
END_TEST

START_TEST(what_is_past_deletes_the_key) {
    static const char *const words[] = {
        "EXPIRE k 0",
        "EXPIRE k -1",
        "PEXPIRE k -9223372036854775808",
        "EXPIRE k -9223372036854775",
        "EXPIREAT k 1700000000",
        "PEXPIREAT k 1700000000000",
        "PEXPIREAT k -1",
        "PEXPIREAT k 0 LT",
    };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct caller caller;

        open_at(&caller, NOW);
        expect(&caller, words[i], ":1\r\n", "DEL k");
        expect(&caller, "TTL k", ":-2\r\n", "");
        expect(&caller, words[i], ":0\r\n", "");
        caller_close(&caller);
    }
}
END_TEST

START_TEST(a_log_may_name_a_time_that_is_past) {
    struct caller caller;

    open_at(&caller, 0);
    expect(&caller, "PEXPIREAT k 1000", ":1\r\n", "PEXPIREAT k 1000");
    expect(&caller, "PEXPIRETIME k", ":1000\r\n", "");
    store_set_time(caller.store, NOW);
    expect(&caller, "PEXPIRETIME k", ":-2\r\n", "");
    caller_close(&caller);
}
END_TEST

#define INVALID(name) "-ERR invalid expire time in '" name "' command\r\n"
#define NO_INTEGER    "-ERR value is not an integer or out of range\r\n"

START_TEST(what_does_not_fit_is_an_error_and_changes_nothing) {
    static const struct {
        const char *words;
        const char *reply;
    } rows[] = {
        {"EXPIRE k 9223372036854775807", INVALID("expire")},
        {"EXPIRE none 9223372036854775807", INVALID("expire")},
        {"EXPIRE k 9223372036854776", INVALID("expire")},
        {"EXPIRE k 9223372036854775", INVALID("expire")},
        {"eXpIrE k -9223372036854776", INVALID("expire")},
        {"PEXPIRE k 9223372036854775807", INVALID("pexpire")},
        {"EXPIREAT k 9223372036854776", INVALID("expireat")},
        {"EXPIREAT k -9223372036854776", INVALID("expireat")},
        {"EXPIRE k 9223372036854775808", NO_INTEGER},
        {"EXPIRE k 1.5", NO_INTEGER},
        {"EXPIRE k ", NO_INTEGER},
        {"EXPIRE k 01", NO_INTEGER},
        {"EXPIRE none one", NO_INTEGER},
        {"EXPIRE k one foo", "-ERR Unsupported option foo\r\n"},
        {"EXPIRE k 1 NX GT fOo", "-ERR Unsupported option fOo\r\n"},
        {"EXPIRE k 1 ", "-ERR Unsupported option \r\n"},
        {"EXPIRE none 1", ":0\r\n"},
        {"EXPIRE k", "-ERR wrong number of arguments for 'expire' command\r\n"},
    };
    struct caller caller;

    open_at(&caller, NOW);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect(&caller, rows[i].words, rows[i].reply, "");
    expect(&caller, "PTTL k", ":-1\r\n", "");
    caller_close(&caller);
}
END_TEST

START_TEST(the_latest_moment_can_be_asked_for) {
    struct caller caller;

    open_at(&caller, NOW);
    expect(&caller, "PEXPIREAT k 9223372036854775807", ":1\r\n",
           "PEXPIREAT k 9223372036854775807");
    expect(&caller, "PEXPIRETIME k", ":9223372036854775807\r\n", "");
    expect(&caller, "EXPIRETIME k", ":9223372036854776\r\n", "");
    caller_close(&caller);
}
END_TEST

START_TEST(seconds_are_rounded) {
    static const struct {
        int64_t ms;
        const char *seconds;
    } rows[] = {
        {1, ":0\r\n"},    {499, ":0\r\n"},  {500, ":1\r\n"},
        {1499, ":1\r\n"}, {1500, ":2\r\n"},
    };
    struct caller caller;

    open_at(&caller, NOW);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        store_set_expiry(caller.store, slice_of("k"), NOW + rows[i].ms);
        expect(&caller, "TTL k", rows[i].seconds, "");
    }
    expect(&caller, "EXPIRETIME k", ":1700000002\r\n", "");
    caller_close(&caller);
}
END_TEST

START_TEST(persist_takes_the_expiry_away_once) {
    struct caller caller;

    open_at(&caller, NOW);
    expect(&caller, "PERSIST k", ":0\r\n", "");
    expect(&caller, "PERSIST none", ":0\r\n", "");
    expect(&caller, "EXPIRE k 1", ":1\r\n", "PEXPIREAT k 1700000001000");
    expect(&caller, "PERSIST k", ":1\r\n", "PERSIST k");
    expect(&caller, "PERSIST k", ":0\r\n", "");
    expect(&caller, "TTL k", ":-1\r\n", "");
    expect(&caller, "PEXPIRETIME k", ":-1\r\n", "");
    caller_close(&caller);
}
END_TEST

START_TEST(a_key_whose_time_has_come_is_none) {
    static const char *const words[] = {"TTL k", "PTTL k", "EXPIRETIME k",
                                        "PEXPIRETIME k"};

    for (size_t i = 0; i < COUNT_OF(words) + 2; i++) {
        struct caller caller;

        open_at(&caller, NOW);
        store_set_expiry(caller.store, slice_of("k"), NOW + 1);
        store_set_time(caller.store, NOW + 1);
        if (i < COUNT_OF(words)) expect(&caller, words[i], ":-2\r\n", "");
        if (i == COUNT_OF(words)) expect(&caller, "PERSIST k", ":0\r\n", "");
        if (i > COUNT_OF(words)) expect(&caller, "EXPIRE k 9", ":0\r\n", "");
        ck_assert_uint_eq(store_count(caller.store), 0);
        caller_close(&caller);
    }
}
END_TEST

Suite *expire_suite(void) {
    const TTest *const tests[] = {
        each_pair_of_conditions_holds_or_is_refused,
        each_command_means_the_same_moment,
        what_is_past_deletes_the_key,
        a_log_may_name_a_time_that_is_past,
        what_does_not_fit_is_an_error_and_changes_nothing,
        the_latest_moment_can_be_asked_for,
        seconds_are_rounded,
        persist_takes_the_expiry_away_once,
        a_key_whose_time_has_come_is_none,
    };

    return suite_of("command_expire", tests, COUNT_OF(tests));
}
