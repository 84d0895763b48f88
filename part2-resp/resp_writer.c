/* resp_writer.c -- replies to bytes, straight into the output buffer. */
#include "resp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERROR_TEXT_MAX  1024 /* bytes of an error reply, its NUL included */
#define NUMBER_LINE_MAX 24   /* type, sign, 19 digits, CR LF */

static void write_line(struct buf *out, char type, const char *text) {
    buf_append(out, &type, 1);
    buf_append(out, text, strlen(text));
    buf_append(out, "\r\n", 2);
}

/* Every reply that carries data has a number in it, so it is not left to
 * printf(3), which would read its format each time. Last digit first. */
static void write_number(struct buf *out, char type, int64_t value) {
    char line[NUMBER_LINE_MAX];
    char *end = line + sizeof line;
    char *at = end;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    *--at = '\n';
    *--at = '\r';
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) *--at = '-';
    *--at = type;
    buf_append(out, at, (size_t)(end - at));
}

void resp_write_simple(struct buf *out, const char *text) {
    write_line(out, '+', text);
}

void resp_write_error(struct buf *out, const char *format, ...) {
    char text[ERROR_TEXT_MAX];
    va_list args;
    char *c;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c = text + strlen(text);
    while (c > text && (c[-1] == '\r' || c[-1] == '\n'))
        *--c = '\0';
    for (c = text; *c != '\0'; c++) {
        if (*c == '\r' || *c == '\n') *c = ' ';
    }
    write_line(out, '-', text);
}

void resp_write_bulk(struct buf *out, struct slice bytes) {
    write_number(out, '$', (int64_t)bytes.len);
    buf_append(out, bytes.data, bytes.len);
    buf_append(out, "\r\n", 2);
}

void resp_write_integer(struct buf *out, int64_t value) {
    write_number(out, ':', value);
}

void resp_write_array(struct buf *out, size_t count) {
    write_number(out, '*', (int64_t)count);
}

void resp_write_map(struct buf *out, size_t count, int protocol) {
    if (protocol >= 3) {
        write_number(out, '%', (int64_t)count);
    } else {
        write_number(out, '*', (int64_t)count * 2);
    }
}

void resp_write_set(struct buf *out, size_t count, int protocol) {
    write_number(out, protocol >= 3 ? '~' : '*', (int64_t)count);
}

void resp_write_text(struct buf *out, struct slice text, int protocol) {
    static const char kind[] = "txt:"; /* of the text: plain */
    size_t size = sizeof kind - 1;

    if (protocol < 3) {
        resp_write_bulk(out, text);
        return;
    }
    write_number(out, '=', (int64_t)(size + text.len));
    buf_append(out, kind, size);
    buf_append(out, text.data, text.len);
    buf_append(out, "\r\n", 2);
}

void resp_write_null_array(struct buf *out, int protocol) {
    if (protocol >= 3) {
        resp_write_null(out, protocol);
    } else {
        buf_append(out, "*-1\r\n", 5);
    }
}

void resp_write_null(struct buf *out, int protocol) {
    if (protocol >= 3) {
        buf_append(out, "_\r\n", 3);
    } else {
        buf_append(out, "$-1\r\n", 5);
    }
}
