/* test_database.c -- the commands of the series, each with a real store behind
 * it: what is answered, byte for byte, and what is to be logged. */
#include "command.h"

#include "helpers.h"
#include "suites.h"

#include <ctype.h>

#define WORDS_MAX 16

/* One client and its data; Check's tests share nothing else. */
struct database {
    struct store *store;
    struct session session;
    struct buf out; /* what was answered last */
};

static struct database database_open(int protocol) {
    return (struct database){.store = store_new(),
                             .session = {.protocol = protocol}};
}

static void database_close(struct database *db) {
    store_free(db->store);
    buf_free(&db->out);
}

/* Run a request whose arguments are copies of just the right size, gone when
 * this returns. Tells whether it belongs in the log. */
static bool run(struct database *db, const struct slice *argv, size_t argc) {
    struct slice copies[WORDS_MAX];
    struct call call = {.argv = copies,
                        .argc = argc,
                        .session = &db->session,
                        .store = db->store,
                        .out = &db->out};

    ck_assert_uint_le(argc, WORDS_MAX);
    for (size_t i = 0; i < argc; i++)
        copies[i] = exact_copy(argv[i]);
    buf_consume(&db->out, buf_len(&db->out));
    command_execute(&call);
    for (size_t i = 0; i < argc; i++)
        exact_free(copies[i]);
    return call.changed;
}

/* The words of a line that is written with single blanks: two of them stand
 * around an empty word. */
static size_t split(const char *line, struct slice argv[WORDS_MAX]) {
    size_t argc = 0;

    for (;;) {
        size_t len = strcspn(line, " ");

        ck_assert_uint_lt(argc, WORDS_MAX);
        argv[argc++] = (struct slice){line, len};
        if (line[len] == '\0') return argc;
        line += len + 1;
    }
}

enum effect { UNCHANGED, CHANGED };

static void expect(struct database *db, const char *request, const char *reply,
                   enum effect effect) {
    struct slice argv[WORDS_MAX];
    size_t argc = split(request, argv);
    bool changed = run(db, argv, argc);
    struct slice got = buf_slice(&db->out);

    check_that(same_bytes(got, slice_of(reply)),
               "RESP%d, %s: got \"%s\", expected \"%s\"", db->session.protocol,
               request, shown(got), shown(slice_of(reply)));
    check_that(changed == (effect == CHANGED), "RESP%d, %s: %s to be logged",
               db->session.protocol, request, changed ? "is" : "is not");
}

/* ---- One command each; loop tests run in RESP2 and in RESP3 ------------- */

START_TEST(set_answers_ok_and_is_a_change_each_time) {
    struct database db = database_open(_i);

    expect(&db, "SET key value", "+OK\r\n", CHANGED);
    expect(&db, "SET key value", "+OK\r\n", CHANGED); /* the same again */
    expect(&db, "SET key other", "+OK\r\n", CHANGED);
    expect(&db, "SET key ", "+OK\r\n", CHANGED);
    expect(&db, "SET  value", "+OK\r\n", CHANGED); /* the empty key */
    database_close(&db);
}
END_TEST

START_TEST(get_answers_the_value_set_last) {
    struct database db = database_open(_i);

    expect(&db, "SET key value", "+OK\r\n", CHANGED);
    expect(&db, "GET key", "$5\r\nvalue\r\n", UNCHANGED);
    expect(&db, "GET key", "$5\r\nvalue\r\n", UNCHANGED);
    expect(&db, "SET key longer-than-before", "+OK\r\n", CHANGED);
    expect(&db, "GET key", "$18\r\nlonger-than-before\r\n", UNCHANGED);
    expect(&db, "SET key s", "+OK\r\n", CHANGED);
    expect(&db, "GET key", "$1\r\ns\r\n", UNCHANGED);
    database_close(&db);
}
END_TEST

START_TEST(an_empty_value_is_an_empty_bulk_and_no_null) {
    struct database db = database_open(_i);

    expect(&db, "SET key ", "+OK\r\n", CHANGED);
    expect(&db, "GET key", "$0\r\n\r\n", UNCHANGED);
    expect(&db, "SET  empty-key", "+OK\r\n", CHANGED);
    expect(&db, "GET ", "$9\r\nempty-key\r\n", UNCHANGED);
    database_close(&db);
}
END_TEST

START_TEST(get_of_a_missing_key_is_the_null_of_the_protocol) {
    struct database db = database_open(_i);
    const char *null = _i == 3 ? "_\r\n" : "$-1\r\n";

    expect(&db, "GET key", null, UNCHANGED);
    expect(&db, "SET key value", "+OK\r\n", CHANGED);
    expect(&db, "GET ", null, UNCHANGED);
    expect(&db, "GET ke", null, UNCHANGED);
    expect(&db, "GET keys", null, UNCHANGED);
    expect(&db, "GET KEY", null, UNCHANGED); /* the case of keys counts */
    expect(&db, "DEL key", ":1\r\n", CHANGED);
    expect(&db, "GET key", null, UNCHANGED);
    database_close(&db);
}
END_TEST

