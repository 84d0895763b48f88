/* museum.c -- the bug museum: faults that servers like this one have had, each
 * with the bytes that trigger it. The first rooms (B1 to B31) show those of
 * the series' Go server, the last (C1 to C11) what C adds to them.
 *
 * Not in this suite, for it would have to make a disk fail or to look inside:
 *   B16  a full disk: half a record stays, later ones follow it   tests/unit
 *   B22  a slow fsync stalls every command                        tests/unit
 *   B9   a reader that can not read what its writer wrote: here only the
 *        bytes; that it holds for every value                     tests/unit
 *   B31  state in globals: two servers in one process             tests/unit
 *   C11  a table shared by threads without a lock; a thread that is never
 *        joined; memory that is never freed                       tests/unit */
#include "harness.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PING  "*1\r\n$4\r\nPING\r\n"
#define ERROR "-ERR Protocol error: "

static const char *const elsewhere[] = {
    "B16 a full disk                     tests/unit",
    "B22 a slow fsync stalls everything  tests/unit",
    "B9  write and read back any value   tests/unit",
    "B31 two servers in one process      tests/unit",
    "C11 threads, leaks                  tests/unit",
};

void museum_list_elsewhere(void) {
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        printf("  elsewhere  museum_%s\n", elsewhere[i]);
    }
}

/* Whatever one client did, the next one is served. */
#define expect_alive() expect(connected(), "PING\r\n", "+PONG\r\n")

/* ---- One read is not one command --------------------------------------- */

START_TEST(museum_B1_two_commands_in_one_write) {
    struct client *c = connected();

    expect(c, PING PING, "+PONG\r\n+PONG\r\n");
    expect_nothing(c);
}
END_TEST

START_TEST(museum_B2_one_command_in_two_writes) {
    struct client *c = connected();

    send_text(c, "*1\r\n$4\r\nPI");
    pause_ms(50);
    expect(c, "NG\r\n", "+PONG\r\n");
    expect_nothing(c);
}
END_TEST

START_TEST(museum_B3_an_argument_longer_than_a_read) {
    struct client *c = connected();
    struct bytes request = {0}, bulk = {0};
    char value[2000];

    memset(value, 'v', sizeof value);
    bytes_add_bulk(&bulk, value, sizeof value);
    bytes_addf(&request, "*2\r\n$4\r\nECHO\r\n");
    bytes_add(&request, bulk.data, bulk.len);
    send_bytes(c, &request);
    expect_bytes(c, &bulk);
    expect_nothing(c);
    bytes_free(&request);
    bytes_free(&bulk);
}
END_TEST

/* 'header' announces a bulk of 2000 bytes. Its byte 1024, counted from the
 * start of the stream, begins 'attack'. */
static void add_disguised(struct bytes *b, const char *header,
                          const char *attack) {
    size_t end;

    bytes_addf(b, "%s$2000\r\n", header);
    end = b->len + 2000;
    while (b->len < 1024)
        bytes_add(b, "x", 1);
    bytes_addf(b, "%s", attack);
    while (b->len < end)
        bytes_add(b, "y", 1);
    bytes_addf(b, "\r\n");
}

START_TEST(museum_B4_data_is_never_a_command) {
    static const char header[] = "*2\r\n$4\r\nECHO\r\n";
    struct client *c = connected();
    struct bytes b = {0};

    add_disguised(&b, header, "*1\r\n$4\r\nQUIT\r\n");
    send_bytes(c, &b);
    CHECKED(client_expect(c, b.data + sizeof header - 1,
                          b.len - (sizeof header - 1)));
    expect_nothing(c);
    bytes_free(&b);
}
END_TEST

START_TEST(museum_B4_a_value_deletes_no_key) {
    struct client *c = connected();
    struct bytes b = {0};

    command(c, "+OK\r\n", "SET", "victim", "alive");
    add_disguised(&b, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n",
                  "*2\r\n$3\r\nDEL\r\n$6\r\nvictim\r\n");
    send_bytes(c, &b);
    expect_reply(c, "+OK\r\n");
    command(c, "$5\r\nalive\r\n", "GET", "victim");
    expect_nothing(c);
    bytes_free(&b);
}
END_TEST

