/* test_command_server.c -- commands about the server: MONITOR, SLOWLOG,
 * LATENCY, MEMORY, DEBUG, SHUTDOWN and small questions. */
#include "server_state.h"
#include "server_talk.h"
#include "suites.h"

#include <sys/un.h>
#include <time.h>

/* ---- Small questions ------------------------------------------------------
 */

START_TEST(time_is_that_of_day) {
    struct talk talk;
    long long seconds;
    int micros;
    time_t now;

    talk_open(&talk, "time", "");
    now = time(NULL);
    ck_assert_int_eq(sscanf(ask(&talk, "TIME").data,
                            "*2\r\n$10\r\n%lld\r\n$%*d\r\n%d\r\n", &seconds,
                            &micros),
                     2);
    check_that(seconds >= now && seconds <= now + 10, "%lld", seconds);
    check_that(micros >= 0 && micros < 1000000, "%d", micros);
    seconds = strtoll(ask(&talk, "LASTSAVE").data + 1, NULL, 10);
    check_that(seconds >= now - 10 && seconds <= now + 10, "%lld", seconds);
    assert_bytes(ask(&talk, "ROLE"),
                 BYTES("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"));
    talk_close(&talk);
}
END_TEST

/* Turns, until the clock shows a later second and the server has seen it. */
static void pass_a_second(struct talk *talk) {
    time_t start = time(NULL);

    while (time(NULL) == start)
        turn(talk->site.server, 20);
    turn(talk->site.server, -1);
}

/* Who changes the policy need not start again: LASTSAVE tells of syncs. */
START_TEST(another_fsync_policy_is_followed_at_once) {
    char before[40];
    struct slice reply;
    struct talk talk;

    talk_open(&talk, "policy", "appendfsync no hz 100");
    reply = ask(&talk, "LASTSAVE");
    snprintf(before, sizeof before, "%.*s", (int)reply.len, reply.data);
    pass_a_second(&talk);
    ask(&talk, "SET k v");
    turn(talk.site.server, -1);
    assert_bytes(ask(&talk, "LASTSAVE"), slice_of(before));
    assert_bytes(ask(&talk, "CONFIG SET appendfsync always"), BYTES(OK));
    pass_a_second(&talk);
    ask(&talk, "LASTSAVE");
    reply = ask(&talk, "LASTSAVE"); /* changing it has synced once */
    snprintf(before, sizeof before, "%.*s", (int)reply.len, reply.data);
    pass_a_second(&talk);
    ask(&talk, "SET k w");
    turn(talk.site.server, -1);
    turn(talk.site.server, -1);
    ck_assert(!same_bytes(ask(&talk, "LASTSAVE"), slice_of(before)));
    talk_close(&talk);
}
END_TEST

#define NO_NUMBER "-ERR value is not an integer or out of range\r\n"

START_TEST(memory_usage_is_that_of_the_key) {
    static const struct step steps[] = {
        {"MEMORY", WRONG("memory")},
        {"MEMORY USAGE", WRONG("memory|usage")},
        {"MEMORY USAGE k", "$-1\r\n"},
        {"MEMORY USAGE k SAMPLES 5", "$-1\r\n"},
        {"MEMORY USAGE k samples 0", "$-1\r\n"},
        {"MEMORY USAGE k SAMPLES", SYNTAX},
        {"MEMORY USAGE k SAMPLES -1", SYNTAX},
        {"MEMORY USAGE k SAMPLES x", NO_NUMBER},
        {"MEMORY USAGE k FOO 5", SYNTAX},
        {"MEMORY FOO", "-ERR unknown subcommand 'FOO'. Try MEMORY HELP.\r\n"},
    };
    struct talk talk;
    long small;

    talk_open(&talk, "usage", "");
    take_steps(&talk, steps, COUNT_OF(steps));
    ask(&talk, "SET k 1");
    small = strtol(ask(&talk, "MEMORY USAGE k").data + 1, NULL, 10);
    ck_assert_int_gt(small, 0);
    store_resize(talk.site.server->store, BYTES("k"), 100001);
    ck_assert_int_ge(strtol(ask(&talk, "MEMORY USAGE k").data + 1, NULL, 10),
                     small + 99000);
    talk_close(&talk);
}
END_TEST

/* ---- SLOWLOG, LATENCY ------------------------------------------------------
 */

