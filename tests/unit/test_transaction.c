/* test_transaction.c -- MULTI, EXEC and WATCH: what they answer, what the log
 * has of them, and what they cost.
 *
 * All replies are those of redis-server 7.0.15 to the same words. */
#include "aof_room.h"
#include "server_state.h"
#include "server_talk.h"
#include "suites.h"
#include "transaction.h"

#include <malloc.h>

#define QUEUED   "+QUEUED\r\n"
#define NOT_OPEN "-ERR EXEC without MULTI\r\n"
#define NOAUTH   "-NOAUTH Authentication required.\r\n"
#define OOM      "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
#define ABORTED                                                                \
    "-EXECABORT Transaction discarded because of previous errors.\r\n"
#define ABORTED_BY(why)                                                        \
    "-EXECABORT Transaction discarded because of: " why "\r\n"
#define NO_SUBCOMMAND(name)                                                    \
    "-ERR unknown subcommand 'NOSUCH'. Try " name " HELP.\r\n"

/* ---- Several lines, ';' between them ----------------------------------- */

/* The next line, copied; NULL at the end. */
static const char *next_line(const char **lines) {
    static char line[300];
    size_t len = strcspn(*lines, ";");

    if (**lines == '\0') return NULL;
    ck_assert_uint_lt(len, sizeof line);
    memcpy(line, *lines, len);
    line[len] = '\0';
    *lines += len + ((*lines)[len] == ';');
    return line;
}

/* The key "k" of database 0 is over: nobody has seen that yet. */
static void let_time_come(struct server *server) {
    store_listen(server->store, NULL);
    store_select(server->store, 0);
    store_set_expiry(server->store, BYTES("k"), 1);
    store_listen(server->store, &server->listener);
}

/* Until the server has deleted it of its own accord. */
static void await_expiry(struct server *server) {
    int64_t end_ms = clock_ms() + WAIT_MS;

    server->no_active_expire = false;
    while (store_total(server->store) > 0) {
        check_that(clock_ms() < end_ms, "the key never goes");
        turn(server, 10);
    }
    server->no_active_expire = true;
}

/* Say them one by one, whatever the replies. "~": the time of "k" comes; "@":
 * wait until it is gone. */
static void talk_through(struct talk *talk, const char *lines) {
    const char *line;

    while ((line = next_line(&lines)) != NULL) {
        if (strcmp(line, "~") == 0) {
            let_time_come(talk->site.server);
        } else if (strcmp(line, "@") == 0) {
            await_expiry(talk->site.server);
        } else {
            ask(talk, line);
        }
    }
}

/* Another client of the same server. */
static void talk_join(struct talk *other, const struct talk *talk) {
    *other = (struct talk){.site = talk->site};
    peer_open(&other->peer, talk->site.server);
    ask(other, "PING");
}

/* ---- What WATCH sees ---------------------------------------------------- */

struct change {
    const char *before, *watched;
    const char *lines; /* by another; behind '!': by the one who watches */
};

static void check_changes(const struct change *changes, size_t count,
                          const char *reply) {
    struct talk talk, other;
    size_t i;

    talk_open(&talk, "watch", "appendonly no");
    talk_join(&other, &talk);
    talk.site.server->no_active_expire = true;
    for (i = 0; i < count; i++) {
        const char *lines = changes[i].lines;
        char watch[40];

        talk_through(&other, "RESET;FLUSHALL");
        talk_through(&other, changes[i].before);
        snprintf(watch, sizeof watch, "RESET;WATCH %s", changes[i].watched);
        talk_through(&talk, watch);
        if (*lines == '!') {
            talk_through(&talk, lines + 1);
        } else {
            talk_through(&other, lines);
        }
        talk_through(&talk, "MULTI;PING");
        check_that(same_bytes(ask(&talk, "EXEC"), slice_of(reply)),
                   "%s, WATCH %s, %s: %s", changes[i].before,
                   changes[i].watched, lines,
                   shown(buf_slice(&talk.peer.heard)));
    }
    peer_close(&other.peer);
    talk_close(&talk);
}

START_TEST(exec_does_nothing_if_a_watched_key_was_touched) {
    static const struct change changes[] = {
        {"SET k v", "k", "SET k v"},
        {"SET k v", "k", "DEL k"},
        {"SET k v", "k", "UNLINK k"},
        {"SET k v", "k", "APPEND k x"},
        {"SET k v", "k", "APPEND k \"\""},
        {"", "k", "APPEND k \"\""},
        {"SET k 1", "k", "INCR k"},
        {"SET k 1", "k", "INCRBYFLOAT k 1"},
        {"SET k 1", "k", "SETRANGE k 0 a"},
        {"SET k v", "k", "EXPIRE k 100"},
        {"SET k v", "k", "EXPIRE k -1"},
        {"SET k v EX 100", "k", "PERSIST k"},
        {"SET k v EX 100", "k", "GETEX k PERSIST"},
        {"SET k v EX 100", "k", "GETEX k EX 100"},
        {"SET k v", "k", "GETDEL k"},
        {"SET k v", "k", "GETSET k v"},
        {"SET k v", "k", "FLUSHALL"},
        {"SET k v", "k", "FLUSHDB"},
        {"SET k v", "k", "SELECT 1;FLUSHALL"},
        {"SET k v", "k", "RENAME k l"},
        {"SET l v", "k", "RENAME l k"},
        {"SET k v", "k", "RENAMENX k l"},
        {"SET l v", "k", "COPY l k"},
        {"SET l v;SET k v", "k", "COPY l k REPLACE"},
        {"SET k v", "k", "SELECT 1;SET l v;COPY l k DB 0 REPLACE"},
        {"SET k v", "k", "MOVE k 1"},
        {"", "k", "SELECT 1;SET k v;MOVE k 0"},
        {"", "k", "SET k v"},
        {"", "k", "SET k v;DEL k"},
        {"SET k v", "k", "DEL k;SET k v"},
        {"", "k", "SETNX k w"},
        {"", "k", "MSETNX k w l w"},
        {"SET k v", "k", "MSET l w k v"},
        {"SET k v", "k", "!SET k w"},
        {"SET k v", "k", "!DEL k"},
        {"SET k v", "k", "!SET k w;WATCH k"},
        {"SET k v", "k", "MULTI;SET k w;EXEC"},
        {"SET k v", "k k", "SET k w"},
        {"SET k v", "a b c k", "SET k w"},
        {"SET k v", "a b c k", "SET c w"},
        {"SET k v", "k", "!~;SELECT 1"},
        {"SET k v", "k", "~"},
        {"SET k v", "k", "~;GET k"},
        {"SET k v", "k", "~;SET k v"},
        {"SET k v", "k", "~;DEL k"},
        {"SET k v", "k", "~;FLUSHALL"},
        {"SET k v", "k", "~;RENAME k l"},
        {"SET k v", "k", "~;EXPIRE k 10"},
        {"SET k v", "k", "~;RANDOMKEY"},
        {"SET k v", "k", "~;@"},
        {"SET k v", "k", "!~;WATCH k"},
        {"SET k v", "k", "~;SELECT 1;GET k"},
        {"SET k v;~", "k", "SET k v"},
    };

    check_changes(changes, COUNT_OF(changes), "*-1\r\n");
}
END_TEST

