/* monitor.h -- showing what all clients do (MONITOR): the best way to see what
 * a program really asks for. */
#ifndef REDIS_LITE_MONITOR_H
#define REDIS_LITE_MONITOR_H

#include "server_state.h"

#include <stddef.h>

/* Append one line about a command that 'conn' runs now to what each monitor
 * has still to be sent, as Redis prints it:
 *
 *   +1339518083.107412 [0 127.0.0.1:60866] "set" "x" "6"
 */
void monitor_feed(struct server *server, const struct conn *conn,
                  const struct slice *argv, size_t argc);

#endif
