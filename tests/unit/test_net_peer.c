/* test_net_peer.c -- peers and Unix sockets. */
#include "net_peer.h"

#include "helpers.h"
#include "suites.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

/* ---- Who is local ------------------------------------------------------- */

/* What getpeername() says while 'faked_size' is not 0; linked with
 * -Wl,--wrap=getpeername. No address but those of loopback can be relied on to
 * be there. */
static struct sockaddr_storage faked;
static socklen_t faked_size;

int __real_getpeername(int fd, struct sockaddr *address, socklen_t *size);
int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size);

int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size) {
    if (faked_size == 0) return __real_getpeername(fd, address, size);
    memcpy(address, &faked, faked_size);
    *size = faked_size;
    return 0;
}

static void fake_ipv4(const char *host) {
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(1234)};

    ck_assert_int_eq(inet_pton(AF_INET, host, &peer.sin_addr), 1);
    memcpy(&faked, &peer, sizeof peer);
    faked_size = sizeof peer;
}

static void fake_ipv6(const char *host) {
    struct sockaddr_in6 peer = {.sin6_family = AF_INET6,
                                .sin6_port = htons(1234)};

    ck_assert_int_eq(inet_pton(AF_INET6, host, &peer.sin6_addr), 1);
    memcpy(&faked, &peer, sizeof peer);
    faked_size = sizeof peer;
}

START_TEST(only_loopback_addresses_are_local) {
    static const struct {
        const char *host;
        const char *printed;
        bool local;
    } peers[] = {{"127.0.0.1", "127.0.0.1:1234", true},
                 {"127.255.255.254", "127.255.255.254:1234", true},
                 {"128.0.0.1", "128.0.0.1:1234", false},
                 {"126.255.255.255", "126.255.255.255:1234", false},
                 {"1.0.0.127", "1.0.0.127:1234", false},
                 {"0.0.0.0", "0.0.0.0:1234", false},
                 {"192.168.1.1", "192.168.1.1:1234", false},
                 {"::1", "[::1]:1234", true},
                 {"::2", "[::2]:1234", false},
                 {"::ffff:127.0.0.1", "[::ffff:127.0.0.1]:1234", true},
                 {"::ffff:10.0.0.1", "[::ffff:10.0.0.1]:1234", false},
                 {"fe80::1", "[fe80::1]:1234", false},
                 {"7f00::1", "[7f00::1]:1234", false}};
    char text[NET_TEXT_MAX];
    size_t i;

    for (i = 0; i < COUNT_OF(peers); i++) {
        if (strchr(peers[i].host, ':') != NULL) {
            fake_ipv6(peers[i].host);
        } else {
            fake_ipv4(peers[i].host);
        }
        check_that(net_peer_is_local(0) == peers[i].local, "%s", peers[i].host);
        net_peer_address(0, text);
        ck_assert_str_eq(text, peers[i].printed);
    }
}
END_TEST

