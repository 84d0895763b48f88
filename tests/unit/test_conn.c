/* test_conn.c -- one client: query buffer, output buffer, and when it is
 * over. */
#include "conn.h"

#include "helpers.h"
#include "loop.h"
#include "params.h"
#include "suites.h"

/* A connection, the peer's end of its socket, and the query that it shares. */
struct stage {
    struct conn *conn;
    int peer;
    struct query shared;
};

static void stage_open(struct stage *stage) {
    int ends[2];

    open_pair(ends);
    *stage = (struct stage){.conn = conn_new(ends[0], 7), .peer = ends[1]};
}

static void stage_close(struct stage *stage) {
    conn_free(stage->conn);
    if (stage->peer != -1) close(stage->peer);
    query_free(&stage->shared);
}

static void say(int peer, const char *text) {
    size_t len = strlen(text);

    ck_assert_int_eq(write(peer, text, len), (ssize_t)len);
}

/* One share of a turn: receive, run what is whole, keep the rest. The requests
 * as text, "(PING)(a)": good until the next call. */
static struct slice take_turn(struct conn *conn, struct query *shared) {
    static struct buf said;
    struct query *query = conn_receive(conn, shared);
    size_t i;

    buf_free(&said);
    while (!conn->dead &&
           resp_read_request(&query->request, buf_slice(&query->bytes)) ==
               RESP_COMPLETE) {
        for (i = 0; i < query->request.argc; i++) {
            append_literal(&said, "(");
            buf_append(&said, query->request.argv[i].data,
                       query->request.argv[i].len);
            append_literal(&said, ")");
        }
        buf_consume(&query->bytes, query->request.size);
        resp_request_next(&query->request);
    }
    conn_keep(conn, query);
    return buf_slice(&said);
}

static void assert_shared_is_empty(const struct query *shared) {
    ck_assert_uint_eq(buf_len(&shared->bytes), 0);
    ck_assert_uint_eq(shared->request.argc, 0);
    ck_assert_uint_eq(shared->request.pos, 0);
    ck_assert_uint_eq(shared->request.searched, 0);
    ck_assert_uint_eq(buf_len(&shared->request.words), 0);
}

/* All that has arrived at the peer. */
static void collect(int peer, struct buf *got) {
    for (;;) {
        ssize_t len = read(peer, buf_reserve(got, 65536), 65536);

        if (len <= 0) return;
        buf_added(got, (size_t)len);
    }
}

/* ---- Receiving -------------------------------------------------------- */

START_TEST(a_new_connection_speaks_resp2_and_waits_for_requests) {
    struct stage stage;

    stage_open(&stage);
    ck_assert_uint_eq(stage.conn->session.id, 7);
    ck_assert_int_eq(stage.conn->session.protocol, 2);
    ck_assert(!stage.conn->session.closing);
    ck_assert(!stage.conn->eof && !stage.conn->dead && !stage.conn->stalled);
    ck_assert_uint_eq(conn_interest(stage.conn), LOOP_READ);
    ck_assert_ptr_eq(conn_query(stage.conn, &stage.shared), &stage.shared);
    stage_close(&stage);
}
END_TEST

START_TEST(freeing_a_connection_closes_its_descriptor) {
    int ends[2];
    char byte;
    struct conn *conn;

    open_pair(ends);
    conn = conn_new(ends[0], 1);
    buf_append(&conn->unsent, "x", 1);
    buf_append(&conn->session.name, "x", 1);
    conn_free(conn);
    ck_assert(!is_open(ends[0]));
    ck_assert_int_eq(read(ends[1], &byte, 1), 0);
    close(ends[1]);
}
END_TEST

START_TEST(whole_requests_need_no_memory_of_the_connection) {
    struct stage stage;

    stage_open(&stage);
    say(stage.peer, "PING a\r\nPING b\r\n");
    assert_bytes(take_turn(stage.conn, &stage.shared),
                 BYTES("(PING)(a)(PING)(b)"));
    ck_assert_ptr_null(stage.conn->query);
    assert_shared_is_empty(&stage.shared);
    stage_close(&stage);
}
END_TEST

START_TEST(nothing_to_read_is_nothing_at_all) {
    struct stage stage;

    stage_open(&stage);
    assert_bytes(take_turn(stage.conn, &stage.shared), BYTES(""));
    ck_assert(!stage.conn->eof && !stage.conn->dead);
    ck_assert_ptr_null(stage.conn->query);
    assert_shared_is_empty(&stage.shared);
    stage_close(&stage);
}
END_TEST

