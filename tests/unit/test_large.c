/* test_large.c -- large values, whose bytes stay where they arrived: nobody may
 * see a difference. */
#include "server_talk.h"
#include "suites.h"

#define KIB 1024

/* ---- Requests ------------------------------------------------------------ */

static void add_text(struct buf *out, const char *text) {
    buf_append(out, text, strlen(text));
}

/* "$LEN", and so many bytes that begin with 'first' and differ. */
static void add_value(struct buf *out, char first, size_t len) {
    char head[32];
    char *room;
    size_t i;

    snprintf(head, sizeof head, "$%zu\r\n", len);
    add_text(out, head);
    room = buf_reserve(out, len);
    for (i = 0; i < len; i++)
        room[i] = (char)(first + (int)(i % 251));
    buf_added(out, len);
    add_text(out, "\r\n");
}

/* "SET k VALUE" */
static void add_set(struct buf *out, char first, size_t len) {
    add_text(out, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n");
    add_value(out, first, len);
}

/* What ask() leaves to be looked at. */
static void forget_reply(struct talk *talk) {
    buf_consume(&talk->peer.heard, talk->heard);
    talk->heard = 0;
}

/* Say it in two pieces, of which the server has read the first before the
 * second comes; expect 'replies'. */
static void say_cut(struct talk *talk, struct slice bytes, size_t cut,
                    const char *replies) {
    struct server *server = talk->site.server;

    forget_reply(talk);
    peer_say(&talk->peer, (struct slice){bytes.data, cut});
    while (buf_len(&talk->peer.unsaid) > 0) {
        turn(server, 10);
        peer_push(&talk->peer);
    }
    turn(server, 10);
    peer_say(&talk->peer, (struct slice){bytes.data + cut, bytes.len - cut});
    peer_expect(server, &talk->peer, slice_of(replies));
}

static void say_whole(struct talk *talk, const struct buf *bytes,
                      const char *replies) {
    say_cut(talk, buf_slice(bytes), 0, replies);
}

/* Whether 'key' has this value. */
static void expect_value(struct talk *talk, const char *key, char first,
                         size_t len) {
    struct buf want = {0};

    forget_reply(talk);
    add_value(&want, first, len);
    add_text(&talk->peer.unsaid, "GET ");
    add_text(&talk->peer.unsaid, key);
    say(&talk->peer, "\r\n");
    peer_expect(talk->site.server, &talk->peer, buf_slice(&want));
    buf_free(&want);
}

static void restart(struct talk *talk, const char *name) {
    talk_close(talk);
    talk_open(talk, name, "");
}

/* ---- Tests --------------------------------------------------------------- */

static const size_t sizes[] = {64 * KIB - 1,   64 * KIB,  64 * KIB + 1,
                               100 * KIB,      200 * KIB, 1024 * KIB,
                               1024 * KIB + 1, 3000 * KIB};

START_TEST(a_large_value_is_kept_however_it_comes_and_logged) {
    struct talk talk;
    size_t i, cut;

    talk_open(&talk, "large", "");
    for (i = 0; i < COUNT_OF(sizes); i++) {
        struct buf set = {0};
        char first = (char)('a' + i);

        add_set(&set, first, sizes[i]);
        for (cut = 1; cut < buf_len(&set); cut = cut * 5 + 30) {
            say_cut(&talk, buf_slice(&set), cut, OK);
            expect_value(&talk, "k", first, sizes[i]);
            take_steps(&talk, &(struct step){"SET k small", OK}, 1);
            take_steps(&talk, &(struct step){"GET k", "$5\r\nsmall\r\n"}, 1);
        }
        say_cut(&talk, buf_slice(&set), buf_len(&set) - 1, OK);
        restart(&talk, "large");
        expect_value(&talk, "k", first, sizes[i]);
        buf_free(&set);
    }
    talk_close(&talk);
}
END_TEST

START_TEST(what_comes_behind_a_large_value_is_run_too) {
    struct talk talk;
    struct buf both = {0};
    size_t i;

    talk_open(&talk, "behind", "");
    for (i = 0; i < COUNT_OF(sizes); i++) {
        size_t cut;

        add_set(&both, 'a', sizes[i]);
        cut = buf_len(&both) - 1;
        add_set(&both, 'b', sizes[i]);
        add_text(&both, "PING\r\n");
        say_cut(&talk, buf_slice(&both), cut, OK OK "+PONG\r\n");
        say_whole(&talk, &both, OK OK "+PONG\r\n");
        expect_value(&talk, "k", 'b', sizes[i]);
        buf_consume(&both, buf_len(&both));
    }
    buf_free(&both);
    talk_close(&talk);
}
END_TEST

/* The second value must not free what it stands in itself: the block of the
 * first. */
START_TEST(one_key_can_be_set_twice_by_one_request) {
    static const size_t lens[][2] = {
        {2000 * KIB, 100},
        {2000 * KIB, 100 * KIB},
        {100 * KIB, 2000 * KIB},
        {2000 * KIB, 2000 * KIB},
    };
    struct talk talk;
    size_t i;

    talk_open(&talk, "twice", "");
    for (i = 0; i < COUNT_OF(lens); i++) {
        struct buf mset = {0};

        add_text(&mset, "*5\r\n$4\r\nMSET\r\n$1\r\nk\r\n");
        add_value(&mset, 'a', lens[i][0]);
        add_text(&mset, "$1\r\nk\r\n");
        add_value(&mset, 'b', lens[i][1]);
        say_whole(&talk, &mset, OK);
        expect_value(&talk, "k", 'b', lens[i][1]);
        restart(&talk, "twice");
        expect_value(&talk, "k", 'b', lens[i][1]);
        buf_free(&mset);
    }
    talk_close(&talk);
}
END_TEST

START_TEST(every_command_that_stores_can_store_what_is_large) {
    static const struct {
        const char *before, *head, *reply;
        int args;
    } commands[] = {
        {"DEL k", "$5\r\nSETEX\r\n$1\r\nk\r\n$3\r\n100\r\n", OK, 4},
        {"SET k small", "$6\r\nPSETEX\r\n$1\r\nk\r\n$5\r\n90000\r\n", OK, 4},
        {"SET k v EX 9", "$5\r\nSETNX\r\n$1\r\nn\r\n", ":1\r\n", 3},
        {"SET k v EX 9", "$6\r\nGETSET\r\n$1\r\nk\r\n", "$1\r\nv\r\n", 3},
        {"DEL k", "$6\r\nAPPEND\r\n$1\r\nk\r\n", ":1048576\r\n", 3},
        {"DEL k", "$8\r\nSETRANGE\r\n$1\r\nk\r\n$1\r\n0\r\n", ":1048576\r\n",
         4},
    };
    struct talk talk;
    size_t i;

    talk_open(&talk, "commands", "");
    for (i = 0; i < COUNT_OF(commands); i++) {
        const char *key = strstr(commands[i].head, "NX") ? "n" : "k";
        struct buf request = {0};

        ask(&talk, commands[i].before);
        add_text(&request, commands[i].args == 4 ? "*4\r\n" : "*3\r\n");
        add_text(&request, commands[i].head);
        add_value(&request, 'c', 1024 * KIB);
        say_whole(&talk, &request, commands[i].reply);
        expect_value(&talk, key, 'c', 1024 * KIB);
        restart(&talk, "commands");
        expect_value(&talk, key, 'c', 1024 * KIB);
        buf_free(&request);
    }
    talk_close(&talk);
}
END_TEST

/* In a transaction, under a watch, before the eyes of a monitor. */
START_TEST(who_looks_on_sees_a_large_value_like_any_other) {
    struct talk talk;
    struct peer monitor, watcher;
    struct buf set = {0};
    struct server *server;
    struct slice line;

    talk_open(&talk, "looking-on", "");
    server = talk.site.server;
    peer_open(&monitor, server);
    peer_open(&watcher, server);
    say(&watcher, "WATCH k\r\nMULTI\r\nGET k\r\n");
    expect(server, &watcher, OK OK "+QUEUED\r\n");
    say(&monitor, "MONITOR\r\n");
    expect(server, &monitor, OK);

    add_text(&set, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000\r\n");
    memset(buf_reserve(&set, 500000), 'x', 500000);
    buf_added(&set, 500000);
    add_text(&set, "\r\n");
    say_whole(&talk, &set, OK);
    await(server, &monitor, 500000);
    line = buf_slice(&monitor.heard);
    ck_assert_ptr_nonnull(
        memmem(line.data, line.len, "\"SET\" \"k\" \"xxx", 14));
    ck_assert_ptr_nonnull(memmem(line.data, line.len, "xxx\"\r\n", 6));
    say(&watcher, "EXEC\r\n");
    expect(server, &watcher, "*-1\r\n");

    say(&talk.peer, "MULTI\r\n");
    expect(server, &talk.peer, OK);
    say_whole(&talk, &set, "+QUEUED\r\n");
    say_whole(&talk, &set, "+QUEUED\r\n");
    say(&talk.peer, "STRLEN k\r\nEXEC\r\n");
    expect(server, &talk.peer, "+QUEUED\r\n*3\r\n" OK OK ":500000\r\n");
    peer_close(&monitor);
    peer_close(&watcher);
    buf_free(&set);
    talk_close(&talk);
}
END_TEST

START_TEST(memory_of_large_values_comes_back) {
    struct talk talk;
    struct buf set = {0};
    long before, with;

    talk_open(&talk, "memory", "");
    add_set(&set, 'a', 1024 * KIB);
    take_steps(&talk, &(struct step){"SET k v", OK}, 1);
    before = strtol(ask(&talk, "MEMORY USAGE k").data + 1, NULL, 10);
    say_whole(&talk, &set, OK);
    with = strtol(ask(&talk, "MEMORY USAGE k").data + 1, NULL, 10);
    ck_assert_int_ge(with, 1024 * KIB);
    ck_assert_int_le(with, 1024 * KIB + before + 200);
    take_steps(&talk, &(struct step){"SET k v", OK}, 1);
    ck_assert_int_eq(strtol(ask(&talk, "MEMORY USAGE k").data + 1, NULL, 10),
                     before);
    buf_free(&set);
    talk_close(&talk);
}
END_TEST

Suite *large_suite(void) {
    const TTest *const tests[] = {
        a_large_value_is_kept_however_it_comes_and_logged,
        what_comes_behind_a_large_value_is_run_too,
        one_key_can_be_set_twice_by_one_request,
        every_command_that_stores_can_store_what_is_large,
        who_looks_on_sees_a_large_value_like_any_other,
        memory_of_large_values_comes_back,
    };

    return server_suite_of("large values", tests, COUNT_OF(tests));
}
