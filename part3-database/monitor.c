/* monitor.c -- showing what all clients do: one line a command. */
#include "monitor.h"

#include "arguments.h"
#include "net_peer.h"
#include "text.h"

bool monitor_shows(const struct command *command, const struct slice *argv) {
    return !(command->flags & COMMAND_ADMIN) &&
           !(command->run == command_client &&
             (argument_is(argv[1], "list") || argument_is(argv[1], "kill") ||
              argument_is(argv[1], "no-evict")));
}

void monitor_feed(struct server *server, const struct conn *conn,
                  const struct slice *argv, size_t argc) {
    struct buf *lines = &server->monitor_lines;
    char address[NET_TEXT_MAX];
    size_t i;

    net_peer_address(conn->fd, address);
    text_append(lines, "+%lld.%06lld [%u ",
                (long long)(server->time_us / 1000000),
                (long long)(server->time_us % 1000000), conn->session.database);
    if (net_is_unix(conn->fd)) {
        text_append(lines, "unix:%s]", server->config->unixsocket);
    } else {
        text_append(lines, "%s]", address);
    }
    for (i = 0; i < argc; i++) {
        buf_append(lines, " ", 1);
        text_append_quoted(lines, argv[i]);
    }
    buf_append(lines, "\r\n", 2);
}
