/* part3.c -- what part 3 asks for: a database that keeps what it was told, and
 * has it still after its process has ended, in whatever way. What the file of
 * Redis-Lite promises besides is in museum.c. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The commands ------------------------------------------------------ */

START_TEST(get_answers_what_set_was_told) {
    struct client *c = connected();

    command(c, "+OK\r\n", "SET", "name", "value");
    command(c, "$5\r\nvalue\r\n", "GET", "name");
    command(c, "$5\r\nvalue\r\n", "get", "name");
    expect(c, "SET inline \"a b\"\r\nGET inline\r\n", "+OK\r\n$3\r\na b\r\n");
    command(connected(), "$5\r\nvalue\r\n", "GET", "name");
}
END_TEST

START_TEST(a_missing_key_is_null) {
    struct client *c = connected();

    command(c, "$-1\r\n", "GET", "nothing");
    command(c, "+OK\r\n", "SET", "nothing", "");
    command(c, "$0\r\n\r\n", "GET", "nothing");
    command(c, ":1\r\n", "DEL", "nothing");
    command(c, "$-1\r\n", "GET", "nothing");
}
END_TEST

START_TEST(a_missing_key_is_the_resp3_null_after_hello_3) {
    struct client *c = connected();
    char type;

    send_text(c, "HELLO 3\r\n");
    CHECKED(client_skip_reply(c, &type));
    command(c, "_\r\n", "GET", "nothing");
    command(c, "+OK\r\n", "SET", "k", "v");
    command(c, "$1\r\nv\r\n", "GET", "k");
}
END_TEST

START_TEST(set_overwrites_with_any_length) {
    struct client *c = connected();

    command(c, "+OK\r\n", "SET", "k", "middling");
    command(c, "+OK\r\n", "SET", "k", "s");
    command(c, "$1\r\ns\r\n", "GET", "k");
    command(c, "+OK\r\n", "SET", "k", "something a good deal longer than that");
    command(c, "$38\r\nsomething a good deal longer than that\r\n", "GET", "k");
    command(c, "+OK\r\n", "SET", "k", "");
    command(c, "$0\r\n\r\n", "GET", "k");
    command(c, ":1\r\n", "DBSIZE");
}
END_TEST

START_TEST(del_counts_the_keys_that_were_there) {
    struct client *c = connected();

    command(c, "+OK\r\n", "SET", "a", "1");
    command(c, "+OK\r\n", "SET", "b", "2");
    command(c, ":0\r\n", "DEL", "c");
    command(c, ":2\r\n", "DEL", "a", "a", "b", "c");
    command(c, ":0\r\n", "DEL", "a", "b");
    command(c, "$-1\r\n", "GET", "a");
    command(c, ":0\r\n", "DBSIZE");
}
END_TEST

START_TEST(exists_counts_repeats) {
    struct client *c = connected();

    command(c, ":0\r\n", "EXISTS", "a");
    command(c, "+OK\r\n", "SET", "a", "1");
    command(c, "+OK\r\n", "SET", "b", "2");
    command(c, ":1\r\n", "EXISTS", "a");
    command(c, ":4\r\n", "EXISTS", "a", "a", "b", "c", "a");
}
END_TEST

START_TEST(dbsize_counts_keys_and_flushall_removes_them) {
    struct client *c = connected();

    command(c, ":0\r\n", "DBSIZE");
    command(c, "+OK\r\n", "FLUSHALL");
    command(c, "+OK\r\n", "SET", "a", "1");
    command(c, "+OK\r\n", "SET", "b", "1");
    command(c, "+OK\r\n", "SET", "a", "2");
    command(c, ":2\r\n", "DBSIZE");
    command(c, "+OK\r\n", "FLUSHALL");
    command(c, ":0\r\n", "DBSIZE");
    command(c, "$-1\r\n", "GET", "a");
    command(c, "+OK\r\n", "SET", "a", "3");
    command(c, ":1\r\n", "DBSIZE");
}
END_TEST

#define BAD_ARITY(name, ...)                                                   \
    command(c, "-ERR wrong number of arguments for '" name "' command\r\n",    \
            __VA_ARGS__)

