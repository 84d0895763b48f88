/* arguments.h -- reading what follows a command's name: option words in any
 * order and any case, and numbers. One reader for all commands, so that all
 * make the same mistakes impossible and give the same errors.
 *
 * Each function answers the client with an error itself when it returns false;
 * the handler then just returns. */
#ifndef REDIS_LITE_ARGUMENTS_H
#define REDIS_LITE_ARGUMENTS_H

#include "command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARGUMENT_WORDS_MAX 9 /* rows of a table of option words */

/* One option: its word, what it excludes, whether a value follows it. */
struct argument_word {
    const char *word;  /* lower case; NULL ends the table */
    unsigned bit;      /* one of the caller's; words may share it */
    unsigned excludes; /* bits of the words that may not stand beside it */
    bool has_value;
};

/* What was found. */
struct argument_words {
    unsigned given; /* the bits of the words */
    struct slice
        values[ARGUMENT_WORDS_MAX]; /* by row; len 0, data NULL: none */
};

/* Whether 'argument' is this word (lower case), in any case. */
bool argument_is(struct slice argument, const char *word);

/* Read the arguments from number 'first' to the end as option words of 'table'.
 * Anything else: "ERR syntax error". A word given twice counts once, its last
 * value. */
bool arguments_read_words(struct call *call, size_t first,
                          const struct argument_word *table,
                          struct argument_words *found);

/* Read a decimal integer: "ERR value is not an integer or out of range". */
bool argument_integer(struct call *call, struct slice argument, int64_t *value);

/* Read the number of a database: besides that, "ERR value is out of range,
 * value must between..." (sic), "ERR DB index is out of range". */
bool argument_database(struct call *call, struct slice argument,
                       unsigned *database);

/* How long a value may become, in bytes (proto-max-bulk-len). */
size_t argument_value_max(const struct call *call);

/* A part of a string: the first and the last of its bytes, or bits. */
struct argument_range {
    int64_t first, last; /* negative: from the end, -1 is the last */
};

/* Read it from two arguments, 'at' and the next. */
bool argument_range(struct call *call, size_t at, struct argument_range *range);

/* Let it be a part of what has 'len' of them. False if it is none. */
bool argument_range_within(struct argument_range *range, int64_t len);

/* ---- A time to live ----------------------------------------------------- */

/* How a client spells it: a number of these, from now or since 1970. */
enum argument_time {
    ARGUMENT_SECONDS = 0,
    ARGUMENT_MILLISECONDS = 1,
    ARGUMENT_UNIX = 2, /* since 1970: or with one of the two */
};

/* Read such a time as milliseconds since 1970. "ERR value is not an integer or
 * out of range"; "ERR invalid expire time in 'set' command" if it does not fit,
 * or if it is not positive and 'only_positive'. A time from now is refused at
 * replay: it would be another than it was. */
bool argument_expiry(struct call *call, struct slice argument, unsigned how,
                     bool only_positive, int64_t *at);

/* "ERR syntax error". */
void reply_syntax_error(struct call *call);

/* ---- Subcommands ------------------------------------------------------- */

struct subcommand {
    const char *name; /* lower case, as in error texts; NULL ends a table */
    int arity;        /* both names included; -n: n or more */
    command_fn *run;
};

/* Run the one that argv[1] names; 'container' is the command's own name, in
 * lower case. HELP is answered from command_docs. */
void run_subcommand(struct call *call, const char *container,
                    const struct subcommand *table);

#endif