START_TEST(the_slow_log_shows_what_ran_without_passwords) {
    static const struct step steps[] = {
        {"SLOWLOG", WRONG("slowlog")},
        {"SLOWLOG LEN x", WRONG("slowlog|len")},
        {"SLOWLOG RESET x", WRONG("slowlog|reset")},
        {"SLOWLOG GET x",
         "-ERR count should be greater than or equal to -1\r\n"},
        {"SLOWLOG GET -2",
         "-ERR count should be greater than or equal to -1\r\n"},
        {"SLOWLOG get 1 2",
         "-ERR unknown subcommand or wrong number of arguments for 'get'. Try "
         "SLOWLOG HELP.\r\n"},
        {"SLOWLOG GET 0", "*0\r\n"},
    };
    static const char *const commands[] = {
        "CLIENT SETNAME me",
        "AUTH default secret",
        "HELLO 2 SETNAME me AUTH default secret",
        "MULTI",
        "ECHO inner",
        "EXEC",
        "CONFIG SET slowlog-log-slower-than -1"};
    static const char *const want[] = {

        "*2\r\n$4\r\nECHO\r\n$5\r\ninner\r\n", "*1\r\n$5\r\nMULTI\r\n",
        "$2\r\nme\r\n$4\r\nAUTH\r\n$10\r\n(redacted)\r\n$10\r\n(redacted)\r\n",
        "*3\r\n$4\r\nAUTH\r\n$10\r\n(redacted)\r\n$10\r\n(redacted)\r\n",
        "*3\r\n$6\r\nCLIENT\r\n"};
    struct talk talk;
    struct slice reply;
    const char *at;
    size_t i;

    talk_open(&talk, "slow", "slowlog-log-slower-than 0");
    for (i = 0; i < COUNT_OF(commands); i++)
        ask(&talk, commands[i]);
    assert_bytes(ask(&talk, "SLOWLOG LEN"), BYTES(":5\r\n"));
    reply = ask(&talk, "SLOWLOG GET -1");
    ck_assert_ptr_null(memmem(reply.data, reply.len, "secret", 6));
    at = reply.data;
    for (i = 0; i < COUNT_OF(want); i++) {
        at = memmem(at, (size_t)(reply.data + reply.len - at), want[i],
                    strlen(want[i]));
        check_that(at != NULL, "no \"%s\" in %s", want[i], shown(reply));
    }
    ck_assert(answer_has(&talk, "SLOWLOG GET 1", "*1\r\n*6\r\n:4\r\n:"));
    ck_assert(answer_has(&talk, "SLOWLOG GET 1", "\r\n$2\r\nme\r\n"));
    assert_bytes(ask(&talk, "SLOWLOG RESET"), BYTES(OK));
    assert_bytes(ask(&talk, "SLOWLOG GET"), BYTES("*0\r\n"));
    take_steps(&talk, steps, COUNT_OF(steps));
    talk_close(&talk);
}
END_TEST

START_TEST(latency_shows_the_spikes_of_each_event) {
    static const struct step steps[] = {
        {"LATENCY LATEST", "*2\r\n*4\r\n$7\r\ncommand\r\n:101\r\n:20\r\n:30\r\n"
                           "*4\r\n$9\r\naof-write\r\n:102\r\n:40\r\n:40\r\n"},
        {"LATENCY HISTORY command",
         "*2\r\n*2\r\n:100\r\n:30\r\n*2\r\n:101\r\n:20\r\n"},
        {"LATENCY HISTORY COMMAND", "*0\r\n"},
        {"LATENCY HISTORY fast-command", "*0\r\n"},
        {"LATENCY HISTORY", WRONG("latency|history")},
        {"LATENCY LATEST x", WRONG("latency|latest")},
        {"LATENCY RESET foo command command", ":1\r\n"},
        {"LATENCY HISTORY command", "*0\r\n"},
        {"LATENCY RESET", ":1\r\n"},
        {"LATENCY RESET", ":0\r\n"},
        {"LATENCY LATEST", "*0\r\n"},
    };
    struct talk talk;
    struct latency *latency;

    talk_open(&talk, "latency", "");
    latency = &talk.site.server->latency;
    latency_add(latency, LATENCY_COMMAND, 100, 30);
    latency_add(latency, LATENCY_COMMAND, 101, 20);
    latency_add(latency, LATENCY_AOF_WRITE, 102, 40);
    take_steps(&talk, steps, COUNT_OF(steps));
    talk_close(&talk);
}
END_TEST