/* ---- Numbers that a stranger chose ------------------------------------- */

START_TEST(museum_B5_a_negative_length) {
    expect_then_end("*1\r\n$-2\r\n", ERROR "invalid bulk length\r\n");
    expect_alive();
}
END_TEST

START_TEST(museum_B5b_a_length_that_wraps_when_added_to) {
    expect_then_end("*1\r\n$9223372036854775807\r\n",
                    ERROR "invalid bulk length\r\n");
    expect_then_end("*1\r\n$9223372036854775800\r\n",
                    ERROR "invalid bulk length\r\n");
    expect_alive();
}
END_TEST

/* Redis takes any count below 1 for an empty request. Others may take one for
 * an error; nobody may end of it. */
START_TEST(museum_B6_a_negative_count) {
    struct client *c = connected();

    send_text(c, "*-2\r\n");
    if (settings()->exact) expect(c, PING, "+PONG\r\n");
    expect_alive();
}
END_TEST

START_TEST(museum_B6_a_count_beyond_all_memory) {
    double before = server_memory();
    struct client *c;

    expect_then_end("*9999999999999\r\n", ERROR "invalid multibulk length\r\n");
    /* Some say no at once, some wait for the first argument. */
    c = connected();
    send_text(c, "*1000000000\r\n");
    (void)client_readable(c, 20);
    expect_alive();
    ck_assert_msg(server_memory() - before < 1024.0 * MIB,
                  "the server asked for %.0f MiB because a client said "
                  "*1000000000",
                  (server_memory() - before) / MIB);
}
END_TEST

/* ---- Frames ------------------------------------------------------------ */

START_TEST(museum_B7_a_line_without_its_end_is_incomplete) {
    struct client *c = connected();

    send_text(c, "*2\r\n$4\r\nPING\r\n+hello");
    (void)client_readable(c, 20);
    send_text(c, "\r\n");
    CHECKED(client_expect_error(c, "ERR Protocol error"));
    expect_end(c);
}
END_TEST

START_TEST(museum_B8_what_follows_a_bulk_is_cr_lf) {
    struct client *c = connected();

    send_text(c, "*1\r\n$4\r\nPINGxx");
    CHECKED(client_expect_error(c, "ERR Protocol error"));
    expect_end(c);
}
END_TEST

START_TEST(museum_B9_a_null_is_no_argument) {
    expect_then_end("*2\r\n_\r\n$4\r\nPING\r\n",
                    ERROR "expected '$', got '_'\r\n");
}
END_TEST

START_TEST(museum_B13_an_integer_is_no_key) {
    expect_then_end("*3\r\n$3\r\nSET\r\n:5\r\n$1\r\nv\r\n",
                    ERROR "expected '$', got ':'\r\n");
    expect(connected(), "GET \"\"\r\nDBSIZE\r\n", "$-1\r\n:0\r\n");
}
END_TEST

START_TEST(museum_B14_an_error_is_no_value) {
    expect_then_end("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n-oops\r\n",
                    ERROR "expected '$', got '-'\r\n");
    expect(connected(), "GET k\r\nDBSIZE\r\n", "$-1\r\n:0\r\n");
}
END_TEST

START_TEST(museum_B26_after_a_bad_frame_nothing_is_read) {
    expect_then_end("*1\r\n$x\r\n" PING PING, ERROR "invalid bulk length\r\n");
}
END_TEST

START_TEST(museum_B27_empty_lines_get_no_reply) {
    struct client *c = connected();

    send_text(c, "\r\n");
    expect_nothing(c);
    expect(c, "PING\r\n", "+PONG\r\n");
}
END_TEST

START_TEST(museum_B27_empty_arrays_get_no_reply) {
    struct client *c = connected();

    send_text(c, "*0\r\n\r\n*0\r\n");
    expect_nothing(c);
    expect(c, "PING\r\n", "+PONG\r\n");
}
END_TEST

