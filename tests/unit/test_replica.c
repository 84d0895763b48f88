/* test_replica.c -- feeding replicas: the handshake byte for byte, all data,
 * what follows, and what becomes of one that is slow, silent or gone. */
#include "kernel.h"
#include "resp.h"
#include "server_state.h"
#include "server_talk.h"
#include "suites.h"

#include <signal.h>

#define RDB                                                                    \
    "$18\r\nREDIS0009\xff\0\0\0\0\0\0\0\0" /* no end of line behind it */
#define FOLLOW "PSYNC ? -1\r\n"

/* ---- What a replica hears ------------------------------------------------ */

/* The next record, a blank between its words; good until the next call. */
static const char *next_record(struct server *server, struct peer *peer) {
    static char text[400];
    struct resp_request request = {0};
    size_t len = 0;
    size_t i;

    while (resp_read_request(&request, buf_slice(&peer->heard)) !=
           RESP_COMPLETE) {
        size_t before = buf_len(&peer->heard);

        resp_request_free(&request);
        await(server, peer, before + 1);
        check_that(buf_len(&peer->heard) > before, "no record, but the end");
    }
    text[0] = '\0';
    for (i = 0; i < request.argc && len < sizeof text; i++) {
        len += (size_t)snprintf(
            text + len, sizeof text - len, "%s%.*s", i > 0 ? " " : "",
            (int)(request.argv[i].len < 100 ? request.argv[i].len : 100),
            request.argv[i].data);
    }
    buf_consume(&peer->heard, request.size);
    resp_request_free(&request);
    return text;
}

static void expect_record(struct server *server, struct peer *peer,
                          const char *want) {
    const char *got = next_record(server, peer);

    check_that(strcmp(got, want) == 0, "got \"%s\", expected \"%s\"", got,
               want);
}

/* The answer to PSYNC, and the empty snapshot. Returns the offset. */
static int64_t expect_full_sync(struct server *server, struct peer *peer) {
    char want[60], line[100];
    long long offset = 0;
    struct slice got;

    while (got = buf_slice(&peer->heard),
           memchr(got.data, '\n', got.len) == NULL) {
        check_that(!peer->ended, "the end");
        await(server, peer, got.len + 1);
    }
    snprintf(line, sizeof line, "%.*s", (int)strcspn(got.data, "\n"), got.data);
    snprintf(want, sizeof want, "+FULLRESYNC %s ", server->run_id);
    check_that(strncmp(line, want, strlen(want)) == 0 &&
                   sscanf(line + strlen(want), "%lld", &offset) == 1,
               "got \"%s\"", line);
    buf_consume(&peer->heard, strlen(line) + 1);
    peer_expect(server, peer, BYTES(RDB));
    return offset;
}

/* ---- Servers and replicas ------------------------------------------------ */

static void come(struct talk *talk, struct peer *peer) {
    peer_open(peer, talk->site.server);
    say(peer, FOLLOW);
}

/* One that has all data, of which there are none. The first of all gets a PING
 * at once. */
static void follow(struct talk *talk, struct peer *peer) {
    struct server *server = talk->site.server;

    come(talk, peer);
    expect_full_sync(server, peer);
    expect_record(server, peer, "SELECT 0");
    if (server->replication.syncs_count == 1) {
        expect_record(server, peer, "PING");
    }
}

/* Until no child is at work. */
static void await_online(struct server *server) {
    while (server->replication.syncs != NULL)
        turn(server, 10);
}

/* A value that does not fit in a narrow socket. */
static void set_large(struct talk *talk) {
    ask(talk, "SETRANGE large 1000000 x");
}

/* A replica whose child can not end as long as nobody reads. */
static void follow_narrow(struct talk *talk, struct peer *peer) {
    open_narrow(&talk->site, peer);
    say(peer, FOLLOW);
    while (talk->site.server->replication.syncs == NULL)
        turn(talk->site.server, 10);
}

static void come_narrow(struct talk *talk, struct peer *peer) {
    set_large(talk);
    follow_narrow(talk, peer);
}

static const char *const no_log = "appendonly no";

/* ---- All data, and what follows ------------------------------------------ */