START_TEST(del_counts_what_was_there) {
    struct database db = database_open(_i);

    expect(&db, "SET a 1", "+OK\r\n", CHANGED);
    expect(&db, "SET b 2", "+OK\r\n", CHANGED);
    expect(&db, "SET c 3", "+OK\r\n", CHANGED);
    expect(&db, "DEL a nosuch b", ":2\r\n", CHANGED);
    expect(&db, "DBSIZE", ":1\r\n", UNCHANGED);
    expect(&db, "DEL c c c", ":1\r\n", CHANGED); /* gone at the first */
    expect(&db, "DBSIZE", ":0\r\n", UNCHANGED);
    database_close(&db);
}
END_TEST

START_TEST(del_of_nothing_is_no_change) {
    struct database db = database_open(_i);

    expect(&db, "DEL a", ":0\r\n", UNCHANGED);
    expect(&db, "SET a 1", "+OK\r\n", CHANGED);
    expect(&db, "DEL b c  aa", ":0\r\n", UNCHANGED);
    expect(&db, "DEL a", ":1\r\n", CHANGED);
    expect(&db, "DEL a", ":0\r\n", UNCHANGED);
    database_close(&db);
}
END_TEST

START_TEST(exists_counts_a_key_as_often_as_it_is_named) {
    struct database db = database_open(_i);

    expect(&db, "EXISTS a", ":0\r\n", UNCHANGED);
    expect(&db, "SET a 1", "+OK\r\n", CHANGED);
    expect(&db, "SET b ", "+OK\r\n", CHANGED);
    expect(&db, "EXISTS a", ":1\r\n", UNCHANGED);
    expect(&db, "EXISTS a nosuch b a", ":3\r\n", UNCHANGED);
    expect(&db, "DBSIZE", ":2\r\n", UNCHANGED); /* asking makes no key */
    database_close(&db);
}
END_TEST

START_TEST(dbsize_counts_the_keys) {
    struct database db = database_open(_i);

    expect(&db, "DBSIZE", ":0\r\n", UNCHANGED);
    for (int i = 1; i <= 50; i++) {
        char request[32], reply[32];

        snprintf(request, sizeof request, "SET %d %d", i, i);
        snprintf(reply, sizeof reply, ":%d\r\n", i);
        expect(&db, request, "+OK\r\n", CHANGED);
        expect(&db, request, "+OK\r\n", CHANGED);
        expect(&db, "DBSIZE", reply, UNCHANGED);
    }
    database_close(&db);
}
END_TEST

START_TEST(flushall_empties_and_is_a_change_if_there_was_something) {
    static const char *const spellings[] = {
        "FLUSHALL",
        "FLUSHALL ASYNC",
        "FLUSHALL sync",
        "flushall aSync",
    };
    struct database db = database_open(_i);

    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        expect(&db, spellings[i], "+OK\r\n", UNCHANGED);
        expect(&db, "SET a 1", "+OK\r\n", CHANGED);
        expect(&db, "SET b 2", "+OK\r\n", CHANGED);
        expect(&db, spellings[i], "+OK\r\n", CHANGED);
        expect(&db, "DBSIZE", ":0\r\n", UNCHANGED);
        expect(&db, "EXISTS a b", ":0\r\n", UNCHANGED);
    }
    database_close(&db);
}
END_TEST

START_TEST(flushall_refuses_other_words_and_keeps_all) {
    static const char *const spellings[] = {
        "FLUSHALL NOW",         "FLUSHALL ",
        "FLUSHALL ASYN",        "FLUSHALL ASYNC SYNC",
        "FLUSHALL ASYNC ASYNC", "FLUSHALL SYNCS",
        "FLUSHALL  SYNC",
    };
    struct database db = database_open(_i);

    expect(&db, "SET a 1", "+OK\r\n", CHANGED);
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        expect(&db, spellings[i], "-ERR syntax error\r\n", UNCHANGED);
        expect(&db, "GET a", "$1\r\n1\r\n", UNCHANGED);
    }
    database_close(&db);
}
END_TEST

/* ---- All commands ----------------------------------------------------- */

/* How many arguments each may have, its name included. */
static const struct {
    const char *name;
    size_t min, max;
    bool writes;
} commands[] = {
    {"dbsize", 1, 1, false},
    {"del", 2, WORDS_MAX, true},
    {"exists", 2, WORDS_MAX, false},
    {"flushall", 1, WORDS_MAX, true},
    {"get", 2, 2, false},
    {"set", 3, WORDS_MAX, true},
};

