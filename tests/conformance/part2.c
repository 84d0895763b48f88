/* part2.c -- what part 2 asks for: requests as arrays of bulk strings, framed
 * by counts and lengths that a stranger chose. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PING  "*1\r\n$4\r\nPING\r\n"
#define ERROR "-ERR Protocol error: "

/* ---- Arrays of bulk strings -------------------------------------------- */

START_TEST(ping_as_an_array) {
    struct client *c = connected();

    expect(c, PING, "+PONG\r\n");
    expect(c, "*2\r\n$4\r\nPING\r\n$5\r\nhello\r\n", "$5\r\nhello\r\n");
    expect(c, "*2\r\n$4\r\necho\r\n$0\r\n\r\n", "$0\r\n\r\n");
}
END_TEST

static void all_bytes(char bytes[256]) {
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
}

static void echo_request(struct bytes *b, const void *data, size_t len) {
    bytes_addf(b, "*2\r\n$4\r\nECHO\r\n");
    bytes_add_bulk(b, data, len);
}

START_TEST(arguments_may_hold_any_byte) {
    struct client *c = connected();
    struct bytes echo = {0}, ping = {0}, reply = {0};
    char bytes[256];

    all_bytes(bytes);
    echo_request(&echo, bytes, sizeof bytes);
    bytes_addf(&ping, "*2\r\n$4\r\nPING\r\n");
    bytes_add_bulk(&ping, bytes, sizeof bytes);
    bytes_add_bulk(&reply, bytes, sizeof bytes);
    send_bytes(c, &echo);
    expect_bytes(c, &reply);
    send_bytes(c, &ping);
    expect_bytes(c, &reply);
    bytes_free(&echo);
    bytes_free(&ping);
    bytes_free(&reply);
}
END_TEST

START_TEST(an_argument_that_looks_like_a_request_is_data) {
    struct client *c = connected();

    expect(c, "*2\r\n$4\r\nECHO\r\n$14\r\n" PING "\r\n", "$14\r\n" PING "\r\n");
    expect(c, "*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n", "$2\r\n\r\n\r\n");
    expect_nothing(c);
}
END_TEST

START_TEST(errors_of_commands_keep_the_connection) {
    struct client *c = connected();

    expect(c, "*3\r\n$6\r\nNOSUCH\r\n$1\r\na\r\n$3\r\nb c\r\n",
           "-ERR unknown command 'NOSUCH', with args beginning with: "
           "'a' 'b c' \r\n");
    expect(c, "*1\r\n$0\r\n\r\n",
           "-ERR unknown command '', with args beginning with: \r\n");
    expect(c, "*1\r\n$4\r\nECHO\r\n",
           "-ERR wrong number of arguments for 'echo' command\r\n");
    expect(c, PING, "+PONG\r\n");
}
END_TEST

START_TEST(empty_requests_are_ignored) {
    struct client *c = connected();

    expect(c, "*0\r\n" PING, "+PONG\r\n");
    expect(c, "*-1\r\n" PING, "+PONG\r\n");
    expect(c, "\r\n" PING "\r\n\r\n" PING "\n" PING,
           "+PONG\r\n+PONG\r\n+PONG\r\n");
    expect(c, "*0\r\n*-1\r\n\r\n*0\r\n" PING, "+PONG\r\n");
    send_text(c, "*0\r\n*-1\r\n\r\n");
    expect_nothing(c);
}
END_TEST

START_TEST(quit_as_an_array) {
    expect_then_end("*1\r\n$4\r\nQUIT\r\n" PING, "+OK\r\n");
}
END_TEST

/* ---- A stream has no borders ------------------------------------------- */

static void pipeline(struct client *c, int requests) {
    struct bytes in = {0}, out = {0};

    for (int i = 0; i < requests; i++) {
        char word[32];
        int len = snprintf(word, sizeof word, "request %d", i);
        if (i % 2 == 0) {
            bytes_addf(&in, PING);
            bytes_addf(&out, "+PONG\r\n");
        } else {
            echo_request(&in, word, (size_t)len);
            bytes_add_bulk(&out, word, (size_t)len);
        }
    }
    send_bytes(c, &in);
    expect_bytes(c, &out);
    expect_nothing(c);
    bytes_free(&in);
    bytes_free(&out);
}

