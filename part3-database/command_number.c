/* command_number.c -- values as numbers: counters. The store knows bytes only,
 * so a number is read from its decimal digits and written back as such. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Let argv[1] have 'value', and expire when it would have. */
static void set_value(struct call *call, struct slice value) {
    char *bytes = store_resize(call->store, call->argv[1], value.len);

    memcpy(bytes, value.data, value.len);
}

/* ---- Integers ----------------------------------------------------------- */

static void add(struct call *call, int64_t number) {
    int64_t sum = 0;
    struct slice old;

    if (store_peek(call->store, call->argv[1], &old) &&
        !argument_integer(call, old, &sum)) {
        return;
    }
    if (number < 0 ? sum < INT64_MIN - number : sum > INT64_MAX - number) {
        resp_write_error(call->out,
                         "ERR increment or decrement would overflow");
        return;
    }
    sum += number;
    set_value(call, command_number(call, sum));
    call->changed = true;
    resp_write_integer(call->out, sum);
}

void command_incr(struct call *call) {
    add(call, 1);
}

void command_decr(struct call *call) {
    add(call, -1);
}

void command_incrby(struct call *call) {
    int64_t number;

    if (argument_integer(call, call->argv[2], &number)) add(call, number);
}

void command_decrby(struct call *call) {
    int64_t number;

    if (!argument_integer(call, call->argv[2], &number)) return;
    if (number == INT64_MIN) { /* of which there is no positive */
        resp_write_error(call->out, "ERR decrement would overflow");
        return;
    }
    add(call, -number);
}

/* ---- Floating point ----------------------------------------------------- */

/* Bytes of the longest number: 4933 digits before the point (80-bit long
 * double), 17 behind it, sign, point and NUL. Redis takes no more either. */
#define FLOAT_MAX (5 * 1024)

/* What strtold(3) takes, without blanks before or anything behind it. */
static bool parse_float(struct slice text, long double *value) {
    char copy[FLOAT_MAX];
    char *end;

    if (text.len == 0 || text.len >= sizeof copy) return false;
    if (isspace((unsigned char)text.data[0])) return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *value = strtold(copy, &end);
    if (end != copy + text.len || isnan(*value)) return false;
    return errno != ERANGE || (!isinf(*value) && *value != 0);
}

static bool read_float(struct call *call, struct slice text,
                       long double *value) {
    if (parse_float(text, value)) return true;
    resp_write_error(call->out, "ERR value is not a valid float");
    return false;
}

/* As Redis prints it: 17 digits after the point, less the zeros at the end. */
static struct slice print_float(char room[FLOAT_MAX], long double value) {
    size_t len = (size_t)snprintf(room, FLOAT_MAX, "%.17Lf", value);

    while (room[len - 1] == '0')
        len--;
    if (room[len - 1] == '.') len--;
    if (len == 2 && memcmp(room, "-0", 2) == 0) return slice_of("0");
    return (struct slice){room, len};
}

void command_incrbyfloat(struct call *call) {
    struct slice record[] = {
        slice_of("SET"), call->argv[1], {NULL, 0},
          slice_of("KEEPTTL")
    };
    long double sum = 0, number;
    char room[FLOAT_MAX];
    struct slice old, text;

    if (store_peek(call->store, call->argv[1], &old) &&
        !read_float(call, old, &sum)) {
        return;
    }
    if (!read_float(call, call->argv[2], &number)) return;
    sum += number;
    if (isnan(sum) || isinf(sum)) {
        resp_write_error(call->out,
                         "ERR increment would produce NaN or Infinity");
        return;
    }
    text = print_float(room, sum);
    set_value(call, text);
    resp_write_bulk(call->out, text);
    /* The sum, for another machine's long double may be of another size; and
     * the store's copy of it, for 'room' ends here. */
    store_peek(call->store, record[1], &record[2]);
    command_log(call, record, sizeof record / sizeof record[0]);
}
