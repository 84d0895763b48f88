/* test_server.c -- whole servers, in this process: they take turns when the
 * test lets them, and peers speak raw bytes to them. */
#include "server.h"

#include "helpers.h"
#include "params.h"
#include "server_room.h"
#include "suites.h"

#include <pthread.h>
#include <sys/resource.h>

/* Requests for commands that do not exist, and their replies: eight times as
 * many bytes, each telling its letter and number. */
static void number_requests(char letter, size_t count, struct buf *requests,
                            struct buf *replies) {
    size_t i;

    for (i = 0; i < count; i++) {
        char text[100];
        int len = snprintf(text, sizeof text, "%c%05zu\n", letter, i);

        buf_append(requests, text, (size_t)len);
        len = snprintf(text, sizeof text,
                       "-ERR unknown command '%c%05zu', with args beginning "
                       "with: \r\n",
                       letter, i);
        buf_append(replies, text, (size_t)len);
    }
}

/* ---- One server and the next ------------------------------------------ */

START_TEST(two_servers_in_one_thread_know_nothing_of_each_other) {
    struct site sites[2];
    struct peer peers[2][2];
    int before = count_descriptors();
    int round, s, p;

    site_open(&sites[0], "first");
    site_open(&sites[1], "second");
    ck_assert_int_ne(server_port(sites[0].server),
                     server_port(sites[1].server));
    for (s = 0; s < 2; s++) {
        for (p = 0; p < 2; p++)
            peer_open(&peers[s][p], sites[s].server);
    }
    for (round = 0; round < 5; round++) {
        char text[100];

        for (s = 0; s < 2; s++) {
            for (p = 0; p < 2; p++) {
                snprintf(text, sizeof text, "ECHO %d-%d-%d\r\n", round, s, p);
                peer_say(&peers[s][p], slice_of(text));
            }
        }
        for (p = 0; p < 2; p++) {
            for (s = 0; s < 2; s++) { /* first, second, first, second */
                snprintf(text, sizeof text, "$5\r\n%d-%d-%d\r\n", round, s, p);
                peer_expect(sites[s].server, &peers[s][p], slice_of(text));
            }
        }
    }
    for (s = 0; s < 2; s++) {
        for (p = 0; p < 2; p++)
            peer_close(&peers[s][p]);
    }
    peer_open(&peers[1][0], sites[1].server);
    site_close(&sites[0]); /* the end of one is not that of the other */
    say(&peers[1][0], "PING\r\n");
    expect(sites[1].server, &peers[1][0], "+PONG\r\n");
    peer_close(&peers[1][0]);
    site_close(&sites[1]);
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

static void *run(void *server) {
    return server_run(server) == 0 ? NULL : server;
}

START_TEST(stopping_from_another_thread_ends_the_run) {
    struct site site;
    struct peer peer;
    pthread_t runner;
    void *failed;

    site_open(&site, "stop");
    ck_assert_int_eq(pthread_create(&runner, NULL, run, site.server), 0);
    peer_open(&peer, site.server);
    say(&peer, "PING\r\n");
    ck_assert(wait_for(peer.fd, POLLIN, WAIT_MS)); /* so it is running */
    server_stop(site.server);
    ck_assert_int_eq(pthread_join(runner, &failed), 0);
    ck_assert_ptr_null(failed);
    ck_assert(logs(&site, "stopping\n"));
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(a_server_stopped_before_it_runs_does_not_run) {
    struct site site;
    int i;

    site_open(&site, "stopped");
    for (i = 0; i < 100; i++)
        server_stop(site.server); /* often is as good as once */
    ck_assert_int_eq(server_run(site.server), 0);
    site_close(&site);
}
END_TEST

START_TEST(a_turn_lasts_no_longer_than_it_may) {
    struct site site;
    int64_t start;

    site_open(&site, "turn");
    start = clock_ms();
    turn(site.server, 0);
    turn(site.server, 40);
    ck_assert_int_ge(clock_ms() - start, 39);
    site_close(&site);
}
END_TEST

START_TEST(the_log_says_where_it_listens_and_what_to_try) {
    struct site site;
    char text[100];

    site_open(&site, "greet");
    snprintf(text, sizeof text, "notice  listening on 127.0.0.1:%d\n",
             server_port(site.server));
    ck_assert(logs(&site, text));
    ck_assert(logs(&site, "notice  try: "));
    site_close(&site);
}
END_TEST

START_TEST(a_server_can_listen_on_every_interface) {
    struct site site;
    struct peer peer;

    site_prepare(&site, "all");
    site.options.address = ":0";
    site_start(&site);
    ck_assert_int_gt(server_port(site.server), 0);
    peer_open(&peer, site.server);
    say(&peer, "PING\r\n");
    expect(site.server, &peer, "+PONG\r\n");
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(a_server_that_can_not_listen_does_not_start) {
    struct site site, second;
    int before = count_descriptors();
    char address[32];

    site_open(&site, "taken");
    site_prepare(&second, "late");
    snprintf(address, sizeof address, "127.0.0.1:%d", server_port(site.server));
    second.options.address = address;
    ck_assert_ptr_null(server_new(&second.options));
    ck_assert(logs(&second, "warning cannot listen on 127.0.0.1:"));
    ck_assert(logs(&second, strerror(EADDRINUSE)));
    site_close(&second);
    site_close(&site);

    site_prepare(&second, "nowhere");
    second.options.address = "nowhere";
    ck_assert_ptr_null(server_new(&second.options));
    ck_assert(logs(&second, "warning cannot listen on nowhere: expected"));
    site_close(&second);
    ck_assert_int_eq(count_descriptors(), before); /* nothing left open */
}
END_TEST

START_TEST(a_server_that_may_open_next_to_nothing_does_not_start) {
    struct rlimit few = {DESCRIPTORS_RESERVED, DESCRIPTORS_RESERVED};
    struct site site;

    site_prepare(&site, "few");
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    ck_assert_ptr_null(server_new(&site.options));
    ck_assert(logs(&site, "open files are allowed"));
    site_close(&site);
}
END_TEST

START_TEST(what_descriptors_allow_is_the_most_there_can_be_of_clients) {
    struct rlimit few = {DESCRIPTORS_RESERVED + 2, DESCRIPTORS_RESERVED + 2};
    struct peer peers[3];
    struct site site;
    int i;

    site_prepare(&site, "fewer");
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    site_start(&site);
    ck_assert(logs(&site, "maxclients is 2, not 1000"));
    for (i = 0; i < 3; i++) {
        peer_open(&peers[i], site.server);
        say(&peers[i], "PING\r\n");
        if (i < 2) expect(site.server, &peers[i], "+PONG\r\n");
    }
    expect(site.server, &peers[2], "-ERR max number of clients reached\r\n");
    for (i = 0; i < 3; i++)
        peer_close(&peers[i]);
    site_close(&site);
}
END_TEST

/* ---- Requests in all ways --------------------------------------------- */

START_TEST(requests_in_one_write_are_answered_in_order) {
    struct buf requests = {0}, replies = {0};
    struct site site;
    struct peer peer;

    site_open(&site, "pipeline");
    peer_open(&peer, site.server);
    number_requests('a', 10000, &requests, &replies);
    append_literal(&requests, "PING\r\n");
    append_literal(&replies, "+PONG\r\n");
    peer_say(&peer, buf_slice(&requests));
    peer_expect(site.server, &peer, buf_slice(&replies));
    buf_free(&requests);
    buf_free(&replies);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(a_request_byte_by_byte_is_answered_when_it_is_whole) {
    static const char request[] = "ECHO \"a b\"\r\n";
    struct site site;
    struct peer peer;
    size_t i;

    site_open(&site, "bytes");
    peer_open(&peer, site.server);
    for (i = 0; i < sizeof request - 1; i++) {
        peer_pull(&peer, 100);
        ck_assert_uint_eq(buf_len(&peer.heard), 0);
        peer_say(&peer, (struct slice){request + i, 1});
        turn(site.server, WAIT_MS);
    }
    expect(site.server, &peer, "$3\r\na b\r\n");
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(half_a_request_holds_nobody_up) {
    struct site site;
    struct peer slow, other;

    site_open(&site, "half");
    peer_open(&slow, site.server);
    peer_open(&other, site.server);
    say(&slow, "PING\r\nECHO \"half");
    expect(site.server, &slow, "+PONG\r\n");
    say(&other, "PING\r\n");
    expect(site.server, &other, "+PONG\r\n");
    say(&slow, " and half\"\r\n");
    expect(site.server, &slow, "$13\r\nhalf and half\r\n");
    peer_close(&slow);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(a_blank_line_is_answered_by_nothing) {
    struct site site;
    struct peer peer;

    site_open(&site, "blank");
    peer_open(&peer, site.server);
    say(&peer, "\r\n\n  \r\nPING\r\n\r\n");
    expect(site.server, &peer, "+PONG\r\n");
    say(&peer, "ECHO x\r\n");
    expect(site.server, &peer, "$1\r\nx\r\n");
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(a_protocol_error_is_answered_and_ends_the_connection) {
    struct site site;
    struct peer peer, other;

    site_open(&site, "error");
    peer_open(&peer, site.server);
    peer_open(&other, site.server);
    say(&peer, "PING\r\n\"never closed\r\nPING\r\n");
    expect(site.server, &peer,
           "+PONG\r\n"
           "-ERR Protocol error: unbalanced quotes in "
           "request\r\n");
    expect_end(site.server, &peer);
    say(&other, "PING\r\n"); /* its query buffer was shared */
    expect(site.server, &other, "+PONG\r\n");
    peer_close(&peer);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(quit_is_answered_and_ends_the_connection) {
    struct site site;
    struct peer peer, other;

    site_open(&site, "quit");
    peer_open(&peer, site.server);
    peer_open(&other, site.server);
    say(&peer, "PING\r\nQUIT\r\nPING\r\nECHO \"part");
    expect(site.server, &peer, "+PONG\r\n+OK\r\n");
    expect_end(site.server, &peer);
    say(&other, "PING\r\n");
    expect(site.server, &other, "+PONG\r\n");
    peer_close(&peer);
    peer_close(&other);
    site_close(&site);
}
END_TEST

#if PART >= 2
START_TEST(a_large_bulk_string_comes_and_goes_whole) {
    size_t len = 20 * 1024 * 1024, i;
    struct buf request = {0}, reply = {0};
    struct site site;
    struct peer peer;
    char *bytes = xmalloc(len);

    for (i = 0; i < len; i++)
        bytes[i] = (char)(i * 131 >> 7);
    append_literal(&request, "*2\r\n$4\r\nECHO\r\n$20971520\r\n");
    append_literal(&reply, "$20971520\r\n");
    buf_append(&request, bytes, len);
    buf_append(&reply, bytes, len);
    append_literal(&request, "\r\nPING\r\n");
    append_literal(&reply, "\r\n+PONG\r\n");
    site_open(&site, "bulk");
    peer_open(&peer, site.server);
    peer_say(&peer, buf_slice(&request));
    peer_expect(site.server, &peer, buf_slice(&reply));
    peer_close(&peer);
    site_close(&site);
    buf_free(&request);
    buf_free(&reply);
    free(bytes);
}
END_TEST

START_TEST(no_two_clients_ever_have_the_same_number) {
    struct site site;
    int id;

    site_open(&site, "ids");
    for (id = 1; id <= 20; id++) {
        struct peer peer;
        char want[20];

        peer_open(&peer, site.server);
        say(&peer, "CLIENT ID\r\n");
        snprintf(want, sizeof want, ":%d\r\n", id);
        peer_expect(site.server, &peer, slice_of(want));
        peer_close(&peer);
        turn(site.server, WAIT_MS); /* it is gone, its descriptor free */
    }
    site_close(&site);
}
END_TEST
#endif

/* ---- Coming and going ------------------------------------------------- */

START_TEST(a_peer_that_says_no_more_still_hears_its_replies) {
    struct site site;
    struct peer peer;

    site_open(&site, "shutdown");
    peer_open(&peer, site.server);
    say(&peer, "PING\r\nECHO a\r\nECHO \"half");
    ck_assert_int_eq(shutdown(peer.fd, SHUT_WR), 0);
    expect(site.server, &peer, "+PONG\r\n$1\r\na\r\n");
    expect_end(site.server, &peer);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(a_peer_that_vanishes_is_forgotten) {
    struct site site;
    struct peer peer, other;

    site_prepare(&site, "reset");
    site.options.log.level = LOG_VERBOSE;
    site_start(&site);
    peer_open(&peer, site.server);
    await_log(&site, "client 1 connected");
    say(&peer, "ECHO \"half");
    turn(site.server, WAIT_MS);
    reset_connection(peer.fd);
    peer.fd = -1;
    await_log(&site, "client 1 left");
    peer_open(&other, site.server);
    say(&other, "PING\r\n");
    expect(site.server, &other, "+PONG\r\n");
    peer_close(&peer);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(a_peer_that_vanishes_before_it_is_accepted_does_no_harm) {
    struct site site;
    struct peer peer, other;

    site_open(&site, "early");
    peer_open(&peer, site.server);
    say(&peer, "PING\r\n");
    reset_connection(peer.fd);
    peer.fd = -1;
    peer_open(&other, site.server);
    say(&other, "PING\r\n");
    expect(site.server, &other, "+PONG\r\n");
    peer_close(&peer);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(one_client_too_many_is_told_so) {
    struct site site;
    struct peer peers[3];
    int i;

    site_prepare(&site, "maxclients");
    site.options.maxclients = 2;
    site_start(&site);
    for (i = 0; i < 2; i++) {
        peer_open(&peers[i], site.server);
        say(&peers[i], "PING\r\n");
        expect(site.server, &peers[i], "+PONG\r\n");
    }
    peer_open(&peers[2], site.server);
    expect(site.server, &peers[2], "-ERR max number of clients reached\r\n");
    expect_end(site.server, &peers[2]);
    peer_close(&peers[2]);
    for (i = 0; i < 2; i++) { /* the others did not notice */
        say(&peers[i], "PING\r\n");
        expect(site.server, &peers[i], "+PONG\r\n");
    }
    say(&peers[0], "QUIT\r\n");
    expect(site.server, &peers[0], "+OK\r\n");
    expect_end(site.server, &peers[0]);
    peer_close(&peers[0]);
    peer_open(&peers[2], site.server); /* there is room again */
    say(&peers[2], "PING\r\n");
    expect(site.server, &peers[2], "+PONG\r\n");
    peer_close(&peers[1]);
    peer_close(&peers[2]);
    site_close(&site);
}
END_TEST

START_TEST(more_clients_than_one_turn_serves_are_all_served) {
    enum { MANY = EVENTS_PER_TURN * 3 / 2 };
    static struct peer peers[MANY];
    struct site site;
    int round, i;

    site_open(&site, "many");
    for (i = 0; i < MANY; i++)
        peer_open(&peers[i], site.server);
    for (round = 0; round < 3; round++) {
        for (i = 0; i < MANY; i++)
            say(&peers[i], "PING\r\n");
        /* The last one that came waits no longer than the others. */
        for (i = MANY - 1; i >= 0; i--)
            expect(site.server, &peers[i], "+PONG\r\n");
    }
    for (i = 0; i < MANY; i++)
        peer_close(&peers[i]);
    site_close(&site);
}
END_TEST

START_TEST(the_end_of_the_server_is_the_end_of_its_connections) {
    struct site site;
    struct peer peer;

    site_open(&site, "free");
    peer_open(&peer, site.server);
    say(&peer, "PING\r\nECHO \"half");
    expect(site.server, &peer, "+PONG\r\n");
    ck_assert_int_eq(server_free(site.server), 0);
    site.server = NULL;
    ck_assert(wait_for(peer.fd, POLLIN, WAIT_MS));
    peer_pull(&peer, 100);
    ck_assert(peer.ended);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

/* ---- Out of descriptors ----------------------------------------------- */

/* From now on this process can open nothing more. */
static void forbid_descriptors(void) {
    struct rlimit limit;
    int next = dup(0);

    ck_assert_int_ne(next, -1);
    close(next);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)next;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(dup(0), -1);
}

START_TEST(without_descriptors_there_is_no_spinning_until_a_client_leaves) {
    struct site site;
    struct peer peer, waiting;
    int64_t end_ms;
    int turns;

    site_open(&site, "emfile");
    peer_open(&peer, site.server);
    say(&peer, "PING\r\n");
    expect(site.server, &peer, "+PONG\r\n");
    peer_open(&waiting, site.server); /* the kernel has connected it */
    say(&waiting, "PING\r\n");
    forbid_descriptors();

    end_ms = clock_ms() + 300;
    for (turns = 0; clock_ms() < end_ms; turns++)
        turn(site.server, 30);
    ck_assert_int_le(turns, 20);
    ck_assert(logs(&site, "cannot accept, waiting for clients to leave"));
    peer_pull(&waiting, 100);
    ck_assert_uint_eq(buf_len(&waiting.heard), 0);
    say(&peer, "PING\r\n"); /* those who are there are served */
    expect(site.server, &peer, "+PONG\r\n");

    peer_close(&peer);
    for (turns = 0; turns < 5 && buf_len(&waiting.heard) == 0; turns++) {
        turn(site.server, 20);
        peer_pull(&waiting, 100);
    }
    assert_bytes(buf_slice(&waiting.heard), BYTES("+PONG\r\n"));
    peer_close(&waiting);
    site_close(&site);
}
END_TEST

START_TEST(without_descriptors_accepting_is_tried_again_after_a_while) {
    struct site site;
    struct peer waiting;
    struct rlimit before;
    int64_t end_ms;

    site_open(&site, "again");
    peer_open(&waiting, site.server);
    say(&waiting, "PING\r\n");
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    forbid_descriptors();
    turn(site.server, WAIT_MS);
    ck_assert(logs(&site, "cannot accept"));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    /* Turns that would wait for ever wake up for it. */
    end_ms = clock_ms() + WAIT_MS;
    while (clock_ms() < end_ms && buf_len(&waiting.heard) == 0) {
        turn(site.server, -1);
        peer_pull(&waiting, 100);
    }
    assert_bytes(buf_slice(&waiting.heard), BYTES("+PONG\r\n"));
    peer_close(&waiting);
    site_close(&site);
}
END_TEST

/* ---- Peers who do not read -------------------------------------------- */

START_TEST(who_does_not_read_is_served_in_portions_and_gets_all_in_order) {
    struct buf requests = {0}, replies = {0};
    struct slice want;
    struct site site;
    struct peer slow, other;
    int64_t end_ms;
    int step, turns;

    site_open(&site, "slow");
    open_narrow(&site, &slow);
    peer_open(&other, site.server);
    number_requests('a', 60000, &requests, &replies);
    want = buf_slice(&replies);
    peer_say(&slow, buf_slice(&requests));
    await_rest(site.server, &slow); /* full: that costs no turns */

    end_ms = clock_ms() + LONG_WAIT_MS;
    for (step = 0; buf_len(&slow.heard) < want.len; step++) {
        check_that(clock_ms() < end_ms, "%zu of %zu bytes came",
                   buf_len(&slow.heard), want.len);
        peer_pull(&slow, 20000);
        peer_push(&slow);
        if (buf_len(&slow.unsaid) == 0) shutdown(slow.fd, SHUT_WR);
        turn(site.server, 1);
        if (step % 20 > 0) continue;
        say(&other, "PING\r\n"); /* meanwhile another is served at once */
        for (turns = 0; turns < 3 && buf_len(&other.heard) < 7; turns++) {
            turn(site.server, 10);
            peer_pull(&other, 100);
        }
        check_that(buf_len(&other.heard) == 7, "no turn for another");
        buf_consume(&other.heard, 7);
    }
    ck_assert(same_bytes(buf_slice(&slow.heard), want));
    buf_consume(&slow.heard, want.len);
    expect_end(site.server, &slow);
    buf_free(&requests);
    buf_free(&replies);
    peer_close(&slow);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(who_does_not_read_is_not_read_from) {
    enum { WORD = 1000, WORDS = 16000 };
    struct buf requests = {0};
    struct site site;
    struct peer slow;
    int little = 65536;
    int i;

    for (i = 0; i < WORDS; i++) {
        append_literal(&requests, "ECHO ");
        memset(buf_reserve(&requests, WORD), 'x', WORD);
        buf_added(&requests, WORD);
        append_literal(&requests, "\n");
    }
    site_open(&site, "stuffed");
    ck_assert_int_eq(setsockopt(listener_of(site.server), SOL_SOCKET, SO_RCVBUF,
                                &little, sizeof little),
                     0);
    open_narrow(&site, &slow);
    peer_say(&slow, buf_slice(&requests));
    await_rest(site.server, &slow);
    /* The kernel has some megabytes of it; the server did not take the rest. */
    ck_assert_uint_gt(buf_len(&slow.unsaid), 0);
    buf_free(&requests);
    peer_close(&slow);
    site_close(&site);
}
END_TEST

START_TEST(who_does_not_read_and_says_no_more_costs_no_turns) {
    struct buf requests = {0}, replies = {0};
    struct site site;
    struct peer slow;

    site_open(&site, "deaf");
    open_narrow(&site, &slow);
    number_requests('a', 10000, &requests, &replies);
    peer_say(&slow, buf_slice(&requests));
    await_rest(site.server, &slow);
    ck_assert_uint_eq(buf_len(&slow.unsaid), 0);
    ck_assert_int_eq(shutdown(slow.fd, SHUT_WR), 0);
    await_rest(site.server, &slow);
    peer_expect(site.server, &slow, buf_slice(&replies));
    expect_end(site.server, &slow);
    buf_free(&requests);
    buf_free(&replies);
    peer_close(&slow);
    site_close(&site);
}
END_TEST

START_TEST(who_vanishes_without_having_read_is_forgotten) {
    struct buf requests = {0}, replies = {0};
    struct site site;
    struct peer slow;

    site_prepare(&site, "vanish");
    site.options.log.level = LOG_VERBOSE;
    site_start(&site);
    open_narrow(&site, &slow);
    number_requests('a', 10000, &requests, &replies);
    peer_say(&slow, buf_slice(&requests));
    await_rest(site.server, &slow);
    reset_connection(slow.fd);
    slow.fd = -1;
    await_log(&site, "client 1 left");
    buf_free(&requests);
    buf_free(&replies);
    peer_close(&slow);
    site_close(&site);
}
END_TEST

START_TEST(many_large_replies_of_one_turn_all_arrive_in_order) {
    enum { PEERS = 8 };
    struct peer peers[PEERS];
    struct buf replies[PEERS] = {{0}};
    struct site site;
    int i;

    site_open(&site, "large");
    for (i = 0; i < PEERS; i++) {
        struct buf requests = {0};

        peer_open(&peers[i], site.server);
        number_requests((char)('a' + i), 9000, &requests, &replies[i]);
        peer_say(&peers[i], buf_slice(&requests));
        buf_free(&requests);
    }
    for (i = 0; i < PEERS; i++)
        peer_expect(site.server, &peers[i], buf_slice(&replies[i]));
    for (i = 0; i < PEERS; i++) {
        say(&peers[i], "PING\r\n");
        expect(site.server, &peers[i], "+PONG\r\n");
        peer_close(&peers[i]);
        buf_free(&replies[i]);
    }
    site_close(&site);
}
END_TEST

START_TEST(a_turn_answers_a_client_with_no_more_than_its_portion) {
    struct buf requests = {0}, replies = {0};
    struct site site;
    struct peer peer;
    int much = 8 * 1024 * 1024; /* so that a turn's replies leave at once */
    size_t turns;

    site_open(&site, "portions");
    ck_assert_int_eq(setsockopt(listener_of(site.server), SOL_SOCKET, SO_SNDBUF,
                                &much, sizeof much),
                     0);
    peer = (struct peer){.fd = connect_tcp(server_port(site.server), much)};
    say(&peer, "PING\r\n");
    expect(site.server, &peer, "+PONG\r\n");
    number_requests('a', READ_SIZE / 7, &requests, &replies);
    peer_say(&peer, buf_slice(&requests));
    ck_assert_uint_eq(buf_len(&peer.unsaid), 0);
    for (turns = 1; buf_len(&peer.heard) < buf_len(&replies); turns++) {
        turn(site.server, WAIT_MS);
        peer_pull(&peer, buf_len(&replies));
        check_that(buf_len(&peer.heard) <= turns * (UNSENT_MAX + 1024),
                   "%zu bytes after %zu turns", buf_len(&peer.heard), turns);
    }
    ck_assert_uint_ge(turns - 1, buf_len(&replies) / (UNSENT_MAX + 1024));
    ck_assert(same_bytes(buf_slice(&peer.heard), buf_slice(&replies)));
    buf_free(&requests);
    buf_free(&replies);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

Suite *server_suite(void) {
    const TTest *const tests[] = {
        two_servers_in_one_thread_know_nothing_of_each_other,
        stopping_from_another_thread_ends_the_run,
        a_server_stopped_before_it_runs_does_not_run,
        a_turn_lasts_no_longer_than_it_may,
        the_log_says_where_it_listens_and_what_to_try,
        a_server_can_listen_on_every_interface,
        a_server_that_can_not_listen_does_not_start,
        a_server_that_may_open_next_to_nothing_does_not_start,
        what_descriptors_allow_is_the_most_there_can_be_of_clients,
        requests_in_one_write_are_answered_in_order,
        a_request_byte_by_byte_is_answered_when_it_is_whole,
        half_a_request_holds_nobody_up,
        a_blank_line_is_answered_by_nothing,
        a_protocol_error_is_answered_and_ends_the_connection,
        quit_is_answered_and_ends_the_connection,
#if PART >= 2
        a_large_bulk_string_comes_and_goes_whole,
        no_two_clients_ever_have_the_same_number,
#endif
        a_peer_that_says_no_more_still_hears_its_replies,
        a_peer_that_vanishes_is_forgotten,
        a_peer_that_vanishes_before_it_is_accepted_does_no_harm,
        one_client_too_many_is_told_so,
        more_clients_than_one_turn_serves_are_all_served,
        the_end_of_the_server_is_the_end_of_its_connections,
        without_descriptors_there_is_no_spinning_until_a_client_leaves,
        without_descriptors_accepting_is_tried_again_after_a_while,
        who_does_not_read_is_served_in_portions_and_gets_all_in_order,
        who_does_not_read_is_not_read_from,
        who_does_not_read_and_says_no_more_costs_no_turns,
        who_vanishes_without_having_read_is_forgotten,
        many_large_replies_of_one_turn_all_arrive_in_order,
        a_turn_answers_a_client_with_no_more_than_its_portion,
    };

    return server_suite_of("server", tests, COUNT_OF(tests));
}
