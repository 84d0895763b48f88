/* test_command_client.c -- AUTH, HELLO, RESET, SELECT and CLIENT as part 3 has
 * them: with a server that has passwords, databases and other clients. */
#include "server_talk.h"
#include "suites.h"

#define WRONGPASS                                                              \
    "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
#define NOAUTH "-NOAUTH Authentication required.\r\n"
#define NOAUTH_HELLO                                                           \
    "-NOAUTH HELLO must be called with the client already authenticated, "     \
    "otherwise the HELLO AUTH <user> <pass> option can be used to "            \
    "authenticate the client and select the RESP protocol version at the "     \
    "same time\r\n"
#define BAD_NAME                                                               \
    "-ERR Client names cannot contain spaces, newlines or special "            \
    "characters.\r\n"
#define WELCOME                                                                \
    "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n"                                    \
    "$7\r\nversion\r\n$6\r\n" REDIS_COMPATIBLE_VERSION "\r\n"                  \
    "$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:1\r\n"                                  \
    "$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"        \
    "$7\r\nmodules\r\n*0\r\n"

/* ---- Passwords ---------------------------------------------------------- */

/* As redis-server 7.0.15 answered them, one after the other. */
START_TEST(who_has_not_said_the_password_may_say_it_and_nothing_else) {
    static const struct step steps[] = {
        {"PING", NOAUTH},
        {"HELLO", NOAUTH_HELLO},
        {"HELLO 3", NOAUTH_HELLO},
        {"HELLO 3 SETNAME x", NOAUTH_HELLO},
        {"HELLO 3 FOO", "-ERR Syntax error in HELLO option 'FOO'\r\n"},
        {"HELLO 4", "-NOPROTO unsupported protocol version\r\n"},
        {"HELLO 3 AUTH default bad", WRONGPASS},
        {"HELLO 3 SETNAME y AUTH default bad", WRONGPASS},
        {"HELLO 3 AUTH default bad AUTH default pw", WRONGPASS},
        {"AUTH", WRONG("auth")},
        {"AUTH bad", WRONGPASS},
        {"AUTH alice pw", WRONGPASS},
        {"AUTH Default pw", WRONGPASS},
        {"AUTH pw x y", SYNTAX},
        {"CLIENT GETNAME", NOAUTH},
        {"AUTH pw", OK},
        {"CLIENT GETNAME", "$1\r\ny\r\n"},
        {"AUTH bad", WRONGPASS},
        {"PING", "+PONG\r\n"},
        {"RESET", "+RESET\r\n"},
        {"PING", NOAUTH},
        {"AUTH default pw", OK},
        {"RESET", "+RESET\r\n"},
        {"HELLO 3 AUTH default pw FOO",
         "-ERR Syntax error in HELLO option 'FOO'\r\n"},
        {"PING", "+PONG\r\n"},
        {"RESET", "+RESET\r\n"},
        {"HELLO 2 SETNAME z\x7f", BAD_NAME},
        {"HELLO 3 SETNAME n1 AUTH default pw SETNAME n2", WELCOME},
        {"CLIENT GETNAME", "$2\r\nn2\r\n"},
    };
    struct talk talk;

    talk_open(&talk, "password", "requirepass pw");
    take_steps(&talk, steps, COUNT_OF(steps));
    talk_close(&talk);
}
END_TEST

