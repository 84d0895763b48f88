/* test_resp_writer.c -- replies to bytes; and, where values can be read too,
 * to bytes and back. */
#include "helpers.h"
#include "resp.h"
#include "suites.h"

#include <inttypes.h>

/* What is in 'out', compared and dropped. */
#define assert_written(out, want)                                              \
    do {                                                                       \
        assert_bytes(buf_slice(out), want);                                    \
        buf_consume(out, buf_len(out));                                        \
    } while (0)

START_TEST(a_simple_string_is_a_line) {
    struct buf out = {0};

    resp_write_simple(&out, "OK");
    assert_written(&out, BYTES("+OK\r\n"));
    resp_write_simple(&out, "");
    assert_written(&out, BYTES("+\r\n"));
    buf_free(&out);
}
END_TEST

START_TEST(a_bulk_string_holds_any_bytes) {
    struct buf out = {0};
    char all[256];
    size_t i;

    for (i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    resp_write_bulk(&out, (struct slice){NULL, 0});
    assert_written(&out, BYTES("$0\r\n\r\n"));
    resp_write_bulk(&out, BYTES("a\r\n\0b"));
    assert_written(&out, BYTES("$5\r\na\r\n\0b\r\n"));
    resp_write_bulk(&out, (struct slice){all, sizeof all});
    ck_assert_uint_eq(buf_len(&out), 6 + 256 + 2);
    assert_bytes(((struct slice){out.data + out.head, 6}), BYTES("$256\r\n"));
    assert_bytes(((struct slice){out.data + out.head + 6, 256}),
                 ((struct slice){all, sizeof all}));
    buf_free(&out);
}
END_TEST

START_TEST(the_length_of_a_bulk_string_is_exact) {
    struct buf out = {0};
    char *bytes = xcalloc(1, 100001);
    size_t len;

    for (len = 0; len < 100001; len = len < 1100 ? len + 1 : len * 3) {
        char head[32];
        size_t size = (size_t)snprintf(head, sizeof head, "$%zu\r\n", len);

        resp_write_bulk(&out, (struct slice){bytes, len});
        check_that(buf_len(&out) == size + len + 2 &&
                       memcmp(out.data + out.head, head, size) == 0 &&
                       memcmp(out.data + out.tail - 2, "\r\n", 2) == 0,
                   "%zu bytes", len);
        buf_consume(&out, buf_len(&out));
    }
    buf_free(&out);
    free(bytes);
}
END_TEST

START_TEST(an_error_is_printed_as_by_printf) {
    struct buf out = {0};

    resp_write_error(&out, "ERR %s has %d of %.*s", "x", -7, 2, "abc");
    assert_written(&out, BYTES("-ERR x has -7 of ab\r\n"));
    buf_free(&out);
}
END_TEST

START_TEST(an_error_is_one_line_whatever_a_client_put_into_it) {
    struct buf out = {0};
    int byte;

    resp_write_error(&out, "ERR '%s'", "a\r\n+OK\r\n\n\r");
    assert_written(&out, BYTES("-ERR 'a  +OK    '\r\n"));
    for (byte = 1; byte < 256; byte++) {
        char want[] = {'-', 'E', ' ', (char)byte, '.', '\r', '\n'};

        if (byte == '\r' || byte == '\n') want[3] = ' ';
        resp_write_error(&out, "E %c.", byte);
        assert_written(&out, ((struct slice){want, sizeof want}));
    }
    buf_free(&out);
}
END_TEST

START_TEST(an_error_over_1_kib_is_cut) {
    struct buf out = {0};
    char text[3000];
    size_t len;

    memset(text, 'x', sizeof text);
    for (len = 0; len < sizeof text; len++) {
        size_t kept;

        resp_write_error(&out, "%.*s", (int)len, text);
        kept = buf_len(&out) - 3;
        check_that(len < 1024 ? kept == len : kept == 1023, "%zu kept of %zu",
                   kept, len);
        check_that(out.data[out.head] == '-' &&
                       memcmp(out.data + out.head + 1, text, kept) == 0 &&
                       memcmp(out.data + out.tail - 2, "\r\n", 2) == 0,
                   "%zu bytes", len);
        buf_consume(&out, buf_len(&out));
    }
    buf_free(&out);
}
END_TEST

START_TEST(replies_are_appended_to_those_before) {
    struct buf out = {0};

    resp_write_simple(&out, "OK");
    resp_write_bulk(&out, BYTES("a"));
    resp_write_error(&out, "ERR b");
    assert_written(&out, BYTES("+OK\r\n$1\r\na\r\n-ERR b\r\n"));
    buf_free(&out);
}
END_TEST

#if PART >= 2

static void assert_integer(struct buf *out, int64_t value) {
    char want[40];

    snprintf(want, sizeof want, ":%" PRId64 "\r\n", value);
    resp_write_integer(out, value);
    assert_written(out, slice_of(want));
}

START_TEST(integers_are_written_as_by_printf) {
    struct buf out = {0};
    int64_t ten = 1;
    int digits, bit, distance;

    for (digits = 1; digits <= 18; digits++, ten *= 10) {
        for (distance = -11; distance <= 11; distance++) {
            assert_integer(&out, ten + distance);
            assert_integer(&out, -ten - distance);
        }
    }
    for (bit = 0; bit < 63; bit++) {
        assert_integer(&out, (int64_t)1 << bit);
        assert_integer(&out, -((int64_t)1 << bit) - 1);
    }
    for (distance = 0; distance <= 20; distance++) {
        assert_integer(&out, INT64_MAX - distance);
        assert_integer(&out, INT64_MIN + distance);
    }
    buf_free(&out);
}
END_TEST

START_TEST(an_array_is_announced_by_its_count) {
    struct buf out = {0};

    resp_write_array(&out, 0);
    assert_written(&out, BYTES("*0\r\n"));
    resp_write_array(&out, 1234567890123);
    assert_written(&out, BYTES("*1234567890123\r\n"));
    buf_free(&out);
}
END_TEST

START_TEST(a_map_is_a_flat_array_for_who_did_not_say_hello_3) {
    struct buf out = {0};

    resp_write_map(&out, 7, 2);
    assert_written(&out, BYTES("*14\r\n"));
    resp_write_map(&out, 7, 3);
    assert_written(&out, BYTES("%7\r\n"));
    resp_write_map(&out, 0, 2);
    assert_written(&out, BYTES("*0\r\n"));
    resp_write_map(&out, 0, 3);
    assert_written(&out, BYTES("%0\r\n"));
    buf_free(&out);
}
END_TEST

START_TEST(a_null_is_spelt_as_the_protocol_spells_it) {
    struct buf out = {0};

    resp_write_null(&out, 2);
    assert_written(&out, BYTES("$-1\r\n"));
    resp_write_null(&out, 3);
    assert_written(&out, BYTES("_\r\n"));
    buf_free(&out);
}
END_TEST

START_TEST(a_set_is_an_array_for_who_did_not_say_hello_3) {
    struct buf out = {0};

    resp_write_set(&out, 3, 2);
    assert_written(&out, BYTES("*3\r\n"));
    resp_write_set(&out, 3, 3);
    assert_written(&out, BYTES("~3\r\n"));
    buf_free(&out);
}
END_TEST

START_TEST(text_is_a_bulk_string_for_who_did_not_say_hello_3) {
    struct buf out = {0};

    resp_write_text(&out, BYTES("a\0b\r\n"), 2);
    assert_written(&out, BYTES("$5\r\na\0b\r\n\r\n"));
    resp_write_text(&out, BYTES("a\0b\r\n"), 3);
    assert_written(&out, BYTES("=9\r\ntxt:a\0b\r\n\r\n"));
    resp_write_text(&out, BYTES(""), 3);
    assert_written(&out, BYTES("=4\r\ntxt:\r\n"));
    buf_free(&out);
}
END_TEST

START_TEST(no_array_is_spelt_as_the_protocol_spells_it) {
    struct buf out = {0};

    resp_write_null_array(&out, 2);
    assert_written(&out, BYTES("*-1\r\n"));
    resp_write_null_array(&out, 3);
    assert_written(&out, BYTES("_\r\n"));
    buf_free(&out);
}
END_TEST

/* ---- There and back ---------------------------------------------------- */

/* One item, as text. */
static void describe(struct buf *text, const struct resp_item *item) {
    char head[80];
    int len = snprintf(head, sizeof head, "%u%c%" PRId64 ",%zu:", item->depth,
                       item->type, item->integer, item->bytes.len);

    buf_append(text, head, (size_t)len);
    buf_append(text, item->bytes.data, item->bytes.len);
}

static int random_protocol(uint64_t *state) {
    return 2 + (int)random_below(state, 2);
}

/* What a reader takes for an array of so many elements. */
static void write_random_array(uint64_t *state, size_t count, struct buf *out) {
    if (count % 2 == 0 && random_below(state, 2) == 0) {
        resp_write_map(out, count / 2, random_protocol(state));
    } else if (random_below(state, 2) == 0) {
        resp_write_set(out, count, random_protocol(state));
    } else {
        resp_write_array(out, count);
    }
}

/* A random value: its bytes to 'out', its items to 'want'. */
static void write_random(uint64_t *state, unsigned depth, struct buf *out,
                         struct buf *want) {
    static const enum resp_type types[] = {RESP_SIMPLE,  RESP_FAILURE,
                                           RESP_INTEGER, RESP_BULK,
                                           RESP_NULL,    RESP_ARRAY};
    /* Few elements and many levels; none below the last level. */
    size_t kinds = COUNT_OF(types) - (depth == RESP_DEPTH_MAX ? 1 : 0);
    struct resp_item item = {.type = types[random_below(state, kinds)],
                             .depth = depth};
    char bytes[64];
    size_t len = random_below(state, sizeof bytes);
    size_t i;

    if (depth < RESP_DEPTH_MAX && random_below(state, 2) == 0) {
        item.type = RESP_ARRAY;
    }
    for (i = 0; i < len; i++) {
        bytes[i] = (char)random_next(state);
        if (item.type == RESP_BULK) continue;
        bytes[i] = (char)(' ' + random_below(state, 95)); /* of a line */
    }
    bytes[len] = '\0';
    switch (item.type) {
    case RESP_SIMPLE:
        item.bytes = (struct slice){bytes, len};
        resp_write_simple(out, bytes);
        break;
    case RESP_FAILURE:
        item.bytes = (struct slice){bytes, len};
        resp_write_error(out, "%s", bytes);
        break;
    case RESP_INTEGER:
        item.integer = (int64_t)random_next(state) >> random_below(state, 64);
        resp_write_integer(out, item.integer);
        break;
    case RESP_BULK:
        item.bytes = (struct slice){bytes, len};
        if (random_below(state, 2) == 0) {
            resp_write_text(out, item.bytes, random_protocol(state));
        } else {
            resp_write_bulk(out, item.bytes);
        }
        break;
    case RESP_NULL: resp_write_null(out, random_protocol(state)); break;
    case RESP_ARRAY:
        item.integer = (int64_t)random_below(state, 4);
        write_random_array(state, (size_t)item.integer, out);
        break;
    }
    describe(want, &item);
    if (item.type != RESP_ARRAY) return;
    for (i = 0; i < (size_t)item.integer; i++)
        write_random(state, depth + 1, out, want);
}

START_TEST(what_is_written_is_read_back_as_it_was) {
    unsigned round, deepest = 0;

    for (round = 1; round <= 5000; round++) {
        uint64_t state = round;
        struct resp_reader reader = {0};
        struct buf out = {0}, want = {0}, got = {0};
        struct slice in;
        size_t offset = 0;

        write_random(&state, 0, &out, &want);
        in = exact_copy(buf_slice(&out));
        do {
            struct slice rest = {in.data + offset, in.len - offset};
            struct resp_item item;

            check_that(resp_read_item(&reader, rest, &item) == RESP_COMPLETE,
                       "seed %u at byte %zu: %s", round, offset, reader.error);
            if (item.type != RESP_ARRAY && item.type != RESP_INTEGER) {
                item.integer = 0; /* says nothing there */
            }
            if (item.type == RESP_ARRAY || item.type == RESP_INTEGER ||
                item.type == RESP_NULL) {
                item.bytes.len = 0;
            }
            if (item.depth > deepest) deepest = item.depth;
            describe(&got, &item);
            offset += reader.size;
        } while (reader.more);
        check_that(offset == in.len, "seed %u: %zu of %zu bytes", round, offset,
                   in.len);
        check_that(same_bytes(buf_slice(&got), buf_slice(&want)),
                   "seed %u: got %s, expected %s", round,
                   shown(buf_slice(&got)), shown(buf_slice(&want)));
        exact_free(in);
        buf_free(&out);
        buf_free(&want);
        buf_free(&got);
    }
    ck_assert_uint_eq(deepest, RESP_DEPTH_MAX); /* the dice got everywhere */
}
END_TEST

#endif

Suite *resp_writer_suite(void) {
    const TTest *tests[] = {
        a_simple_string_is_a_line,
        a_bulk_string_holds_any_bytes,
        the_length_of_a_bulk_string_is_exact,
        an_error_is_printed_as_by_printf,
        an_error_is_one_line_whatever_a_client_put_into_it,
        an_error_over_1_kib_is_cut,
        replies_are_appended_to_those_before,
#if PART >= 2
        integers_are_written_as_by_printf,
        an_array_is_announced_by_its_count,
        a_map_is_a_flat_array_for_who_did_not_say_hello_3,
        a_null_is_spelt_as_the_protocol_spells_it,
        a_set_is_an_array_for_who_did_not_say_hello_3,
        text_is_a_bulk_string_for_who_did_not_say_hello_3,
        no_array_is_spelt_as_the_protocol_spells_it,
        what_is_written_is_read_back_as_it_was,
#endif
    };

    return suite_of("resp_writer", tests, COUNT_OF(tests));
}
