/* test_limits.c -- who is let in, and what a client may cost: whole servers,
 * and a clock that the test turns forward. */
#include "config.h"
#include "kernel.h"
#include "server_room.h"
#include "server_state.h"
#include "suites.h"

#include <ifaddrs.h>
#include <netinet/tcp.h>
#include <sys/un.h>

/* ---- Servers with settings, and time ------------------------------------- */

int64_t later_us; /* each test is a process */

/* Linked with -Wl,--wrap=clock_us. */
int64_t __real_clock_us(void);
int64_t __wrap_clock_us(void);

int64_t __wrap_clock_us(void) {
    return __real_clock_us() + later_us + 1000 * kernel->added_ms;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A server with these settings: name, value, name, value... */
static void open_with(struct site *site, const char *const *words) {
    static const char *const usual[] = {"address", "127.0.0.1:0", "appendonly",
                                        "no",      "loglevel",    "verbose",
                                        NULL};
    const char *const *lists[] = {usual, words};
    char error[CONFIG_ERROR_MAX];
    size_t i;

    site_prepare(site, "limits");
    site->options.config = config_new();
    for (i = 0; i < COUNT_OF(lists); i++) {
        const char *const *word;

        for (word = lists[i]; *word != NULL; word += 2) {
            struct slice value = slice_of(word[1]);

            check_that(config_set(site->options.config, slice_of(word[0]),
                                  &value, 1, error),
                       "%s", error);
        }
    }
    site_start(site);
}

/* Another peer, which is known to be there. */
static void peer_come(struct site *site, struct peer *peer) {
    peer_open(peer, site->server);
    say(peer, "PING\r\n");
    expect(site->server, peer, "+PONG\r\n");
}

static void peer_stays(struct site *site, struct peer *peer) {
    say(peer, "PING\r\n");
    expect(site->server, peer, "+PONG\r\n");
}

static void say_zeros(struct peer *peer, const char *before, size_t count) {
    char *zeros = xmalloc(count);

    memset(zeros, '0', count);
    peer_say(peer, slice_of(before));
    peer_say(peer, (struct slice){zeros, count});
    free(zeros);
}

/* Until the server has taken all of it. */
static void await_taken(struct site *site, struct peer *peer) {
    int i;

    for (i = 0; i < 20 || buf_len(&peer->unsaid) > 0; i++) {
        peer_push(peer);
        turn(site->server, 1);
    }
}

/* The server holds a value of 'size' bytes under "k". */
static void keep_value(struct site *site, struct peer *peer, size_t size) {
    char head[100];

    snprintf(head, sizeof head, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%zu\r\n", size);
    say_zeros(peer, head, size);
    say(peer, "\r\n");
    expect(site->server, peer, "+OK\r\n");
}

/* ---- Who is let in ------------------------------------------------------- */

START_TEST(fewer_clients_may_come_and_nobody_has_to_go) {
    struct peer peers[4];
    struct site site;
    int i;

    open_with(&site, WORDS("maxclients", "100"));
    for (i = 0; i < 3; i++)
        peer_come(&site, &peers[i]);
    say(&peers[0], "CONFIG SET maxclients 2\r\n");
    expect(site.server, &peers[0], "+OK\r\n");
    peer_open(&peers[3], site.server);
    expect(site.server, &peers[3], "-ERR max number of clients reached\r\n");
    expect_end(site.server, &peers[3]);
    for (i = 0; i < 3; i++)
        peer_stays(&site, &peers[i]);
    for (i = 0; i < 4; i++)
        peer_close(&peers[i]);
    site_close(&site);
}
END_TEST

START_TEST(more_clients_than_the_system_allows_are_refused_as_a_setting) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("maxclients", "100"));
    peer_come(&site, &peer);
    say(&peer, "CONFIG SET timeout 5 maxclients 4000000000\r\n");
    expect(site.server, &peer,
           "-ERR CONFIG SET failed (possibly related to argument 'timeout') - "
           "The operating system is not able to handle the specified number "
           "of clients, try with ");
    await(site.server, &peer, 3);
    buf_consume(&peer.heard, buf_len(&peer.heard));
    say(&peer, "CONFIG GET maxclients\r\nCONFIG GET timeout\r\n");
    expect(site.server, &peer,
           "*2\r\n$10\r\nmaxclients\r\n$3\r\n100\r\n"
           "*2\r\n$7\r\ntimeout\r\n$1\r\n0\r\n");
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(who_has_not_said_the_password_may_ask_for_little) {
    static const char noauth[] = "-NOAUTH Authentication required.\r\n";
    static const char many[] =
        "-ERR Protocol error: unauthenticated multibulk length\r\n";
    static const char large[] =
        "-ERR Protocol error: unauthenticated bulk length\r\n";
    static const struct {
        const char *says;
        const char *hears;
        bool ends;
    } rows[] = {
        {"PING\r\n", noauth, false},     {"*10\r\n$4\r\nPING\r\n", "", false},
        {"*11\r\n", many, true},         {"*2147483647\r\n", many, true},
        {"*1\r\n$16384\r\n", "", false}, {"*1\r\n$16385\r\n", large, true},
    };
    struct site site;
    size_t i;

    open_with(&site, WORDS("requirepass", "secret"));
    for (i = 0; i < COUNT_OF(rows); i++) {
        struct peer peer;

        peer_open(&peer, site.server);
        peer_say(&peer, slice_of(rows[i].says));
        await_taken(&site, &peer);
        peer_expect(site.server, &peer, slice_of(rows[i].hears));
        if (rows[i].ends) {
            expect_end(site.server, &peer);
        } else {
            peer_pull(&peer, 100);
            ck_assert(!peer.ended && buf_len(&peer.heard) == 0);
        }
        peer_close(&peer);
    }
    site_close(&site);
}
END_TEST

START_TEST(who_has_not_said_the_password_must_read_what_it_is_answered) {
    struct buf requests = {0};
    struct site site;
    struct peer peer;
    int i;

    open_with(&site, WORDS("requirepass", "secret"));
    for (i = 0; i < 60000; i++)
        append_literal(&requests, "GET x\n");
    open_narrow(&site, &peer);
    peer_say(&peer, buf_slice(&requests));
    await_log(&site, "does not read what it is answered");
    await_log(&site, "client 1 left");
    buf_free(&requests);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

/* In one piece, so that all of it could be read by the rules of the first. */
START_TEST(what_is_read_ahead_is_run_by_the_rules_of_its_own_time) {
    char value[20000]; /* more than a stranger may send */
    struct site site;
    struct peer peer;
    struct buf said = {0};

    memset(value, 'v', sizeof value);
    open_with(&site, WORDS("requirepass", "secret"));
    peer_open(&peer, site.server);
    append_literal(&said, "GET k\r\nAUTH secret\r\n"
                          "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$20000\r\n");
    buf_append(&said, value, sizeof value);
    append_literal(&said, "\r\nSELECT 1\r\nEXISTS k\r\nSELECT 0\r\n"
                          "STRLEN k\r\nRESET\r\nGET k\r\nAUTH secret\r\n"
                          "QUIT\r\nDEL k\r\n");
    peer_say(&peer, buf_slice(&said));
    expect(site.server, &peer,
           "-NOAUTH Authentication required.\r\n"
           "+OK\r\n+OK\r\n+OK\r\n:0\r\n+OK\r\n:20000\r\n+RESET\r\n"
           "-NOAUTH Authentication required.\r\n+OK\r\n+OK\r\n");
    expect_end(site.server, &peer);
    ck_assert_uint_eq(store_total(site.server->store), 1);
    peer_close(&peer);
    buf_free(&said);
    site_close(&site);
}
END_TEST

START_TEST(a_password_that_is_taken_back_keeps_nobody_out) {
    struct site site;
    struct peer first, second;

    open_with(&site, WORDS("requirepass", ""));
    peer_come(&site, &first);
    say(&first, "CONFIG SET requirepass secret\r\n");
    expect(site.server, &first, "+OK\r\n");
    peer_stays(&site, &first); /* it was let in */
    peer_open(&second, site.server);
    say(&second, "PING\r\n");
    expect(site.server, &second, "-NOAUTH Authentication required.\r\n");
    say(&first, "CONFIG SET requirepass \"\"\r\n");
    expect(site.server, &first, "+OK\r\n");
    peer_stays(&site, &second);
    peer_close(&first);
    peer_close(&second);
    site_close(&site);
}
END_TEST

/* ---- HTTP -----------------------------------------------------------------
 */

/* One part of the change cannot be had. */
START_TEST(a_change_that_is_refused_lets_nobody_in) {
    struct peer owner, stranger;
    struct site site;

    open_with(&site, WORDS("requirepass", "secret"));
    peer_open(&owner, site.server);
    say(&owner, "AUTH secret\r\n");
    expect(site.server, &owner, "+OK\r\n");
    peer_open(&stranger, site.server);
    say(&stranger, "GET k\r\n");
    expect(site.server, &stranger, "-NOAUTH Authentication required.\r\n");
    say(&owner, "CONFIG SET requirepass '' maxclients 4000000000\r\n");
    expect(site.server, &owner, "-ERR CONFIG SET failed");
    say(&stranger, "GET k\r\n");
    expect(site.server, &stranger, "-NOAUTH Authentication required.\r\n");
    peer_close(&owner);
    peer_close(&stranger);
    site_close(&site);
}
END_TEST

START_TEST(who_speaks_http_is_not_listened_to) {
    static const char *const said[] = {
        "POST / HTTP/1.1\r\nHost: x\r\n\r\nSET k v\r\n",
        "GET k\r\nhost: localhost:6379\r\nSET k v\r\n",
        "*1\r\n$4\r\npost\r\nSET k v\r\n"};
    struct site site;
    struct peer peer;
    size_t i;

    open_with(&site, WORDS("requirepass", ""));
    for (i = 0; i < COUNT_OF(said); i++) {
        peer_open(&peer, site.server);
        peer_say(&peer, slice_of(said[i]));
        expect_end(site.server, &peer);
        peer_close(&peer);
        ck_assert_int_eq(logs(&site, "possible attack: 127.0.0.1:"), i == 0);
        buf_consume(&site.logged, buf_len(&site.logged)); /* once a minute */
    }
    peer_come(&site, &peer);
    say(&peer, "GET k\r\n");
    expect(site.server, &peer, "$-1\r\n");
    pass_seconds(&site, 61);
    say(&peer, "Host: x\r\n");
    expect_end(site.server, &peer);
    ck_assert(logs(&site, "possible attack: 127.0.0.1:"));
    peer_close(&peer);
    site_close(&site);
}
END_TEST

/* An IPv4 address of this machine that is not loopback; false: it has none. */
static bool own_address(struct sockaddr_in *address) {
    struct ifaddrs *all = NULL;
    struct ifaddrs *one;
    bool found = false;

    ck_assert_int_eq(getifaddrs(&all), 0);
    for (one = all; one != NULL && !found; one = one->ifa_next) {
        if (one->ifa_addr == NULL || one->ifa_addr->sa_family != AF_INET) {
            continue;
        }
        memcpy(address, one->ifa_addr, sizeof *address);
        found = ntohl(address->sin_addr.s_addr) >> 24 != 127;
    }
    freeifaddrs(all);
    return found;
}

/* Who calls this machine by an address of its own comes from there. */
static void peer_open_outside(struct peer *peer, const struct server *server,
                              struct sockaddr_in at) {
    *peer = (struct peer){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    at.sin_port = htons((uint16_t)server_port(server));
    ck_assert_int_eq(connect(peer->fd, (struct sockaddr *)&at, sizeof at), 0);
    set_nonblocking(peer->fd);
}

START_TEST(without_a_password_nobody_from_outside_is_let_in) {
    static const struct {
        const char *change;
        bool refused;
    } changes[] = {
        {"PING", true},
        {"CONFIG SET requirepass x", false},
        {"CONFIG SET requirepass ''", true},
        {"CONFIG SET protected-mode no", false},
        {"CONFIG SET protected-mode yes", true},
    };
    struct sockaddr_in at = {0};
    struct peer owner, outside;
    struct site site;
    size_t i;

    if (!own_address(&at)) return; /* no network, no outside */
    open_with(&site, WORDS("address", "0.0.0.0:0"));
    peer_open(&owner, site.server);
    for (i = 0; i < COUNT_OF(changes); i++) {
        peer_say(&owner, slice_of(changes[i].change));
        say(&owner, "\r\n");
        await(site.server, &owner, 5);
        ck_assert_int_eq(buf_slice(&owner.heard).data[0], '+');
        buf_consume(&owner.heard, buf_len(&owner.heard));
        peer_open_outside(&outside, site.server, at);
        if (changes[i].refused) {
            expect(site.server, &outside, "-DENIED Redis is running in ");
            await(site.server, &outside, 99999);
            ck_assert(outside.ended);
        } else {
            say(&outside, "PING\r\n");
            await(site.server, &outside, 7);
            ck_assert(!outside.ended);
        }
        peer_close(&outside);
    }
    peer_close(&owner);
    site_close(&site);
}
END_TEST

/* ---- Time -----------------------------------------------------------------
 */

START_TEST(half_a_request_holds_its_place_for_a_minute) {
    struct site site;
    struct peer half, idle;

    open_with(&site, WORDS("timeout", "0"));
    peer_come(&site, &half);
    peer_come(&site, &idle);
    say(&half, "PING\r\nECHO \"");
    expect(site.server, &half, "+PONG\r\n");
    pass_seconds(&site, 59);
    say(&half, "x"); /* a byte now and then buys no time */
    await_taken(&site, &half);
    ck_assert(!logs(&site, "request-timeout"));
    pass_seconds(&site, 3);
    expect_end(site.server, &half);
    ck_assert(logs(&site, "closed client 1: request-timeout"));
    peer_stays(&site, &idle); /* nothing is owed by who asked nothing */
    peer_close(&half);
    peer_close(&idle);
    site_close(&site);
}
END_TEST

START_TEST(a_request_that_became_whole_leaves_no_clock_running) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("request-timeout", "10"));
    peer_come(&site, &peer);
    say(&peer, "ECHO \"");
    await_taken(&site, &peer);
    pass_seconds(&site, 9);
    say(&peer, "\"\r\n");
    expect(site.server, &peer, "$0\r\n\r\n");
    pass_seconds(&site, 9);
    peer_stays(&site, &peer);
    say(&peer, "ECHO \""); /* its own ten seconds */
    await_taken(&site, &peer);
    pass_seconds(&site, 9);
    say(&peer, "\"\r\n");
    expect(site.server, &peer, "$0\r\n\r\n");
    peer_close(&peer);
    site_close(&site);
}
END_TEST

/* Its second value makes it full: from then on it is not read from. */
START_TEST(who_is_not_read_from_owes_no_rest_of_a_request) {
    struct peer slow, other;
    struct site site;

    open_with(&site, WORDS("request-timeout", "10"));
    peer_come(&site, &other);
    keep_value(&site, &other, UNSENT_MAX - 10000);
    open_narrow(&site, &slow);
    say(&slow, "GET k\r\n");
    await_rest(site.server, &slow);
    say(&slow, "GET k\r\nECHO \"");
    await_rest(site.server, &slow);
    pass_seconds(&site, 15);
    ck_assert(!logs(&site, "request-timeout"));
    await(site.server, &slow, (size_t)2 * UNSENT_MAX - 20000);
    await_rest(site.server, &slow); /* it has all: now it owes something */
    pass_seconds(&site, 15);
    ck_assert(logs(&site, "closed client 2: request-timeout"));
    peer_close(&slow);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(who_sends_much_has_time_for_it) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("request-timeout", "10"));
    peer_come(&site, &peer);
    say_zeros(&peer, "*2\r\n$4\r\nECHO\r\n$1000000\r\n", 800000); /* 50 s */
    await_taken(&site, &peer);
    pass_seconds(&site, 55);
    ck_assert(!logs(&site, "request-timeout"));
    pass_seconds(&site, 10);
    ck_assert(logs(&site, "request-timeout"));
    expect_end(site.server, &peer);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(there_is_a_minute_to_say_the_password) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("requirepass", "secret"));
    peer_open(&peer, site.server);
    await_taken(&site, &peer);
    pass_seconds(&site, 59);
    say(&peer, "PING\r\n");
    expect(site.server, &peer, "-NOAUTH Authentication required.\r\n");
    pass_seconds(&site, 3);
    expect_end(site.server, &peer);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(after_reset_there_is_a_minute_again_to_say_the_password) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("requirepass", "secret"));
    peer_open(&peer, site.server);
    say(&peer, "AUTH secret\r\n");
    expect(site.server, &peer, "+OK\r\n");
    pass_seconds(&site, 100000);
    say(&peer, "RESET\r\n");
    expect(site.server, &peer, "+RESET\r\n");
    pass_seconds(&site, 59);
    say(&peer, "AUTH secret\r\n");
    expect(site.server, &peer, "+OK\r\n");
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(many_who_are_closed_at_once_share_a_line_of_the_log) {
    struct peer peers[5];
    struct site site;
    size_t i;

    open_with(&site, WORDS("request-timeout", "10"));
    for (i = 0; i < COUNT_OF(peers); i++) {
        peer_come(&site, &peers[i]);
        say(&peers[i], "ECHO \"");
        await_taken(&site, &peers[i]);
    }
    pass_seconds(&site, 15);
    ck_assert(logs(&site, "closed client 1: request-timeout"));
    ck_assert(!logs(&site, "closed client 2"));
    pass_seconds(&site, 2);
    ck_assert(logs(&site, "closed 4 more clients"));
    for (i = 0; i < COUNT_OF(peers); i++) {
        expect_end(site.server, &peers[i]);
        peer_close(&peers[i]);
    }
    site_close(&site);
}
END_TEST

