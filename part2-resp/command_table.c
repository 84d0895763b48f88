/* command_table.c -- what this part can do. */
#include "handlers.h"

#include <stdio.h>

/* Arity counts the name; -n means n or more. */
const struct command command_table[] = {
    {"client",  -2, 0, command_client },
    {"command", -1, 0, command_command},
    {"echo",    2,  0, command_echo   },
    {"hello",   -1, 0, command_hello  },
    {"ping",    -1, 0, command_ping   },
    {"quit",    -1, 0, command_quit   },
    {NULL,      0,  0, NULL           },
};

void command_hint(char *text, size_t size, const char *program, int port) {
    snprintf(text, size, "%s-cli -p %d PING", program, port);
}
