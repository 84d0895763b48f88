/* command_table.c -- what this part can do. */
#include "handlers.h"

#include <stddef.h>

const struct command command_table[] = {
    /* name, arity, flags, run */ /* arity counts the name; -n: n or more */
    { "client", -2, 0, command_client },
    { "command", -1, 0, command_command },
    { "echo", 2, 0, command_echo },
    { "hello", -1, 0, command_hello },
    { "ping", -1, 0, command_ping },
    { "quit", -1, 0, command_quit },
    { NULL, 0, 0, NULL },
};

const char *const command_hint[2] = { "redis-lite-cli -p ", " PING" };