START_TEST(a_slow_command_is_noted_by_both) {
    struct talk talk;

    talk_open(&talk, "noted",
              "latency-monitor-threshold 10 enable-debug-command yes");
    assert_bytes(ask(&talk, "DEBUG SLEEP 0.012"), BYTES(OK));
    ck_assert(
        answer_has(&talk, "LATENCY LATEST", "*1\r\n*4\r\n$7\r\ncommand\r\n"));
    ck_assert(answer_has(&talk, "SLOWLOG GET",
                         "*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$5\r\n0.012"));
    talk_close(&talk);
}
END_TEST

/* ---- MONITOR ----------------------------------------------------------------
 */

/* Another one who is connected to the same server. */
static void other_open(struct talk *other, const struct talk *talk) {
    *other = (struct talk){.site = talk->site};
    peer_open(&other->peer, talk->site.server);
}

/* The next line that a monitor is shown, without time and address: database
 * and words, added to 'lines'. */
static void take_shown(struct talk *monitor, struct buf *lines) {
    struct slice line = hear(monitor->site.server, &monitor->peer);
    char text[2000];
    long long seconds, micros;
    int end = 0;
    unsigned database;

    snprintf(text, sizeof text, "%.*s", (int)line.len, line.data);
    check_that(sscanf(text, "+%lld.%6lld [%u 127.0.0.1:%*d]%n", &seconds,
                      &micros, &database, &end) == 3 &&
                   end > 0,
               "%s", text);
    snprintf(text, sizeof text, "%u%.*s", database, (int)line.len - end,
             line.data + end);
    buf_append(lines, text, strlen(text));
    buf_consume(&monitor->peer.heard, line.len);
}

static void expect_shown(struct talk *monitor, const char *want) {
    struct buf line = {0};

    take_shown(monitor, &line);
    assert_bytes(buf_slice(&line), slice_of(want));
    buf_free(&line);
}

