/* net_peer.c -- who is at the other end; sockets in the file system. */
#include "net_peer.h"

#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PROBES 3 /* unanswered, and the peer is given up */

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un local;
    struct sockaddr_storage room;
};

void net_peer_address(int fd, char text[NET_TEXT_MAX]) {
    union address peer = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof peer;
    char host[INET6_ADDRSTRLEN];
    char port[8];

    if (getpeername(fd, &peer.any, &size) == 0 &&
        peer.any.sa_family == AF_UNIX) {
        /* The client's end has no name; the path is ours. */
        size = sizeof peer;
        getsockname(fd, &peer.any, &size);
        snprintf(text, NET_TEXT_MAX, "%s:0", peer.local.sun_path);
    } else if (getnameinfo(&peer.any, size, host, sizeof host, port,
                           sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        snprintf(text, NET_TEXT_MAX,
                 peer.any.sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
                 port);
    } else {
        snprintf(text, NET_TEXT_MAX, "?:0"); /* it has gone already */
    }
}

bool net_is_unix(int fd) {
    union address own = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof own;

    return getsockname(fd, &own.any, &size) == 0 &&
           own.any.sa_family == AF_UNIX;
}

void net_own_address(int fd, char text[NET_TEXT_MAX]) {
    if (net_is_unix(fd)) {
        net_peer_address(fd, text);
    } else {
        net_local_address(fd, text);
    }
}

bool net_peer_is_local(int fd) {
    union address peer = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof peer;

    if (getpeername(fd, &peer.any, &size) == -1) return false;
    switch (peer.any.sa_family) {
    case AF_UNIX: return true;
    case AF_INET: return ntohl(peer.ipv4.sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        /* An IPv4 peer of a socket for both is ::ffff:a.b.c.d. */
        return IN6_IS_ADDR_LOOPBACK(&peer.ipv6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&peer.ipv6.sin6_addr) &&
                peer.ipv6.sin6_addr.s6_addr[12] == 127);
    default: return false;
    }
}

/* An address whose port is 0 gets that of the socket before it. */
static int listen_on(const char *address, int port, int fds[LISTENERS_MAX],
                     char error[NET_TEXT_MAX]) {
    size_t len = strlen(address);
    char text[NET_TEXT_MAX];

    if (port == 0 || len < 2 || strcmp(address + len - 2, ":0") != 0) {
        return net_listen(address, fds, error);
    }
    snprintf(text, sizeof text, "%.*s:%d", (int)len - 2, address, port);
    return net_listen(text, fds, error);
}

/* Listen on one more address: how many sockets there are now, or -1. */
static int listen_more(const char *address, int fds[LISTENERS_MAX], int count,
                       char error[NET_TEXT_MAX]) {
    bool may_be_missing = address[0] == '-';
    int port = count > 0 ? net_local_port(fds[0]) : 0;
    int more[LISTENERS_MAX];
    int found, i;

    errno = 0;
    found = listen_on(address + may_be_missing, port, more, error);
    if (found == -1) {
        bool is_missing = errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT;

        return may_be_missing && is_missing ? count : -1;
    }
    for (i = 0; i < found; i++) {
        if (count < LISTENERS_MAX) {
            fds[count++] = more[i];
        } else {
            close(more[i]);
        }
    }
    return count;
}

int net_listen_all(const char *addresses, int backlog, int fds[LISTENERS_MAX],
                   char error[NET_TEXT_MAX]) {
    char *words = xstrdup(addresses);
    char *rest = words;
    char *word;
    int count = 0;
    int known;
    int i;

    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
        known = count;
        count = listen_more(word, fds, known, error);
        if (count == -1) {
            while (known > 0)
                close(fds[--known]);
            break;
        }
    }
    free(words);
    /* Again, and the backlog is another (listen(2)); it cannot fail. */
    for (i = 0; i < count; i++)
        listen(fds[i], backlog);
    if (count != 0) return count;
    snprintf(error, NET_TEXT_MAX, "%.200s: no such address here", addresses);
    return -1;
}

/* One that was left behind is in the way; anything else is not ours. */
static void remove_socket(const char *path) {
    struct stat there;

    if (lstat(path, &there) == 0 && S_ISSOCK(there.st_mode)) unlink(path);
}

int net_listen_unix(const char *path, unsigned mode, int backlog,
                    char error[NET_TEXT_MAX]) {
    union address at = {.local.sun_family = AF_UNIX};
    mode_t before;
    int bound;
    int fd;

    if (strlen(path) >= sizeof at.local.sun_path) {
        snprintf(error, NET_TEXT_MAX, "'%.200s': the path is too long", path);
        return -1;
    }
    memcpy(at.local.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd == -1) goto failed;

    remove_socket(path);
    /* Between bind() and chmod() nobody may get in: the umask takes away what
     * the mode will give. */
    before = umask(0777);
    if (mode == 0) umask(before);
    bound = bind(fd, &at.any, sizeof at.local);
    umask(before);
    if (bound == -1) goto failed;
    if (mode != 0 && chmod(path, (mode_t)mode) == -1) goto failed;
    if (net_set_flags(fd) == -1 || listen(fd, backlog) == -1) goto failed;
    return fd;

failed:
    snprintf(error, NET_TEXT_MAX, "'%.200s': %s", path, strerror(errno));
    if (fd != -1) close(fd);
    return -1;
}

void net_keep_alive(int fd, int seconds) {
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_KEEPIDLE
    {
        int probes = PROBES;
        int pause = seconds / PROBES > 0 ? seconds / PROBES : 1;

        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &pause, sizeof pause);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    }
#else
    (void)seconds;
#endif
}