START_TEST(pipelines_of_any_length_are_answered_in_order) {
    struct client *c = connected();

    pipeline(c, 1);
    pipeline(c, 10);
    pipeline(c, 10000);
}
END_TEST

static const char stream[] = PING
    "*2\r\n$4\r\nECHO\r\n$5\r\na\r\nb\0\r\nPING inline\r\n*0\r\n\r\n"
    "*2\r\n$6\r\nNOSUCH\r\n$1\r\n*\r\n*2\r\n$4\r\nping\r\n$0\r\n\r\n"
    "ECHO \"a b\"\n" PING;
static const char replies[] =
    "+PONG\r\n$5\r\na\r\nb\0\r\n$6\r\ninline\r\n"
    "-ERR unknown command 'NOSUCH', with args beginning with: '*' \r\n"
    "$0\r\n\r\n$3\r\na b\r\n+PONG\r\n";

START_TEST(arrays_and_lines_may_be_mixed) {
    struct client *c = connected();

    CHECKED(client_send(c, stream, sizeof stream - 1));
    CHECKED(client_expect(c, replies, sizeof replies - 1));
    expect_nothing(c);
}
END_TEST

START_TEST(every_cut_of_arrays_gives_the_same_replies) {
    CHECKED(
        every_split(stream, sizeof stream - 1, replies, sizeof replies - 1));
}
END_TEST

START_TEST(arrays_in_single_bytes_give_the_same_replies) {
    CHECKED(
        byte_by_byte(stream, sizeof stream - 1, replies, sizeof replies - 1));
}
END_TEST

START_TEST(half_a_request_and_the_end_is_no_request) {
    struct client *c = connected();

    send_text(c, PING "*2\r\n$4\r\nECHO\r\n$5\r\nhel");
    client_half_close(c);
    expect_reply(c, "+PONG\r\n");
    expect_end(c);
}
END_TEST

/* Whoever looks at all bytes again whenever some have come, needs hours. */
START_TEST(a_bulk_of_100_megabytes_takes_linear_time) {
    struct client *c = connected();
    const size_t size = 100 * 1000 * 1000, piece = 16 * KIB;
    struct bytes request = {0};
    size_t header, sent = 0;

    client_patience(c, BULK_SECONDS);
    bytes_addf(&request, "*2\r\n$4\r\nECHO\r\n");
    header = request.len;
    bytes_addf(&request, "$%zu\r\n", size);
    bytes_add_random(&request, size, 1);
    bytes_addf(&request, "\r\n");
    while (sent < request.len) {
        size_t left = request.len - sent, n = left < piece ? left : piece;
        CHECKED(client_send(c, request.data + sent, n));
        sent += n;
    }
    /* The reply is what follows the header of the request. */
    CHECKED(client_expect(c, request.data + header, request.len - header));
    expect_nothing(c);
    bytes_free(&request);
}
END_TEST

/* ---- Requests that are none: an error, and the end --------------------- */

START_TEST(a_bad_count_is_an_error_that_closes) {
    expect_then_end("*x\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*1x\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*-x\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*2147483648\r\n" PING,
                    ERROR "invalid multibulk length\r\n");
    expect_then_end("*9223372036854775807\r\n" PING,
                    ERROR "invalid multibulk length\r\n");
    expect_then_end("*9999999999999999999\r\n" PING,
                    ERROR "invalid multibulk length\r\n");
}
END_TEST

/* A number is written in one way: what one reader takes for 1 and the next for
 * an error is how requests get smuggled. */