START_TEST(only_the_whole_password_is_right) {
    static const char password[] = "correct horse";
    struct talk talk;
    size_t len, bit;

    talk_open(&talk, "whole", "");
    ck_assert(
        answer_has(&talk, "CONFIG SET requirepass \"correct horse\"", OK));
    for (len = 0; len < sizeof password; len++) {
        char words[100];

        snprintf(words, sizeof words, "AUTH \"%.*s\"", (int)len, password);
        ck_assert(answer_has(&talk, words,
                             len == sizeof password - 1 ? OK : WRONGPASS));
    }
    ck_assert(answer_has(&talk, "AUTH \"correct horse \"", WRONGPASS));
    ck_assert(answer_has(&talk, "AUTH \"correct horse\\x00\"", WRONGPASS));
    for (bit = 0; bit < 8 * (sizeof password - 1); bit++) {
        char words[100];
        size_t size = (size_t)snprintf(words, sizeof words, "AUTH \"");
        size_t i;

        for (i = 0; i < sizeof password - 1; i++) {
            unsigned byte = (unsigned char)password[i] ^
                            (i == bit / 8 ? 1u << bit % 8 : 0);

            size += (size_t)snprintf(words + size, sizeof words - size,
                                     "\\x%02x", byte);
        }
        snprintf(words + size, sizeof words - size, "\"");
        check_that(answer_has(&talk, words, WRONGPASS), "%s", words);
    }
    talk_close(&talk);
}
END_TEST

START_TEST(without_a_password_the_default_user_may_say_any) {
    static const struct step steps[] = {
        {"AUTH default x", OK},
        {"AUTH foo x", WRONGPASS},
        {"AUTH x",
         "-ERR AUTH <password> called without any password configured for the "
         "default user. Are you sure your configuration is correct?\r\n"},
    };
    struct talk talk;

    talk_open(&talk, "any", "");
    take_steps(&talk, steps, COUNT_OF(steps));
    talk_close(&talk);
}
END_TEST

/* ---- SELECT, RESET ------------------------------------------------------ */

#define NO_DATABASE "-ERR DB index is out of range\r\n"
#define NO_NUMBER   "-ERR value is not an integer or out of range\r\n"
#define NO_INT                                                                 \
    "-ERR value is out of range, value must between -2147483648 and "          \
    "2147483647\r\n"

START_TEST(each_database_has_its_own_keys) {
    static const struct step steps[] = {
        {"SET k zero", OK},
        {"SELECT 3", OK},
        {"GET k", "$-1\r\n"},
        {"SET k three", OK},
        {"SELECT 4", NO_DATABASE},
        {"SELECT -1", NO_DATABASE},
        {"SELECT x", NO_NUMBER},
        {"SELECT \"\"", NO_NUMBER},
        {"SELECT 2147483648", NO_INT},
        {"SELECT -2147483649", NO_INT},
        {"SELECT 2147483647", NO_DATABASE},
        {"SELECT 9223372036854775808", NO_NUMBER},
        {"SELECT", WRONG("select")},
        {"SELECT 0 1", WRONG("select")},
        {"GET k", "$5\r\nthree\r\n"},
        {"SELECT 0", OK},
        {"GET k", "$4\r\nzero\r\n"},
        {"MULTI", OK},
        {"SELECT 3", "+QUEUED\r\n"},
        {"GET k", "+QUEUED\r\n"},
        {"EXEC", "*2\r\n" OK "$5\r\nthree\r\n"},
        {"GET k", "$5\r\nthree\r\n"},
    };
    struct talk talk;

    talk_open(&talk, "databases", "databases 4");
    take_steps(&talk, steps, COUNT_OF(steps));
    talk_close(&talk);
}
END_TEST

START_TEST(a_log_may_select_any_database) {
    struct store *store = store_new();
    struct slice words[] = {BYTES("SELECT"), BYTES("65535")};

    ck_assert_ptr_null(command_replay(store, words, 2));
    ck_assert_uint_eq(store_selected(store), 65535);
    words[1] = BYTES("65536");
    ck_assert_ptr_nonnull(command_replay(store, words, 2));
    store_free(store);
}
END_TEST

