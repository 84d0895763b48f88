/* command_describe.h -- telling clients of a command: between
 * command_command.c, command_describe.c and command_explain.c only. */
#ifndef REDIS_LITE_COMMAND_DESCRIBE_H
#define REDIS_LITE_COMMAND_DESCRIBE_H

#include "buf.h"
#include "command_docs.h"
#include "slice.h"

#include <stdbool.h>

/* A command or subcommand, from both tables. */
struct subject {
    const struct command_docs *docs;
    const char *group;
    unsigned flags; /* of command_table */
    int arity;
    int first_key; /* 0: it has none */
    int last_key;  /* -1: the last argument */
    int key_step;
};

/* Values of which it is not known yet how many there will be, and their end:
 * behind their number, which is in 'out' by then. */
struct list {
    struct buf bytes;
    size_t count;
};

void list_end(struct list *list, struct buf *out);

struct subject command_subject(const struct command_docs *docs);

/* Whether it is in a category ("read"), in any case. */
bool command_is_in(const struct subject *it, struct slice category);

/* The reply of COMMAND INFO for one; name and value in that of COMMAND DOCS. */
void command_describe(struct buf *out, const struct command_docs *docs,
                      int protocol);
void command_explain(struct buf *out, const struct command_docs *docs,
                     int protocol);

#endif
