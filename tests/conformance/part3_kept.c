/* part3_kept.c -- whatever a command changed is there again after kill -9, in
 * every database, with its expiry; and what the log says can be read at any
 * later time. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every command that writes, in each way in which it does. */
static const char *const writes[] = {
    "SET plain v",
    "SET ex v EX 1000",
    "SET px v PX 1000000",
    "SET exat v EXAT 33177117420",
    "SET pxat v PXAT 33177117420123",
    "SET nx v NX",
    "SET nx w NX",
    "SET nx x XX GET",
    "SET keepttl v EX 1000",
    "SET keepttl w KEEPTTL",
    "SET gone v PXAT 1",
    "SETEX setex 1000 v",
    "PSETEX psetex 1000000 v",
    "SETNX setnx v",
    "SETNX setnx w",
    "SET getset v EX 1000",
    "GETSET getset w",
    "SET getdel v",
    "GETDEL getdel",
    "SET getex1 v",
    "GETEX getex1 EX 1000",
    "SET getex2 v EX 1000",
    "GETEX getex2 PERSIST",
    "SET getex3 v",
    "GETEX getex3 PXAT 33177117420123",
    "SET getex4 v",
    "GETEX getex4 PXAT 1",
    "SET getex5 v EX 1000",
    "GETEX getex5",
    "MSET mset1 1 mset2 2 mset1 3",
    "MSETNX msetnx1 1 msetnx2 2",
    "MSETNX msetnx1 9 msetnx3 9",
    "APPEND append ab",
    "APPEND append cd",
    "SETRANGE setrange 5 x",
    "SETRANGE setrange 1 y",
    "SETBIT setbit 77 1",
    "SETBIT setbit 3 1",
    "INCR incr",
    "INCR incr",
    "DECR decr",
    "INCRBY incrby 9223372036854775807",
    "DECRBY decrby 5",
    "INCRBYFLOAT float 0.1",
    "INCRBYFLOAT float 0.2",
    "SET incrttl 5 EX 1000",
    "INCR incrttl",
    "APPEND incrttl 0",
    "INCRBYFLOAT incrttl 0.5",
    "SET del v",
    "DEL del none",
    "SET unlink v",
    "UNLINK unlink none",
    "SET expire v",
    "EXPIRE expire 1000",
    "EXPIRE expire 2000 LT",
    "EXPIRE expire 3000 GT",
    "SET pexpire v",
    "PEXPIRE pexpire 1000000 NX",
    "SET expireat v",
    "EXPIREAT expireat 33177117420",
    "SET pexpireat v",
    "PEXPIREAT pexpireat 33177117420123",
    "SET past v",
    "EXPIRE past -1",
    "SET persist v EX 1000",
    "PERSIST persist",
    "SET rename1 v EX 1000",
    "RENAME rename1 rename2",
    "SET renamenx1 v",
    "RENAMENX renamenx1 renamenx2",
    "SET copy1 v EX 1000",
    "COPY copy1 copy2",
    "COPY plain copy2 REPLACE",
    "COPY copy1 copied DB 1",
    "SET move v EX 1000",
    "MOVE move 2",
    "SET '' empty",
    "SET \"\\x00\\r\\n\\xff\" \"\\xfe\\r\\n\\x00\"",
    "SELECT 3",
    "SET three v",
    "SET three2 v EX 1000",
    "MULTI",
    "SET multi 1",
    "INCR multi",
    "EXPIRE multi 1000",
    "SELECT 4",
    "SET multi four",
    "GET multi",
    "INCR three",
    "EXEC",
    "MULTI",
    "SET discarded v",
    "DISCARD",
    "SELECT 5",
    "SET flushed v",
    "FLUSHDB",
    "SELECT 0",
    "SET last v"};

static void add_request(struct bytes *b, const char *request) {
    bytes_addf(b, "%s\r\n", request);
}

