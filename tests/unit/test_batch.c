/* test_batch.c -- reading ahead changes when a request is read, not what it is.
 */
#include "batch.h"
#include "helpers.h"
#include "suites.h"

/* ---- A stream on its way ------------------------------------------------- */

struct room {
    struct batch batch;
    struct resp_request partial;
    struct buf bytes; /* came in, and was not run yet */
    struct buf said;  /* what was run, as text */
    bool failed;
};

static void room_close(struct room *room) {
    batch_free(&room->batch);
    resp_request_free(&room->partial);
    buf_free(&room->bytes);
    buf_free(&room->said);
}

static void run(struct room *room, const struct resp_request *request) {
    for (size_t i = 0; i < request->argc; i++) {
        buf_append(&room->said, request->argv[i].data, request->argv[i].len);
        append_literal(&room->said, " ");
    }
    append_literal(&room->said, ";");
    buf_consume(&room->bytes, request->size);
}

/* Read up to 'max' requests ahead, and run up to 'most' of them. */
static void take(struct room *room, size_t max, size_t most) {
    struct batch *batch = &room->batch;
    struct slice in = exact_copy(buf_slice(&room->bytes));

    batch_read(batch, &room->partial, in, NULL, max);
    ck_assert_uint_le(batch->count, max);
    ck_assert_uint_eq(room->partial.pos, 0);
    for (size_t i = 0; i < batch->count && i < most; i++)
        run(room, &batch->requests[i]);
    if (batch->count <= most) {
        if (batch->end == RESP_ERROR) {
            const char *why = batch->requests[batch->count].error;

            buf_append(&room->said, why, strlen(why));
            room->failed = true;
        }
        batch_keep_partial(batch, &room->partial);
    }
    exact_free(in);
}

static void push(struct room *room, struct slice piece, size_t max,
                 size_t most) {
    size_t before;

    buf_append(&room->bytes, piece.data, piece.len);
    do {
        before = buf_len(&room->bytes);
        if (!room->failed) take(room, max, most);
    } while (!room->failed && buf_len(&room->bytes) < before);
}

/* 'stream' in two pieces. */
static struct room read_cut(struct slice stream, size_t at, size_t max,
                            size_t most) {
    struct room room = {0};

    push(&room, (struct slice){stream.data, at}, max, most);
    push(&room, (struct slice){stream.data + at, stream.len - at}, max, most);
    return room;
}

#define STREAM                                                                 \
    "PING\r\n"                                                                 \
    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n"                           \
    "*0\r\n\r\n"                                                               \
    "ECHO \"two words\"\r\n"                                                   \
    "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"                                           \
    "*1\r\n$4\r\nPING\r\n"

static const struct slice streams[] = {
    {STREAM, sizeof STREAM - 1},
    {STREAM "*2\r\n$3\r\nGET\r\n", sizeof STREAM - 1 + 13},
    {STREAM "*1\r\n+OK\r\n*1\r\n$4\r\nPING\r\n", sizeof STREAM - 1 + 23},
};

/* ---- The same, whatever is read ahead ------------------------------------ */

START_TEST(cut_anywhere_and_read_ahead_as_far_as_may_be_it_is_the_same) {
    struct slice stream = streams[_i];
    struct room want = read_cut(stream, stream.len, 1, 1);

    ck_assert_uint_gt(buf_len(&want.said), 30);
    for (size_t at = 0; at <= stream.len; at++) {
        for (size_t max = 1; max <= 8; max++) {
            for (size_t most = 1; most <= max; most++) {
                struct room got = read_cut(stream, at, max, most);

                assert_bytes(buf_slice(&got.said), buf_slice(&want.said));
                ck_assert_uint_eq(buf_len(&got.bytes), buf_len(&want.bytes));
                ck_assert_int_eq(got.failed, want.failed);
                room_close(&got);
            }
        }
    }
    room_close(&want);
}
END_TEST

START_TEST(no_more_than_asked_for_are_read) {
    struct room room = {0};

    for (int i = 0; i < 3 * BATCH_MAX; i++)
        append_literal(&room.bytes, "PING\r\n");
    batch_read(&room.batch, &room.partial, buf_slice(&room.bytes), NULL,
               BATCH_MAX);
    ck_assert_uint_eq(room.batch.count, BATCH_MAX);
    ck_assert_int_eq(room.batch.end, RESP_COMPLETE);
    batch_read(&room.batch, NULL, buf_slice(&room.bytes), NULL, 1);
    ck_assert_uint_eq(room.batch.count, 1);
    room_close(&room);
}
END_TEST

/* Its bytes are not looked at again: the reader knows how far it was. */
START_TEST(a_partial_request_goes_on_where_it_was) {
    static const char text[] = "*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n";
    struct room room = {0};

    push(&room, BYTES("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$5\r\nhel"), 8,
         8);
    ck_assert_uint_eq(room.partial.pos, sizeof text - 1 - 7);
    ck_assert_uint_eq(room.partial.argc, 1);
    push(&room, BYTES("lo\r\n"), 8, 8);
    assert_bytes(buf_slice(&room.said), BYTES("PING ;ECHO hello ;"));
    ck_assert_uint_eq(room.partial.pos, 0);
    room_close(&room);
}
END_TEST

/* ---- Memory -------------------------------------------------------------- */

START_TEST(memory_for_many_arguments_is_not_kept) {
    struct room room = {0};

    append_literal(&room.bytes, "*5000\r\n");
    for (int i = 0; i < 5000; i++)
        append_literal(&room.bytes, "$1\r\nx\r\n");
    append_literal(&room.bytes, "PING \"in words\"\r\n");
    take(&room, 8, 8);
    ck_assert_uint_ge(room.batch.requests[0].cap, 5000);
    ck_assert_uint_gt(room.batch.requests[1].words.cap, 0);
    append_literal(&room.bytes, "*1\r\n$1\r\na\r\n*1\r\n$1\r\na\r\n");
    take(&room, 8, 8);
    ck_assert_uint_lt(room.batch.requests[0].cap, 100);
    ck_assert_uint_eq(room.batch.requests[1].words.cap, 0);
    room_close(&room);
}
END_TEST

Suite *batch_suite(void) {
    Suite *suite = suite_create("batch");
    TCase *tcase = tcase_create("batch");

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(
        tcase, cut_anywhere_and_read_ahead_as_far_as_may_be_it_is_the_same, 0,
        (int)COUNT_OF(streams));
    tcase_add_test(tcase, no_more_than_asked_for_are_read);
    tcase_add_test(tcase, a_partial_request_goes_on_where_it_was);
    tcase_add_test(tcase, memory_for_many_arguments_is_not_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}