START_TEST(a_peer_that_has_gone_is_not_local) {
    char text[NET_TEXT_MAX];
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0); /* no socket has no peer either */
    ck_assert(!net_peer_is_local(ends[0]));
    net_peer_address(ends[0], text);
    ck_assert_str_eq(text, "?:0");
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_connection_is_printed_as_its_peer_sees_it) {
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    char text[NET_TEXT_MAX], want[NET_TEXT_MAX];
    int ends[2];

    open_tcp_pair(ends);
    getsockname(ends[0], (struct sockaddr *)&name, &size);
    snprintf(want, sizeof want, "127.0.0.1:%d", ntohs(name.sin_port));
    net_peer_address(ends[1], text);
    ck_assert_str_eq(text, want);
    ck_assert(net_peer_is_local(ends[1]));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(silent_peers_are_asked_after_a_while) {
    int ends[2];
    int value;
    socklen_t size = sizeof value;

    open_tcp_pair(ends);
    net_keep_alive(ends[1], 300);
    getsockopt(ends[1], SOL_SOCKET, SO_KEEPALIVE, &value, &size);
    ck_assert_int_ne(value, 0);
#ifdef TCP_KEEPIDLE
    getsockopt(ends[1], IPPROTO_TCP, TCP_KEEPIDLE, &value, &size);
    ck_assert_int_eq(value, 300);
    getsockopt(ends[1], IPPROTO_TCP, TCP_KEEPINTVL, &value, &size);
    ck_assert_int_eq(value, 100);
#endif
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- Several addresses --------------------------------------------------- */

static void check_addresses(const char *addresses, const char *const *want,
                            int count) {
    int fds[LISTENERS_MAX];
    char error[NET_TEXT_MAX] = "", text[NET_TEXT_MAX];
    int before = count_descriptors();
    int port = 0;
    int i;

    check_that(net_listen_all(addresses, 5, fds, error) == count, "%s: %s",
               addresses, error);
    for (i = 0; i < count; i++) {
        net_local_address(fds[i], text);
        ck_assert_int_eq(strncmp(text, want[i], strlen(want[i])), 0);
        if (i == 0) port = net_local_port(fds[0]);
        ck_assert_int_eq(net_local_port(fds[i]), port);
        close(fds[i]);
    }
    ck_assert_int_eq(count_descriptors(), before);
}

START_TEST(a_server_listens_on_all_addresses_that_are_there) {
    check_addresses("127.0.0.1:0", (const char *[]){"127.0.0.1:"}, 1);
    check_addresses("127.0.0.1:0 127.0.0.2:0",
                    (const char *[]){"127.0.0.1:", "127.0.0.2:"}, 2);
    /* 203.0.113.0 is for documentation: no machine has it (RFC 5737). */
    check_addresses("-203.0.113.1:0  127.0.0.1:0 -203.0.113.2:0",
                    (const char *[]){"127.0.0.1:"}, 1);
    check_addresses("203.0.113.1:0", NULL, -1);
    check_addresses("127.0.0.1:0 203.0.113.1:0", NULL, -1);
    check_addresses("-203.0.113.1:0", NULL, -1);
    check_addresses("", NULL, -1);
    check_addresses("127.0.0.1:0 -nonsense", NULL, -1);
}
END_TEST

#ifdef __linux__
/* Of a socket that listens, Linux tells the backlog in this field. */
START_TEST(as_many_connections_may_wait_as_is_said) {
    char error[NET_TEXT_MAX];
    struct tcp_info info;
    socklen_t size;
    int fds[LISTENERS_MAX];
    int count, i;

    count = net_listen_all("127.0.0.1:0 127.0.0.2:0", 7, fds, error);
    ck_assert_int_eq(count, 2);
    for (i = 0; i < count; i++) {
        size = sizeof info;
        ck_assert_int_eq(
            getsockopt(fds[i], IPPROTO_TCP, TCP_INFO, &info, &size), 0);
        ck_assert_uint_eq(info.tcpi_sacked, 7);
        close(fds[i]);
    }
}
END_TEST
#endif

START_TEST(an_address_in_use_is_an_error_even_where_it_may_be_missing) {
    int fds[LISTENERS_MAX], more[LISTENERS_MAX];
    char error[NET_TEXT_MAX], address[100];

    ck_assert_int_eq(net_listen_all("127.0.0.1:0", 5, fds, error), 1);
    snprintf(address, sizeof address, "-127.0.0.1:%d", net_local_port(fds[0]));
    ck_assert_int_eq(net_listen_all(address, 5, more, error), -1);
    ck_assert_ptr_nonnull(strstr(error, strerror(EADDRINUSE)));
    close(fds[0]);
}
END_TEST

/* ---- Unix sockets -------------------------------------------------------- */

static char folder[] = "/tmp/redis-lite-peer-XXXXXX";
static char path[sizeof folder + 10];

static void make_folder(void) {
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
}

static void remove_folder(void) {
    unlink(path);
    rmdir(folder);
}

static mode_t mode_of(const char *file) {
    struct stat status;

    ck_assert_int_eq(stat(file, &status), 0);
    return status.st_mode & 0777;
}

static int connect_unix(void) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(at.sun_path, path);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0) return fd;
    close(fd);
    return -1;
}