static void run_all(struct client *c) {
    struct bytes b = {0};
    size_t count = sizeof writes / sizeof writes[0];

    for (size_t i = 0; i < count; i++)
        add_request(&b, writes[i]);
    send_bytes(c, &b);
    for (size_t i = 0; i < count; i++)
        CHECKED(client_skip_reply(c, NULL));
    bytes_free(&b);
}

struct key {
    char *name;
    size_t len;
};

static int compare_keys(const void *a, const void *b) {
    const struct key *x = a, *y = b;
    size_t len = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->name, y->name, len);

    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* A reply to "COMMAND key", in full. */
static void add_reply(struct bytes *b, struct client *c, const char *command,
                      const struct key *key) {
    struct bytes request = {0};
    struct token token;

    bytes_addf(&request, "*2\r\n");
    bytes_add_bulk(&request, command, strlen(command));
    bytes_add_bulk(&request, key->name, key->len);
    send_bytes(c, &request);
    CHECKED(client_token(c, &token));
    bytes_addf(b, "%c", token.type);
    bytes_add_bulk(b, token.text, token.len);
    bytes_free(&request);
}

/* All that is in one database, in the order of the keys. */
static void add_database(struct bytes *b, struct client *c, int number) {
    struct bytes select = {0};
    struct token token;
    struct key *keys;
    size_t count;

    bytes_addf(&select, "SELECT %d\r\nKEYS *\r\n", number);
    send_bytes(c, &select);
    bytes_free(&select);
    expect_reply(c, "+OK\r\n");
    CHECKED(client_token(c, &token));
    count = (size_t)token.number;
    keys = checked_alloc((count + 1) * sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        CHECKED(client_token(c, &token));
        keys[i] = (struct key){checked_alloc(token.len + 1), token.len};
        memcpy(keys[i].name, token.text, token.len);
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    bytes_addf(b, "database %d: %zu keys\n", number, count);
    for (size_t i = 0; i < count; i++) {
        bytes_add_bulk(b, keys[i].name, keys[i].len);
        add_reply(b, c, "GET", &keys[i]);
        add_reply(b, c, "PEXPIRETIME", &keys[i]);
        free(keys[i].name);
    }
    free(keys);
}

static struct bytes everything(void) {
    struct client *c = connected();
    struct bytes b = {0};

    for (int i = 0; i < 6; i++)
        add_database(&b, c, i);
    client_close(c);
    return b;
}

static void expect_same(const struct bytes *before, const struct bytes *after) {
    char was[ESCAPED_MAX], is[ESCAPED_MAX];
    size_t at = 0;

    while (at < before->len && at < after->len &&
           before->data[at] == after->data[at]) {
        at++;
    }
    if (at == before->len && at == after->len) return;
    at = at > 40 ? at - 40 : 0;
    escape(was, before->data + at, before->len - at);
    escape(is, after->data + at, after->len - at);
    ck_abort_msg("after kill -9 the data differ:\n    before  %s\n    after   "
                 "%s",
                 was, is);
}

START_TEST(every_change_is_there_after_kill_9) {
    struct bytes before, after;

    run_all(connected());
    before = everything();
    ck_assert_msg(before.len > 1000, "the commands left %zu bytes", before.len);
    for (int i = 0; i < 2; i++) {
        restart_server(SIGKILL);
        after = everything();
        expect_same(&before, &after);
        bytes_free(&after);
    }
    bytes_free(&before);
}
END_TEST

/* ---- The log of Redis-Lite --------------------------------------------- */

static const char *log_path(void) {
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/appendonly.aof", server_dir());
    return path;
}

static struct bytes read_log(void) {
    FILE *f = fopen(log_path(), "rb");
    struct bytes b = {0};
    char chunk[4096];
    size_t n;

    ck_assert_msg(f != NULL, "%s is not there", log_path());
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        bytes_add(&b, chunk, n);
    (void)fclose(f);
    return b;
}

static bool log_has(const struct bytes *log, const char *word) {
    char record[64];
    int len = snprintf(record, sizeof record, "\r\n$%zu\r\n%s\r\n",
                       strlen(word), word);

    return memmem(log->data, log->len, record, (size_t)len) != NULL;
}

/* "In 10 seconds" means something else each time the log is read. */
START_TEST(no_time_in_the_log_is_relative) {
    static const char *const relative[] = {
        "EXPIRE", "PEXPIRE", "SETEX",   "PSETEX", "GETEX", "EX",
        "PX",     "1000",    "1000000", "2000",   "3000"};
    struct bytes log;

    run_all(connected());
    log = read_log();
    for (size_t i = 0; i < sizeof relative / sizeof relative[0]; i++) {
        ck_assert_msg(!log_has(&log, relative[i]), "the log says %s",
                      relative[i]);
    }
    ck_assert(log_has(&log, "33177117420123"));
    bytes_free(&log);
}
END_TEST

/* What did not change anything is not logged. */
START_TEST(only_what_changed_something_is_logged) {
    static const char *const nothing[] = {"DEL none",
                                          "UNLINK none",
                                          "EXPIRE none 10",
                                          "PERSIST k",
                                          "SETNX k w",
                                          "SET k w NX",
                                          "SET none w XX",
                                          "MSETNX k 1 none 2",
                                          "GETDEL none",
                                          "GETEX k",
                                          "GETEX k PERSIST",
                                          "GETEX none EX 10",
                                          "RENAMENX k k",
                                          "COPY none k",
                                          "COPY k l",
                                          "MOVE none 1",
                                          "SETRANGE k 5 ''",
                                          "EXPIRE k 10 XX",
                                          "INCR k",
                                          "SETRANGE k -1 x",
                                          "FLUSHDB NOSUCH",
                                          "GET k",
                                          "TOUCH k",
                                          "SELECT 5",
                                          "SELECT 0",
                                          "MULTI",
                                          "EXEC",
                                          "MULTI",
                                          "GET k",
                                          "DEL none",
                                          "EXEC",
                                          "PING"};
    struct client *c = connected();
    struct bytes before, after;

    expect(c, "SET k v\r\nSET l v\r\n", "+OK\r\n+OK\r\n");
    before = read_log();
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        struct bytes request = {0};
        add_request(&request, nothing[i]);
        send_bytes(c, &request);
        CHECKED(client_skip_reply(c, NULL));
        after = read_log();
        ck_assert_msg(after.len == before.len, "%s was logged", nothing[i]);
        bytes_free(&after);
        bytes_free(&request);
    }
    bytes_free(&before);
}
END_TEST

