/* part1.c -- what part 1 asks for: a server that many clients use at once, and
 * inline commands: words on a line, as a person types them. What is told of a
 * client that never reads, and of a server out of descriptors, is in museum.c.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define UNBALANCED "-ERR Protocol error: unbalanced quotes in request\r\n"
#define UNKNOWN    "-ERR unknown command 'NOSUCH', with args beginning with: "

/* ---- Lines and words --------------------------------------------------- */

START_TEST(ping_answers_pong) {
    struct client *c = connected();

    expect(c, "PING\r\n", "+PONG\r\n");
    expect(c, "PING\r\n", "+PONG\r\n");
}
END_TEST

START_TEST(a_line_feed_alone_ends_a_line) {
    struct client *c = connected();

    expect(c, "PING\n", "+PONG\r\n");
    expect(c, "ECHO hello\nPING\r\nPING\n",
           "$5\r\nhello\r\n+PONG\r\n+PONG\r\n");
}
END_TEST

START_TEST(ping_with_an_argument_answers_it) {
    struct client *c = connected();

    expect(c, "PING hello\r\n", "$5\r\nhello\r\n");
}
END_TEST

START_TEST(echo_answers_its_argument) {
    struct client *c = connected();

    expect(c, "ECHO hello\r\n", "$5\r\nhello\r\n");
    expect(c, "ECHO x\r\n", "$1\r\nx\r\n");
}
END_TEST

START_TEST(command_names_are_in_any_case) {
    struct client *c = connected();

    expect(c, "ping\r\n", "+PONG\r\n");
    expect(c, "PiNg\r\n", "+PONG\r\n");
    expect(c, "echo Hello\r\n", "$5\r\nHello\r\n");
}
END_TEST

START_TEST(blanks_around_words_do_not_count) {
    struct client *c = connected();

    expect(c, " \t PING \t \r\n", "+PONG\r\n");
    expect(c, "ECHO \t  a  \r\n", "$1\r\na\r\n");
}
END_TEST

START_TEST(empty_lines_are_ignored) {
    struct client *c = connected();

    expect(c, "\r\n\n   \r\n\t\n\r\nPING\r\n", "+PONG\r\n");
    send_text(c, "\r\n\n   \r\n");
    expect_nothing(c);
}
END_TEST

START_TEST(double_quotes_keep_blanks_and_know_escapes) {
    struct client *c = connected();

    expect(c, "ECHO \"a b\"\r\n", "$3\r\na b\r\n");
    expect(c, "ECHO \"\\x41\\n\\\"\"\r\n", "$3\r\nA\n\"\r\n");
    expect(c, "ECHO \"\\r\\n\\t\\a\\b\\\\\"\r\n", "$6\r\n\r\n\t\a\b\\\r\n");
    expect(c, "ECHO \"\\q\\xzz\"\r\n", "$4\r\nqxzz\r\n");
    expect(c, "ECHO \"it's\"\r\n", "$4\r\nit's\r\n");
    expect(c, "ECHO \"\"\r\n", "$0\r\n\r\n");
}
END_TEST

START_TEST(single_quotes_know_one_escape) {
    struct client *c = connected();

    expect(c, "ECHO 'a b'\r\n", "$3\r\na b\r\n");
    expect(c, "ECHO 'it\\'s'\r\n", "$4\r\nit's\r\n");
    expect(c, "ECHO '\\x41\\n'\r\n", "$6\r\n\\x41\\n\r\n");
    expect(c, "ECHO 'a\"b'\r\n", "$3\r\na\"b\r\n");
    expect(c, "ECHO ''\r\n", "$0\r\n\r\n");
}
END_TEST

START_TEST(nul_and_high_bytes_pass_in_quotes) {
    struct client *c = connected();

    expect(c, "ECHO \"\\x00\\xff\\x0d\\x0a\"\r\n", "$4\r\n\0\xff\r\n\r\n");
    expect(c, "ECHO \"a\\x00b\"\r\n", "$3\r\na\0b\r\n");
}
END_TEST

START_TEST(high_bytes_pass_as_they_are) {
    struct client *c = connected();

    expect(c, "ECHO \xc3\xa4\xff\x80\r\n", "$4\r\n\xc3\xa4\xff\x80\r\n");
}
END_TEST

START_TEST(unbalanced_quotes_are_an_error_that_closes) {
    expect_then_end("ECHO \"a\r\nPING\r\n", UNBALANCED);
    expect_then_end("ECHO 'a\r\nPING\r\n", UNBALANCED);
    expect_then_end("ECHO \"a\\\"\r\nPING\r\n", UNBALANCED);
    expect_then_end("ECHO 'it''s'\r\nPING\r\n", UNBALANCED);
    expect_then_end("ECHO \"a\"b\r\nPING\r\n", UNBALANCED);
    expect_then_end("\"\r\n", UNBALANCED);
}
END_TEST