START_TEST(without_a_request_timeout_there_is_any_time) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("request-timeout", "0", "requirepass", "secret"));
    peer_open(&peer, site.server);
    say(&peer, "ECHO \"");
    await_taken(&site, &peer);
    pass_seconds(&site, 1000000);
    say(&peer, "\"\r\n");
    expect(site.server, &peer, "-NOAUTH Authentication required.\r\n");
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(an_idle_client_is_closed_if_so_configured) {
    struct site site;
    struct peer idle, busy, monitor;

    open_with(&site, WORDS("timeout", "0"));
    peer_come(&site, &idle);
    peer_come(&site, &busy);
    peer_open(&monitor, site.server);
    say(&monitor, "MONITOR\r\n");
    expect(site.server, &monitor, "+OK\r\n");
    pass_seconds(&site, 100000);
    peer_stays(&site, &idle);
    say(&busy, "CONFIG SET timeout 30\r\n");
    expect(site.server, &busy, "+OK\r\n");
    pass_seconds(&site, 29);
    peer_stays(&site, &busy);
    pass_seconds(&site, 3);
    expect_end(site.server, &idle);
    peer_stays(&site, &busy);
    pass_seconds(&site, 40);
    expect_end(site.server, &busy); /* who listens need not speak: */
    ck_assert(!logs(&site, "client 3 left"));
    peer_close(&monitor);
    peer_close(&idle);
    peer_close(&busy);
    site_close(&site);
}
END_TEST

