/* inline.c -- inline requests: a line of words, with quotes. */
#include "inline.h"

#include <string.h>

/* As isspace() in the C locale. Redis skips all of these, but only the first
 * four end a word. NUL, where Redis would hang, is a byte like others. */
static bool ends_word(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_blank(char c) {
    return ends_word(c) || c == '\v' || c == '\f';
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static char take(struct slice *line) {
    line->len--;
    return *line->data++;
}

/* The byte that an escape in "..." stands for; its '\' has been taken. */
static char unescape(struct slice *line) {
    static const char from[] = "nrtba";
    static const char to[] = "\n\r\t\b\a";
    char c = take(line);
    const char *found = memchr(from, c, sizeof from - 1);

    if (found != NULL) return to[found - from];
    if (c == 'x' && line->len >= 2) {
        int high = hex_digit(line->data[0]);
        int low = hex_digit(line->data[1]);

        if (high >= 0 && low >= 0) {
            line->data += 2;
            line->len -= 2;
            return (char)(high * 16 + low);
        }
    }
    return c; /* \" \\ and all others stand for themselves */
}

/* The rest of a quoted part, up to its closing quote. */
static bool take_quoted(struct slice *line, char quote, struct buf *word) {
    while (line->len > 0) {
        char c = take(line);

        if (c == quote) return line->len == 0 || is_blank(line->data[0]);
        if (c == '\\' && line->len > 0) {
            if (quote == '"') {
                c = unescape(line);
            } else if (line->data[0] == '\'') {
                c = take(line);
            }
        }
        buf_append(word, &c, 1);
    }
    return false;
}

int inline_next_word(struct slice *line, struct buf *word) {
    while (line->len > 0 && is_blank(line->data[0]))
        take(line);
    if (line->len == 0) return 0;

    while (line->len > 0 && !ends_word(line->data[0])) {
        char c = take(line);

        /* A closing quote is the end of its word. */
        if (c == '"' || c == '\'') return take_quoted(line, c, word) ? 1 : -1;
        buf_append(word, &c, 1);
    }
    return 1;
}

enum resp_status inline_read_request(struct resp_request *request,
                                     struct slice in) {
    const char *newline = memchr(in.data + request->searched, '\n',
                                 in.len - request->searched);
    size_t len = newline != NULL ? (size_t)(newline - in.data) : in.len;
    struct slice line = {in.data, len};
    struct buf *words = &request->words;
    size_t start = 0;
    int found;

    if (len > RESP_LINE_MAX) {
        return resp_request_fail(request, "too big inline request");
    }
    if (newline == NULL) {
        request->searched = in.len;
        return RESP_NEED_MORE;
    }
    while ((found = inline_next_word(&line, words)) == 1) {
        resp_request_add(request, start, words->tail - start);
        start = words->tail;
    }
    if (found == -1) {
        return resp_request_fail(request, "unbalanced quotes in request");
    }
    /* Only now: 'words' moved whenever it had to grow. */
    return resp_request_done(request, buf_slice(words).data, len + 1);
}
