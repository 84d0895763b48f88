/* test_resp_item.c -- bytes to values of every type, item by item. */
#include "helpers.h"
#include "resp.h"
#include "suites.h"

#include <inttypes.h>
#include <sys/mman.h>

#if PART >= 2

/* ---- A stream on its way through the reader ---------------------------- */

struct feed {
    struct resp_reader reader;
    struct slice unread; /* an exact copy that moves with every piece */
    struct buf said;     /* what was read so far, as text */
    bool failed;
};

static void feed_move(struct feed *feed, struct slice rest, struct slice more) {
    struct buf both = {0};
    struct slice old = feed->unread;

    buf_append(&both, rest.data, rest.len);
    buf_append(&both, more.data, more.len);
    feed->unread = exact_copy(buf_slice(&both));
    buf_free(&both);
    exact_free(old);
}

/* "+OK;" ":5;" "$3:abc;" "_;" "*2{": one '.' for each array around it, and the
 * last item of a value ends with '!' instead of ';'. */
static void feed_describe(struct feed *feed, const struct resp_item *item) {
    char text[64];
    unsigned i;
    int len = 0;

    check_that(feed->reader.size > 0 && feed->reader.size <= feed->unread.len,
               "an item of %zu bytes in %zu", feed->reader.size,
               feed->unread.len);
    for (i = 0; i < item->depth; i++)
        append_literal(&feed->said, ".");
    switch (item->type) {
    case RESP_INTEGER:
    case RESP_ARRAY:
        len = snprintf(text, sizeof text, "%c%" PRId64, item->type,
                       item->integer);
        break;
    case RESP_BULK:
        len = snprintf(text, sizeof text, "$%zu:", item->bytes.len);
        break;
    case RESP_SIMPLE:
    case RESP_FAILURE:
    case RESP_NULL: len = snprintf(text, sizeof text, "%c", item->type); break;
    }
    check_that(len > 0, "an item of type %d", item->type);
    buf_append(&feed->said, text, (size_t)len);
    if (strchr("+-$", (int)item->type) != NULL) {
        check_that(item->bytes.data >= feed->unread.data &&
                       item->bytes.data + item->bytes.len <=
                           feed->unread.data + feed->reader.size,
                   "the bytes of an item lie somewhere else");
        buf_append(&feed->said, item->bytes.data, item->bytes.len);
    }
    buf_append(&feed->said, feed->reader.more ? ";" : "!", 1);
}

static void feed_push(struct feed *feed, struct slice piece) {
    if (feed->failed) return;
    feed_move(feed, feed->unread, piece);
    for (;;) {
        struct resp_item item;
        size_t size;

        switch (resp_read_item(&feed->reader, feed->unread, &item)) {
        case RESP_NEED_MORE: return;
        case RESP_ERROR:
            feed->failed = true;
            append_literal(&feed->said, "error: ");
            buf_append(&feed->said, feed->reader.error,
                       strlen(feed->reader.error));
            return;
        case RESP_COMPLETE: break;
        }
        feed_describe(feed, &item);
        size = feed->reader.size;
        feed_move(
            feed,
            (struct slice){feed->unread.data + size, feed->unread.len - size},
            BYTES(""));
    }
}

/* Ends the feed. What it said is good until the second next call. */
static struct slice feed_end(struct feed *feed) {
    static struct buf kept[2];
    static unsigned last;
    struct buf *said = &kept[last++ % 2];

    buf_free(said);
    *said = feed->said;
    exact_free(feed->unread);
    return buf_slice(said);
}

/* 'stream' in three pieces that end at these two places. */
static struct slice read_cut(struct slice stream, size_t first, size_t second) {
    struct feed feed = {0};

    feed_push(&feed, (struct slice){stream.data, first});
    feed_push(&feed, (struct slice){stream.data + first, second - first});
    feed_push(&feed, (struct slice){stream.data + second, stream.len - second});
    return feed_end(&feed);
}

static struct slice read_at_once(struct slice stream) {
    return read_cut(stream, stream.len, stream.len);
}

