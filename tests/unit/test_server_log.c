/* test_server_log.c -- a server and its log, on good days and bad ones: what
 * clients are told, who has to wait, and what is there after the next start. */
#include "kernel.h"
#include "server_talk.h"
#include "suites.h"

#include "aof.h"
#include "server_state.h"
#include "store.h"

#include <signal.h>

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

/* The next five times that the server looks after its log. */
static void pass_looks(struct talk *talk) {
    int i;

    for (i = 0; i < 5; i++) {
        kernel->added_ms += 150;
        turn(talk->site.server, 0);
        turn(talk->site.server, 0);
    }
}

static long long in_log(struct talk *talk, const char *field) {
    struct slice reply = ask(talk, "INFO persistence");
    const char *at = memmem(reply.data, reply.len, field, strlen(field));

    check_that(at != NULL, "no %s", field);
    return strtoll(at + strlen(field), NULL, 10);
}

/* Whether with these settings it is not rewritten. */
static bool is_left(struct talk *talk, long long percent, long long size) {
    char words[200];

    snprintf(words, sizeof words,
             "CONFIG SET auto-aof-rewrite-percentage %lld "
             "auto-aof-rewrite-min-size %lld",
             percent, size);
    ck_assert(answer_has(talk, words, "OK"));
    pass_looks(talk);
    return !logs(&talk->site, "rewriting ");
}

/* Just so does Redis. */
START_TEST(it_is_rewritten_beyond_a_size_and_from_a_growth_on) {
    struct talk talk;
    long long size, base, growth;

    open_on_disk(&talk, "grown", "");
    take_steps(&talk, &(struct step){"SET a 1", OK}, 1);
    restart(&talk, "grown");
    base = in_log(&talk, "aof_base_size:");
    take_steps(&talk, &(struct step){"SETRANGE b 10 x", ":11\r\n"}, 1);
    size = in_log(&talk, "aof_current_size:");
    growth = size * 100 / base - 100;
    ck_assert_int_gt(growth, 1);
    ck_assert(is_left(&talk, growth, size));
    ck_assert(is_left(&talk, growth + 1, size - 1));
    ck_assert(is_left(&talk, 0, 1));
    ck_assert(!is_left(&talk, growth, size - 1));
    kernel_disarm();
    talk_close(&talk);
}
END_TEST

#define LONG_MS 6000 /* more than the pause after a rewrite that failed */

START_TEST(a_rewrite_that_failed_is_begun_again_after_a_pause) {
    static const struct fault broken[FAULTS_MAX] = {{FSYNC, 1, FOR_GOOD, EIO}};
    struct talk talk;

    open_on_disk(&talk, "again", "");
    take_steps(&talk, &(struct step){"SET a 1", OK}, 1);
    kernel_set(broken);
    kernel->child_stops_at = 1;
    ask(&talk, "CONFIG SET auto-aof-rewrite-min-size 1");
    await_text(&talk, "rewriting ");
    while (!kernel->child_waits)
        wait_a_moment();
    kernel->added_ms += LONG_MS;
    turn(talk.site.server, 0);
    kernel->child_stops_at = 0;
    await_text(&talk, "cannot rewrite");
    pass_looks(&talk);
    ck_assert(answer_has(&talk, "INFO persistence", "aof_rewrites:1\r\n"));
    ck_assert(answer_has(&talk, "INFO persistence", "bgrewrite_status:err"));
    ck_assert_int_eq(in_log(&talk, "consecutive_failures:"), 1);

    kernel_set(no_faults);
    kernel->added_ms += LONG_MS;
    await_text(&talk, "is rewritten");
    ck_assert(answer_has(&talk, "INFO persistence", "aof_rewrites:2\r\n"));
    ck_assert(answer_has(&talk, "INFO persistence", "bgrewrite_status:ok"));
    ck_assert_int_eq(in_log(&talk, "consecutive_failures:"), 0);
    kernel_disarm();
    talk_close(&talk);
}
END_TEST

