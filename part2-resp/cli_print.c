/* cli_print.c -- a reply, as redis-lite-cli shows it. */
#include "cli_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- For people -------------------------------------------------------- */

/* Bytes in quotes, so that what cannot be seen on a terminal can be read, and
 * can be typed again (inline.h). UTF-8 comes out as \x.., as in redis-cli. */
static void print_quoted(struct slice bytes) {
    static const char from[] = "\\\"\n\r\t\a\b";
    static const char to[] = "\\\"nrtab";
    size_t i;

    putchar('"');
    for (i = 0; i < bytes.len; i++) {
        char c = bytes.data[i];
        const char *found = memchr(from, c, sizeof from - 1);

        if (found != NULL) {
            printf("\\%c", to[found - from]);
        } else if (c >= ' ' && c <= '~') {
            putchar(c);
        } else {
            printf("\\x%02x", (unsigned)(unsigned char)c);
        }
    }
    putchar('"');
}

/* The element's number. The first of an array stands on the line where the
 * array's own number is, so it alone needs no indentation:
 *
 *     1) "a"
 *     2) 1) "b"
 *        2) "c" */
static void print_number(const struct cli_array *array) {
    int indent = array->shown > 1 ? array->indent : 0;

    printf("%*s%*" PRId64 ") ", indent, "", array->width, array->shown);
}

static void print_formatted(const struct resp_item *item) {
    int len = (int)item->bytes.len; /* of a line: it has a cap */

    switch (item->type) {
    case RESP_SIMPLE: printf("%.*s", len, item->bytes.data); break;
    case RESP_FAILURE: printf("(error) %.*s", len, item->bytes.data); break;
    case RESP_INTEGER: printf("(integer) %" PRId64, item->integer); break;
    case RESP_BULK: print_quoted(item->bytes); break;
    case RESP_NULL: printf("(nil)"); break;
    case RESP_ARRAY:
        if (item->integer > 0) return; /* its elements end the line */
        printf("(empty array)");
        break;
    }
    putchar('\n');
}

/* ---- For programs ------------------------------------------------------ */

static void print_raw(const struct resp_item *item) {
    switch (item->type) {
    case RESP_SIMPLE:
    case RESP_FAILURE:
    case RESP_BULK: fwrite(item->bytes.data, 1, item->bytes.len, stdout); break;
    case RESP_INTEGER: printf("%" PRId64, item->integer); break;
    case RESP_NULL:
    case RESP_ARRAY: break; /* nothing, and an array's elements follow */
    }
    /* redis-cli ends an error with a newline of its own, so a blank line
     * follows it. Scripts may have come to look for it. */
    if (item->type == RESP_FAILURE) putchar('\n');
}

/* ---- Both -------------------------------------------------------------- */

static int count_digits(int64_t number) {
    return snprintf(NULL, 0, "%" PRId64, number);
}

static void open_array(struct cli_printer *printer,
                       const struct resp_item *item) {
    struct cli_array *array = &printer->arrays[item->depth];

    *array = (struct cli_array){.width = count_digits(item->integer)};
    if (item->depth > 0) {
        /* ") " is two more */
        array->indent = array[-1].indent + array[-1].width + 2;
    }
}

void cli_print(struct cli_printer *printer, const struct resp_item *item,
               bool more) {
    if (item->depth > 0) {
        struct cli_array *around = &printer->arrays[item->depth - 1];

        around->shown++;
        if (printer->formatted) print_number(around);
        if (!printer->formatted && around->shown > 1) putchar('\n');
    }
    if (printer->formatted) {
        print_formatted(item);
    } else {
        print_raw(item);
        if (!more) putchar('\n');
    }
    if (item->type == RESP_ARRAY && item->integer > 0) {
        open_array(printer, item);
    }
}