static struct slice read_byte_by_byte(struct slice stream) {
    struct feed feed = {0};
    size_t i;

    for (i = 0; i < stream.len; i++)
        feed_push(&feed, (struct slice){stream.data + i, 1});
    return feed_end(&feed);
}

/* ---- Values ----------------------------------------------------------- */

#define TEXT(literal)                                                          \
    { literal, sizeof(literal) - 1 }

/* clang-format off */
static const struct {
    struct slice in, said;
} values[] = {
    {TEXT("+OK\r\n"), TEXT("+OK!")},
    {TEXT("+\r\n"), TEXT("+!")},
    {TEXT("+a\nb\0c\r\n"), TEXT("+a\nb\0c!")},
    {TEXT("-ERR no\r\n"), TEXT("-ERR no!")},
    {TEXT("-\r\n"), TEXT("-!")},
    {TEXT(":0\r\n"), TEXT(":0!")},
    {TEXT(":-1\r\n"), TEXT(":-1!")},
    {TEXT(":+5\r\n"), TEXT(":5!")},
    {TEXT(":+0\r\n"), TEXT(":0!")},
    {TEXT(":9223372036854775807\r\n"), TEXT(":9223372036854775807!")},
    {TEXT(":+9223372036854775807\r\n"), TEXT(":9223372036854775807!")},
    {TEXT(":-9223372036854775808\r\n"), TEXT(":-9223372036854775808!")},
    {TEXT("$0\r\n\r\n"), TEXT("$0:!")},
    {TEXT("$5\r\na\r\n\0b\r\n"), TEXT("$5:a\r\n\0b!")},
    {TEXT("$-1\r\n"), TEXT("_!")},
    {TEXT("*-1\r\n"), TEXT("_!")},
    {TEXT("_\r\n"), TEXT("_!")},
    {TEXT("*0\r\n"), TEXT("*0!")},
    {TEXT("*1\r\n*0\r\n"), TEXT("*1;.*0!")},
    {TEXT("*3\r\n$-1\r\n*-1\r\n_\r\n"), TEXT("*3;._;._;._!")},
    {TEXT("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), TEXT("*2;.$3:GET;.$1:k!")},
    {TEXT("*3\r\n*2\r\n:1\r\n*0\r\n+a\r\n*1\r\n*1\r\n-b\r\n"),
     TEXT("*3;.*2;..:1;..*0;.+a;.*1;..*1;...-b!")},
    {TEXT("*2\r\n*1\r\n*1\r\n_\r\n*1\r\n:1\r\n"),
     TEXT("*2;.*1;..*1;..._;.*1;..:1!")},
    {TEXT("%0\r\n"), TEXT("*0!")},
    {TEXT("~0\r\n"), TEXT("*0!")},
    {TEXT("~2\r\n:1\r\n~1\r\n:2\r\n"), TEXT("*2;.:1;.*1;..:2!")},
    {TEXT("%2\r\n+a\r\n%1\r\n+b\r\n_\r\n+c\r\n:1\r\n"),
     TEXT("*4;.+a;.*2;..+b;.._;.+c;.:1!")},
    {TEXT("=4\r\ntxt:\r\n"), TEXT("$0:!")},
    {TEXT("=8\r\nmkd:a\r\n\0\r\n"), TEXT("$4:a\r\n\0!")},
};
/* clang-format on */

START_TEST(values_of_every_type_are_read_item_by_item) {
    size_t i;

    for (i = 0; i < COUNT_OF(values); i++)
        assert_bytes(read_at_once(values[i].in), values[i].said);
}
END_TEST

/* All values in one stream. */
static struct slice all_values(struct buf *in, struct buf *said) {
    size_t i;

    for (i = 0; i < COUNT_OF(values); i++) {
        buf_append(in, values[i].in.data, values[i].in.len);
        buf_append(said, values[i].said.data, values[i].said.len);
    }
    return buf_slice(in);
}

START_TEST(one_value_after_the_other_is_read_byte_by_byte) {
    struct buf stream = {0}, said = {0};
    struct slice in = all_values(&stream, &said);

    assert_bytes(read_at_once(in), buf_slice(&said));
    assert_bytes(read_byte_by_byte(in), buf_slice(&said));
    buf_free(&stream);
    buf_free(&said);
}
END_TEST

START_TEST(any_two_cuts_of_a_stream_change_nothing) {
    struct buf stream = {0}, want = {0};
    struct slice in = all_values(&stream, &want);
    size_t first, second;

    for (first = 0; first <= in.len; first++) {
        /* Near the first cut each second one, then some. */
        for (second = first; second <= in.len;
             second += second - first < 12 ? 1 : 37) {
            struct slice said = read_cut(in, first, second);

            check_that(same_bytes(said, buf_slice(&want)),
                       "cut at %zu and %zu: %s", first, second, shown(said));
        }
    }
    buf_free(&stream);
    buf_free(&want);
}
END_TEST

START_TEST(every_proper_prefix_of_an_item_needs_more) {
    size_t i, len;

    for (i = 0; i < COUNT_OF(values); i++) {
        struct slice whole = values[i].in;

        if (strchr("*%~", whole.data[0]) != NULL && whole.len > 5) {
            continue; /* many items */
        }
        for (len = 0; len <= whole.len; len++) {
            struct slice in = exact_copy((struct slice){whole.data, len});
            struct resp_reader reader = {0};
            struct resp_item item;

            check_that(resp_read_item(&reader, in, &item) ==
                           (len < whole.len ? RESP_NEED_MORE : RESP_COMPLETE),
                       "%zu bytes of \"%s\"", len, shown(whole));
            exact_free(in);
        }
    }
}
END_TEST

START_TEST(every_wrong_byte_has_one_answer_in_whatever_pieces) {
    size_t i, at;
    int byte;

    for (i = 0; i < COUNT_OF(values); i++) {
        for (at = 0; at < values[i].in.len; at++) {
            for (byte = 0; byte < 256; byte++) {
                char bytes[100];
                struct slice in = {bytes, values[i].in.len};
                struct slice once, pieces;

                memcpy(bytes, values[i].in.data, in.len);
                bytes[at] = (char)byte;
                once = read_at_once(in);
                pieces = read_byte_by_byte(in);
                check_that(same_bytes(once, pieces),
                           "\"%s\": at once %s, in pieces %s", shown(in),
                           shown(once), shown(pieces));
            }
        }
    }
}
END_TEST

/* ---- What is no value -------------------------------------------------- */

START_TEST(what_is_no_value_is_refused) {
    static const char length[] = "invalid length";
    static const char integer[] = "invalid integer";
    static const char crlf[] = "expected CR LF after bulk string";
    static const char no_text[] = "invalid text";
    static const struct {
        const char *in, *error;
    } table[] = {
        {"+OK\rx", "invalid line"},
        {"+OK\r\r\n", "invalid line"},
        {":1\rx", "invalid line"},
        {":\r\n", integer},
        {":+\r\n", integer},
        {":-\r\n", integer},
        {":x\r\n", integer},
        {":1x\r\n", integer},
        {": 1\r\n", integer},
        {":+-5\r\n", integer},
        {":-+5\r\n", integer},
        {":++5\r\n", integer},
        {":9223372036854775808\r\n", integer},
        {":+9223372036854775808\r\n", integer},
        {":-9223372036854775809\r\n", integer},
        {"$\r\n", length},
        {"$x\r\n", length},
        {"$-2\r\n", length},
        {"$+1\r\n", length},
        {"$01\r\n", length},
        {"$536870913\r\n", length},
        {"$9223372036854775807\r\n", length},
        {"$18446744073709551615\r\n", length},
        {"*\r\n", length},
        {"*x\r\n", length},
        {"*-2\r\n", length},
        {"*+1\r\n", length},
        {"*9223372036854775808\r\n", length},
        {"$4\r\nPINGxx", crlf},
        {"$4\r\nPING\rx", crlf},
        {"$4\r\nPINGx\n", crlf},
        {"$3\r\nPING\r\n", crlf},
        {"_x\r\n", "invalid null"},
        {"_1\r\n", "invalid null"},
        {"%-1\r\n", length},
        {"%4611686018427387904\r\n", length},
        {"~-1\r\n", length},
        {"~x\r\n", length},
        {"=-1\r\n", length},
        {"=536870913\r\n", length},
        {"=4\r\ntxt:xx", crlf},
        {"=0\r\n\r\n", no_text},
        {"=3\r\ntxt\r\n", no_text},
        {"=5\r\ntext:\r\n", no_text},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(table); i++) {
        struct slice in = slice_of(table[i].in);
        struct buf array = {0};
        char want[100];

        snprintf(want, sizeof want, "error: %s", table[i].error);
        assert_bytes(read_at_once(in), slice_of(want));
        assert_bytes(read_byte_by_byte(in), slice_of(want));

        append_literal(&array, "*2\r\n:1\r\n"); /* the same within one */
        buf_append(&array, in.data, in.len);
        snprintf(want, sizeof want, "*2;.:1;error: %s", table[i].error);
        assert_bytes(read_at_once(buf_slice(&array)), slice_of(want));
        buf_free(&array);
    }
}
END_TEST

START_TEST(only_nine_bytes_begin_a_value) {
    int byte;

    for (byte = 0; byte < 256; byte++) {
        char begin = (char)byte;
        struct resp_reader reader = {0};
        struct resp_item item;
        bool is_type = byte != 0 && strchr("+-:$*_%~=", byte) != NULL;
        enum resp_status status = resp_read_item(
            &reader, (struct slice){&begin, 1}, &item);

        check_that(status == (is_type ? RESP_NEED_MORE : RESP_ERROR),
                   "byte 0x%02x", (unsigned)byte);
        if (!is_type) ck_assert_str_eq(reader.error, "unknown type");
    }
}
END_TEST

START_TEST(arrays_nest_to_a_depth_of_32) {
    static const char *const innermost[] = {":7\r\n", "*-1\r\n", "*0\r\n",
                                            "*1\r\n"};
    static const bool fits[] = {true, true, false, false};
    struct buf in = {0};
    size_t around, i, k;

    for (i = 0; i < COUNT_OF(innermost); i++) {
        for (around = 0; around <= RESP_DEPTH_MAX + 1; around++) {
            struct slice said;

            for (k = 0; k < around; k++)
                append_literal(&in, "*1\r\n");
            buf_append(&in, innermost[i], strlen(innermost[i]));
            said = read_at_once(buf_slice(&in));
            if (around < RESP_DEPTH_MAX ||
                (around == RESP_DEPTH_MAX && fits[i])) {
                check_that(memchr(said.data, 'e', said.len) == NULL,
                           "%zu arrays around %s: %s", around, innermost[i],
                           shown(said));
            } else {
                static const char error[] = "error: arrays nested too deep";
                size_t len = sizeof error - 1;

                check_that(said.len > len && memcmp(said.data + said.len - len,
                                                    error, len) == 0,
                           "%zu arrays around %s: %s", around, innermost[i],
                           shown(said));
            }
            buf_free(&in);
        }
    }
}
END_TEST

START_TEST(the_depth_is_free_again_after_each_array) {
    struct buf in = {0};
    struct slice said;
    int round, k;

    append_literal(&in, "*100\r\n");
    for (round = 0; round < 100; round++) {
        for (k = 1; k < RESP_DEPTH_MAX; k++)
            append_literal(&in, "*1\r\n");
        append_literal(&in, ":1\r\n");
    }
    said = read_at_once(buf_slice(&in));
    ck_assert_ptr_null(memchr(said.data, 'e', said.len));
    ck_assert_int_eq(said.data[said.len - 1], '!');
    buf_free(&in);
}
END_TEST

START_TEST(a_line_is_of_limited_length) {
    static const char types[] = "+-:$*_%~=";
    size_t i, len;

    for (i = 0; i < sizeof types - 1; i++) {
        for (len = RESP_LINE_MAX - 1; len <= RESP_LINE_MAX + 1; len++) {
            char *line = xmalloc(len + 2);
            struct resp_reader reader = {0};
            struct resp_item item;
            enum resp_status status;

            memset(line, '1', len);
            line[0] = types[i];
            memcpy(line + len, "\r\n", 2);
            status = resp_read_item(&reader, (struct slice){line, len}, &item);
            check_that(status ==
                           (len <= RESP_LINE_MAX ? RESP_NEED_MORE : RESP_ERROR),
                       "'%c' and %zu bytes", types[i], len);
            reader = (struct resp_reader){0};
            status = resp_read_item(&reader, (struct slice){line, len + 2},
                                    &item);
            check_that(status == (len <= RESP_LINE_MAX && i < 2 ? RESP_COMPLETE
                                                                : RESP_ERROR),
                       "'%c', %zu bytes and CR LF", types[i], len);
            free(line);
        }
    }
}
END_TEST

/* ---- Work ------------------------------------------------------------- */

START_TEST(a_bulk_is_not_looked_at_while_it_arrives) {
    static const char head[] = "$536870912\r\n";
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t len = RESP_BULK_MAX;
    char *space = mmap(NULL, page + len + page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *bulk = space + page;
    struct slice in = {bulk - (sizeof head - 1), sizeof head - 1};
    size_t whole = in.len + len + 2;
    struct resp_reader reader = {0};
    struct resp_item item;

    if (space == MAP_FAILED) return; /* no room here for such a bulk anyway */
    memcpy(bulk - in.len, head, in.len);
    memcpy(bulk + len, "\r\n", 2);
    ck_assert_int_eq(mprotect(bulk, len, PROT_NONE), 0);
    for (; in.len < whole; in.len += 16 * 1024) {
        check_that(resp_read_item(&reader, in, &item) == RESP_NEED_MORE,
                   "%zu bytes", in.len);
    }
    in.len = whole;
    ck_assert_int_eq(resp_read_item(&reader, in, &item), RESP_COMPLETE);
    ck_assert_uint_eq(reader.size, whole);
    ck_assert_ptr_eq(item.bytes.data, bulk);
    ck_assert_uint_eq(item.bytes.len, len);
    munmap(space, page + len + page);
}
END_TEST

START_TEST(a_line_is_searched_once) {
    static const char line[] = "+0123456789\r\n";
    struct resp_reader reader = {0};
    struct resp_item item;
    char bytes[sizeof line];
    size_t len;

    memcpy(bytes, line, sizeof line);
    for (len = 1; len < sizeof line - 2; len++) {
        /* A CR without its LF, in what has been searched already. */
        if (len > 2) bytes[len - 2] = '\r';
        check_that(resp_read_item(&reader, (struct slice){bytes, len}, &item) ==
                       RESP_NEED_MORE,
                   "%zu bytes", len);
    }
    memcpy(bytes, line, sizeof line);
    ck_assert_int_eq(
        resp_read_item(&reader, (struct slice){bytes, sizeof line - 1}, &item),
        RESP_COMPLETE);
    assert_bytes(item.bytes, BYTES("0123456789"));
}
END_TEST

Suite *resp_item_suite(void) {
    const TTest *tests[] = {
        values_of_every_type_are_read_item_by_item,
        one_value_after_the_other_is_read_byte_by_byte,
        any_two_cuts_of_a_stream_change_nothing,
        every_proper_prefix_of_an_item_needs_more,
        every_wrong_byte_has_one_answer_in_whatever_pieces,
        what_is_no_value_is_refused,
        only_nine_bytes_begin_a_value,
        arrays_nest_to_a_depth_of_32,
        the_depth_is_free_again_after_each_array,
        a_line_is_of_limited_length,
        a_bulk_is_not_looked_at_while_it_arrives,
        a_line_is_searched_once,
    };

    return suite_of("resp_item", tests, COUNT_OF(tests));
}

#endif
