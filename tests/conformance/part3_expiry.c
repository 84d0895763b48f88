/* part3_expiry.c -- when a key expires: who says so, who keeps it, and that it
 * is gone when the time has come. */
#include "harness.h"

#include <signal.h>
#include <string.h>

/* ---- Setting a time ---------------------------------------------------- */

START_TEST(expire_and_its_kin) {
    static const struct row rows[] = {
        ROW("EXPIRE none 10", ":0"),
        ROW("SET k v", OK),
        ROW("TTL k", ":-1"),
        ROW("PTTL k", ":-1"),
        ROW("EXPIRETIME k", ":-1"),
        ROW("PEXPIRETIME k", ":-1"),
        ROW("TTL none", ":-2"),
        ROW("PTTL none", ":-2"),
        ROW("EXPIRETIME none", ":-2"),
        ROW("PEXPIRETIME none", ":-2"),
        ROW("EXPIRE k 100", ":1"),
        ROW("TTL k", ":99..100"),
        ROW("PTTL k", ":90000..100000"),
        ROW("PEXPIRE k 200000", ":1"),
        ROW("TTL k", ":199..200"),
        ROW("EXPIREAT k 33177117420", ":1"),
        ROW("EXPIRETIME k", ":33177117420"),
        ROW("PEXPIRETIME k", ":33177117420000"),
        ROW("PEXPIREAT k 33177117420123", ":1"),
        ROW("EXPIRETIME k", ":33177117420"),
        ROW("PEXPIRETIME k", ":33177117420123"),
        ROW("PEXPIREAT k 33177117420500", ":1"),
        ROW("EXPIRETIME k", ":33177117421"),
        ROW("PERSIST k", ":1"),
        ROW("PERSIST k", ":0"),
        ROW("PERSIST none", ":0"),
        ROW("TTL k", ":-1"),
        ROW("GET k", "$1\nv"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(a_time_in_the_past_deletes_at_once) {
    static const struct row rows[] = {
        ROW("SET k v", OK),          ROW("EXPIRE k 0", ":1"),
        ROW("EXISTS k", ":0"),       ROW("SET k v", OK),
        ROW("EXPIRE k -1", ":1"),    ROW("GET k", NIL),
        ROW("SET k v", OK),          ROW("PEXPIRE k -100", ":1"),
        ROW("GET k", NIL),           ROW("SET k v", OK),
        ROW("EXPIREAT k 1", ":1"),   ROW("GET k", NIL),
        ROW("SET k v", OK),          ROW("PEXPIREAT k 0", ":1"),
        ROW("GET k", NIL),           ROW("SET k v", OK),
        ROW("PEXPIREAT k -5", ":1"), ROW("DBSIZE", ":0"),
        ROW("EXPIRE k 10", ":0"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(nx_xx_gt_and_lt) {
    static const struct row rows[] = {
        ROW("SET k v", OK),
        ROW("EXPIRE k 100 XX", ":0"),
        ROW("EXPIRE k 100 GT", ":0"),
        ROW("EXPIREAT k 33177117420 NX", ":1"),
        ROW("EXPIREAT k 33177117421 NX", ":0"),
        ROW("EXPIREAT k 33177117421 XX", ":1"),
        ROW("EXPIREAT k 33177117420 GT", ":0"),
        ROW("EXPIREAT k 33177117421 GT", ":0"),
        ROW("EXPIREAT k 33177117422 gt", ":1"),
        ROW("EXPIREAT k 33177117423 LT", ":0"),
        ROW("EXPIREAT k 33177117422 LT", ":0"),
        ROW("EXPIREAT k 33177117419 lt", ":1"),
        ROW("EXPIRETIME k", ":33177117419"),
        ROW("PEXPIREAT k 33177117419001 GT", ":1"),
        ROW("PEXPIREAT k 33177117419000 LT XX", ":1"),
        ROW("PEXPIRE k 10 XX GT", ":0"),
        ROW("PEXPIRE k 10000000 XX LT", ":1"),
        ROW("PERSIST k", ":1"),
        ROW("EXPIRE k 100 LT", ":1"),
        ROW("TTL k", ":99..100"),
        ROW("EXPIRE k -1 GT", ":0"),
        ROW("EXPIRE k -1 NX", ":0"),
        ROW("EXISTS k", ":1"),
        ROW("EXPIRE k -1 LT", ":1"),
        ROW("EXISTS k", ":0"),
        ROW("EXPIRE none 10 NX", ":0"),
        ROW("SET k v", OK),
        ROW("EXPIRE k 10 NX XX", "-ERR NX and XX, GT or LT options at the same "
                                 "time are not compatible"),
        ROW("EXPIRE k 10 NX GT", "-ERR NX and XX, GT or LT options at the same "
                                 "time are not compatible"),
        ROW("EXPIRE k 10 LT NX", "-ERR NX and XX, GT or LT options at the same "
                                 "time are not compatible"),
        ROW("EXPIRE k 10 GT LT",
            "-ERR GT and LT options at the same time are not compatible"),
        ROW("EXPIRE k 10 NOSUCH", "-ERR Unsupported option NOSUCH"),
        ROW("EXPIRE k 10 NX NOSUCH", "-ERR Unsupported option NOSUCH"),
        ROW("EXPIRE none 10 NOSUCH", "-ERR Unsupported option NOSUCH"),
        ROW("EXPIRE k 10 NX NX", ":1"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(times_have_to_fit) {
    static const struct row rows[] = {
        ROW("SET k v", OK),
        ROW("EXPIRE k x", NO_INTEGER),
        ROW("EXPIRE k 1.5", NO_INTEGER),
        ROW("EXPIRE k ''", NO_INTEGER),
        ROW("EXPIRE none x", NO_INTEGER),
        ROW("EXPIRE k 9223372036854775807", BAD_TIME("expire")),
        ROW("EXPIRE k -9223372036854775808", BAD_TIME("expire")),
        ROW("EXPIRE k 9223372036854775808", NO_INTEGER),
        ROW("EXPIRE k 9223372036854775", BAD_TIME("expire")),
        ROW("PEXPIRE k 9223372036854775807", BAD_TIME("pexpire")),
        ROW("EXPIREAT k 9223372036854775807", BAD_TIME("expireat")),
        ROW("EXPIREAT k 9223372036854775", ":1"),
        ROW("PEXPIRETIME k", ":9223372036854775000"),
        ROW("PEXPIREAT k 9223372036854775807", ":1"),
        ROW("PEXPIRETIME k", ":9223372036854775807"),
        ROW("EXPIRE", ARITY("expire")),
        ROW("EXPIRE k", ARITY("expire")),
        ROW("PEXPIRE k", ARITY("pexpire")),
        ROW("EXPIREAT k", ARITY("expireat")),
        ROW("PEXPIREAT k", ARITY("pexpireat")),
        ROW("TTL", ARITY("ttl")),
        ROW("TTL a b", ARITY("ttl")),
        ROW("PTTL", ARITY("pttl")),
        ROW("PERSIST", ARITY("persist")),
        ROW("EXPIRETIME", ARITY("expiretime")),
        ROW("PEXPIRETIME a b", ARITY("pexpiretime")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(who_keeps_an_expiry_and_who_clears_it) {
    static const struct row rows[] = {
        ROW("SET k 1 EXAT 33177117420", OK),
        ROW("INCR k", ":2"),
        ROW("APPEND k 0", ":2"),
        ROW("SETRANGE k 0 5", ":2"),
        ROW("SETBIT k 7 0", ":1"),
        ROW("INCRBYFLOAT k 1", "$2\n41"),
        ROW("GETRANGE k 0 -1", "$2\n41"),
        ROW("EXPIRETIME k", ":33177117420"),
        ROW("SET k 1 KEEPTTL", OK),
        ROW("EXPIRETIME k", ":33177117420"),
        ROW("SET k 1", OK),
        ROW("EXPIRETIME k", ":-1"),
        ROW("EXPIREAT k 33177117420", ":1"),
        ROW("GETSET k 1", "$1\n1"),
        ROW("EXPIRETIME k", ":-1"),
        ROW("EXPIREAT k 33177117420", ":1"),
        ROW("MSET k 1", OK),
        ROW("EXPIRETIME k", ":-1"),
        ROW("EXPIREAT k 33177117420", ":1"),
        ROW("GETDEL k", "$1\n1"),
        ROW("SET k 1", OK),
        ROW("EXPIRETIME k", ":-1"),
    };

    check_rows(rows);
}
END_TEST

/* ---- When the time has come -------------------------------------------- */

/* Ask until this is the reply: time is the server's, and machines are slow. */
static void wait_for_reply(struct client *c, const char *request,
                           const char *text) {
    double deadline = now() + 5 * REPLY_SECONDS;
    struct token token;

    do {
        CHECKED(client_send(c, request, strlen(request)));
        CHECKED(client_token(c, &token));
        if (token.len == strlen(text) &&
            memcmp(token.text, text, token.len) == 0) {
            return;
        }
        pause_ms(5);
    } while (now() < deadline);
    ck_abort_msg("%s should come to be %s", request, text);
}

START_TEST(a_key_is_gone_when_its_time_has_come) {
    struct client *c = connected();

    command(c, "+OK\r\n", "SET", "k", "v", "PX", "60");
    command(c, "+OK\r\n", "SET", "stays", "v", "EX", "1000");
    wait_for_reply(c, "EXISTS k\r\n", "0");
    command(c, "$-1\r\n", "GET", "k");
    command(c, ":-2\r\n", "TTL", "k");
    command(c, ":-2\r\n", "PEXPIRETIME", "k");
    command(c, "+none\r\n", "TYPE", "k");
    command(c, ":0\r\n", "PERSIST", "k");
    command(c, ":0\r\n", "EXPIRE", "k", "100");
    command(c, ":0\r\n", "DEL", "k");
    command(c, "-ERR no such key\r\n", "RENAME", "k", "l");
    command(c, "*1\r\n$5\r\nstays\r\n", "KEYS", "*");
    command(c, "*2\r\n$1\r\n0\r\n*1\r\n$5\r\nstays\r\n", "SCAN", "0");
    command(c, "$5\r\nstays\r\n", "RANDOMKEY");
    command(c, ":1\r\n", "SETNX", "k", "anew");
    command(c, ":-1\r\n", "TTL", "k");
}
END_TEST

/* Nobody asks for them, and they go all the same. */
START_TEST(keys_that_nobody_asks_for_go_too) {
    struct client *c = connected();
    struct bytes requests = {0};
    struct token token;

    for (int i = 0; i < 2000; i++)
        bytes_addf(&requests, "SET key:%d v PX %d\r\n", i, 1 + i % 50);
    bytes_addf(&requests, "SET stays v\r\n");
    send_bytes(c, &requests);
    for (int i = 0; i < 2001; i++)
        CHECKED(client_token(c, &token));
    wait_for_reply(c, "DBSIZE\r\n", "1");
    command(c, "$1\r\nv\r\n", "GET", "stays");
    bytes_free(&requests);
}
END_TEST

START_TEST(writing_to_an_expired_key_begins_anew) {
    struct client *c = connected();

    command(c, "+OK\r\n", "MSET", "a", "5", "b", "5", "c", "5", "d", "5");
    expect(c, "PEXPIRE a 1\r\nPEXPIRE b 1\r\nPEXPIRE c 1\r\nPEXPIRE d 1\r\n",
           ":1\r\n:1\r\n:1\r\n:1\r\n");
    pause_ms(5);
    command(c, ":1\r\n", "INCR", "a");
    command(c, ":1\r\n", "APPEND", "b", "x");
    command(c, "$3\r\n1.5\r\n", "INCRBYFLOAT", "c", "1.5");
    command(c, "$-1\r\n", "GETSET", "d", "y");
    command(c, ":-1\r\n", "TTL", "a");
    command(c, ":-1\r\n", "TTL", "b");
    command(c, "*4\r\n$1\r\n1\r\n$1\r\nx\r\n$3\r\n1.5\r\n$1\r\ny\r\n", "MGET",
            "a", "b", "c", "d");
}
END_TEST

START_TEST(keys_and_expiries_are_kept) {
    struct client *c = connected();

    command(c, "+OK\r\n", "SET", "forever", "v");
    command(c, "+OK\r\n", "SET", "at", "v", "PXAT", "33177117420123");
    command(c, "+OK\r\n", "SET", "in", "v", "EX", "1000");
    command(c, "+OK\r\n", "SET", "short", "v", "PX", "1");
    restart_server(SIGKILL);
    c = connected();
    command(c, ":-1\r\n", "TTL", "forever");
    command(c, ":33177117420123\r\n", "PEXPIRETIME", "at");
    command(c, ":0\r\n", "EXISTS", "short");
    wait_for_reply(c, "DBSIZE\r\n", "3");
}
END_TEST

Suite *part3_expiry_suite(void) {
    Suite *s = suite_create("part 3: expiry");

    add_test(s, expire_and_its_kin, 3, EXTRA);
    add_test(s, a_time_in_the_past_deletes_at_once, 3, EXTRA);
    add_test(s, nx_xx_gt_and_lt, 3, EXTRA);
    add_test(s, times_have_to_fit, 3, EXTRA);
    add_test(s, who_keeps_an_expiry_and_who_clears_it, 3, EXTRA);
    add_test(s, a_key_is_gone_when_its_time_has_come, 3, EXTRA);
    add_test(s, keys_that_nobody_asks_for_go_too, 3, EXTRA);
    add_test(s, writing_to_an_expired_key_begins_anew, 3, EXTRA);
    add_test(s, keys_and_expiries_are_kept, 3, EXTRA);
    return s;
}
