/* glob.c -- matching a pattern: forwards, and on a mismatch back to the last
 * '*'.
 *
 * An earlier '*' need never be gone back to: what stands between it and the
 * last one was found as far left as can be, so to find it further right leaves
 * the rest less text, and nothing that it could not have had before. */
#include "glob.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_same(char a, char b, bool nocase) {
    return nocase ? lower(a) == lower(b) : a == b;
}

/* A range may be written backwards. Bytes are ordered as signed ones, as they
 * are in Redis on most machines; and case is taken off after the ends were put
 * in order, so that [Z-a] then holds nothing. */
static bool in_range(signed char first, signed char last, signed char c,
                     bool nocase) {
    signed char low = first < last ? first : last;
    signed char high = first < last ? last : first;

    if (!nocase) return low <= c && c <= high;
    return lower(low) <= lower(c) && lower(c) <= lower(high);
}

/* Whether a set holds 'c'. '*at' stands behind its '[', and then behind its
 * end, which is that of the pattern if no ']' comes. */
static bool set_matches(struct slice pattern, size_t *at, char c, bool nocase) {
    const char *bytes = pattern.data;
    size_t i = *at;
    bool inverted = i < pattern.len && bytes[i] == '^';
    bool found = false;

    for (i += inverted; i < pattern.len && bytes[i] != ']'; i++) {
        if (bytes[i] == '\\' && i + 1 < pattern.len) {
            found |= bytes[++i] == c; /* in Redis, too, its case counts */
        } else if (i + 2 < pattern.len && bytes[i + 1] == '-') {
            found |= in_range(bytes[i], bytes[i + 2], c, nocase);
            i += 2; /* also over a ']' */
        } else {
            found |= is_same(bytes[i], c, nocase);
        }
    }
    *at = i < pattern.len ? i + 1 : i;
    return found != inverted;
}

/* Whether what stands at '*at', no '*', takes 'c'; '*at' comes behind it. */
static bool byte_matches(struct slice pattern, size_t *at, char c,
                         bool nocase) {
    char wanted = pattern.data[(*at)++];

    if (wanted == '?') return true;
    if (wanted == '[') return set_matches(pattern, at, c, nocase);
    if (wanted == '\\' && *at < pattern.len) wanted = pattern.data[(*at)++];
    return is_same(wanted, c, nocase);
}

bool glob_match(struct slice pattern, struct slice text, bool nocase) {
    size_t at = 0;       /* in the pattern */
    size_t done = 0;     /* bytes of the text that are matched */
    size_t retry_at = 0; /* behind the last '*'; 0: there was none... */
    size_t retry = 0;    /* ...and what it leaves to the rest begins here */

    /* No text at all matches no pattern but that, not even '*': so in Redis. */
    if (text.len == 0) return pattern.len == 0;
    while (done < text.len) {
        if (at < pattern.len && pattern.data[at] == '*') {
            retry_at = ++at;
            retry = done;
            if (at == pattern.len) return true;
        } else if (at < pattern.len &&
                   byte_matches(pattern, &at, text.data[done], nocase)) {
            done++;
        } else {
            if (retry_at == 0) return false;
            at = retry_at;
            done = ++retry;
        }
    }
    while (at < pattern.len && pattern.data[at] == '*')
        at++;
    return at == pattern.len;
}
