/* part3_connection.c -- what a client says about itself and its connection: who
 * it is, which protocol it speaks, the password. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

/* ---- Databases --------------------------------------------------------- */

START_TEST(select_has_16_databases) {
    static const struct row rows[] = {
        ROW("SELECT 0", OK),
        ROW("SELECT 15", OK),
        ROW("SET k 15", OK),
        ROW("SELECT 0", OK),
        ROW("EXISTS k", ":0"),
        ROW("SELECT 15", OK),
        ROW("EXISTS k", ":1"),
        ROW("SELECT 16", "-ERR DB index is out of range"),
        ROW("SELECT -1", "-ERR DB index is out of range"),
        ROW("SELECT x", NO_INTEGER),
        ROW("SELECT ''", NO_INTEGER),
        ROW("SELECT 1.0", NO_INTEGER),
        ROW("SELECT 99999999999999999999", NO_INTEGER),
        ROW("GET k", "$2\n15"),
        ROW("SELECT", ARITY("select")),
        ROW("SELECT 1 2", ARITY("select")),
        ROW("@EXISTS k", ":0"),
        ROW("@SELECT 15", OK),
        ROW("@GET k", "$2\n15"),
    };

    check_rows(rows);
}
END_TEST

/* ---- Greetings --------------------------------------------------------- */

