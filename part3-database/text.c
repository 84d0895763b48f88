/* text.c -- text for people, appended to a buf. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

void text_append(struct buf *text, const char *format, ...) {
    va_list args;
    size_t size;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    size = (size_t)len + 1; /* for the NUL, which then is not taken */
    va_start(args, format);
    vsnprintf(buf_reserve(text, size), size, format, args);
    va_end(args);
    buf_added(text, (size_t)len);
}

/* The letter that stands for this byte behind a backslash; 0: none does. */
static char letter_of(char byte) {
    switch (byte) {
    case '\\':
    case '"': return byte;
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\a': return 'a';
    case '\b': return 'b';
    default: return '\0';
    }
}

void text_append_escaped(struct buf *text, struct slice bytes) {
    static const char digits[] = "0123456789abcdef";
    char *end = buf_reserve(text, bytes.len * 4); /* each may be \xhh */
    size_t i;

    for (i = 0; i < bytes.len; i++) {
        char byte = bytes.data[i];
        char letter = letter_of(byte);

        if (letter != '\0') {
            *end++ = '\\';
            *end++ = letter;
        } else if (byte >= ' ' && byte <= '~') {
            *end++ = byte;
        } else {
            *end++ = '\\';
            *end++ = 'x';
            *end++ = digits[(unsigned char)byte >> 4];
            *end++ = digits[(unsigned char)byte & 15];
        }
    }
    buf_added(text, (size_t)(end - (text->data + text->tail)));
}

void text_append_quoted(struct buf *text, struct slice bytes) {
    buf_append(text, "\"", 1);
    text_append_escaped(text, bytes);
    buf_append(text, "\"", 1);
}
