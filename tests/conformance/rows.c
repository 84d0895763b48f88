/* rows.c -- tests that are tables: a request in each row, and its reply.
 *
 * A table is gone through twice, in RESP2 and in RESP3; so each row is a test
 * of both, and of how they differ. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct talk {
    struct client *clients[2];
    bool resp3;
};

/* One line of a reply, in the protocol that is spoken. */
static void add_line(struct bytes *b, const char *line, size_t len,
                     bool resp3) {
    bool nil = len == 3 && line[1] == '-' && line[2] == '1' &&
               (line[0] == '$' || line[0] == '*');

    if (resp3 && nil) {
        bytes_addf(b, "_\r\n");
    } else if (!resp3 && len > 1 && line[0] == '%') {
        bytes_addf(b, "*%d\r\n", 2 * atoi(line + 1));
    } else {
        bytes_add(b, line, len);
        bytes_addf(b, "\r\n");
    }
}

static const char *expect_lines(struct client *c, const char *reply,
                                bool resp3) {
    struct bytes wanted = {0};
    const char *line = reply, *why;

    for (;;) {
        size_t len = strcspn(line, "\n");
        add_line(&wanted, line, len, resp3);
        if (line[len] == '\0') break;
        line += len + 1;
    }
    why = client_expect(c, wanted.data, wanted.len);
    bytes_free(&wanted);
    return why;
}

static const char *expect_between(struct client *c, const char *range) {
    static char why[128];
    char *end;
    long long low = strtoll(range + 1, &end, 10);
    long long high = strtoll(end + 2, NULL, 10);
    struct token token;
    const char *failed = client_token(c, &token);

    if (failed != NULL) return failed;
    if (token.type == ':' && token.number >= low && token.number <= high) {
        return NULL;
    }
    (void)snprintf(why, sizeof why, "the reply should be %s, and is %c%.*s",
                   range, token.type, (int)(token.len % 80), token.text);
    return why;
}

static const char *expect_no_error(struct client *c) {
    char type = '\0';
    const char *why = client_skip_reply(c, &type);

    return why == NULL && type == '-' ? "the reply is an error" : why;
}

static const char *hold_row(const struct talk *talk, const struct row *row) {
    bool second = row->request[0] == '@';
    struct client *c = talk->clients[second];
    struct bytes request = {0};
    const char *why;

    bytes_addf(&request, "%s\r\n", row->request + second);
    why = client_send(c, request.data, request.len);
    bytes_free(&request);
    if (why != NULL) return why;
    if (strcmp(row->reply, "?") == 0) return expect_no_error(c);
    if (row->reply[0] == ':' && strstr(row->reply, "..") != NULL) {
        return expect_between(c, row->reply);
    }
    return expect_lines(c, row->reply, talk->resp3);
}

static const char *open_talk(struct talk *talk) {
    const char *why = NULL;

    for (int i = 0; i < 2 && why == NULL; i++) {
        why = client_open(&talk->clients[i]);
        if (why != NULL || !talk->resp3) continue;
        why = client_send(talk->clients[i], "HELLO 3\r\n", 9);
        if (why == NULL) why = expect_no_error(talk->clients[i]);
    }
    return why;
}

static const char *close_talk(struct talk *talk) {
    const char *why = NULL;

    for (int i = 0; i < 2 && why == NULL; i++) {
        why = client_expect_nothing(talk->clients[i]);
        client_close(talk->clients[i]);
    }
    return why;
}

static const char *hold_talk(struct talk *talk, const struct row *rows,
                             size_t count) {
    static const struct row empty = {"FLUSHALL", OK};
    static char text[8192];
    const char *why = open_talk(talk);

    if (why == NULL) why = hold_row(talk, &empty);
    for (size_t i = 0; i < count && why == NULL; i++) {
        why = hold_row(talk, &rows[i]);
        if (why == NULL) continue;
        (void)snprintf(text, sizeof text, "row %zu, %s, in RESP%d: %s", i + 1,
                       rows[i].request, talk->resp3 ? 3 : 2, why);
        return text;
    }
    return why != NULL ? why : close_talk(talk);
}

const char *check_table(const struct row *rows, size_t count) {
    struct talk resp2 = {.resp3 = false}, resp3 = {.resp3 = true};
    const char *why = hold_talk(&resp2, rows, count);

    return why != NULL ? why : hold_talk(&resp3, rows, count);
}
