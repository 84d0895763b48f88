/* part3_transactions.c -- MULTI, EXEC and WATCH: all or nothing, and nobody in
 * between. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>

START_TEST(exec_runs_what_was_queued) {
    static const struct row rows[] = {
        ROW("MULTI", OK),
        ROW("SET a 1", QUEUED),
        ROW("INCR a", QUEUED),
        ROW("GET none", QUEUED),
        ROW("GET a", QUEUED),
        ROW("EXEC", "*4\n+OK\n:2\n$-1\n$1\n2"),
        ROW("GET a", "$1\n2"),
        ROW("MULTI", OK),
        ROW("EXEC", "*0"),
        ROW("MULTI", OK),
        ROW("MGET a none", QUEUED),
        ROW("PING", QUEUED),
        ROW("ECHO x", QUEUED),
        ROW("EXEC", "*3\n*2\n$1\n2\n$-1\n+PONG\n$1\nx"),
        ROW("EXEC", "-ERR EXEC without MULTI"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(others_see_all_of_it_or_nothing) {
    static const struct row rows[] = {
        ROW("MULTI", OK),       ROW("SET a 1", QUEUED),
        ROW("@GET a", NIL),     ROW("@SET a 5", OK),
        ROW("INCR a", QUEUED),  ROW("EXEC", "*2\n+OK\n:2"),
        ROW("@GET a", "$1\n2"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(an_error_while_it_runs_stops_nothing) {
    static const struct row rows[] = {
        ROW("SET s text", OK),
        ROW("MULTI", OK),
        ROW("SET a 1", QUEUED),
        ROW("INCR s", QUEUED),
        ROW("SET b 2", QUEUED),
        ROW("EXEC",
            "*3\n+OK\n-ERR value is not an integer or out of range\n+OK"),
        ROW("MGET a b", "*2\n$1\n1\n$1\n2"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(an_error_while_queueing_aborts_it) {
    static const struct row rows[] = {
        ROW("SET a 1", OK),
        ROW("MULTI", OK),
        ROW("SET a 2", QUEUED),
        ROW("NOSUCH",
            "-ERR unknown command 'NOSUCH', with args beginning with: "),
        ROW("EXEC",
            "-EXECABORT Transaction discarded because of previous errors."),
        ROW("GET a", "$1\n1"),
        ROW("MULTI", OK),
        ROW("SET a", ARITY("set")),
        ROW("SET a 3", QUEUED),
        ROW("EXEC",
            "-EXECABORT Transaction discarded because of previous errors."),
        ROW("GET a", "$1\n1"),
        ROW("MULTI", OK),
        ROW("GET", ARITY("get")),
        ROW("DISCARD", OK),
        ROW("EXEC", "-ERR EXEC without MULTI"),
        ROW("MULTI", OK),
        ROW("SET a 4", QUEUED),
        ROW("EXEC", "*1\n+OK"),
        ROW("GET a", "$1\n4"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(multi_and_its_kin_check_where_they_are) {
    static const struct row rows[] = {
        ROW("EXEC", "-ERR EXEC without MULTI"),
        ROW("DISCARD", "-ERR DISCARD without MULTI"),
        ROW("MULTI", OK),
        ROW("MULTI", "-ERR MULTI calls can not be nested"),
        ROW("SET a 1", QUEUED),
        ROW("EXEC", "*1\n+OK"),
        ROW("MULTI", OK),
        ROW("WATCH a", "-ERR WATCH inside MULTI is not allowed"),
        ROW("GET a", QUEUED),
        ROW("EXEC", "*1\n$1\n1"),
        ROW("MULTI", OK),
        ROW("SET a 2", QUEUED),
        ROW("DISCARD", OK),
        ROW("GET a", "$1\n1"),
        ROW("DISCARD", "-ERR DISCARD without MULTI"),
        ROW("MULTI x", ARITY("multi")),
        ROW("DISCARD x", ARITY("discard")),
        ROW("WATCH", ARITY("watch")),
        ROW("UNWATCH x", ARITY("unwatch")),
        ROW("UNWATCH", OK),
    };

    check_rows(rows);
}
END_TEST

START_TEST(select_within_a_transaction) {
    static const struct row rows[] = {
        ROW("MULTI", OK),       ROW("SELECT 2", QUEUED),
        ROW("SET a 2", QUEUED), ROW("EXEC", "*2\n+OK\n+OK"),
        ROW("GET a", "$1\n2"),  ROW("SELECT 0", OK),
        ROW("EXISTS a", ":0"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(hello_and_reset_in_a_transaction) {
    static const struct row rows[] = {
        ROW("MULTI", OK),       ROW("SET a 1", QUEUED),
        ROW("RESET", "+RESET"), ROW("EXEC", "-ERR EXEC without MULTI"),
        ROW("EXISTS a", ":0"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(watch_sees_what_others_change) {
    static const struct row rows[] = {
        ROW("WATCH a", OK),
        ROW("@SET a 1", OK),
        ROW("MULTI", OK),
        ROW("SET a mine", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("GET a", "$1\n1"),
        ROW("WATCH a", OK),
        ROW("MULTI", OK),
        ROW("SET a mine", QUEUED),
        ROW("@SET a 2", OK),
        ROW("EXEC", NIL_ARRAY),
        ROW("GET a", "$1\n2"),
        ROW("WATCH a", OK),
        ROW("MULTI", OK),
        ROW("@SET b 1", OK),
        ROW("SET a 3", QUEUED),
        ROW("EXEC", "*1\n+OK"),
        /* Once only: EXEC, aborted or not, forgets what was watched. */
        ROW("@SET a 4", OK),
        ROW("MULTI", OK),
        ROW("GET a", QUEUED),
        ROW("EXEC", "*1\n$1\n4"),
        ROW("WATCH a", OK),
        ROW("UNWATCH", OK),
        ROW("@SET a 5", OK),
        ROW("MULTI", OK),
        ROW("GET a", QUEUED),
        ROW("EXEC", "*1\n$1\n5"),
        ROW("WATCH a", OK),
        ROW("MULTI", OK),
        ROW("DISCARD", OK),
        ROW("@SET a 6", OK),
        ROW("MULTI", OK),
        ROW("GET a", QUEUED),
        ROW("EXEC", "*1\n$1\n6"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(watch_sees_every_kind_of_change) {
    static const struct row rows[] = {
        ROW("SET a 1", OK),
        ROW("WATCH a", OK),
        ROW("@APPEND a 0", ":2"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH a", OK),
        ROW("@DEL a", ":1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH a", OK),
        ROW("@DEL a", ":0"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", "*1\n+PONG"),
        ROW("WATCH new", OK),
        ROW("@SETNX new 1", ":1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH new", OK),
        ROW("@SETNX new 1", ":0"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", "*1\n+PONG"),
        ROW("WATCH new", OK),
        ROW("@EXPIRE new 100", ":1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH new", OK),
        ROW("@PERSIST new", ":1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH new", OK),
        ROW("@RENAME new moved", OK),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH moved new", OK),
        ROW("@RENAME moved new", OK),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH x new", OK),
        ROW("@COPY new x", ":1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH new", OK),
        ROW("@COPY new y", ":1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", "*1\n+PONG"),
        ROW("WATCH new", OK),
        ROW("@MOVE new 1", ":1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH x", OK),
        ROW("@GETEX x PERSIST", "$1\n1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", "*1\n+PONG"),
        ROW("WATCH x", OK),
        ROW("@GETEX x EX 100", "$1\n1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
        ROW("WATCH x", OK),
        ROW("@GET x", "$1\n1"),
        ROW("@TOUCH x", ":1"),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", "*1\n+PONG"),
        ROW("WATCH x", OK),
        ROW("SET x mine", OK),
        ROW("MULTI", OK),
        ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
    };

    check_rows(rows);
}
END_TEST

START_TEST(watch_sees_flushes) {
    static const struct row rows[] = {
        ROW("SET a 1", OK),  ROW("WATCH a", OK),       ROW("@FLUSHALL", OK),
        ROW("MULTI", OK),    ROW("PING", QUEUED),      ROW("EXEC", NIL_ARRAY),
        ROW("WATCH a", OK),  ROW("@FLUSHALL", OK),     ROW("MULTI", OK),
        ROW("PING", QUEUED), ROW("EXEC", "*1\n+PONG"), ROW("SET a 1", OK),
        ROW("WATCH a", OK),  ROW("@SELECT 1", OK),     ROW("@FLUSHDB", OK),
        ROW("MULTI", OK),    ROW("PING", QUEUED),      ROW("EXEC", "*1\n+PONG"),
        ROW("WATCH a", OK),  ROW("@SELECT 0", OK),     ROW("@FLUSHDB", OK),
        ROW("MULTI", OK),    ROW("PING", QUEUED),      ROW("EXEC", NIL_ARRAY),
    };

    check_rows(rows);
}
END_TEST

START_TEST(watch_keeps_databases_apart) {
    static const struct row rows[] = {
        ROW("WATCH a", OK),     ROW("@SELECT 1", OK), ROW("@SET a 1", OK),
        ROW("MULTI", OK),       ROW("PING", QUEUED),  ROW("EXEC", "*1\n+PONG"),
        ROW("SELECT 1", OK),    ROW("WATCH a", OK),   ROW("SELECT 0", OK),
        ROW("@SET a 2", OK),    ROW("MULTI", OK),     ROW("PING", QUEUED),
        ROW("EXEC", NIL_ARRAY),
    };

    check_rows(rows);
}
END_TEST

/* ---- Long ones, slow ones, cut ones ------------------------------------ */

START_TEST(watch_sees_that_a_key_expired) {
    struct client *c = connected();
    struct token there;
    char expiry[24];
    long ms = 10;

    /* It counts only if the key was still there when WATCH looked, for which a
     * busy machine may need more time. */
    do {
        ms *= 2;
        (void)snprintf(expiry, sizeof expiry, "%ld", ms);
        command(c, "+OK\r\n", "UNWATCH");
        command(c, "+OK\r\n", "SET", "k", "v", "PX", expiry);
        command(c, "+OK\r\n", "WATCH", "k");
        send_text(c, "EXISTS k\r\n");
        CHECKED(client_token(c, &there));
    } while (there.number != 1 && ms < 10000);
    pause_ms(2 * ms);
    expect(c, "MULTI\r\nPING\r\nEXEC\r\n", "+OK\r\n+QUEUED\r\n*-1\r\n");
}
END_TEST

START_TEST(a_transaction_may_be_long) {
    struct client *c = connected();
    struct bytes requests = {0}, replies = {0};

    bytes_addf(&requests, "MULTI\r\n");
    bytes_addf(&replies, "+OK\r\n");
    for (int i = 0; i < 10000; i++) {
        bytes_addf(&requests, "INCR k\r\n");
        bytes_addf(&replies, "+QUEUED\r\n");
    }
    bytes_addf(&requests, "EXEC\r\nGET k\r\n");
    bytes_addf(&replies, "*10000\r\n");
    for (int i = 1; i <= 10000; i++)
        bytes_addf(&replies, ":%d\r\n", i);
    bytes_addf(&replies, "$5\r\n10000\r\n");
    client_patience(c, BULK_SECONDS);
    send_bytes(c, &requests);
    expect_bytes(c, &replies);
    bytes_free(&requests);
    bytes_free(&replies);
}
END_TEST

START_TEST(who_leaves_in_a_transaction_did_nothing) {
    struct client *c = connected();

    expect(c, "WATCH k\r\nMULTI\r\nSET k v\r\n", "+OK\r\n+OK\r\n+QUEUED\r\n");
    client_close(c);
    c = connected();
    expect(c, "MULTI\r\nSET k v\r\nQUIT\r\n", "+OK\r\n+QUEUED\r\n+OK\r\n");
    expect_end(c);
    command(connected(), ":0\r\n", "EXISTS", "k");
}
END_TEST

/* A thousand who watch the same key, and as many keys for one. */
START_TEST(many_may_watch) {
    struct client *one = connected();
    struct bytes request = {0};

    for (int i = 0; i < 200; i++) {
        struct client *c = connected();
        expect(c, "WATCH k k l\r\nMULTI\r\nPING\r\n",
               "+OK\r\n+OK\r\n+QUEUED\r\n");
        if (i % 2) expect(c, "EXEC\r\n", "*1\r\n+PONG\r\n");
        if (i % 2) client_close(c);
    }
    bytes_addf(&request, "WATCH");
    for (int i = 0; i < 1000; i++)
        bytes_addf(&request, " key:%d", i);
    bytes_addf(&request, "\r\n");
    send_bytes(one, &request);
    expect_reply(one, "+OK\r\n");
    command(connected(), "+OK\r\n", "MSET", "k", "1", "key:777", "1");
    expect(one, "MULTI\r\nPING\r\nEXEC\r\n", "+OK\r\n+QUEUED\r\n*-1\r\n");
    bytes_free(&request);
}
END_TEST

START_TEST(a_transaction_is_kept_whole) {
    struct client *c = connected();

    expect(c, "MULTI\r\nSET a 1\r\nINCR a\r\nSELECT 1\r\nSET b 1\r\nEXEC\r\n",
           "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
           "*4\r\n+OK\r\n:2\r\n+OK\r\n+OK\r\n");
    expect(c, "MULTI\r\nSET a never\r\nDISCARD\r\n",
           "+OK\r\n+QUEUED\r\n+OK\r\n");
    expect(c, "MULTI\r\nSET a never\r\n", "+OK\r\n+QUEUED\r\n");
    restart_server(SIGKILL);
    expect(connected(), "GET a\r\nSELECT 1\r\nGET b\r\nDBSIZE\r\n",
           "$1\r\n2\r\n+OK\r\n$1\r\n1\r\n:1\r\n");
}
END_TEST

Suite *part3_transactions_suite(void) {
    Suite *s = suite_create("part 3: transactions");

    add_test(s, exec_runs_what_was_queued, 3, EXTRA);
    add_test(s, others_see_all_of_it_or_nothing, 3, EXTRA);
    add_test(s, an_error_while_it_runs_stops_nothing, 3, EXTRA);
    add_test(s, an_error_while_queueing_aborts_it, 3, EXTRA);
    add_test(s, multi_and_its_kin_check_where_they_are, 3, EXTRA);
    add_test(s, select_within_a_transaction, 3, EXTRA);
    add_test(s, hello_and_reset_in_a_transaction, 3, EXTRA);
    add_test(s, watch_sees_what_others_change, 3, EXTRA);
    add_test(s, watch_sees_every_kind_of_change, 3, EXTRA);
    add_test(s, watch_sees_flushes, 3, EXTRA);
    add_test(s, watch_keeps_databases_apart, 3, EXTRA);
    add_test(s, watch_sees_that_a_key_expired, 3, EXTRA);
    add_test(s, a_transaction_may_be_long, 3, EXTRA);
    add_test(s, who_leaves_in_a_transaction_did_nothing, 3, EXTRA);
    add_test(s, many_may_watch, 3, EXTRA);
    add_test(s, a_transaction_is_kept_whole, 3, EXTRA);
    return s;
}