/* ---- Errors ------------------------------------------------------------ */

START_TEST(an_unknown_command_is_an_error_that_names_it) {
    struct client *c = connected();

    expect(c, "NOSUCH\r\n", UNKNOWN "\r\n");
    expect(c, "NOSUCH a b\r\n", UNKNOWN "'a' 'b' \r\n");
    expect(c, "nosuch \"a b\"\r\n",
           "-ERR unknown command 'nosuch', with args beginning with: "
           "'a b' \r\n");
    expect(c, "\"\"\r\n",
           "-ERR unknown command '', with args beginning with: \r\n");
    expect(c, "PING\r\n", "+PONG\r\n");
}
END_TEST

/* An error is one line: a client's bytes must not end it early. */
START_TEST(an_error_stays_one_line) {
    struct client *c = connected();

    expect(c, "NOSUCH \"a\\r\\n+OK\\r\\n\"\r\n", UNKNOWN "'a  +OK  ' \r\n");
    expect(c, "\"X\\n:1\"\r\n",
           "-ERR unknown command 'X :1', with args beginning with: \r\n");
    expect(c, "PING\r\n", "+PONG\r\n");
}
END_TEST

#define A20  "aaaaaaaaaaaaaaaaaaaa"
#define A60  A20 A20 A20
#define A64  A60 "aaaa"
#define A128 A64 A64

START_TEST(an_unknown_name_and_its_arguments_are_shortened) {
    struct client *c = connected();

    expect(c, A128 "bcd\r\n",
           "-ERR unknown command '" A128 "', with args beginning with: \r\n");
    expect(c, "NOSUCH " A128 "b c\r\n", UNKNOWN "'" A128 "' \r\n");
    /* 67 bytes are taken by the first, so 61 of the second are left. */
    expect(c, "NOSUCH " A64 " x" A64 "\r\n",
           UNKNOWN "'" A64 "' 'x" A60 "' \r\n");
}
END_TEST

START_TEST(a_wrong_number_of_arguments_is_an_error) {
    struct client *c = connected();

    expect(c, "ECHO\r\n",
           "-ERR wrong number of arguments for 'echo' command\r\n");
    expect(c, "ECHO a b\r\n",
           "-ERR wrong number of arguments for 'echo' command\r\n");
    expect(c, "Ping a b\r\n",
           "-ERR wrong number of arguments for 'ping' command\r\n");
    expect(c, "PING\r\n", "+PONG\r\n");
}
END_TEST

START_TEST(quit_says_ok_and_closes) {
    expect_then_end("QUIT\r\n", "+OK\r\n");
    expect_then_end("quit\r\n", "+OK\r\n");
}
END_TEST

START_TEST(nothing_after_quit_is_executed) {
    expect_then_end("PING\r\nQUIT\r\nPING\r\nECHO a\r\n", "+PONG\r\n+OK\r\n");
}
END_TEST

/* ---- Long lines -------------------------------------------------------- */

/* "ECHO aaa...", 'len' bytes with 'end'. */
static void long_line(struct bytes *line, size_t len, const char *end) {
    bytes_add(line, "ECHO ", 5);
    while (line->len + strlen(end) < len)
        bytes_add(line, "a", 1);
    bytes_add(line, end, strlen(end));
}

START_TEST(a_line_of_64_kib_is_taken) {
    struct client *c = connected();
    struct bytes line = {0}, reply = {0};

    long_line(&line, 64 * KIB, "\r\n");
    bytes_add_bulk(&reply, line.data + 5, line.len - 7);
    send_bytes(c, &line);
    expect_bytes(c, &reply);
    bytes_free(&line);
    bytes_free(&reply);
}
END_TEST

START_TEST(a_longer_line_is_an_error_that_closes) {
    struct client *c = connected();
    struct bytes line = {0};

    long_line(&line, 64 * KIB + 64, "");
    send_bytes(c, &line);
    expect_reply(c, "-ERR Protocol error: too big inline request\r\n");
    expect_end(c);
    bytes_free(&line);
}
END_TEST

/* ---- A stream has no borders ------------------------------------------- */

static const char stream[] =
    "PING\r\nECHO \"a b\"\r\n\r\nPING hello\nNOSUCH\r\n"
    "echo 'x'\r\nPING\r\n";
