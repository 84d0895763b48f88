/* command_command.c -- stub, from part 2. */
#include "handlers.h"
#include "resp.h"

static bool is(struct slice argument, const char *word) {
    return slice_equal_nocase(argument, slice_of(word));
}

/* ---- Subcommands ------------------------------------------------------ */

struct subcommand {
    const char *name; /* lower case, as in error texts */
    size_t argc;      /* exactly, both names included; 0: any */
    command_fn *run;
};

/* Run the one of 'table' (which ends with a NULL name) that argv[1] names;
 * 'upper' is the command's own name, as its help text spells it. */
static void run_subcommand(struct call *call, const struct subcommand *table,
                           const char *container, const char *upper) {
    struct slice name = call->argv[1];

    while (table->name != NULL && !is(name, table->name))
        table++;
    if (table->name == NULL) {
        resp_write_error(call->out,
                         "ERR unknown subcommand '%.*s'. Try %s HELP.",
                         command_shown(name), name.data, upper);
    } else if (table->argc != 0 && table->argc != call->argc) {
        resp_write_error(call->out,
                         "ERR wrong number of arguments for '%s|%s' command",
                         container, table->name);
    } else {
        table->run(call);
    }
}

/* ---- COMMAND ---------------------------------------------------------- */

static void count_commands(struct call *call) {
    int64_t count = 0;

    while (command_table[count].name != NULL)
        count++;
    resp_write_integer(call->out, count);
}

/* redis-cli asks for these to show hints; an empty answer means: none. */
static void docs(struct call *call) {
    resp_write_map(call->out, 0, call->session->protocol);
}

void command_command(struct call *call) {
    static const struct subcommand table[] = {
        {"count", 2, count_commands},
        {"docs",  0, docs          },
        {NULL,    0, NULL          },
    };

    if (call->argc == 1) {
        resp_write_array(call->out, 0);
    } else {
        run_subcommand(call, table, "command", "COMMAND");
    }
}