/* The mode of a file when it was last to be changed; linked with
 * -Wl,--wrap=chmod. */
static mode_t mode_before;

int __real_chmod(const char *file, mode_t mode);
int __wrap_chmod(const char *file, mode_t mode);

int __wrap_chmod(const char *file, mode_t mode) {
    mode_before = mode_of(file);
    return __real_chmod(file, mode);
}

START_TEST(who_may_use_a_unix_socket_is_said_by_its_mode_or_the_umask) {
    static const mode_t modes[] = {0600, 0700, 0770, 0777, 0060};
    char error[NET_TEXT_MAX];
    size_t i;
    int fd;

    umask(027);
    mode_before = 0777;
    for (i = 0; i < COUNT_OF(modes); i++) { /* each replaces the one before */
        fd = net_listen_unix(path, modes[i], 5, error);
        ck_assert_int_ne(fd, -1);
        ck_assert_int_eq(mode_of(path), modes[i]);
        ck_assert_int_eq(mode_before, 0); /* nobody got in meanwhile */
        close(fd);
    }
    fd = net_listen_unix(path, 0, 5, error);
    ck_assert_int_eq(mode_of(path), 0750);
    close(fd);
    ck_assert_int_eq(umask(0), 027); /* as it was */
}
END_TEST

START_TEST(peers_come_through_a_unix_socket) {
    char error[NET_TEXT_MAX], text[NET_TEXT_MAX], want[NET_TEXT_MAX];
    int listener = net_listen_unix(path, 0700, 5, error);
    int ours, theirs;

    ck_assert_int_eq(net_accept(listener), -1); /* does not wait */
    ck_assert_int_eq(errno, EAGAIN);
    theirs = connect_unix();
    ck_assert_int_ne(theirs, -1);
    ours = net_accept(listener);
    ck_assert_int_ne(ours, -1);
    ck_assert(net_peer_is_local(ours));
    net_peer_address(ours, text);
    snprintf(want, sizeof want, "%s:0", path);
    ck_assert_str_eq(text, want);
    ck_assert_int_eq(net_local_port(listener), 0);
    close(ours);
    close(theirs);
    close(listener);
}
END_TEST

START_TEST(what_is_no_socket_is_not_replaced) {
    char error[NET_TEXT_MAX], text[NET_TEXT_MAX];
    int file = open(path, O_CREAT | O_WRONLY, 0600);

    ck_assert_int_ne(file, -1);
    close(file);
    ck_assert_int_eq(net_listen_unix(path, 0700, 5, error), -1);
    snprintf(text, sizeof text, "'%s': %s", path, strerror(EADDRINUSE));
    ck_assert_str_eq(error, text);
    ck_assert_int_eq(mode_of(path), 0600);
}
END_TEST

START_TEST(a_path_that_cannot_be_a_socket_is_an_error) {
    char error[NET_TEXT_MAX], longer[200];

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    ck_assert_int_eq(net_listen_unix(longer, 0, 5, error), -1);
    ck_assert_ptr_nonnull(strstr(error, "the path is too long"));
    ck_assert_int_eq(net_listen_unix("/nosuch/folder", 0, 5, error), -1);
    ck_assert_ptr_nonnull(strstr(error, strerror(ENOENT)));
}
END_TEST

Suite *net_peer_suite(void) {
    const TTest *const tests[] = {
        only_loopback_addresses_are_local,
        a_peer_that_has_gone_is_not_local,
        a_connection_is_printed_as_its_peer_sees_it,
        silent_peers_are_asked_after_a_while,
        a_server_listens_on_all_addresses_that_are_there,
#ifdef __linux__
        as_many_connections_may_wait_as_is_said,
#endif
        an_address_in_use_is_an_error_even_where_it_may_be_missing,
        who_may_use_a_unix_socket_is_said_by_its_mode_or_the_umask,
        peers_come_through_a_unix_socket,
        what_is_no_socket_is_not_replaced,
        a_path_that_cannot_be_a_socket_is_an_error,
    };
    Suite *suite = suite_of("net_peer", tests, 0);
    TCase *tcase = tcase_create("net_peer");
    size_t i;

    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    for (i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