static const char replies[] = "+PONG\r\n$3\r\na b\r\n$5\r\nhello\r\n" UNKNOWN
                              "\r\n$1\r\nx\r\n+PONG\r\n";

START_TEST(commands_of_one_write_are_answered_in_order) {
    struct client *c = connected();

    CHECKED(client_send(c, stream, sizeof stream - 1));
    CHECKED(client_expect(c, replies, sizeof replies - 1));
    expect_nothing(c);
}
END_TEST

START_TEST(every_cut_into_two_writes_gives_the_same_replies) {
    CHECKED(
        every_split(stream, sizeof stream - 1, replies, sizeof replies - 1));
}
END_TEST

START_TEST(single_bytes_give_the_same_replies) {
    CHECKED(
        byte_by_byte(stream, sizeof stream - 1, replies, sizeof replies - 1));
}
END_TEST

/* ---- Ends of connections ----------------------------------------------- */

START_TEST(a_half_closed_client_gets_all_its_replies) {
    struct client *c = connected();

    send_text(c, "PING\r\nECHO a\r\nPING\r\n");
    client_half_close(c);
    expect_reply(c, "+PONG\r\n$1\r\na\r\n+PONG\r\n");
    expect_end(c);
}
END_TEST

START_TEST(a_half_closed_client_gets_megabytes_of_replies) {
    struct client *c = connected();
    struct bytes requests = {0}, answers = {0};
    static char block[8 * KIB];

    memset(block, 'b', sizeof block);
    for (int i = 0; i < 512; i++) {
        bytes_add(&requests, "ECHO ", 5);
        bytes_add(&requests, block, sizeof block);
        bytes_add(&requests, "\r\n", 2);
        bytes_add_bulk(&answers, block, sizeof block);
    }
    send_bytes(c, &requests);
    client_half_close(c);
    expect_bytes(c, &answers);
    expect_end(c);
    bytes_free(&requests);
    bytes_free(&answers);
}
END_TEST

START_TEST(half_a_command_and_the_end_is_no_command) {
    struct client *c = connected();

    send_text(c, "PING\r\nECHO a");
    client_half_close(c);
    expect_reply(c, "+PONG\r\n");
    expect_end(c);
}
END_TEST

START_TEST(others_go_on_when_a_client_vanishes) {
    struct client *other = connected();

    for (int i = 0; i < 50; i++) {
        struct client *c = connected();
        expect(c, "PING\r\n", "+PONG\r\n");
        send_text(c, "PING\r\nECHO hal");
        client_reset(c);
        expect(other, "PING\r\n", "+PONG\r\n");
    }
    expect_nothing(connected());
}
END_TEST

/* ---- Many clients ------------------------------------------------------ */

#define MANY 200

START_TEST(many_clients_interleaved_get_each_their_own) {
    struct client *c[MANY];
    char text[64], reply[64];

    for (int i = 0; i < MANY; i++)
        c[i] = connected();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++)
            send_text(c[i], "ECHO \"client ");
        for (int i = MANY - 1; i >= 0; i--) {
            (void)snprintf(text, sizeof text, "%03d\"\r\n", i);
            CHECKED(client_send(c[i], text, strlen(text)));
        }
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(reply, sizeof reply, "$10\r\nclient %03d\r\n", i);
            CHECKED(client_expect(c[i], reply, strlen(reply)));
        }
    }
}
END_TEST

/* The server inherits this limit. */
static void allow_open_files(rlim_t wanted) {
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted || setrlimit(RLIMIT_NOFILE, &limit) == -1) {
        ck_abort_msg("this test needs %lu open files, and the hard limit is "
                     "%lu. Raise it for this shell (as root: ulimit -Hn %lu), "
                     "or leave the test out. The server was not tested",
                     (unsigned long)wanted, (unsigned long)limit.rlim_max,
                     (unsigned long)wanted);
    }
}

#define CROWD 5000
#define BATCH 250 /* connections that wait to be accepted at a time */

START_TEST(five_thousand_connections_at_once_are_served) {
    static struct client *c[CROWD];
    double start;

    allow_open_files(CROWD + 200);
    start_server("", "");
    start = now();
    for (int i = 0; i < CROWD; i++) {
        c[i] = connected();
        client_note(c[i], "connection %d of %d", i + 1, CROWD);
        /* Answered: so it has been accepted, and those before it too. */
        if (i % BATCH == BATCH - 1) expect(c[i], "PING\r\n", "+PONG\r\n");
    }
    for (int i = 0; i < CROWD; i++)
        send_text(c[i], "PING\r\n");
    for (int i = 0; i < CROWD; i++)
        expect_reply(c[i], "+PONG\r\n");
    ck_assert_msg(now() - start < 5, "took %.1f s: more than 5", now() - start);
    for (int i = 0; i < CROWD; i++)
        client_reset(c[i]);
    expect_nothing(connected());
}
END_TEST

