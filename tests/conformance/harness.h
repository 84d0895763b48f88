/* harness.h -- what the tests are written in: a server of their own, and
 * clients that speak raw bytes to it.
 *
 * Failures   Functions that can fail return NULL if all went well, else the
 *            text of what went wrong. The macros in lower case turn such a text
 *            into a failure of the test, at the line where the macro stands.
 * Ownership  Clients, the server and its directory belong to the harness: it
 *            closes, stops and removes them after the test, also if the test
 *            fails, crashes or is interrupted.
 * Units      Lengths are bytes. Times are seconds, unless the name says ms. */
#ifndef CONFORMANCE_HARNESS_H
#define CONFORMANCE_HARNESS_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define REPLY_SECONDS 2  /* every wait for a reply ends after so long */
#define BULK_SECONDS  30 /* the same where megabytes travel */
#define START_SECONDS 10 /* for a server to accept its first connection */

#define KIB 1024
#define MIB (1024 * 1024)

/* ---- The command line (main.c) ---------------------------------------- */

struct settings {
    int part;            /* run the suites of parts 1..part */
    const char *command; /* the server, with {port} and {dir} */
    const char *only;    /* run tests whose name contains this; or NULL */
    unsigned long seed;  /* of the random pipelines */
    bool exact;          /* compare the text of errors too */
    bool ours;           /* run what Redis-Lite alone promises */
    bool core;           /* leave out what the series does not ask for */
    bool list;           /* name the tests, run none */
};

const struct settings *settings(void);

enum {
    OURS = 1,      /* promised by Redis-Lite alone: runs with --ours */
    BARE = 2,      /* the test starts its server itself */
    ONLY_HERE = 4, /* not true any more in the parts that follow */
    EXTRA = 8,     /* beyond what the series asks for: not with --core */
};

/* Put a test into 's'. It runs for 'part' and those that follow. */
void add_test(Suite *s, const TTest *test, int part, unsigned flags);

Suite *part1_suite(void);
Suite *part2_suite(void);
Suite *part3_suite(void);
Suite *part3_strings_suite(void);
Suite *part3_keys_suite(void);
Suite *part3_expiry_suite(void);
Suite *part3_connection_suite(void);
Suite *part3_transactions_suite(void);
Suite *part3_server_suite(void);
Suite *part3_kept_suite(void);
Suite *museum_suite(void);
void museum_list_elsewhere(void);

/* ---- The server (server.c) --------------------------------------------- */

/* Fixtures. A test that is not BARE finds its server running. */
void fixture_open(void);       /* the directory, and who cleans it up */
void fixture_open_start(void); /* the same and the server */
void fixture_close(void);

/* The directory that {dir} stands for. */
const char *server_dir(void);

/* Start the server. 'before' is shell text in front of the command ("ulimit -n
 * 32;"), 'after' more arguments behind it; both may be "". May be called again
 * after server_stop(): the directory stays what it was. */
const char *server_start(const char *before, const char *after);

/* Send 'signal' to the server and everything it started, and wait for its end.
 * '*status' (if not NULL) is as of waitpid(2). */
const char *server_stop(int signal, int *status);

/* The same with SIGTERM, after which the status has to be 0. */
const char *server_stop_cleanly(void);

/* Wait until the server, asked to in some other way, has ended. */
const char *server_wait(int *status);

/* Run one more server in the same directory that is expected to end by itself
 * within START_SECONDS. Its output is what server_output() gives then. */
const char *server_run_to_end(int *status);

pid_t server_pid(void);
int server_port(void);

/* The last 'lines' lines that the server printed, in a static buffer. */
const char *server_output(int lines);

/* If the server has ended by itself: a text with its status and its last
 * output, in a static buffer. If it runs, or was never started: NULL. */
const char *server_epitaph(void);

/* Processor time and memory (virtual, bytes) that it has used so far; 0 where
 * there is no /proc to tell. */
double server_cpu_seconds(void);
double server_memory(void);

/* ---- Clients (client.c) ------------------------------------------------ */

struct client;

const char *client_open(struct client **c);
void client_close(struct client *c);
void client_reset(struct client *c); /* close with RST: vanish */
void client_close_all(void);

/* No more requests will follow; replies can still be read. */
void client_half_close(struct client *c);

/* From now on this client waits so long for a reply. */
void client_patience(struct client *c, double seconds);

