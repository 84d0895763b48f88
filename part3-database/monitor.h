/* monitor.h -- showing what all clients do (MONITOR): the best way to see what
 * a program really asks for. */
#ifndef REDIS_LITE_MONITOR_H
#define REDIS_LITE_MONITOR_H

#include "server_state.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether it is shown: not what is about the server, as in Redis. */
bool monitor_shows(const struct command *command, const struct slice *argv);

/* Append one line about a command that 'conn' has run to server->monitor_lines,
 * as Redis prints it:
 *
 *   +1339518083.107412 [0 127.0.0.1:60866] "set" "x" "6"
 */
void monitor_feed(struct server *server, const struct conn *conn,
                  const struct slice *argv, size_t argc);

#endif
