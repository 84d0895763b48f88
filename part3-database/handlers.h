/* handlers.h -- the commands of this part, by group. Each appends one reply to
 * call->out and may assume that the table's arity holds (command.h). */
#ifndef REDIS_LITE_HANDLERS_H
#define REDIS_LITE_HANDLERS_H

#include "command.h"

/* command_connection.c */
command_fn command_echo, command_ping, command_quit;

/* command_handshake.c */
command_fn command_client, command_command, command_hello;

/* command_database.c */
command_fn command_dbsize, command_del, command_exists, command_flushall,
    command_get, command_set;

#endif
