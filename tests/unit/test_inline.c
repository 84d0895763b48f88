/* test_inline.c -- inline requests: a line of words, with quotes. */
#include "inline.h"

#include "helpers.h"
#include "suites.h"

#include <ctype.h>

/* The words of 'line', each as "[bytes]"; "unbalanced" if that is what it is.
 * Good until the next call. */
static struct slice split(struct slice line) {
    static struct buf words;
    struct slice copy = exact_copy(line);
    struct slice left = copy;
    int found;

    buf_free(&words);
    for (;;) {
        struct buf word = {0};

        found = inline_next_word(&left, &word);
        if (found == 1) {
            append_literal(&words, "[");
            buf_append(&words, buf_slice(&word).data, buf_len(&word));
            append_literal(&words, "]");
        }
        buf_free(&word);
        if (found != 1) break;
    }
    if (found == -1) {
        buf_free(&words);
        append_literal(&words, "unbalanced");
    }
    exact_free(copy);
    return buf_slice(&words);
}

/* ---- Words ------------------------------------------------------------ */

/* A quote may open within a word, but only a blank may follow where it closes.
 * '...' knows no escape but \', and words without quotes know none at all. */
START_TEST(a_line_is_split_into_words) {
    static const struct {
        const char *line, *words;
    } table[] = {
        {"", ""},
        {" ", ""},
        {" \t\r\n\v\f ", ""},
        {"PING", "[PING]"},
        {"  PING  ", "[PING]"},
        {"SET key value", "[SET][key][value]"},
        {"SET\tkey \t value\r", "[SET][key][value]"},
        {"\"a b\"", "[a b]"},
        {"'a b'", "[a b]"},
        {"\"\"", "[]"},
        {"''", "[]"},
        {"\"\" ''", "[][]"},
        {"a\"b c\"", "[ab c]"},
        {"a'b c' d", "[ab c][d]"},
        {"\"a\" \"b\"", "[a][b]"},
        {"\"it's\"", "[it's]"},
        {"'say \"x\"'", "[say \"x\"]"},
        {"\"\\\"\"", "[\"]"},
        {"\"\\\\\"", "[\\]"},
        {"\"\\n\\r\\t\\b\\a\"", "[\n\r\t\b\a]"},
        {"\"\\q\\'\"", "[q']"},
        {"'\\''", "[']"},
        {"'\\n\\\\ '", "[\\n\\\\ ]"},
        {"\\n", "[\\n]"},
        {"\\\"a\"", "[\\a]"},
        {"\"\\x41\\x7a\"", "[Az]"},
        {"\"\\x4\"", "[x4]"},
        {"\"\\x\"", "[x]"},
        {"\"\\xg1\\x1g\"", "[xg1x1g]"},
        {"\"", "unbalanced"},
        {"'", "unbalanced"},
        {"\"a", "unbalanced"},
        {"'a", "unbalanced"},
        {"a \"b", "unbalanced"},
        {"\"a\\\"", "unbalanced"},
        {"'a\\'", "unbalanced"},
        {"\"\\", "unbalanced"},
        {"'\\", "unbalanced"},
        {"\"a\"b", "unbalanced"},
        {"'a'b", "unbalanced"},
        {"\"a\"\"b\"", "unbalanced"},
        {"\"a\"'b'", "unbalanced"},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(table); i++) {
        struct slice words = split(slice_of(table[i].line));

        check_that(same_bytes(words, slice_of(table[i].words)),
                   "\"%s\" gives %s, expected %s",
                   shown(slice_of(table[i].line)), shown(words),
                   table[i].words);
    }
}
END_TEST

START_TEST(a_nul_is_a_byte_like_others) {
    assert_bytes(split(BYTES("a\0b")), BYTES("[a\0b]"));
    assert_bytes(split(BYTES("\0")), BYTES("[\0]"));
    assert_bytes(split(BYTES("\"a\0b\"")), BYTES("[a\0b]"));
}
END_TEST

