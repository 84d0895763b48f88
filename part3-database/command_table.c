/* command_table.c -- what this part can do.
 *
 * The rows are in the order of the alphabet: one that is out of its place is
 * not found, as command_find() halves the table until it has it. */
#include "handlers.h"

#include <stdio.h>

/* The flags of command.h, short enough for a row. */
enum {
    READ = COMMAND_READ,
    WRITE = COMMAND_WRITE,
    KEY = COMMAND_KEY,
    KEY_PAIR = COMMAND_KEY_PAIR,
    KEYS = COMMAND_KEYS,
    KEY_VALUE = COMMAND_KEY_VALUE,
    SUBKEY = COMMAND_SUBKEY,
    GROWS = COMMAND_GROWS,
    NO_AUTH = COMMAND_NO_AUTH,
    NO_QUEUE = COMMAND_NO_QUEUE,
    NO_MULTI = COMMAND_NO_MULTI,
    ADMIN = COMMAND_ADMIN,
    FAST = COMMAND_FAST,
    PARENT = COMMAND_PARENT,
};

/* Arity counts the name; -n means n or more. */
const struct command command_table[] = {
    {"append",      3,  WRITE | KEY | GROWS | FAST, command_append     },
    {"auth",        -2, FAST | NO_AUTH,             command_auth       },
    {"bitcount",    -2, READ | KEY,                 command_bitcount   },
    {"client",      -2, PARENT,                     command_client     },
    {"command",     -1, PARENT,                     command_command    },
    {"config",      -2, ADMIN | PARENT,             command_config     },
    {"copy",        -3, WRITE | KEY_PAIR | GROWS,   command_copy       },
    {"dbsize",      1,  READ | FAST,                command_dbsize     },
    {"debug",       -2, ADMIN,                      command_debug      },
    {"decr",        2,  WRITE | KEY | GROWS | FAST, command_decr       },
    {"decrby",      3,  WRITE | KEY | GROWS | FAST, command_decrby     },
    {"del",         -2, WRITE | KEYS,               command_del        },
    {"discard",     1,  FAST | NO_QUEUE,            command_discard    },
    {"echo",        2,  FAST,                       command_echo       },
    {"exec",        1,  NO_QUEUE,                   command_exec       },
    {"exists",      -2, READ | KEYS | FAST,         command_exists     },
    {"expire",      -3, WRITE | KEY | FAST,         command_expire     },
    {"expireat",    -3, WRITE | KEY | FAST,         command_expireat   },
    {"expiretime",  2,  READ | KEY | FAST,          command_expiretime },
    {"flushall",    -1, WRITE,                      command_flushall   },
    {"flushdb",     -1, WRITE,                      command_flushdb    },
    {"get",         2,  READ | KEY | FAST,          command_get        },
    {"getbit",      3,  READ | KEY | FAST,          command_getbit     },
    {"getdel",      2,  WRITE | KEY | FAST,         command_getdel     },
    {"getex",       -2, WRITE | KEY | FAST,         command_getex      },
    {"getrange",    4,  READ | KEY,                 command_getrange   },
    {"getset",      3,  WRITE | KEY | GROWS | FAST, command_getset     },
    {"hello",       -1, FAST | NO_AUTH,             command_hello      },
    {"incr",        2,  WRITE | KEY | GROWS | FAST, command_incr       },
    {"incrby",      3,  WRITE | KEY | GROWS | FAST, command_incrby     },
    {"incrbyfloat", 3,  WRITE | KEY | GROWS | FAST, command_incrbyfloat},
    {"info",        -1, 0,                          command_info       },
    {"keys",        2,  READ,                       command_keys       },
    {"lastsave",    1,  FAST,                       command_lastsave   },
    {"latency",     -2, ADMIN | PARENT,             command_latency    },
    {"memory",      -2, READ | SUBKEY | PARENT,     command_memory     },
    {"mget",        -2, READ | KEYS | FAST,         command_mget       },
    {"monitor",     1,  ADMIN,                      command_monitor    },
    {"move",        3,  WRITE | KEY | FAST,         command_move       },
    {"mset",        -3, WRITE | KEY_VALUE | GROWS,  command_mset       },
    {"msetnx",      -3, WRITE | KEY_VALUE | GROWS,  command_msetnx     },
    {"multi",       1,  FAST | NO_QUEUE,            command_multi      },
    {"object",      -2, READ | SUBKEY | PARENT,     command_object     },
    {"persist",     2,  WRITE | KEY | FAST,         command_persist    },
    {"pexpire",     -3, WRITE | KEY | FAST,         command_pexpire    },
    {"pexpireat",   -3, WRITE | KEY | FAST,         command_pexpireat  },
    {"pexpiretime", 2,  READ | KEY | FAST,          command_pexpiretime},
    {"ping",        -1, FAST,                       command_ping       },
    {"psetex",      4,  WRITE | KEY | GROWS,        command_psetex     },
    {"pttl",        2,  READ | KEY | FAST,          command_pttl       },
    {"quit",        -1, FAST | NO_AUTH | NO_QUEUE,  command_quit       },
    {"randomkey",   1,  READ,                       command_randomkey  },
    {"rename",      3,  WRITE | KEY_PAIR,           command_rename     },
    {"renamenx",    3,  WRITE | KEY_PAIR | FAST,    command_renamenx   },
    {"reset",       1,  FAST | NO_AUTH | NO_QUEUE,  command_reset      },
    {"role",        1,  FAST,                       command_role       },
    {"scan",        -2, READ,                       command_scan       },
    {"select",      2,  FAST,                       command_select     },
    {"set",         -3, WRITE | KEY | GROWS,        command_set_options},
    {"setbit",      4,  WRITE | KEY | GROWS,        command_setbit     },
    {"setex",       4,  WRITE | KEY | GROWS,        command_setex      },
    {"setnx",       3,  WRITE | KEY | GROWS | FAST, command_setnx      },
    {"setrange",    4,  WRITE | KEY | GROWS,        command_setrange   },
    {"shutdown",    -1, ADMIN | NO_MULTI,           command_shutdown   },
    {"slowlog",     -2, ADMIN | PARENT,             command_slowlog    },
    {"strlen",      2,  READ | KEY | FAST,          command_strlen     },
    {"time",        1,  FAST,                       command_time       },
    {"touch",       -2, READ | KEYS | FAST,         command_touch      },
    {"ttl",         2,  READ | KEY | FAST,          command_ttl        },
    {"type",        2,  READ | KEY | FAST,          command_type       },
    {"unlink",      -2, WRITE | KEYS | FAST,        command_unlink     },
    {"unwatch",     1,  FAST,                       command_unwatch    },
    {"watch",       -2, KEYS | FAST | NO_QUEUE,     command_watch      },
    {NULL,          0,  0,                          NULL               },
};

const size_t command_count = sizeof command_table / sizeof command_table[0] - 1;

void command_hint(char *text, size_t size, const char *program, int port) {
    snprintf(text, size, "%s-cli -p %d SET greeting hello", program, port);
}
