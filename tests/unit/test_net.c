/* test_net.c -- TCP sockets: listening, accepting, printing addresses. */
#include "net.h"

#include "helpers.h"
#include "suites.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

/* Whether this machine has the IPv6 loopback. */
static bool has_ipv6(void) {
    struct sockaddr_in6 at = {.sin6_family = AF_INET6,
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd != -1 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;

    if (fd != -1) close(fd);
    return has;
}

static int listen_or_fail(const char *address, int fds[LISTENERS_MAX]) {
    char error[NET_TEXT_MAX] = "";
    int count = net_listen(address, fds, error);

    check_that(count > 0 && count <= LISTENERS_MAX, "%s: %s", address, error);
    return count;
}

static void assert_no_listener(const char *address, const char *why) {
    char error[NET_TEXT_MAX] = "";
    int before = count_descriptors();
    int fds[LISTENERS_MAX];

    check_that(net_listen(address, fds, error) == -1, "listening on %s",
               address);
    check_that(strncmp(error, address, strlen(address)) == 0 &&
                   strstr(error, why) != NULL,
               "'%s' for %s", error, address);
    check_that(count_descriptors() == before, "%s: a descriptor is left",
               address);
}

/* Connect to where 'listener' listens, and accept. */
static void connect_to(int listener, int *ours, int *accepted) {
    struct sockaddr_storage at;
    socklen_t size = sizeof at;

    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    if (at.ss_family == AF_INET) {
        ((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        ((struct sockaddr_in6 *)&at)->sin6_addr = in6addr_loopback;
    }
    *ours = socket(at.ss_family, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(*ours, (struct sockaddr *)&at, size), 0);
    ck_assert(wait_for(listener, POLLIN, WAIT_MS));
    *accepted = net_accept(listener);
    ck_assert_int_ne(*accepted, -1);
}

static void assert_flags(int fd) {
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

/* ---- Addresses -------------------------------------------------------- */

START_TEST(an_address_is_a_host_and_a_port) {
    static const char none[] = "expected HOST:PORT";
    static const char port[] = "the port must be a number from 0 to 65535";
    static const char bracket[] = "missing ']'";
    static const char brackets[] =
        "an IPv6 address must stand in brackets, as in [::1]:6379";
    static const struct {
        const char *address, *error;
    } table[] = {
        {"127.0.0.1:6379", NULL},
        {"localhost:6379", NULL},
        {"a-name.example.org:1", NULL},
        {"[::1]:6379", NULL},
        {"[fe80::1%eth0]:6379", NULL},
        {"[127.0.0.1]:6379", NULL},
        {":6379", NULL},
        {":0", NULL},
        {":1", NULL},
        {":9999", NULL},
        {":10000", NULL},
        {":65535", NULL},
        {"", none},
        {"localhost", none},
        {"6379", none},
        {":", port},
        {"localhost:", port},
        {":65536", port},
        {":70000", port},
        {":99999", port},
        {":100000", port},
        {":065535", port},
        {":-1", port},
        {":+1", port},
        {":1 ", port},
        {": 1", port},
        {":http", port},
        {":0x1", port},
        {":1x", port},
        {"[::1", bracket},
        {"[::1]", port},
        {"[::1:6379", bracket},
        {"[:6379", bracket},
        {"[::1]x:6379", bracket},
        {"::1:6379", brackets},
        {"::6379", brackets},
        {"a:b:6379", brackets},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(table); i++) {
        const char *error = net_address_error(table[i].address);

        if (table[i].error == NULL) {
            check_that(error == NULL, "%s: %s", table[i].address, error);
        } else {
            check_that(error != NULL && strcmp(error, table[i].error) == 0,
                       "%s: %s", table[i].address, error ? error : "good");
        }
    }
}
END_TEST

START_TEST(a_host_is_as_long_as_a_name_may_be) {
    size_t len;

    for (len = 1; len < 400; len++) {
        char *address = xmalloc(len + 3);
        const char *error;

        memset(address, 'x', len);
        memcpy(address + len, ":1", 3);
        error = net_address_error(address);
        if (len < 256) {
            check_that(error == NULL, "%zu bytes: %s", len, error);
        } else {
            check_that(error != NULL &&
                           strcmp(error, "the host is too long") == 0,
                       "%zu bytes", len);
        }
        free(address);
    }
}
END_TEST

START_TEST(what_can_not_be_listened_on_is_named) {
    char longest[600], error[NET_TEXT_MAX];
    int fds[LISTENERS_MAX];

    assert_no_listener("nowhere", "expected HOST:PORT");
    assert_no_listener(":99999", "the port must be");
    assert_no_listener("no such host:0", ": ");
    assert_no_listener("192.0.2.77:0", strerror(EADDRNOTAVAIL)); /* RFC 5737 */

    memset(longest, 'x', sizeof longest);
    memcpy(longest + sizeof longest - 3, ":0", 3);
    ck_assert_int_eq(net_listen(longest, fds, error), -1);
    ck_assert_uint_lt(strlen(error), NET_TEXT_MAX);
    ck_assert_ptr_nonnull(strstr(error, "too long"));
}
END_TEST

/* ---- Listening -------------------------------------------------------- */

START_TEST(port_0_is_a_free_port_and_the_address_says_which) {
    int fds[LISTENERS_MAX];
    char text[NET_TEXT_MAX], want[NET_TEXT_MAX];
    int ours, accepted, port;

    ck_assert_int_eq(listen_or_fail("127.0.0.1:0", fds), 1);
    assert_flags(fds[0]);
    port = net_local_port(fds[0]);
    ck_assert_int_gt(port, 0);
    net_local_address(fds[0], text);
    snprintf(want, sizeof want, "127.0.0.1:%d", port);
    ck_assert_str_eq(text, want);
    connect_to(fds[0], &ours, &accepted);
    close(ours);
    close(accepted);
    close(fds[0]);
}
END_TEST

START_TEST(an_ipv6_address_stands_in_brackets) {
    int fds[LISTENERS_MAX];
    char text[NET_TEXT_MAX], want[NET_TEXT_MAX];
    int ours, accepted;

    if (!has_ipv6()) return;
    ck_assert_int_eq(listen_or_fail("[::1]:0", fds), 1);
    net_local_address(fds[0], text);
    snprintf(want, sizeof want, "[::1]:%d", net_local_port(fds[0]));
    ck_assert_str_eq(text, want);
    connect_to(fds[0], &ours, &accepted);
    close(ours);
    close(accepted);
    close(fds[0]);
}
END_TEST

START_TEST(no_host_is_every_interface_on_one_port) {
    int fds[LISTENERS_MAX];
    int count = listen_or_fail(":0", fds);
    int families[2] = {0, 0};
    int i;

    for (i = 0; i < count; i++) {
        struct sockaddr_storage at;
        socklen_t size = sizeof at;
        int ours, accepted;

        ck_assert_int_eq(net_local_port(fds[i]), net_local_port(fds[0]));
        ck_assert_int_eq(getsockname(fds[i], (struct sockaddr *)&at, &size), 0);
        families[at.ss_family == AF_INET6]++;
        connect_to(fds[i], &ours, &accepted);
        close(ours);
        close(accepted);
    }
    ck_assert_int_eq(families[0], 1);
    ck_assert_int_eq(families[1], has_ipv6() ? 1 : 0);
    while (count > 0)
        close(fds[--count]);
}
END_TEST

START_TEST(a_name_is_looked_up) {
    int fds[LISTENERS_MAX];
    int count = listen_or_fail("localhost:0", fds);

    while (count > 0) {
        int ours, accepted;

        connect_to(fds[--count], &ours, &accepted);
        close(ours);
        close(accepted);
        close(fds[count]);
    }
}
END_TEST

#ifdef __GLIBC__
/* glibc's own, called by way of this; but names may have each address twice, as
 * where /etc/hosts has two lines for one name. Its lists can be joined, for
 * they are freed one by one. */
static bool each_twice;

int getaddrinfo(const char *host, const char *port,
                const struct addrinfo *wanted, struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);
    struct addrinfo **end = found;
    int failed;

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    failed = real(host, port, wanted, found);
    if (failed != 0 || !each_twice) return failed;
    while (*end != NULL)
        end = &(*end)->ai_next;
    return real(host, port, wanted, end);
}

START_TEST(an_address_that_a_name_has_twice_is_listened_on_once) {
    int fds[LISTENERS_MAX];
    char address[64];

    each_twice = true;
    ck_assert_int_eq(listen_or_fail("127.0.0.1:0", fds), 1);
    snprintf(address, sizeof address, "127.0.0.1:%d", net_local_port(fds[0]));
    close(fds[0]);
    ck_assert_int_eq(listen_or_fail(address, fds), 1); /* not any port */
    close(fds[0]);
}
END_TEST
#endif

START_TEST(a_port_in_use_is_refused_and_nothing_is_left_open) {
    int fds[LISTENERS_MAX];
    char address[64];

    listen_or_fail("127.0.0.1:0", fds);
    snprintf(address, sizeof address, "127.0.0.1:%d", net_local_port(fds[0]));
    assert_no_listener(address, strerror(EADDRINUSE));
    /* All interfaces: one of them is taken, so none is used. */
    snprintf(address, sizeof address, ":%d", net_local_port(fds[0]));
    assert_no_listener(address, strerror(EADDRINUSE));
    close(fds[0]);
    if (!has_ipv6()) return;
    listen_or_fail("[::1]:0", fds);
    snprintf(address, sizeof address, ":%d", net_local_port(fds[0]));
    assert_no_listener(address, strerror(EADDRINUSE));
    close(fds[0]);
}
END_TEST

START_TEST(a_port_can_be_listened_on_again_at_once) {
    int fds[LISTENERS_MAX];
    int ours, accepted;
    char address[64];

    listen_or_fail("127.0.0.1:0", fds);
    snprintf(address, sizeof address, "127.0.0.1:%d", net_local_port(fds[0]));
    connect_to(fds[0], &ours, &accepted);
    close(accepted); /* this side closes first, so it is in TIME_WAIT */
    close(ours);
    close(fds[0]);
    listen_or_fail(address, fds);
    close(fds[0]);
}
END_TEST

/* ---- Accepting -------------------------------------------------------- */

START_TEST(accepting_when_no_one_waits_does_not_wait) {
    int fds[LISTENERS_MAX];

    listen_or_fail("127.0.0.1:0", fds);
    ck_assert_int_eq(net_accept(fds[0]), -1);
    ck_assert(errno == EAGAIN || errno == EWOULDBLOCK);
    close(fds[0]);
}
END_TEST

START_TEST(an_accepted_connection_neither_blocks_nor_delays_nor_is_inherited) {
    int fds[LISTENERS_MAX];
    int ours, accepted;
    int is_on = 0;
    socklen_t size = sizeof is_on;

    listen_or_fail("127.0.0.1:0", fds);
    connect_to(fds[0], &ours, &accepted);
    assert_flags(accepted);
    ck_assert_int_eq(
        getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &is_on, &size), 0);
    ck_assert_int_ne(is_on, 0);
    ck_assert_int_eq(net_local_port(accepted), net_local_port(fds[0]));
    close(ours);
    close(accepted);
    close(fds[0]);
}
END_TEST

START_TEST(flags_are_added_to_those_there_are) {
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_APPEND), 0);
    ck_assert_int_eq(net_set_flags(ends[1]), 0);
    assert_flags(ends[1]);
    ck_assert_int_ne(fcntl(ends[1], F_GETFL) & O_APPEND, 0);
    close(ends[0]);
    close(ends[1]);
    ck_assert_int_eq(net_set_flags(ends[1]), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(what_is_no_socket_has_no_port) {
    char text[NET_TEXT_MAX];
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(net_local_port(ends[0]), 0);
    net_local_address(ends[0], text);
    ck_assert_str_eq(text, "?:0");
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- Descriptors ------------------------------------------------------ */

static void set_limit(rlim_t soft, rlim_t hard) {
    struct rlimit limit = {soft, hard};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static rlim_t soft_limit(void) {
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

START_TEST(the_limit_of_descriptors_is_raised_as_far_as_it_may_be) {
    set_limit(50, 200);
    ck_assert_uint_eq(net_raise_descriptor_limit(100), 100);
    ck_assert_uint_eq(soft_limit(), 100);
    ck_assert_uint_eq(net_raise_descriptor_limit(200), 200);
    ck_assert_uint_eq(soft_limit(), 200);
    ck_assert_uint_eq(net_raise_descriptor_limit(1000), 200);
    ck_assert_uint_eq(soft_limit(), 200);
}
END_TEST

START_TEST(the_limit_of_descriptors_is_never_lowered) {
    set_limit(100, 200);
    ck_assert_uint_ge(net_raise_descriptor_limit(60), 60);
    ck_assert_uint_eq(soft_limit(), 100);
}
END_TEST

Suite *net_suite(void) {
    const TTest *tests[] = {
        an_address_is_a_host_and_a_port,
        a_host_is_as_long_as_a_name_may_be,
        what_can_not_be_listened_on_is_named,
        port_0_is_a_free_port_and_the_address_says_which,
        an_ipv6_address_stands_in_brackets,
        no_host_is_every_interface_on_one_port,
        a_name_is_looked_up,
#ifdef __GLIBC__
        an_address_that_a_name_has_twice_is_listened_on_once,
#endif
        a_port_in_use_is_refused_and_nothing_is_left_open,
        a_port_can_be_listened_on_again_at_once,
        accepting_when_no_one_waits_does_not_wait,
        an_accepted_connection_neither_blocks_nor_delays_nor_is_inherited,
        flags_are_added_to_those_there_are,
        what_is_no_socket_has_no_port,
        the_limit_of_descriptors_is_raised_as_far_as_it_may_be,
        the_limit_of_descriptors_is_never_lowered,
    };

    return suite_of("net", tests, COUNT_OF(tests));
}