START_TEST(a_count_is_written_in_one_way) {
    expect_then_end("*01\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*+1\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("* 1\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*1 \r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*-0\r\n" PING, ERROR "invalid multibulk length\r\n");
}
END_TEST

/* Redis had this limit until 6.2. */
START_TEST(more_than_a_million_arguments_are_an_error) {
    struct client *c = connected();

    expect_then_end("*1048577\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*1000000000\r\n" PING,
                    ERROR "invalid multibulk length\r\n");
    send_text(c, "*1048576\r\n");
    ck_assert_msg(!client_readable(c, 50), "1,048,576 arguments are allowed");
}
END_TEST

#define BAD_BULK(length)                                                       \
    expect_then_end("*1\r\n$" length "\r\n" PING,                              \
                    ERROR "invalid bulk length\r\n")

START_TEST(a_bad_length_is_an_error_that_closes) {
    BAD_BULK("-1");
    BAD_BULK("-5");
    BAD_BULK("x");
    BAD_BULK("4x");
    BAD_BULK("");
    BAD_BULK("536870913");
    BAD_BULK("4294967300");
    BAD_BULK("9223372036854775807");
    BAD_BULK("9999999999999999999");
    BAD_BULK("18446744073709551620");
}
END_TEST

START_TEST(a_length_is_written_in_one_way) {
    BAD_BULK("04");
    BAD_BULK("+4");
    BAD_BULK(" 4");
    BAD_BULK("4 ");
    BAD_BULK("-0");
}
END_TEST

START_TEST(the_longest_bulk_may_be_announced) {
    struct client *c = connected();

    send_text(c, "*1\r\n$536870912\r\n");
    ck_assert_msg(!client_readable(c, 50), "512 MiB are allowed");
    expect(connected(), PING, "+PONG\r\n");
}
END_TEST

START_TEST(only_bulk_strings_may_be_arguments) {
    expect_then_end("*1\r\nPING\r\n" PING, ERROR "expected '$', got 'P'\r\n");
    expect_then_end("*1\r\n+PING\r\n" PING, ERROR "expected '$', got '+'\r\n");
    expect_then_end("*1\r\n:5\r\n" PING, ERROR "expected '$', got ':'\r\n");
    expect_then_end("*1\r\n-x\r\n" PING, ERROR "expected '$', got '-'\r\n");
    expect_then_end("*1\r\n_\r\n" PING, ERROR "expected '$', got '_'\r\n");
    expect_then_end("*1\r\n*1\r\n" PING, ERROR "expected '$', got '*'\r\n");
    expect_then_end("*1\r\n\r\n" PING, ERROR "expected '$', got ' '\r\n");
}
END_TEST

static void expect_line_too_long(const char *begin, const char *reply,
                                 size_t len) {
    struct client *c = connected();
    struct bytes line = {0};

    bytes_addf(&line, "%s", begin);
    for (int i = 0; i < 64 * KIB + 2; i++)
        bytes_add(&line, "1", 1);
    send_bytes(c, &line);
    CHECKED(client_expect(c, reply, len));
    expect_end(c);
    bytes_free(&line);
}

START_TEST(a_number_of_64_kib_is_an_error_that_closes) {
    static const char count[] = ERROR "too big mbulk count string\r\n";
    static const char length[] = ERROR "too big bulk count string\r\n";

    expect_line_too_long("*", count, sizeof count - 1);
    expect_line_too_long("*1\r\n$", length, sizeof length - 1);
}
END_TEST

START_TEST(good_requests_before_a_bad_one_are_answered) {
    expect_then_end(PING PING "*1\r\n$x\r\n" PING,
                    "+PONG\r\n+PONG\r\n" ERROR "invalid bulk length\r\n");
}
END_TEST

/* Redis takes whatever two bytes follow. */
START_TEST(a_bulk_ends_with_cr_lf) {
    struct client *c = connected();

    send_text(c, "*1\r\n$4\r\nPINGxx" PING);
    CHECKED(client_expect_error(c, "ERR Protocol error"));
    expect_end(c);

    c = connected();
    send_text(c, "*2\r\n$4\r\nECHO\r\n$1\r\nab\r\n" PING);
    CHECKED(client_expect_error(c, "ERR Protocol error"));
    expect_end(c);
}
END_TEST

/* ---- HELLO ------------------------------------------------------------- */

static bool is(const struct token *t, const char *text) {
    return t->len == strlen(text) && memcmp(t->text, text, t->len) == 0;
}

static const char *const hello_keys[] = {"server", "version", "proto",  "id",
                                         "mode",   "role",    "modules"};

/* The value of one key: "proto" and "id" are numbers. */
static void expect_hello_value(struct client *c, const char *key, int proto) {
    struct token t;

    if (strcmp(key, "modules") == 0) {
        char type;
        CHECKED(client_skip_reply(c, &type));
        ck_assert_msg(type == '*', "HELLO: modules should be an array");
        return;
    }
    CHECKED(client_token(c, &t));
    if (strcmp(key, "proto") == 0) {
        ck_assert_msg(t.type == ':' && t.number == proto,
                      "HELLO: proto should be :%d", proto);
    } else if (strcmp(key, "id") == 0) {
        ck_assert_msg(t.type == ':' && t.number > 0,
                      "HELLO: id should be a positive integer");
    } else {
        ck_assert_msg(t.type == '$' && t.len > 0,
                      "HELLO: %s should be a bulk string", key);
    }
}

/* The keys in any order, each once. */
static void expect_hello_reply(struct client *c, int proto) {
    bool seen[7] = {false};
    struct token t;

    CHECKED(client_token(c, &t));
    ck_assert_msg(t.type == (proto == 3 ? '%' : '*') &&
                      t.number == (proto == 3 ? 7 : 14),
                  "HELLO should answer %s, and answers %c%lld",
                  proto == 3 ? "%7" : "*14", t.type, t.number);
    for (int pair = 0; pair < 7; pair++) {
        int key = 0;
        CHECKED(client_token(c, &t));
        ck_assert_msg(t.type == '$', "HELLO: a key should be a bulk string");
        while (key < 7 && (seen[key] || !is(&t, hello_keys[key])))
            key++;
        ck_assert_msg(key < 7, "HELLO: key %.*s: not known, or twice",
                      (int)t.len, t.text);
        seen[key] = true;
        expect_hello_value(c, hello_keys[key], proto);
    }
}

START_TEST(hello_tells_what_the_server_is) {
    struct client *c = connected();

    send_text(c, "HELLO\r\n");
    expect_hello_reply(c, 2);
    send_text(c, "*2\r\n$5\r\nhello\r\n$1\r\n3\r\n");
    expect_hello_reply(c, 3);
    send_text(c, "HELLO\r\n");
    expect_hello_reply(c, 3);
    send_text(c, "HELLO 2\r\n");
    expect_hello_reply(c, 2);
    expect_nothing(c);
}
END_TEST

START_TEST(null_is_written_as_the_client_asked) {
    struct client *c = connected();

    expect(c, "CLIENT GETNAME\r\n", "$-1\r\n");
    send_text(c, "HELLO 3\r\n");
    expect_hello_reply(c, 3);
    expect(c, "CLIENT GETNAME\r\n", "_\r\n");
    expect(connected(), "CLIENT GETNAME\r\n", "$-1\r\n");
    send_text(c, "HELLO 2\r\n");
    expect_hello_reply(c, 2);
    expect(c, "CLIENT GETNAME\r\n", "$-1\r\n");
}
END_TEST

START_TEST(hello_refuses_what_it_does_not_know) {
    struct client *c = connected();

    expect(c, "HELLO 4\r\n", "-NOPROTO unsupported protocol version\r\n");
    expect(c, "HELLO 1\r\n", "-NOPROTO unsupported protocol version\r\n");
    expect(c, "HELLO x\r\n",
           "-ERR Protocol version is not an integer or out of range\r\n");
    expect(c, "HELLO 99999999999999999999\r\n",
           "-ERR Protocol version is not an integer or out of range\r\n");
    expect(c, "HELLO 3 FOO\r\n", "-ERR Syntax error in HELLO option 'FOO'\r\n");
    expect(c, "HELLO 3 SETNAME\r\n",
           "-ERR Syntax error in HELLO option 'SETNAME'\r\n");
    /* None of these has changed the protocol. */
    expect(c, "CLIENT GETNAME\r\n", "$-1\r\n");
}
END_TEST

START_TEST(hello_may_set_the_name) {
    struct client *c = connected();

    send_text(c, "HELLO 3 SETNAME worker-1\r\n");
    expect_hello_reply(c, 3);
    expect(c, "CLIENT GETNAME\r\n", "$8\r\nworker-1\r\n");
    send_text(c, "HELLO 2 setname other\r\n");
    expect_hello_reply(c, 2);
    expect(c, "CLIENT GETNAME\r\n", "$5\r\nother\r\n");
    expect(c, "HELLO 3 SETNAME \"a b\"\r\n",
           "-ERR Client names cannot contain spaces, newlines or special "
           "characters.\r\n");
    expect(c, "CLIENT GETNAME\r\n", "$5\r\nother\r\n");
}
END_TEST

/* ---- CLIENT, COMMAND --------------------------------------------------- */

static long long client_id(struct client *c) {
    struct token t;

    send_text(c, "CLIENT ID\r\n");
    CHECKED(client_token(c, &t));
    ck_assert_msg(t.type == ':' && t.number > 0,
                  "CLIENT ID should answer a positive integer");
    return t.number;
}

START_TEST(client_id_is_a_number_that_grows) {
    struct client *a = connected();
    long long id = client_id(a);
    struct client *b = connected();

    ck_assert_msg(client_id(b) > id, "a later client should have a larger id");
    ck_assert_msg(client_id(a) == id, "the id of a client should stay");
}
END_TEST

START_TEST(client_names_can_be_set_and_taken_back) {
    struct client *c = connected(), *other = connected();

    expect(c, "CLIENT SETNAME worker\r\n", "+OK\r\n");
    expect(c, "client getname\r\n", "$6\r\nworker\r\n");
    expect(other, "CLIENT GETNAME\r\n", "$-1\r\n");
    expect(c, "CLIENT SETNAME \"!~\"\r\n", "+OK\r\n");
    expect(c, "CLIENT GETNAME\r\n", "$2\r\n!~\r\n");
    expect(c, "CLIENT SETNAME \"\"\r\n", "+OK\r\n");
    expect(c, "CLIENT GETNAME\r\n", "$-1\r\n");
}
END_TEST

#define BAD_NAME                                                               \
    "-ERR Client names cannot contain spaces, newlines or special "            \
    "characters.\r\n"

START_TEST(client_names_have_no_blanks) {
    struct client *c = connected();

    expect(c, "CLIENT SETNAME \"a b\"\r\n", BAD_NAME);
    expect(c, "CLIENT SETNAME \"a\\n\"\r\n", BAD_NAME);
    expect(c, "CLIENT SETNAME \"a\\x00b\"\r\n", BAD_NAME);
    expect(c, "CLIENT SETNAME \"a\\xff\"\r\n", BAD_NAME);
    expect(c, "CLIENT GETNAME\r\n", "$-1\r\n");
}
END_TEST

START_TEST(client_refuses_what_it_does_not_know) {
    struct client *c = connected();

    expect(c, "CLIENT NOSUCH\r\n",
           "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.\r\n");
    expect(c, "CLIENT\r\n",
           "-ERR wrong number of arguments for 'client' command\r\n");
    expect(c, "CLIENT SETNAME\r\n",
           "-ERR wrong number of arguments for 'client|setname' command\r\n");
    expect(c, "CLIENT getname x\r\n",
           "-ERR wrong number of arguments for 'client|getname' command\r\n");
    expect(c, "CLIENT ID x\r\n",
           "-ERR wrong number of arguments for 'client|id' command\r\n");
}
END_TEST

/* Redis has it from 7.2 on. */
START_TEST(client_setinfo_answers_ok) {
    struct client *c = connected();

    expect(c, "CLIENT SETINFO LIB-NAME test\r\n", "+OK\r\n");
    expect(c, "CLIENT SETINFO lib-ver 1.0\r\n", "+OK\r\n");
}
END_TEST

START_TEST(command_answers_something_that_clients_take) {
    struct client *c = connected();
    struct token t;
    char type;

    send_text(c, "COMMAND COUNT\r\n");
    CHECKED(client_token(c, &t));
    ck_assert_msg(t.type == ':', "COMMAND COUNT should answer an integer");

    send_text(c, "COMMAND\r\n");
    CHECKED(client_skip_reply(c, &type));
    ck_assert_msg(type == '*', "COMMAND should answer an array");

    send_text(c, "COMMAND DOCS\r\n");
    CHECKED(client_skip_reply(c, &type));
    ck_assert_msg(type == '*' || type == '%',
                  "COMMAND DOCS should answer an array or a map");
    expect_nothing(c);
}
END_TEST

/* What a widespread client for Node.js sends in one go after it connected. Of
 * these a server may know only the first: then errors come, in their place. */
START_TEST(a_handshake_burst_is_answered_in_order) {
    struct client *c = connected();
    char type;

    send_text(c,
              "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"
              "*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$7\r\nLIB-VER\r\n"
              "$5\r\n6.3.1\r\n"
              "*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n"
              "$10\r\nnode-redis\r\n"
              "*5\r\n$6\r\nCLIENT\r\n$19\r\nMAINT_NOTIFICATIONS\r\n$2\r\nON\r\n"
              "$20\r\nmoving-endpoint-type\r\n$11\r\nexternal-ip\r\n" PING);
    expect_hello_reply(c, 3);
    for (int i = 0; i < 2; i++) {
        CHECKED(client_skip_reply(c, &type));
        ck_assert_msg(type == '+' || type == '-',
                      "CLIENT SETINFO should answer +OK or an error");
    }
    expect_reply(c, "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT "
                    "HELP.\r\n+PONG\r\n");
    expect_nothing(c);
}
END_TEST

Suite *part2_suite(void) {
    Suite *s = suite_create("part 2: RESP");

    add_test(s, ping_as_an_array, 2, 0);
    add_test(s, arguments_may_hold_any_byte, 2, 0);
    add_test(s, an_argument_that_looks_like_a_request_is_data, 2, 0);
    add_test(s, errors_of_commands_keep_the_connection, 2, 0);
    add_test(s, empty_requests_are_ignored, 2, 0);
    add_test(s, quit_as_an_array, 2, 0);
    add_test(s, pipelines_of_any_length_are_answered_in_order, 2, 0);
    add_test(s, arrays_and_lines_may_be_mixed, 2, 0);
    add_test(s, every_cut_of_arrays_gives_the_same_replies, 2, 0);
    add_test(s, arrays_in_single_bytes_give_the_same_replies, 2, 0);
    add_test(s, half_a_request_and_the_end_is_no_request, 2, 0);
    add_test(s, a_bulk_of_100_megabytes_takes_linear_time, 2, 0);
    add_test(s, a_bad_count_is_an_error_that_closes, 2, 0);
    add_test(s, a_count_is_written_in_one_way, 2, 0);
    add_test(s, more_than_a_million_arguments_are_an_error, 2, OURS);
    add_test(s, a_bad_length_is_an_error_that_closes, 2, 0);
    add_test(s, a_length_is_written_in_one_way, 2, 0);
    add_test(s, the_longest_bulk_may_be_announced, 2, 0);
    add_test(s, only_bulk_strings_may_be_arguments, 2, 0);
    add_test(s, a_number_of_64_kib_is_an_error_that_closes, 2, 0);
    add_test(s, good_requests_before_a_bad_one_are_answered, 2, 0);
    add_test(s, a_bulk_ends_with_cr_lf, 2, OURS);
    add_test(s, hello_tells_what_the_server_is, 2, 0);
    add_test(s, null_is_written_as_the_client_asked, 2, 0);
    add_test(s, hello_refuses_what_it_does_not_know, 2, 0);
    add_test(s, hello_may_set_the_name, 2, 0);
    add_test(s, client_id_is_a_number_that_grows, 2, 0);
    add_test(s, client_names_can_be_set_and_taken_back, 2, 0);
    add_test(s, client_names_have_no_blanks, 2, 0);
    add_test(s, client_refuses_what_it_does_not_know, 2, 0);
    add_test(s, client_setinfo_answers_ok, 2, OURS);
    add_test(s, command_answers_something_that_clients_take, 2, 0);
    add_test(s, a_handshake_burst_is_answered_in_order, 2, 0);
    return s;
}
