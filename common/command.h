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
#include <stdint.h>

struct server;

#define COMMAND_RECORD_MAX 5
#define COMMAND_NUMBER_MAX 24 /* bytes of an int64_t in decimal, and a NUL */

/* One request on its way through. Everything is borrowed. */
struct call {
    const struct slice *argv; /* argv[0] is the name as the client spelt it */
    size_t argc;              /* at least 1 */
    struct session *session;
    struct store *store;
    struct buf *out; /* the handler appends exactly one reply */
    bool changed;    /* set by a handler that changed the store: such a
                        request, and no other, belongs in the log */

    /* From part 3 on: */
    struct server *server; /* for commands about the server; NULL at replay */
    size_t out_max;        /* once 'out' is longer, nobody will read it */
    bool only_check;       /* a parent has to say whether there is such a
                              subcommand, and not to run it */
    size_t value_max;      /* bytes of a value; 0: RESP_BULK_MAX */
    struct slice record[COMMAND_RECORD_MAX]; /* what the log says instead */
    char number[COMMAND_NUMBER_MAX];         /* a number in it */
};

typedef void command_fn(struct call *call);

enum {
    COMMAND_READ = 1,  /* looks at the store */
    COMMAND_WRITE = 2, /* may change the store: the only kind a log may hold */

    /* From part 3 on. Which arguments are keys: */
    COMMAND_KEY = 1 << 2,       /* the first */
    COMMAND_KEY_PAIR = 1 << 3,  /* the first two */
    COMMAND_KEYS = 1 << 4,      /* all */
    COMMAND_KEY_VALUE = 1 << 5, /* the first, third, fifth... */
    COMMAND_SUBKEY = 1 << 6,    /* the one after a subcommand's name */
    /* When it may run: */
    COMMAND_GROWS = 1 << 7,     /* not over 'maxmemory' (Redis: denyoom) */
    COMMAND_NO_AUTH = 1 << 8,   /* before a password was given, too */
    COMMAND_NO_QUEUE = 1 << 9,  /* at once, even after MULTI */
    COMMAND_NO_MULTI = 1 << 10, /* not after MULTI at all */
    /* What clients may like to know: */
    COMMAND_ADMIN = 1 << 11,  /* about the server; not shown to monitors */
    COMMAND_FAST = 1 << 12,   /* its time does not depend on any size */
    COMMAND_PARENT = 1 << 13, /* what it does stands in its subcommand */
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

/* Whether a request may call 'command', which it names. False, and an error is
 * appended, if that is NULL or takes another number of arguments. */
bool command_check(struct call *call, const struct command *command);

/* Run one request, and append its reply: the handler's, or that error. */
void command_execute(struct call *call);

/* From part 3 on: let the log have this record instead of what the client sent,
 * and set 'changed'. At most COMMAND_RECORD_MAX words, borrowed until the next
 * call that changes the store. The record must not depend on the time at which
 * it is replayed, or on chance. */
void command_log(struct call *call, const struct slice *words, size_t count);

/* Print a number for such a record; one a call. Borrowed from 'call'. */
struct slice command_number(struct call *call, int64_t number);

/* Run one request of the log on 'store' (a struct store *; the type is that of
 * aof.h's callback). NULL if it succeeded, else what is wrong. */
const char *command_replay(void *store, const struct slice *argv, size_t argc);

#endif