START_TEST(a_partial_request_is_kept_apart_from_those_of_others) {
    /* clang-format off */
    static const char *const halves[][3] = {
        {"PING \"a b", " c\"\r\n", "(PING)(a b c)"},
        {"SET k", " v\r\n", "(SET)(k)(v)"},
        {"PING\r", "\n", "(PING)"},
#if PART >= 2
        {"*", "1\r\n$1\r\na\r\n", "(a)"},
        {"*2\r\n$4\r\nECHO\r\n$5\r\nhe", "llo\r\n", "(ECHO)(hello)"},
        {"*2\r\n$4\r\nECHO\r\n$1", "2\r\nhello, world\r\n",
         "(ECHO)(hello, world)"},
        {"PING\r\n*1\r\n$4\r\nPI", "NG\r\nECHO a\r\n", "(PING)(ECHO)(a)"},
#endif
    };
    /* clang-format on */
    size_t i;

    for (i = 0; i < COUNT_OF(halves); i++) {
        struct stage one, other;
        struct slice rest;

        stage_open(&one);
        stage_open(&other);
        say(one.peer, halves[i][0]);
        take_turn(one.conn, &one.shared);
        ck_assert_ptr_nonnull(one.conn->query);
        assert_shared_is_empty(&one.shared);
        ck_assert_ptr_eq(conn_query(one.conn, &one.shared), one.conn->query);

        say(other.peer, "ECHO other\r\n");
        assert_bytes(take_turn(other.conn, &one.shared),
                     BYTES("(ECHO)(other)"));

        say(one.peer, halves[i][1]);
        rest = take_turn(one.conn, &one.shared);
        check_that(same_bytes(rest, slice_of(halves[i][2])),
                   "\"%s\" and \"%s\" give %s", halves[i][0], halves[i][1],
                   shown(rest));
        ck_assert_ptr_null(one.conn->query); /* given back */
        assert_shared_is_empty(&one.shared);
        stage_close(&one);
        stage_close(&other);
    }
}
END_TEST

START_TEST(a_request_that_arrives_byte_by_byte_is_whole_in_the_end) {
    static const char request[] = "SET \"some key\" 'some value'\r\n";
    struct stage stage;
    size_t i;

    stage_open(&stage);
    for (i = 0; i < sizeof request - 1; i++) {
        struct slice said;

        ck_assert_int_eq(write(stage.peer, request + i, 1), 1);
        said = take_turn(stage.conn, &stage.shared);
        assert_shared_is_empty(&stage.shared);
        if (i < sizeof request - 2) {
            assert_bytes(said, BYTES(""));
        } else {
            assert_bytes(said, BYTES("(SET)(some key)(some value)"));
        }
    }
    ck_assert_ptr_null(stage.conn->query);
    stage_close(&stage);
}
END_TEST

START_TEST(a_slow_sender_takes_as_much_memory_as_it_has_sent) {
    struct stage stage;
    size_t sent;

    stage_open(&stage);
    for (sent = 1; sent <= 5000; sent++) {
        ck_assert_int_eq(write(stage.peer, "x", 1), 1);
        take_turn(stage.conn, &stage.shared);
        check_that(stage.conn->query->bytes.cap <= 1024 + 4 * sent,
                   "%zu bytes for %zu", stage.conn->query->bytes.cap, sent);
    }
    stage_close(&stage);
}
END_TEST

START_TEST(what_is_left_of_a_large_request_takes_little_memory) {
    struct stage stage;
    char *large = xmalloc(60002);

    memset(large, 'x', 60000);
    memcpy(large + 60000, "\n", 2);
    stage_open(&stage);
    say(stage.peer, "y");
    take_turn(stage.conn, &stage.shared);
    say(stage.peer, large);
    say(stage.peer, "PI");
    while (wait_for(stage.conn->fd, POLLIN, 0))
        take_turn(stage.conn, &stage.shared);
    assert_bytes(buf_slice(&stage.conn->query->bytes), BYTES("PI"));
    ck_assert_uint_le(stage.conn->query->bytes.cap, 1024);
    stage_close(&stage);
    free(large);
}
END_TEST

