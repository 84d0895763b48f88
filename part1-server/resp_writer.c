/* resp_writer.c -- part 1: the three replies that inline requests need. The
 * other types come in part 2, with the requests that ask for them. */
#include "resp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERROR_TEXT_MAX 1024 /* bytes of an error reply, its NUL included */
#define HEADER_MAX     24   /* "$", 20 digits, CR LF, NUL */

static void write_line(struct buf *out, char type, const char *text) {
    buf_append(out, &type, 1);
    buf_append(out, text, strlen(text));
    buf_append(out, "\r\n", 2);
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
    for (c = text; *c != '\0'; c++) {
        if (*c == '\r' || *c == '\n') *c = ' ';
    }
    write_line(out, '-', text);
}

void resp_write_bulk(struct buf *out, struct slice bytes) {
    char header[HEADER_MAX];
    int len = snprintf(header, sizeof header, "$%zu\r\n", bytes.len);

    buf_append(out, header, (size_t)len);
    buf_append(out, bytes.data, bytes.len);
    buf_append(out, "\r\n", 2);
}