START_TEST(reset_leaves_all_that_was_entered) {
    struct talk talk;

    talk_open(&talk, "reset", "");
    ask(&talk, "HELLO 3 SETNAME me");
    ask(&talk, "SELECT 2");
    ask(&talk, "WATCH k");
    ask(&talk, "SET k 1");
    ask(&talk, "MULTI");
    assert_bytes(ask(&talk, "RESET"), BYTES("+RESET\r\n"));
    assert_bytes(ask(&talk, "EXEC"), BYTES("-ERR EXEC without MULTI\r\n"));
    assert_bytes(ask(&talk, "CLIENT GETNAME"), BYTES("$-1\r\n"));
    ck_assert(
        answer_has(&talk, "CLIENT INFO", " name= age=0 idle=0 flags=N db=0 "));
    ck_assert(answer_has(&talk, "CLIENT INFO", " resp=2 "));
    ask(&talk, "MULTI"); /* nothing is watched any more */
    assert_bytes(ask(&talk, "EXEC"), BYTES("*0\r\n"));
    ask(&talk, "MONITOR");
    assert_bytes(ask(&talk, "RESET"), BYTES("+RESET\r\n"));
    assert_bytes(ask(&talk, "PING"), BYTES("+PONG\r\n"));
    assert_bytes(ask(&talk, "PING"), BYTES("+PONG\r\n"));
    talk_close(&talk);
}
END_TEST

/* ---- CLIENT LIST, INFO --------------------------------------------------- */

/* The port of the peer's own end. */
static int own_port(const struct peer *peer) {
    struct sockaddr_in at = {0};
    socklen_t size = sizeof at;

    getsockname(peer->fd, (struct sockaddr *)&at, &size);
    return ntohs(at.sin_port);
}

START_TEST(a_line_has_the_fields_of_redis_in_its_order) {
    struct talk talk;
    char want[500];
    char line[500];
    struct slice reply;
    const char *memory;
    int fd, len;

    talk_open(&talk, "line", "");
    ask(&talk, "CLIENT SETNAME me");
    ask(&talk, "CLIENT SETINFO LIB-NAME \"my-lib\"");
    ask(&talk, "CLIENT SETINFO lib-ver 1.2");
    ask(&talk, "SELECT 3");
    reply = ask(&talk, "CLIENT INFO");
    snprintf(line, sizeof line, "%.*s", (int)reply.len, reply.data);
    ck_assert_int_eq(sscanf(strstr(line, " fd="), " fd=%d", &fd), 1);
    memory = strstr(line, "tot-mem=");
    ck_assert_ptr_nonnull(memory);
    len = snprintf(want, sizeof want,
                   "id=1 addr=127.0.0.1:%d laddr=127.0.0.1:%d fd=%d name=me "
                   "age=0 idle=0 flags=N db=3 sub=0 psub=0 ssub=0 multi=-1 "
                   "qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 "
                   "obl=0 oll=0 omem=0 tot-mem=%d events=r cmd=client|info "
                   "user=default redir=-1 resp=2 lib-name=my-lib "
                   "lib-ver=1.2\n\r\n",
                   own_port(&talk.peer), server_port(talk.site.server), fd,
                   atoi(memory + 8));
    ck_assert_str_eq(strchr(line, '\n') + 1, want);
    ck_assert_int_eq(atoi(line + 1), len - 2);

    ask(&talk, "HELLO 3");
    reply = ask(&talk, "CLIENT LIST");
    snprintf(line, sizeof line, "=%d\r\ntxt:id=1 addr=", len - 2 + 4);
    ck_assert_int_eq(memcmp(reply.data, line, strlen(line)), 0);
    talk_close(&talk);
}
END_TEST