START_TEST(the_end_of_what_a_peer_sends_is_noted) {
    struct stage stage;

    stage_open(&stage);
    say(stage.peer, "PING\r\nPI");
    ck_assert_int_eq(shutdown(stage.peer, SHUT_WR), 0);
    assert_bytes(take_turn(stage.conn, &stage.shared), BYTES("(PING)"));
    ck_assert(!stage.conn->eof); /* there may be more behind these bytes */
    assert_bytes(take_turn(stage.conn, &stage.shared), BYTES(""));
    ck_assert(stage.conn->eof);
    ck_assert(!stage.conn->dead); /* it may still listen */
    stage_close(&stage);
}
END_TEST

START_TEST(a_peer_that_resets_makes_the_connection_dead) {
    struct query shared = {0};
    struct conn *conn;
    int ends[2], has_own, turns;

    for (has_own = 0; has_own <= 1; has_own++) {
        open_tcp_pair(ends);
        conn = conn_new(ends[1], 1);
        if (has_own) {
            say(ends[0], "PING");
            ck_assert(wait_for(ends[1], POLLIN, WAIT_MS));
            take_turn(conn, &shared);
        }
        say(ends[0], "PING");
        reset_connection(ends[0]);
        /* What came before the reset may still be there to read. */
        for (turns = 0; turns < 2 && !conn->dead; turns++) {
            ck_assert(wait_for(ends[1], POLLIN, WAIT_MS));
            take_turn(conn, &shared);
        }
        ck_assert(conn->dead);
        ck_assert_ptr_null(conn->query);
        assert_shared_is_empty(&shared);
        conn_free(conn);
    }
    query_free(&shared);
}
END_TEST

#if PART >= 2
/* 'len' bytes for the peer to read in one piece: they fit into its socket. */
static void push(struct stage *stage, size_t len) {
    static const char bytes[READ_SIZE];

    while (len > 0) {
        size_t piece = len < sizeof bytes ? len : sizeof bytes;

        ck_assert_int_eq(write(stage->peer, bytes, piece), (ssize_t)piece);
        take_turn(stage->conn, &stage->shared);
        len -= piece;
    }
}

static const struct buf *own_bytes(const struct stage *stage) {
    ck_assert_ptr_nonnull(stage->conn->query);
    return &stage->conn->query->bytes;
}

START_TEST(a_large_request_gets_just_the_room_that_it_lacks) {
    static const char head[] = "*1\r\n$1048576\r\n";
    size_t size = sizeof head - 1 + 1048576 + 2;
    struct stage stage;
    struct slice said;
    size_t len;

    stage_open(&stage);
    say(stage.peer, head);
    push(&stage, READ_SIZE);
    for (len = 2 * READ_SIZE; len < 1048576; len += READ_SIZE) {
        push(&stage, READ_SIZE);
        ck_assert_uint_eq(own_bytes(&stage)->cap, size);
    }
    push(&stage, READ_SIZE);
    ck_assert_uint_eq(buf_len(own_bytes(&stage)), size - 2);
    say(stage.peer, "\r\n*1\r\n$1\r\na\r\n"); /* the next is left unread */
    said = take_turn(stage.conn, &stage.shared);
    ck_assert_uint_eq(said.len, strlen("()") + 1048576);
    ck_assert_ptr_null(stage.conn->query);
    assert_bytes(take_turn(stage.conn, &stage.shared), BYTES("(a)"));
    stage_close(&stage);
}
END_TEST

START_TEST(what_is_only_announced_gets_no_more_than_a_multiple_of_what_came) {
    struct stage stage;

    stage_open(&stage);
    say(stage.peer, "*1\r\n$536870912\r\n");
    push(&stage, 100);
    ck_assert_uint_lt(own_bytes(&stage)->cap, 1000);
    push(&stage, 3 * READ_SIZE);
    ck_assert_uint_gt(own_bytes(&stage)->cap, 6 * READ_SIZE);
    ck_assert_uint_lt(own_bytes(&stage)->cap, 17 * 3 * READ_SIZE);
    stage_close(&stage);
}
END_TEST
#endif

START_TEST(a_connection_that_is_over_leaves_nothing_in_the_shared_query) {
    int is_dead, has_own;

    for (is_dead = 0; is_dead <= 1; is_dead++) {
        for (has_own = 0; has_own <= 1; has_own++) {
            struct stage stage;
            struct query *query;

            stage_open(&stage);
            if (has_own) {
                say(stage.peer, "PING \"");
                take_turn(stage.conn, &stage.shared);
            }
            say(stage.peer, "QUIT \"partial");
            query = conn_receive(stage.conn, &stage.shared);
            ck_assert_int_eq(
                resp_read_request(&query->request, buf_slice(&query->bytes)),
                RESP_NEED_MORE);
            stage.conn->dead = is_dead;
            stage.conn->session.closing = !is_dead;
            conn_keep(stage.conn, query);
            ck_assert_ptr_null(stage.conn->query);
            assert_shared_is_empty(&stage.shared);
            stage_close(&stage);
        }
    }
}
END_TEST