static void check_sync(const char *settings) {
    struct talk talk;
    struct server *server;
    struct peer peer;
    int64_t offset;

    talk_open(&talk, "sync", settings);
    server = talk.site.server;
    ask(&talk, "SET a 1");
    ask(&talk, "SELECT 3");
    ask(&talk, "SET b 2 PXAT 99999999999999");
    peer_open(&peer, server);
    say(&peer, "PING\r\n");
    expect(server, &peer, "+PONG\r\n");
    say(&peer, "REPLCONF listening-port 7777\r\n");
    expect(server, &peer, "+OK\r\n");
    say(&peer, "REPLCONF capa eof capa psync2\r\n");
    expect(server, &peer, "+OK\r\n");
    say(&peer, FOLLOW);
    offset = expect_full_sync(server, &peer);
    expect_record(server, &peer, "SET a 1");
    expect_record(server, &peer, "SELECT 3");
    expect_record(server, &peer, "SET b 2 PXAT 99999999999999");
    expect_record(server, &peer, "SELECT 0"); /* that of the stream */
    ck_assert_int_eq(offset, REPLICATION_OFFSET - 27 - 23 - 58 - 23);
    expect_record(server, &peer, "PING");
    ask(&talk, "GET a"); /* changes nothing */
    ask(&talk, "APPEND a 0");
    expect_record(server, &peer, "SELECT 3");
    expect_record(server, &peer, "APPEND a 0");
    ask(&talk, "DEL a b");
    expect_record(server, &peer, "DEL a b");
    peer_close(&peer);
    talk_close(&talk);
}

START_TEST(a_replica_gets_all_data_and_what_follows) {
    check_sync("");
}
END_TEST

START_TEST(so_it_does_without_a_log) {
    check_sync(no_log);
}
END_TEST

