/* monitor.c -- stub */
#include "monitor.h"
void monitor_feed(struct server *server, const struct conn *conn,
                  const struct slice *argv, size_t argc) {
    (void)server;
    (void)conn;
    (void)argv;
    (void)argc;
}