/* The server's end of the connection to this peer, in this process too. */
static int other_end(const struct peer *peer) {
    struct sockaddr_in ours;
    socklen_t size = sizeof ours;
    int fd;

    ck_assert_int_eq(getsockname(peer->fd, (struct sockaddr *)&ours, &size), 0);
    for (fd = 0; fd < 2048; fd++) {
        struct sockaddr_in at = {0};

        size = sizeof at;
        if (getpeername(fd, (struct sockaddr *)&at, &size) == 0 &&
            at.sin_family == AF_INET && at.sin_port == ours.sin_port) {
            return fd;
        }
    }
    ck_abort_msg("no other end");
    return -1;
}

/* After how many seconds of silence it is asked; 0: never. */
static int asked_after(const struct peer *peer) {
    int fd = other_end(peer);
    socklen_t size = sizeof(int);
    int on = 0, seconds = 0;

    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
#ifdef TCP_KEEPIDLE
    getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, &size);
#else
    seconds = 300;
#endif
    return on ? seconds : 0;
}

START_TEST(who_is_silent_is_asked_whether_he_is_there_if_so_configured) {
    struct site site;
    struct peer by_default, never, sooner;

    open_with(&site, WORDS("timeout", "0"));
    peer_come(&site, &by_default);
    say(&by_default, "CONFIG SET tcp-keepalive 0\r\n");
    expect(site.server, &by_default, "+OK\r\n");
    peer_come(&site, &never);
    say(&never, "CONFIG SET tcp-keepalive 77\r\n");
    expect(site.server, &never, "+OK\r\n");
    peer_come(&site, &sooner);
    ck_assert_int_eq(asked_after(&by_default), 300);
    ck_assert_int_eq(asked_after(&never), 0);
#ifdef TCP_KEEPIDLE
    ck_assert_int_eq(asked_after(&sooner), 77);
#endif
    peer_close(&by_default);
    peer_close(&never);
    peer_close(&sooner);
    site_close(&site);
}
END_TEST