START_TEST(museum_B28_ping_takes_one_argument) {
    expect(connected(), "PING a b\r\n",
           "-ERR wrong number of arguments for 'ping' command\r\n");
}
END_TEST

START_TEST(museum_B30_arrays_in_arrays) {
    struct client *c = connected();
    struct bytes b = {0};

    for (int i = 0; i < 2000; i++)
        bytes_addf(&b, "*1\r\n");
    send_bytes(c, &b);
    expect_reply(c, ERROR "expected '$', got '*'\r\n");
    expect_end(c);
    expect_alive();
    bytes_free(&b);
}
END_TEST

/* ---- Keys and values --------------------------------------------------- */

START_TEST(museum_B11_a_missing_key_is_the_null_of_resp2) {
    expect(connected(), "*2\r\n$3\r\nGET\r\n$1\r\nx\r\n", "$-1\r\n");
}
END_TEST

START_TEST(museum_B12_keys_are_not_trimmed) {
    struct client *c = connected();

    command(c, "+OK\r\n", "SET", "a ", "1");
    command(c, "$-1\r\n", "GET", "a");
    command(c, ":0\r\n", "DEL", "a");
    command(c, "$1\r\n1\r\n", "GET", "a ");
}
END_TEST

/* ---- Ends of clients and servers --------------------------------------- */

START_TEST(museum_B23_sigterm_is_a_clean_stop) {
    struct client *c = connected();
    struct bytes requests = {0}, replies = {0};

    for (int i = 0; i < 1000; i++) {
        bytes_addf(&requests, "SET key:%d %d\r\n", i, i);
        bytes_addf(&replies, "+OK\r\n");
    }
    send_bytes(c, &requests);
    expect_bytes(c, &replies);
    CHECKED(server_stop_cleanly());
    start_server("", "");
    command(connected(), ":1000\r\n", "DBSIZE");
    bytes_free(&requests);
    bytes_free(&replies);
}
END_TEST

#define FILES "64"
#define CROWD 100

static void expect_no_work_done(double seconds) {
    double before = server_cpu_seconds(), used;

    pause_ms((long)(seconds * 1000));
    used = server_cpu_seconds() - before;
    ck_assert_msg(used < 0.2 * seconds,
                  "the server used %.2f s of processor time in %g s without "
                  "anything to do; likely: a call fails and is repeated at "
                  "once",
                  used, seconds);
}

/* Connect until one is served: the server may still have to notice that others
 * left. */
static void expect_service_again(void) {
    double deadline = now() + 3 * REPLY_SECONDS;

    while (now() < deadline) {
        struct client *c = connected();
        bool served = client_ping(c, 500);
        client_close(c);
        if (served) return;
        pause_ms(5);
    }
    ck_abort_msg("all clients have left, and no new one is served");
}

/* A hundred clients for a process that may have 64 files open. It serves those
 * it could accept, and turns the rest away or waits in peace. */
START_TEST(museum_B24_running_out_of_descriptors) {
    struct client *c[CROWD];
    bool served[CROWD];
    int total = 0;

    start_server("ulimit -n " FILES ";", "");
    for (int i = 0; i < CROWD; i++)
        c[i] = connected();
    /* Those who wait in the kernel's queue stand behind those accepted. */
    for (int i = 0; i < CROWD; i++) {
        served[i] = client_ping(c[i], i == 0 || served[i - 1] ? 300 : 5);
        total += served[i];
    }
    ck_assert_msg(total >= 5, "only %d of %d clients are served", total, CROWD);
    expect_no_work_done(1);
    for (int i = 0; i < CROWD; i++) {
        if (served[i]) expect(c[i], "PING\r\n", "+PONG\r\n");
    }
    client_close_all();
    expect_service_again();
}
END_TEST

