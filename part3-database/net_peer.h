/* net_peer.h -- who is at the other end of a connection, and connections that
 * come through the file system instead of the network. */
#ifndef REDIS_LITE_NET_PEER_H
#define REDIS_LITE_NET_PEER_H

#include "net.h"

#include <stdbool.h>

/* Print the peer's address: "127.0.0.1:51324"; "/tmp/socket:0" if it came
 * through a Unix socket of that path. */
void net_peer_address(int fd, char text[NET_TEXT_MAX]);

/* Likewise, which of our addresses it came to. */
void net_own_address(int fd, char text[NET_TEXT_MAX]);

/* Whether it came through a Unix socket. */
bool net_is_unix(int fd);

/* Whether the peer is on this machine: a Unix socket, or a loopback address. */
bool net_peer_is_local(int fd);

/* net_listen() on several addresses with blanks between them, of which all get
 * the port of the first where theirs is 0. One after a '-' may be missing on
 * this machine. 'backlog': connections that may wait to be accepted. */
int net_listen_all(const char *addresses, int backlog, int fds[LISTENERS_MAX],
                   char error[NET_TEXT_MAX]);

/* Listen on a Unix socket at 'path', which is replaced if it is there. 'mode':
 * who may connect (chmod(2)); 0: as the umask says. It never is open to more
 * than that, not even for a moment (CVE-2023-45145). Returns the descriptor;
 * or -1, and 'error' says what was wrong. */
int net_listen_unix(const char *path, unsigned mode, int backlog,
                    char error[NET_TEXT_MAX]);

/* Ask now and then whether a silent peer is still there (tcp(7), SO_KEEPALIVE):
 * first after 'seconds', and give up after as long again. */
void net_keep_alive(int fd, int seconds);

#endif
