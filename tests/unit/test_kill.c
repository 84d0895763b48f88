/* test_kill.c -- the promise of aof.h, kept by a whole server: what was
 * answered "+OK" survives kill -9.
 *
 * A round: a child process serves a log; clients of ours send it SETs without
 * waiting for replies; at some moment it is killed; another child serves the
 * same log; all that was answered has to be there, and what was not is there
 * whole or not at all. Twenty rounds; as many as you like with ROUNDS=n. */
#include "server.h"

#include "helpers.h"
#include "suites.h"

#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CLIENTS       4
#define AHEAD         32 /* SETs that a client may have sent unanswered */
#define ROUNDS        20
#define VALUE_MAX     3000
#define ROUND_SECONDS 3 /* allowed to a round, of which it needs a tenth */
#define SEED          20121130

/* What a key that was sent has come to: a reply decides it, or else the first
 * look after the server's death. Nothing changes it afterwards. */
enum fate { OPEN, KEPT, LOST };

/* A client sets the keys CLIENT:0, CLIENT:1 ... each once, over all rounds. */
struct client {
    int fd;
    int index;
    int sent;         /* so many of its keys, or the last one in part */
    int acked;        /* so many were answered, or given up */
    struct buf fates; /* of each key that was sent: a byte */
    struct buf out;
    struct buf in;
};

/* Check hands its tests no argument: what the test has is here. Each is a
 * process of its own; only 'base' is made before, by the runner. */
static struct {
    char base[64];
    char path[80];
    pid_t pid; /* of the server */
    int log;
    int port;
    int round;
    uint64_t random;
    struct client clients[CLIENTS];
} test;

static int rounds(void) {
    const char *text = getenv("ROUNDS");
    int count = text != NULL ? atoi(text) : 0;

    return count > 0 ? count : ROUNDS;
}

static void make_base(void) {
    const char *parent = getenv("TMPDIR");

    if (parent == NULL) parent = "/tmp";
    snprintf(test.base, sizeof test.base, "%.40s/redis-lite.XXXXXX", parent);
    if (mkdtemp(test.base) == NULL) perror(test.base);
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *at) {
    (void)status, (void)type, (void)at;
    return remove(path);
}

