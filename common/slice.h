/* slice.h -- borrowed bytes: a pointer and a length.
 *
 * Ownership  None: a slice dies with the memory it points into. Whoever wants
 *            to keep the bytes copies them.
 * Contents   Any byte, NUL included. There is no terminator, so no str*()
 *            function and no "%s" may touch one; print with "%.*s". */
#ifndef REDIS_LITE_SLICE_H
#define REDIS_LITE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *data; /* may be NULL only if len is 0 */
    size_t len;       /* bytes */
};

/* The bytes of a C string, without its NUL. */
struct slice slice_of(const char *string);

/* Whether both hold the same bytes; the second takes A-Z for a-z (ASCII only,
 * whatever the locale: names of commands are not words of a language). */
bool slice_equal(struct slice a, struct slice b);
bool slice_equal_nocase(struct slice a, struct slice b);

/* Read a whole slice as a decimal integer, in its one canonical spelling:
 * optional '-', no leading zero, no '+', no blank (as Redis's string2ll()).
 * False, and *value untouched, if it is anything else or does not fit. */
bool slice_to_int64(struct slice text, int64_t *value);

#endif