START_TEST(museum_B25_a_reset_ends_the_connection_and_nothing_else) {
    for (int i = 0; i < 20; i++) {
        struct client *c = connected();
        expect(c, "PING\r\n", "+PONG\r\n");
        send_text(c, "PIN");
        client_reset(c);
    }
    expect_no_work_done(0.5);
    expect_alive();
}
END_TEST

/* Lines of "ECHO abaa...", 'total' bytes or a little more. */
static void add_echoes(struct bytes *lines, struct bytes *answers,
                       size_t total) {
    static char word[4000];

    memset(word, 'a', sizeof word);
    while (lines->len < total) {
        /* Each a little different, so that a lost one is noticed. */
        word[lines->len / 4000 % sizeof word] ^= 1;
        bytes_addf(lines, "ECHO ");
        bytes_add(lines, word, sizeof word);
        bytes_addf(lines, "\r\n");
        bytes_add_bulk(answers, word, sizeof word);
    }
}

/* Up to 32 MiB, or until nothing more goes out: what the server does about it
 * (stop reading, or close the connection) is its own affair. */
START_TEST(museum_B29_a_client_that_never_reads) {
    struct client *deaf = connected(), *other = connected();
    struct bytes mib = {0}, answers = {0};
    size_t sent = 0, n;

    add_echoes(&mib, &answers, MIB);
    do {
        n = client_push(deaf, mib.data, mib.len, 200);
        sent += n;
        client_note(other, "another client sent %zu bytes and reads none",
                    sent);
        expect(other, "PING\r\n", "+PONG\r\n");
    } while (n == mib.len && sent < 32 * MIB);
    expect_alive();
    bytes_free(&mib);
    bytes_free(&answers);
}
END_TEST

START_TEST(museum_B31_the_log_names_the_real_port) {
    char port[16];

    (void)snprintf(port, sizeof port, "%d", server_port());
    expect_alive(); /* so it has said what it says at its start */
    ck_assert_msg(strstr(server_output(50), port) != NULL,
                  "the server listens on port %s, and its output does not say "
                  "so:\n%s",
                  port, server_output(5));
}
END_TEST

/* ---- The log ----------------------------------------------------------- */

START_TEST(museum_B10_a_poison_pill) {
    struct client *c = connected();

    command(c, "+OK\r\n", "SET", "before", "1");
    expect_then_end("*3\r\n$3\r\nSET\r\n$-1\r\n$1\r\nv\r\n",
                    ERROR "invalid bulk length\r\n");
    command(c, "+OK\r\n", "SET", "after", "1");
    restart_server(SIGKILL);
    expect(connected(), "DBSIZE\r\nEXISTS before after\r\n", ":2\r\n:2\r\n");
}
END_TEST

/* Both send at once, many times. Whoever wrote last, the log has to agree. */
START_TEST(museum_B17_log_and_memory_have_one_order) {
    struct client *a = connected(), *b = connected();
    struct bytes from_a = {0}, from_b = {0}, replies = {0};
    struct token t;
    char last[32];

    for (int i = 0; i < 1000; i++) {
        bytes_addf(&from_a, "SET k a%d\r\n", i);
        bytes_addf(&from_b, "SET k b%d\r\n", i);
        bytes_addf(&replies, "+OK\r\n");
    }
    for (size_t at = 0; at < from_a.len; at += 1000) {
        size_t n = from_a.len - at < 1000 ? from_a.len - at : 1000;
        CHECKED(client_send(a, from_a.data + at, n));
        CHECKED(client_send(b, from_b.data + at, n));
    }
    expect_bytes(a, &replies);
    expect_bytes(b, &replies);
    send_text(a, "GET k\r\n");
    CHECKED(client_token(a, &t));
    (void)snprintf(last, sizeof last, "%.*s", (int)t.len, t.text);

    restart_server(SIGKILL);
    a = connected();
    send_text(a, "GET k\r\n");
    CHECKED(client_token(a, &t));
    ck_assert_msg(t.len == strlen(last) && memcmp(t.text, last, t.len) == 0,
                  "k was %s, and is %.*s after a restart", last, (int)t.len,
                  t.text);
    bytes_free(&from_a);
    bytes_free(&from_b);
    bytes_free(&replies);
}
END_TEST

