/* server_room.h -- whole servers, in this process: they take turns when the
 * test lets them, and peers speak raw bytes to them. */
#ifndef UNIT_SERVER_ROOM_H
#define UNIT_SERVER_ROOM_H

#include "helpers.h"
#include "params.h"
#include "server.h"

#include <dirent.h>

#define LONG_WAIT_MS 30000 /* where megabytes travel */

/* ---- Servers ---------------------------------------------------------- */

static char folder[] = "/tmp/redis-lite-unit-XXXXXX";

/* These two run outside of the tests, so a test that fails leaves nothing. */
static inline void make_folder(void) {
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static inline void remove_folder(void) {
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        unlinkat(dirfd(dir), entry->d_name, 0); /* fails for "." and ".." */
    if (dir != NULL) closedir(dir);
    rmdir(folder);
}

/* A server and its surroundings. */
struct site {
    struct server_options options;
    struct server *server;
    char aof_path[100];
    int log[2]; /* a pipe */
    struct buf logged;
};

/* As server_new() will be told; the test may change it before. */
static inline void site_prepare(struct site *site, const char *name) {
    *site = (struct site){0};
    snprintf(site->aof_path, sizeof site->aof_path, "%s/%s.aof", folder, name);
    ck_assert_int_eq(pipe(site->log), 0);
    set_nonblocking(site->log[0]);
    set_nonblocking(site->log[1]);
    site->options = (struct server_options){.program = "redis-lite",
                                            .address = "127.0.0.1:0",
                                            .aof_path = site->aof_path,
                                            .maxclients = 1000,
                                            .log = {site->log[1], LOG_NOTICE}};
}

/* Whether the log says so. */
static inline bool logs(struct site *site, const char *text) {
    ssize_t len;

    for (;;) {
        len = read(site->log[0], buf_reserve(&site->logged, 4096), 4096);
        if (len <= 0) break;
        buf_added(&site->logged, (size_t)len);
    }
    return memmem(buf_slice(&site->logged).data, buf_len(&site->logged), text,
                  strlen(text)) != NULL;
}

static inline void site_start(struct site *site) {
    site->server = server_new(&site->options);
    check_that(site->server != NULL || !logs(site, ""), "no server: %s",
               shown(buf_slice(&site->logged)));
}

static inline void site_open(struct site *site, const char *name) {
    site_prepare(site, name);
    site_start(site);
}

static inline void site_close(struct site *site) {
    if (site->server != NULL) ck_assert_int_eq(server_free(site->server), 0);
    close(site->log[0]);
    close(site->log[1]);
    buf_free(&site->logged);
}

/* The socket that it listens on, which is in this process too. */
static inline int listener_of(const struct server *server) {
    int fd;

    for (fd = 0; fd < 2048; fd++) {
        struct sockaddr_in at;
        socklen_t size = sizeof at, int_size = sizeof(int);
        int listening = 0;

        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &int_size) ==
                0 &&
            listening && getsockname(fd, (struct sockaddr *)&at, &size) == 0 &&
            ntohs(at.sin_port) == server_port(server)) {
            return fd;
        }
    }
    ck_abort_msg("no listener");
    return -1;
}

/* ---- Peers ------------------------------------------------------------ */

struct peer {
    int fd;
    struct buf unsaid; /* on its way to the server */
    struct buf heard;  /* what came back, and was not expected yet */
    bool ended;        /* nothing more will come */
};

static inline void peer_open(struct peer *peer, const struct server *server) {
    *peer = (struct peer){.fd = connect_tcp(server_port(server), 0)};
}

static inline void peer_close(struct peer *peer) {
    if (peer->fd != -1) close(peer->fd);
    buf_free(&peer->unsaid);
    buf_free(&peer->heard);
    peer->fd = -1;
}

/* Give the kernel what it takes. */
static inline void peer_push(struct peer *peer) {
    while (buf_len(&peer->unsaid) > 0) {
        struct slice rest = buf_slice(&peer->unsaid);
        ssize_t sent = write(peer->fd, rest.data, rest.len);

        if (sent <= 0) return;
        buf_consume(&peer->unsaid, (size_t)sent);
    }
}