START_TEST(a_word_is_appended_and_the_line_moves_behind_it) {
    struct slice line = slice_of("one \"two\" ");
    struct buf word = {0};

    append_literal(&word, "<");
    ck_assert_int_eq(inline_next_word(&line, &word), 1);
    assert_bytes(buf_slice(&word), BYTES("<one"));
    assert_bytes(line, BYTES(" \"two\" "));
    ck_assert_int_eq(inline_next_word(&line, &word), 1);
    assert_bytes(buf_slice(&word), BYTES("<onetwo"));
    assert_bytes(line, BYTES(" "));
    ck_assert_int_eq(inline_next_word(&line, &word), 0);
    assert_bytes(buf_slice(&word), BYTES("<onetwo"));
    buf_free(&word);
}
END_TEST

START_TEST(every_byte_can_be_written_as_an_escape) {
    static const char *const formats[] = {"\"\\x%02x\"", "\"\\x%02X\""};
    int byte;
    size_t i;

    for (byte = 0; byte < 256; byte++) {
        char want[] = {'[', (char)byte, ']'};

        for (i = 0; i < COUNT_OF(formats); i++) {
            char line[16];

            snprintf(line, sizeof line, formats[i], (unsigned)byte);
            assert_bytes(split(slice_of(line)),
                         ((struct slice){want, sizeof want}));
        }
    }
    assert_bytes(split(BYTES("\"\\xaB\\xBa\"")), BYTES("[\xab\xba]"));
}
END_TEST

START_TEST(every_byte_behind_a_backslash_has_one_meaning) {
    int byte;

    for (byte = 0; byte < 256; byte++) {
        char line[] = {'"', '\\', (char)byte, '"'};
        char want[] = {'[', (char)byte, ']'};

        if (byte == 'n') want[1] = '\n';
        if (byte == 'r') want[1] = '\r';
        if (byte == 't') want[1] = '\t';
        if (byte == 'b') want[1] = '\b';
        if (byte == 'a') want[1] = '\a';
        assert_bytes(split((struct slice){line, sizeof line}),
                     ((struct slice){want, sizeof want}));
    }
}
END_TEST

START_TEST(every_byte_above_127_is_a_letter_like_any_other) {
    int byte;

    for (byte = 128; byte < 256; byte++) {
        char line[] = {' ', (char)byte, ' ', 'x'};
        char want[] = {'[', (char)byte, ']', '[', 'x', ']'};

        assert_bytes(split((struct slice){line, sizeof line}),
                     ((struct slice){want, sizeof want}));
    }
}
END_TEST

/* ---- Against the rules of Redis --------------------------------------- */

/* What sdssplitargs() of Redis 7.0 does, state by state, on a line that holds
 * no NUL. '*at' moves behind the word; results as inline_next_word(). */
static int model_next_word(const char **at, struct buf *word) {
    enum { BARE, DOUBLE, SINGLE } state = BARE;
    const char *p = *at;

    while (*p != '\0' && isspace((unsigned char)*p))
        p++;
    *at = p;
    if (*p == '\0') return 0;
    for (;; p++) {
        char c = *p;

        if (state == BARE) {
            if (c == '\0' || strchr(" \n\r\t", c) != NULL) break;
            if (c == '"') {
                state = DOUBLE;
                continue;
            }
            if (c == '\'') {
                state = SINGLE;
                continue;
            }
        } else if (c == '\0') {
            return -1;
        } else if (c == (state == DOUBLE ? '"' : '\'')) {
            if (p[1] != '\0' && !isspace((unsigned char)p[1])) return -1;
            p++;
            break;
        } else if (state == SINGLE && c == '\\' && p[1] == '\'') {
            c = *++p;
        } else if (state == DOUBLE && c == '\\' && p[1] == 'x' &&
                   isxdigit((unsigned char)p[2]) &&
                   isxdigit((unsigned char)p[3])) {
            char digits[] = {p[2], p[3], '\0'};

            c = (char)strtol(digits, NULL, 16);
            p += 3;
        } else if (state == DOUBLE && c == '\\' && p[1] != '\0') {
            switch (c = *++p) {
            case 'n': c = '\n'; break;
            case 'r': c = '\r'; break;
            case 't': c = '\t'; break;
            case 'b': c = '\b'; break;
            case 'a': c = '\a'; break;
            default: break;
            }
        }
        buf_append(word, &c, 1);
    }
    *at = p;
    return 1;
}