START_TEST(commands_refuse_a_wrong_number_of_arguments) {
    struct client *c = connected();

    BAD_ARITY("set", "SET");
    BAD_ARITY("set", "SET", "key");
    BAD_ARITY("get", "GET");
    BAD_ARITY("get", "Get", "a", "b");
    BAD_ARITY("del", "DEL");
    BAD_ARITY("exists", "EXISTS");
    BAD_ARITY("dbsize", "DBSIZE", "a");
    command(c, ":0\r\n", "DBSIZE");
}
END_TEST

/* ---- Bytes ------------------------------------------------------------- */

START_TEST(keys_and_values_are_bytes) {
    struct client *c = connected();

    expect(c, "*3\r\n$3\r\nSET\r\n$4\r\n\0k\r\n\r\n$5\r\n\r\n\0\xffv\r\n",
           "+OK\r\n");
    expect(c, "*2\r\n$3\r\nGET\r\n$4\r\n\0k\r\n\r\n", "$5\r\n\r\n\0\xffv\r\n");
    /* A key that is the beginning of another, up to a NUL. */
    expect(c, "*2\r\n$3\r\nGET\r\n$1\r\n\0\r\n", "$-1\r\n");
    expect(c, "*3\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$1\r\n1\r\n", "+OK\r\n");
    expect(c, "*2\r\n$3\r\nGET\r\n$3\r\na\0c\r\n", "$-1\r\n");
    expect(c, "*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "$-1\r\n");
    expect(c, "*2\r\n$3\r\nGET\r\n$3\r\na\0b\r\n", "$1\r\n1\r\n");
}
END_TEST

START_TEST(an_empty_key_is_a_key) {
    struct client *c = connected();

    command(c, "$-1\r\n", "GET", "");
    command(c, "+OK\r\n", "SET", "", "nameless");
    command(c, "$8\r\nnameless\r\n", "GET", "");
    command(c, ":1\r\n", "EXISTS", "");
    command(c, ":1\r\n", "DEL", "");
    command(c, ":0\r\n", "DBSIZE");
}
END_TEST

START_TEST(keys_are_not_trimmed_nor_folded) {
    struct client *c = connected();

    command(c, "+OK\r\n", "SET", "a", "1");
    command(c, "+OK\r\n", "SET", "a ", "2");
    command(c, "+OK\r\n", "SET", " a", "3");
    command(c, "+OK\r\n", "SET", "A", "4");
    command(c, "$1\r\n1\r\n", "GET", "a");
    command(c, "$1\r\n2\r\n", "GET", "a ");
    command(c, "$1\r\n3\r\n", "GET", " a");
    command(c, "$1\r\n4\r\n", "GET", "A");
    command(c, ":4\r\n", "DBSIZE");
}
END_TEST

/* ---- Much of it -------------------------------------------------------- */

/* Requests and the replies they should get. */
struct talk {
    struct bytes requests, replies;
};

static void hold_talk(struct client *c, struct talk *t) {
    send_bytes(c, &t->requests);
    expect_bytes(c, &t->replies);
    bytes_free(&t->requests);
    bytes_free(&t->replies);
}

static void say_set(struct talk *t, const char *key, const char *value) {
    const char *const words[] = {"SET", key, value, NULL};

    bytes_add_request(&t->requests, words);
    bytes_addf(&t->replies, "+OK\r\n");
}

static void say_get(struct talk *t, const char *key, const char *value) {
    const char *const words[] = {"GET", key, NULL};

    bytes_add_request(&t->requests, words);
    bytes_add_bulk(&t->replies, value, strlen(value));
}

START_TEST(a_hundred_thousand_keys_are_kept) {
    struct client *c = connected();
    struct talk sets = {0}, gets = {0};
    char key[32], value[32];

    client_patience(c, BULK_SECONDS);
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(key, sizeof key, "key:%d", i);
        (void)snprintf(value, sizeof value, "value:%d", i * 7);
        say_set(&sets, key, value);
        say_get(&gets, key, value);
    }
    hold_talk(c, &sets);
    hold_talk(c, &gets);
    command(c, ":100000\r\n", "DBSIZE");
    command(c, "+OK\r\n", "FLUSHALL");
    command(c, ":0\r\n", "DBSIZE");
}
END_TEST

