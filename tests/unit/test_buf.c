/* test_buf.c -- the one growable buffer. */
#include "helpers.h"
#include "suites.h"

START_TEST(a_zeroed_buf_is_an_empty_one) {
    struct buf buf = {0};

    ck_assert_uint_eq(buf_len(&buf), 0);
    ck_assert_uint_eq(buf_slice(&buf).len, 0);
    ck_assert_ptr_nonnull(buf_slice(&buf).data); /* memchr() may be given it */
    buf_consume(&buf, 0);
    buf_free(&buf);
}
END_TEST

START_TEST(appending_nothing_takes_no_memory) {
    struct buf buf = {0};

    buf_append(&buf, NULL, 0);
    buf_append(&buf, "", 0);
    ck_assert_ptr_null(buf.data);
    ck_assert_uint_eq(buf.cap, 0);
}
END_TEST

START_TEST(a_freed_buf_can_be_used_again) {
    struct buf buf = {0};
    int round;

    for (round = 0; round < 3; round++) {
        append_literal(&buf, "some bytes\0and more");
        assert_bytes(buf_slice(&buf), BYTES("some bytes\0and more"));
        buf_consume(&buf, 5);
        buf_free(&buf);
        ck_assert_uint_eq(buf_len(&buf), 0);
        ck_assert_ptr_null(buf.data);
    }
    buf_free(&buf); /* twice is no harm */
}
END_TEST

START_TEST(what_is_reserved_counts_once_it_is_added) {
    struct buf buf = {0};
    char *room;

    append_literal(&buf, "ab");
    room = buf_reserve(&buf, 1000);
    assert_bytes(buf_slice(&buf), BYTES("ab"));
    memset(room, 'x', 1000); /* all of it is ours */
    memcpy(room, "cd", 2);
    buf_added(&buf, 1);
    assert_bytes(buf_slice(&buf), BYTES("abc"));
    buf_reserve(&buf, 0);
    buf_added(&buf, 0);
    assert_bytes(buf_slice(&buf), BYTES("abc"));
    buf_free(&buf);
}
END_TEST

/* The simplest thing that behaves as a buf should. */
struct model {
    char bytes[20000];
    size_t len;
};

static void model_append(struct model *model, const char *bytes, size_t size) {
    memcpy(model->bytes + model->len, bytes, size);
    model->len += size;
}

static void model_consume(struct model *model, size_t size) {
    model->len -= size;
    memmove(model->bytes, model->bytes + size, model->len);
}

START_TEST(a_buf_holds_what_was_appended_and_not_yet_consumed) {
    static struct model model;
    struct buf buf = {0};
    uint64_t state = 20240917;
    int step;

    for (step = 0; step < 60000; step++) {
        char bytes[3000];
        /* Now and then many bytes, so that the buf grows in one jump. */
        size_t most = random_below(&state, 50) == 0 ? sizeof bytes : 90;
        size_t size = random_below(&state, most + 1);
        size_t i;

        for (i = 0; i < size; i++)
            bytes[i] = (char)random_next(&state);
        switch (random_below(&state, 5)) {
        case 0:
            if (model.len + size > sizeof model.bytes) break;
            buf_append(&buf, bytes, size);
            model_append(&model, bytes, size);
            break;
        case 1: { /* reserved in full, filled in part */
            size_t added = random_below(&state, size + 1);

            if (size == 0 || model.len + size > sizeof model.bytes) break;
            memset(buf_reserve(&buf, size), '?', size);
            memcpy(buf.data + buf.tail, bytes, added);
            buf_added(&buf, added);
            model_append(&model, bytes, added);
            break;
        }
        case 2:
            if (size > model.len) size = model.len;
            buf_consume(&buf, size);
            model_consume(&model, size);
            break;
        case 3: buf_trim(&buf); break;
        default:
            if (random_below(&state, 300) > 0) break;
            size = random_below(&state, 3) > 0 ? model.len : model.len / 2;
            buf_consume(&buf, size);
            model_consume(&model, size);
        }
        check_that(
            same_bytes(buf_slice(&buf), (struct slice){model.bytes, model.len}),
            "step %d: %zu bytes, expected %zu", step, buf_len(&buf), model.len);
        check_that(buf.head <= buf.tail && buf.tail <= buf.cap, "step %d",
                   step);
    }
    buf_free(&buf);
}
END_TEST

