/* test_resp_request.c -- bytes to requests, in whatever pieces they come. */
#include "helpers.h"
#include "resp.h"
#include "suites.h"

#include <sys/mman.h>

/* ---- A stream on its way through the reader ---------------------------- */

struct feed {
    struct resp_request request;
    struct slice unread; /* an exact copy that moves with every piece */
    struct buf said;     /* what was read so far, as text */
    bool failed;
};

/* 'rest' of what is unread, and 'more': in a new place. */
static void feed_move(struct feed *feed, struct slice rest, struct slice more) {
    struct buf both = {0};
    struct slice old = feed->unread;

    buf_append(&both, rest.data, rest.len);
    buf_append(&both, more.data, more.len);
    feed->unread = exact_copy(buf_slice(&both));
    buf_free(&both);
    exact_free(old);
}

static bool lies_in(struct slice part, struct slice whole) {
    if (part.len == 0) return true; /* an empty word needs no place */
    return part.data >= whole.data &&
           part.data + part.len <= whole.data + whole.len;
}

/* "(3:SET)(1:k)(0:);" */
static void feed_describe(struct feed *feed) {
    const struct resp_request *request = &feed->request;
    struct slice mine = {feed->unread.data, request->size};
    size_t i;

    check_that(request->size > 0 && request->size <= feed->unread.len,
               "a request of %zu bytes in %zu", request->size,
               feed->unread.len);
    for (i = 0; i < request->argc; i++) {
        struct slice arg = request->argv[i];
        char head[32];
        int len = snprintf(head, sizeof head, "(%zu:", arg.len);

        check_that(lies_in(arg, mine) ||
                       lies_in(arg, buf_slice(&request->words)),
                   "argument %zu lies somewhere else", i);
        buf_append(&feed->said, head, (size_t)len);
        buf_append(&feed->said, arg.data, arg.len);
        append_literal(&feed->said, ")");
    }
    append_literal(&feed->said, ";");
}

