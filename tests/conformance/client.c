/* client.c -- a client that knows bytes: it sends what it is told, in pieces
 * of any size, and compares what comes with what should.
 *
 * It never waits without a deadline, and what it says when something is wrong
 * is meant to be enough to find the fault: what was sent, what was expected,
 * what came. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_SIZE 65536

struct client {
    int fd;
    bool ended;       /* the server has closed, in whatever way */
    struct bytes in;  /* what came since the last expectation began */
    size_t taken;     /* how much of it was as expected */
    size_t dropped;   /* and how much of it is not kept any more */
    char sent[SHOWN]; /* the beginning of what was sent since then */
    size_t sent_len;  /* of all of it */
    bool answered;    /* the next bytes sent begin a new request */
    double patience;  /* seconds */
    char note[96];
    struct client *next;
};

/* All that are open, for the end of the test: see server.c about statics. */
static struct client *clients;

/* ---- Failures ---------------------------------------------------------- */

enum failure { NO_REPLY, HALF_A_REPLY, ENDED, DIFFERENT, NOT_ENDED, TOO_MUCH };

static const char *const causes[] = {
    [NO_REPLY] = "the end of the request is not seen, so the server waits for "
                 "more; or the reply is made and not sent",
    [HALF_A_REPLY] = "of several commands in one read only the first is run; "
                     "or the rest after a short write() is never sent",
    [ENDED] = "valid input was taken for an error, or the server crashed",
    [DIFFERENT] = "a wrong reply, replies in a wrong order, or a reply that "
                  "nobody asked for",
    [NOT_ENDED] = "the error is answered but the connection goes on: close it, "
                  "for where the next request begins is unknown",
    [TOO_MUCH] = "something was executed that should not have been, or "
                 "answered twice",
};

/* What the first bytes of reply and expectation say about a difference. */
static const char *cause_of(enum failure failure, char wanted, char got) {
    if (failure != DIFFERENT || wanted == got) return causes[failure];
    if (got == '-')
        return "the server refuses what it should accept, or has "
               "lost track of where requests begin";
    if (wanted == '-') return "the server accepts what it should refuse";
    if (wanted == '$' && got == '_') return "the RESP3 null before HELLO 3";
    return causes[DIFFERENT];
}

/* How errors are compared, where one is expected. */
static const char *words_count(const char *wanted, size_t len, size_t at) {
    if (at >= len || wanted[at] != '-' || settings()->exact) return "";
    return " (of an error, the first word counts)";
}

static const char *failed(struct client *c, enum failure failure,
                          const char *wanted, size_t wanted_len, size_t at,
                          const char *headline, ...)
    __attribute__((format(printf, 6, 7)));

/* 'at' is where in 'wanted' and in what came the difference is; what stands
 * far before it is not shown. */
static const char *failed(struct client *c, enum failure failure,
                          const char *wanted, size_t wanted_len, size_t at,
                          const char *headline, ...) {
    static char why[8000];
    char head[160], sent[ESCAPED_MAX], expected[ESCAPED_MAX], got[ESCAPED_MAX];
    size_t skip = at > SHOWN / 2 ? at - SHOWN / 4 : 0;
    size_t in_skip = skip > c->dropped ? skip - c->dropped : 0;
    const char *epitaph = c->ended ? (pause_ms(50), server_epitaph()) : NULL;
    va_list args;

    if (in_skip > c->in.len) in_skip = c->in.len;
    va_start(args, headline);
    (void)vsnprintf(head, sizeof head, headline, args);
    va_end(args);
    escape(sent, c->sent, c->sent_len);
    escape(expected, wanted + skip, wanted_len - skip);
    escape(got, c->in.data + in_skip, c->in.len - in_skip);
    (void)snprintf(
        why, sizeof why,
        "%s%s%s\n    sent      %s (%zu bytes)\n    expected  %s%s%s\n"
        "    received  %s%s (%zu bytes%s)\n    likely    %s%s%s",
        head, c->note[0] ? ": " : "", c->note, sent, c->sent_len,
        skip > 0 ? "... " : "", wanted_len > 0 ? expected : "nothing more",
        words_count(wanted, wanted_len, at),
        in_skip + c->dropped > 0 ? "... " : "", got, c->in.len + c->dropped,
        c->ended ? ", then the end of the connection" : "",
        cause_of(failure, wanted_len > 0 ? wanted[0] : 0,
                 c->in.len > 0 ? c->in.data[0] : 0),
        epitaph ? "\n" : "", epitaph ? epitaph : "");
    return why;
}

/* ---- Connections ------------------------------------------------------- */

static const char *not_connected(int fd) {
    static char why[4200];
    const char *epitaph = server_epitaph();

    (void)snprintf(why, sizeof why, "no connection to the server: %s%s%s",
                   strerror(errno), epitaph ? "\n" : "",
                   epitaph ? epitaph : "");
    if (fd != -1) (void)close(fd);
    return why;
}

