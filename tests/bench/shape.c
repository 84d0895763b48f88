/* shape.c -- requests made beforehand, and the replies that are due. */
#include "shape.h"

#include "resp.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS     12
#define KEY_STRIDE 23 /* "$16\r\nkey:000000000000\r\n" */
#define PEEK       64 /* bytes of half a reply, or of a wrong one */

enum answer { OK, PONG, ONE, NUMBER, VALUES };

static const struct command {
    const char *name;
    const char *verb;
    long keys;
    enum answer answer;
    bool writes; /* it has a value, and perhaps a time to live */
} commands[] = {
    /* */
    {"del", "DEL", 1, ONE, false},
    {"get", "GET", 1, VALUES, false},
    {"incr", "INCR", 1, NUMBER, false},
    {"mget100", "MGET", SHAPE_KEYS_MAX, VALUES, false},
    {"ping", "PING", 0, PONG, false},
    {"set", "SET", 1, OK, true},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const char *shape_command(size_t n) {
    return n < COMMAND_COUNT ? commands[n].name : NULL;
}

static const struct command *find(const char *name) {
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    }
    return NULL;
}

static void write_request(struct shape *shape, const struct command *command,
                          const struct shape_options *options,
                          struct slice value) {
    struct buf *out = &shape->request;
    bool expires = command->writes && options->ttl > 0;
    size_t words = 1 + (size_t)command->keys;
    char word[24];
    long i;

    words += (command->writes ? 1u : 0u) + (expires ? 2u : 0u);
    resp_write_array(out, words);
    resp_write_bulk(out, slice_of(command->verb));
    shape->digits = buf_len(out) + KEY_STRIDE - DIGITS - 2;
    for (i = 0; i < command->keys; i++) {
        snprintf(word, sizeof(word), "%s%0*d", options->prefix, DIGITS, 0);
        resp_write_bulk(out, slice_of(word));
    }
    if (command->writes) resp_write_bulk(out, value);
    if (!expires) return;
    snprintf(word, sizeof(word), "%ld", options->ttl);
    resp_write_bulk(out, slice_of("EX"));
    resp_write_bulk(out, slice_of(word));
}

static void write_reply(struct buf *out, const struct command *command,
                        struct slice value) {
    long i;

    switch (command->answer) {
    case OK: resp_write_simple(out, "OK"); break;
    case PONG: resp_write_simple(out, "PONG"); break;
    case ONE: resp_write_integer(out, 1); break;
    case NUMBER: break;
    case VALUES:
        if (command->keys > 1) resp_write_array(out, (size_t)command->keys);
        for (i = 0; i < command->keys; i++)
            resp_write_bulk(out, value);
        break;
    }
}

static void shape_init(struct shape *shape, const struct command *command,
                       const struct shape_options *options, long size) {
    struct slice value = {memset(xmalloc((size_t)size + 1), 'x', (size_t)size),
                          (size_t)size};

    *shape = (struct shape){.keys = command->keys};
    write_request(shape, command, options, value);
    write_reply(&shape->reply, command, value);
    free((char *)value.data);
}

size_t shapes_init(struct shape shapes[SHAPES_MAX], const char *name,
                   const struct shape_options *options) {
    const struct command *command = find(name);
    bool mixed = strcmp(name, "mixed") == 0;
    long spread = options->size_max - options->size;
    long count = mixed ? 5 : spread > 0 ? SHAPES_MAX : 1, i;

    if (command == NULL && !mixed) return 0;
    for (i = 0; i < count; i++) {
        long size = options->size;

        if (mixed)
            command = find(i == 0 ? "set" : "get");
        else if (spread > 0)
            size += spread * i / (SHAPES_MAX - 1);
        shape_init(&shapes[i], command, options, size);
    }
    return (size_t)count;
}

void shape_append(const struct shape *shape, struct buf *out,
                  const uint64_t *keys) {
    struct slice request = buf_slice(&shape->request);
    char *key = buf_reserve(out, request.len);
    long i;

    memcpy(key, request.data, request.len);
    key += shape->digits;
    for (i = 0; i < shape->keys; i++, key += KEY_STRIDE) {
        uint64_t number = keys[i];
        char *digit = key + DIGITS;

        for (; number > 0; number /= 10)
            *--digit = (char)('0' + number % 10);
    }
    buf_added(out, request.len);
}

ssize_t shape_check(const struct shape *shape, struct slice in) {
    struct slice wanted = buf_slice(&shape->reply);
    size_t seen = in.len < wanted.len ? in.len : wanted.len;

    if (in.len == 0) return 0;
    if (wanted.len == 0) {
        const char *end = memchr(in.data, '\n', in.len);

        if (in.data[0] != ':') return -1;
        return end == NULL ? 0 : end + 1 - in.data;
    }
    /* Not all of half a long one each time that more of it comes. */
    if (seen < wanted.len && seen > PEEK) seen = PEEK;
    if (memcmp(in.data, wanted.data, seen) != 0) return -1;
    return in.len < wanted.len ? 0 : (ssize_t)wanted.len;
}

static void print_some(const char *title, struct slice text) {
    fprintf(stderr, "%s\n%.*s\n", title,
            (int)(text.len < PEEK ? text.len : PEEK), text.data);
}

void shape_complain(const struct shape *shape, struct slice in) {
    struct slice wanted = buf_slice(&shape->reply);

    print_some("asked:", buf_slice(&shape->request));
    print_some("expected:", wanted.len > 0 ? wanted : slice_of(":a number"));
    print_some("answered:", in);
}
