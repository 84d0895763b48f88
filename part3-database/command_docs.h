/* command_docs.h -- what people and client libraries like to know of a command
 * beyond what the server acts upon (command.h): COMMAND DOCS and COMMAND INFO
 * tell it, and redis-cli shows it as you type.
 *
 * The syntax of the arguments is one line of the usual notation, read by
 * syntax_read():
 *
 *   key           an argument      NX         a word that stands for itself
 *   EX seconds    an argument announced by a word
 *   [x]           may be missing   (x | y)    one of them
 *   x ...         once or more     (x y) ...  together, once or more */
#ifndef REDIS_LITE_COMMAND_DOCS_H
#define REDIS_LITE_COMMAND_DOCS_H

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Lists of words are divided by blanks; an empty one may be NULL. */
struct command_docs {
    const char *name; /* as in command_table; of a subcommand "client|list" */
    const char *group;
    const char *since; /* the version of Redis that had it first */
    const char *syntax;
    const char *summary;
    const char *keys; /* what is done to each of them: "RO access; OW update" */
    const char
        *marks;       /* flags and @categories that do not follow from the row
                         of command_table, group or name; of a subcommand all */
    const char *tips; /* for clients that speak to a cluster */
};

/* Sorted by name, subcommands behind their command; ends with a NULL name. */
extern const struct command_docs command_docs[];

/* The row of this name, in any case, or NULL. */
const struct command_docs *command_docs_find(struct slice name);

/* That of what these words call, which is a subcommand, if the command has some
 * and it is not alone. NULL: there is none such. */
const struct command_docs *command_docs_called(const struct slice *argv,
                                               size_t argc);

/* Whether this word is among the marks. */
bool command_docs_is_marked(const struct command_docs *row, const char *word);

/* How many subcommands a command has: so many rows behind its own. */
size_t command_docs_subcommands(const struct command_docs *row);

/* ---- The notation (command_syntax.c) ------------------------------------ */

#define SYNTAX_NODES_MAX 32 /* in one syntax; a test reads them all */

enum syntax_type {
    SYNTAX_ARGUMENT, /* the client's own */
    SYNTAX_TOKEN,    /* the word itself */
    SYNTAX_ONE_OF,
    SYNTAX_BLOCK, /* all its parts, in this order */
};

struct syntax_node {
    enum syntax_type type;
    struct slice name;  /* borrowed from the syntax; of a group its first's */
    struct slice token; /* empty: none */
    bool optional;
    bool multiple;
    struct syntax_node *first; /* its parts; NULL: none */
    struct syntax_node *next;  /* beside it */
};

struct syntax {
    struct syntax_node nodes[SYNTAX_NODES_MAX];
    size_t used;
    struct syntax_node *first; /* NULL: no arguments */
};

/* Read a syntax. False if the notation is broken: our bug, for a test. */
bool syntax_read(struct syntax *syntax, const char *text);

/* How many arguments it takes, after 'before' others (the names): n, or -n for
 * n and more, as in command_table. */
int syntax_arity(const struct syntax *syntax, int before);

#endif