START_TEST(a_value_of_100_megabytes_is_kept) {
    struct client *c = connected();
    const size_t size = 100 * 1000 * 1000;
    struct bytes request = {0};
    size_t header;

    client_patience(c, BULK_SECONDS);
    bytes_addf(&request, "*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n");
    header = request.len;
    bytes_addf(&request, "$%zu\r\n", size);
    bytes_add_random(&request, size, 2);
    bytes_addf(&request, "\r\n");
    send_bytes(c, &request);
    expect_reply(c, "+OK\r\n");
    send_text(c, "*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n");
    /* The reply is what follows the header of the request. */
    CHECKED(client_expect(c, request.data + header, request.len - header));
    expect_nothing(c);
    bytes_free(&request);
}
END_TEST

START_TEST(clients_see_what_others_did_before) {
    struct client *a = connected(), *b = connected();
    char text[32];

    for (int i = 0; i < 100; i++) {
        struct talk set = {0}, get = {0};
        (void)snprintf(text, sizeof text, "%d", i);
        say_set(&set, "shared", text);
        say_get(&get, "shared", text);
        hold_talk(i % 2 ? a : b, &set);
        hold_talk(i % 2 ? b : a, &get);
    }
    command(a, ":1\r\n", "DEL", "shared");
    command(b, "$-1\r\n", "GET", "shared");
}
END_TEST

/* ---- Random talks against a model -------------------------------------- */

#define MODEL_KEYS 40
#define VALUE_MAX  300

/* The database as it should be: key i is named by model_key(). */
struct model {
    uint64_t random;
    bool there[MODEL_KEYS];
    char value[MODEL_KEYS][VALUE_MAX];
    size_t len[MODEL_KEYS];
};

static size_t below(struct model *m, size_t n) {
    return random_next(&m->random) % n;
}

/* Some are empty, hold NULs and line ends, or begin alike. */
static void add_key(struct bytes *b, size_t i) {
    char key[] = {'k', '\0', '\r', '\n', (char)(i + 200), 'x'};

    bytes_add_bulk(b, key, i == 0 ? 0 : i % 2 ? 5 : sizeof key);
}

static void random_set(struct model *m, struct talk *t) {
    size_t i = below(m, MODEL_KEYS);

    m->there[i] = true;
    m->len[i] = below(m, below(m, 2) ? 20 : VALUE_MAX);
    for (size_t j = 0; j < m->len[i]; j++) {
        m->value[i][j] = (char)random_next(&m->random);
    }
    bytes_addf(&t->requests, "*3\r\n$3\r\nSET\r\n");
    add_key(&t->requests, i);
    bytes_add_bulk(&t->requests, m->value[i], m->len[i]);
    bytes_addf(&t->replies, "+OK\r\n");
}

static void random_get(struct model *m, struct talk *t) {
    size_t i = below(m, MODEL_KEYS);

    bytes_addf(&t->requests, "*2\r\n$3\r\nGET\r\n");
    add_key(&t->requests, i);
    if (m->there[i]) {
        bytes_add_bulk(&t->replies, m->value[i], m->len[i]);
    } else {
        bytes_addf(&t->replies, "$-1\r\n");
    }
}

static void random_count(struct model *m, struct talk *t, bool del) {
    size_t keys = 1 + below(m, 5);
    int count = 0;

    bytes_addf(&t->requests, "*%zu\r\n%s", keys + 1,
               del ? "$3\r\nDEL\r\n" : "$6\r\nEXISTS\r\n");
    for (size_t k = 0; k < keys; k++) {
        size_t i = below(m, MODEL_KEYS);
        add_key(&t->requests, i);
        if (m->there[i]) count++;
        if (del) m->there[i] = false;
    }
    bytes_addf(&t->replies, ":%d\r\n", count);
}

static void random_dbsize(struct model *m, struct talk *t) {
    int count = 0;

    for (size_t i = 0; i < MODEL_KEYS; i++) {
        if (m->there[i]) count++;
    }
    bytes_addf(&t->requests, "DBSIZE\r\n");
    bytes_addf(&t->replies, ":%d\r\n", count);
}

static void random_flushall(struct model *m, struct talk *t) {
    memset(m->there, 0, sizeof m->there);
    bytes_addf(&t->requests, "*1\r\n$8\r\nflushall\r\n");
    bytes_addf(&t->replies, "+OK\r\n");
}

