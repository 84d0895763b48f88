/* util.c -- growing byte strings, time, and bytes made readable. */
#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void *checked_alloc(size_t size) {
    void *p = calloc(1, size);

    if (p == NULL) {
        fprintf(stderr, "conformance: out of memory\n");
        abort();
    }
    return p;
}

static void make_room(struct bytes *b, size_t more) {
    size_t cap = b->cap > 0 ? 2 * b->cap : 256;

    if (b->cap - b->len >= more) return;
    if (cap - b->len < more) cap = b->len + more;
    b->data = realloc(b->data, cap);
    if (b->data == NULL) {
        fprintf(stderr, "conformance: out of memory\n");
        abort();
    }
    b->cap = cap;
}

void bytes_add(struct bytes *b, const void *data, size_t len) {
    make_room(b, len);
    if (len > 0) memcpy(b->data + b->len, data, len);
    b->len += len;
}

void bytes_addf(struct bytes *b, const char *format, ...) {
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bytes_add(b, text, strlen(text));
}

void bytes_add_bulk(struct bytes *b, const void *data, size_t len) {
    bytes_addf(b, "$%zu\r\n", len);
    bytes_add(b, data, len);
    bytes_add(b, "\r\n", 2);
}

void bytes_add_request(struct bytes *b, const char *const *words) {
    size_t n = 0;

    while (words[n] != NULL)
        n++;
    bytes_addf(b, "*%zu\r\n", n);
    for (size_t i = 0; i < n; i++) {
        bytes_add_bulk(b, words[i], strlen(words[i]));
    }
}

void bytes_free(struct bytes *b) {
    free(b->data);
    *b = (struct bytes){0};
}

double now(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* splitmix64: small, and the same numbers for a seed on every machine. */
uint32_t random_next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (uint32_t)(z >> 32);
}

void bytes_add_random(struct bytes *b, size_t len, uint64_t seed) {
    char *out;
    size_t i = 0;

    make_room(b, len);
    out = b->data + b->len;
    while (i < len && i < MIB)
        out[i++] = (char)random_next(&seed);
    /* Enough of that: repeat it, shifted, so that no two places of a large
     * block are alike by accident. */
    for (; i < len; i++)
        out[i] = (char)(out[i - MIB] + 1);
    b->len += len;
}

static void escape_byte(char *out, unsigned char byte) {
    switch (byte) {
    case '\r': strcpy(out, "\\r"); break;
    case '\n': strcpy(out, "\\n"); break;
    case '"': strcpy(out, "\\\""); break;
    case '\\': strcpy(out, "\\\\"); break;
    default:
        if (byte >= ' ' && byte <= '~') {
            out[0] = (char)byte;
            out[1] = '\0';
        } else {
            (void)snprintf(out, 5, "\\x%02x", byte);
        }
    }
}

void escape(char *out, const void *data, size_t len) {
    const unsigned char *bytes = data;
    size_t used = 1;

    out[0] = '"';
    for (size_t i = 0; i < len && i < SHOWN; i++) {
        escape_byte(out + used, bytes[i]);
        used += strlen(out + used);
    }
    strcpy(out + used, len > SHOWN ? "\"..." : "\"");
}
