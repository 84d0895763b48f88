/* command_command.c -- COMMAND: the table of commands, as clients ask for it.
 *
 * What the server acts upon stands in command_table.c, what people like to know
 * in command_docs.c. Nothing is said of a command here. */
#include "arguments.h"
#include "command_describe.h"
#include "command_docs.h"
#include "glob.h"
#include "handlers.h"
#include "resp.h"

#include <string.h>

/* The next row that is no subcommand; NULL: there is none. */
static const struct command_docs *next_row(const struct command_docs *row) {
    row = row == NULL ? command_docs : row + 1;
    while (row->name != NULL && strchr(row->name, '|') != NULL)
        row++;
    return row->name != NULL ? row : NULL;
}

/* ---- COMMAND INFO, COMMAND DOCS ----------------------------------------- */

static void write_all(struct call *call) {
    const struct command_docs *row = NULL;

    resp_write_array(call->out, command_count);
    while ((row = next_row(row)) != NULL)
        command_describe(call->out, row, call->session->protocol);
}

static void info(struct call *call) {
    size_t i;

    if (call->argc == 2) {
        write_all(call);
        return;
    }
    resp_write_array(call->out, call->argc - 2);
    for (i = 2; i < call->argc; i++) {
        const struct command_docs *row = command_docs_find(call->argv[i]);

        if (row == NULL) {
            resp_write_null(call->out, call->session->protocol);
        } else {
            command_describe(call->out, row, call->session->protocol);
        }
    }
}

static void docs_of_all(struct call *call) {
    const struct command_docs *row = NULL;

    resp_write_map(call->out, command_count, call->session->protocol);
    while ((row = next_row(row)) != NULL)
        command_explain(call->out, row, call->session->protocol);
}

static void docs(struct call *call) {
    struct list list = {0};
    size_t i;

    if (call->argc == 2) {
        docs_of_all(call);
        return;
    }
    for (i = 2; i < call->argc; i++) {
        const struct command_docs *row = command_docs_find(call->argv[i]);

        if (row == NULL) continue;
        command_explain(&list.bytes, row, call->session->protocol);
        list.count++;
    }
    resp_write_map(call->out, list.count, call->session->protocol);
    list_end(&list, call->out);
}

/* ---- COMMAND LIST -------------------------------------------------------- */

enum filter { FILTER_NONE, FILTER_MODULE, FILTER_CATEGORY, FILTER_PATTERN };

/* False, and an error is appended, if it is none. */
static bool read_filter(struct call *call, enum filter *filter) {
    *filter = FILTER_NONE;
    if (call->argc == 5 && argument_is(call->argv[2], "filterby")) {
        if (argument_is(call->argv[3], "module")) *filter = FILTER_MODULE;
        if (argument_is(call->argv[3], "aclcat")) *filter = FILTER_CATEGORY;
        if (argument_is(call->argv[3], "pattern")) *filter = FILTER_PATTERN;
    }
    if (*filter != FILTER_NONE || call->argc == 2) return true;
    reply_syntax_error(call);
    return false;
}

static void list_names(struct call *call) {
    const struct command_docs *row;
    struct list list = {0};
    enum filter filter;

    if (!read_filter(call, &filter)) return;
    for (row = command_docs; row->name != NULL; row++) {
        struct subject it = command_subject(row);

        /* A module's: we have none. */
        if (filter == FILTER_MODULE) continue;
        if (filter == FILTER_CATEGORY && !command_is_in(&it, call->argv[4]))
            continue;
        if (filter == FILTER_PATTERN &&
            !glob_match(call->argv[4], slice_of(row->name), true)) {
            continue;
        }
        resp_write_bulk(&list.bytes, slice_of(row->name));
        list.count++;
    }
    resp_write_array(call->out, list.count);
    list_end(&list, call->out);
}

/* ---- COMMAND GETKEYS, COMMAND COUNT ---------------------------------------
 */

static void getkeys(struct call *call) {
    size_t argc = call->argc - 2;
    const struct slice *argv = call->argv + 2;
    const struct command_docs *row = command_docs_called(argv, argc);
    struct subject it;
    size_t end, step, i;

    if (row == NULL) {
        resp_write_error(call->out, "ERR Invalid command specified");
        return;
    }
    it = command_subject(row);
    if (it.first_key == 0) {
        resp_write_error(call->out, "ERR The command has no key arguments");
        return;
    }
    if (!command_takes(&(struct command){.arity = it.arity}, argc)) {
        resp_write_error(call->out, "ERR Invalid number of arguments specified "
                                    "for command");
        return;
    }
    end = it.last_key == -1 ? argc : (size_t)it.last_key + 1;
    step = (size_t)it.key_step;
    i = (size_t)it.first_key;
    resp_write_array(call->out, (end - i + step - 1) / step);
    for (; i < end; i += step)
        resp_write_bulk(call->out, argv[i]);
}

static void count_commands(struct call *call) {
    resp_write_integer(call->out, (int64_t)command_count);
}

void command_command(struct call *call) {
    static const struct subcommand table[] = {
        {"count",   2,  count_commands},
        {"docs",    -2, docs          },
        {"getkeys", -4, getkeys       },
        {"info",    -2, info          },
        {"list",    -2, list_names    },
        {NULL,      0,  NULL          },
    };

    if (call->argc == 1) {
        write_all(call);
    } else {
        run_subcommand(call, "command", table);
    }
}