/* Redis's replies, and what it says within a transaction. */
START_TEST(bgrewriteaof_is_begun_refused_or_put_off) {
    static const struct step steps[] = {
        {"BGREWRITEAOF x", WRONG("bgrewriteaof")},
        {"BGREWRITEAOF", "+Background append only file rewriting started\r\n"},
        {"BGREWRITEAOF", ERROR "Background append only file rewriting already "
                               "in progress\r\n"},
    };
    struct talk talk;

    open_on_disk(&talk, "begin", "");
    kernel->child_stops_at = 1;
    take_steps(&talk, steps, 3);
    kernel->child_stops_at = 0;
    await_text(&talk, "is rewritten");
    kernel_set((const struct fault[FAULTS_MAX]){{FORK, 1, 1, EAGAIN}});
    take_steps(&talk,
               &(struct step){"BGREWRITEAOF",
                              ERROR "Can't execute an AOF background "
                                    "rewriting. Please check the server logs "
                                    "for more information.\r\n"},
               1);
    ck_assert(logs(&talk.site, "cannot rewrite"));
    take_steps(
        &talk,
        (const struct step[]){{"MULTI", OK}, {"BGREWRITEAOF", "+QUEUED\r\n"}},
        2);
    take_steps(&talk,
               &(struct step){"EXEC", "*1\r\n+Background append only file "
                                      "rewriting scheduled\r\n"},
               1);
    while (!answer_has(&talk, "INFO persistence", "aof_rewrites:3\r\n"))
        turn(talk.site.server, 10);
    kernel_disarm();
    talk_close(&talk);
    talk_open(&talk, "none", "appendonly no");
    take_steps(&talk,
               &(struct step){"BGREWRITEAOF",
                              ERROR "there is no append-only file (appendonly "
                                    "no)\r\n"},
               1);
    talk_close(&talk);
}
END_TEST

/* Five seconds after a key was set, somebody looks at it: how long ago is it
 * used then? */
static int64_t idle_after_a_look(struct talk *talk) {
    struct store *store = talk->site.server->store;
    struct slice key = slice_of("a"), value;

    take_steps(talk, &(struct step){"SET a 1", OK}, 1);
    store_set_time(store, store_time(store) + 5000);
    ck_assert(store_get(store, key, &value));
    return store_idle_seconds(store, key);
}

/* What a child shares is copied when it is written, so reading must not write.
 */
START_TEST(during_a_rewrite_a_look_is_not_noted) {
    struct talk talk;

    open_on_disk(&talk, "look", "");
    ck_assert_int_eq(idle_after_a_look(&talk), 0);
    kernel->child_stops_at = 1;
    ck_assert(answer_has(&talk, "BGREWRITEAOF", "started"));
    ck_assert_int_eq(idle_after_a_look(&talk), 5);
    pass_looks(&talk);
    ck_assert_int_eq(idle_after_a_look(&talk), 5);
    kernel->child_stops_at = 0;
    await_text(&talk, "is rewritten");
    pass_looks(&talk);
    ck_assert_int_eq(idle_after_a_look(&talk), 0);
    kernel_disarm();
    talk_close(&talk);
}
END_TEST

/* ---- A disk that is slow ------------------------------------------------- */

#define BEHIND_MS 3000

/* "$LEN", and so many bytes. */
static void add_bulk(struct buf *out, size_t len) {
    char head[32];

    snprintf(head, sizeof head, "$%zu\r\n", len);
    buf_append(out, head, strlen(head));
    memset(buf_reserve(out, len), 'x', len);
    buf_added(out, len);
    buf_append(out, "\r\n", 2);
}

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

/* Somebody who writes, and so waits for the disk. */
static void come_to_wait(struct talk *talk, struct peer *writer) {
    peer_open(writer, talk->site.server);
    make_slow(talk);
    say(writer, "SET a 2\r\n");
    while (!answer_has(talk, "INFO clients", "blocked_clients:1\r\n"))
        turn(talk->site.server, 1);
}