static void remove_base(void) {
    nftw(test.base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- The server ------------------------------------------------------- */

/* The child's whole life. It is killed, as a rule; if its parent is gone, for
 * whatever reason, it ends by itself in the time that a test has. */
static void serve(int ready) {
    struct server_options options = {.address = "127.0.0.1:0",
                                     .aof_path = test.path,
                                     .maxclients = CLIENTS + 1,
                                     .log = {test.log, LOG_NOTICE}};
    struct server *server;
    int port;

    alarm((unsigned)rounds() * ROUND_SECONDS + 1);
    server = server_new(&options);
    if (server == NULL) _exit(1);
    port = server_port(server);
    if (write(ready, &port, sizeof port) != sizeof port) _exit(1);
    server_run(server);
    _exit(1);
}

/* The end of what the servers have logged. */
static const char *said(void) {
    static char text[1000];
    off_t size = lseek(test.log, 0, SEEK_END);
    off_t from = size > 900 ? size - 900 : 0;
    ssize_t len = pread(test.log, text, sizeof text - 1, from);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void start_server(void) {
    int ready[2];

    ck_assert_int_eq(pipe(ready), 0);
    test.pid = fork();
    ck_assert_int_ne(test.pid, -1);
    if (test.pid == 0) {
        close(ready[0]);
        serve(ready[1]);
    }
    close(ready[1]);
    ck_assert_msg(
        wait_for(ready[0], POLLIN, WAIT_MS) &&
            read(ready[0], &test.port, sizeof test.port) == sizeof test.port,
        "round %d: the server does not start: %s", test.round, said());
    close(ready[0]);
}

static void kill_server(void) {
    int status;

    kill(test.pid, SIGKILL);
    ck_assert_int_eq(waitpid(test.pid, &status, 0), test.pid);
    test.pid = 0;
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
                  "round %d: the server ended before it was killed, status %d",
                  test.round, status);
}

/* ---- The clients ------------------------------------------------------ */

/* A value that says whose it is, of a length that depends on the key. */
static struct slice value_of(int client, int key, char room[VALUE_MAX]) {
    size_t len = (size_t)(key % 100 == 37 ? VALUE_MAX : key % 50 + 20);
    char name[20];

    memset(room, 'a' + key % 26, len);
    memcpy(room, name,
           (size_t)snprintf(name, sizeof name, "%d:%d", client, key));
    return (struct slice){room, len};
}

static void add_request(struct buf *out, const char *name, int client, int key,
                        const struct slice *value) {
    char text[32];
    int len = snprintf(text, sizeof text, "%d:%d", client, key);
    char *at = buf_reserve(out, 100);

    buf_added(out, (size_t)sprintf(at, "*%d\r\n$3\r\n%s\r\n$%d\r\n%s\r\n",
                                   value != NULL ? 3 : 2, name, len, text));
    if (value == NULL) return;
    buf_added(out,
              (size_t)sprintf(buf_reserve(out, 32), "$%zu\r\n", value->len));
    buf_append(out, value->data, value->len);
    append_literal(out, "\r\n");
}

static void send_out(struct client *client) {
    struct slice out = buf_slice(&client->out);
    ssize_t sent = send(client->fd, out.data, out.len, MSG_NOSIGNAL);

    if (sent > 0) buf_consume(&client->out, (size_t)sent);
}

static char *fate_of(const struct client *client, int key) {
    return client->fates.data + client->fates.head + key;
}

static void send_sets(struct client *client) {
    char room[VALUE_MAX];

    while (client->sent < client->acked + AHEAD) {
        struct slice value = value_of(client->index, client->sent, room);

        add_request(&client->out, "SET", client->index, client->sent, &value);
        client->sent++;
        buf_append(&client->fates, &(char){OPEN}, 1);
    }
    send_out(client);
}

/* Read what is there; false if nothing more will come. */
static bool receive(struct client *client) {
    ssize_t got = read(client->fd, buf_reserve(&client->in, 65536), 65536);

    if (got > 0) buf_added(&client->in, (size_t)got);
    return got > 0 || (got == -1 && errno == EAGAIN);
}

static void count_acks(struct client *client) {
    struct slice in = buf_slice(&client->in);
    struct slice ok = BYTES("+OK\r\n");
    size_t at = 0;

    for (; in.len - at >= ok.len; at += ok.len) {
        ck_assert_msg(memcmp(in.data + at, ok.data, ok.len) == 0,
                      "round %d: a SET is answered \"%s\"", test.round,
                      shown((struct slice){in.data + at, in.len - at}));
        *fate_of(client, client->acked++) = KEPT;
    }
    buf_consume(&client->in, at);
}

/* Until so many SETs are answered, of all clients together. */
static void send_until(int acks) {
    int64_t end = clock_ms() + WAIT_MS;
    int first = 0, now = 0;

    for (int i = 0; i < CLIENTS; i++)
        first += test.clients[i].acked;
    do {
        struct pollfd fds[CLIENTS];

        for (int i = 0; i < CLIENTS; i++) {
            send_sets(&test.clients[i]);
            fds[i] = (struct pollfd){test.clients[i].fd, POLLIN, 0};
        }
        poll(fds, CLIENTS, WAIT_MS);
        now = 0;
        for (int i = 0; i < CLIENTS; i++) {
            ck_assert_msg(receive(&test.clients[i]),
                          "round %d: the server hangs up", test.round);
            count_acks(&test.clients[i]);
            now += test.clients[i].acked;
        }
        ck_assert_msg(clock_ms() < end, "round %d: %d replies", test.round,
                      now - first);
    } while (now - first < acks);
}

/* Replies that were under way when the server was killed are promises too. */
static void hang_up(struct client *client) {
    while (wait_for(client->fd, POLLIN, WAIT_MS) && receive(client))
        count_acks(client);
    close(client->fd);
    buf_free(&client->in);
    buf_free(&client->out);
}

/* ---- What is left ----------------------------------------------------- */

static void check_value(const struct client *client, int key,
                        struct slice reply) {
    char room[VALUE_MAX], want[VALUE_MAX + 32];
    struct slice value = value_of(client->index, key, room);
    size_t len = (size_t)sprintf(want, "$%zu\r\n", value.len);
    enum fate found = same_bytes(reply, BYTES("$-1\r\n")) ? LOST : KEPT;
    char *fate = fate_of(client, key);

    memcpy(want + len, value.data, value.len);
    memcpy(want + len + value.len, "\r\n", 2);
    if (*fate == OPEN) *fate = (char)found;
    check_that(*fate != KEPT || found == KEPT,
               "round %d: key %d:%d was there, and is lost; seed %d",
               test.round, client->index, key, SEED);
    check_that(*fate != LOST || found == LOST,
               "round %d: key %d:%d was lost, and is there; seed %d",
               test.round, client->index, key, SEED);
    check_that(found == LOST ||
                   same_bytes(reply, (struct slice){want, len + value.len + 2}),
               "round %d: key %d:%d is \"%s\"; seed %d", test.round,
               client->index, key, shown(reply), SEED);
}

/* Ask for all keys from 'first' on. */
static void check_keys(struct client *client, int first) {
    int asked = first;
    int key = first;

    client->fd = connect_tcp(test.port, 0);
    while (key < client->sent) {
        size_t size;

        for (; asked < client->sent && asked < key + AHEAD; asked++)
            add_request(&client->out, "GET", client->index, asked, NULL);
        send_out(client);
        check_that(wait_for(client->fd, POLLIN, WAIT_MS) && receive(client),
                   "round %d: no reply to GET", test.round);
        while ((size = reply_size(buf_slice(&client->in))) > 0) {
            check_value(client, key++,
                        (struct slice){buf_slice(&client->in).data, size});
            buf_consume(&client->in, size);
        }
    }
    close(client->fd);
    buf_free(&client->in);
    buf_free(&client->out);
}

static void play_round(void) {
    int first[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        struct client *client = &test.clients[i];

        first[i] = client->acked = client->sent;
        client->fd = connect_tcp(test.port, 0);
    }
    send_until((int)random_below(&test.random, 2000));
    kill_server();
    for (int i = 0; i < CLIENTS; i++)
        hang_up(&test.clients[i]);
    start_server();
    for (int i = 0; i < CLIENTS; i++) {
        bool is_last = test.round == rounds();

        check_keys(&test.clients[i], is_last ? 0 : first[i]);
    }
}

START_TEST(what_was_answered_survives_kill_9) {
    char log[80];

    test.random = SEED;
    snprintf(test.path, sizeof test.path, "%s/log.aof", test.base);
    snprintf(log, sizeof log, "%s/log", test.base);
    test.log = open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ne(test.log, -1);
    for (int i = 0; i < CLIENTS; i++)
        test.clients[i].index = i;
    start_server();
    for (test.round = 1; test.round <= rounds(); test.round++)
        play_round();
    kill_server();
    for (int i = 0; i < CLIENTS; i++)
        buf_free(&test.clients[i].fates);
    close(test.log);
}
END_TEST

Suite *kill_suite(void) {
    Suite *suite = suite_create("kill");
    TCase *tcase = tcase_create("kill");

    tcase_set_timeout(tcase, rounds() * ROUND_SECONDS);
    tcase_add_unchecked_fixture(tcase, make_base, remove_base);
    tcase_add_test(tcase, what_was_answered_survives_kill_9);
    suite_add_tcase(suite, tcase);
    return suite;
}
