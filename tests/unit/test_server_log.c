/* test_server_log.c -- a server and its log, on good days and bad ones: what
 * clients are told, who has to wait, and what is there after the next start. */
#include "kernel.h"
#include "server_talk.h"
#include "suites.h"

/* Turns, until the log of the server says so. */
static void await_text(struct talk *talk, const char *text) {
    await_log(&talk->site, text);
}

/* The same log in a new server; the old one is closed. */
static void restart(struct talk *talk, const char *name) {
    talk_close(talk);
    talk_open(talk, name, "");
}

/* ---- Rewriting ----------------------------------------------------------- */

/* The new file ends in the database of its last key, and what was logged since
 * goes on behind that: as BGREWRITEAOF begins, and as time begins it. */
START_TEST(a_rewrite_leaves_each_key_in_its_database) {
    static const struct step before[] = {
        {"SELECT 5", OK},
        {"SET five 5", OK},
        {"SELECT 3", OK},
        {"SET one 3", OK},
    };
    static const struct step after[] = {
        {"EXISTS five", ":0\r\n"},
        {"SELECT 3", OK},
        {"MGET one two six", "*3\r\n$1\r\n3\r\n$1\r\n3\r\n$1\r\n3\r\n"},
        {"SELECT 5", OK},
        {"DBSIZE", ":1\r\n"},
    };
    static const char *const ways[] = {
        "BGREWRITEAOF", "CONFIG SET auto-aof-rewrite-min-size 1"};
    size_t way;

    for (way = 0; way < 2; way++) {
        struct talk talk;
        char name[20];

        snprintf(name, sizeof name, "databases-%zu", way);
        talk_open(&talk, name, "");
        take_steps(&talk, before, 4);
        ck_assert(answer_has(&talk, ways[way], way == 0 ? "started" : "OK"));
        if (way == 1) await_text(&talk, "rewriting ");
        take_steps(&talk, &(struct step){"SET two 3", OK}, 1);
        await_text(&talk, "is rewritten");
        take_steps(&talk, &(struct step){"SET six 3", OK}, 1);
        restart(&talk, name);
        take_steps(&talk, after, sizeof after / sizeof *after);
        talk_close(&talk);
    }
}
END_TEST

/* ---- A disk that fails --------------------------------------------------- */

#define MISCONF                                                                \
    "MISCONF Errors writing to the AOF file: No space left on device\r\n"

static const struct fault full[FAULTS_MAX] = {{WRITE, 1, FOR_GOOD, ENOSPC}};

/* A server whose log is on a disk that can be made to fail. */
static void open_on_disk(struct talk *talk, const char *name,
                         const char *settings) {
    kernel_arm(folder, no_faults);
    talk_open(talk, name, settings);
}

/* The one who met the error hears nothing, the other is answered. */
static void fill_disk(struct talk *talk) {
    struct server *server = talk->site.server;
    struct peer writer;

    peer_open(&writer, server);
    say(&writer, "SET a 1\r\n");
    expect(server, &writer, OK);
    kernel_set(full);
    say(&writer, "GET a\r\nSET a 2\r\n");
    say(&talk->peer, "GET b\r\n");
    expect_end(server, &writer);
    expect(server, &talk->peer, "$-1\r\n");
    peer_close(&writer);
}

START_TEST(while_the_disk_is_full_nobody_writes_and_all_read) {
    static const struct step steps[] = {
        {"SET a 3", "-" MISCONF},
        {"PING", "-" MISCONF},
        {"FLUSHALL", "-" MISCONF},
        {"GET a", "$1\r\n2\r\n"},
        {"ECHO hello", "$5\r\nhello\r\n"},
        {"SET a", WRONG("set")},
        {"MULTI", OK},
        {"SET a 3", "-" MISCONF},
        {"GET a", "+QUEUED\r\n"},
        {"EXEC", "-EXECABORT Transaction discarded because of "
                 "previous errors.\r\n"},
        {"MULTI", OK},
        {"GET a", "+QUEUED\r\n"},
        {"EXEC", "*1\r\n$1\r\n2\r\n"},
    };
    struct talk talk;

    open_on_disk(&talk, "full", "");
    fill_disk(&talk);
    take_steps(&talk, steps, sizeof steps / sizeof *steps);
    ck_assert(answer_has(&talk, "INFO persistence", "last_write_status:err"));

    kernel_set(no_faults);
    await_text(&talk, "is written again");
    ck_assert(answer_has(&talk, "INFO persistence", "last_write_status:ok"));
    take_steps(&talk, &(struct step){"SET b 4", OK}, 1);
    restart(&talk, "full");
    take_steps(&talk,
               &(struct step){"MGET a b", "*2\r\n$1\r\n2\r\n$1\r\n4\r\n"}, 1);
    kernel_disarm();
    talk_close(&talk);
}
END_TEST

