/* net.h -- TCP sockets: from an address to a listener, from a listener to
 * connected descriptors. It knows bytes and addresses, nothing of RESP.
 *
 * Every descriptor made here is non-blocking and close-on-exec, and belongs to
 * the caller, who close()s it. */
#ifndef REDIS_LITE_NET_H
#define REDIS_LITE_NET_H

#include "params.h"

#include <stddef.h>

/* Room for an error, or for a printed address such as "[::1]:6379". */
#define NET_TEXT_MAX 320

/* Listen on "HOST:PORT": a name, an IPv4 address, or an IPv6 address in
 * brackets. An empty HOST means every interface, IPv4 and IPv6; a name that
 * has several addresses gets a socket for each. Port 0 lets the kernel pick;
 * all sockets then get the same one.
 * Returns how many sockets 'fds' now holds, at least 1; or -1, and 'error'
 * says in one line what was wrong with what. */
int net_listen(const char *address, int fds[LISTENERS_MAX],
               char error[NET_TEXT_MAX]);

/* Check the form HOST:PORT without asking the network. NULL if it is good,
 * else what is wrong with it. */
const char *net_address_error(const char *address);

/* Accept one connection, with Nagle's algorithm off (replies are whole when
 * they are sent). -1 with errno; EAGAIN when no one is waiting (accept(2)). */
int net_accept(int listener);

/* Print the local address of a socket: "127.0.0.1:6379", "[::1]:6379". */
void net_local_address(int fd, char text[NET_TEXT_MAX]);

/* The local port of a TCP socket, in host order; 0 if it has none. */
int net_local_port(int fd);

/* Raise this process's soft limit of open descriptors towards 'wanted' as far
 * as the hard limit lets it. Returns how many of the wanted there are now
 * (getrlimit(2)). */
size_t net_raise_descriptor_limit(size_t wanted);

/* Set O_NONBLOCK and FD_CLOEXEC. -1 with errno. */
int net_set_flags(int fd);

#endif