/* As split(), by the model. */
static struct slice model_split(const char *line) {
    static struct buf words;
    int found;

    buf_consume(&words, buf_len(&words));
    for (;;) {
        append_literal(&words, "[");
        found = model_next_word(&line, &words);
        if (found != 1) break;
        append_literal(&words, "]");
    }
    if (found == -1) return BYTES("unbalanced");
    words.tail--; /* the "[" of a word that was not there */
    return buf_slice(&words);
}

static void compare_with_model(const char *line) {
    struct slice got = split(slice_of(line));
    struct slice want = model_split(line);

    check_that(same_bytes(got, want), "\"%s\" gives %s, expected %s",
               shown(slice_of(line)), shown(got), shown(want));
}

/* Every line of up to 'longest' bytes of 'alphabet'. */
static void compare_all_lines(const char *alphabet, size_t longest) {
    size_t base = strlen(alphabet);
    size_t len, count = 1, i, k;

    for (len = 0; len <= longest; len++, count *= base) {
        for (i = 0; i < count; i++) {
            char line[16];
            size_t rest = i;

            for (k = 0; k < len; k++, rest /= base)
                line[k] = alphabet[rest % base];
            line[len] = '\0';
            compare_with_model(line);
        }
    }
}

START_TEST(every_short_line_of_quotes_and_escapes_is_split_as_by_redis) {
    compare_all_lines(" \"'\\x", 7);
    compare_all_lines("\"\\x4Fg", 7);
    compare_all_lines(" \t\"'\\an", 5);
}
END_TEST

START_TEST(every_short_line_of_blanks_is_split_as_by_redis) {
    compare_all_lines(" \t\ra\"", 6);
}
END_TEST

/* For Redis these two are blanks between words, but within a word they are
 * letters: isspace() skips them, and the switch that ends a word does not
 * name them. */
START_TEST(vertical_tab_and_form_feed_are_taken_as_by_redis) {
    compare_all_lines("\v\fa \"'", 5);
}
END_TEST

/* ---- Requests --------------------------------------------------------- */

/* Reads 'in' from the start; the words as split() shows them. */
static enum resp_status read_all(struct resp_request *request, struct slice in,
                                 struct buf *words) {
    struct slice copy = exact_copy(in);
    enum resp_status status = inline_read_request(request, copy);
    size_t i;

    if (status == RESP_COMPLETE) {
        for (i = 0; i < request->argc; i++) {
            append_literal(words, "[");
            buf_append(words, request->argv[i].data, request->argv[i].len);
            append_literal(words, "]");
        }
    }
    exact_free(copy);
    return status;
}

static void assert_request(struct slice in, size_t size, const char *want) {
    struct resp_request request = {0};
    struct buf words = {0};

    check_that(read_all(&request, in, &words) == RESP_COMPLETE, "\"%s\"",
               shown(in));
    check_that(request.size == size, "\"%s\": %zu bytes", shown(in),
               request.size);
    assert_bytes(buf_slice(&words), slice_of(want));
    buf_free(&words);
    resp_request_free(&request);
}

START_TEST(a_line_ends_with_lf_and_a_cr_before_it_is_a_blank) {
    assert_request(BYTES("PING\n"), 5, "[PING]");
    assert_request(BYTES("PING\r\n"), 6, "[PING]");
    assert_request(BYTES("PING\r\nPING\r\n"), 6, "[PING]");
    assert_request(BYTES("PING\rPONG\n"), 10, "[PING][PONG]");
}
END_TEST

START_TEST(a_blank_line_is_a_request_without_arguments) {
    assert_request(BYTES("\n"), 1, "");
    assert_request(BYTES("\r\n"), 2, "");
    assert_request(BYTES(" \t \r\nPING\r\n"), 5, "");
}
END_TEST

