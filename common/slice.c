/* slice.c -- comparing borrowed bytes, and reading a number from them. */
#include "slice.h"

#include <string.h>

struct slice slice_of(const char *string) {
    return (struct slice){string, strlen(string)};
}

bool slice_equal(struct slice a, struct slice b) {
    /* memcmp() may not be given NULL, even to compare nothing. */
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool slice_equal_nocase(struct slice a, struct slice b) {
    size_t i;

    if (a.len != b.len) return false;
    for (i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) return false;
    }
    return true;
}

bool slice_to_int64(struct slice text, int64_t *value) {
    bool negative = text.len > 0 && text.data[0] == '-';
    size_t i = negative ? 1 : 0;
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    uint64_t sum = 0;

    if (i == text.len) return false;
    if (text.data[i] == '0' && text.len > 1) return false; /* "007", "-0" */
    for (; i < text.len; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text.data[i] - '0';

        if (digit > 9) return false; /* what is below '0' wraps far above 9 */
        if (sum > (limit - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    /* -sum would overflow for INT64_MIN; in unsigned arithmetic it is exact,
     * and the conversion back keeps the bits on every compiler we support. */
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}