START_TEST(who_takes_long_to_read_is_not_idle) {
    struct peer slow, other;
    struct site site;
    size_t i;

    open_with(&site, WORDS("timeout", "30"));
    peer_come(&site, &other);
    keep_value(&site, &other, 4000000);
    open_narrow(&site, &slow);
    say(&slow, "GET k\r\n");
    for (i = 1; i <= 3; i++) {
        await(site.server, &slow, i * 1000000);
        pass_seconds(&site, 20);
    }
    await(site.server, &slow, 4000012);
    ck_assert_uint_eq(buf_len(&slow.heard), 4000012);
    peer_close(&slow);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(who_spoke_while_the_server_slept_is_not_late) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("timeout", "30"));
    peer_come(&site, &peer);
    say(&peer, "PING\r\n");
    pass_seconds(&site, 100);
    expect(site.server, &peer, "+PONG\r\n");
    peer_stays(&site, &peer);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(an_idle_server_wakes_up_hz_times_a_second) {
    struct site site;
    int64_t end_ms;
    int turns;

    open_with(&site, WORDS("hz", "20"));
    end_ms = clock_ms() + 500;
    for (turns = 0; clock_ms() < end_ms; turns++)
        turn(site.server, -1);
    ck_assert_int_le(turns, 11);
    site_close(&site);
}
END_TEST

