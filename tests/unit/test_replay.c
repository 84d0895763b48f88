/* test_replay.c -- running the log: what it may hold, and what it may not. */
#include "command.h"

#include "helpers.h"
#include "suites.h"

#define WORDS_MAX 8

/* Replay the words of a line, which single blanks divide, through copies of
 * just the right size. */
static const char *replay(struct store *store, const char *line) {
    struct slice argv[WORDS_MAX];
    size_t argc = 0;
    const char *wrong;

    for (;; line++) {
        size_t len = strcspn(line, " ");

        ck_assert_uint_lt(argc, WORDS_MAX);
        argv[argc++] = exact_copy((struct slice){line, len});
        line += len;
        if (*line == '\0') break;
    }
    wrong = command_replay(store, argv, argc);
    while (argc > 0)
        exact_free(argv[--argc]);
    return wrong;
}

static void runs(struct store *store, const char *line) {
    const char *wrong = replay(store, line);

    check_that(wrong == NULL, "%s: %s", line, wrong);
}

/* Refused, in these words, and nothing was changed: the store of this test has
 * one key. */
static void refused(struct store *store, const char *line, const char *why) {
    const char *wrong = replay(store, line);
    struct slice value;

    check_that(wrong != NULL, "\"%s\" is not refused", line);
    check_that(strcmp(wrong, why) == 0, "\"%s\" is refused with \"%s\"", line,
               wrong);
    ck_assert_uint_eq(store_count(store), 1);
    ck_assert(store_get(store, BYTES("key"), &value));
    assert_bytes(value, BYTES("value"));
}

static struct store *store_with_one_key(void) {
    struct store *store = store_new();

    runs(store, "SET key value");
    return store;
}

static void holds(struct store *store, const char *key, const char *value) {
    struct slice got;

    check_that(store_get(store, slice_of(key), &got), "%s is missing", key);
    assert_bytes(got, slice_of(value));
}

START_TEST(set_is_run) {
    struct store *store = store_new();

    runs(store, "SET key value");
    holds(store, "key", "value");
    runs(store, "sEt key other");
    holds(store, "key", "other");
    runs(store, "SET key ");
    holds(store, "key", "");
    runs(store, "SET  of-the-empty-key");
    holds(store, "", "of-the-empty-key");
    ck_assert_uint_eq(store_count(store), 2);
    store_free(store);
}
END_TEST

START_TEST(del_is_run_even_if_nothing_is_there) {
    struct store *store = store_with_one_key();

    runs(store, "SET a 1");
    runs(store, "DEL nosuch a");
    ck_assert_uint_eq(store_count(store), 1);
    runs(store, "del key key");
    ck_assert_uint_eq(store_count(store), 0);
    runs(store, "DEL key");
    store_free(store);
}
END_TEST

START_TEST(flushall_is_run_even_if_nothing_is_there) {
    struct store *store = store_with_one_key();

    runs(store, "FLUSHALL");
    ck_assert_uint_eq(store_count(store), 0);
    runs(store, "flushall async");
    runs(store, "FLUSHALL SYNC");
    store_free(store);
}
END_TEST

START_TEST(keys_and_values_may_hold_any_byte) {
    struct store *store = store_new();
    char bytes[256];
    struct slice all = {bytes, sizeof bytes};
    struct slice argv[] = {BYTES("SET"), all, all};
    struct slice value;

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    ck_assert_ptr_null(command_replay(store, argv, 3));
    ck_assert(store_get(store, all, &value));
    assert_bytes(value, all);
    store_free(store);
}
END_TEST

START_TEST(unknown_commands_are_refused) {
    static const char *const lines[] = {
        "NOSUCH",          "NOSUCH a b",   "",
        " key value",      "SE key value", "SETX key value",
        "SET\n key value", "# comment",
    };
    struct store *store = store_with_one_key();

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        refused(store, lines[i], "unknown command");
    ck_assert_str_eq(
        command_replay(store, (struct slice[]){BYTES("FLUSHALL\0")}, 1),
        "unknown command"); /* a NUL is a byte, not an end */
    ck_assert_uint_eq(store_count(store), 1);
    store_free(store);
}
END_TEST

/* Whatever their arguments: each from the name alone to six more words. */
START_TEST(commands_that_do_not_write_are_refused) {
    struct store *store = store_with_one_key();
    int seen = 0;

    for (const struct command *c = command_table; c->name != NULL; c++) {
        char line[100];

        if (c->flags & COMMAND_WRITE) continue;
        if (strcmp(c->name, "select") == 0) continue;
        seen++;
        snprintf(line, sizeof line, "%s", c->name);
        for (int words = 1; words < WORDS_MAX; words++) {
            refused(store, line, "not a command that writes");
            strcat(line, " key");
        }
    }
    ck_assert_int_ge(seen, 4); /* GET, EXISTS, DBSIZE, PING at least */
    store_free(store);
}
END_TEST

START_TEST(a_wrong_number_of_arguments_is_refused) {
    static const char *const lines[] = {
        "SET", "SET key", "DEL", "SELECT", "SELECT 1 2",
    };
    struct store *store = store_with_one_key();

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        refused(store, lines[i], "wrong number of arguments");
    store_free(store);
}
END_TEST

START_TEST(a_command_that_fails_is_refused) {
    static const char *const lines[] = {
        "FLUSHALL NOW",       "FLUSHALL ",      "FLUSHALL ASYNC SYNC",
        "SET key other more", "SELECT -1",      "SELECT 65536",
        "EXPIRE key 10",      "PEXPIRE key 10", "SETEX key 10 v",
        "SET key v PX 9",     "GETEX key EX 9", "COPY key k DB 65536",
    };
    struct store *store = store_with_one_key();

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        refused(store, lines[i], "the command failed");
    store_free(store);
}
END_TEST

Suite *replay_suite(void) {
    const TTest *const tests[] = {
        set_is_run,
        del_is_run_even_if_nothing_is_there,
        flushall_is_run_even_if_nothing_is_there,
        keys_and_values_may_hold_any_byte,
        unknown_commands_are_refused,
        commands_that_do_not_write_are_refused,
        a_wrong_number_of_arguments_is_refused,
        a_command_that_fails_is_refused,
    };

    return suite_of("replay", tests, COUNT_OF(tests));
}
