/* command.h -- from a request to its reply: the table of commands, and how one
 * of them is found, checked and run.
 *
 * The rooms above hand a request in and send what comes out; the handlers see
 * nothing but the struct call: no socket, no log, no other client. */
#ifndef REDIS_LITE_COMMAND_H
#define REDIS_LITE_COMMAND_H

#include "buf.h"
#include "session.h"
#include "slice.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>

/* One request on its way through. Everything is borrowed. */
struct call {
    const struct slice *argv; /* argv[0] is the name as the client spelt it */
    size_t argc;              /* at least 1 */
    struct session *session;
    struct store *store;
    struct buf *out; /* the handler appends exactly one reply */
    bool changed;    /* set by a handler that changed the store: such a
                        request, and no other, belongs in the log */
};

typedef void command_fn(struct call *call);

enum {
    COMMAND_READ = 1,  /* looks at the store */
    COMMAND_WRITE = 2, /* may change the store: the only kind a log may hold */
};

struct command {
    const char *name; /* lower case, as in error texts; any case matches */
    int arity;        /* arguments, the name included; -n: n or more */
    unsigned flags;
    command_fn *run;
};

/* What this part can do (command_table.c); ends with a NULL name. */
extern const struct command command_table[];

/* What to type first, for a server that was started as 'program' and listens
 * on 'port' (command_table.c). Written to 'text', at most 'size' bytes. */
void command_hint(char *text, size_t size, const char *program, int port);

/* The command called 'name', in any case, or NULL. */
const struct command *command_find(struct slice name);

/* Whether 'command' can be called with 'argc' arguments, name included. */
bool command_takes(const struct command *command, size_t argc);

/* For "%.*s" in an error text: how many of a client's bytes are shown. Names
 * and options are cut, or an error could be of any size. */
int command_shown(struct slice bytes);

/* Run one request, and append its reply: the handler's, or an error if there
 * is no such command or it takes another number of arguments. */
void command_execute(struct call *call);

/* Run one request of the log on 'store' (a struct store *; the type is that of
 * aof.h's callback). NULL if it succeeded, else what is wrong. */
const char *command_replay(void *store, const struct slice *argv, size_t argc);

#endif