const char *client_open(struct client **out) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct client *c;

    a.sin_port = htons((uint16_t)server_port());
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd == -1) return not_connected(fd);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1) {
        return not_connected(fd);
    }
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    /* A write of one byte is to travel as one byte. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    c = checked_alloc(sizeof *c);
    c->fd = fd;
    c->patience = REPLY_SECONDS;
    c->next = clients;
    clients = c;
    *out = c;
    return NULL;
}

void client_close(struct client *c) {
    struct client **link = &clients;

    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    (void)close(c->fd);
    bytes_free(&c->in);
    free(c);
}

void client_reset(struct client *c) {
    struct linger at_once = {1, 0};

    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    client_close(c);
}

void client_close_all(void) {
    while (clients != NULL)
        client_close(clients);
}

void client_half_close(struct client *c) {
    (void)shutdown(c->fd, SHUT_WR);
}

void client_patience(struct client *c, double seconds) {
    c->patience = seconds;
}

void client_note(struct client *c, const char *format, ...) {
    va_list args;

    va_start(args, format);
    (void)vsnprintf(c->note, sizeof c->note, format, args);
    va_end(args);
}

/* ---- Bytes in and out -------------------------------------------------- */

static bool would_block(void) {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Take some of what has come. Whether the server closed by FIN or, with bytes
 * of ours unread, by RST: the connection has ended. */
static void receive(struct client *c) {
    char chunk[RECEIVE_SIZE];
    ssize_t n = recv(c->fd, chunk, sizeof chunk, 0);

    if (n > 0) bytes_add(&c->in, chunk, (size_t)n);
    if (n == 0 || (n == -1 && !would_block())) c->ended = true;
}

static bool wait_for(struct client *c, short events, double deadline) {
    struct pollfd p = {c->fd, events, 0};
    double left = deadline - now();

    return poll(&p, 1, left > 0 ? (int)(left * 1000) + 1 : 0) > 0;
}

static void remember_sent(struct client *c, const char *data, size_t len) {
    size_t room, kept;

    if (c->answered) {
        c->sent_len = 0;
        c->answered = false;
    }
    room = c->sent_len < SHOWN ? SHOWN - c->sent_len : 0;
    kept = len < room ? len : room;
    if (kept > 0) memcpy(c->sent + c->sent_len, data, kept);
    c->sent_len += len;
}

/* Returns how much the kernel took now. */
static size_t send_some(struct client *c, const char *data, size_t len) {
    ssize_t n = send(c->fd, data, len, 0);

    if (n >= 0) return (size_t)n;
    /* What came before the end can still be received. */
    while (!would_block() && !c->ended)
        receive(c);
    return 0;
}

const char *client_send(struct client *c, const void *data, size_t len) {
    double deadline = now() + c->patience;
    const char *from = data;
    size_t done = 0;

    remember_sent(c, data, len);
    while (done < len && !c->ended) {
        done += send_some(c, from + done, len - done);
        if (done == len || c->ended) break;
        if (!wait_for(c, POLLIN | POLLOUT, deadline)) {
            return failed(c, NO_REPLY, "", 0, 0,
                          "the server takes no more bytes after %zu of %zu "
                          "for %g s",
                          done, len, c->patience);
        }
        receive(c);
    }
    return NULL;
}

size_t client_push(struct client *c, const void *data, size_t len, int ms) {
    const char *from = data;
    size_t done = 0;

    while (done < len && !c->ended) {
        size_t n = send_some(c, from + done, len - done);
        done += n;
        if (n == 0 && !wait_for(c, POLLOUT, now() + ms / 1000.0)) break;
    }
    remember_sent(c, data, done);
    return done;
}

bool client_readable(struct client *c, int ms) {
    if (c->in.len > c->taken || c->ended) return true;
    return wait_for(c, POLLIN, now() + ms / 1000.0);
}

/* ---- Comparing --------------------------------------------------------- */

/* An expectation: what it wants, and how far it has come. */
struct wanted {
    const char *data;
    size_t len, at;
    double deadline;
};

/* Forget what was as expected, but for the last 'keep' bytes. */
static void drop_taken(struct client *c, size_t keep) {
    size_t n = c->taken > keep ? c->taken - keep : 0;

    if (n == 0) return;
    memmove(c->in.data, c->in.data + n, c->in.len - n);
    c->in.len -= n;
    c->taken -= n;
    c->dropped += n;
}

/* What earlier expectations took is of no interest any more. */
static void begin(struct client *c) {
    drop_taken(c, 0);
    c->dropped = 0;
}

/* Wait for more bytes. */
static const char *more(struct client *c, const struct wanted *w) {
    bool nothing = c->in.len + c->dropped == 0;

    if (c->ended) {
        return failed(c, ENDED, w->data, w->len, w->at,
                      "the server closed the connection");
    }
    if (!wait_for(c, POLLIN, w->deadline)) {
        return failed(
            c, nothing ? NO_REPLY : HALF_A_REPLY, w->data, w->len, w->at,
            nothing ? "no reply within %g s" : "no complete reply within %g s",
            c->patience);
    }
    receive(c);
    return NULL;
}

static const char *different(struct client *c, const struct wanted *w) {
    return failed(c, DIFFERENT, w->data, w->len, w->at,
                  "wrong reply (the first difference is at byte %zu)", w->at);
}

/* The next 'len' bytes have to be those that are wanted. */
static const char *match_bytes(struct client *c, struct wanted *w, size_t len) {
    size_t end = w->at + len;

    while (w->at < end) {
        size_t have = c->in.len - c->taken;
        size_t n = have < end - w->at ? have : end - w->at;
        const char *got = c->in.data + c->taken;

        if (n == 0) {
            const char *why = more(c, w);
            if (why != NULL) return why;
            continue;
        }
        if (memcmp(got, w->data + w->at, n) != 0) {
            while (*got == w->data[w->at])
                got++, w->at++;
            return different(c, w);
        }
        w->at += n;
        c->taken += n;
        if (c->taken > MIB) drop_taken(c, SHOWN);
    }
    return NULL;
}

/* Where the next line that came ends, after its CRLF; waits for it. */
static const char *receive_line(struct client *c, const struct wanted *w,
                                size_t *len) {
    const char *lf = NULL;

    for (;;) {
        size_t have = c->in.len - c->taken;
        if (have > 0) lf = memchr(c->in.data + c->taken, '\n', have);
        if (lf != NULL) break;
        const char *why = more(c, w);
        if (why != NULL) return why;
    }
    *len = (size_t)(lf + 1 - (c->in.data + c->taken));
    if (*len < 3 || lf[-1] != '\r') return different(c, w);
    return NULL;
}

/* "-ERR syntax error\r\n": 4. */
static size_t first_word(const char *line, size_t len) {
    size_t n = 0;

    while (n < len && line[n] != ' ' && line[n] != '\r')
        n++;
    return n;
}

/* An error of the same first word, whatever its sentence says. */
static const char *match_error(struct client *c, struct wanted *w, size_t len) {
    size_t got_len, word = first_word(w->data + w->at, len);
    const char *why;

    /* One byte tells whether it is an error at all: wait for no line else. */
    if (c->in.len == c->taken && (why = more(c, w)) != NULL) return why;
    if (c->in.data[c->taken] != '-') return different(c, w);
    why = receive_line(c, w, &got_len);
    if (why != NULL) return why;
    if (first_word(c->in.data + c->taken, got_len) != word ||
        memcmp(c->in.data + c->taken, w->data + w->at, word) != 0) {
        return different(c, w);
    }
    w->at += len;
    c->taken += got_len;
    return NULL;
}

/* How long the piece at the front is: a line, or a bulk string with its
 * bytes. */
static size_t piece_len(const char *data, size_t len) {
    const char *lf = memchr(data, '\n', len);
    size_t line = lf == NULL ? len : (size_t)(lf + 1 - data);
    long long bulk = data[0] == '$' ? atoll(data + 1) : -1;

    if (bulk < 0) return line;
    ck_assert_msg(line + (size_t)bulk + 2 <= len, "the test itself is wrong");
    return line + (size_t)bulk + 2;
}

const char *client_expect(struct client *c, const void *reply, size_t len) {
    struct wanted w = {reply, len, 0, now() + c->patience};
    const char *why = NULL;

    begin(c);
    while (why == NULL && w.at < w.len) {
        size_t piece = piece_len(w.data + w.at, w.len - w.at);
        if (w.data[w.at] == '-' && !settings()->exact) {
            why = match_error(c, &w, piece);
        } else {
            why = match_bytes(c, &w, piece);
        }
    }
    c->answered = true;
    return why;
}

const char *client_expect_error(struct client *c, const char *beginning) {
    struct wanted w = {"-", 1, 0, now() + c->patience};
    const char *why;
    size_t len;

    begin(c);
    if ((why = match_bytes(c, &w, 1)) != NULL) return why;
    if ((why = receive_line(c, &w, &len)) != NULL) return why;
    if (len - 2 < strlen(beginning) ||
        memcmp(c->in.data + 1, beginning, strlen(beginning)) != 0) {
        return failed(c, DIFFERENT, beginning, strlen(beginning), 0,
                      "the error should begin with %s", beginning);
    }
    c->taken += len;
    c->answered = true;
    return NULL;
}

const char *client_expect_end(struct client *c) {
    double deadline = now() + c->patience;

    begin(c);
    while (!c->ended && c->in.len == 0) {
        if (!wait_for(c, POLLIN, deadline)) {
            return failed(c, NOT_ENDED, "", 0, 0,
                          "the connection should be closed and is not, after "
                          "%g s",
                          c->patience);
        }
        receive(c);
    }
    if (c->in.len > 0) {
        return failed(c, TOO_MUCH, "", 0, 0,
                      "more was sent before the connection was closed");
    }
    return NULL;
}

/* Waiting would be slow, and prove little. Replies come in order: what comes
 * before the answer to an ECHO sent now was too much. */
const char *client_expect_nothing(struct client *c) {
    static const char answer[] = "$12\r\nnothing-else\r\n";
    const char *why = client_send(c, "ECHO nothing-else\r\n", 19);

    return why != NULL ? why : client_expect(c, answer, sizeof answer - 1);
}

bool client_ping(struct client *c, int ms) {
    double deadline = now() + ms / 1000.0;

    begin(c);
    remember_sent(c, "PING\r\n", 6);
    (void)send_some(c, "PING\r\n", 6);
    while (c->in.len < 7 && !c->ended && wait_for(c, POLLIN, deadline)) {
        receive(c);
    }
    if (c->in.len != 7 || memcmp(c->in.data, "+PONG\r\n", 7) != 0) return false;
    c->in.len = c->taken = 0;
    return true;
}

/* ---- Taking replies apart ---------------------------------------------- */

const char *client_token(struct client *c, struct token *token) {
    struct wanted w = {"", 0, 0, now() + c->patience};
    size_t line, bulk = 0;
    const char *why;

    begin(c);
    why = receive_line(c, &w, &line);
    if (why != NULL) return why;
    token->type = c->in.data[0];
    token->number = atoll(c->in.data + 1);
    if ((token->type == '$' || token->type == '=') && token->number >= 0) {
        bulk = (size_t)token->number + 2;
    }
    while (c->in.len < line + bulk) {
        if ((why = more(c, &w)) != NULL) return why;
    }
    token->text = bulk > 0 ? c->in.data + line : c->in.data + 1;
    token->len = bulk > 0 ? bulk - 2 : line - 3;
    c->taken = line + bulk;
    c->answered = true;
    return NULL;
}

const char *client_skip_reply(struct client *c, char *type) {
    struct token token;
    const char *why = client_token(c, &token);
    long long parts = 0;

    if (type != NULL) *type = token.type;
    if (why != NULL) return why;
    if (strchr("*~>", token.type) != NULL) parts = token.number;
    if (token.type == '%') parts = 2 * token.number;
    while (parts-- > 0 && why == NULL)
        why = client_skip_reply(c, NULL);
    return why;
}

/* ---- The words of the tests -------------------------------------------- */

struct client *connected(void) {
    struct client *c = NULL;

    CHECKED(client_open(&c));
    return c;
}

const char *command_exchange(struct client *c, const char *reply, size_t len,
                             const char *const *words) {
    struct bytes request = {0};
    const char *why;

    bytes_add_request(&request, words);
    why = client_send(c, request.data, request.len);
    bytes_free(&request);
    return why != NULL ? why : client_expect(c, reply, len);
}

/* All first halves go out before any second one, so that one pause serves
 * them all. */
const char *every_split(const char *stream, size_t len, const char *replies,
                        size_t replies_len) {
    struct client **c = checked_alloc(len * sizeof *c);
    const char *why = NULL;

    for (size_t at = 1; at < len && why == NULL; at++) {
        why = client_open(&c[at]);
        if (why != NULL) break;
        client_note(c[at],
                    "the stream was sent in two parts, cut before its "
                    "byte %zu",
                    at);
        why = client_send(c[at], stream, at);
    }
    pause_ms(20);
    for (size_t at = 1; at < len && why == NULL; at++) {
        why = client_send(c[at], stream + at, len - at);
        if (why == NULL) why = client_expect(c[at], replies, replies_len);
        if (why == NULL) why = client_expect_nothing(c[at]);
        if (why == NULL) client_close(c[at]);
    }
    free(c);
    return why;
}

const char *byte_by_byte(const char *stream, size_t len, const char *replies,
                         size_t replies_len) {
    struct client *c = NULL;
    const char *why = client_open(&c);

    if (why != NULL) return why;
    client_note(c, "the stream was sent byte by byte");
    for (size_t at = 0; at < len && why == NULL; at++) {
        why = client_send(c, stream + at, 1);
        pause_ms(1);
    }
    if (why == NULL) why = client_expect(c, replies, replies_len);
    return why != NULL ? why : client_expect_nothing(c);
}