/* One whose queue was taken while all was well. */
START_TEST(an_exec_that_would_write_to_a_full_disk_is_refused) {
    struct talk talk;
    struct peer other;

    open_on_disk(&talk, "exec", "");
    peer_open(&other, talk.site.server);
    say(&other, "MULTI\r\nSET q 1\r\n");
    expect(talk.site.server, &other, OK "+QUEUED\r\n");
    fill_disk(&talk);
    say(&other, "EXEC\r\nGET q\r\n");
    expect(talk.site.server, &other,
           "-EXECABORT Transaction discarded because of: " MISCONF "$-1\r\n");
    kernel_set(no_faults);
    await_text(&talk, "is written again");
    kernel_disarm();
    peer_close(&other);
    talk_close(&talk);
}
END_TEST

/* As long as it lasts, the log of the server has a line of it, not one a turn.
 */
START_TEST(a_full_disk_is_told_of_once) {
    struct talk talk;
    const char *line;
    int64_t end_ms;

    open_on_disk(&talk, "once", "");
    fill_disk(&talk);
    end_ms = clock_ms() + 500;
    while (clock_ms() < end_ms)
        turn(talk.site.server, 20);
    ck_assert(logs(&talk.site, "Nobody may write until that is over"));
    buf_append(&talk.site.logged, "", 1);
    line = strstr(buf_slice(&talk.site.logged).data, "cannot write");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strstr(line + 1, "cannot write"));
    kernel_set(no_faults);
    await_text(&talk, "is written again");
    kernel_disarm();
    talk_close(&talk);
}
END_TEST

START_TEST(with_policy_always_a_full_disk_ends_the_server_without_a_reply) {
    struct talk talk;
    int64_t end_ms = clock_ms() + WAIT_MS;

    open_on_disk(&talk, "always", "appendfsync always");
    take_steps(&talk, &(struct step){"SET a 1", OK}, 1);
    kernel_set(full);
    buf_consume(&talk.peer.heard, talk.heard);
    say(&talk.peer, "SET a 2\r\nGET a\r\n");
    while (server_turn(talk.site.server, 10) == 0)
        ck_assert_int_lt(clock_ms(), end_ms);
    ck_assert(logs(&talk.site, "nothing more can be promised: No space left"));
    ck_assert_int_eq(server_free(talk.site.server), -1);
    talk.site.server = NULL;
    peer_pull(&talk.peer, 100);
    ck_assert(talk.peer.ended && buf_len(&talk.peer.heard) == 0);
    kernel_disarm();
    talk_close(&talk);
}
END_TEST

/* What could not be written is lost, and main() is told. */
START_TEST(a_server_that_ends_on_a_full_disk_says_so) {
    struct talk talk;

    open_on_disk(&talk, "ends", "");
    fill_disk(&talk);
    ck_assert_int_eq(server_free(talk.site.server), -1);
    talk.site.server = NULL;
    ck_assert(logs(&talk.site, "No space left on device"));
    kernel_disarm();
    talk_close(&talk);
}
END_TEST

/* ---- A disk that is slow ------------------------------------------------- */

#define BEHIND_MS 3000

static void make_slow(struct talk *talk) {
    kernel->hurry = true;
    kernel->gated = true;
    take_steps(talk, &(struct step){"SET a 1", OK}, 1);
    while (kernel->syncing_fd == -1)
        wait_a_moment();
    kernel->hurry = false; /* the loop may poll(), too */
    kernel->added_ms += BEHIND_MS;
    await_text(talk, "the disk is behind");
}

static void make_fast(void) {
    kernel->gated = false;
}