START_TEST(exec_runs_if_no_watched_key_was_touched) {
    static const struct change changes[] = {
        {"SET k v", "k", "GET k"},
        {"SET k 1", "k", "SETRANGE k 0 \"\""},
        {"", "k", "SETRANGE k 0 \"\""},
        {"SET k 1", "k", "SETBIT k 0 0"},
        {"SET k v", "k", "EXPIRE k 100 XX"},
        {"", "k", "EXPIRE k 100"},
        {"SET k v", "k", "PERSIST k"},
        {"SET k v", "k", "GETEX k PERSIST"},
        {"SET k v EX 100", "k", "GETEX k"},
        {"", "k", "GETDEL k"},
        {"", "k", "FLUSHALL"},
        {"", "k", "FLUSHDB"},
        {"SET other v", "k", "FLUSHDB"},
        {"SET k v", "k", "SELECT 1;FLUSHDB"},
        {"SET k v", "k", "RENAME k k"},
        {"SET k v", "k", "RENAMENX k k"},
        {"SET k v;SET l v", "k", "RENAMENX l k"},
        {"SET k v", "k", "COPY k l"},
        {"SET l v;SET k v", "k", "COPY l k"},
        {"SET k v", "k", "COPY k k DB 1"},
        {"SET k v", "k", "SELECT 1;SET k v;MOVE k 0"},
        {"SET k v", "k", "SELECT 1;SET k v"},
        {"SET k v", "k", "SET l v;INCR c;DEL l"},
        {"SET k v", "k", "INCR k"},
        {"SET k v", "k", "SET k v NX"},
        {"SET k v", "k", "SET k"},
        {"", "k", "SET k v XX"},
        {"SET k v", "k", "SETNX k w"},
        {"SET k v", "k", "MSETNX k w l w"},
        {"SET k v", "k", "SET k v EX 0"},
        {"SET k v", "k",
         "EXISTS k;GET k;MGET k;STRLEN k;TTL k;TYPE k;TOUCH k;GETRANGE k 0 "
         "1;GETBIT k 0;BITCOUNT k;KEYS *;SCAN 0;RANDOMKEY;OBJECT ENCODING "
         "k;MEMORY USAGE k;DBSIZE;PEXPIRETIME k"},
        {"SET k v", "k", "!GET k"},
        {"SET k v", "k", "!SELECT 1;SET k v;SELECT 0"},
        {"SET k v", "k", "!SET k w;UNWATCH"},
        {"SET k v", "k", "!MULTI;SET k w;DISCARD"},
        {"SET k v", "k", "!WATCH k"},
        {"SET k v", "k", "!RESET"},
        {"SET k v", "k", "!SET k w;RESET"},
        {"SET k v", "k", "!SET k w;MULTI;EXEC"},
        {"SET k v", "k", "MULTI;SET k w;DISCARD"},
        {"SET k v", "k", "MULTI;GET k;EXEC"},
        {"SET k v", "a b c k", "SET d w"},
        {"SET k v", "k", "DEBUG SLEEP 0"},
        {"SET k v", "k", "MULTI;SET k w;SET"},
        {"SET k v", "k", "MULTI;NOSUCH;SET k w;EXEC"},
        {"SET k v", "k", "SELECT 1;SET k v;FLUSHDB"},
        {"SELECT 1;SET k v", "k", "FLUSHALL"},
        {"SET k v;~", "k", "GET k"},
        {"SET k v;~", "k", "DEL k"},
        {"SET k v;~", "k", "FLUSHALL"},
        {"SET k v;~", "k", "@"},
    };

    check_changes(changes, COUNT_OF(changes), "*1\r\n+PONG\r\n");
}
END_TEST

/* Watch "k" in all databases but one, and let another change it there. */
static struct slice exec_after_watching_all_but(struct talk *talk,
                                                struct talk *other,
                                                unsigned missing,
                                                unsigned changed) {
    char words[40];
    unsigned i;

    for (i = 0; i < 16; i++) {
        snprintf(words, sizeof words, "SELECT %u;WATCH k", i);
        if (i != missing) talk_through(talk, words);
    }
    snprintf(words, sizeof words, "SELECT %u;SET k v", changed);
    talk_through(other, words);
    talk_through(talk, "MULTI;SET k w");
    return ask(talk, "EXEC");
}