static const char *log_path(void) {
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/appendonly.aof", server_dir());
    return path;
}

static long log_size(void) {
    struct stat st;

    return stat(log_path(), &st) == -1 ? -1 : (long)st.st_size;
}

#define write_log(text) write_log_bytes(text, sizeof(text) - 1)

static void write_log_bytes(const char *text, size_t len) {
    FILE *f = fopen(log_path(), "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
}

/* 27 bytes */
#define SET_A_1 "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
#define TORN    "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$5\r\nhel"

START_TEST(museum_B15_only_changes_are_logged) {
    struct client *c = connected();
    long before;

    command(c, "+OK\r\n", "SET", "k", "v");
    before = log_size();
    ck_assert_msg(before > 0, "{dir}/appendonly.aof is not there, or empty");
    for (int i = 0; i < 100; i++) {
        command(c, "$1\r\nv\r\n", "GET", "k");
        command(c, "+PONG\r\n", "PING");
        command(c, ":1\r\n", "EXISTS", "k");
        command(c, ":0\r\n", "DEL", "never-was");
        command(c, "-ERR wrong number of arguments for 'set' command\r\n",
                "SET", "onlykey");
        expect(c, "NOSUCH\r\n",
               "-ERR unknown command 'NOSUCH', with args beginning with: \r\n");
    }
    ck_assert_msg(log_size() == before,
                  "commands that changed nothing made the log grow from %ld to "
                  "%ld bytes",
                  before, log_size());
    command(c, "+OK\r\n", "SET", "k", "w");
    ck_assert_msg(log_size() > before, "a SET was answered and is not logged");
}
END_TEST

/* What was cut off is not thrown away: FILE.cut-OFFSET. */
static void expect_cut_file(const char *bytes, size_t len) {
    char path[160], got[256];
    size_t n;
    FILE *f;

    (void)snprintf(path, sizeof path, "%s.cut-27", log_path());
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "the torn record should be kept in %s", path);
    n = fread(got, 1, sizeof got, f);
    (void)fclose(f);
    ck_assert_msg(n == len && memcmp(got, bytes, len) == 0,
                  "%s should hold the %zu bytes of the torn record", path, len);
}

START_TEST(museum_B18_a_torn_last_record_is_cut_off) {
    struct client *c;

    write_log(SET_A_1 TORN);
    start_server("", "");
    c = connected();
    expect(c, "GET a\r\nEXISTS b\r\n", "$1\r\n1\r\n:0\r\n");
    expect_cut_file(TORN, sizeof TORN - 1);
    command(c, "+OK\r\n", "SET", "c", "3");
    restart_server(SIGKILL);
    expect(connected(), "GET a\r\nGET c\r\nDBSIZE\r\n",
           "$1\r\n1\r\n$1\r\n3\r\n:2\r\n");
}
END_TEST

START_TEST(museum_B19_what_follows_a_torn_record_is_kept) {
    write_log("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1");
    start_server("", "");
    command(connected(), "+OK\r\n", "SET", "b", "2");
    restart_server(SIGKILL);
    expect(connected(), "GET b\r\n", "$1\r\n2\r\n");
}
END_TEST

/* It refuses, says so by its exit status, and leaves the file as it is. */
static const char *refusal(void) {
    long size = log_size();
    int status;

    CHECKED(server_run_to_end(&status));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1,
                  "it should refuse this file with exit status 1:\n%s",
                  server_output(5));
    ck_assert_msg(log_size() == size, "the file it refused is changed");
    return server_output(5);
}

static bool mentions(const char *text, const char *word) {
    size_t len = strlen(word);

    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < len && tolower((unsigned char)text[i]) == word[i])
            i++;
        if (i == len) return true;
    }
    return false;
}

