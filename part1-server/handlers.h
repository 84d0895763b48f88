/* handlers.h -- the commands of this part, by group. Each appends one reply to
 * call->out and may assume that the table's arity holds (command.h). */
#ifndef REDIS_LITE_HANDLERS_H
#define REDIS_LITE_HANDLERS_H

#include "command.h"

/* command_connection.c */
command_fn command_echo, command_ping, command_quit;

#endif