/* Of old, and what redis-cli says. */
START_TEST(sync_is_answered_with_the_snapshot) {
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "sync", no_log);
    peer_open(&peer, talk.site.server);
    ask(&talk, "SET a 1");
    say(&peer, "SYNC\r\n");
    peer_expect(talk.site.server, &peer, BYTES(RDB));
    expect_record(talk.site.server, &peer, "SET a 1");
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* The number that it is told makes its count ours. */
START_TEST(both_count_the_same) {
    struct talk talk;
    struct server *server;
    struct peer peer;
    int64_t offset;
    char line[60];

    talk_open(&talk, "sync", no_log);
    server = talk.site.server;
    ck_assert(answer_has(&talk, "INFO replication", "master_repl_offset:0\r"));
    ask(&talk, "SET a 1");
    ask(&talk, "SELECT 12");
    ask(&talk, "SET b 2");
    come(&talk, &peer);
    offset = expect_full_sync(server, &peer);
    await_online(server);
    ask(&talk, "SET c 3");
    await_rest(server, &peer);
    peer_pull(&peer, 65536);
    offset += (int64_t)buf_len(&peer.heard);
    snprintf(line, sizeof line, "master_repl_offset:%lld\r", (long long)offset);
    ck_assert(answer_has(&talk, "INFO replication", line));
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* What is changed while the child writes comes after what it writes. */
START_TEST(what_is_written_meanwhile_comes_later) {
    struct talk talk;
    struct server *server;
    struct peer peer;

    talk_open(&talk, "meanwhile", "");
    server = talk.site.server;
    come_narrow(&talk, &peer);
    ask(&talk, "SET late 1");
    ask(&talk, "DEL large");
    ck_assert(server->replication.syncs != NULL);
    expect_full_sync(server, &peer);
    expect_record(server, &peer, "SET large ");
    expect_record(server, &peer, "SELECT 0");
    expect_record(server, &peer, "PING");
    expect_record(server, &peer, "SET late 1");
    expect_record(server, &peer, "DEL large");
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

START_TEST(a_transaction_is_one) {
    struct talk talk;
    struct server *server;
    struct peer peer;

    talk_open(&talk, "multi", "");
    server = talk.site.server;
    follow(&talk, &peer);
    ask(&talk, "MULTI");
    ask(&talk, "GET a");
    ask(&talk, "EXEC");
    ask(&talk, "MULTI");
    ask(&talk, "SET a 1");
    ask(&talk, "SELECT 5");
    ask(&talk, "INCR n");
    ask(&talk, "EXEC");
    expect_record(server, &peer, "MULTI");
    expect_record(server, &peer, "SET a 1");
    expect_record(server, &peer, "SELECT 5");
    expect_record(server, &peer, "INCR n");
    expect_record(server, &peer, "EXEC");
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* A replica hides a key whose time has come, but keeps it until it is told. */
START_TEST(what_expires_is_deleted) {
    struct talk talk;
    struct server *server;
    struct peer peer;

    talk_open(&talk, "expire", "");
    server = talk.site.server;
    follow(&talk, &peer);
    ask(&talk, "SET k v PX 1");
    ck_assert(strncmp(next_record(server, &peer), "SET k v PXAT ", 13) == 0);
    expect_record(server, &peer, "DEL k");
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* After a drop it is sent all, whatever it has. */
START_TEST(one_that_comes_again_gets_all_again) {
    struct talk talk;
    struct server *server;
    struct peer peer;
    char line[100];

    talk_open(&talk, "again", "");
    server = talk.site.server;
    follow(&talk, &peer);
    peer_close(&peer);
    ask(&talk, "SET a 1");
    await_log(&talk.site, "is gone");
    peer_open(&peer, server);
    snprintf(line, sizeof line, "PSYNC %s %lld\r\n", server->run_id,
             (long long)server->replication.offset + 1);
    peer_say(&peer, slice_of(line));
    expect_full_sync(server, &peer);
    expect_record(server, &peer, "SET a 1");
    ck_assert(answer_has(&talk, "INFO stats", "sync_full:2\r"));
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* ---- One child at a time ------------------------------------------------- */

START_TEST(a_second_one_waits) {
    struct talk talk;
    struct server *server;
    struct peer first, second;

    talk_open(&talk, "two", no_log);
    server = talk.site.server;
    come_narrow(&talk, &first);
    come(&talk, &second);
    while (server->replication.count < 2)
        turn(server, 10);
    pass_seconds(&talk.site, 10);
    expect(server, &second, "\n"); /* a sign of life */
    ck_assert(answer_has(&talk, "INFO replication", "state=wait_bgsave"));
    ck_assert(answer_has(&talk, "INFO replication", "state=send_bulk"));
    expect_full_sync(server, &first);
    await(server, &first, 1000000);
    expect_full_sync(server, &second);
    peer_close(&first);
    peer_close(&second);
    talk_close(&talk);
}
END_TEST

START_TEST(a_rewrite_waits) {
    struct talk talk;
    struct server *server;
    struct peer peer;

    talk_open(&talk, "rewrite", "");
    server = talk.site.server;
    come_narrow(&talk, &peer);
    ask(&talk, "BGREWRITEAOF");
    pass_seconds(&talk.site, 1);
    ck_assert(answer_has(&talk, "INFO persistence",
                         "aof_rewrite_in_progress:0\r\n"
                         "aof_rewrite_scheduled:1\r"));
    expect_full_sync(server, &peer);
    await(server, &peer, 1000000);
    ck_assert(answer_has(&talk, "INFO stats", "total_forks:1\r"));
    while (!answer_has(&talk, "INFO persistence", "aof_rewrites:1\r"))
        turn(server, 10);
    ck_assert(answer_has(&talk, "INFO stats", "total_forks:2\r"));
    ask(&talk, "CONFIG RESETSTAT");
    ck_assert(answer_has(&talk, "INFO stats",
                         "latest_fork_usec:0\r\ntotal_forks:0\r"));
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* While the log is not to be relied on nobody may write; so it does not wait
 * for one who may take for ever. */
START_TEST(a_rewrite_that_is_urgent_does_not_wait) {
    struct talk talk;
    struct peer peer;
    pid_t pid;

    kernel_arm(folder, no_faults);
    talk_open(&talk, "urgent", "");
    come_narrow(&talk, &peer);
    pid = talk.site.server->replication.child.pid;
    ck_assert_int_eq(truncate(talk.site.aof_path, 0), 0);
    kernel->added_ms += 2000;
    await_log(&talk.site, "somebody else has changed it");
    await_log(&talk.site, "is written again");
    ck_assert_int_eq(kill(pid, 0), -1);
    ck_assert(answer_has(&talk, "INFO replication", "connected_slaves:0\r"));
    ck_assert(answer_has(&talk, "SET a 1", "OK"));
    while (!peer.ended)
        await(talk.site.server, &peer, buf_len(&peer.heard) + 1);
    kernel_disarm();
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

START_TEST(a_replica_waits_for_a_rewrite) {
    struct talk talk;
    struct server *server;
    struct peer peer;

    kernel_arm(folder, no_faults);
    talk_open(&talk, "rewritten", "");
    server = talk.site.server;
    ask(&talk, "SET a 1");
    kernel->child_stops_at = 1;
    ask(&talk, "BGREWRITEAOF");
    come(&talk, &peer);
    while (server->replication.count == 0)
        turn(server, 10);
    pass_seconds(&talk.site, 10);
    expect(server, &peer, "\n"); /* a sign of life */
    ck_assert(answer_has(&talk, "INFO replication", "state=wait_bgsave"));
    ck_assert(!logs(&talk.site, "is rewritten"));
    kernel->child_stops_at = 0;
    expect_full_sync(server, &peer);
    ck_assert(logs(&talk.site, "is rewritten"));
    expect_record(server, &peer, "SET a 1");
    kernel_disarm();
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* A disk that has no new log for us is one that the data have to leave. */
START_TEST(one_that_has_failed_waits) {
    static const struct fault broken[FAULTS_MAX] = {{FSYNC, 1, FOR_GOOD, EIO}};
    struct talk talk;
    struct peer peer;

    kernel_arm(folder, no_faults);
    talk_open(&talk, "dying", "");
    set_large(&talk);
    kernel_set(broken);
    ck_assert_int_eq(truncate(talk.site.aof_path, 0), 0);
    kernel->added_ms += 2000;
    await_log(&talk.site, "somebody else has changed it");
    await_log(&talk.site, "cannot rewrite");
    follow_narrow(&talk, &peer);
    for (int i = 0; i < 5; i++) {
        kernel->added_ms += 6000;
        turn(talk.site.server, 0);
        ck_assert_ptr_nonnull(talk.site.server->replication.syncs);
    }
    kernel_set(no_faults);
    expect_full_sync(talk.site.server, &peer);
    expect_record(talk.site.server, &peer, "SET large ");
    await_log(&talk.site, "is written again");
    kernel_disarm();
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* ---- Those that fail ----------------------------------------------------- */

/* Nobody knows what has come to it: it is to ask again. */
START_TEST(if_the_child_dies_the_replica_is_closed) {
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "dies", no_log);
    come_narrow(&talk, &peer);
    kill(talk.site.server->replication.child.pid, SIGKILL);
    await_log(&talk.site, "did not get all data");
    while (!peer.ended)
        await(talk.site.server, &peer, buf_len(&peer.heard) + 1);
    ck_assert(answer_has(&talk, "INFO replication", "connected_slaves:0\r"));
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

START_TEST(if_there_can_be_no_child_the_replica_is_closed) {
    static const struct fault no_fork[FAULTS_MAX] = {
        {FORK, 1, FOR_GOOD, EAGAIN}};
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "fork", no_log);
    kernel_arm(folder, no_fork);
    come(&talk, &peer);
    expect_end(talk.site.server, &peer);
    ck_assert(logs(&talk.site, "cannot make a process"));
    kernel_disarm();
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

START_TEST(if_the_replica_goes_the_child_does) {
    struct talk talk;
    struct peer peer;
    pid_t pid;

    talk_open(&talk, "goes", no_log);
    come_narrow(&talk, &peer);
    pid = talk.site.server->replication.child.pid;
    reset_connection(peer.fd);
    peer.fd = -1;
    await_log(&talk.site, "is gone");
    ck_assert_int_eq(kill(pid, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

START_TEST(the_child_does_not_wait_for_ever) {
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "slow", "appendonly no repl-timeout 1");
    come_narrow(&talk, &peer);
    await_log(&talk.site, "did not get all data: Connection timed out");
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* Write until it is given up, a second passing each time if 'slowly'. */
static void check_too_far(struct talk *talk, struct peer *peer, bool slowly) {
    int i;

    for (i = 0; !logs(&talk->site, "client-output-buffer-limit"); i++) {
        check_that(i < 1000, "it may be as slow as it likes");
        ask(talk, "SET k 0123456789012345678901234567890123456789012345678901");
        if (slowly && i > 500) pass_seconds(&talk->site, 1);
    }
    ck_assert(!slowly || i > 500 + 4);
    ck_assert(answer_has(talk, "INFO replication", "connected_slaves:0\r"));
    peer_close(peer);
    talk_close(talk);
}

static void open_one_behind(struct talk *talk, struct peer *peer,
                            const char *limit) {
    talk_open(talk, "behind", no_log);
    ck_assert(answer_has(talk, limit, "OK"));
    open_narrow(&talk->site, peer);
    say(peer, FOLLOW);
    expect_full_sync(talk->site.server, peer);
    await_online(talk->site.server);
}

START_TEST(one_that_falls_behind_is_closed) {
    struct talk talk;
    struct peer peer;

    open_one_behind(&talk, &peer,
                    "CONFIG SET client-output-buffer-limit \"slave 1kb 0 0\"");
    check_too_far(&talk, &peer, false);
}
END_TEST

START_TEST(it_may_be_behind_for_a_while) {
    struct talk talk;
    struct peer peer;

    open_one_behind(
        &talk, &peer,
        "CONFIG SET client-output-buffer-limit \"replica 1mb 1kb 5\"");
    check_too_far(&talk, &peer, true);
}
END_TEST

/* What is held for it counts. */
START_TEST(so_is_one_that_is_sent_all_data) {
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "behind", no_log);
    come_narrow(&talk, &peer);
    ask(&talk, "CONFIG SET client-output-buffer-limit \"replica 1kb 0 0\"");
    check_too_far(&talk, &peer, false);
}
END_TEST

/* ---- As time goes by ----------------------------------------------------- */

START_TEST(there_is_a_ping_each_period) {
    struct talk talk;
    struct server *server;
    struct peer peer;

    talk_open(&talk, "ping", "appendonly no repl-ping-replica-period 3");
    server = talk.site.server;
    follow(&talk, &peer);
    pass_seconds(&talk.site, 2);
    ask(&talk, "SET a 1");
    expect_record(server, &peer, "SET a 1");
    pass_seconds(&talk.site, 2);
    expect_record(server, &peer, "PING");
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

START_TEST(one_that_is_silent_is_closed) {
    struct talk talk;
    struct server *server;
    struct peer silent, old, speaks;

    talk_open(&talk, "silent", "appendonly no timeout 5");
    server = talk.site.server;
    follow(&talk, &silent);
    follow(&talk, &speaks);
    peer_open(&old, server);
    say(&old, "SYNC\r\n");
    peer_expect(server, &old, BYTES(RDB));
    expect_record(server, &old, "SELECT 0");
    await_rest(server, &old);
    pass_seconds(&talk.site, 40);
    say(&speaks, "REPLCONF ACK 1\r\n");
    await_rest(server, &speaks);
    pass_seconds(&talk.site, 40);
    await_log(&talk.site, "is silent");
    ck_assert_uint_eq(server->replication.count, 2);
    await(server, &silent, 99999);
    ck_assert(silent.ended && !speaks.ended && !old.ended);
    peer_close(&silent);
    peer_close(&old);
    peer_close(&speaks);
    talk.peer.ended = true; /* so 'timeout' will have it */
    talk_close(&talk);
}
END_TEST

/* It is not asked how far it is while it has much to read. */
START_TEST(one_that_is_slow_is_not_silent) {
    struct talk talk;
    struct server *server;
    struct peer peer;
    int i;

    open_one_behind(&talk, &peer,
                    "CONFIG SET client-output-buffer-limit \"slave 0 0 0\"");
    server = talk.site.server;
    while (!conn_is_full(server->replication.replicas[0]))
        ask(&talk, "APPEND k "
                   "0123456789012345678901234567890123456789012345678901");
    for (i = 0; i < 3; i++) {
        pass_seconds(&talk.site, 40);
        await(server, &peer, buf_len(&peer.heard) + 50000);
    }
    ck_assert(!logs(&talk.site, "is silent"));
    await_rest(server, &peer); /* it has taken what it may */
    pass_seconds(&talk.site, 61);
    await_log(&talk.site, "is silent");
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* Replicas have a limit of their own. */
START_TEST(it_does_not_count_among_clients) {
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "memory", "appendonly no maxmemory-clients 200000");
    come_narrow(&talk, &peer);
    ask(&talk, "SETRANGE k 100 x");
    while (buf_len(&talk.site.server->replication.replicas[0]
                        ->session.replica->held) < 300000)
        ask(&talk, "SET key:0123456789:0123456789:0123456789 "
                   "0123456789012345678901234567890123456789");
    turn(talk.site.server, 0);
    ck_assert_uint_eq(talk.site.server->replication.count, 1);
    ck_assert(answer_has(&talk, "PING", "PONG"));
    ck_assert(!answer_has(&talk, "INFO memory", "mem_clients_slaves:0\r"));
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* ---- What it may say ----------------------------------------------------- */

START_TEST(a_replica_only_says_how_far_it_is) {
    static const char *const others[] = {"PING\r\n", "GET a\r\n", "NOSUCH\r\n",
                                         "QUIT\r\n", FOLLOW};
    struct talk talk;
    struct server *server;
    struct peer peer;
    size_t i;

    talk_open(&talk, "says", no_log);
    server = talk.site.server;
    for (i = 0; i < COUNT_OF(others); i++) {
        follow(&talk, &peer);
        await_online(server);
        say(&peer, "REPLCONF ACK 5\r\n\r\nREPLCONF ACK x\r\n"
                   "REPLCONF capa eof\r\n");
        await_rest(server, &peer);
        ask(&talk, "INCR n");
        expect_record(server, &peer, "INCR n"); /* and no answer */
        peer_say(&peer, slice_of(others[i]));
        expect_end(server, &peer);
        peer_close(&peer);
        ask(&talk, "DEL n");
    }
    talk_close(&talk);
}
END_TEST

START_TEST(what_it_says_is_shown) {
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "shown", no_log);
    peer_open(&peer, talk.site.server);
    say(&peer, "REPLCONF listening-port 7777 ip-address 10.0.0.1\r\n");
    expect(talk.site.server, &peer, "+OK\r\n");
    say(&peer, FOLLOW);
    expect_full_sync(talk.site.server, &peer);
    await_online(talk.site.server);
    say(&peer, "REPLCONF ACK 1234\r\n");
    await_rest(talk.site.server, &peer);
    pass_seconds(&talk.site, 7);
    ck_assert(answer_has(&talk, "INFO replication",
                         "role:master\r\nconnected_slaves:1\r\n"
                         "slave0:ip=10.0.0.1,port=7777,state=online,"
                         "offset=1234,lag=7\r\n"));
    ck_assert(answer_has(&talk, "ROLE",
                         "*1\r\n*3\r\n$8\r\n10.0.0.1\r\n$4\r\n7777\r\n$4\r\n"
                         "1234\r\n"));
    ck_assert(answer_has(&talk, "CLIENT LIST TYPE replica", " flags=S "));
    ck_assert(!answer_has(&talk, "CLIENT LIST TYPE replica", " flags=N "));
    ck_assert(!answer_has(&talk, "CLIENT LIST TYPE normal", " flags=S "));
    ck_assert(answer_has(&talk, "CLIENT LIST TYPE slave", " flags=S "));
    ck_assert(answer_has(&talk, "CLIENT KILL TYPE replica", ":1\r\n"));
    ck_assert(answer_has(&talk, "ROLE", "*0\r\n"));
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

START_TEST(what_it_may_not_say) {
    static const struct step steps[] = {
        {"REPLCONF listening-port x",
         ERROR "value is not an integer or out of range\r\n"},
        {"REPLCONF nosuch 1", ERROR "Unrecognized REPLCONF option: nosuch\r\n"},
        {"REPLCONF capa", SYNTAX},
        {"REPLCONF ip-address \"a\\r\\nb\"",
         ERROR "Addresses cannot contain spaces, newlines or special "
               "characters.\r\n"},
        {"REPLCONF version 8.0.0", OK},
        {"MULTI", OK},
        {"PSYNC ? -1", ERROR "Command not allowed inside a transaction\r\n"},
        {"DISCARD", OK},
        {"SLAVEOF NO ONE", OK},
        {"replicaof no one", OK},
        {"PSYNC ?", WRONG("psync")},
    };
    struct talk talk;

    talk_open(&talk, "not", no_log);
    take_steps(&talk, steps, COUNT_OF(steps));
    ck_assert(answer_has(&talk, "REPLICAOF 127.0.0.1 6379", "never a replica"));
    talk_close(&talk);
}
END_TEST

/* Whoever says it. */
START_TEST(to_say_how_far_it_is_is_never_answered) {
    struct talk talk;

    talk_open(&talk, "ack", no_log);
    say(&talk.peer, "REPLCONF ACK 5\r\nREPLCONF GETACK *\r\n");
    ck_assert(answer_has(&talk, "PING", "PONG"));
    talk_close(&talk);
}
END_TEST

START_TEST(it_needs_the_password) {
    struct talk talk;
    struct peer peer;

    talk_open(&talk, "password", "appendonly no requirepass secret");
    peer_open(&peer, talk.site.server);
    say(&peer, FOLLOW);
    expect(talk.site.server, &peer, "-NOAUTH Authentication required.\r\n");
    say(&peer, "AUTH secret\r\n");
    expect(talk.site.server, &peer, "+OK\r\n");
    say(&peer, FOLLOW);
    expect_full_sync(talk.site.server, &peer);
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

/* It would get what is there by then, and never the rest. */
START_TEST(it_has_to_wait_for_the_log_to_be_loaded) {
    struct talk talk;

    talk_open(&talk, "loading", no_log);
    talk.site.server->is_loading = true;
    ck_assert(answer_has(&talk, "PSYNC ? -1", "-LOADING "));
    ck_assert(answer_has(&talk, "SYNC", "-LOADING "));
    ck_assert(answer_has(&talk, "BGREWRITEAOF", "-LOADING "));
    ck_assert(answer_has(&talk, "REPLCONF listening-port 1", "+OK"));
    ck_assert(answer_has(&talk, "INFO replication", "connected_slaves:0\r"));
    talk.site.server->is_loading = false;
    talk_close(&talk);
}
END_TEST

START_TEST(a_monitor_is_none) {
    struct talk talk;

    talk_open(&talk, "monitor", no_log);
    ck_assert(answer_has(&talk, "MONITOR", "OK"));
    say(&talk.peer, FOLLOW);
    await_rest(talk.site.server, &talk.peer);
    ck_assert_uint_eq(talk.site.server->replication.count, 0);
    talk_close(&talk);
}
END_TEST

/* ---- redis-cli ----------------------------------------------------------- */

/* --rdb: the file would be a backup of nothing. */
START_TEST(there_is_no_snapshot_for_a_file) {
    struct talk talk;

    talk_open(&talk, "rdb", no_log);
    ask(&talk, "REPLCONF rdb-only 1");
    ck_assert(answer_has(&talk, "SYNC", "Copy the append-only file instead"));
    ck_assert_uint_eq(talk.site.server->replication.count, 0);
    talk_close(&talk);
}
END_TEST

/* --replica: it shows what is changed from now on. */
START_TEST(the_stream_can_be_had_alone) {
    struct talk talk;
    struct server *server;
    struct peer peer;

    talk_open(&talk, "cli", no_log);
    server = talk.site.server;
    ask(&talk, "SET a 1");
    peer_open(&peer, server);
    say(&peer, "REPLCONF rdb-only 0 rdb-filter-only \"\"\r\n");
    expect(server, &peer, "+OK\r\n");
    say(&peer, "SYNC\r\n");
    peer_expect(server, &peer, BYTES(RDB));
    expect_record(server, &peer, "SELECT 0");
    expect_record(server, &peer, "PING");
    ask(&talk, "SET b 2");
    expect_record(server, &peer, "SET b 2");
    peer_close(&peer);
    talk_close(&talk);
}
END_TEST

Suite *replica_suite(void) {
    const TTest *const tests[] = {
        a_replica_gets_all_data_and_what_follows,
        so_it_does_without_a_log,
        sync_is_answered_with_the_snapshot,
        both_count_the_same,
        what_is_written_meanwhile_comes_later,
        a_transaction_is_one,
        what_expires_is_deleted,
        one_that_comes_again_gets_all_again,
        a_second_one_waits,
        a_rewrite_waits,
        a_rewrite_that_is_urgent_does_not_wait,
        one_that_has_failed_waits,
        a_replica_waits_for_a_rewrite,
        if_the_child_dies_the_replica_is_closed,
        if_there_can_be_no_child_the_replica_is_closed,
        if_the_replica_goes_the_child_does,
        the_child_does_not_wait_for_ever,
        one_that_falls_behind_is_closed,
        it_may_be_behind_for_a_while,
        so_is_one_that_is_sent_all_data,
        there_is_a_ping_each_period,
        one_that_is_silent_is_closed,
        one_that_is_slow_is_not_silent,
        it_does_not_count_among_clients,
        a_replica_only_says_how_far_it_is,
        what_it_says_is_shown,
        what_it_may_not_say,
        to_say_how_far_it_is_is_never_answered,
        it_needs_the_password,
        it_has_to_wait_for_the_log_to_be_loaded,
        a_monitor_is_none,
        there_is_no_snapshot_for_a_file,
        the_stream_can_be_had_alone,
    };

    return server_suite_of("replica", tests, COUNT_OF(tests));
}