/* ---- Sending ---------------------------------------------------------- */

START_TEST(what_the_socket_takes_is_sent_at_once) {
    struct stage stage;
    struct buf got = {0};

    stage_open(&stage);
    conn_send(stage.conn, BYTES("+PONG\r\n"));
    conn_send(stage.conn, BYTES(""));
    conn_send(stage.conn, BYTES("+OK\r\n"));
    collect(stage.peer, &got);
    assert_bytes(buf_slice(&got), BYTES("+PONG\r\n+OK\r\n"));
    ck_assert_uint_eq(stage.conn->unsent.cap, 0);
    ck_assert(!stage.conn->dead);
    buf_free(&got);
    stage_close(&stage);
}
END_TEST

START_TEST(what_the_socket_refuses_is_kept_and_sent_in_order) {
    enum { PIECE = 7001, PIECES = 200 };
    struct stage stage;
    struct buf got = {0}, want = {0};
    char piece[PIECE];
    size_t most = 0;
    int i;

    stage_open(&stage);
    for (i = 0; i < PIECES; i++) {
        memset(piece, 'a' + i % 26, sizeof piece);
        buf_append(&want, piece, sizeof piece);
        conn_send(stage.conn, (struct slice){piece, sizeof piece});
        if (buf_len(&stage.conn->unsent) > most) {
            most = buf_len(&stage.conn->unsent);
        }
        /* The peer takes something now and then. */
        if (i % 50 == 49) collect(stage.peer, &got);
    }
    ck_assert_uint_gt(most, 0);
    for (i = 0; i < PIECES && buf_len(&stage.conn->unsent) > 0; i++) {
        collect(stage.peer, &got);
        conn_send(stage.conn, BYTES(""));
    }
    collect(stage.peer, &got);
    ck_assert(same_bytes(buf_slice(&got), buf_slice(&want)));
    ck_assert_uint_eq(stage.conn->unsent.cap, 0); /* given back */
    ck_assert(!stage.conn->dead);
    buf_free(&got);
    buf_free(&want);
    stage_close(&stage);
}
END_TEST

START_TEST(sending_to_a_peer_that_is_gone_makes_the_connection_dead) {
    struct stage stage;

    stage_open(&stage);
    close(stage.peer);
    stage.peer = -1;
    conn_send(stage.conn, BYTES("+PONG\r\n"));
    ck_assert(stage.conn->dead);
    conn_send(stage.conn, BYTES("+PONG\r\n")); /* no harm */
    ck_assert(stage.conn->dead);
    stage_close(&stage);
}
END_TEST

START_TEST(what_is_unsent_when_the_peer_goes_makes_the_connection_dead) {
    struct stage stage;

    stage_open(&stage);
    buf_append(&stage.conn->unsent, "+PONG\r\n", 7);
    close(stage.peer);
    stage.peer = -1;
    conn_send(stage.conn, BYTES(""));
    ck_assert(stage.conn->dead);
    stage_close(&stage);
}
END_TEST

/* ---- What to wait for ------------------------------------------------- */

START_TEST(a_connection_is_full_above_a_number_of_unsent_bytes) {
    struct stage stage;

    stage_open(&stage);
    ck_assert(!conn_is_full(stage.conn));
    memset(buf_reserve(&stage.conn->unsent, UNSENT_MAX), 'x', UNSENT_MAX);
    buf_added(&stage.conn->unsent, UNSENT_MAX);
    ck_assert(!conn_is_full(stage.conn));
    buf_append(&stage.conn->unsent, "x", 1);
    ck_assert(conn_is_full(stage.conn));
    buf_consume(&stage.conn->unsent, 1);
    ck_assert(!conn_is_full(stage.conn));
    stage_close(&stage);
}
END_TEST