START_TEST(a_key_is_watched_in_its_database_alone) {
    struct talk talk, other;
    unsigned i;

    talk_open(&talk, "databases", "");
    talk_join(&other, &talk);
    for (i = 0; i < 16; i++) {
        assert_bytes(exec_after_watching_all_but(&talk, &other, i, i),
                     BYTES("*1\r\n+OK\r\n"));
        assert_bytes(exec_after_watching_all_but(&talk, &other, 16, i),
                     BYTES("*-1\r\n"));
    }
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

START_TEST(an_aborted_exec_is_null_in_the_protocol_of_the_client) {
    struct talk talk;

    talk_open(&talk, "null", "");
    talk_through(&talk, "HELLO 3;WATCH k;SET k v;MULTI");
    assert_bytes(ask(&talk, "EXEC"), BYTES("_\r\n"));
    talk_through(&talk, "MULTI;HELLO 2;GET nosuch");
    ck_assert(answer_has(&talk, "EXEC", "*0\r\n$-1\r\n"));
    talk_through(&talk, "WATCH k;SET k v;MULTI");
    assert_bytes(ask(&talk, "EXEC"), BYTES("*-1\r\n"));
    talk_close(&talk);
}
END_TEST

/* ---- Replies ------------------------------------------------------------ */

/* Say all of it at once, and expect these replies. */
static void check_dialog(struct site *site, const char *lines,
                         const char *replies) {
    struct peer peer;
    const char *words = lines;
    const char *line;

    peer_open(&peer, site->server);
    while ((line = next_line(&words)) != NULL) {
        buf_append(&peer.unsaid, line, strlen(line));
        append_literal(&peer.unsaid, "\r\n");
    }
    say(&peer, "FLUSHALL\r\nECHO end\r\n");
    await(site->server, &peer,
          strlen(replies) + strlen("+OK\r\n$3\r\nend\r\n"));
    check_that(
        buf_len(&peer.heard) >= strlen(replies) &&
            memcmp(buf_slice(&peer.heard).data, replies, strlen(replies)) == 0,
        "%s: got \"%s\", expected \"%s\"", lines, shown(buf_slice(&peer.heard)),
        shown(slice_of(replies)));
    buf_consume(&peer.heard, strlen(replies));
    expect(site->server, &peer, "+OK\r\n$3\r\nend\r\n");
    peer_close(&peer);
}

static void check_dialogs(const struct step *dialogs, size_t count,
                          const char *lines, const char *replies) {
    struct talk talk;
    size_t i;

    talk_open(&talk, "replies", "appendonly no enable-debug-command yes");
    for (i = 0; i < count; i++) {
        char said_lines[400];
        char want[800];

        snprintf(said_lines, sizeof said_lines, lines, dialogs[i].words);
        snprintf(want, sizeof want, replies, dialogs[i].reply);
        check_dialog(&talk.site, said_lines, want);
    }
    talk_close(&talk);
}

START_TEST(what_is_refused_before_it_is_queued_aborts_all) {
    static const struct step refused[] = {
        {"SET k", WRONG("set")},
        {"GET k v", WRONG("get")},
        {"CLIENT NOSUCH", NO_SUBCOMMAND("CLIENT")},
        {"CLIENT", WRONG("client")},
        {"CLIENT SETNAME", WRONG("client|setname")},
        {"CONFIG NOSUCH", NO_SUBCOMMAND("CONFIG")},
        {"CONFIG GET", WRONG("config|get")},
        {"OBJECT NOSUCH k", NO_SUBCOMMAND("OBJECT")},
        {"OBJECT ENCODING", WRONG("object|encoding")},
        {"MEMORY NOSUCH", NO_SUBCOMMAND("MEMORY")},
        {"LATENCY NOSUCH", NO_SUBCOMMAND("LATENCY")},
        {"SLOWLOG NOSUCH", NO_SUBCOMMAND("SLOWLOG")},
        {"COMMAND NOSUCH", NO_SUBCOMMAND("COMMAND")},
        {"DISCARD a", WRONG("discard")},
        {"MULTI a", WRONG("multi")},
        {"WATCH", WRONG("watch")},
        {"UNWATCH a", WRONG("unwatch")},
        {"SHUTDOWN NOSAVE",
         ERROR "Command not allowed inside a transaction\r\n"},
        {"CLIENT ID X", WRONG("client|id")},
        {"COMMAND COUNT x", WRONG("command|count")},
        {"CONFIG SET maxmemory", WRONG("config|set")},
        {"MEMORY USAGE", WRONG("memory|usage")},
        {"RANDOMKEY x", WRONG("randomkey")},
        {"RESET x", WRONG("reset")},
        {"ECHO", WRONG("echo")},
    };

    check_dialogs(refused, COUNT_OF(refused),
                  "MULTI;SET k v;%s;PING;EXEC;GET k",
                  OK QUEUED "%s" QUEUED ABORTED "$-1\r\n");
}
END_TEST

START_TEST(what_fails_when_it_is_run_does_not) {
    static const struct step failing[] = {
        {"UNWATCH", OK},
        {"DEBUG NOSUCH", ERROR "unknown subcommand or wrong number of "
                               "arguments for 'NOSUCH'. Try DEBUG HELP.\r\n"},
        {"MONITOR", ERROR "MONITOR isn't allowed for DENY BLOCKING client\r\n"},
        {"AUTH a b c d", SYNTAX},
        {"AUTH x",
         ERROR "AUTH <password> called without any password configured for the "
               "default user. Are you sure your configuration is correct?\r\n"},
        {"CLIENT LIST TYPE", SYNTAX},
        {"SLOWLOG GET 1 2", ERROR "unknown subcommand or wrong number of "
                                  "arguments for 'GET'. Try SLOWLOG HELP.\r\n"},
        {"PING x y", WRONG("ping")},
        {"PING x y z", WRONG("ping")},
        {"HELLO x y z",
         ERROR "Protocol version is not an integer or out of range\r\n"},
        {"GETEX k PERSIST EX", SYNTAX},
    };

    check_dialogs(failing, COUNT_OF(failing),
                  "MULTI;SET k v;%s;INCR n;EXEC;GET k",
                  OK QUEUED QUEUED QUEUED "*3\r\n" OK "%s:1\r\n$1\r\nv\r\n");
}
END_TEST

START_TEST(each_state_of_a_transaction_answers_as_redis_does) {
    static const struct step dialogs[] = {
        {"EXEC", NOT_OPEN},
        {"DISCARD", ERROR "DISCARD without MULTI\r\n"},
        {"UNWATCH", OK},
        {"EXEC a", ABORTED_BY("wrong number of arguments for 'exec' command")},
        {"WATCH k;EXEC a;MULTI;EXEC",
         OK ABORTED_BY("wrong number of arguments for 'exec' command") OK
         "*0\r\n"},
        {"MULTI;EXEC", OK "*0\r\n"},
        {"MULTI;MULTI;PING;EXEC",
         OK ERROR "MULTI calls can not be nested\r\n" QUEUED "*1\r\n+PONG\r\n"},
        {"MULTI;WATCH k;PING;EXEC", OK ERROR
         "WATCH inside MULTI is not allowed\r\n" QUEUED "*1\r\n+PONG\r\n"},
        {"MULTI;DISCARD;EXEC", OK OK NOT_OPEN},
        {"MULTI;NOSUCH;PING;EXEC;EXEC", OK ERROR
         "unknown command 'NOSUCH', with args beginning with: \r\n" QUEUED
             ABORTED NOT_OPEN},
        {"MULTI;NOSUCH;DISCARD;PING",
         OK ERROR "unknown command 'NOSUCH', with args beginning with: \r\n" OK
                  "+PONG\r\n"},
        {"MULTI;EXEC a;EXEC",
         OK ABORTED_BY("wrong number of arguments for 'exec' command")
             NOT_OPEN},
        {"MULTI;RESET;EXEC", OK "+RESET\r\n" NOT_OPEN},
        {"MULTI;SELECT 99;SELECT 1;SET k v;EXEC;GET k;SELECT 0;GET k",
         OK QUEUED QUEUED QUEUED
         "*3\r\n" ERROR "DB index is out of range\r\n" OK OK "$1\r\nv\r\n" OK
         "$-1\r\n"},
        {"SET s abc;MULTI;INCR s;SET k 1;INCR k;EXEC",
         OK OK QUEUED QUEUED QUEUED
         "*3\r\n" ERROR "value is not an integer or out of range\r\n" OK
         ":2\r\n"},
        {"MULTI;SET k v EX 0;SET k v BAD;EXEC", OK QUEUED QUEUED
         "*2\r\n" ERROR "invalid expire time in 'set' command\r\n" SYNTAX},
        {"MULTI;COMMAND COUNT;COMMAND COUNT x;EXEC",
         OK QUEUED WRONG("command|count") ABORTED},
        {"MULTI;LATENCY RESET;LATENCY HISTORY;EXEC",
         OK QUEUED WRONG("latency|history") ABORTED},
        {"DISCARD x", WRONG("discard")},
        {"MULTI x", WRONG("multi")},
        {"MULTI;EXEC;EXEC;MULTI;DISCARD;DISCARD",
         OK "*0\r\n" NOT_OPEN OK OK ERROR "DISCARD without MULTI\r\n"},
        {"SET k v;WATCH k;SET k w;MULTI;NOSUCH;EXEC;MULTI;EXEC",
         OK OK OK OK ERROR
         "unknown command 'NOSUCH', with args beginning with: \r\n" ABORTED OK
         "*0\r\n"},
        {"SET k v;WATCH k;MULTI;SET k w;EXEC;MULTI;GET k;EXEC",
         OK OK OK QUEUED "*1\r\n" OK OK QUEUED "*1\r\n$1\r\nw\r\n"},
        {"CONFIG SET maxmemory 1;MULTI;SET k v;GET "
         "k;EXEC;MULTI;EXEC;MULTI;DISCARD;MULTI;RESET;SET k v;WATCH k;CONFIG "
         "SET maxmemory 0",
         OK OK OOM OOM ABORTED OK "*0\r\n" OK OK OK "+RESET\r\n" OOM OK OK},
        {"MULTI;SET k v;GET k;CONFIG SET maxmemory 1;SET k w;EXEC;GET k;CONFIG "
         "SET maxmemory 0",
         OK QUEUED QUEUED QUEUED QUEUED "*4\r\n" OK "$1\r\nv\r\n" OK OK
                                        "$1\r\nw\r\n" OK},
        {"CONFIG SET requirepass x;AUTH x;MULTI;SET k v;RESET;EXEC;MULTI;AUTH "
         "x;MULTI;EXEC;CONFIG SET requirepass \"\"",
         OK OK OK QUEUED "+RESET\r\n" ABORTED_BY(
             "NOAUTH Authentication required.") NOAUTH OK OK "*0\r\n" OK},
        {"CONFIG SET requirepass x;RESET;EXEC;EXEC a;MULTI;DISCARD;AUTH "
         "x;CONFIG SET requirepass \"\"",
         OK "+RESET\r\n" ABORTED_BY("NOAUTH Authentication required.")
             ABORTED_BY("wrong number of arguments for 'exec' command")
                 NOAUTH NOAUTH OK OK},
        {"MULTI;INFO x;HELLO 9;EXEC", OK QUEUED QUEUED
         "*2\r\n$0\r\n\r\n-NOPROTO unsupported protocol version\r\n"},
        {"MULTI;MONITOR;GET k;EXEC;PING", OK QUEUED QUEUED
         "*2\r\n" ERROR
         "MONITOR isn't allowed for DENY BLOCKING client\r\n$-1\r\n+PONG\r\n"},
        {"MULTI;COPY k k;MOVE k 0;RENAME nosuch x;EXEC", OK QUEUED QUEUED QUEUED
         "*3\r\n" ERROR "source and destination objects are the same\r\n" ERROR
         "source and destination objects are the same\r\n" ERROR
         "no such key\r\n"},
        {"WATCH k;SELECT 3;MULTI;SET k v;EXEC;GET k;SELECT 0;GET k",
         OK OK OK QUEUED "*1\r\n" OK "$1\r\nv\r\n" OK "$-1\r\n"},
    };

    check_dialogs(dialogs, COUNT_OF(dialogs), "%s", "%s");
}
END_TEST

START_TEST(exec_is_refused_if_memory_for_its_commands_has_gone) {
    struct talk talk, other;

    talk_open(&talk, "memory", "");
    talk_join(&other, &talk);
    talk_through(&talk, "MULTI;SET k v");
    talk_through(&other, "MULTI;GET k;CONFIG SET maxmemory 1");
    assert_bytes(ask(&other, "EXEC"), BYTES("*2\r\n$-1\r\n" OK));
    assert_bytes(ask(&talk, "EXEC"),
                 BYTES(ABORTED_BY("OOM command not allowed when used memory > "
                                  "'maxmemory'.")));
    assert_bytes(ask(&talk, "EXEC"), BYTES(NOT_OPEN));
    assert_bytes(ask(&talk, "GET k"), BYTES("$-1\r\n"));
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

START_TEST(within_exec_a_client_watches_nothing) {
    struct talk talk;

    talk_open(&talk, "within", "");
    talk_through(&talk, "WATCH k;MULTI;SET k v;CLIENT LIST");
    ck_assert(answer_has(&talk, "EXEC", " flags=x "));
    talk_close(&talk);
}
END_TEST

START_TEST(quit_leaves_the_queue_undone) {
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "quit", "");
    peer_open(&peer, talk.site.server);
    say(&peer, "WATCH k\r\nMULTI\r\nSET k v\r\nQUIT\r\nEXEC\r\n");
    expect(talk.site.server, &peer, OK OK QUEUED OK);
    expect_end(talk.site.server, &peer);
    assert_bytes(ask(&talk, "GET k"), BYTES("$-1\r\n"));
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* ---- What they cost ----------------------------------------------------- */

/* The first client's. */
static struct conn *first_conn(const struct server *server) {
    size_t i;

    for (i = 0; i < server->conns_cap; i++) {
        struct conn *conn = server->conns[i];

        if (conn != NULL && conn->session.id == 1) return conn;
    }
    ck_abort_msg("the first client is gone");
    return NULL;
}

static void watch_many(struct talk *talk, size_t first, size_t count) {
    size_t i;

    for (i = first; i < first + count; i++) {
        char words[40];

        snprintf(words, sizeof words, "WATCH key:%06zu", i);
        ask(talk, words);
    }
}

START_TEST(each_way_out_gives_all_memory_back) {
    static const char *const ways[] = {
        "MULTI;PING;EXEC",
        "MULTI;SET k v;DISCARD",
        "RESET",
        "MULTI;RESET",
        "EXEC x",
        "MULTI;NOSUCH;EXEC",
        "SET key:000000 v;MULTI;PING;EXEC",
    };
    struct talk talk, other;
    size_t before, i;

    talk_open(&talk, "ways", "");
    talk_join(&other, &talk);
    watch_many(&other, 100, 200);
    before = conn_memory(first_conn(talk.site.server));
    for (i = 0; i < COUNT_OF(ways); i++) {
        watch_many(&talk, 0, 200);
        ck_assert_uint_gt(conn_memory(first_conn(talk.site.server)),
                          before + 200 * strlen("key:000000"));
        talk_through(&talk, ways[i]);
        check_that(conn_memory(first_conn(talk.site.server)) == before,
                   "%s: %zu bytes more", ways[i],
                   conn_memory(first_conn(talk.site.server)) - before);
        check_that(first_conn(talk.site.server)->session.transaction == NULL,
                   "%s: a transaction", ways[i]);
    }
    watch_many(&talk, 0, 200);
    ask(&talk, "UNWATCH");
    ck_assert_uint_eq(conn_memory(first_conn(talk.site.server)),
                      before + sizeof(struct transaction));
    talk_through(&other, "SET key:000000 v;MULTI"); /* not among its keys... */
    assert_bytes(ask(&other, "EXEC"), BYTES("*0\r\n"));
    peer_close(&other.peer);
    talk_close(&talk);
}
END_TEST

START_TEST(who_left_is_not_told_of_changes) {
    struct talk talk, others[20];
    size_t i, before;

    talk_open(&talk, "left", "");
    ask(&talk, "PING");
    before = talk.site.server->clients_memory;
    for (i = 0; i < COUNT_OF(others); i++) {
        talk_join(&others[i], &talk);
        watch_many(&others[i], i * 10, 50);
        if (i % 2 == 0) talk_through(&others[i], "MULTI;SET key:000000 v");
    }
    for (i = 0; i < COUNT_OF(others); i++) {
        if (i % 3 == 0) {
            reset_connection(others[i].peer.fd);
            others[i].peer.fd = -1;
        }
        peer_close(&others[i].peer);
    }
    while (talk.site.server->client_count > 1)
        turn(talk.site.server, 10);
    ck_assert_uint_eq(talk.site.server->clients_memory, before);
    for (i = 0; i < 300; i++) {
        char words[40];

        snprintf(words, sizeof words, "SET key:%06zu v", i);
        ask(&talk, words); /* a sanitizer sees who is still looked for */
    }
    ask(&talk, "FLUSHALL");
    talk_close(&talk);
}
END_TEST

START_TEST(a_change_of_one_of_many_keys_reaches_all_who_watch_it) {
    struct talk talk, others[30];
    size_t i;

    talk_open(&talk, "many", "");
    for (i = 0; i < COUNT_OF(others); i++) {
        talk_join(&others[i], &talk);
        watch_many(&others[i], i * 10, 100);
        ask(&others[i], "MULTI");
    }
    ask(&talk, "SET key:000155 v"); /* of those who begin at 60 to 150 */
    for (i = 0; i < COUNT_OF(others); i++) {
        struct slice got = ask(&others[i], "EXEC");

        check_that(same_bytes(got, i >= 6 && i <= 15 ? BYTES("*-1\r\n")
                                                     : BYTES("*0\r\n")),
                   "client %zu: %s", i, shown(got));
        peer_close(&others[i].peer);
    }
    talk_close(&talk);
}
END_TEST

START_TEST(a_queue_costs_what_it_takes) {
    struct talk talk;
    const struct transaction *transaction;
    size_t empty, bytes = 0, i;

    talk_open(&talk, "queue", "");
    ask(&talk, "PING");
    empty = conn_memory(first_conn(talk.site.server));
    talk_through(&talk, "MULTI");
    transaction = first_conn(talk.site.server)->session.transaction;
    for (i = 0; i < 100; i++) {
        ck_assert_uint_eq(transaction->count, i);
        ck_assert_uint_eq(transaction->memory,
                          transaction->cap * sizeof(struct queued) + bytes);
        ck_assert_uint_eq(conn_memory(first_conn(talk.site.server)),
                          empty + sizeof *transaction + transaction->memory);
        ask(&talk, i % 2 == 0 ? "SET key value" : "GET \"\"");
        bytes += i % 2 == 0 ? 3 * sizeof(struct slice) + strlen("SETkeyvalue")
                            : 2 * sizeof(struct slice) + strlen("GET");
    }
    talk_close(&talk);
}
END_TEST

START_TEST(what_will_not_run_needs_no_room) {
    struct talk talk;
    size_t before;

    talk_open(&talk, "room", "");
    talk_through(&talk, "WATCH k;SET k v;MULTI");
    before = conn_memory(first_conn(talk.site.server));
    assert_bytes(ask(&talk, "SET k w"), BYTES(QUEUED));
    ck_assert_uint_eq(conn_memory(first_conn(talk.site.server)), before);
    talk_through(&talk, "DISCARD;MULTI;NOSUCH");
    before = conn_memory(first_conn(talk.site.server));
    assert_bytes(ask(&talk, "SET k w"), BYTES(QUEUED));
    ck_assert_uint_eq(conn_memory(first_conn(talk.site.server)), before);
    talk_close(&talk);
}
END_TEST

/* Say more and more of it, until the server ends the connection. */
static void say_without_end(struct talk *talk, struct peer *peer,
                            const char *format) {
    int64_t end_ms = clock_ms() + LONG_WAIT_MS;
    unsigned i = 0;

    while (!peer->ended) {
        check_that(clock_ms() < end_ms, "%s: for ever", format);
        while (buf_len(&peer->unsaid) < 65536) {
            char words[100];
            int len = snprintf(words, sizeof words, format, i++);

            buf_append(&peer->unsaid, words, (size_t)len);
        }
        peer_push(peer);
        turn(talk->site.server, 0);
        peer_pull(peer, 65536);
        buf_consume(&peer->heard, buf_len(&peer->heard));
    }
}

START_TEST(who_watches_or_queues_without_end_pays_for_it) {
    static const char *const formats[] = {"WATCH key:%u\r\n", "PING %u\r\n"};
    struct talk talk;
    size_t i;

    talk_open(&talk, "end", "maxmemory-clients 2mb");
    ask(&talk, "PING");
    for (i = 0; i < COUNT_OF(formats); i++) {
        struct peer peer;

        peer_open(&peer, talk.site.server);
        if (i == 1) say(&peer, "MULTI\r\n");
        say_without_end(&talk, &peer, formats[i]);
        peer_close(&peer);
        ck_assert(answer_has(&talk, "INFO stats",
                             i == 0 ? "evicted_clients:1\r\n"
                                    : "evicted_clients:2\r\n"));
        assert_bytes(ask(&talk, "PING"), BYTES("+PONG\r\n"));
    }
    talk_close(&talk);
}
END_TEST

START_TEST(a_key_that_is_watched_again_costs_nothing) {
    struct talk talk;
    size_t once;

    talk_open(&talk, "again", "");
    watch_many(&talk, 0, 100);
    once = conn_memory(first_conn(talk.site.server));
    watch_many(&talk, 0, 100);
    ck_assert_uint_eq(conn_memory(first_conn(talk.site.server)), once);
    talk_through(&talk, "SELECT 1");
    watch_many(&talk, 0, 1); /* another key, for it is in another database */
    ck_assert_uint_gt(conn_memory(first_conn(talk.site.server)), once);
    talk_close(&talk);
}
END_TEST

START_TEST(a_watched_key_costs_as_much_as_it_is_long) {
    struct store *store = store_new();
    struct watches *watches = watches_new(store);
    struct watcher watcher = {0};
    struct slice longer = {xcalloc(1, 1000), 1000};
    size_t empty;

    watch_add(watches, &watcher, BYTES(""));
    empty = watcher.memory;
    watch_add(watches, &watcher, longer);
    ck_assert_uint_eq(watcher.memory, 2 * empty + 1000);
    watch_clear(watches, &watcher);
    ck_assert_uint_eq(watcher.memory, 0);
    free((char *)longer.data);
    watches_free(watches);
    store_free(store);
}
END_TEST

/* Of the whole process; great blocks are maps of their own. */
static size_t heap_used(void) {
    struct mallinfo2 all = mallinfo2();

    return all.uordblks + all.hblkhd;
}

START_TEST(who_watched_much_leaves_nothing_behind) {
    struct store *store = store_new();
    struct watches *watches = watches_new(store);
    struct watcher stays = {0}, goes = {0};
    size_t before;
    uint32_t i;

    watch_add(watches, &stays, BYTES("key"));
    before = heap_used();
    for (i = 0; i < 100000; i++)
        watch_add(watches, &goes, (struct slice){(const char *)&i, sizeof i});
    watch_clear(watches, &goes);
    ck_assert_uint_lt(heap_used(), before + 10000);
    watches_changed(watches, 0, store_hash(store, BYTES("key")), BYTES("key"));
    ck_assert(stays.touched);
    watch_clear(watches, &stays);
    watches_free(watches);
    store_free(store);
}
END_TEST

START_TEST(replies_beyond_the_output_limit_are_dropped_but_all_of_it_runs) {
    struct talk talk;
    struct peer peer;
    size_t i;

    talk_open(&talk, "beyond", "");
    ask(&talk, "CONFIG SET client-output-buffer-limit \"normal 200000 0 0\"");
    ask(&talk, "SETRANGE k 99999 x");
    peer_open(&peer, talk.site.server);
    say(&peer, "MULTI\r\n");
    for (i = 0; i < 100; i++)
        say(&peer, "GET k\r\n");
    say(&peer, "SET done yes\r\n");
    expect(talk.site.server, &peer, OK);
    for (i = 0; i < 101; i++)
        expect(talk.site.server, &peer, QUEUED);
    say(&peer, "EXEC\r\n");
    expect_end(talk.site.server, &peer);
    ck_assert(logs(&talk.site, "client-output-buffer-limit, hard"));
    assert_bytes(ask(&talk, "GET done"), BYTES("$3\r\nyes\r\n"));
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

START_TEST(replies_that_are_dropped_take_no_room) {
    struct buf out = {0};
    struct talk talk;
    struct call call = {.out = &out, .out_max = 250000};
    size_t i;

    talk_open(&talk, "dropped", "");
    talk_through(&talk, "SETRANGE k 99999 x;MULTI");
    for (i = 0; i < 100; i++)
        ask(&talk, "GET k");
    call.session = &first_conn(talk.site.server)->session;
    call.server = talk.site.server;
    call.store = talk.site.server->store;
    command_exec(&call);
    ck_assert_uint_gt(buf_len(&out), 300000); /* three of them, no fourth */
    ck_assert_uint_lt(buf_len(&out), 301000);
    buf_free(&out);
    talk_close(&talk);
}
END_TEST

/* ---- The log ------------------------------------------------------------ */

/* These lines as records. */
static void add_records(struct buf *out, const char *lines) {
    const char *line;

    while ((line = next_line(&lines)) != NULL) {
        struct slice argv[8];
        size_t argc = 0;

        while (*line != '\0') {
            ck_assert_uint_lt(argc, COUNT_OF(argv));
            argv[argc] = (struct slice){line, strcspn(line, " ")};
            line += argv[argc].len + (line[argv[argc].len] == ' ');
            argc++;
        }
        add_record(out, argv, argc);
    }
}

START_TEST(an_exec_is_one_unit_in_the_log) {
    static const struct {
        const char *lines, *records;
    } table[] = {
        {"MULTI;EXEC", ""},
        {"MULTI;SET k v;DISCARD", ""},
        {"MULTI;SET k v;RESET", ""},
        {"MULTI;SET k v;NOSUCH;EXEC", ""},
        {"MULTI;GET k;DEL k;INCR k x;EXEC", ""},
        {"WATCH k;SET k v;MULTI;SET k w;EXEC", "SET k v"},
        {"MULTI;GET k;DEL k;PING;EXEC", ""},
        {"MULTI;SET k v;EXEC", "MULTI;SET k v;EXEC"},
        {"SET a 1;MULTI;SET k v;INCR a;GET k;DEL nosuch;EXEC;SET b 2",
         "SET a 1;MULTI;SET k v;INCR a;EXEC;SET b 2"},
        {"MULTI;SET k v;SET k v BAD;DEL k;EXEC", "MULTI;SET k v;DEL k;EXEC"},
        {"MULTI;SET k v;EXEC;MULTI;GET k;EXEC;MULTI;DEL k;EXEC",
         "MULTI;SET k v;EXEC;MULTI;DEL k;EXEC"},
        {"MULTI;SELECT 3;SET k v;SELECT 0;SET k w;EXEC;SET l v",
         "MULTI;SELECT 3;SET k v;SELECT 0;SET k w;EXEC;SET l v"},
        {"MULTI;SELECT 3;EXEC;SET k v", "SELECT 3;SET k v"},
        {"SELECT 2;MULTI;SET k v;EXEC;MULTI;SET k w;EXEC",
         "MULTI;SELECT 2;SET k v;EXEC;MULTI;SET k w;EXEC"},
        {"MULTI;SET k v;SELECT 99;SELECT 1;FLUSHALL;EXEC",
         "MULTI;SET k v;SELECT 1;FLUSHALL;EXEC"},
        {"SET k v;~;MULTI;GET k;EXEC", "SET k v;MULTI;DEL k;EXEC"},
        {"SET k v;~;MULTI;SET k w;EXEC", "SET k v;MULTI;DEL k;SET k w;EXEC"},
        {"SET k v;WATCH k;~;MULTI;SET k w;EXEC", "SET k v;DEL k"},
        {"SET k v;SELECT 4;MULTI;SET a 1;~;COPY a k DB 0;EXEC",
         "SET k v;MULTI;SELECT 4;SET a 1;SELECT 0;DEL k;"
         "SELECT 4;COPY a k DB 0;EXEC"},
        {"SET k v;~;SELECT 5;WATCH x;SELECT 0;WATCH k;SELECT 5;SET a 1",
         "SET k v;DEL k;SELECT 5;SET a 1"},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(table); i++) {
        struct talk talk;
        struct buf want = {0}, got;
        char name[20];

        snprintf(name, sizeof name, "log-%zu", i);
        talk_open(&talk, name, "aof-seals no");
        talk.site.server->no_active_expire = true;
        talk_through(&talk, table[i].lines);
        add_records(&want, table[i].records);
        got = read_file(talk.site.aof_path);
        check_that(same_bytes(buf_slice(&got), buf_slice(&want)),
                   "%s: \"%s\", expected \"%s\"", table[i].lines,
                   shown(buf_slice(&got)), shown(buf_slice(&want)));
        buf_free(&got);
        buf_free(&want);
        talk_close(&talk);
    }
}
END_TEST

/* Three transactions and records between: what each unit is, and what a replay
 * of it runs. */
static const struct {
    const char *unit, *run;
} units[] = {
    {"SET a 1", "SET a 1"},
    {"MULTI;SET b 2;DEL a;EXEC", "SET b 2;DEL a"},
    {"SET c 3", "SET c 3"},
    {"multi;SELECT 3;SET k multi;SET k exec;exec",
     "SELECT 3;SET k multi;SET k exec"},
    {"SET k 2", "SET k 2"},
    {"MULTI;EXEC", ""},
    {"MULTI;SELECT 0;FLUSHALL;SET end yes;EXEC",
     "SELECT 0;FLUSHALL;SET end yes"},
    {"DEL end", "DEL end"},
};

static void check_cut_at(struct slice whole, size_t cut) {
    struct buf file = {0}, run = {0};
    size_t kept = 0, i;
    char side[160];

    write_file(room.path, (struct slice){whole.data, cut});
    for (i = 0; i < COUNT_OF(units); i++) {
        add_records(&file, units[i].unit);
        if (buf_len(&file) > cut) break;
        kept = buf_len(&file);
        add_records(&run, units[i].run);
    }
    ck_assert_int_eq(aof_close(opened()), 0);
    check_that(same_bytes(buf_slice(&room.replayed), buf_slice(&run)),
               "cut at %zu: \"%s\" was run, not \"%s\"", cut,
               shown(buf_slice(&room.replayed)), shown(buf_slice(&run)));
    check_that(file_is(room.path, (struct slice){whole.data, kept}),
               "cut at %zu: %zu bytes had to be kept", cut, kept);
    snprintf(side, sizeof side, "%s.cut-%zu", room.path, kept);
    if (kept == cut) {
        ck_assert_int_eq(access(side, F_OK), -1);
    } else {
        check_that(file_is(side, (struct slice){whole.data + kept, cut - kept}),
                   "cut at %zu: the rest is not in %s", cut, side);
        unlink(side);
    }
    buf_free(&file);
    buf_free(&run);
}

START_TEST(a_file_that_is_cut_at_any_byte_loads_whole_units) {
    struct buf whole = {0};
    size_t i;

    for (i = 0; i < COUNT_OF(units); i++)
        add_records(&whole, units[i].unit);
    for (i = 0; i <= buf_len(&whole); i += STRIDE)
        check_cut_at(buf_slice(&whole), i);
    buf_free(&whole);
}
END_TEST

/* 'good' is followed by 'bad', which refuses the file where it begins, or, if
 * it is a record that has to be run to see that, when EXEC is there. */
static void check_refused(const char *good, const char *bad, const char *after,
                          const char *why) {
    struct buf file = {0};
    char at[40];
    struct aof *aof;

    add_records(&file, good);
    snprintf(at, sizeof at, "at byte %zu:", buf_len(&file));
    add_records(&file, bad);
    add_records(&file, after);
    write_file(room.path, buf_slice(&file));
    aof = open_log();
    check_that(aof == NULL, "%s, %s: not refused", good, bad);
    check_that(strstr(said(), at) != NULL && strstr(said(), why) != NULL,
               "%s, %s: expected %s %s, said %s", good, bad, at, why, said());
    check_that(file_is(room.path, buf_slice(&file)), "the file was changed");
    buf_free(&file);
}

START_TEST(a_file_that_breaks_the_rules_of_transactions_is_refused) {
    static const struct {
        const char *good, *bad, *after, *why;
    } table[] = {
        {"", "EXEC", "", "EXEC without MULTI"},
        {"SET a 1", "exec", "SET b 1", "EXEC without MULTI"},
        {"MULTI;SET a 1;EXEC", "EXEC", "", "EXEC without MULTI"},
        {"MULTI", "MULTI", "EXEC", "MULTI within MULTI"},
        {"SET a 1;MULTI;SET b 1", "MULTI", "", "MULTI within MULTI"},
        {"SET a 1;MULTI", "SET b", "EXEC", "wrong number of arguments"},
        {"MULTI;SET a 1;SET b 2", "GET a", "DEL a;EXEC",
         "not a command that writes"},
        {"MULTI;SET a 1;EXEC;MULTI;SET a x", "INCR a", "EXEC",
         "the command failed"},
        {"MULTI;SET a 1", "NOSUCH", "SET b 1;EXEC", "unknown command"},
        {"MULTI;SET a 1", "EXEC x", "EXEC", "not a command that writes"},
        {"MULTI;SET a 1", "MULTI x", "EXEC", "not a command that writes"},
        {"MULTI;SET a 1", "DISCARD", "EXEC", "not a command that writes"},
        {"MULTI;SET a 1", "", "EXEC;EXEC", "EXEC without MULTI"},
    };
    size_t i;

    for (i = 0; i + 1 < COUNT_OF(table); i++) {
        check_refused(table[i].good, table[i].bad, table[i].after,
                      table[i].why);
    }
    check_refused("MULTI;SET a 1;EXEC", "EXEC", "MULTI", table[i].why);
}
END_TEST

START_TEST(a_record_that_is_none_is_named_where_it_is) {
    struct buf file = {0};
    char at[40];

    add_records(&file, "SET a 1;MULTI;SET b 1");
    snprintf(at, sizeof at, "at byte %zu:", buf_len(&file));
    append_literal(&file, "+OK\r\n");
    add_records(&file, "EXEC");
    write_file(room.path, buf_slice(&file));
    ck_assert_ptr_null(open_log());
    check_that(strstr(said(), at) != NULL, "not %s: %s", at, said());
    buf_free(&file);
}
END_TEST

START_TEST(what_the_server_did_is_what_the_log_brings_back) {
    struct talk talk;

    talk_open(&talk, "back", "");
    talk_through(&talk, "SET a 1;MULTI;SELECT 2;SET b 2;INCR c;EXEC;SET d 4;"
                        "MULTI;DEL b;SELECT 0;APPEND a x;EXEC");
    ck_assert_int_eq(server_free(talk.site.server), 0);
    talk.site.options.config = NULL;
    peer_close(&talk.peer);
    site_start(&talk.site);
    peer_open(&talk.peer, talk.site.server);
    talk.heard = 0;
    assert_bytes(ask(&talk, "MGET a b c d"),
                 BYTES("*4\r\n$2\r\n1x\r\n$-1\r\n$-1\r\n$-1\r\n"));
    ask(&talk, "SELECT 2");
    assert_bytes(ask(&talk, "MGET a b c d"),
                 BYTES("*4\r\n$-1\r\n$-1\r\n$1\r\n1\r\n$1\r\n4\r\n"));
    talk_close(&talk);
}
END_TEST

/* ---- The suite ---------------------------------------------------------- */

Suite *transaction_suite(void) {
    const TTest *const tests[] = {
        exec_does_nothing_if_a_watched_key_was_touched,
        exec_runs_if_no_watched_key_was_touched,
        a_key_is_watched_in_its_database_alone,
        an_aborted_exec_is_null_in_the_protocol_of_the_client,
        what_is_refused_before_it_is_queued_aborts_all,
        what_fails_when_it_is_run_does_not,
        each_state_of_a_transaction_answers_as_redis_does,
        exec_is_refused_if_memory_for_its_commands_has_gone,
        within_exec_a_client_watches_nothing,
        quit_leaves_the_queue_undone,
        each_way_out_gives_all_memory_back,
        who_left_is_not_told_of_changes,
        a_change_of_one_of_many_keys_reaches_all_who_watch_it,
        a_queue_costs_what_it_takes,
        what_will_not_run_needs_no_room,
        who_watches_or_queues_without_end_pays_for_it,
        a_key_that_is_watched_again_costs_nothing,
        a_watched_key_costs_as_much_as_it_is_long,
        who_watched_much_leaves_nothing_behind,
        replies_beyond_the_output_limit_are_dropped_but_all_of_it_runs,
        replies_that_are_dropped_take_no_room,
        an_exec_is_one_unit_in_the_log,
        what_the_server_did_is_what_the_log_brings_back,
    };
    const TTest *const loads[] = {
        a_file_that_is_cut_at_any_byte_loads_whole_units,
        a_file_that_breaks_the_rules_of_transactions_is_refused,
        a_record_that_is_none_is_named_where_it_is,
    };
    Suite *suite = server_suite_of("transaction", tests, COUNT_OF(tests));
    TCase *tcase = tcase_create("transaction: loads");
    size_t i;

    tcase_set_timeout(tcase, TEST_SECONDS);
    tcase_add_unchecked_fixture(tcase, make_base, remove_base);
    tcase_add_checked_fixture(tcase, enter_room, leave_room);
    for (i = 0; i < COUNT_OF(loads); i++)
        tcase_add_test(tcase, loads[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
