/* part3_keys.c -- what the commands on keys answer, whatever their value; and
 * that SCAN and KEYS leave none out. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Being there ------------------------------------------------------- */

START_TEST(del_unlink_exists_touch_and_type) {
    static const struct row rows[] = {
        ROW("SET a 1", OK),
        ROW("SET b 2", OK),
        ROW("SET c 3", OK),
        ROW("EXISTS a b none a", ":3"),
        ROW("TOUCH a b none a", ":3"),
        ROW("TOUCH none", ":0"),
        ROW("UNLINK a a none", ":1"),
        ROW("DEL b none", ":1"),
        ROW("EXISTS a b", ":0"),
        ROW("TYPE c", "+string"),
        ROW("TYPE none", "+none"),
        ROW("DBSIZE", ":1"),
        ROW("RANDOMKEY", "$1\nc"),
        ROW("UNLINK none", ":0"),
        ROW("DEL c", ":1"),
        ROW("RANDOMKEY", NIL),
        ROW("DEL", ARITY("del")),
        ROW("UNLINK", ARITY("unlink")),
        ROW("EXISTS", ARITY("exists")),
        ROW("TOUCH", ARITY("touch")),
        ROW("TYPE", ARITY("type")),
        ROW("TYPE a b", ARITY("type")),
        ROW("RANDOMKEY x", ARITY("randomkey")),
        ROW("DBSIZE x", ARITY("dbsize")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(flushdb_empties_one_database_and_flushall_all) {
    static const struct row rows[] = {
        ROW("SET a 0", OK),
        ROW("SELECT 1", OK),
        ROW("SET a 1", OK),
        ROW("SET b 1", OK),
        ROW("DBSIZE", ":2"),
        ROW("FLUSHDB", OK),
        ROW("DBSIZE", ":0"),
        ROW("SELECT 0", OK),
        ROW("DBSIZE", ":1"),
        ROW("SELECT 1", OK),
        ROW("SET a 1", OK),
        ROW("FLUSHALL", OK),
        ROW("SELECT 0", OK),
        ROW("DBSIZE", ":0"),
        ROW("FLUSHDB SYNC", OK),
        ROW("FLUSHDB async", OK),
        ROW("FLUSHALL ASYNC", OK),
        ROW("FLUSHALL sync", OK),
        ROW("FLUSHDB NOSUCH", SYNTAX),
        ROW("FLUSHDB SYNC ASYNC", SYNTAX),
        ROW("FLUSHALL NOSUCH", SYNTAX),
    };

    check_rows(rows);
}
END_TEST

/* ---- Going through all of them ----------------------------------------- */

START_TEST(keys_match_a_pattern) {
    static const struct row rows[] = {
        ROW("SET hello 1", OK),
        ROW("KEYS h?llo", "*1\n$5\nhello"),
        ROW("KEYS h*llo", "*1\n$5\nhello"),
        ROW("KEYS h[ae]llo", "*1\n$5\nhello"),
        ROW("KEYS h[^e]llo", "*0"),
        ROW("KEYS h[^a]llo", "*1\n$5\nhello"),
        ROW("KEYS h[a-e]llo", "*1\n$5\nhello"),
        ROW("KEYS h[e-a]llo", "*1\n$5\nhello"),
        ROW("KEYS h[a", "*0"),
        ROW("KEYS hell[o", "*1\n$5\nhello"),
        ROW("KEYS hell[^o", "*0"),
        ROW("KEYS h\\ello", "*1\n$5\nhello"),
        ROW("KEYS HELLO", "*0"),
        ROW("KEYS *", "*1\n$5\nhello"),
        ROW("KEYS **", "*1\n$5\nhello"),
        ROW("KEYS *o", "*1\n$5\nhello"),
        ROW("KEYS *l*l*", "*1\n$5\nhello"),
        ROW("KEYS hello?", "*0"),
        ROW("KEYS hello*", "*1\n$5\nhello"),
        ROW("KEYS ''", "*0"),
        ROW("KEYS ?????", "*1\n$5\nhello"),
        ROW("KEYS ????", "*0"),
        ROW("KEYS []", "*0"),
        ROW("KEYS hell[]o]", "*0"),
        ROW("KEYS hell[\\o]", "*1\n$5\nhello"),
        ROW("KEYS hell\\", "*0"),
        ROW("KEYS", ARITY("keys")),
        ROW("KEYS a b", ARITY("keys")),
        ROW("SET a*b 1", OK),
        ROW("KEYS a\\*b", "*1\n$3\na*b"),
        ROW("KEYS a[*]b", "*1\n$3\na*b"),
        ROW("SET hell\\ 1", OK),
        ROW("KEYS hell\\", "*1\n$5\nhell\\"),
        ROW("KEYS hell\\\\", "*1\n$5\nhell\\"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(scan_takes_its_options_in_any_order_and_case) {
    static const struct row rows[] = {
        ROW("SCAN 0", "*2\n$1\n0\n*0"),
        ROW("SET key v", OK),
        ROW("SCAN 0", "*2\n$1\n0\n*1\n$3\nkey"),
        ROW("SCAN 0 MATCH k*", "*2\n$1\n0\n*1\n$3\nkey"),
        ROW("SCAN 0 MATCH x*", "*2\n$1\n0\n*0"),
        ROW("SCAN 0 COUNT 100 MATCH k?y TYPE string", "*2\n$1\n0\n*1\n$3\nkey"),
        ROW("SCAN 0 type STRING match * count 5", "*2\n$1\n0\n*1\n$3\nkey"),
        ROW("SCAN 0 TYPE list", "*2\n$1\n0\n*0"),
        ROW("SCAN 0 TYPE nosuch", "*2\n$1\n0\n*0"),
        ROW("SCAN 0 COUNT 0", SYNTAX),
        ROW("SCAN 0 COUNT -1", SYNTAX),
        ROW("SCAN 0 COUNT x", NO_INTEGER),
        ROW("SCAN 0 COUNT 9223372036854775807", "*2\n$1\n0\n*1\n$3\nkey"),
        ROW("SCAN 0 COUNT", SYNTAX),
        ROW("SCAN 0 MATCH", SYNTAX),
        ROW("SCAN 0 NOSUCH x", SYNTAX),
        ROW("SCAN 0 NOSUCH", SYNTAX),
        ROW("SCAN x", "-ERR invalid cursor"),
        ROW("SCAN ''", "*2\n$1\n0\n*1\n$3\nkey"),
        ROW("SCAN ' 1'", "-ERR invalid cursor"),
        ROW("SCAN 18446744073709551616", "-ERR invalid cursor"),
        ROW("SCAN 1.5", "-ERR invalid cursor"),
        ROW("SCAN", ARITY("scan")),
    };

    check_rows(rows);
}
END_TEST

/* ---- From one place to another ----------------------------------------- */

START_TEST(rename_takes_value_and_expiry_along) {
    static const struct row rows[] = {
        ROW("RENAME none k", NO_KEY),
        ROW("RENAME none none", NO_KEY),
        ROW("RENAMENX none k", NO_KEY),
        ROW("SET a 1", OK),
        ROW("RENAME a b", OK),
        ROW("EXISTS a", ":0"),
        ROW("GET b", "$1\n1"),
        ROW("SET c 3 EXAT 33177117420", OK),
        ROW("RENAME c b", OK),
        ROW("GET b", "$1\n3"),
        ROW("EXPIRETIME b", ":33177117420"),
        ROW("SET d 4", OK),
        ROW("RENAME d b", OK),
        ROW("TTL b", ":-1"),
        ROW("RENAME b b", OK),
        ROW("GET b", "$1\n4"),
        ROW("SET e 5", OK),
        ROW("RENAMENX b e", ":0"),
        ROW("RENAMENX b b", ":0"),
        ROW("MGET b e", "*2\n$1\n4\n$1\n5"),
        ROW("RENAMENX b new", ":1"),
        ROW("MGET b new", "*2\n$-1\n$1\n4"),
        ROW("DBSIZE", ":2"),
        ROW("RENAME a", ARITY("rename")),
        ROW("RENAMENX a b c", ARITY("renamenx")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(copy_within_and_between_databases) {
    static const struct row rows[] = {
        ROW("COPY none k", ":0"),
        ROW("SET a 1 EXAT 33177117420", OK),
        ROW("COPY a b", ":1"),
        ROW("GET b", "$1\n1"),
        ROW("EXPIRETIME b", ":33177117420"),
        ROW("SET a 2", OK),
        ROW("COPY a b", ":0"),
        ROW("GET b", "$1\n1"),
        ROW("COPY a b REPLACE", ":1"),
        ROW("GET b", "$1\n2"),
        ROW("TTL b", ":-1"),
        ROW("COPY a a", "-ERR source and destination objects are the same"),
        ROW("COPY a b replace REPLACE", ":1"),
        ROW("COPY a a DB 1", ":1"),
        ROW("COPY a a DB 1", ":0"),
        ROW("COPY a a db 1 replace", ":1"),
        ROW("COPY a a DB 0",
            "-ERR source and destination objects are the same"),
        ROW("COPY a a DB 0 REPLACE",
            "-ERR source and destination objects are the same"),
        ROW("COPY none a DB 1 REPLACE", ":0"),
        ROW("SELECT 1", OK),
        ROW("DBSIZE", ":1"),
        ROW("GET a", "$1\n2"),
        ROW("COPY a c DB 0", ":1"),
        ROW("SELECT 0", OK),
        ROW("GET c", "$1\n2"),
        ROW("COPY a b DB 16", "-ERR DB index is out of range"),
        ROW("COPY a b DB -1", "-ERR DB index is out of range"),
        ROW("COPY a b DB x", NO_INTEGER),
        ROW("COPY a b DB", SYNTAX),
        ROW("COPY a b NOSUCH", SYNTAX),
        ROW("COPY a", ARITY("copy")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(move_keeps_the_expiry) {
    static const struct row rows[] = {
        ROW("MOVE none 1", ":0"),
        ROW("SET a 1 EXAT 33177117420", OK),
        ROW("MOVE a 1", ":1"),
        ROW("EXISTS a", ":0"),
        ROW("SET a 2", OK),
        ROW("MOVE a 1", ":0"),
        ROW("GET a", "$1\n2"),
        ROW("SELECT 1", OK),
        ROW("GET a", "$1\n1"),
        ROW("EXPIRETIME a", ":33177117420"),
        ROW("SELECT 0", OK),
        ROW("MOVE a 0", "-ERR source and destination objects are the same"),
        ROW("MOVE a 16", "-ERR DB index is out of range"),
        ROW("MOVE a -1", "-ERR DB index is out of range"),
        ROW("MOVE a x", NO_INTEGER),
        ROW("MOVE a", ARITY("move")),
        ROW("MOVE none 0", "-ERR source and destination objects are the same"),
    };

    check_rows(rows);
}
END_TEST

/* ---- What is known of them --------------------------------------------- */

START_TEST(object_tells_of_the_value) {
    static const struct row rows[] = {
        ROW("SET i 123", OK),
        ROW("SET s 'some words'", OK),
        ROW("SET long 01234567890123456789012345678901234567890123456789", OK),
        ROW("OBJECT ENCODING i", "$3\nint"),
        ROW("OBJECT ENCODING s", "$6\nembstr"),
        ROW("OBJECT ENCODING long", "$3\nraw"),
        ROW("OBJECT ENCODING none", NIL),
        ROW("OBJECT REFCOUNT s", ":1"),
        ROW("OBJECT REFCOUNT none", NIL),
        ROW("OBJECT IDLETIME s", ":0"),
        ROW("OBJECT IDLETIME none", NIL),
        ROW("OBJECT FREQ none", NIL),
        ROW("OBJECT FREQ s",
            "-ERR An LFU maxmemory policy is not selected, access frequency "
            "not tracked. Please note that when switching between policies at "
            "runtime LRU and LFU data will take some time to adjust."),
        ROW("OBJECT", ARITY("object")),
        ROW("OBJECT ENCODING", ARITY("object|encoding")),
        ROW("OBJECT encoding i x", ARITY("object|encoding")),
        ROW("OBJECT NOSUCH s",
            "-ERR unknown subcommand 'NOSUCH'. Try OBJECT HELP."),
        ROW("OBJECT HELP x", ARITY("object|help")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(encodings_are_those_of_redis) {
    static const struct row rows[] = {
        ROW("SET k 0", OK),
        ROW("OBJECT ENCODING k", "$3\nint"),
        ROW("SET k -9223372036854775808", OK),
        ROW("OBJECT ENCODING k", "$3\nint"),
        ROW("SET k 9223372036854775808", OK),
        ROW("OBJECT ENCODING k", "$6\nembstr"),
        ROW("SET k 01", OK),
        ROW("OBJECT ENCODING k", "$6\nembstr"),
        ROW("SET k ''", OK),
        ROW("OBJECT ENCODING k", "$6\nembstr"),
        ROW("SET k 01234567890123456789012345678901234567890123", OK),
        ROW("OBJECT ENCODING k", "$6\nembstr"),
        ROW("SET k 012345678901234567890123456789012345678901234", OK),
        ROW("OBJECT ENCODING k", "$3\nraw"),
        ROW("SET k 1", OK),
        ROW("INCR k", ":2"),
        ROW("OBJECT ENCODING k", "$3\nint"),
        ROW("INCRBYFLOAT k 1.5", "$3\n3.5"),
        ROW("OBJECT ENCODING k", "$6\nembstr"),
        ROW("MSET k 5", OK),
        ROW("OBJECT ENCODING k", "$3\nint"),
        ROW("GETSET k abc", "$1\n5"),
        ROW("OBJECT ENCODING k", "$6\nembstr"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(memory_usage_is_a_number_of_bytes) {
    static const struct row rows[] = {
        ROW("SET k v", OK),
        ROW("MEMORY USAGE k", ":10..200"),
        ROW("MEMORY USAGE none", NIL),
        ROW("MEMORY usage k SAMPLES 5", ":10..200"),
        ROW("MEMORY USAGE k SAMPLES -1", SYNTAX),
        ROW("MEMORY USAGE k SAMPLES x", NO_INTEGER),
        ROW("MEMORY USAGE k SAMPLES", SYNTAX),
        ROW("MEMORY USAGE k NOSUCH 1", SYNTAX),
        ROW("MEMORY USAGE", ARITY("memory|usage")),
        ROW("MEMORY NOSUCH",
            "-ERR unknown subcommand 'NOSUCH'. Try MEMORY HELP."),
        ROW("MEMORY", ARITY("memory")),
    };

    check_rows(rows);
}
END_TEST

/* ---- Going through many ------------------------------------------------ */

#define MANY 3000

/* What SCAN, KEYS or RANDOMKEY named, by number: the keys are "key:NUMBER". */
struct seen {
    bool stays[MANY];
    int others;
};

static void see(struct seen *seen, const struct token *key) {
    int number = -1;

    if (key->len > 4 && memcmp(key->text, "key:", 4) == 0) {
        number = atoi(key->text + 4); /* CR ends it */
    }
    if (number >= 0 && number < MANY) {
        seen->stays[number] = true;
    } else {
        seen->others++;
    }
}

static void see_keys(struct client *c, struct seen *seen) {
    struct token token;
    long long count;

    CHECKED(client_token(c, &token));
    ck_assert_int_eq(token.type, '*');
    for (count = token.number; count > 0; count--) {
        CHECKED(client_token(c, &token));
        see(seen, &token);
    }
}

/* Returns whether there is more; the cursor is in 'cursor'. */
static bool scan_once(struct client *c, char cursor[32], const char *options,
                      struct seen *seen) {
    struct bytes request = {0};
    struct token token;

    bytes_addf(&request, "SCAN %s %s\r\n", cursor, options);
    send_bytes(c, &request);
    bytes_free(&request);
    CHECKED(client_token(c, &token));
    ck_assert_msg(token.type == '*' && token.number == 2,
                  "SCAN answers with an array of two");
    CHECKED(client_token(c, &token));
    ck_assert_msg(token.type == '$' && token.len < 32,
                  "the cursor is a bulk string");
    memcpy(cursor, token.text, token.len);
    cursor[token.len] = '\0';
    see_keys(c, seen);
    return strcmp(cursor, "0") != 0;
}

static void expect_all_seen(const struct seen *seen) {
    for (int i = 0; i < MANY; i++)
        ck_assert_msg(seen->stays[i], "key:%d was never named", i);
}

static void set_many(struct client *c, const char *prefix, int count,
                     const char *verb) {
    struct bytes requests = {0};
    struct token token;

    for (int i = 0; i < count; i++) {
        bytes_addf(&requests, "%s %s:%d%s\r\n", verb, prefix, i,
                   verb[0] == 'S' ? " v" : "");
    }
    send_bytes(c, &requests);
    for (int i = 0; i < count; i++)
        CHECKED(client_token(c, &token));
    bytes_free(&requests);
}

START_TEST(keys_and_scan_name_every_key) {
    static struct seen keys, scanned, matched;
    struct client *c = connected();
    char cursor[32] = "0";

    set_many(c, "key", MANY, "SET");
    set_many(c, "other", 100, "SET");
    send_text(c, "KEYS key:*\r\n");
    see_keys(c, &keys);
    expect_all_seen(&keys);
    ck_assert_int_eq(keys.others, 0);
    while (scan_once(c, cursor, "", &scanned))
        continue;
    expect_all_seen(&scanned);
    ck_assert_int_ge(scanned.others, 100);
    while (scan_once(c, cursor, "COUNT 50 TYPE string MATCH key:*", &matched))
        continue;
    expect_all_seen(&matched);
    ck_assert_int_eq(matched.others, 0);
}
END_TEST

/* The table grows to many times its size while the scan goes on, shrinks, and
 * its keys are replaced: what was there all the while is named all the same. */
START_TEST(scan_names_what_was_there_all_the_while) {
    static struct seen seen;
    struct client *c = connected();
    char cursor[32] = "0";
    int round = 0;

    client_patience(c, BULK_SECONDS);
    set_many(c, "key", MANY, "SET");
    do {
        char prefix[16];
        (void)snprintf(prefix, sizeof prefix, "new%d", round / 10);
        if (round % 10 == 2) set_many(c, prefix, 8000, "SET");
        if (round % 10 == 7) set_many(c, prefix, 8000, "DEL");
        round++;
    } while (scan_once(c, cursor, "COUNT 40", &seen) && round < 20000);
    ck_assert_msg(round < 20000, "the scan does not come to its end");
    expect_all_seen(&seen);
}
END_TEST

START_TEST(randomkey_names_all_in_the_end) {
    struct client *c = connected();
    struct bytes requests = {0};
    struct seen seen = {0};
    struct token token;
    int found = 0;

    set_many(c, "key", 20, "SET");
    for (int i = 0; i < 2000; i++)
        bytes_addf(&requests, "RANDOMKEY\r\n");
    send_bytes(c, &requests);
    for (int i = 0; i < 2000; i++) {
        CHECKED(client_token(c, &token));
        see(&seen, &token);
    }
    for (int i = 0; i < 20; i++)
        found += seen.stays[i];
    ck_assert_int_eq(found, 20);
    ck_assert_int_eq(seen.others, 0);
    bytes_free(&requests);
}
END_TEST

/* A matcher that tries again after each star takes longer than the universe
 * for this one (CVE-2022-36021). */
START_TEST(a_pattern_of_many_stars_takes_no_time) {
    struct client *c = connected();
    struct bytes request = {0};

    bytes_addf(&request, "SET ");
    for (int i = 0; i < 1000; i++)
        bytes_addf(&request, "a");
    bytes_addf(&request, " v\r\n");
    send_bytes(c, &request);
    expect_reply(c, "+OK\r\n");
    request.len = 0;
    bytes_addf(&request, "KEYS ");
    for (int i = 0; i < 30; i++)
        bytes_addf(&request, "a*");
    bytes_addf(&request, "b\r\n");
    send_bytes(c, &request);
    expect_reply(c, "*0\r\n");
    bytes_free(&request);
}
END_TEST

START_TEST(object_help_and_others_say_what_there_is) {
    static const char *const commands[] = {"OBJECT", "MEMORY",  "CLIENT",
                                           "CONFIG", "COMMAND", "SLOWLOG",
                                           "LATENCY"};
    struct client *c = connected();

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct bytes request = {0};
        struct token token;
        bytes_addf(&request, "%s HELP\r\n", commands[i]);
        send_bytes(c, &request);
        CHECKED(client_token(c, &token));
        ck_assert_msg(token.type == '*' && token.number > 3,
                      "%s HELP answers with an array of lines", commands[i]);
        for (long long lines = token.number; lines > 0; lines--) {
            CHECKED(client_token(c, &token));
            ck_assert_int_eq(token.type, '+');
        }
        bytes_free(&request);
    }
}
END_TEST

Suite *part3_keys_suite(void) {
    Suite *s = suite_create("part 3: keys");

    add_test(s, del_unlink_exists_touch_and_type, 3, EXTRA);
    add_test(s, flushdb_empties_one_database_and_flushall_all, 3, EXTRA);
    add_test(s, keys_match_a_pattern, 3, EXTRA);
    add_test(s, scan_takes_its_options_in_any_order_and_case, 3, EXTRA);
    add_test(s, rename_takes_value_and_expiry_along, 3, EXTRA);
    add_test(s, copy_within_and_between_databases, 3, EXTRA);
    add_test(s, move_keeps_the_expiry, 3, EXTRA);
    add_test(s, object_tells_of_the_value, 3, EXTRA);
    add_test(s, encodings_are_those_of_redis, 3, EXTRA);
    add_test(s, memory_usage_is_a_number_of_bytes, 3, EXTRA);
    add_test(s, keys_and_scan_name_every_key, 3, EXTRA);
    add_test(s, scan_names_what_was_there_all_the_while, 3, EXTRA);
    add_test(s, randomkey_names_all_in_the_end, 3, EXTRA);
    add_test(s, a_pattern_of_many_stars_takes_no_time, 3, EXTRA);
    add_test(s, object_help_and_others_say_what_there_is, 3, EXTRA);
    return s;
}