/* What a client says, and what is shown of it: as redis-server 7.0.15 does. */
START_TEST(a_monitor_is_shown_what_runs_but_no_password) {
    static const char *const table[][2] = {
        {"ping 'in line'", "0 \"ping\" \"in line\"\r\n"},
        {"GET \"\"", "0 \"GET\" \"\"\r\n"},
        {"CLIENT LIST", NULL},
        {"CLIENT KILL ID 99", NULL},
        {"CLIENT NO-EVICT off", NULL},
        {"CLIENT ID", "0 \"CLIENT\" \"ID\"\r\n"},
        {"CONFIG GET x", NULL},
        {"SLOWLOG LEN", NULL},
        {"LATENCY LATEST", NULL},
        {"NOSUCH", NULL},
        {"GET", NULL},
        {"AUTH default pw", "0 \"AUTH\" \"(redacted)\" \"(redacted)\"\r\n"},
        {"AUTH pw", "0 \"AUTH\" \"(redacted)\"\r\n"},
        {"HELLO 2 setname x auth default pw",
         "0 \"HELLO\" \"2\" \"setname\" \"x\" \"auth\" \"(redacted)\" "
         "\"(redacted)\"\r\n"},
        {"HELLO 2 AUTH auth auth",
         "0 \"HELLO\" \"2\" \"AUTH\" \"(redacted)\" \"(redacted)\"\r\n"},
        {"HELLO 2 AUTH x", "0 \"HELLO\" \"2\" \"AUTH\" \"x\"\r\n"},
        {"SELECT 3", "3 \"SELECT\" \"3\"\r\n"},
        {"MULTI", "3 \"MULTI\"\r\n"},
        {"SELECT 1", NULL},
        {"AUTH pw", NULL},
        {"EXEC", "1 \"SELECT\" \"1\"\r\n"},
        {NULL, "1 \"AUTH\" \"(redacted)\"\r\n"},
        {NULL, "1 \"EXEC\"\r\n"},
        {"RESET", "0 \"RESET\"\r\n"},
    };
    struct talk talk, other;
    size_t i;

    talk_open(&talk, "monitor", "");
    other_open(&other, &talk);
    assert_bytes(ask(&talk, "MONITOR"), BYTES(OK));
    buf_consume(&talk.peer.heard, talk.heard);
    for (i = 0; i < COUNT_OF(table); i++) {
        if (table[i][0] != NULL) ask(&other, table[i][0]);
        if (table[i][1] != NULL) expect_shown(&talk, table[i][1]);
    }
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

START_TEST(any_byte_is_shown_so_that_a_terminal_can) {
    struct talk talk, other;
    int byte;

    talk_open(&talk, "quoted", "");
    other_open(&other, &talk);
    ask(&talk, "MONITOR");
    buf_consume(&talk.peer.heard, talk.heard);
    for (byte = 0; byte < 256; byte++) {
        static const char special[] = "\\\"\n\r\t\a\b";
        const char *found = byte != 0 ? strchr(special, byte) : NULL;
        char want[50], request[50];

        snprintf(request, sizeof request, "ECHO \"a\\x%02xb\"", (unsigned)byte);
        ask(&other, request);
        snprintf(want, sizeof want,
                 byte >= ' ' && byte <= '~' ? "0 \"ECHO\" \"a%cb\"\r\n"
                                            : "0 \"ECHO\" \"a\\x%02xb\"\r\n",
                 (unsigned)byte);
        if (found != NULL) {
            snprintf(want, sizeof want, "0 \"ECHO\" \"a\\%cb\"\r\n",
                     "\\\"nrtab"[found - special]);
        }
        expect_shown(&talk, want);
    }
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

START_TEST(a_client_of_a_unix_socket_is_shown_by_its_path) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct talk talk, other;
    char settings[150];
    char want[300];
    struct slice line;

    snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
    snprintf(settings, sizeof settings, "unixsocket %s", at.sun_path);
    talk_open(&talk, "unix", settings);
    ask(&talk, "MONITOR");
    buf_consume(&talk.peer.heard, talk.heard);
    other = (struct talk){.site = talk.site};
    other.peer.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(other.peer.fd, (struct sockaddr *)&at, sizeof at),
                     0);
    set_nonblocking(other.peer.fd);
    snprintf(want, sizeof want, " addr=%s:0 laddr=%s:0 ", at.sun_path,
             at.sun_path);
    ck_assert(answer_has(&other, "CLIENT INFO", want));
    ck_assert(answer_has(&other, "CLIENT INFO", " flags=U "));
    line = hear(talk.site.server, &talk.peer);
    snprintf(want, sizeof want, " [0 unix:%s] \"CLIENT\" \"INFO\"\r\n",
             at.sun_path);
    check_that(memmem(line.data, line.len, want, strlen(want)) != NULL, "%s",
               shown(line));
    snprintf(want, sizeof want, "CLIENT KILL ADDR %s:0", at.sun_path);
    peer_close(&talk.peer);
    peer_open(&talk.peer, talk.site.server);
    talk.heard = 0;
    assert_bytes(ask(&talk, want), BYTES(":1\r\n"));
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

/* Both are served in one turn, the one that was served last before at first. */
START_TEST(the_answer_to_monitor_comes_before_what_it_shows) {
    struct talk talk, other;

    talk_open(&talk, "first", "");
    other_open(&other, &talk);
    ask(&talk, "PING");
    buf_consume(&talk.peer.heard, talk.heard);
    say(&talk.peer, "MONITOR\r\nMONITOR\r\nPING\r\n");
    expect(talk.site.server, &talk.peer, OK "+PONG\r\n");
    expect_shown(&talk, "0 \"PING\"\r\n");
    ask(&other, "ECHO x");
    expect_shown(&talk, "0 \"ECHO\" \"x\"\r\n");
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

/* All lines up to that of a PING. */
static void take_shown_until_ping(struct talk *monitor, struct buf *lines) {
    static const char ping[] = "\"PING\"\r\n";
    size_t len = sizeof ping - 1;

    do {
        take_shown(monitor, lines);
    } while (memcmp(lines->data + lines->tail - len, ping, len) != 0);
}

/* Two in one turn; which of them is served first is the loop's business. */
START_TEST(a_monitor_is_shown_nothing_from_before_it_was_one) {
    static const char a[] = "0 \"ECHO\" \"a\"\r\n0 \"PING\"\r\n";
    static const char b[] = "0 \"ECHO\" \"b\"\r\n0 \"PING\"\r\n";
    static const char ab[] = "0 \"ECHO\" \"a\"\r\n0 \"ECHO\" \"b\"\r\n0 "
                             "\"PING\"\r\n";
    static const char ba[] = "0 \"ECHO\" \"b\"\r\n0 \"ECHO\" \"a\"\r\n0 "
                             "\"PING\"\r\n";
    struct buf shown_a = {0}, shown_b = {0};
    struct talk talk, other, third;
    bool is_first;

    talk_open(&talk, "second", "");
    other_open(&other, &talk);
    other_open(&third, &talk);
    ask(&other, "PING");
    ask(&talk, "PING");
    buf_consume(&talk.peer.heard, talk.heard);
    buf_consume(&other.peer.heard, other.heard);
    say(&talk.peer, "MONITOR\r\nECHO a\r\n");
    say(&other.peer, "MONITOR\r\nECHO b\r\n");
    expect(talk.site.server, &talk.peer, OK "$1\r\na\r\n");
    expect(talk.site.server, &other.peer, OK "$1\r\nb\r\n");
    ask(&third, "PING");
    take_shown_until_ping(&talk, &shown_a);
    take_shown_until_ping(&other, &shown_b);
    is_first = buf_len(&shown_a) > buf_len(&shown_b);
    assert_bytes(buf_slice(&shown_a), slice_of(is_first ? ab : a));
    assert_bytes(buf_slice(&shown_b), slice_of(is_first ? b : ba));
    buf_free(&shown_a);
    buf_free(&shown_b);
    peer_close(&third.peer);
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

START_TEST(a_transaction_cannot_begin_to_monitor) {
    static const struct step steps[] = {
        {"MULTI", OK},
        {"MONITOR", "+QUEUED\r\n"},
        {"PING", "+QUEUED\r\n"},
        {"EXEC", "*2\r\n-ERR MONITOR isn't allowed for DENY BLOCKING client\r\n"
                 "+PONG\r\n"},
        {"PING", "+PONG\r\n"},
    };
    struct talk talk;

    talk_open(&talk, "denied", "");
    take_steps(&talk, steps, COUNT_OF(steps));
    talk_close(&talk);
}
END_TEST

START_TEST(a_monitor_that_does_not_read_is_closed_and_nobody_else) {
    struct talk talk;
    struct peer monitor;
    struct buf words = {0};
    int i;

    talk_open(&talk, "deaf", "");
    assert_bytes(ask(&talk, "CONFIG SET client-output-buffer-limit "
                            "\"normal 1000000 0 0\""),
                 BYTES(OK));
    open_narrow(&talk.site, &monitor);
    say(&monitor, "MONITOR\r\n");
    expect(talk.site.server, &monitor, OK);
    ck_assert_uint_eq(talk.site.server->monitor_count, 1);
    append_literal(&words, "EXISTS ");
    memset(buf_reserve(&words, 30001), 'x', 30000);
    buf_added(&words, 30000);
    buf_append(&words, "", 1);
    for (i = 0; i < 100; i++)
        assert_bytes(ask(&talk, buf_slice(&words).data), BYTES(":0\r\n"));
    ck_assert_uint_eq(talk.site.server->monitor_count, 0);
    ck_assert_uint_eq(talk.site.server->client_count, 1);
    ck_assert(logs(&talk.site, "client-output-buffer-limit, hard"));
    buf_free(&words);
    peer_close(&monitor);
    talk_close(&talk);
}
END_TEST

/* ---- DEBUG, SHUTDOWN
 * --------------------------------------------------------- */

#define NO_DEBUG                                                               \
    "-ERR DEBUG command not allowed. If the enable-debug-command option is "   \
    "set to \"local\", you can run it from a local connection, otherwise you " \
    "need to set this option in the configuration file, and then restart the " \
    "server.\r\n"
#define BAD_DEBUG(name)                                                        \
    "-ERR unknown subcommand or wrong number of arguments for '" name          \
    "'. Try DEBUG HELP.\r\n"

START_TEST(debug_is_for_those_who_enabled_it) {
    static const struct step off[] = {
        {"DEBUG", WRONG("debug")},
        {"DEBUG SLEEP 0", NO_DEBUG},
        {"MULTI", OK},
        {"DEBUG HELP", NO_DEBUG},
        {"EXEC",
         "-EXECABORT Transaction discarded because of previous errors.\r\n"},
    };
    static const struct step on[] = {
        {"DEBUG SLEEP 0", OK},
        {"DEBUG SLEEP x", OK},
        {"debug sleep -1", OK},
        {"DEBUG SLEEP nan", OK},
        {"DEBUG SLEEP", BAD_DEBUG("SLEEP")},
        {"DEBUG SLEEP 0 0", BAD_DEBUG("SLEEP")},
        {"DEBUG Nosuch", BAD_DEBUG("Nosuch")},
        {"DEBUG HELP x", BAD_DEBUG("HELP")},
        {"DEBUG SET-ACTIVE-EXPIRE", BAD_DEBUG("SET-ACTIVE-EXPIRE")},
        {"DEBUG SET-ACTIVE-EXPIRE 0", OK},
    };
    struct talk talk;

    talk_open(&talk, "off", "");
    take_steps(&talk, off, COUNT_OF(off));
    talk_close(&talk);
    talk_open(&talk, "on", "enable-debug-command local");
    take_steps(&talk, on, COUNT_OF(on));
    ck_assert(talk.site.server->no_active_expire);
    ask(&talk, "DEBUG SET-ACTIVE-EXPIRE 1");
    ck_assert(!talk.site.server->no_active_expire);
    ck_assert(answer_has(&talk, "DEBUG HELP", "\r\n+SLEEP <seconds>\r\n"));
    talk_close(&talk);
}
END_TEST

#define NONE "-ERR No shutdown in progress.\r\n"

START_TEST(shutdown_takes_the_options_of_redis) {
    static const struct step steps[] = {
        {"SHUTDOWN FOO", SYNTAX},
        {"SHUTDOWN ABORT", NONE},
        {"SHUTDOWN abort ABORT", NONE},
        {"SHUTDOWN ABORT NOW", SYNTAX},
        {"SHUTDOWN NOW ABORT", SYNTAX},
        {"SHUTDOWN FORCE ABORT", SYNTAX},
        {"SHUTDOWN NOSAVE ABORT", SYNTAX},
        {"SHUTDOWN SAVE NOSAVE", SYNTAX},
        {"SHUTDOWN NOSAVE SAVE", SYNTAX},
        {"SHUTDOWN NOSAVE FOO", SYNTAX},
        {"MULTI", OK},
        {"SHUTDOWN", "-ERR Command not allowed inside a transaction\r\n"},
    };
    struct talk talk;

    talk_open(&talk, "options", "");
    take_steps(&talk, steps, COUNT_OF(steps));
    ck_assert(!talk.site.server->stopping);
    talk_close(&talk);
}
END_TEST

/* What was answered before is kept, what would come behind it is not run. */
START_TEST(shutdown_ends_the_server_and_nothing_acknowledged_is_lost) {
    static const char *const ways[] = {"SHUTDOWN", "shutdown nosave",
                                       "SHUTDOWN SAVE NOW FORCE"};
    size_t i;

    for (i = 0; i < COUNT_OF(ways); i++) {
        struct talk talk;
        struct slice value;
        char name[20];

        snprintf(name, sizeof name, "shutdown%zu", i);
        talk_open(&talk, name, "");
        say(&talk.peer, "SET kept 1\r\n");
        peer_say(&talk.peer, slice_of(ways[i]));
        say(&talk.peer, "\r\nSET late 1\r\n");
        ck_assert_int_eq(server_run(talk.site.server), 0);
        expect(talk.site.server, &talk.peer, OK);
        talk_close(&talk);

        talk_open(&talk, name, ""); /* the same log */
        ck_assert(store_get(talk.site.server->store, BYTES("kept"), &value));
        ck_assert_uint_eq(store_count(talk.site.server->store), 1);
        talk_close(&talk);
    }
}
END_TEST

Suite *server_commands_suite(void) {
    const TTest *const tests[] = {
        time_is_that_of_day,
        another_fsync_policy_is_followed_at_once,
        memory_usage_is_that_of_the_key,
        the_slow_log_shows_what_ran_without_passwords,
        latency_shows_the_spikes_of_each_event,
        a_slow_command_is_noted_by_both,
        a_monitor_is_shown_what_runs_but_no_password,
        any_byte_is_shown_so_that_a_terminal_can,
        a_client_of_a_unix_socket_is_shown_by_its_path,
        the_answer_to_monitor_comes_before_what_it_shows,
        a_monitor_is_shown_nothing_from_before_it_was_one,
        a_transaction_cannot_begin_to_monitor,
        a_monitor_that_does_not_read_is_closed_and_nobody_else,
        debug_is_for_those_who_enabled_it,
        shutdown_takes_the_options_of_redis,
        shutdown_ends_the_server_and_nothing_acknowledged_is_lost,
    };

    return server_suite_of("command_server", tests, COUNT_OF(tests));
}