/* The shortest of ten, for a busy machine makes any of them longer. */
START_TEST(more_hz_wake_it_up_sooner) {
    int64_t shortest_ms = INT64_MAX;
    struct site site;
    struct peer peer;
    int i;

    open_with(&site, WORDS("hz", "1"));
    peer_come(&site, &peer);
    say(&peer, "CONFIG SET hz 50\r\n");
    expect(site.server, &peer, "+OK\r\n");
    for (i = 0; i < 10; i++) {
        int64_t began_ms = clock_ms();

        turn(site.server, -1);
        turn(site.server, -1);
        if (clock_ms() - began_ms < shortest_ms) {
            shortest_ms = clock_ms() - began_ms;
        }
    }
    ck_assert_int_le(shortest_ms, 90); /* two at hz 10 take 200 */
    peer_close(&peer);
    site_close(&site);
}
END_TEST

/* ---- Memory ---------------------------------------------------------------
 */

START_TEST(a_reply_above_the_hard_limit_costs_the_connection) {
    struct site site;
    struct peer peer, other;

    open_with(&site, WORDS("client-output-buffer-limit", "normal 100kb 0 0"));
    peer_come(&site, &peer);
    peer_come(&site, &other);
    keep_value(&site, &other, 100 * 1024);
    say(&peer, "GET k\r\n");
    expect_end(site.server, &peer);
    ck_assert(logs(&site, "closed client 1: client-output-buffer-limit, hard"));
    keep_value(&site, &other, 100 * 1024 - 20);
    say(&other, "GET k\r\n");
    await(site.server, &other, 100 * 1024 - 20 + 11);
    ck_assert(!other.ended);
    peer_close(&peer);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(replies_may_be_above_the_soft_limit_for_a_while) {
    struct site site;
    struct peer slow, other;

    open_with(&site, WORDS("client-output-buffer-limit", "normal 0 10kb 20"));
    peer_come(&site, &other);
    keep_value(&site, &other, 4000000);
    open_narrow(&site, &slow);
    say(&slow, "GET k\r\n");
    await_rest(site.server, &slow);
    pass_seconds(&site, 15);
    ck_assert(!logs(&site, "soft"));
    await(site.server, &slow, 4000012); /* in time: it begins anew */
    buf_consume(&slow.heard, buf_len(&slow.heard));
    pass_seconds(&site, 15);
    ck_assert(!logs(&site, "soft"));
    say(&slow, "GET k\r\n");
    await_rest(site.server, &slow);
    pass_seconds(&site, 15);
    ck_assert(!logs(&site, "soft"));
    pass_seconds(&site, 7);
    ck_assert(logs(&site, "closed client 2: client-output-buffer-limit, soft"));
    peer_close(&slow);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(when_all_cost_too_much_the_dearest_goes) {
    struct site site;
    struct peer peers[4];
    size_t i;

    open_with(&site, WORDS("maxmemory-clients", "1mb"));
    for (i = 0; i < 4; i++)
        peer_come(&site, &peers[i]);
    for (i = 0; i < 4; i++) {
        static const size_t sizes[] = {200000, 450000, 100000, 400000};

        ck_assert(!logs(&site, "maxmemory-clients"));
        say_zeros(&peers[i], "*1\r\n$900000\r\n", sizes[i]);
        await_taken(&site, &peers[i]);
    }
    ck_assert(logs(&site, "closed client 2: maxmemory-clients"));
    expect_end(site.server, &peers[1]);
    for (i = 0; i < 4; i++) {
        if (i == 1) continue;
        peer_pull(&peers[i], 10);
        ck_assert(!peers[i].ended);
    }
    for (i = 0; i < 4; i++)
        peer_close(&peers[i]);
    site_close(&site);
}
END_TEST

START_TEST(who_is_not_to_be_evicted_lets_another_pay) {
    struct site site;
    struct peer spared, other;

    open_with(&site, WORDS("maxmemory-clients", "0"));
    peer_come(&site, &spared);
    peer_come(&site, &other);
    say(&spared, "CLIENT NO-EVICT on\r\n");
    expect(site.server, &spared, "+OK\r\n");
    say_zeros(&spared, "*1\r\n$900000\r\n", 600000);
    await_taken(&site, &spared);
    say(&other, "CONFIG SET maxmemory-clients 200kb\r\n");
    await(site.server, &other, 99999);
    ck_assert(other.ended);
    ck_assert(logs(&site, "closed client 2: maxmemory-clients"));
    peer_pull(&spared, 10);
    ck_assert(!spared.ended);
    peer_close(&spared);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(what_a_client_cost_that_is_gone_is_no_reason_to_close_another) {
    struct peer dear, cheap, other;
    struct site site;

    open_with(&site, WORDS("maxmemory-clients", "0"));
    peer_come(&site, &dear);
    peer_come(&site, &cheap);
    peer_come(&site, &other);
    say_zeros(&dear, "*1\r\n$900000\r\n", 600000);
    say_zeros(&cheap, "*1\r\n$900000\r\n", 200000);
    await_taken(&site, &dear);
    await_taken(&site, &cheap);
    peer_close(&dear); /* in the same turn as what comes now */
    say(&other, "CONFIG SET maxmemory-clients 600kb\r\n");
    expect(site.server, &other, "+OK\r\n");
    ck_assert(logs(&site, "client 1 left"));
    ck_assert(!logs(&site, "maxmemory-clients"));
    peer_stays(&site, &other);
    peer_close(&cheap);
    peer_close(&other);
    site_close(&site);
}
END_TEST

START_TEST(a_request_above_the_query_limit_ends_the_connection) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("client-query-buffer-limit", "1mb"));
    peer_come(&site, &peer);
    say(&peer, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n");
    expect(site.server, &peer, "-ERR Protocol error: too big request\r\n");
    expect_end(site.server, &peer);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(an_argument_above_proto_max_bulk_len_ends_the_connection) {
    struct site site;
    struct peer peer;

    open_with(&site, WORDS("proto-max-bulk-len", "1mb"));
    peer_come(&site, &peer);
    say(&peer, "SETRANGE k 1048576 x\r\n"); /* nor is a value that long */
    expect(site.server, &peer,
           "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
    say(&peer, "*1\r\n$1048577\r\n");
    expect(site.server, &peer, "-ERR Protocol error: invalid bulk length\r\n");
    expect_end(site.server, &peer);
    peer_close(&peer);
    site_close(&site);
}
END_TEST

/* ---- Files ----------------------------------------------------------------
 */

START_TEST(a_server_listens_on_a_unix_socket_too) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct peer peer = {.fd = socket(AF_UNIX, SOCK_STREAM, 0)};
    struct site site;

    snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
    open_with(&site, WORDS("unixsocket", at.sun_path, "unixsocketperm", "700"));
    ck_assert(logs(&site, at.sun_path));
    ck_assert_int_eq(connect(peer.fd, (struct sockaddr *)&at, sizeof at), 0);
    set_nonblocking(peer.fd);
    peer_stays(&site, &peer);
    peer_close(&peer);
    site_close(&site);
    ck_assert_int_eq(access(at.sun_path, F_OK), -1); /* nothing is left */
}
END_TEST

START_TEST(a_logfile_is_appended_to) {
    char path[100], text[1000];
    struct site site;
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "%s/log", folder);
    file = fopen(path, "w");
    fputs("before\n", file);
    fclose(file);
    open_with(&site, WORDS("logfile", path));
    site_close(&site);
    file = fopen(path, "r");
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    fclose(file);
    ck_assert_int_eq(strncmp(text, "before\n", 7), 0);
    ck_assert_ptr_nonnull(strstr(text, "listening on 127.0.0.1:"));
}
END_TEST

START_TEST(without_its_logfile_a_server_does_not_start) {
    struct slice value = slice_of("/nosuch/folder/log");
    char error[CONFIG_ERROR_MAX];
    struct site site;

    site_prepare(&site, "nolog");
    site.options.config = config_new();
    config_set(site.options.config, slice_of("logfile"), &value, 1, error);
    ck_assert_ptr_null(server_new(&site.options));
    ck_assert(logs(&site, "cannot open logfile /nosuch/folder/log"));
    site_close(&site);
}
END_TEST

/* 16 databases by default: 0 to 15. */
START_TEST(keys_that_nobody_could_select_are_not_loaded) {
    static const char log[] = "*2\r\n$6\r\nSELECT\r\n$2\r\n16\r\n"
                              "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
    struct site site;
    FILE *file;

    site_prepare(&site, "unreachable");
    file = fopen(site.aof_path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(log, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_ptr_null(server_new(&site.options));
    ck_assert(logs(&site, "has keys in database 16: it wants 'databases' to be "
                          "17 or more"));
    file = fopen(site.aof_path, "w");
    fputs(log, file);
    fputs("*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n", file);
    fclose(file);
    site.server = server_new(&site.options);
    ck_assert_ptr_nonnull(site.server);
    site_close(&site);
}
END_TEST

/* However many have expired: of so many, a millisecond is enough for a few
 * thousand at most. */
START_TEST(a_turn_deletes_a_few_of_what_has_expired) {
    const size_t keys = 200000;
    struct site site;
    struct store *store;
    size_t left = keys, before = keys + 1;
    int idle = 0; /* turns that found none: on a busy machine, a few */
    size_t i;

    open_with(&site, WORDS(NULL));
    store = site.server->store;
    store_set_time(store, 0); /* nothing expires while they are made */
    for (i = 0; i < keys; i++) {
        store_set(store, (struct slice){(char *)&i, sizeof i}, slice_of("v"));
        store_set_expiry(store, (struct slice){(char *)&i, sizeof i}, 1);
    }
    pass_seconds(&site, 1);
    check_that(store_total(store) > keys / 2, "only %zu are left",
               store_total(store));
    for (; left > 0; left = store_total(store)) {
        idle = left < before ? 0 : idle + 1;
        check_that(idle < 100, "none goes any more: %zu", left);
        before = left;
        later_us += 100000;
        turn(site.server, 0);
    }
    site_close(&site);
}
END_TEST

Suite *limits_suite(void) {
    const TTest *const tests[] = {
        fewer_clients_may_come_and_nobody_has_to_go,
        more_clients_than_the_system_allows_are_refused_as_a_setting,
        who_has_not_said_the_password_may_ask_for_little,
        who_has_not_said_the_password_must_read_what_it_is_answered,
        what_is_read_ahead_is_run_by_the_rules_of_its_own_time,
        a_password_that_is_taken_back_keeps_nobody_out,
        a_change_that_is_refused_lets_nobody_in,
        who_speaks_http_is_not_listened_to,
        without_a_password_nobody_from_outside_is_let_in,
        half_a_request_holds_its_place_for_a_minute,
        a_request_that_became_whole_leaves_no_clock_running,
        who_is_not_read_from_owes_no_rest_of_a_request,
        who_sends_much_has_time_for_it,
        there_is_a_minute_to_say_the_password,
        after_reset_there_is_a_minute_again_to_say_the_password,
        many_who_are_closed_at_once_share_a_line_of_the_log,
        without_a_request_timeout_there_is_any_time,
        an_idle_client_is_closed_if_so_configured,
        who_is_silent_is_asked_whether_he_is_there_if_so_configured,
        who_takes_long_to_read_is_not_idle,
        who_spoke_while_the_server_slept_is_not_late,
        an_idle_server_wakes_up_hz_times_a_second,
        more_hz_wake_it_up_sooner,
        a_reply_above_the_hard_limit_costs_the_connection,
        replies_may_be_above_the_soft_limit_for_a_while,
        when_all_cost_too_much_the_dearest_goes,
        who_is_not_to_be_evicted_lets_another_pay,
        what_a_client_cost_that_is_gone_is_no_reason_to_close_another,
        a_request_above_the_query_limit_ends_the_connection,
        an_argument_above_proto_max_bulk_len_ends_the_connection,
        a_server_listens_on_a_unix_socket_too,
        a_logfile_is_appended_to,
        without_its_logfile_a_server_does_not_start,
        keys_that_nobody_could_select_are_not_loaded,
        a_turn_deletes_a_few_of_what_has_expired,
    };

    return server_suite_of("limits", tests, COUNT_OF(tests));
}