START_TEST(museum_B20_a_refusal_names_command_and_offset) {
    const char *output;

    write_log(SET_A_1 "*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n" SET_A_1);
    output = refusal();
    ck_assert_msg(mentions(output, "echo") && mentions(output, "27"),
                  "the refusal should name the command (ECHO) and where it "
                  "stands (27):\n%s",
                  output);
}
END_TEST

START_TEST(museum_B18_damage_in_the_middle_is_refused) {
    const char *output;

    write_log(SET_A_1 "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$4\r\nhel\r\n" SET_A_1);
    output = refusal();
    ck_assert_msg(mentions(output, "byte"),
                  "the refusal should name the byte where the damage is:\n%s",
                  output);
}
END_TEST

START_TEST(museum_B21_a_file_is_locked_and_private) {
    struct client *c = connected();
    struct stat st;
    int status;

    command(c, "+OK\r\n", "SET", "k", "v");
    CHECKED(server_run_to_end(&status));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1,
                  "a second server on the same file should exit with 1");
    ck_assert_int_eq(stat(log_path(), &st), 0);
    ck_assert_msg((st.st_mode & 077) == 0, "the mode of the file is %03o",
                  (unsigned)st.st_mode & 0777);
}
END_TEST

START_TEST(museum_B21_a_file_emptied_under_the_server_gets_no_hole) {
    struct client *c = connected();
    FILE *f;
    int first;

    command(c, "+OK\r\n", "SET", "k", "v");
    ck_assert_int_eq(truncate(log_path(), 0), 0);
    command(c, "+OK\r\n", "SET", "k", "w");
    f = fopen(log_path(), "r");
    ck_assert_ptr_nonnull(f);
    first = fgetc(f);
    (void)fclose(f);
    ck_assert_msg(first == '*' || first == '#',
                  "the file begins with byte %d, not with a record", first);
}
END_TEST

START_TEST(museum_B30_arrays_in_arrays_in_the_log) {
    struct bytes b = {0};

    for (int i = 0; i < 100000; i++)
        bytes_addf(&b, "*1\r\n");
    write_log_bytes(b.data, b.len);
    (void)refusal();
    bytes_free(&b);
}
END_TEST

/* ---- What C adds ------------------------------------------------------- */

/* The kernel takes a part of a large reply: the rest has to follow. */
START_TEST(museum_C1_a_short_write) {
    struct client *c = connected();
    struct bytes requests = {0}, answers = {0};
    size_t sent;

    client_patience(c, BULK_SECONDS);
    add_echoes(&requests, &answers, 16 * MIB);
    sent = client_push(c, requests.data, requests.len, 50);
    CHECKED(client_send(c, requests.data + sent, requests.len - sent));
    expect_bytes(c, &answers);
    expect_nothing(c);
    bytes_free(&requests);
    bytes_free(&answers);
}
END_TEST

/* Writing to a connection that is gone raises SIGPIPE, which ends a process
 * that did not think of it. */
START_TEST(museum_C2_sigpipe) {
    struct bytes requests = {0}, answers = {0};

    add_echoes(&requests, &answers, 256 * KIB);
    for (int i = 0; i < 20; i++) {
        struct client *c = connected();
        (void)client_push(c, requests.data, requests.len, 5);
        i % 2 ? client_reset(c) : client_close(c);
    }
    expect_alive();
    pause_ms(20);
    expect_alive();
    bytes_free(&requests);
    bytes_free(&answers);
}
END_TEST

/* To be stopped and continued interrupts system calls with EINTR. */
START_TEST(museum_C3_eintr) {
    struct client *c = connected();

    for (int i = 0; i < 5; i++) {
        expect(c, "PING\r\n", "+PONG\r\n");
        (void)kill(-server_pid(), SIGSTOP);
        pause_ms(5);
        if (i % 2) send_text(c, "ECHO a\r\n");
        (void)kill(-server_pid(), SIGCONT);
        if (i % 2) expect_reply(c, "$1\r\na\r\n");
    }
    expect_alive();
}
END_TEST

/* While the value arrives, the buffer grows and moves; the key was read
 * before. */