START_TEST(a_line_may_be_as_long_as_it_may_be) {
    size_t len;

    for (len = RESP_LINE_MAX - 2; len <= RESP_LINE_MAX + 2; len++) {
        bool fits = len <= RESP_LINE_MAX;
        char *line = xmalloc(len + 1);
        struct resp_request request = {0};
        enum resp_status status;

        memset(line, 'x', len);
        line[len] = '\n';
        status = inline_read_request(&request, (struct slice){line, len});
        check_that(status == (fits ? RESP_NEED_MORE : RESP_ERROR), "%zu", len);
        if (fits) {
            status = inline_read_request(&request,
                                         (struct slice){line, len + 1});
            check_that(status == RESP_COMPLETE, "%zu", len);
            ck_assert_uint_eq(request.argv[0].len, len);
        } else {
            ck_assert_str_eq(request.error, "too big inline request");
        }
        resp_request_free(&request);

        status = inline_read_request(&request, (struct slice){line, len + 1});
        check_that(status == (fits ? RESP_COMPLETE : RESP_ERROR),
                   "%zu and its LF at once", len);
        resp_request_free(&request);
        free(line);
    }
}
END_TEST

START_TEST(every_prefix_of_a_line_needs_more_and_is_a_line_once_it_ends) {
    static const char line[] =
        "SET \"a b\\x41\\\"\\\\\" 'c \\'d\"' \"\" e\\n \"\\x4";
    size_t len;

    for (len = 0; len < sizeof line; len++) {
        struct resp_request request = {0};
        struct buf words = {0};
        char copy[sizeof line + 1];
        struct slice want;
        enum resp_status status;

        memcpy(copy, line, len);
        copy[len] = '\0';
        want = split(slice_of(copy));
        check_that(read_all(&request, (struct slice){copy, len}, &words) ==
                       RESP_NEED_MORE,
                   "%zu bytes", len);
        copy[len] = '\n';
        status = read_all(&request, (struct slice){copy, len + 1}, &words);
        if (status == RESP_ERROR) {
            ck_assert_str_eq(request.error, "unbalanced quotes in request");
            assert_bytes(BYTES("unbalanced"), want);
        } else {
            assert_bytes(buf_slice(&words), want);
        }
        buf_free(&words);
        resp_request_free(&request);
    }
}
END_TEST

START_TEST(many_words_in_one_line_all_arrive) {
    struct resp_request request = {0};
    struct buf line = {0};
    size_t i;

    for (i = 0; i < 10000; i++) {
        char word[16];
        int len = snprintf(word, sizeof word, "%zu ", i);

        buf_append(&line, word, (size_t)len);
    }
    append_literal(&line, "\r\n");
    ck_assert_int_eq(inline_read_request(&request, buf_slice(&line)),
                     RESP_COMPLETE);
    ck_assert_uint_eq(request.argc, 10000);
    for (i = 0; i < 10000; i++) {
        char word[16];

        snprintf(word, sizeof word, "%zu", i);
        assert_bytes(request.argv[i], slice_of(word));
    }
    buf_free(&line);
    resp_request_free(&request);
}
END_TEST

Suite *inline_suite(void) {
    const TTest *tests[] = {
        a_line_is_split_into_words,
        a_nul_is_a_byte_like_others,
        a_word_is_appended_and_the_line_moves_behind_it,
        every_byte_can_be_written_as_an_escape,
        every_byte_behind_a_backslash_has_one_meaning,
        every_byte_above_127_is_a_letter_like_any_other,
        every_short_line_of_quotes_and_escapes_is_split_as_by_redis,
        every_short_line_of_blanks_is_split_as_by_redis,
        vertical_tab_and_form_feed_are_taken_as_by_redis,
        a_line_ends_with_lf_and_a_cr_before_it_is_a_blank,
        a_blank_line_is_a_request_without_arguments,
        a_line_may_be_as_long_as_it_may_be,
        every_prefix_of_a_line_needs_more_and_is_a_line_once_it_ends,
        many_words_in_one_line_all_arrive,
    };

    return suite_of("inline", tests, COUNT_OF(tests));
}