START_TEST(who_writes_waits_while_the_disk_is_behind_and_others_read) {
    struct talk talk;
    struct server *server;
    struct peer writer, transaction;

    open_on_disk(&talk, "slow", "");
    server = talk.site.server;
    peer_open(&writer, server);
    peer_open(&transaction, server);
    make_slow(&talk);
    say(&transaction, "MULTI\r\nSET t 1\r\nGET a\r\nEXEC\r\nPING\r\n");
    expect(server, &transaction, OK "+QUEUED\r\n+QUEUED\r\n");
    say(&writer, "GET a\r\nSET a 2\r\nGET a\r\nSET a 3\r\n");
    expect(server, &writer, "$1\r\n1\r\n");

    take_steps(&talk, &(struct step){"MGET a t", "*2\r\n$1\r\n1\r\n$-1\r\n"},
               1);
    ck_assert(answer_has(&talk, "INFO clients", "blocked_clients:2\r\n"));
    ck_assert(answer_has(&talk, "CLIENT LIST", " flags=b "));
    ck_assert(answer_has(&talk, "CLIENT LIST", " flags=xb "));
    await_rest(server, &talk.peer); /* and nothing turns round and round */

    make_fast();
    expect(server, &writer, OK "$1\r\n2\r\n" OK);
    expect(server, &transaction, "*2\r\n" OK "$1\r\n3\r\n+PONG\r\n");
    ck_assert(answer_has(&talk, "INFO clients", "blocked_clients:0\r\n"));
    kernel_disarm();
    peer_close(&writer);
    peer_close(&transaction);
    talk_close(&talk);
}
END_TEST

/* It is reset, which the loop reports whatever it was asked for. */
START_TEST(one_who_goes_while_it_waits_is_closed) {
    static const struct linger at_once = {1, 0};
    struct talk talk;
    struct peer writer;

    open_on_disk(&talk, "gone", "");
    peer_open(&writer, talk.site.server);
    make_slow(&talk);
    say(&writer, "SET a 2\r\n");
    while (!answer_has(&talk, "INFO clients", "blocked_clients:1\r\n"))
        turn(talk.site.server, 1);
    setsockopt(writer.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    peer_close(&writer);
    while (!answer_has(&talk, "INFO clients", "connected_clients:1\r\n"))
        turn(talk.site.server, 1);
    ck_assert(answer_has(&talk, "INFO clients", "blocked_clients:0\r\n"));
    await_rest(talk.site.server, &talk.peer);
    make_fast();
    take_steps(&talk, &(struct step){"GET a", "$1\r\n1\r\n"}, 1);
    kernel_disarm();
    talk_close(&talk);
}
END_TEST

/* It has said all, and listens still. */
START_TEST(one_who_has_said_all_is_answered_when_the_disk_has_caught_up) {
    struct talk talk;
    struct peer writer;

    open_on_disk(&talk, "half", "");
    peer_open(&writer, talk.site.server);
    make_slow(&talk);
    say(&writer, "SET a 2\r\n");
    shutdown(writer.fd, SHUT_WR);
    while (!answer_has(&talk, "INFO clients", "blocked_clients:1\r\n"))
        turn(talk.site.server, 1);
    await_rest(talk.site.server, &talk.peer);
    make_fast();
    expect(talk.site.server, &writer, OK);
    expect_end(talk.site.server, &writer);
    kernel_disarm();
    peer_close(&writer);
    talk_close(&talk);
}
END_TEST

Suite *server_log_suite(void) {
    const TTest *const tests[] = {
        a_rewrite_leaves_each_key_in_its_database,
        while_the_disk_is_full_nobody_writes_and_all_read,
        an_exec_that_would_write_to_a_full_disk_is_refused,
        a_full_disk_is_told_of_once,
        with_policy_always_a_full_disk_ends_the_server_without_a_reply,
        a_server_that_ends_on_a_full_disk_says_so,
        who_writes_waits_while_the_disk_is_behind_and_others_read,
        one_who_goes_while_it_waits_is_closed,
        one_who_has_said_all_is_answered_when_the_disk_has_caught_up,
    };

    return server_suite_of("server: log", tests, sizeof tests / sizeof *tests);
}
