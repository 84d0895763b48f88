/* command_table.c -- what this part can do. */
#include "handlers.h"

#include <stdio.h>

/* Arity counts the name; -n means n or more. */
const struct command command_table[] = {
    {"client",   -2, 0,             command_client  },
    {"command",  -1, 0,             command_command },
    {"dbsize",   1,  COMMAND_READ,  command_dbsize  },
    {"del",      -2, COMMAND_WRITE, command_del     },
    {"echo",     2,  0,             command_echo    },
    {"exists",   -2, COMMAND_READ,  command_exists  },
    {"flushall", -1, COMMAND_WRITE, command_flushall},
    {"get",      2,  COMMAND_READ,  command_get     },
    {"hello",    -1, 0,             command_hello   },
    {"ping",     -1, 0,             command_ping    },
    {"quit",     -1, 0,             command_quit    },
    {"set",      3,  COMMAND_WRITE, command_set     },
    {NULL,       0,  0,             NULL            },
};

void command_hint(char *text, size_t size, const char *program, int port) {
    snprintf(text, size, "%s-cli -p %d SET greeting hello", program, port);
}