START_TEST(flags_and_last_command_tell_what_a_client_is_at) {
    static const struct {
        const char *words, *want;
    } table[] = {
        {"PING", " flags=N "},
        {"PING", " cmd=ping "},
        {"NOSUCH", " cmd=NULL "},
        {"GET", " cmd=get "},
        {"CONFIG GET x", " cmd=config|get "},
        {"CLIENT NO-EVICT on", " flags=e "},
        {"CLIENT NO-EVICT OFF", " flags=N "},
        {"MULTI", " flags=x "},
        {"PING", " multi=1 "},
        {"PING", " cmd=ping "},
        {"EXEC", " flags=N "},
        {"PING", " multi=-1 "},
        {"WATCH k", " flags=N "},
        {"SET k v", " flags=d "},
        {"UNWATCH", " flags=N "},
        {"CLIENT SETINFO lib-name x", " lib-name=x "},
        {"CLIENT SETINFO lib-name \"\"", " lib-name= "},
        {"MONITOR", " flags=O "},
    };
    struct talk talk;
    struct talk other = {0};
    size_t i;

    talk_open(&talk, "flags", "");
    peer_open(&other.peer, talk.site.server);
    other.site = talk.site;
    for (i = 0; i < COUNT_OF(table); i++) {
        ask(&talk, table[i].words);
        check_that(answer_has(&other, "CLIENT LIST ID 1", table[i].want),
                   "%s: no \"%s\" in %s", table[i].words, table[i].want,
                   shown(buf_slice(&other.peer.heard)));
    }
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

/* ---- CLIENT KILL ----------------------------------------------------------
 */

/* In the words, P is the port of the other client, S the server's. */
START_TEST(a_client_is_closed_if_all_filters_fit) {
    static const struct {
        const char *words;
        bool other, self; /* who has to go */
    } table[] = {
        {"KILL ID 2", true, false},
        {"KILL id 1", false, false},
        {"KILL ID 1 SKIPME no", false, true},
        {"KILL ID 3", false, false},
        {"KILL ADDR 127.0.0.1:P", true, false},
        {"KILL LADDR 127.0.0.1:S", true, false},
        {"KILL LADDR 127.0.0.1:P", false, false},
        {"KILL TYPE normal", true, false},
        {"KILL TYPE NORMAL SKIPME NO", true, true},
        {"KILL TYPE pubsub", false, false},
        {"KILL TYPE slave SKIPME no", false, false},
        {"KILL USER default", true, false},
        {"KILL ID 2 ADDR 127.0.0.1:P TYPE normal LADDR 127.0.0.1:S", true,
         false},
        {"KILL ID 1 ADDR 127.0.0.1:P SKIPME no", false, false},
        {"KILL SKIPME yes", true, false},
        {"KILL SKIPME no SKIPME yes", true, false},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(table); i++) {
        struct talk talk;
        struct peer other;
        char words[200] = "CLIENT ";
        char want[10];
        const char *c;

        talk_open(&talk, "kill", "");
        ask(&talk, "PING"); /* so that it is number 1 */
        peer_open(&other, talk.site.server);
        say(&other, "PING\r\n");
        expect(talk.site.server, &other, "+PONG\r\n");
        for (c = table[i].words; *c != '\0'; c++) {
            size_t len = strlen(words);
            int port = *c == 'P' ? own_port(&other)
                                 : server_port(talk.site.server);
            bool is_port = c > table[i].words && c[-1] == ':';

            snprintf(words + len, sizeof words - len, is_port ? "%d" : "%c",
                     is_port ? port : *c);
        }
        snprintf(want, sizeof want, ":%d\r\n", table[i].other + table[i].self);
        check_that(same_bytes(ask(&talk, words), slice_of(want)), "%s", words);
        buf_consume(&talk.peer.heard, talk.heard);
        if (table[i].self) {
            expect_end(talk.site.server, &talk.peer);
        } else {
            say(&talk.peer, "PING\r\n");
            expect(talk.site.server, &talk.peer, "+PONG\r\n");
        }
        say(&other, "PING\r\n");
        if (table[i].other) {
            await(talk.site.server, &other, 1);
            check_that(other.ended, "%s: it is still there", words);
        } else {
            expect(talk.site.server, &other, "+PONG\r\n");
        }
        peer_close(&other);
        talk_close(&talk);
    }
}
END_TEST

START_TEST(a_client_that_closes_itself_by_address_gets_the_answer) {
    struct talk talk;
    char words[100];

    talk_open(&talk, "self", "");
    snprintf(words, sizeof words, "CLIENT KILL 127.0.0.1:%d",
             own_port(&talk.peer));
    assert_bytes(ask(&talk, words), BYTES(OK));
    buf_consume(&talk.peer.heard, talk.heard);
    expect_end(talk.site.server, &talk.peer);
    talk_close(&talk);
}
END_TEST

#define NO_ID "-ERR client-id should be greater than 0\r\n"

START_TEST(clients_are_listed_in_the_order_in_which_they_are_asked_for) {
    struct talk talk;
    struct peer second;
    struct slice list;
    unsigned ids[3];

    talk_open(&talk, "order", "");
    ask(&talk, "PING");
    peer_open(&second, talk.site.server);
    say(&second, "PING\r\n");
    expect(talk.site.server, &second, "+PONG\r\n");
    list = ask(&talk, "CLIENT LIST ID 2 7 1 2");
    ck_assert_int_eq(sscanf(list.data,
                            "$%*u\r\nid=%u %*[^\n]\nid=%u %*[^\n]\nid=%u",
                            &ids[0], &ids[1], &ids[2]),
                     3);
    ck_assert(ids[0] == 2 && ids[1] == 1 && ids[2] == 2);
    peer_close(&second);
    talk_close(&talk);
}
END_TEST

START_TEST(what_client_cannot_do_is_said_as_redis_says_it) {
    static const struct step steps[] = {
        {"CLIENT", WRONG("client")},
        {"CLIENT INFO x", WRONG("client|info")},
        {"CLIENT LIST TYPE foo", "-ERR Unknown client type 'foo'\r\n"},
        {"CLIENT LIST TYPE", SYNTAX},
        {"CLIENT LIST TYPE normal x", SYNTAX},
        {"CLIENT LIST TYPE replica", "$0\r\n\r\n"},
        {"CLIENT LIST ID", SYNTAX},
        {"CLIENT LIST ID 1 x", "-ERR Invalid client ID\r\n"},
        {"CLIENT LIST ID 0 -1 9", "$0\r\n\r\n"},
        {"CLIENT LIST FOO bar", SYNTAX},
        {"CLIENT KILL", WRONG("client|kill")},
        {"CLIENT KILL foo", "-ERR No such client\r\n"},
        {"CLIENT KILL ID", "-ERR No such client\r\n"},
        {"CLIENT KILL ID x", NO_ID},
        {"CLIENT KILL ID 0", NO_ID},
        {"CLIENT KILL ID -1", NO_ID},
        {"CLIENT KILL TYPE foo", "-ERR Unknown client type 'foo'\r\n"},
        {"CLIENT KILL USER nobody", "-ERR No such user 'nobody'\r\n"},
        {"CLIENT KILL SKIPME x", SYNTAX},
        {"CLIENT KILL ID 1 FOO", SYNTAX},
        {"CLIENT KILL a b c", SYNTAX},
        {"CLIENT NO-EVICT", WRONG("client|no-evict")},
        {"CLIENT NO-EVICT x", SYNTAX},
        {"CLIENT SETINFO LIB-Name \"a b\"",
         "-ERR LIB-Name cannot contain spaces, newlines or special "
         "characters.\r\n"},
        {"CLIENT SETINFO foo x", "-ERR Unrecognized option 'foo'\r\n"},
        {"CLIENT SETNAME \"a b\"", BAD_NAME},
        {"CLIENT NOSUCH",
         "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.\r\n"},
    };
    struct talk talk;

    talk_open(&talk, "wrong", "");
    take_steps(&talk, steps, COUNT_OF(steps));
    ck_assert(answer_has(&talk, "CLIENT HELP",
                         "\r\n+KILL (ip:port | (ID client-id | "));
    talk_close(&talk);
}
END_TEST

Suite *client_suite(void) {
    const TTest *const tests[] = {
        who_has_not_said_the_password_may_say_it_and_nothing_else,
        only_the_whole_password_is_right,
        without_a_password_the_default_user_may_say_any,
        each_database_has_its_own_keys,
        a_log_may_select_any_database,
        reset_leaves_all_that_was_entered,
        a_line_has_the_fields_of_redis_in_its_order,
        flags_and_last_command_tell_what_a_client_is_at,
        a_client_is_closed_if_all_filters_fit,
        a_client_that_closes_itself_by_address_gets_the_answer,
        clients_are_listed_in_the_order_in_which_they_are_asked_for,
        what_client_cannot_do_is_said_as_redis_says_it,
    };

    return server_suite_of("command_client", tests, COUNT_OF(tests));
}