START_TEST(museum_C4_a_pointer_into_a_buffer_that_moved) {
    struct client *c = connected();
    struct bytes b = {0};
    size_t header;

    bytes_addf(&b, "*3\r\n$3\r\nSET\r\n$11\r\nkey-to-keep\r\n");
    header = b.len;
    bytes_addf(&b, "$%d\r\n", 300 * KIB);
    bytes_add_random(&b, 300 * KIB, 4);
    bytes_addf(&b, "\r\n");
    for (size_t at = 0; at < b.len;) {
        size_t piece = at < header + 10 ? 7 : 4 * KIB;
        if (piece > b.len - at) piece = b.len - at;
        CHECKED(client_send(c, b.data + at, piece));
        pause_ms(1);
        at += piece;
    }
    expect_reply(c, "+OK\r\n");
    command(c, ":1\r\n", "EXISTS", "key-to-keep");
    send_text(c, "GET key-to-keep\r\n");
    CHECKED(client_expect(c, b.data + header, b.len - header));
    bytes_free(&b);
}
END_TEST

START_TEST(museum_C5_strlen_on_bytes_with_a_nul) {
    struct client *c = connected();

    expect(c, "*2\r\n$4\r\nECHO\r\n$5\r\na\0b\0c\r\n", "$5\r\na\0b\0c\r\n");
    send_text(c, "*1\r\n$5\r\nPING\0\r\n");
    expect_any_error(c);
    expect_nothing(c);
}
END_TEST

/* A char may be negative: as an index, or given to tolower(), it points
 * before the table. */
START_TEST(museum_C6_a_char_below_zero) {
    struct client *c = connected();

    expect(c, "\xff\x80\xfe\r\n",
           "-ERR unknown command '\xff\x80\xfe', with args beginning with: "
           "\r\n");
    expect(c, "ECHO \xff\xfe\r\n", "$2\r\n\xff\xfe\r\n");
    expect(c, "PING\r\n", "+PONG\r\n");
}
END_TEST

START_TEST(museum_C7_a_length_whose_end_wraps_round) {
    expect_then_end("*1\r\n$18446744073709551615\r\n" PING,
                    ERROR "invalid bulk length\r\n");
    expect_then_end("*1\r\n$18446744073709551614\r\n" PING,
                    ERROR "invalid bulk length\r\n");
    expect_then_end("*1\r\n$4294967292\r\n" PING,
                    ERROR "invalid bulk length\r\n");
    expect_then_end("*1\r\n$2147483647\r\n" PING,
                    ERROR "invalid bulk length\r\n");
    expect_alive();
}
END_TEST

START_TEST(museum_C8_bytes_of_a_client_as_a_format) {
    struct client *c = connected();

    expect(c, "%s%n%x %s%s%s%n %*d\r\n",
           "-ERR unknown command '%s%n%x', with args beginning with: "
           "'%s%s%s%n' '%*d' \r\n");
    expect(c, "ECHO %s%n\r\n", "$4\r\n%s%n\r\n");
}
END_TEST

/* strtol() stops where it pleases, and says in errno what did not fit. */
START_TEST(museum_C9_strtol_without_a_look_at_its_end) {
    expect_then_end("*1\r\n$4PING\r\n" PING, ERROR "invalid bulk length\r\n");
    expect_then_end("*1\r\n$0x4\r\n" PING, ERROR "invalid bulk length\r\n");
    expect_then_end("*1abc\r\n" PING, ERROR "invalid multibulk length\r\n");
    expect_then_end("*1\r\n$99999999999999999999999\r\n" PING,
                    ERROR "invalid bulk length\r\n");
}
END_TEST

/* More connections that end with an error than a process may have files. */
START_TEST(museum_C10_a_descriptor_lost_at_every_error) {
    start_server("ulimit -n 256;", "");
    for (int i = 0; i < 600; i++) {
        expect_then_end("ECHO \"a\r\n", ERROR "unbalanced quotes in request"
                                              "\r\n");
    }
    expect_alive();
}
END_TEST

