/* arguments.c -- reading what follows a command's name, and saying what is
 * wrong with it. */
#include "arguments.h"

#include "command_docs.h"
#include "params.h"
#include "resp.h"
#include "server_state.h"

#include <stdio.h>
#include <string.h>

#define HELP_LINE_MAX 200 /* bytes of one line of HELP, its NUL included */
#define UPPER_MAX     32  /* and of a command's name */

bool argument_is(struct slice argument, const char *word) {
    return slice_equal_nocase(argument, slice_of(word));
}

void reply_syntax_error(struct call *call) {
    resp_write_error(call->out, "ERR syntax error");
}

/* ---- Options ------------------------------------------------------------ */

/* The row of the option that 'argument' is; ARGUMENT_WORDS_MAX: of none. */
static size_t find_word(const struct argument_word *table,
                        struct slice argument) {
    size_t row;

    for (row = 0; row < ARGUMENT_WORDS_MAX && table[row].word != NULL; row++) {
        if (argument_is(argument, table[row].word)) return row;
    }
    return ARGUMENT_WORDS_MAX;
}

bool arguments_read_words(struct call *call, size_t first,
                          const struct argument_word *table,
                          struct argument_words *found) {
    unsigned excluded = 0;
    size_t i;

    *found = (struct argument_words){0};
    for (i = first; i < call->argc; i++) {
        size_t row = find_word(table, call->argv[i]);

        if (row == ARGUMENT_WORDS_MAX) break;
        if (table[row].has_value) {
            if (i + 1 == call->argc) break;
            found->values[row] = call->argv[++i];
        }
        found->given |= table[row].bit;
        excluded |= table[row].excludes;
        if (found->given & excluded) break;
    }
    if (i < call->argc) reply_syntax_error(call);
    return i >= call->argc;
}

/* ---- Numbers ------------------------------------------------------------ */

bool argument_integer(struct call *call, struct slice argument,
                      int64_t *value) {
    if (slice_to_int64(argument, value)) return true;
    resp_write_error(call->out, "ERR value is not an integer or out of range");
    return false;
}

bool argument_database(struct call *call, struct slice argument,
                       unsigned *database) {
    /* At replay, any that a server may have: what is in them is looked at
     * when all has been read. */
    int64_t count = call->server != NULL ? call->server->config->databases
                                         : DATABASES_MAX;
    int64_t number;

    if (!argument_integer(call, argument, &number)) return false;
    if (number < INT32_MIN || number > INT32_MAX) {
        resp_write_error(call->out,
                         "ERR value is out of range, value must between %d "
                         "and %d",
                         INT32_MIN, INT32_MAX);
        return false;
    }
    if (number < 0 || number >= count) {
        resp_write_error(call->out, "ERR DB index is out of range");
        return false;
    }
    *database = (unsigned)number;
    return true;
}

size_t argument_value_max(const struct call *call) {
    return call->value_max != 0 ? call->value_max : RESP_BULK_MAX;
}

bool argument_range(struct call *call, size_t at,
                    struct argument_range *range) {
    return argument_integer(call, call->argv[at], &range->first) &&
           argument_integer(call, call->argv[at + 1], &range->last);
}

/* The number of one, of 'len'; what lies before the first is the first. */
static int64_t from_start(int64_t number, int64_t len) {
    if (number < 0) number += len;
    return number < 0 ? 0 : number;
}

bool argument_range_within(struct argument_range *range, int64_t len) {
    /* Both may lie before the first, and in the wrong order. */
    if (range->first < 0 && range->last < range->first) return false;
    range->first = from_start(range->first, len);
    range->last = from_start(range->last, len);
    if (range->last >= len) range->last = len - 1;
    return range->first <= range->last;
}

bool argument_expiry(struct call *call, struct slice argument, unsigned how,
                     bool only_positive, int64_t *at) {
    int64_t factor = how & ARGUMENT_MILLISECONDS ? 1 : 1000;
    int64_t base = how & ARGUMENT_UNIX ? 0 : store_time(call->store);
    int64_t time;

    if (!argument_integer(call, argument, &time)) return false;
    if (!(how & ARGUMENT_UNIX) && base == 0) {
        resp_write_error(call->out, "ERR a log knows no time to count from");
        return false;
    }
    if ((only_positive && time <= 0) || time > INT64_MAX / factor ||
        time < INT64_MIN / factor || time * factor > INT64_MAX - base) {
        resp_write_error(call->out, "ERR invalid expire time in '%s' command",
                         command_find(call->argv[0])->name);
        return false;
    }
    *at = time * factor + base;
    return true;
}

/* ---- Subcommands -------------------------------------------------------- */

static const struct subcommand help = {"help", 2, NULL};

static const char *upper_case(char room[UPPER_MAX], const char *name) {
    size_t i;

    for (i = 0; i < UPPER_MAX - 1 && name[i] != '\0'; i++) {
        bool lower = name[i] >= 'a' && name[i] <= 'z';

        room[i] = lower ? (char)(name[i] - 'a' + 'A') : name[i];
    }
    room[i] = '\0';
    return room;
}

static void write_help(struct call *call, const char *container) {
    const struct command_docs *row = command_docs_find(slice_of(container));
    size_t count = command_docs_subcommands(row);
    char line[HELP_LINE_MAX];
    char upper[UPPER_MAX];

    snprintf(line, sizeof line,
             "%s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
             upper_case(upper, container));
    resp_write_array(call->out, 1 + 2 * count);
    resp_write_simple(call->out, line);
    for (row++; count > 0; row++, count--) {
        snprintf(line, sizeof line, "%s%s%s",
                 upper_case(upper, row->name + strlen(container) + 1),
                 *row->syntax != '\0' ? " " : "", row->syntax);
        resp_write_simple(call->out, line);
        snprintf(line, sizeof line, "    %s.", row->summary);
        resp_write_simple(call->out, line);
    }
}

/* The row that argv[1] names; NULL: none. */
static const struct subcommand *find_row(struct slice name,
                                         const struct subcommand *table) {
    if (argument_is(name, help.name)) return &help;
    for (; table->name != NULL; table++) {
        if (argument_is(name, table->name)) return table;
    }
    return NULL;
}

/* What the client said last: within EXEC, EXEC. */
static void note_subcommand(struct session *session, const char *container,
                            const struct subcommand *row) {
    const struct command *last = session->last_command;

    if (last == NULL || strcmp(last->name, container) != 0) return;
    session->last_subcommand = row != NULL ? row->name : NULL;
    if (row == NULL) session->last_command = NULL; /* there is none */
}

void run_subcommand(struct call *call, const char *container,
                    const struct subcommand *table) {
    struct slice name = call->argv[1];
    const struct subcommand *row = find_row(name, table);
    char upper[UPPER_MAX];

    note_subcommand(call->session, container, row);
    if (row == NULL) {
        resp_write_error(
            call->out, "ERR unknown subcommand '%.*s'. Try %s HELP.",
            command_shown(name), name.data, upper_case(upper, container));
    } else if (!command_takes(&(struct command){.arity = row->arity},
                              call->argc)) {
        resp_write_error(call->out,
                         "ERR wrong number of arguments for '%s|%s' command",
                         container, row->name);
    } else if (call->only_check) {
        return;
    } else if (row == &help) {
        write_help(call, container);
    } else {
        row->run(call);
    }
}