/* It is reset, which the loop reports whatever it was asked for. */
START_TEST(one_who_goes_while_it_waits_is_closed) {
    static const struct linger at_once = {1, 0};
    struct talk talk;
    struct peer writer;

    open_on_disk(&talk, "gone", "");
    come_to_wait(&talk, &writer);
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

/* The loop refuses from now on. Linked with -Wl,--wrap=loop_change. */
static bool loop_refuses;

int __real_loop_change(struct loop *loop, int fd, unsigned interest);
int __wrap_loop_change(struct loop *loop, int fd, unsigned interest);

int __wrap_loop_change(struct loop *loop, int fd, unsigned interest) {
    if (!loop_refuses) return __real_loop_change(loop, fd, interest);
    errno = ENOMEM;
    return -1;
}

/* Nobody would ever hear of it again. */
START_TEST(one_who_cannot_be_watched_again_is_closed) {
    struct talk talk;
    struct peer writer;

    open_on_disk(&talk, "watched", "");
    come_to_wait(&talk, &writer);
    loop_refuses = true;
    make_fast();
    expect_end(talk.site.server, &writer);
    loop_refuses = false;
    ck_assert(answer_has(&talk, "INFO clients", "connected_clients:1\r\n"));
    kernel_disarm();
    peer_close(&writer);
    talk_close(&talk);
}
END_TEST

/* Of what it asked for before, nothing waits. */
START_TEST(one_who_waits_gets_what_it_asked_for_before) {
    const size_t len = 200000;
    struct buf big = {0};
    struct talk talk;
    struct peer writer;

    open_on_disk(&talk, "before", "");
    open_narrow(&talk.site, &writer);
    add_bulk(&big, len);
    say(&talk.peer, "*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n");
    peer_say(&talk.peer, buf_slice(&big));
    expect(talk.site.server, &talk.peer, OK);
    make_slow(&talk);
    say(&writer, "GET big\r\nSET a 2\r\n");
    while (!answer_has(&talk, "INFO clients", "blocked_clients:1\r\n"))
        turn(talk.site.server, 1);
    peer_expect(talk.site.server, &writer, buf_slice(&big));
    await_rest(talk.site.server, &talk.peer);
    make_fast();
    expect(talk.site.server, &writer, OK);
    kernel_disarm();
    buf_free(&big);
    peer_close(&writer);
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

/* ---- While it is loaded -------------------------------------------------- */

/* What the test does while a log is opened; NULL: nothing. False: the log is
 * not opened. Linked with -Wl,--wrap=aof_open. */
static bool (*meanwhile)(const struct aof_options *options);

struct aof *__real_aof_open(const struct aof_options *options);
struct aof *__wrap_aof_open(const struct aof_options *options);

struct aof *__wrap_aof_open(const struct aof_options *options) {
    if (meanwhile != NULL && !meanwhile(options)) return NULL;
    return __real_aof_open(options);
}

/* Pauses of the loader, until the peer has been answered; false: it is to give
 * up. */
static bool pause_until(const struct aof_options *options, struct peer *peer,
                        size_t len) {
    int64_t end_ms = clock_ms() + WAIT_MS;

    while (buf_len(&peer->heard) < len) {
        ck_assert_int_lt(clock_ms(), end_ms);
        if (!options->pause(options->context, 30, 40)) return false;
        peer_pull(peer, 65536);
    }
    return true;
}

#define LOADING "-LOADING Redis is loading the dataset in memory\r\n"

/* A peer that is there before the data are, and stays. */
static struct peer early;

static bool ask_early(const struct aof_options *options) {
    static const struct step steps[] = {
        {"PING", LOADING},
        {"GET a", LOADING},
        {"SET a 1", LOADING},
        {"SET a", WRONG("set")},
        {"DBSIZE", LOADING},
        {"FLUSHALL", LOADING},
        {"MEMORY USAGE a", LOADING},
        {"OBJECT ENCODING a", LOADING},
        {"MEMORY NOSUCH",
         ERROR "unknown subcommand 'NOSUCH'. Try MEMORY HELP.\r\n"},
        {"CLIENT NOSUCH",
         ERROR "unknown subcommand 'NOSUCH'. Try CLIENT HELP.\r\n"},
        {"BGREWRITEAOF", LOADING},
        {"PSYNC ? -1", LOADING},
        {"ECHO hello", "$5\r\nhello\r\n"},
        {"CONFIG GET aof-seals", "*2\r\n$9\r\naof-seals\r\n$3\r\nyes\r\n"},
        {"CLIENT ID", ":1\r\n"},
        {"SLOWLOG LEN", ":0\r\n"},
        {"SELECT 3", OK},
        {"MULTI", OK},
        {"GET a", LOADING},
        {"EXEC", "-EXECABORT Transaction discarded because "
                 "of previous errors.\r\n"},
        {"CONFIG SET appendfsync always", OK},
    };
    size_t i;

    peer_open(&early, options->context);
    for (i = 0; i < sizeof steps / sizeof *steps; i++) {
        peer_say(&early, slice_of(steps[i].words));
        say(&early, "\r\n");
        ck_assert(pause_until(options, &early, strlen(steps[i].reply)));
        assert_bytes(buf_slice(&early.heard), slice_of(steps[i].reply));
        buf_consume(&early.heard, buf_len(&early.heard));
    }
    for (i = 0; i < 2; i++) {
        static const char *const lines[] = {"MEMORY HELP\r\n",
                                            "OBJECT help\r\n"};

        peer_say(&early, slice_of(lines[i]));
        ck_assert(pause_until(options, &early, 100));
        ck_assert_int_eq(*buf_slice(&early.heard).data, '*');
        buf_consume(&early.heard, buf_len(&early.heard));
    }
    say(&early, "INFO persistence\r\n");
    ck_assert(pause_until(options, &early, 500));
    buf_append(&early.heard, "", 1);
    for (i = 0; i < 3; i++) {
        static const char *const lines[] = {"\r\nloading:1\r\n",
                                            "loading_total_bytes:40\r\n",
                                            "loading_loaded_perc:75.00\r\n"};

        ck_assert_ptr_nonnull(strstr(buf_slice(&early.heard).data, lines[i]));
    }
    buf_consume(&early.heard, buf_len(&early.heard));
    return true;
}

/* Also: the database that it has selected is no concern of the log, and what it
 * set is what the log goes by. */
START_TEST(while_it_loads_clients_are_told_so) {
    struct talk talk;
    int before;

    talk_open(&talk, "load", "");
    take_steps(&talk, &(struct step){"SET a 0", OK}, 1);
    talk_close(&talk);
    meanwhile = ask_early;
    open_on_disk(&talk, "load", "");
    meanwhile = NULL;
    take_steps(&talk, &(struct step){"GET a", "$1\r\n0\r\n"}, 1);
    before = kernel->count[FDATASYNC];
    say(&early, "SET in 3\r\n");
    expect(talk.site.server, &early, OK);
    ck_assert_int_gt(kernel->count[FDATASYNC], before);
    ck_assert(answer_has(&talk, "INFO persistence", "\r\nloading:0\r\n"));
    kernel_disarm();
    peer_close(&early);
    restart(&talk, "load");
    take_steps(&talk, &(struct step){"EXISTS a in", ":1\r\n"}, 1);
    talk_close(&talk);
}
END_TEST

static bool ask_to_stop(const struct aof_options *options) {
    peer_open(&early, options->context);
    say(&early, "SHUTDOWN\r\n");
    return pause_until(options, &early, 1);
}

/* As main() has it: blocked, and nobody waits for it yet. */
static bool send_signal(const struct aof_options *options) {
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ck_assert(options->pause(options->context, 10, 40));
    kill(getpid(), SIGTERM);
    return options->pause(options->context, 20, 40);
}

START_TEST(asked_to_stop_while_it_loads_it_ends_well) {
    static bool (*const ways[])(const struct aof_options *) = {ask_to_stop,
                                                               send_signal};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct site site;

        site_prepare(&site, "stop");
        meanwhile = ways[i];
        site_start(&site);
        ck_assert_int_eq(server_run(site.server), 0);
        ck_assert(logs(&site, "asked to stop while loading"));
        ck_assert(!logs(&site, "listening on"));
        ck_assert_int_eq(access(site.aof_path, F_OK), -1);
        site_close(&site);
        peer_close(&early);
    }
}
END_TEST

/* 75 % of it, after so long. */
static bool take_long(const struct aof_options *options) {
    ck_assert(options->pause(options->context, 10, 40));
    kernel->added_ms += 1500;
    ck_assert(options->pause(options->context, 30, 40));
    return options->pause(options->context, 31, 40);
}

START_TEST(what_takes_long_to_load_is_told_of_once_a_second) {
    struct site site;

    kernel_arm(folder, no_faults);
    site_prepare(&site, "long");
    meanwhile = take_long;
    site_start(&site);
    ck_assert(logs(&site, "long.aof: 75 %"));
    ck_assert(!logs(&site, "25 %") && !logs(&site, "77 %"));
    kernel_disarm();
    site_close(&site);
}
END_TEST

/* There it is one line, drawn again. */
START_TEST(on_a_terminal_a_bar_is_drawn) {
    static const char want[] = "########] 100 %\r\n";
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    struct site site;
    char text[4096] = "";
    size_t len = 0;

    kernel_arm(folder, no_faults);
    site_prepare(&site, "bar");
    ck_assert(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    site.options.log.fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ck_assert(isatty(site.options.log.fd));
    meanwhile = take_long;
    site_start(&site);
    while (strstr(text, "100 %\r\n") == NULL) {
        ssize_t got = read(terminal, text + len, sizeof text - 1 - len);

        ck_assert_int_gt(got, 0);
        len += (size_t)got;
    }
    check_that(strstr(text, "##          ] 75 %\rloading") != NULL, "%s", text);
    check_that(strstr(text, want) != NULL, "%s", text);
    kernel_disarm();
    site_close(&site);
    close(site.options.log.fd);
    close(terminal);
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
        it_is_rewritten_beyond_a_size_and_from_a_growth_on,
        a_rewrite_that_failed_is_begun_again_after_a_pause,
        bgrewriteaof_is_begun_refused_or_put_off,
        during_a_rewrite_a_look_is_not_noted,
        who_writes_waits_while_the_disk_is_behind_and_others_read,
        one_who_goes_while_it_waits_is_closed,
        one_who_cannot_be_watched_again_is_closed,
        one_who_waits_gets_what_it_asked_for_before,
        one_who_has_said_all_is_answered_when_the_disk_has_caught_up,
        while_it_loads_clients_are_told_so,
        asked_to_stop_while_it_loads_it_ends_well,
        what_takes_long_to_load_is_told_of_once_a_second,
        on_a_terminal_a_bar_is_drawn,
    };

    return server_suite_of("server: log", tests, sizeof tests / sizeof *tests);
}