Suite *museum_suite(void) {
    Suite *s = suite_create("the bug museum");

    add_test(s, museum_B1_two_commands_in_one_write, 2, 0);
    add_test(s, museum_B2_one_command_in_two_writes, 2, 0);
    add_test(s, museum_B3_an_argument_longer_than_a_read, 2, 0);
    add_test(s, museum_B4_data_is_never_a_command, 2, 0);
    add_test(s, museum_B4_a_value_deletes_no_key, 3, 0);
    add_test(s, museum_B5_a_negative_length, 2, 0);
    add_test(s, museum_B5b_a_length_that_wraps_when_added_to, 2, 0);
    add_test(s, museum_B6_a_negative_count, 2, 0);
    add_test(s, museum_B6_a_count_beyond_all_memory, 2, 0);
    add_test(s, museum_B7_a_line_without_its_end_is_incomplete, 2, 0);
    add_test(s, museum_B8_what_follows_a_bulk_is_cr_lf, 2, OURS);
    add_test(s, museum_B9_a_null_is_no_argument, 2, 0);
    add_test(s, museum_B10_a_poison_pill, 3, 0);
    add_test(s, museum_B11_a_missing_key_is_the_null_of_resp2, 3, 0);
    add_test(s, museum_B12_keys_are_not_trimmed, 3, 0);
    add_test(s, museum_B13_an_integer_is_no_key, 3, 0);
    add_test(s, museum_B14_an_error_is_no_value, 3, 0);
    add_test(s, museum_B15_only_changes_are_logged, 3, OURS);
    add_test(s, museum_B17_log_and_memory_have_one_order, 3, 0);
    add_test(s, museum_B18_a_torn_last_record_is_cut_off, 3, OURS | BARE);
    add_test(s, museum_B18_damage_in_the_middle_is_refused, 3, OURS | BARE);
    add_test(s, museum_B19_what_follows_a_torn_record_is_kept, 3, OURS | BARE);
    add_test(s, museum_B20_a_refusal_names_command_and_offset, 3, OURS | BARE);
    add_test(s, museum_B21_a_file_is_locked_and_private, 3, OURS);
    add_test(s, museum_B21_a_file_emptied_under_the_server_gets_no_hole, 3,
             OURS);
    add_test(s, museum_B23_sigterm_is_a_clean_stop, 3, 0);
    add_test(s, museum_B24_running_out_of_descriptors, 1, OURS | BARE);
    add_test(s, museum_B25_a_reset_ends_the_connection_and_nothing_else, 1, 0);
    add_test(s, museum_B26_after_a_bad_frame_nothing_is_read, 2, 0);
    add_test(s, museum_B27_empty_lines_get_no_reply, 1, 0);
    add_test(s, museum_B27_empty_arrays_get_no_reply, 2, 0);
    add_test(s, museum_B28_ping_takes_one_argument, 1, 0);
    add_test(s, museum_B29_a_client_that_never_reads, 1, 0);
    add_test(s, museum_B30_arrays_in_arrays, 2, 0);
    add_test(s, museum_B30_arrays_in_arrays_in_the_log, 3, OURS | BARE);
    add_test(s, museum_B31_the_log_names_the_real_port, 1, OURS);
    add_test(s, museum_C1_a_short_write, 1, 0);
    add_test(s, museum_C2_sigpipe, 1, 0);
    add_test(s, museum_C3_eintr, 1, 0);
    add_test(s, museum_C4_a_pointer_into_a_buffer_that_moved, 3, 0);
    add_test(s, museum_C5_strlen_on_bytes_with_a_nul, 2, 0);
    add_test(s, museum_C6_a_char_below_zero, 1, 0);
    add_test(s, museum_C7_a_length_whose_end_wraps_round, 2, 0);
    add_test(s, museum_C8_bytes_of_a_client_as_a_format, 1, 0);
    add_test(s, museum_C9_strtol_without_a_look_at_its_end, 2, 0);
    add_test(s, museum_C10_a_descriptor_lost_at_every_error, 1, BARE);
    return s;
}