/* Sends 'total' bytes through a queue that holds at most 'most' unread ones,
 * added in pieces of up to 'piece'. */
static void pass_through(size_t total, size_t most, size_t piece) {
    struct buf buf = {0};
    size_t bound = 4 * (most + piece) > 64 ? 4 * (most + piece) : 64;
    uint64_t state = 7 * most + piece;
    size_t passed;

    for (passed = 0; passed < total;) {
        size_t size = 1 + random_below(&state, piece);

        memset(buf_reserve(&buf, size), 'x', size);
        buf_added(&buf, size);
        passed += size;
        check_that(buf.cap <= bound,
                   "%zu bytes for at most %zu unread, in pieces of %zu",
                   buf.cap, most, piece);
        if (buf_len(&buf) > most) buf_consume(&buf, buf_len(&buf) - most);
    }
    buf_free(&buf);
}

START_TEST(a_queue_that_stays_short_takes_memory_for_no_more) {
    size_t most, piece;

    for (most = 0; most <= 2000; most = most * 2 + 1) {
        for (piece = 1; piece <= 4096; piece *= 4)
            pass_through(50000, most, piece);
    }
}
END_TEST

/* A queue that is 'most' bytes long all the time: how many bytes were moved
 * within it, or to a larger one, until 'total' have passed through. */
static size_t moved_by(size_t total, size_t most) {
    struct buf buf = {0};
    size_t moved = 0, passed;

    for (passed = 0; passed < total; passed++) {
        size_t head = buf.head, cap = buf.cap, len = buf_len(&buf);

        *buf_reserve(&buf, 1) = 'x';
        if (buf.head < head || buf.cap != cap) moved += len;
        buf_added(&buf, 1);
        if (buf_len(&buf) > most) buf_consume(&buf, 1);
    }
    buf_free(&buf);
    return moved;
}

START_TEST(moving_bytes_costs_no_more_than_adding_them) {
    size_t most;

    for (most = 0; most <= 30000; most = most * 3 + 1) {
        size_t moved = moved_by(100000, most);

        check_that(moved <= 3 * 100000, "%zu bytes of 100000, at most %zu long",
                   moved, most);
    }
}
END_TEST

START_TEST(what_is_consumed_whole_leaves_all_its_room) {
    struct buf buf = {0};
    char bytes[100] = "x";
    size_t cap;
    int i;

    buf_append(&buf, bytes, sizeof bytes);
    cap = buf.cap;
    for (i = 0; i < 10000; i++) {
        buf_consume(&buf, sizeof bytes);
        buf_append(&buf, bytes, sizeof bytes);
    }
    ck_assert_uint_eq(buf.cap, cap);
    buf_free(&buf);
}
END_TEST

START_TEST(trimming_gives_back_most_of_what_is_not_needed) {
    size_t len, cap;

    for (cap = 1; cap <= 300000; cap = cap * 3 + 1) {
        for (len = 0; len <= cap; len = len * 2 + 1) {
            struct buf buf = {0};
            struct slice before;

            memset(buf_reserve(&buf, cap), 'x', cap);
            buf_added(&buf, cap);
            buf_consume(&buf, cap - len);
            memset(buf.data + buf.head, 'y', len);
            before = exact_copy(buf_slice(&buf));
            buf_trim(&buf);
            assert_bytes(buf_slice(&buf), before);
            check_that(buf.cap <= 1024 + 4 * len, "%zu bytes for %zu, of %zu",
                       buf.cap, len, cap);
            append_literal(&buf, "more");
            ck_assert_uint_eq(buf_len(&buf), len + 4);
            exact_free(before);
            buf_free(&buf);
        }
    }
}
END_TEST

Suite *buf_suite(void) {
    const TTest *tests[] = {
        a_zeroed_buf_is_an_empty_one,
        appending_nothing_takes_no_memory,
        a_freed_buf_can_be_used_again,
        what_is_reserved_counts_once_it_is_added,
        a_buf_holds_what_was_appended_and_not_yet_consumed,
        a_queue_that_stays_short_takes_memory_for_no_more,
        moving_bytes_costs_no_more_than_adding_them,
        what_is_consumed_whole_leaves_all_its_room,
        trimming_gives_back_most_of_what_is_not_needed,
    };

    return suite_of("buf", tests, COUNT_OF(tests));
}
