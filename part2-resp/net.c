/* net.c -- TCP sockets: listening, accepting, printing addresses. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* "HOST:PORT", taken apart. */
struct host_port {
    char host[256]; /* without brackets; "": every interface */
    char port[6];
};

/* NULL, or what is wrong with 'address'. */
static const char *split(const char *address, struct host_port *out) {
    const char *colon = strrchr(address, ':');
    const char *host = address;
    const char *end = colon;
    size_t digits;

    if (colon == NULL) return "expected HOST:PORT";
    digits = strspn(colon + 1, "0123456789");
    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0' ||
        (digits == 5 && strcmp(colon + 1, "65535") > 0)) {
        return "the port must be a number from 0 to 65535";
    }
    if (host[0] == '[') {
        if (end - host < 2 || end[-1] != ']') return "missing ']'";
        host++;
        end--;
    } else if (memchr(host, ':', (size_t)(end - host)) != NULL) {
        return "an IPv6 address must stand in brackets, as in [::1]:6379";
    }
    if ((size_t)(end - host) >= sizeof out->host) return "the host is too long";
    memcpy(out->host, host, (size_t)(end - host));
    out->host[end - host] = '\0';
    memcpy(out->port, colon + 1, digits + 1);
    return NULL;
}

const char *net_address_error(const char *address) {
    struct host_port parts;

    return split(address, &parts);
}

int net_set_flags(int fd) {
    int flags = fcntl(fd, F_GETFL);

    if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1) return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void set_port(struct sockaddr *address, int port) {
    if (address->sa_family == AF_INET) {
        ((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
    } else {
        ((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
    }
}

static int listen_on(const struct addrinfo *at) {
    int on = 1;
    int fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    int cause;

    if (fd == -1) return -1;
    /* Without SO_REUSEADDR a restart would have to wait until the connections
     * of the server before have left TIME_WAIT (socket(7)). Without
     * IPV6_V6ONLY the socket for [::] would claim the IPv4 port as well. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1) {
        goto undo;
    }
    if (at->ai_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == -1) {
        goto undo;
    }
    if (net_set_flags(fd) == -1) goto undo;
    if (bind(fd, at->ai_addr, at->ai_addrlen) == -1) goto undo;
    if (listen(fd, LISTEN_BACKLOG) == -1) goto undo;
    return fd;

undo:
    cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

/* A machine without IPv6 still finds "::" among its addresses. */
static bool is_missing_family(int cause) {
    return cause == EAFNOSUPPORT || cause == EADDRNOTAVAIL;
}

/* A name may have the same address twice, as where /etc/hosts lists it in two
 * lines. */
static bool is_repeated(const struct addrinfo *found,
                        const struct addrinfo *at) {
    for (; found != at; found = found->ai_next) {
        if (found->ai_addrlen == at->ai_addrlen &&
            memcmp(found->ai_addr, at->ai_addr, at->ai_addrlen) == 0) {
            return true;
        }
    }
    return false;
}

/* Listen on each of 'found'. Returns how many sockets were made, or -1 with
 * errno, and then none is left open. */
static int listen_on_all(struct addrinfo *found, int port,
                         int fds[LISTENERS_MAX]) {
    struct addrinfo *at;
    int count = 0;
    int cause = EADDRNOTAVAIL;

    for (at = found; at != NULL && count < LISTENERS_MAX; at = at->ai_next) {
        set_port(at->ai_addr, port);
        if (is_repeated(found, at)) continue;
        fds[count] = listen_on(at);
        if (fds[count] == -1) {
            cause = errno;
            if (is_missing_family(cause)) continue;
            while (count > 0)
                close(fds[--count]);
            break;
        }
        if (port == 0) {
            port = net_local_port(fds[count]);
            set_port(at->ai_addr, port); /* for is_repeated() */
        }
        count++;
    }
    errno = cause;
    return count > 0 ? count : -1;
}

int net_listen(const char *address, int fds[LISTENERS_MAX],
               char error[NET_TEXT_MAX]) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    struct host_port parts;
    const char *wrong = split(address, &parts);
    int failed;
    int count;

    if (wrong != NULL) {
        snprintf(error, NET_TEXT_MAX, "%.200s: %s", address, wrong);
        return -1;
    }
    failed = getaddrinfo(parts.host[0] != '\0' ? parts.host : NULL, parts.port,
                         &wanted, &found);
    if (failed != 0) {
        snprintf(error, NET_TEXT_MAX, "%.200s: %s", address,
                 gai_strerror(failed));
        return -1;
    }
    count = listen_on_all(found, atoi(parts.port), fds);
    if (count == -1) {
        snprintf(error, NET_TEXT_MAX, "%.200s: %s", address, strerror(errno));
    }
    freeaddrinfo(found);
    return count;
}

int net_accept(int listener) {
    int fd = accept(listener, NULL, NULL);
    int on = 1;

    if (fd == -1) return -1;
    /* Neither can fail on a socket that is ours, except that the peer may be
     * gone already: the first read() will tell. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    net_set_flags(fd);
    return fd;
}

/* All zero, and so of no family, if the socket has no address. */
static struct sockaddr_storage local_name(int fd, socklen_t *size) {
    struct sockaddr_storage name = {0};

    *size = sizeof name;
    getsockname(fd, (struct sockaddr *)&name, size);
    return name;
}

int net_local_port(int fd) {
    socklen_t size;
    struct sockaddr_storage name = local_name(fd, &size);

    switch (name.ss_family) {
    case AF_INET: return ntohs(((struct sockaddr_in *)&name)->sin_port);
    case AF_INET6: return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
    default: return 0;
    }
}

void net_local_address(int fd, char text[NET_TEXT_MAX]) {
    socklen_t size;
    struct sockaddr_storage name = local_name(fd, &size);
    char host[INET6_ADDRSTRLEN] = "?";

    getnameinfo((struct sockaddr *)&name, size, host, sizeof host, NULL, 0,
                NI_NUMERICHOST);
    snprintf(text, NET_TEXT_MAX,
             name.ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host,
             net_local_port(fd));
}

size_t net_raise_descriptor_limit(size_t wanted) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1) return wanted;
    if (limit.rlim_cur < wanted) {
        rlim_t before = limit.rlim_cur;

        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) == -1) limit.rlim_cur = before;
    }
    return limit.rlim_cur < wanted ? (size_t)limit.rlim_cur : wanted;
}