/* Something to say in failures, such as where a stream was split. */
void client_note(struct client *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Send everything, receiving meanwhile, so that a server which stops reading
 * until its replies are taken does not lock up. Not a failure if the server
 * closes meanwhile: what is expected next will tell. */
const char *client_send(struct client *c, const void *data, size_t len);

/* Send without receiving, until all is sent or nothing could be for 'ms'
 * milliseconds. Returns how much was sent. */
size_t client_push(struct client *c, const void *data, size_t len, int ms);

/* Wait for exactly these replies. Errors are compared by their first word
 * alone ("-ERR"), unless --exact was given. */
const char *client_expect(struct client *c, const void *reply, size_t len);

/* Wait for the end of the connection, with nothing before it. */
const char *client_expect_end(struct client *c);

/* Wait for an error that begins so ("ERR"), whatever else it says. */
const char *client_expect_error(struct client *c, const char *beginning);

/* Make sure that no byte is on its way that was not asked for. */
const char *client_expect_nothing(struct client *c);

/* A piece of a reply: a line, or a bulk string with its bytes. */
struct token {
    char type;        /* '+' '-' ':' '$' '*' '%' '_' ... */
    long long number; /* what ':' says; the count or length of the others */
    const char *text; /* of a line or bulk, until the next call; or NULL */
    size_t len;
};

const char *client_token(struct client *c, struct token *token);
const char *client_skip_reply(struct client *c, char *type);

/* Is anything there to read, or the end, within 'ms' milliseconds? */
bool client_readable(struct client *c, int ms);

/* Send a PING and see whether '+PONG' comes within 'ms' milliseconds. */
bool client_ping(struct client *c, int ms);

/* ---- Tests that are tables (rows.c) ------------------------------------ */

/* A request as one types it: quotes hold blanks and "\xff"; with '@' before
 * it, a second client sends it. The reply in bytes, but for the CR before each
 * LF and the last CR LF, and in the one notation from which the other follows:
 * "$-1" and "*-1" are "_" in RESP3, "%2" is "*4" in RESP2. "?" is any reply but
 * an error, ":98..100" an integer from 98 to 100. */
struct row {
    const char *request, *reply;
};

#define ROW(request, reply)                                                    \
    { request, reply }

#define OK             "+OK"
#define QUEUED         "+QUEUED"
#define NIL            "$-1"
#define NIL_ARRAY      "*-1"
#define SYNTAX         "-ERR syntax error"
#define NO_INTEGER     "-ERR value is not an integer or out of range"
#define NO_FLOAT       "-ERR value is not a valid float"
#define BEYOND         "-ERR increment or decrement would overflow"
#define NO_KEY         "-ERR no such key"
#define ARITY(name)    "-ERR wrong number of arguments for '" name "' command"
#define BAD_TIME(name) "-ERR invalid expire time in '" name "' command"

/* Go through the table in RESP2, and again in RESP3, from no keys each time. */
const char *check_table(const struct row *rows, size_t count);

#define check_rows(rows)                                                       \
    CHECKED(check_table(rows, sizeof(rows) / sizeof((rows)[0])))

/* ---- Bytes, time (util.c) ---------------------------------------------- */

struct bytes {
    char *data;
    size_t len, cap;
};

void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_addf(struct bytes *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void bytes_add_bulk(struct bytes *b, const void *data, size_t len);
void bytes_add_request(struct bytes *b, const char *const *words); /* to NULL */
void bytes_add_random(struct bytes *b, size_t len, uint64_t seed);
void bytes_free(struct bytes *b);

void *checked_alloc(size_t size); /* never NULL */
double now(void);
void pause_ms(long ms);
uint32_t random_next(uint64_t *state);

/* Write the first SHOWN of these bytes in C's notation into 'out'. */
#define SHOWN       200
#define ESCAPED_MAX (4 * SHOWN + 6)
void escape(char *out, const void *data, size_t len);

/* ---- The words of the tests -------------------------------------------- */

#define CHECKED(call)                                                          \
    do {                                                                       \
        const char *why_ = (call);                                             \
        if (why_ != NULL) ck_abort_msg("%s", why_);                            \
    } while (0)

#define start_server(before, after) CHECKED(server_start(before, after))
#define restart_server(signal)                                                 \
    do {                                                                       \
        CHECKED(server_stop(signal, NULL));                                    \
        CHECKED(server_start("", ""));                                         \
    } while (0)

/* In these, the bytes are string literals: they may hold any byte. */
#define send_text(c, text) CHECKED(client_send(c, text, sizeof(text) - 1))
#define expect_reply(c, reply)                                                 \
    CHECKED(client_expect(c, reply, sizeof(reply) - 1))
#define expect(c, request, reply)                                              \
    do {                                                                       \
        struct client *const to_ = (c);                                        \
        send_text(to_, request);                                               \
        expect_reply(to_, reply);                                              \
    } while (0)
/* A client of its own, that reply, and then the server closes. */
#define expect_then_end(request, reply)                                        \
    do {                                                                       \
        struct client *c_ = connected();                                       \
        expect(c_, request, reply);                                            \
        expect_end(c_);                                                        \
        client_close(c_);                                                      \
    } while (0)

#define expect_any_error(c) CHECKED(client_expect_error(c, "ERR"))
#define expect_end(c)       CHECKED(client_expect_end(c))
#define expect_nothing(c)   CHECKED(client_expect_nothing(c))

/* The same for a struct bytes. */
#define send_bytes(c, b)   CHECKED(client_send(c, (b)->data, (b)->len))
#define expect_bytes(c, b) CHECKED(client_expect(c, (b)->data, (b)->len))

/* A request made of these words, sent as an array of bulk strings. */
#define command(c, reply, ...)                                                 \
    do {                                                                       \
        const char *const words_[] = {__VA_ARGS__, NULL};                      \
        CHECKED(command_exchange(c, reply, sizeof(reply) - 1, words_));        \
    } while (0)

const char *command_exchange(struct client *c, const char *reply, size_t len,
                             const char *const *words);

/* A new client; if there is no connection the test fails. */
struct client *connected(void);

/* Send 'stream' in two writes, once for each place to cut it, each time by a
 * client of its own; and in writes of one byte each. */
const char *every_split(const char *stream, size_t len, const char *replies,
                        size_t replies_len);
const char *byte_by_byte(const char *stream, size_t len, const char *replies,
                         size_t replies_len);

#endif