START_TEST(each_command_refuses_what_it_cannot_take) {
    struct database db = database_open(_i);
    struct slice argv[WORDS_MAX];

    store_set(db.store, BYTES("a"), BYTES("1"));
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        char error[100];

        snprintf(error, sizeof error,
                 "-ERR wrong number of arguments for '%s' command\r\n",
                 commands[i].name);
        argv[0] = slice_of(commands[i].name);
        for (size_t argc = 1; argc <= WORDS_MAX; argc++) {
            bool taken = argc >= commands[i].min && argc <= commands[i].max;

            if (argc > 1) argv[argc - 1] = BYTES("a");
            if (taken) continue;
            check_that(!run(&db, argv, argc), "%s, %zu arguments",
                       commands[i].name, argc);
            assert_bytes(buf_slice(&db.out), slice_of(error));
            ck_assert_uint_eq(store_count(db.store), 1);
        }
    }
    database_close(&db);
}
END_TEST

START_TEST(each_command_takes_what_it_can) {
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        const struct command *command = command_find(
            slice_of(commands[i].name));

        check_that(command != NULL, "there is no %s", commands[i].name);
        for (size_t argc = 1; argc <= WORDS_MAX; argc++) {
            bool taken = argc >= commands[i].min && argc <= commands[i].max;

            check_that(command_takes(command, argc) == taken,
                       "%s, %zu arguments", commands[i].name, argc);
        }
    }
}
END_TEST

/* What a log may hold hangs on it. */
START_TEST(those_that_write_are_marked_and_no_others) {
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        const struct command *command = command_find(
            slice_of(commands[i].name));
        unsigned flags = command->flags & (COMMAND_READ | COMMAND_WRITE);

        check_that(flags == (commands[i].writes ? COMMAND_WRITE : COMMAND_READ),
                   "%s", command->name);
    }
}
END_TEST

START_TEST(names_are_taken_in_any_case) {
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        size_t len = strlen(commands[i].name);

        for (unsigned upper = 0; upper < 1u << len; upper++) {
            char name[16];

            for (size_t at = 0; at < len; at++) {
                int c = commands[i].name[at];

                name[at] = (char)(upper >> at & 1 ? toupper(c) : c);
            }
            check_that(command_find((struct slice){name, len}) ==
                           command_find(slice_of(commands[i].name)),
                       "%.*s", (int)len, name);
        }
    }
}
END_TEST

START_TEST(keys_and_values_are_bytes_and_never_trimmed) {
    struct database db = database_open(_i);
    char bytes[256];
    struct slice key, value;

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    for (size_t len = 0; len <= 256; len++) {
        char header[16];

        key = (struct slice){bytes, len};
        value = (struct slice){bytes + 256 - len, len};
        ck_assert(run(&db, (struct slice[]){BYTES("SET"), key, value}, 3));
        ck_assert(!run(&db, (struct slice[]){BYTES("GET"), key}, 2));
        snprintf(header, sizeof header, "$%zu\r\n", len);
        check_that(
            buf_len(&db.out) == strlen(header) + len + 2 &&
                memcmp(buf_slice(&db.out).data, header, strlen(header)) == 0 &&
                memcmp(buf_slice(&db.out).data + strlen(header), value.data,
                       len) == 0,
            "%zu bytes came back as \"%s\"", len, shown(buf_slice(&db.out)));
    }
    expect(&db, "DBSIZE", ":257\r\n", UNCHANGED);
    expect(&db, "DEL \t", ":0\r\n", UNCHANGED);
    database_close(&db);
}
END_TEST

START_TEST(a_reply_joins_those_before_it) {
    struct database db = database_open(2);
    struct slice get[] = {BYTES("GET"), BYTES("key")};
    struct call call = {.argv = get,
                        .argc = 2,
                        .session = &db.session,
                        .store = db.store,
                        .out = &db.out};

    command_execute(&call);
    store_set(db.store, BYTES("key"), BYTES("value"));
    command_execute(&call);
    assert_bytes(buf_slice(&db.out), BYTES("$-1\r\n$5\r\nvalue\r\n"));
    ck_assert(!call.changed);
    database_close(&db);
}
END_TEST

Suite *database_suite(void) {
    const TTest *const in_both_protocols[] = {
        set_answers_ok_and_is_a_change_each_time,
        get_answers_the_value_set_last,
        an_empty_value_is_an_empty_bulk_and_no_null,
        get_of_a_missing_key_is_the_null_of_the_protocol,
        del_counts_what_was_there,
        del_of_nothing_is_no_change,
        exists_counts_a_key_as_often_as_it_is_named,
        dbsize_counts_the_keys,
        flushall_empties_and_is_a_change_if_there_was_something,
        flushall_refuses_other_words_and_keeps_all,
        each_command_refuses_what_it_cannot_take,
        keys_and_values_are_bytes_and_never_trimmed,
    };
    const TTest *const tests[] = {
        each_command_takes_what_it_can,
        those_that_write_are_marked_and_no_others,
        names_are_taken_in_any_case,
        a_reply_joins_those_before_it,
    };
    Suite *suite = suite_of("database", tests, COUNT_OF(tests));
    TCase *protocols = tcase_create("RESP2 and RESP3");

    for (size_t i = 0; i < COUNT_OF(in_both_protocols); i++) {
        tcase_add_loop_test(protocols, in_both_protocols[i], 2, 4);
    }
    suite_add_tcase(suite, protocols);
    return suite;
}