static void random_failure(struct talk *t) {
    bytes_addf(&t->requests, "*2\r\n$3\r\nSET\r\n$1\r\nk\r\n");
    bytes_addf(&t->replies,
               "-ERR wrong number of arguments for 'set' command\r\n");
}

static void random_command(struct model *m, struct talk *t) {
    size_t dice = below(m, 100);

    if (dice < 40)
        random_set(m, t);
    else if (dice < 75)
        random_get(m, t);
    else if (dice < 83)
        random_count(m, t, true);
    else if (dice < 91)
        random_count(m, t, false);
    else if (dice < 96)
        random_dbsize(m, t);
    else if (dice < 99)
        random_failure(t);
    else
        random_flushall(m, t);
}

static void read_all_back(struct client *c, const struct model *m) {
    struct talk t = {0};

    for (size_t i = 0; i < MODEL_KEYS; i++) {
        bytes_addf(&t.requests, "*2\r\n$3\r\nGET\r\n");
        add_key(&t.requests, i);
        if (m->there[i]) {
            bytes_add_bulk(&t.replies, m->value[i], m->len[i]);
        } else {
            bytes_addf(&t.replies, "$-1\r\n");
        }
    }
    hold_talk(c, &t);
}

/* Pipelines of any length, sent by two clients in turn, the second one in
 * pieces; in the end the process is killed, and all is there. */
START_TEST(random_pipelines_agree_with_a_model) {
    static struct model m;
    struct client *c[2] = {connected(), connected()};

    m.random = settings()->seed;
    for (int i = 0; i < 2; i++) {
        client_note(c[i], "repeat with --seed %lu", settings()->seed);
    }
    for (int round = 0; round < 200; round++) {
        struct talk t = {0};
        size_t cut = 0;
        for (size_t n = 1 + below(&m, 100); n > 0; n--)
            random_command(&m, &t);
        if (round % 2) cut = below(&m, t.requests.len);
        CHECKED(client_send(c[round % 2], t.requests.data, cut));
        if (cut > 0 && round % 8 == 1) pause_ms(1);
        CHECKED(client_send(c[round % 2], t.requests.data + cut,
                            t.requests.len - cut));
        expect_bytes(c[round % 2], &t.replies);
        bytes_free(&t.requests);
        bytes_free(&t.replies);
    }
    restart_server(SIGKILL);
    c[0] = connected();
    client_note(c[0], "after kill -9; repeat with --seed %lu",
                settings()->seed);
    read_all_back(c[0], &m);
}
END_TEST

/* ---- What was acknowledged is kept ------------------------------------- */

static void write_a_few(struct client *c) {
    command(c, "+OK\r\n", "SET", "stays", "1");
    command(c, "+OK\r\n", "SET", "changes", "before");
    command(c, "+OK\r\n", "SET", "goes", "1");
    command(c, "+OK\r\n", "SET", "changes", "after");
    command(c, ":1\r\n", "DEL", "goes", "never was");
    expect(c, "*3\r\n$3\r\nSET\r\n$4\r\n\0\r\n\xff\r\n$2\r\n\r\n\r\n",
           "+OK\r\n");
    command(c, "+OK\r\n", "SET", "", "");
}

static void read_a_few(struct client *c) {
    client_note(c, "after the server was started again");
    command(c, ":4\r\n", "DBSIZE");
    command(c, "$1\r\n1\r\n", "GET", "stays");
    command(c, "$5\r\nafter\r\n", "GET", "changes");
    command(c, "$-1\r\n", "GET", "goes");
    expect(c, "*2\r\n$3\r\nGET\r\n$4\r\n\0\r\n\xff\r\n", "$2\r\n\r\n\r\n");
    command(c, "$0\r\n\r\n", "GET", "");
}

START_TEST(data_is_there_after_sigterm) {
    write_a_few(connected());
    CHECKED(server_stop_cleanly());
    start_server("", "");
    read_a_few(connected());
    /* Once more: what was loaded must not have been lost or doubled. */
    command(connected(), "+OK\r\n", "SET", "stays", "1");
    CHECKED(server_stop_cleanly());
    start_server("", "");
    read_a_few(connected());
}
END_TEST

START_TEST(data_is_there_after_kill_9) {
    write_a_few(connected());
    restart_server(SIGKILL);
    read_a_few(connected());
    restart_server(SIGKILL);
    read_a_few(connected());
}
END_TEST