/* Connect until one is served: the server may still have to notice that
 * somebody left. */
static struct client *served_client(void) {
    double deadline = now() + REPLY_SECONDS;

    while (now() < deadline) {
        struct client *c = connected();
        if (client_ping(c, 200)) return c;
        client_close(c);
        pause_ms(5);
    }
    ck_abort_msg("no new client is served within %d s", REPLY_SECONDS);
}

START_TEST(one_client_more_than_maxclients_is_refused) {
    struct client *c[5], *sixth;

    start_server("", "--maxclients 5");
    for (int i = 0; i < 5; i++)
        c[i] = served_client();
    sixth = connected();
    client_note(sixth, "the sixth client, after a start with --maxclients 5");
    expect_reply(sixth, "-ERR max number of clients reached\r\n");
    expect_end(sixth);
    for (int i = 0; i < 5; i++)
        expect(c[i], "PING\r\n", "+PONG\r\n");

    client_close(c[2]);
    (void)served_client();
}
END_TEST

START_TEST(sigterm_ends_the_server_with_status_0) {
    struct client *busy = connected();

    for (int i = 0; i < 10; i++)
        expect(connected(), "PING\r\n", "+PONG\r\n");
    send_text(busy, "ECHO hal");
    CHECKED(server_stop_cleanly());
}
END_TEST

/* ---- Part 1 alone ------------------------------------------------------ */

/* Better no answer than a wrong one: a client that speaks RESP is told, and
 * what it sent is not mistaken for lines. */
START_TEST(resp_arrays_are_refused) {
    struct client *c = connected();

    expect(c, "PING\r\n", "+PONG\r\n");
    send_text(c, "*1\r\n$4\r\nPING\r\n");
    expect_any_error(c);
    expect_end(c);
}
END_TEST

Suite *part1_suite(void) {
    Suite *s = suite_create("part 1: server");

    add_test(s, ping_answers_pong, 1, 0);
    add_test(s, a_line_feed_alone_ends_a_line, 1, 0);
    add_test(s, ping_with_an_argument_answers_it, 1, 0);
    add_test(s, echo_answers_its_argument, 1, 0);
    add_test(s, command_names_are_in_any_case, 1, 0);
    add_test(s, blanks_around_words_do_not_count, 1, 0);
    add_test(s, empty_lines_are_ignored, 1, 0);
    add_test(s, double_quotes_keep_blanks_and_know_escapes, 1, 0);
    add_test(s, single_quotes_know_one_escape, 1, 0);
    add_test(s, nul_and_high_bytes_pass_in_quotes, 1, 0);
    add_test(s, high_bytes_pass_as_they_are, 1, 0);
    add_test(s, unbalanced_quotes_are_an_error_that_closes, 1, 0);
    add_test(s, an_unknown_command_is_an_error_that_names_it, 1, 0);
    add_test(s, an_error_stays_one_line, 1, 0);
    add_test(s, an_unknown_name_and_its_arguments_are_shortened, 1, 0);
    add_test(s, a_wrong_number_of_arguments_is_an_error, 1, 0);
    add_test(s, quit_says_ok_and_closes, 1, 0);
    add_test(s, nothing_after_quit_is_executed, 1, 0);
    add_test(s, a_line_of_64_kib_is_taken, 1, 0);
    add_test(s, a_longer_line_is_an_error_that_closes, 1, 0);
    add_test(s, commands_of_one_write_are_answered_in_order, 1, 0);
    add_test(s, every_cut_into_two_writes_gives_the_same_replies, 1, 0);
    add_test(s, single_bytes_give_the_same_replies, 1, 0);
    add_test(s, a_half_closed_client_gets_all_its_replies, 1, 0);
    add_test(s, a_half_closed_client_gets_megabytes_of_replies, 1, OURS);
    add_test(s, half_a_command_and_the_end_is_no_command, 1, 0);
    add_test(s, others_go_on_when_a_client_vanishes, 1, 0);
    add_test(s, many_clients_interleaved_get_each_their_own, 1, 0);
    add_test(s, five_thousand_connections_at_once_are_served, 1, BARE);
    add_test(s, one_client_more_than_maxclients_is_refused, 1, BARE);
    add_test(s, sigterm_ends_the_server_with_status_0, 1, 0);
    add_test(s, resp_arrays_are_refused, 1, ONLY_HERE);
    return s;
}