/* Cut off anywhere within it, a transaction has not been. */
START_TEST(a_transaction_cut_off_was_not) {
    struct client *c = connected();
    struct bytes before, after;
    const char *const replies = "+OK\r\n+QUEUED\r\n+QUEUED\r\n";

    expect(c, "SET a before\r\n", "+OK\r\n");
    before = read_log();
    send_text(c, "MULTI\r\nSET a after\r\nSET b after\r\n");
    CHECKED(client_expect(c, replies, strlen(replies)));
    expect(c, "EXEC\r\n", "*2\r\n+OK\r\n+OK\r\n");
    after = read_log();
    for (int i = 1; i < 8; i++) {
        size_t len = after.len - (after.len - before.len) * (size_t)i / 8;
        FILE *f;
        CHECKED(server_stop(SIGKILL, NULL));
        client_close_all();
        f = fopen(log_path(), "wb");
        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite(after.data, 1, len, f), len);
        ck_assert_int_eq(fclose(f), 0);
        start_server("", "");
        command(connected(), "*2\r\n$6\r\nbefore\r\n$-1\r\n", "MGET", "a", "b");
    }
    bytes_free(&before);
    bytes_free(&after);
}
END_TEST

Suite *part3_kept_suite(void) {
    Suite *s = suite_create("part 3: kept");

    add_test(s, every_change_is_there_after_kill_9, 3, EXTRA);
    add_test(s, no_time_in_the_log_is_relative, 3, EXTRA | OURS);
    add_test(s, only_what_changed_something_is_logged, 3, EXTRA | OURS);
    add_test(s, a_transaction_cut_off_was_not, 3, EXTRA | OURS);
    return s;
}