/* Take up to 'most' bytes that have come. */
static inline void peer_pull(struct peer *peer, size_t most) {
    ssize_t len = read(peer->fd, buf_reserve(&peer->heard, most), most);

    if (len > 0) {
        buf_added(&peer->heard, (size_t)len);
    } else if (len == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
        peer->ended = true;
    }
}

static inline void peer_say(struct peer *peer, struct slice bytes) {
    buf_append(&peer->unsaid, bytes.data, bytes.len);
    peer_push(peer);
}

#define say(peer, literal) peer_say(peer, BYTES(literal))

static inline void turn(struct server *server, int timeout_ms) {
    ck_assert_int_eq(server_turn(server, timeout_ms), 0);
}

#if PART >= 3
extern int64_t later_us; /* what clock_us() says beyond the truth */

/* Time passes, and the server sees it. */
static inline void pass_seconds(struct site *site, int64_t seconds) {
    later_us += seconds * 1000000;
    turn(site->server, 0);
    turn(site->server, 0);
}
#endif

/* Turns, until 'peer' has heard 'len' bytes or the end. */
static inline void await(struct server *server, struct peer *peer, size_t len) {
    int64_t end_ms = clock_ms() + (len < 100000 ? WAIT_MS : LONG_WAIT_MS);

    for (;;) {
        size_t before = buf_len(&peer->heard);

        peer_push(peer);
        peer_pull(peer, 65536);
        if (buf_len(&peer->heard) >= len || peer->ended) return;
        check_that(clock_ms() < end_ms, "waited for %zu bytes, %zu came: %s",
                   len, buf_len(&peer->heard), shown(buf_slice(&peer->heard)));
        turn(server, buf_len(&peer->heard) > before ? 0 : 1);
    }
}

static inline void peer_expect(struct server *server, struct peer *peer,
                               struct slice want) {
    struct slice got;

    await(server, peer, want.len);
    got = buf_slice(&peer->heard);
    if (got.len > want.len) got.len = want.len;
    assert_bytes(got, want);
    buf_consume(&peer->heard, want.len);
}

#define expect(server, peer, literal) peer_expect(server, peer, BYTES(literal))

static inline void expect_end(struct server *server, struct peer *peer) {
    await(server, peer, 99999);
    check_that(peer->ended && buf_len(&peer->heard) == 0,
               "expected the end, got %s", shown(buf_slice(&peer->heard)));
}

/* Until the log, from level verbose on, says so. */
static inline void await_log(struct site *site, const char *text) {
    int64_t end_ms = clock_ms() + WAIT_MS;

    while (!logs(site, text)) {
        check_that(clock_ms() < end_ms, "no \"%s\" in the log: %s", text,
                   shown(buf_slice(&site->logged)));
        turn(site->server, 10);
    }
}

/* Turns, until the server has nothing to do and waits. */
static inline void await_rest(struct server *server, struct peer *peer) {
    int64_t end_ms = clock_ms() + LONG_WAIT_MS;
    int quiet = 0;

    while (quiet < 3) {
        int64_t start_ms = clock_ms();

        check_that(start_ms < end_ms, "the server never rests");
        peer_push(peer);
        turn(server, 20);
        quiet = clock_ms() - start_ms >= 15 ? quiet + 1 : 0;
    }
}

/* A server whose sockets take little, and a peer whose socket does too: so what
 * is not read soon fills them. */
static inline void open_narrow(struct site *site, struct peer *peer) {
    int little = 4096;

    ck_assert_int_eq(setsockopt(listener_of(site->server), SOL_SOCKET,
                                SO_SNDBUF, &little, sizeof little),
                     0);
    *peer = (struct peer){.fd = connect_tcp(server_port(site->server), little)};
}

/* ---- Suites ------------------------------------------------------------- */

/* A suite whose tests have the folder. */
static inline Suite *server_suite_of(const char *name,
                                     const TTest *const *tests, size_t count) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    size_t i;

    tcase_set_timeout(tcase, TEST_SECONDS);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    for (i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}

#endif