/* Every state, and what follows from it. */
START_TEST(interest_follows_from_the_state) {
    enum { EOF_SEEN = 1, STALLED = 2, CLOSING = 4, UNSENT = 8, FULL = 16 };
    unsigned state;

    for (state = 0; state < 32; state++) {
        unsigned want = 0, got;
        struct stage stage;

        if ((state & FULL) && !(state & UNSENT)) continue;
        stage_open(&stage);
        stage.conn->eof = (state & EOF_SEEN) != 0;
        stage.conn->stalled = (state & STALLED) != 0;
        stage.conn->session.closing = (state & CLOSING) != 0;
        if (state & UNSENT) {
            size_t len = state & FULL ? UNSENT_MAX + 1 : 1;

            memset(buf_reserve(&stage.conn->unsent, len), 'x', len);
            buf_added(&stage.conn->unsent, len);
        }
        /* Write: what is unsent, or what can be answered once there is room,
         * unless nothing will be answered any more. */
        if (state & UNSENT) want |= LOOP_WRITE;
        if ((state & STALLED) && !(state & CLOSING)) want |= LOOP_WRITE;
        /* Read: only if nothing at all speaks against it. */
        if (!(state & (EOF_SEEN | STALLED | CLOSING | FULL))) want |= LOOP_READ;
        got = conn_interest(stage.conn);
        check_that(got == want, "state 0x%x: %u, expected %u", state, got,
                   want);
        stage_close(&stage);
    }
}
END_TEST

START_TEST(a_connection_that_waits_for_nothing_is_over) {
    struct stage stage;

    stage_open(&stage);
    stage.conn->session.closing = true;
    conn_send(stage.conn, BYTES("+OK\r\n"));
    ck_assert(stage.conn->dead); /* QUIT: answered, so over */
    stage_close(&stage);

    stage_open(&stage);
    stage.conn->eof = true;
    conn_send(stage.conn, BYTES(""));
    ck_assert(stage.conn->dead);
    stage_close(&stage);

    stage_open(&stage);
    stage.conn->eof = stage.conn->stalled = true;
    conn_send(stage.conn, BYTES("+PONG\r\n"));
    ck_assert(!stage.conn->dead); /* more of its requests are here */
    stage_close(&stage);
}
END_TEST

START_TEST(a_connection_that_closes_sends_its_last_reply_first) {
    struct stage stage;
    struct buf got = {0};
    char *large = xcalloc(1, 3000000);
    int rounds;

    stage_open(&stage);
    stage.conn->session.closing = true;
    conn_send(stage.conn, (struct slice){large, 3000000});
    ck_assert(!stage.conn->dead);
    ck_assert_uint_eq(conn_interest(stage.conn), LOOP_WRITE);
    for (rounds = 0; rounds < 1000 && !stage.conn->dead; rounds++) {
        collect(stage.peer, &got);
        conn_send(stage.conn, BYTES(""));
    }
    collect(stage.peer, &got);
    ck_assert(stage.conn->dead);
    ck_assert_uint_eq(buf_len(&got), 3000000);
    buf_free(&got);
    free(large);
    stage_close(&stage);
}
END_TEST

Suite *conn_suite(void) {
    const TTest *tests[] = {
        a_new_connection_speaks_resp2_and_waits_for_requests,
        freeing_a_connection_closes_its_descriptor,
        whole_requests_need_no_memory_of_the_connection,
        nothing_to_read_is_nothing_at_all,
        a_partial_request_is_kept_apart_from_those_of_others,
        a_request_that_arrives_byte_by_byte_is_whole_in_the_end,
        a_slow_sender_takes_as_much_memory_as_it_has_sent,
        what_is_left_of_a_large_request_takes_little_memory,
        the_end_of_what_a_peer_sends_is_noted,
        a_peer_that_resets_makes_the_connection_dead,
#if PART >= 2
        a_large_request_gets_just_the_room_that_it_lacks,
        what_is_only_announced_gets_no_more_than_a_multiple_of_what_came,
#endif
        a_connection_that_is_over_leaves_nothing_in_the_shared_query,
        what_the_socket_takes_is_sent_at_once,
        what_the_socket_refuses_is_kept_and_sent_in_order,
        sending_to_a_peer_that_is_gone_makes_the_connection_dead,
        what_is_unsent_when_the_peer_goes_makes_the_connection_dead,
        a_connection_is_full_above_a_number_of_unsent_bytes,
        interest_follows_from_the_state,
        a_connection_that_waits_for_nothing_is_over,
        a_connection_that_closes_sends_its_last_reply_first,
    };

    return suite_of("conn", tests, COUNT_OF(tests));
}