static void feed_push(struct feed *feed, struct slice piece) {
    if (feed->failed) return;
    feed_move(feed, feed->unread, piece);
    for (;;) {
        size_t size;

        switch (resp_read_request(&feed->request, feed->unread)) {
        case RESP_NEED_MORE: return;
        case RESP_ERROR:
            feed->failed = true;
            append_literal(&feed->said, "error: ");
            buf_append(&feed->said, feed->request.error,
                       strlen(feed->request.error));
            return;
        case RESP_COMPLETE: break;
        }
        feed_describe(feed);
        size = feed->request.size;
        feed_move(
            feed,
            (struct slice){feed->unread.data + size, feed->unread.len - size},
            BYTES(""));
        resp_request_next(&feed->request);
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
    resp_request_free(&feed->request);
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

/* ---- Streams ---------------------------------------------------------- */

#define TEXT(literal)                                                          \
    { literal, sizeof(literal) - 1 }

/* clang-format off */
static const struct {
    struct slice stream, said;
} streams[] = {
    {TEXT("PING\r\n"), TEXT("(4:PING);")},
    {TEXT("PING\r\nECHO \"a b\" 'c\\'d'\n\r\n  \nSET k \"\\x00\\n\"\r\nPING\n"),
     TEXT("(4:PING);(4:ECHO)(3:a b)(3:c'd);;;(3:SET)(1:k)(2:\0\n);(4:PING);")},
    {TEXT("PING\n\"never closed\nPING\n"),
     TEXT("(4:PING);error: unbalanced quotes in request")},
    {TEXT("$4\r\n+PING\n"), TEXT("(2:$4);(5:+PING);")},
#if PART >= 2
    {TEXT("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\na\r\nb\0*\r\n"
          "*1\r\n$4\r\nPING\r\n"),
     TEXT("(3:SET)(1:k)(6:a\r\nb\0*);(4:PING);")},
    {TEXT("PING\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n\r\n*0\r\n*-1\r\n"
          "ECHO \"a b\" 'c'\n*1\r\n$1\r\n*\r\n"),
     TEXT("(4:PING);(4:ECHO)(0:);;;;(4:ECHO)(3:a b)(1:c);(1:*);")},
    {TEXT("*2\r\n$4\r\nECHO\r\n$18\r\n\r\n*1\r\n$3\r\nDEL\r\n$1\r\r\n+\n"),
     TEXT("(4:ECHO)(18:\r\n*1\r\n$3\r\nDEL\r\n$1\r);(1:+);")},
    {TEXT("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$x\r\n*1\r\n$4\r\nPING\r\n"),
     TEXT("(4:PING);error: invalid bulk length")},
    {TEXT("*12\r\n$1\r\n0\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n"
          "$1\r\n5\r\n$1\r\n6\r\n$1\r\n7\r\n$1\r\n8\r\n$1\r\n9\r\n"
          "$2\r\n10\r\n$2\r\n11\r\n"),
     TEXT("(1:0)(1:1)(1:2)(1:3)(1:4)(1:5)(1:6)(1:7)(1:8)(1:9)(2:10)(2:11);")},
#else
    {TEXT("PING\n*1\r\n$4\r\nPING\r\nPING\n"),
     TEXT("(4:PING);error: RESP arrays come with part 2")},
#endif
};
/* clang-format on */

START_TEST(a_stream_is_read_request_by_request) {
    size_t i;

    for (i = 0; i < COUNT_OF(streams); i++)
        assert_bytes(read_at_once(streams[i].stream), streams[i].said);
}
END_TEST

START_TEST(any_two_cuts_of_a_stream_change_nothing) {
    size_t i, first, second;

    for (i = 0; i < COUNT_OF(streams); i++) {
        struct slice stream = streams[i].stream;

        for (first = 0; first <= stream.len; first++) {
            for (second = first; second <= stream.len; second++) {
                struct slice said = read_cut(stream, first, second);

                check_that(same_bytes(said, streams[i].said),
                           "stream %zu cut at %zu and %zu: %s", i, first,
                           second, shown(said));
            }
        }
    }
}
END_TEST

START_TEST(a_stream_byte_by_byte_is_the_same_stream) {
    size_t i;

    for (i = 0; i < COUNT_OF(streams); i++)
        assert_bytes(read_byte_by_byte(streams[i].stream), streams[i].said);
}
END_TEST

/* One of each kind. */
static const struct slice requests[] = {
    TEXT("\r\n"),
    TEXT("SET k \"a\\x41 \\\"\" 'it'\r\n"),
#if PART >= 2
    TEXT("*0\r\n"),
    TEXT("*-1\r\n"),
    TEXT("*1\r\n$0\r\n\r\n"),
    TEXT("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nhello\r\nworld\r\n"),
#endif
};

START_TEST(every_proper_prefix_needs_more) {
    size_t i, len;

    for (i = 0; i < COUNT_OF(requests); i++) {
        for (len = 0; len <= requests[i].len; len++) {
            struct resp_request request = {0};
            struct slice in = exact_copy((struct slice){requests[i].data, len});
            enum resp_status status = resp_read_request(&request, in);
            bool is_whole = len == requests[i].len;

            check_that(status == (is_whole ? RESP_COMPLETE : RESP_NEED_MORE),
                       "%zu bytes of \"%s\"", len, shown(requests[i]));
            if (is_whole) ck_assert_uint_eq(request.size, len);
            exact_free(in);
            resp_request_free(&request);
        }
    }
}
END_TEST

#if PART >= 2
START_TEST(what_a_request_lacks_is_known_once_its_last_argument_begins) {
    static const char bytes[] = "*2\r\n$4\r\nECHO\r\n$12\r\nhello\r\nworld\r\n";
    size_t size = sizeof bytes - 1;
    size_t begins = size - strlen("hello\r\nworld\r\n");
    struct resp_request request = {0};
    size_t len;

    for (len = 0; len < size; len++) {
        size_t lacks = len < begins ? 0 : size - len;

        ck_assert_int_eq(
            resp_read_request(&request, (struct slice){bytes, len}),
            RESP_NEED_MORE);
        check_that(resp_request_lacks(&request, len) == lacks,
                   "after %zu bytes: %zu", len,
                   resp_request_lacks(&request, len));
    }
    resp_request_free(&request);
}
END_TEST
#endif

START_TEST(a_request_given_up_half_way_leaves_nothing_for_the_next) {
    size_t i, k, len;

    for (i = 0; i < COUNT_OF(requests); i++) {
        for (len = 0; len < requests[i].len; len++) {
            for (k = 0; k < COUNT_OF(requests); k++) {
                struct feed feed = {0};
                struct slice said;

                resp_read_request(&feed.request,
                                  (struct slice){requests[i].data, len});
                resp_request_next(&feed.request);
                feed_push(&feed, requests[k]);
                said = feed_end(&feed);
                check_that(same_bytes(said, read_at_once(requests[k])),
                           "\"%s\" after %zu bytes of \"%s\": %s",
                           shown(requests[k]), len, shown(requests[i]),
                           shown(said));
            }
        }
    }
}
END_TEST

START_TEST(every_wrong_byte_has_one_answer_in_whatever_pieces) {
    size_t i, at;
    int byte;

    for (i = 0; i < COUNT_OF(requests); i++) {
        for (at = 0; at < requests[i].len; at++) {
            for (byte = 0; byte < 256; byte++) {
                char bytes[100];
                struct slice in = {bytes, requests[i].len};
                struct slice once, pieces;

                memcpy(bytes, requests[i].data, in.len);
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

START_TEST(random_bytes_have_one_answer_in_whatever_pieces) {
    static const char alphabet[] = "*$\r\n\r\n\r\n0123-a \"'\\x";
    uint64_t state = 4711;
    int round;

    for (round = 0; round < 20000; round++) {
        char bytes[40];
        struct slice in = {bytes, random_below(&state, sizeof bytes + 1)};
        size_t second = random_below(&state, in.len + 1);
        struct slice once, pieces;
        size_t i;

        for (i = 0; i < in.len; i++)
            bytes[i] = alphabet[random_below(&state, sizeof alphabet)];
        if (in.len > 0 && PART >= 2 && round % 2 == 0) bytes[0] = '*';
        once = read_at_once(in);
        pieces = read_cut(in, random_below(&state, second + 1), second);
        check_that(same_bytes(once, pieces),
                   "round %d, \"%s\": at once %s, in pieces %s", round,
                   shown(in), shown(once), shown(pieces));
    }
}
END_TEST

/* ---- Memory and work -------------------------------------------------- */

START_TEST(the_memory_of_one_request_serves_the_next) {
    static const struct slice in = TEXT("SET \"key\" 'value' 3 4 5 6 7\r\n");
    struct resp_request request = {0};
    const struct slice *argv;
    size_t words;
    int i;

    ck_assert_int_eq(resp_read_request(&request, in), RESP_COMPLETE);
    argv = request.argv;
    words = request.words.cap;
    for (i = 0; i < 1000; i++) {
        resp_request_next(&request);
        ck_assert_uint_eq(request.argc, 0);
        ck_assert_int_eq(resp_read_request(&request, in), RESP_COMPLETE);
        ck_assert_uint_eq(request.argc, 8);
    }
    ck_assert_ptr_eq(request.argv, argv);
    ck_assert_uint_eq(request.words.cap, words);
    resp_request_free(&request);
}
END_TEST

START_TEST(a_freed_request_waits_for_the_first_again) {
    struct resp_request request = {0};

    ck_assert_int_eq(resp_read_request(&request, slice_of("a b\n")),
                     RESP_COMPLETE);
    resp_request_free(&request);
    ck_assert_ptr_null(request.argv);
    ck_assert_int_eq(resp_read_request(&request, slice_of("c\n")),
                     RESP_COMPLETE);
    ck_assert_uint_eq(request.argc, 1);
    assert_bytes(request.argv[0], BYTES("c"));
    resp_request_free(&request);
    resp_request_free(&request); /* twice is no harm */
}
END_TEST

START_TEST(what_was_searched_for_the_end_of_a_line_is_not_searched_again) {
    struct resp_request request = {0};
    char line[] = "PING    a\n";
    size_t len;

    for (len = 1; len < sizeof line - 1; len++) {
        ck_assert_int_eq(resp_read_request(&request, (struct slice){line, len}),
                         RESP_NEED_MORE);
        /* A blank that would end the line if it were met again. */
        if (line[len - 1] == ' ') line[len - 1] = '\n';
    }
    ck_assert_int_eq(resp_read_request(&request, (struct slice){line, len}),
                     RESP_COMPLETE);
    ck_assert_uint_eq(request.argc, 2);
    ck_assert_uint_eq(request.size, len);
    resp_request_free(&request);
}
END_TEST

START_TEST(a_first_word_may_be_empty) {
    struct resp_request request = {0};

    ck_assert_int_eq(resp_read_request(&request, slice_of("\"\"\n")),
                     RESP_COMPLETE);
    ck_assert_uint_eq(request.argc, 1);
    ck_assert_uint_eq(request.argv[0].len, 0);
    resp_request_free(&request);
}
END_TEST

START_TEST(arguments_are_counted_from_the_base_that_is_known_last) {
    static const char base[] = "0123456789";
    struct resp_request request = {0};
    size_t i;

    for (i = 0; i < 100; i++)
        resp_request_add(&request, i % 10, 10 - i % 10);
    ck_assert_int_eq(resp_request_done(&request, base, 77), RESP_COMPLETE);
    ck_assert_uint_eq(request.size, 77);
    ck_assert_uint_eq(request.argc, 100);
    for (i = 0; i < 100; i++)
        assert_bytes(request.argv[i], slice_of(base + i % 10));
    resp_request_free(&request);
}
END_TEST

START_TEST(an_error_text_is_cut_to_its_room) {
    struct resp_request request = {0};
    char why[RESP_ERROR_TEXT_MAX * 2] = "";

    memset(why, 'x', sizeof why - 1);
    ck_assert_int_eq(resp_request_fail(&request, why), RESP_ERROR);
    ck_assert_uint_eq(strlen(request.error), RESP_ERROR_TEXT_MAX - 1);
    ck_assert_int_eq(resp_request_fail(&request, "short"), RESP_ERROR);
    ck_assert_str_eq(request.error, "short");
}
END_TEST

#if PART == 1

START_TEST(an_array_is_refused_at_its_first_byte) {
    struct resp_request request = {0};

    ck_assert_int_eq(resp_read_request(&request, slice_of("*")), RESP_ERROR);
    ck_assert_str_eq(request.error, "RESP arrays come with part 2");
}
END_TEST

#else

/* ---- Arrays ----------------------------------------------------------- */

START_TEST(arguments_borrow_their_bytes_from_the_input) {
    struct slice in = exact_copy(
        BYTES("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n"));
    struct resp_request request = {0};

    ck_assert_int_eq(resp_read_request(&request, in), RESP_COMPLETE);
    ck_assert_uint_eq(request.argc, 3);
    ck_assert_ptr_eq(request.argv[0].data, in.data + 8);
    ck_assert_ptr_eq(request.argv[1].data, in.data + 17);
    ck_assert_ptr_eq(request.argv[2].data, in.data + 24);
    exact_free(in);
    resp_request_free(&request);
}
END_TEST

START_TEST(what_is_no_request_is_refused_with_the_text_of_redis) {
    static const char count[] = "invalid multibulk length";
    static const char length[] = "invalid bulk length";
    static const char crlf[] = "expected CR LF after bulk string";
    static const struct {
        const char *in, *error;
    } table[] = {
        {"*\r\n", count},
        {"*x\r\n", count},
        {"*+1\r\n", count},
        {"* 1\r\n", count},
        {"*01\r\n", count},
        {"*1 \r\n", count},
        {"*1.0\r\n", count},
        {"*1\rx", count},
        {"*1\r\r\n", count},
        {"*1048577\r\n", count},
        {"*2147483648\r\n", count},
        {"*4294967297\r\n", count},
        {"*9223372036854775808\r\n", count},
        {"*18446744073709551617\r\n", count},
        {"*1\r\nPING\r\n", "expected '$', got 'P'"},
        {"*1\r\n:5\r\n", "expected '$', got ':'"},
        {"*1\r\n*1\r\n$1\r\na\r\n", "expected '$', got '*'"},
        {"*1\r\n_\r\n", "expected '$', got '_'"},
        {"*1\r\n\r\n", "expected '$', got '\r'"},
        {"*2\r\n$1\r\na\r\nb", "expected '$', got 'b'"},
        {"*1\r\n$\r\n", length},
        {"*1\r\n$x\r\n", length},
        {"*1\r\n$-1\r\n", length},
        {"*1\r\n$-2\r\n", length},
        {"*1\r\n$+1\r\n", length},
        {"*1\r\n$01\r\n", length},
        {"*1\r\n$1\rx", length},
        {"*1\r\n$536870913\r\n", length},
        {"*1\r\n$9223372036854775807\r\n", length},
        {"*1\r\n$-9223372036854775808\r\n", length},
        {"*1\r\n$18446744073709551616\r\n", length},
        {"*1\r\n$4\r\nPINGxx", crlf},
        {"*1\r\n$4\r\nPING\rx", crlf},
        {"*1\r\n$4\r\nPINGx\n", crlf},
        {"*1\r\n$3\r\nPING\r\n", crlf},
        {"*1\r\n$0\r\nP\r\n", crlf},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(table); i++) {
        struct slice in = slice_of(table[i].in);
        char want[100];

        snprintf(want, sizeof want, "error: %s", table[i].error);
        assert_bytes(read_at_once(in), slice_of(want));
        assert_bytes(read_byte_by_byte(in), slice_of(want));
    }
}
END_TEST

START_TEST(the_largest_numbers_allowed_are_waited_for) {
    static const char *const heads[] = {"*1048576\r\n", "*1\r\n$536870912\r\n",
                                        "*1048576\r\n$536870912\r\n"};
    size_t i;

    for (i = 0; i < COUNT_OF(heads); i++)
        assert_bytes(read_at_once(slice_of(heads[i])), BYTES(""));
}
END_TEST

/* What a client may ask for can be less than what the protocol allows. */
START_TEST(whoever_reads_may_set_limits_of_its_own) {
    static const struct resp_limits plain = {
        .args = 2, .bulk = 3, .request = 24};
    static const struct resp_limits worded = {.args = 2,
                                              .bulk = 3,
                                              .request = 24,
                                              .too_many = "many",
                                              .too_long = "long"};
    static const struct {
        const char *in;
        enum resp_status status;
        const char *plain, *worded;
    } table[] = {
        {"*2\r\n$3\r\nabc\r\n$0\r\n\r\n", RESP_COMPLETE, "", ""},
        {"*2\r\n", RESP_NEED_MORE, "", ""},
        {"*3\r\n", RESP_ERROR, "invalid multibulk length", "many"},
        {"*1\r\n$3\r\n", RESP_NEED_MORE, "", ""},
        {"*1\r\n$4\r\n", RESP_ERROR, "invalid bulk length", "long"},
        {"*x\r\n", RESP_ERROR, "invalid multibulk length",
         "invalid multibulk length"},
        {"*1\r\n$x\r\n", RESP_ERROR, "invalid bulk length",
         "invalid bulk length"},
        {"*2\r\n$3\r\nabc\r\n$3\r\n", RESP_NEED_MORE, "", ""},
        {"*2\r\n$3\r\nabc\r\n$0000000003\r\n", RESP_ERROR,
         "invalid bulk length", "invalid bulk length"},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(table); i++) {
        const struct resp_limits *limits[] = {&plain, &worded};
        const char *errors[] = {table[i].plain, table[i].worded};
        size_t j;

        for (j = 0; j < 2; j++) {
            struct resp_request request = {.limits = limits[j]};

            check_that(resp_read_request(&request, slice_of(table[i].in)) ==
                           table[i].status,
                       "%s", table[i].in);
            ck_assert_str_eq(request.error, errors[j]);
            resp_request_free(&request);
        }
    }
}
END_TEST

/* 'request' bounds all arguments together, whatever each may have. */
START_TEST(a_request_may_not_exceed_its_limit_in_sum) {
    static const struct resp_limits limits = {
        .args = 1000, .bulk = 1000, .request = 1000};
    struct buf in = {0};
    struct resp_request request = {.limits = &limits};
    enum resp_status status = RESP_NEED_MORE;

    append_literal(&in, "*1000\r\n");
    while (status == RESP_NEED_MORE) {
        ck_assert_uint_lt(buf_len(&in), 1000 + 100);
        append_literal(&in, "$90\r\n");
        status = resp_read_request(&request, buf_slice(&in));
        memset(buf_reserve(&in, 92), '\r', 92);
        buf_added(&in, 90);
        append_literal(&in, "\r\n");
    }
    ck_assert_int_eq(status, RESP_ERROR);
    ck_assert_str_eq(request.error, "too big request");
    resp_request_free(&request);
    buf_free(&in);
}
END_TEST

START_TEST(a_length_is_a_line_of_limited_length) {
    static const struct {
        const char *begin, *error;
    } table[] = {
        {"*", "too big mbulk count string"},
        {"*1\r\n$", "too big bulk count string"},
    };
    size_t i, len;

    for (i = 0; i < COUNT_OF(table); i++) {
        size_t start = strlen(table[i].begin);

        for (len = RESP_LINE_MAX - 2; len <= RESP_LINE_MAX + 2; len++) {
            size_t size = start - 1 + len;
            char *bytes = xmalloc(size + 2);
            struct resp_request request = {0};
            enum resp_status status;

            memset(bytes, '1', size);
            memcpy(bytes, table[i].begin, start);
            memcpy(bytes + size, "\r\n", 2);
            status = resp_read_request(&request, (struct slice){bytes, size});
            if (len <= RESP_LINE_MAX) {
                check_that(status == RESP_NEED_MORE, "%zu", len);
            } else {
                check_that(status == RESP_ERROR, "%zu", len);
                ck_assert_str_eq(request.error, table[i].error);
            }
            resp_request_free(&request);
            status = resp_read_request(&request,
                                       (struct slice){bytes, size + 2});
            check_that(status == RESP_ERROR, "%zu and CR LF", len);
            resp_request_free(&request);
            free(bytes);
        }
    }
}
END_TEST

START_TEST(why_a_request_is_refused_does_not_depend_on_what_follows_it) {
    static const char *const begins[] = {"*1\rx", "*1\r\n$1\rx"};
    size_t i;

    for (i = 0; i < COUNT_OF(begins); i++) {
        struct slice alone = slice_of(begins[i]);
        struct buf stream = {0};
        char *rest;

        buf_append(&stream, alone.data, alone.len);
        rest = buf_reserve(&stream, RESP_LINE_MAX);
        memset(rest, '\n', RESP_LINE_MAX);
        buf_added(&stream, RESP_LINE_MAX);
        assert_bytes(read_at_once(buf_slice(&stream)), read_at_once(alone));
        buf_free(&stream);
    }
}
END_TEST

/* Address space that costs nothing until it is touched, or NULL. */
static char *reserve_space(size_t size) {
    char *space = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return space != MAP_FAILED ? space : NULL;
}

/* Two bulk strings of 512 MiB fit into no request: the second one's length is
 * refused when it is announced. */
START_TEST(a_request_that_would_become_too_big_is_refused_in_advance) {
    static const char head[] = "*3\r\n$536870912\r\n";
    size_t second = sizeof head - 1 + RESP_BULK_MAX + 2;
    /* Behind a second head of 12 bytes, this much is left of the limit. */
    size_t fits = RESP_REQUEST_MAX - (second + 12);
    char *bytes = reserve_space(second + 100);
    size_t excess;

    if (bytes == NULL) return; /* no room here for such a request anyway */
    memcpy(bytes, head, sizeof head - 1);
    memcpy(bytes + second - 2, "\r\n", 2);
    for (excess = 0; excess < 3; excess++) {
        struct resp_request request = {0};
        int len = sprintf(bytes + second, "$%zu\r\n", fits + excess);
        enum resp_status status = resp_read_request(
            &request, (struct slice){bytes, second + (size_t)len});

        ck_assert_int_eq(len, 12);
        if (excess == 0) {
            ck_assert_int_eq(status, RESP_NEED_MORE);
        } else {
            ck_assert_int_eq(status, RESP_ERROR);
            ck_assert_str_eq(request.error, "too big request");
        }
        resp_request_free(&request);
    }
    munmap(bytes, second + 100);
}
END_TEST

/* 100 MiB in pieces of 16 KiB. If each piece made the reader look at all those
 * before, this would be 320 GiB of reading; here it can look at none, for there
 * is nothing but a trap. */
START_TEST(a_bulk_is_not_looked_at_while_it_arrives) {
    static const char head[] = "*1\r\n$104857600\r\n";
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t len = 100 * 1024 * 1024;
    char *space = reserve_space(page + len + page);
    char *bulk = space + page;
    struct slice in = {bulk - (sizeof head - 1), sizeof head - 1};
    size_t whole = in.len + len + 2;
    struct resp_request request = {0};

    ck_assert_ptr_nonnull(space);
    memcpy(bulk - in.len, head, in.len);
    memcpy(bulk + len, "\r\n", 2);
    ck_assert_int_eq(mprotect(bulk, len, PROT_NONE), 0);
    for (; in.len < whole; in.len += 16 * 1024) {
        check_that(resp_read_request(&request, in) == RESP_NEED_MORE,
                   "%zu bytes", in.len);
    }
    in.len = whole;
    ck_assert_int_eq(resp_read_request(&request, in), RESP_COMPLETE);
    ck_assert_uint_eq(request.size, whole);
    ck_assert_uint_eq(request.argc, 1);
    ck_assert_ptr_eq(request.argv[0].data, bulk);
    ck_assert_uint_eq(request.argv[0].len, len);
    resp_request_free(&request);
    munmap(space, page + len + page);
}
END_TEST

/* Byte by byte; and all that was understood before is overwritten, but for the
 * first byte, which says what kind of request it is. */
START_TEST(what_was_understood_is_not_read_again) {
    static const struct slice whole = TEXT(
        "*4\r\n$3\r\nSET\r\n$10\r\n0123456789\r\n$0\r\n\r\n$2\r\nab\r\n");
    struct resp_request request = {0};
    char bytes[100];
    struct slice in = {bytes, 0};

    for (in.len = 1; in.len < whole.len; in.len++) {
        bytes[in.len - 1] = whole.data[in.len - 1];
        check_that(resp_read_request(&request, in) == RESP_NEED_MORE,
                   "%zu bytes", in.len);
        ck_assert_uint_le(request.pos, in.len);
        if (request.pos > 1) memset(bytes + 1, '\r', request.pos - 1);
    }
    bytes[in.len - 1] = whole.data[in.len - 1];
    ck_assert_int_eq(resp_read_request(&request, in), RESP_COMPLETE);
    ck_assert_uint_eq(request.size, whole.len);
    ck_assert_uint_eq(request.argc, 4);
    ck_assert_ptr_eq(request.argv[0].data, bytes + 8);
    ck_assert_uint_eq(request.argv[0].len, 3);
    ck_assert_ptr_eq(request.argv[1].data, bytes + 18);
    ck_assert_uint_eq(request.argv[1].len, 10);
    ck_assert_ptr_eq(request.argv[2].data, bytes + 34);
    ck_assert_uint_eq(request.argv[2].len, 0);
    ck_assert_ptr_eq(request.argv[3].data, bytes + 40);
    ck_assert_uint_eq(request.argv[3].len, 2);
    resp_request_free(&request);
}
END_TEST

START_TEST(a_length_line_is_searched_once) {
    static const char *const lines[] = {"*1000000\r\n", "*1\r\n$1000000\r\n"};
    size_t i, len;

    for (i = 0; i < COUNT_OF(lines); i++) {
        struct resp_request request = {0};
        size_t size = strlen(lines[i]);
        size_t digits = size - 9; /* offset of "1000000\r\n" */
        char bytes[32];

        memcpy(bytes, lines[i], size);
        for (len = digits; len < size - 2; len++) {
            /* A CR without its LF, in what has been searched already. */
            if (len > digits + 1) bytes[len - 2] = '\r';
            check_that(
                resp_read_request(&request, (struct slice){bytes, len}) ==
                    RESP_NEED_MORE,
                "line %zu, %zu bytes", i, len);
        }
        memcpy(bytes, lines[i], size);
        ck_assert_int_eq(
            resp_read_request(&request, (struct slice){bytes, size}),
            RESP_NEED_MORE);
        ck_assert_uint_eq(request.pos, size);
        resp_request_free(&request);
    }
}
END_TEST

START_TEST(as_many_arguments_as_allowed_arrive) {
    struct resp_request request = {0};
    struct buf in = {0};
    size_t i;

    append_literal(&in, "*1048576\r\n");
    for (i = 0; i < RESP_ARGS_MAX; i++)
        append_literal(&in, "$1\r\nx\r\n");
    ck_assert_int_eq(resp_read_request(&request, buf_slice(&in)),
                     RESP_COMPLETE);
    ck_assert_uint_eq(request.argc, RESP_ARGS_MAX);
    ck_assert_uint_eq(request.size, buf_len(&in));
    ck_assert_ptr_eq(request.argv[RESP_ARGS_MAX - 1].data,
                     in.data + in.tail - 3);
    buf_free(&in);
    resp_request_free(&request);
}
END_TEST

/* A count asks for no memory: that comes with the arguments themselves. */
START_TEST(an_announced_count_takes_no_memory) {
    struct resp_request request = {0};

    ck_assert_int_eq(
        resp_read_request(&request, slice_of("*1048576\r\n$1\r\nx\r\n")),
        RESP_NEED_MORE);
    ck_assert_uint_le(request.cap, 64);
    resp_request_free(&request);
}
END_TEST

#endif

Suite *resp_request_suite(void) {
    const TTest *tests[] = {
        a_stream_is_read_request_by_request,
        any_two_cuts_of_a_stream_change_nothing,
        a_stream_byte_by_byte_is_the_same_stream,
        every_proper_prefix_needs_more,
#if PART >= 2
        what_a_request_lacks_is_known_once_its_last_argument_begins,
#endif
        a_request_given_up_half_way_leaves_nothing_for_the_next,
        every_wrong_byte_has_one_answer_in_whatever_pieces,
        random_bytes_have_one_answer_in_whatever_pieces,
        the_memory_of_one_request_serves_the_next,
        a_freed_request_waits_for_the_first_again,
        what_was_searched_for_the_end_of_a_line_is_not_searched_again,
        a_first_word_may_be_empty,
        arguments_are_counted_from_the_base_that_is_known_last,
        an_error_text_is_cut_to_its_room,
#if PART == 1
        an_array_is_refused_at_its_first_byte,
#else
        arguments_borrow_their_bytes_from_the_input,
        what_is_no_request_is_refused_with_the_text_of_redis,
        the_largest_numbers_allowed_are_waited_for,
        whoever_reads_may_set_limits_of_its_own,
        a_request_may_not_exceed_its_limit_in_sum,
        a_length_is_a_line_of_limited_length,
        why_a_request_is_refused_does_not_depend_on_what_follows_it,
        a_request_that_would_become_too_big_is_refused_in_advance,
        a_bulk_is_not_looked_at_while_it_arrives,
        what_was_understood_is_not_read_again,
        a_length_line_is_searched_once,
        as_many_arguments_as_allowed_arrive,
        an_announced_count_takes_no_memory,
#endif
    };

    return suite_of("resp_request", tests, COUNT_OF(tests));
}