START_TEST(flushall_is_kept_too) {
    struct client *c = connected();

    write_a_few(c);
    command(c, "+OK\r\n", "FLUSHALL");
    command(c, "+OK\r\n", "SET", "later", "1");
    restart_server(SIGKILL);
    c = connected();
    command(c, ":1\r\n", "DBSIZE");
    command(c, "$1\r\n1\r\n", "GET", "later");
    command(c, "+OK\r\n", "FLUSHALL");
    restart_server(SIGKILL);
    command(connected(), ":0\r\n", "DBSIZE");
}
END_TEST

START_TEST(a_killed_server_has_all_that_it_acknowledged) {
    struct client *c = connected();
    struct talk sets = {0}, gets = {0};
    char key[32], value[32];

    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof key, "key:%d", i % 700);
        (void)snprintf(value, sizeof value, "value:%d", i);
        say_set(&sets, key, value);
        if (i >= 300) say_get(&gets, key, value);
    }
    hold_talk(c, &sets);
    restart_server(SIGKILL);
    c = connected();
    client_note(c, "after kill -9");
    hold_talk(c, &gets);
    command(c, ":700\r\n", "DBSIZE");
}
END_TEST

/* Not all replies were read: of the rest nothing is known, except that the
 * SETs came in order, so the first one missing is followed by none. */
START_TEST(a_server_killed_in_a_pipeline_has_a_beginning_of_it) {
    struct client *c = connected();
    struct talk sets = {0};
    struct token t;
    char key[32];
    int found = 0;

    for (int i = 0; i < 20000; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        say_set(&sets, key, key);
    }
    client_patience(c, BULK_SECONDS);
    send_bytes(c, &sets.requests);
    CHECKED(client_expect(c, sets.replies.data, 5 * 5000));
    restart_server(SIGKILL);

    c = connected();
    bytes_free(&sets.requests);
    send_text(c, "DBSIZE\r\n");
    CHECKED(client_token(c, &t));
    found = (int)t.number;
    ck_assert_msg(found >= 5000,
                  "5000 SETs were acknowledged, and %d are there "
                  "after kill -9",
                  found);
    for (int i = 0; i < found; i++) {
        bytes_addf(&sets.requests, "EXISTS %d\r\n", i);
    }
    send_bytes(c, &sets.requests);
    for (int i = 0; i < found; i++) {
        CHECKED(client_token(c, &t));
        ck_assert_msg(t.number == 1,
                      "%d keys are there after kill -9, and key "
                      "%d is not",
                      found, i);
    }
    bytes_free(&sets.requests);
    bytes_free(&sets.replies);
}
END_TEST

Suite *part3_suite(void) {
    Suite *s = suite_create("part 3: database");

    add_test(s, get_answers_what_set_was_told, 3, 0);
    add_test(s, a_missing_key_is_null, 3, 0);
    add_test(s, a_missing_key_is_the_resp3_null_after_hello_3, 3, 0);
    add_test(s, set_overwrites_with_any_length, 3, 0);
    add_test(s, del_counts_the_keys_that_were_there, 3, 0);
    add_test(s, exists_counts_repeats, 3, 0);
    add_test(s, dbsize_counts_keys_and_flushall_removes_them, 3, 0);
    add_test(s, commands_refuse_a_wrong_number_of_arguments, 3, 0);
    add_test(s, keys_and_values_are_bytes, 3, 0);
    add_test(s, an_empty_key_is_a_key, 3, 0);
    add_test(s, keys_are_not_trimmed_nor_folded, 3, 0);
    add_test(s, a_hundred_thousand_keys_are_kept, 3, 0);
    add_test(s, a_value_of_100_megabytes_is_kept, 3, 0);
    add_test(s, clients_see_what_others_did_before, 3, 0);
    add_test(s, random_pipelines_agree_with_a_model, 3, 0);
    add_test(s, data_is_there_after_sigterm, 3, 0);
    add_test(s, data_is_there_after_kill_9, 3, 0);
    add_test(s, flushall_is_kept_too, 3, 0);
    add_test(s, a_killed_server_has_all_that_it_acknowledged, 3, 0);
    add_test(s, a_server_killed_in_a_pipeline_has_a_beginning_of_it, 3, 0);
    return s;
}
