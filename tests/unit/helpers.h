/* helpers.h -- what the suites of several rooms need.
 *
 * Functions that check something end the test if it is not so. */
#ifndef UNIT_HELPERS_H
#define UNIT_HELPERS_H

#include "buf.h"
#include "command.h"
#include "handlers.h"
#include "slice.h"
#include "util.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEST_SECONDS 60   /* no test hangs for longer; most take 1 ms */
#define WAIT_MS      5000 /* no wait for an event is longer */

/* As ck_assert_msg(), which also notes in a file that it was passed: too slow
 * for a loop of a hundred thousand. */
#define check_that(condition, ...)                                             \
    do {                                                                       \
        if (!(condition)) ck_abort_msg(__VA_ARGS__);                           \
    } while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Where a sanitizer watches, each case takes many times as long. What tries all
 * of them then tries every so many-th, or so many times fewer: a wrong access
 * shows there, too. 13 has no divisor in common with what is counted in. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRIDE 13
#else
#define STRIDE 1
#endif

/* ---- Suites ----------------------------------------------------------- */

static inline Suite *suite_of(const char *name, const TTest *const *tests,
                              size_t count) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    size_t i;

    tcase_set_timeout(tcase, TEST_SECONDS);
    for (i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* ---- Bytes ------------------------------------------------------------ */

/* The bytes of a literal, NUL bytes within it included. */
#define BYTES(literal) ((struct slice){"" literal, sizeof(literal) - 1})

/* A copy with nothing behind its last byte: a sanitizer sees a reader that
 * takes one byte too many. */
static inline struct slice exact_copy(struct slice bytes) {
    static const char none[1];
    char *copy;

    if (bytes.len == 0) return (struct slice){none + 1, 0};
    copy = xmalloc(bytes.len);
    memcpy(copy, bytes.data, bytes.len);
    return (struct slice){copy, bytes.len};
}

static inline void exact_free(struct slice copy) {
    if (copy.len > 0) free((char *)copy.data);
}

/* In C's notation, for messages; at most four in one of them. */
static inline const char *shown(struct slice bytes) {
    static char texts[4][800];
    static unsigned last;
    char *text = texts[last++ % 4];
    size_t len = 0;
    size_t i;

    for (i = 0; i < bytes.len && len < sizeof texts[0] - 8; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        const char *format = "\\x%02x";

        if (c == '\r') format = "\\r";
        if (c == '\n') format = "\\n";
        if (c >= ' ' && c <= '~') format = "%c";
        len += (size_t)snprintf(text + len, sizeof texts[0] - len, format, c);
    }
    snprintf(text + len, sizeof texts[0] - len, i < bytes.len ? "..." : "");
    return text;
}

static inline bool same_bytes(struct slice a, struct slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#define assert_bytes(got, want)                                                \
    do {                                                                       \
        struct slice got_ = (got);                                             \
        struct slice want_ = (want);                                           \
        check_that(same_bytes(got_, want_), "got \"%s\", expected \"%s\"",     \
                   shown(got_), shown(want_));                                 \
    } while (0)

#define append_literal(buf, literal)                                           \
    buf_append(buf, literal, sizeof(literal) - 1)

/* ---- Chance ----------------------------------------------------------- */

/* The same numbers at each run: what failed once fails again. */
static inline uint64_t random_next(uint64_t *state) {
    *state ^= *state >> 12; /* xorshift64*; the state is never 0 */
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

static inline size_t random_below(uint64_t *state, size_t limit) {
    return (size_t)((random_next(state) >> 16) % limit);
}

/* ---- Replies ---------------------------------------------------------- */

/* How many bytes the reply at the front of 'in' takes, whatever its type; 0 if
 * there is none or it is not whole. */
static inline size_t reply_size(struct slice in) {
    const char *cr = in.len > 0 ? memchr(in.data, '\r', in.len) : NULL;
    size_t size;
    long count;

    if (cr == NULL) return 0;
    size = (size_t)(cr - in.data) + 2;
    if (size > in.len || cr[1] != '\n') return 0;
    if (strchr("+-:_", in.data[0]) != NULL) return size;
    if (strchr("$*%", in.data[0]) == NULL) return 0;

    count = strtol(in.data + 1, NULL, 10);
    if (in.data[0] == '$') {
        if (count >= 0) size += (size_t)count + 2;
        return size <= in.len ? size : 0;
    }
    if (in.data[0] == '%') count *= 2;
    for (; count > 0; count--) {
        size_t one = reply_size((struct slice){in.data + size, in.len - size});

        if (one == 0) return 0;
        size += one;
    }
    return size;
}

/* A client without a connection: runs commands, one at a time. */
struct caller {
    struct session session;
    struct store *store;
    struct buf out;
    bool changed; /* as the last command said */

    /* From part 3 on: */
    size_t value_max;      /* as in struct call */
    struct buf record;     /* what it said to the log, a blank between words */
    struct store *replica; /* NULL, or what the log would bring back */
};

static inline void caller_open(struct caller *caller) {
    *caller = (struct caller){.session = {.id = 42, .protocol = 2},
                              .store = store_new()};
}

static inline void caller_close(struct caller *caller) {
    buf_free(&caller->session.name);
#if PART >= 3
    client_forget_library(&caller->session);
#endif
    store_free(caller->store);
    buf_free(&caller->out);
    buf_free(&caller->record);
}

#if PART >= 3
static inline void caller_keep_record(struct caller *caller,
                                      const struct call *call) {
    const char *wrong;
    size_t i;

    buf_consume(&caller->record, buf_len(&caller->record));
    if (!call->changed) return;
    for (i = 0; i < call->argc; i++) {
        if (i > 0) append_literal(&caller->record, " ");
        buf_append(&caller->record, call->argv[i].data, call->argv[i].len);
    }
    if (caller->replica == NULL) return;
    store_select(caller->replica, store_selected(caller->store));
    wrong = command_replay(caller->replica, call->argv, call->argc);
    check_that(wrong == NULL, "replaying \"%s\": %s",
               shown(buf_slice(&caller->record)), wrong);
}
#endif

/* Run one request: its reply, which must be exactly one, good until the next
 * call. What was in the buffer before must still be there. */
static inline struct slice caller_run(struct caller *caller,
                                      const struct slice *argv, size_t argc) {
    static const char before[] = "+before\r\n";
    size_t skip = sizeof before - 1;
    struct slice *copies = xcalloc(argc, sizeof *copies);
    struct call call = {.argv = copies,
                        .argc = argc,
                        .session = &caller->session,
                        .store = caller->store,
                        .out = &caller->out,
                        .out_max = SIZE_MAX,
                        .value_max = caller->value_max};
    struct slice reply;
    size_t i;

    buf_consume(&caller->out, buf_len(&caller->out));
    buf_append(&caller->out, before, skip);
    for (i = 0; i < argc; i++)
        copies[i] = exact_copy(argv[i]);
#if PART >= 3
    store_select(caller->store, caller->session.database);
    command_execute(&call);
    caller_keep_record(caller, &call);
#else
    command_execute(&call);
#endif
    for (i = 0; i < argc; i++)
        exact_free(copies[i]);
    free(copies);

    caller->changed = call.changed;
    reply = buf_slice(&caller->out);
    check_that(reply.len > skip && memcmp(reply.data, before, skip) == 0,
               "no reply to %s, or what was there before it is lost",
               shown(argv[0]));
    reply = (struct slice){reply.data + skip, reply.len - skip};
    check_that(reply_size(reply) == reply.len,
               "not exactly one reply to %s with %zu arguments: %s",
               shown(argv[0]), argc - 1, shown(reply));
    return reply;
}

/* The same for words with one blank between them; two blanks in a row: there
 * is an empty one. */
static inline struct slice caller_say(struct caller *caller,
                                      const char *words) {
    struct slice argv[32];
    size_t argc = 0;

    for (;; words++) {
        size_t len = strcspn(words, " ");

        argv[argc++] = (struct slice){words, len};
        words += len;
        if (*words == '\0') break;
    }
    return caller_run(caller, argv, argc);
}

#define assert_reply(caller, words, literal)                                   \
    assert_bytes(caller_say(caller, words), BYTES(literal))

/* What the last command has the log say; "" for nothing. */
#define assert_logged(caller, literal)                                         \
    assert_bytes(buf_slice(&(caller)->record), BYTES(literal))

/* ---- Sockets ---------------------------------------------------------- */

static inline void set_nonblocking(int fd) {
    ck_assert_int_ne(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), -1);
}

/* Two ends of a stream, both non-blocking. */
static inline void open_pair(int ends[2]) {
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    set_nonblocking(ends[0]);
    set_nonblocking(ends[1]);
}

/* The same over TCP; ends[1] is the one that was accepted. */
static inline void open_tcp_pair(int ends[2]) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(ends[0], (struct sockaddr *)&at, size), 0);
    ends[1] = accept(listener, NULL, NULL);
    ck_assert_int_ne(ends[1], -1);
    close(listener);
    set_nonblocking(ends[0]);
    set_nonblocking(ends[1]);
}

/* Whether one of 'events' (or trouble) comes within 'timeout_ms'. */
static inline bool wait_for(int fd, short events, int timeout_ms) {
    struct pollfd watched = {.fd = fd, .events = events};

    return poll(&watched, 1, timeout_ms) == 1;
}

/* A connected TCP socket, non-blocking. 'receive_buffer': how much the kernel
 * keeps for us until we read (SO_RCVBUF); 0: as much as it likes. */
static inline int connect_tcp(int port, int receive_buffer) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ne(fd, -1);
    if (receive_buffer > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                   sizeof receive_buffer);
    }
    check_that(connect(fd, (struct sockaddr *)&to, sizeof to) == 0,
               "cannot connect to port %d: %s", port, strerror(errno));
    set_nonblocking(fd);
    return fd;
}

/* Vanish: the peer gets a reset instead of an end. */
static inline void reset_connection(int fd) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static inline bool is_open(int fd) {
    return fcntl(fd, F_GETFD) != -1;
}

/* Of this process: to see that nothing was left open. */
static inline int count_descriptors(void) {
    int count = 0;
    int fd;

    for (fd = 0; fd < 2048; fd++)
        count += is_open(fd);
    return count;
}

#endif