START_TEST(auth_without_a_password_is_a_mistake) {
    static const struct row rows[] = {
        ROW("AUTH x",
            "-ERR AUTH <password> called without any password configured for "
            "the default user. Are you sure your configuration is correct?"),
        ROW("AUTH default x", OK),
        ROW("AUTH nobody x",
            "-WRONGPASS invalid username-password pair or user is disabled."),
        ROW("AUTH", ARITY("auth")),
        ROW("AUTH a b c", SYNTAX),
        ROW("PING", "+PONG"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(hello_refuses_what_it_does_not_know) {
    static const struct row rows[] = {
        ROW("HELLO 1", "-NOPROTO unsupported protocol version"),
        ROW("HELLO 4", "-NOPROTO unsupported protocol version"),
        ROW("HELLO x",
            "-ERR Protocol version is not an integer or out of range"),
        ROW("HELLO 99999999999999999999",
            "-ERR Protocol version is not an integer or out of range"),
        ROW("HELLO 3 NOSUCH", "-ERR Syntax error in HELLO option 'NOSUCH'"),
        ROW("HELLO 3 SETNAME", "-ERR Syntax error in HELLO option 'SETNAME'"),
        ROW("HELLO 3 SETNAME 'a b'", "-ERR Client names cannot contain spaces, "
                                     "newlines or special characters."),
        ROW("HELLO 3 AUTH default", "-ERR Syntax error in HELLO option 'AUTH'"),
        ROW("HELLO 3 AUTH nobody x",
            "-WRONGPASS invalid username-password pair or user is disabled."),
        ROW("HELLO 2 SETNAME 'a b' AUTH",
            "-ERR Client names cannot contain spaces, newlines or special "
            "characters."),
        ROW("CLIENT GETNAME", NIL),
        ROW("PING", "+PONG"),
    };

    check_rows(rows);
}
END_TEST

START_TEST(reset_begins_anew) {
    static const struct row rows[] = {
        ROW("SELECT 3", OK),
        ROW("CLIENT SETNAME me", OK),
        ROW("MULTI", OK),
        ROW("RESET", "+RESET"),
        ROW("PING", "+PONG"),
        ROW("RESET x", ARITY("reset")),
        ROW("EXEC", "-ERR EXEC without MULTI"),
    };

    check_rows(rows);
}
END_TEST

/* ---- CLIENT ------------------------------------------------------------ */

START_TEST(client_names_are_one_word) {
    static const struct row rows[] = {
        ROW("CLIENT GETNAME", NIL),
        ROW("CLIENT SETNAME me", OK),
        ROW("CLIENT GETNAME", "$2\nme"),
        ROW("CLIENT setname 'a b'", "-ERR Client names cannot contain spaces, "
                                    "newlines or special characters."),
        ROW("CLIENT SETNAME \"a\\n\"",
            "-ERR Client names cannot contain spaces, newlines or special "
            "characters."),
        ROW("CLIENT SETNAME \"\\xff\"",
            "-ERR Client names cannot contain spaces, newlines or special "
            "characters."),
        ROW("CLIENT GETNAME", "$2\nme"),
        ROW("CLIENT SETNAME ''", OK),
        ROW("CLIENT GETNAME", NIL),
        ROW("@CLIENT SETNAME other", OK),
        ROW("CLIENT GETNAME", NIL),
        ROW("@CLIENT GETNAME", "$5\nother"),
        ROW("CLIENT SETNAME", ARITY("client|setname")),
        ROW("CLIENT GETNAME x", ARITY("client|getname")),
        ROW("CLIENT", ARITY("client")),
        ROW("CLIENT NOSUCH",
            "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP."),
        ROW("CLIENT ID x", ARITY("client|id")),
        ROW("CLIENT ID", ":1..1000000"),
        ROW("CLIENT NO-EVICT on", OK),
        ROW("CLIENT NO-EVICT OFF", OK),
        ROW("CLIENT NO-EVICT x", SYNTAX),
        ROW("CLIENT NO-EVICT", ARITY("client|no-evict")),
        ROW("CLIENT INFO x", ARITY("client|info")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(client_kill_and_list_refuse_what_they_do_not_know) {
    static const struct row rows[] = {
        ROW("CLIENT KILL", ARITY("client|kill")),
        ROW("CLIENT KILL 1.2.3.4:5", "-ERR No such client"),
        ROW("CLIENT KILL ID x", "-ERR client-id should be greater than 0"),
        ROW("CLIENT KILL ID 0", "-ERR client-id should be greater than 0"),
        ROW("CLIENT KILL ID 999999", ":0"),
        ROW("CLIENT KILL ADDR 1.2.3.4:5", ":0"),
        ROW("CLIENT KILL LADDR 1.2.3.4:5", ":0"),
        ROW("CLIENT KILL TYPE nosuch", "-ERR Unknown client type 'nosuch'"),
        ROW("CLIENT KILL TYPE replica", ":0"),
        ROW("CLIENT KILL TYPE pubsub", ":0"),
        ROW("CLIENT KILL USER nobody", "-ERR No such user 'nobody'"),
        ROW("CLIENT KILL NOSUCH 1", SYNTAX),
        ROW("CLIENT KILL ID 999999 SKIPME no", ":0"),
        ROW("CLIENT KILL ID 999999 SKIPME x", SYNTAX),
        ROW("CLIENT KILL ID 999999 TYPE", SYNTAX),
        ROW("CLIENT LIST TYPE nosuch", "-ERR Unknown client type 'nosuch'"),
        ROW("CLIENT LIST ID x", "-ERR Invalid client ID"),
        ROW("CLIENT LIST ID", SYNTAX),
        ROW("CLIENT LIST NOSUCH", SYNTAX),
        ROW("PING", "+PONG"),
    };

    check_rows(rows);
}
END_TEST

/* ---- Small talk -------------------------------------------------------- */

START_TEST(ping_echo_and_errors) {
    static const struct row rows[] = {
        ROW("PING", "+PONG"),
        ROW("PING hello", "$5\nhello"),
        ROW("PING ''", "$0\n"),
        ROW("PING a b", ARITY("ping")),
        ROW("ECHO ''", "$0\n"),
        ROW("ECHO", ARITY("echo")),
        ROW("echo a b", ARITY("echo")),
        ROW("NOSUCH",
            "-ERR unknown command 'NOSUCH', with args beginning with: "),
        ROW("nosuch a 'b c'", "-ERR unknown command 'nosuch', with args "
                              "beginning with: 'a' 'b c' "),
        ROW("\"a\\r\\nb\" x",
            "-ERR unknown command 'a  b', with args beginning with: 'x' "),
    };

    check_rows(rows);
}
END_TEST

/* ---- Which protocol, which database, who ------------------------------- */

/* HELLO's reply: each of these fields, once. */
static void expect_hello_fields(struct client *c, char type, int proto) {
    static const char *const names[] = {"server", "version", "proto",  "id",
                                        "mode",   "role",    "modules"};
    struct token token;
    int fields;

    CHECKED(client_token(c, &token));
    ck_assert_int_eq(token.type, type);
    fields = (int)token.number / (type == '*' ? 2 : 1);
    ck_assert_int_eq(fields, 7);
    for (int i = 0; i < fields; i++) {
        CHECKED(client_token(c, &token));
        ck_assert_msg(token.len == strlen(names[i]) &&
                          memcmp(token.text, names[i], token.len) == 0,
                      "field %d of HELLO should be %s", i + 1, names[i]);
        CHECKED(client_token(c, &token));
        if (strcmp(names[i], "proto") == 0) {
            ck_assert_int_eq(token.number, proto);
        }
    }
}

START_TEST(hello_tells_about_the_server_in_its_protocol) {
    struct client *c = connected();

    send_text(c, "HELLO\r\n");
    expect_hello_fields(c, '*', 2);
    send_text(c, "HELLO 3 SETNAME me\r\n");
    expect_hello_fields(c, '%', 3);
    command(c, "$2\r\nme\r\n", "CLIENT", "GETNAME");
    command(c, "_\r\n", "GET", "none");
    send_text(c, "hello\r\n");
    expect_hello_fields(c, '%', 3);
    send_text(c, "HELLO 2\r\n");
    expect_hello_fields(c, '*', 2);
    command(c, "$-1\r\n", "GET", "none");
}
END_TEST

START_TEST(reset_goes_back_to_resp2_and_database_0) {
    struct client *c = connected(), *other = connected();

    send_text(c, "HELLO 3 SETNAME me\r\n");
    expect_hello_fields(c, '%', 3);
    expect(c, "SELECT 3\r\nSET k 3\r\nWATCH k\r\nMULTI\r\nGET k\r\nRESET\r\n",
           "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n+RESET\r\n");
    expect(c, "GET k\r\nCLIENT GETNAME\r\nEXEC\r\n",
           "$-1\r\n$-1\r\n-ERR EXEC without MULTI\r\n");
    expect(other, "SELECT 3\r\nSET k 4\r\n", "+OK\r\n+OK\r\n");
    expect(c, "MULTI\r\nPING\r\nEXEC\r\n", "+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
}
END_TEST

/* What one client asks for, as a string: a bulk or verbatim one. */
static const char *ask_text(struct client *c, const char *request) {
    static char text[64 * KIB];
    struct token token;

    CHECKED(client_send(c, request, strlen(request)));
    CHECKED(client_token(c, &token));
    ck_assert_msg(token.type == '$' || token.type == '=',
                  "the reply should be a string and begins with %c",
                  token.type);
    ck_assert_msg(token.number >= 0 && token.len < sizeof text,
                  "the string is null or too long");
    memcpy(text, token.text, token.len);
    text[token.len] = '\0';
    return text;
}

static int count_lines(const char *text) {
    int lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static long long client_id(struct client *c) {
    struct token token;

    send_text(c, "CLIENT ID\r\n");
    CHECKED(client_token(c, &token));
    ck_assert_int_eq(token.type, ':');
    return token.number;
}

START_TEST(client_list_has_a_line_for_each) {
    static const char *const fields[] = {"id=",
                                         " addr=127.0.0.1:",
                                         " laddr=127.0.0.1:",
                                         " fd=",
                                         " age=",
                                         " idle=",
                                         " flags=N",
                                         " db=3",
                                         " sub=0",
                                         " psub=0",
                                         " multi=-1",
                                         " qbuf=",
                                         " obl=",
                                         " oll=",
                                         " omem=",
                                         " tot-mem=",
                                         " events=r",
                                         " cmd=client|info",
                                         " user=default",
                                         " resp=2"};
    struct client *a = connected(), *b = connected();
    const char *text;
    char id[40];

    expect(a, "CLIENT SETNAME one\r\nSELECT 3\r\n", "+OK\r\n+OK\r\n");
    expect(b, "CLIENT SETNAME two\r\n", "+OK\r\n");
    text = ask_text(a, "CLIENT LIST\r\n");
    ck_assert_int_eq(count_lines(text), 2);
    ck_assert_msg(strstr(text, " name=one ") != NULL, "%s", text);
    ck_assert_msg(strstr(text, " name=two ") != NULL, "%s", text);
    text = ask_text(a, "CLIENT INFO\r\n");
    ck_assert_int_eq(count_lines(text), 1);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        ck_assert_msg(strstr(text, fields[i]) != NULL, "no '%s' in %s",
                      fields[i], text);
    }
    (void)snprintf(id, sizeof id, "CLIENT LIST ID %lld\r\n", client_id(b));
    text = ask_text(a, id);
    ck_assert_int_eq(count_lines(text), 1);
    ck_assert_msg(strstr(text, " name=two ") != NULL, "%s", text);
    ck_assert_str_eq(ask_text(a, "CLIENT LIST ID 999999\r\n"), "");
    ck_assert_str_eq(ask_text(a, "CLIENT LIST TYPE pubsub\r\n"), "");
    ck_assert_int_eq(count_lines(ask_text(a, "CLIENT LIST TYPE normal\r\n")),
                     2);
    send_text(a, "HELLO 3\r\n");
    expect_hello_fields(a, '%', 3);
    ck_assert_msg(strncmp(ask_text(a, "CLIENT LIST\r\n"), "txt:id=", 7) == 0,
                  "in RESP3 it is a verbatim string");
}
END_TEST

START_TEST(client_kill_ends_whom_it_means) {
    struct client *a = connected(), *b = connected(), *d = connected();
    char request[200];
    const char *address;
    int len;

    ck_assert_int_gt(client_id(b), client_id(a));
    len = snprintf(request, sizeof request, "CLIENT KILL ID %lld\r\n",
                   client_id(b));
    CHECKED(client_send(a, request, (size_t)len));
    expect_reply(a, ":1\r\n");
    expect_end(b);
    expect(a, "CLIENT KILL TYPE normal\r\n", ":1\r\n");
    expect_end(d);
    /* Oneself, but not by default; and the answer still comes. */
    address = strstr(ask_text(a, "CLIENT INFO\r\n"), "addr=");
    ck_assert_ptr_nonnull(address);
    len = snprintf(request, sizeof request, "CLIENT KILL ADDR %.*s\r\n",
                   (int)strcspn(address + 5, " "), address + 5);
    CHECKED(client_send(a, request, (size_t)len));
    expect_reply(a, ":0\r\n");
    len = snprintf(request, sizeof request, "CLIENT KILL ID %lld SKIPME no\r\n",
                   client_id(a));
    CHECKED(client_send(a, request, (size_t)len));
    expect_reply(a, ":1\r\n");
    expect_end(a);
}
END_TEST

/* What node-redis sends at once: whatever is refused, the rest is answered, in
 * its order. */
START_TEST(a_handshake_with_errors_goes_on) {
    struct client *c = connected();

    expect(c,
           "CLIENT SETNAME n\r\nSELECT 2\r\nCLIENT NOSUCH a b\r\n"
           "NOSUCH a b\r\nGET\r\nPING\r\n",
           "+OK\r\n+OK\r\n"
           "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.\r\n"
           "-ERR unknown command 'NOSUCH', with args beginning with: "
           "'a' 'b' \r\n"
           "-ERR wrong number of arguments for 'get' command\r\n+PONG\r\n");
}
END_TEST

START_TEST(client_setinfo_is_understood) {
    struct client *c = connected();
    const char *text;

    expect(c, "CLIENT SETINFO LIB-NAME me\r\nclient setinfo lib-ver 1.2\r\n",
           "+OK\r\n+OK\r\n");
    text = ask_text(c, "CLIENT INFO\r\n");
    ck_assert_msg(strstr(text, "lib-name=me lib-ver=1.2") != NULL, "%s", text);
    expect(c, "client setinfo lib-name 'a b'\r\nCLIENT SETINFO NOSUCH x\r\n",
           "-ERR lib-name cannot contain spaces, newlines or special "
           "characters.\r\n-ERR Unrecognized option 'NOSUCH'\r\n");
}
END_TEST

/* ---- The password ------------------------------------------------------ */

#define NOAUTH "-NOAUTH Authentication required.\r\n"
#define WRONGPASS                                                              \
    "-WRONGPASS invalid username-password pair or user is disabled.\r\n"

START_TEST(without_the_password_nothing_is_done) {
    struct client *c;

    start_server("", "--requirepass secret");
    c = connected();
    expect(c, "PING\r\nGET k\r\nSET k v\r\nMULTI\r\nCLIENT ID\r\nINFO\r\n",
           NOAUTH NOAUTH NOAUTH NOAUTH NOAUTH NOAUTH);
    expect(c, "AUTH wrong\r\nAUTH default wrong\r\nAUTH nobody secret\r\n",
           WRONGPASS WRONGPASS WRONGPASS);
    expect(c, "AUTH secre\r\nAUTH secrets\r\nAUTH ''\r\n",
           WRONGPASS WRONGPASS WRONGPASS);
    expect(c, "HELLO 3\r\n",
           "-NOAUTH HELLO must be called with the client already "
           "authenticated, otherwise the HELLO AUTH <user> <pass> "
           "option can be used to authenticate the client and select the "
           "RESP protocol version at the same time\r\n");
    expect(c, "HELLO 3 AUTH default wrong\r\nPING\r\n", WRONGPASS NOAUTH);
    expect(c, "AUTH secret\r\nDBSIZE\r\n", "+OK\r\n:0\r\n");
    expect(c, "RESET\r\nPING\r\n", "+RESET\r\n" NOAUTH);
    expect(c, "AUTH default secret\r\nPING\r\nAUTH wrong\r\nPING\r\n",
           "+OK\r\n+PONG\r\n" WRONGPASS "+PONG\r\n");
    c = connected();
    send_text(c, "HELLO 3 AUTH default secret SETNAME me\r\n");
    expect_hello_fields(c, '%', 3);
    expect(c, "CLIENT GETNAME\r\nGET none\r\n", "$2\r\nme\r\n_\r\n");
    expect_then_end("QUIT\r\n", "+OK\r\n");
}
END_TEST

START_TEST(the_password_can_be_changed) {
    struct client *c = connected(), *other;

    expect(c, "CONFIG SET requirepass secret\r\nPING\r\n", "+OK\r\n+PONG\r\n");
    other = connected();
    expect(other, "PING\r\nAUTH secret\r\nPING\r\n", NOAUTH "+OK\r\n+PONG\r\n");
    expect(c, "CONFIG SET requirepass ''\r\n", "+OK\r\n");
    expect(connected(), "PING\r\n", "+PONG\r\n");
}
END_TEST

/* Strangers can not make the server keep much for them (CVE-2021-32675). */
START_TEST(strangers_are_kept_short) {
    struct client *c;

    start_server("", "--requirepass secret");
    expect_then_end("*11\r\n", "-ERR Protocol error: unauthenticated "
                               "multibulk length\r\n");
    expect_then_end("*2\r\n$4\r\nAUTH\r\n$16385\r\n",
                    "-ERR Protocol error: unauthenticated bulk length\r\n");
    c = connected();
    expect(c, "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*11\r\n$4\r\nMGET\r\n",
           "+OK\r\n");
    for (int i = 0; i < 10; i++)
        send_text(c, "$1\r\na\r\n");
    expect_reply(c, "*10\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n"
                    "$-1\r\n$-1\r\n$-1\r\n");
}
END_TEST

/* A page in a browser can send a form to us: what follows its first lines must
 * not be done. */
START_TEST(a_browser_is_not_listened_to) {
    struct client *c = connected();

    send_text(c, "POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k v\r\n");
    expect_end(c);
    c = connected();
    send_text(c, "hOsT: localhost\r\nSET k v\r\n");
    expect_end(c);
    command(connected(), ":0\r\n", "EXISTS", "k");
    expect(connected(), "GET / HTTP/1.1\r\n",
           "-ERR wrong number of arguments for 'get' command\r\n");
}
END_TEST

Suite *part3_connection_suite(void) {
    Suite *s = suite_create("part 3: connection");

    add_test(s, select_has_16_databases, 3, EXTRA);
    add_test(s, auth_without_a_password_is_a_mistake, 3, EXTRA);
    add_test(s, hello_refuses_what_it_does_not_know, 3, EXTRA);
    add_test(s, reset_begins_anew, 3, EXTRA);
    add_test(s, client_names_are_one_word, 3, EXTRA);
    add_test(s, client_kill_and_list_refuse_what_they_do_not_know, 3, EXTRA);
    add_test(s, ping_echo_and_errors, 3, EXTRA);
    add_test(s, hello_tells_about_the_server_in_its_protocol, 3, EXTRA);
    add_test(s, reset_goes_back_to_resp2_and_database_0, 3, EXTRA);
    add_test(s, client_list_has_a_line_for_each, 3, EXTRA);
    add_test(s, client_kill_ends_whom_it_means, 3, EXTRA);
    add_test(s, a_handshake_with_errors_goes_on, 3, EXTRA);
    add_test(s, client_setinfo_is_understood, 3, EXTRA | OURS);
    add_test(s, without_the_password_nothing_is_done, 3, EXTRA | BARE);
    add_test(s, the_password_can_be_changed, 3, EXTRA);
    add_test(s, strangers_are_kept_short, 3, EXTRA | BARE);
    add_test(s, a_browser_is_not_listened_to, 3, EXTRA);
    return s;
}
