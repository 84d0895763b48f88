/* command.c -- how a request finds its handler.
 *
 * What commands there are is said in command_table.c, and what they do in
 * files named after their group; this one is the same in every part. */
#include "command.h"

#include "resp.h"

#include <assert.h>
#include <stdio.h>

#define SHOWN_MAX 128 /* bytes of a name, or of all arguments; as in Redis */

const struct command *command_find(struct slice name) {
    const struct command *command;

    for (command = command_table; command->name != NULL; command++) {
        if (slice_equal_nocase(name, slice_of(command->name))) return command;
    }
    return NULL;
}

bool command_takes(const struct command *command, size_t argc) {
    if (command->arity < 0) return argc >= (size_t)-command->arity;
    return argc == (size_t)command->arity;
}

int command_shown(struct slice bytes) {
    return bytes.len < SHOWN_MAX ? (int)bytes.len : SHOWN_MAX;
}

static void reply_unknown(struct call *call) {
    char args[2 * SHOWN_MAX] = "";
    size_t len = 0;
    size_t i;

    for (i = 1; i < call->argc && len < SHOWN_MAX; i++) {
        struct slice arg = call->argv[i];

        if (arg.len > SHOWN_MAX - len) arg.len = SHOWN_MAX - len;
        len += (size_t)snprintf(args + len, sizeof args - len, "'%.*s' ",
                                (int)arg.len, arg.data);
    }
    resp_write_error(call->out,
                     "ERR unknown command '%.*s', with args beginning with: %s",
                     command_shown(call->argv[0]), call->argv[0].data, args);
}

bool command_check(struct call *call, const struct command *command) {
    if (command == NULL) {
        reply_unknown(call);
        return false;
    }
    if (!command_takes(command, call->argc)) {
        resp_write_error(call->out,
                         "ERR wrong number of arguments for '%s' command",
                         command->name);
        return false;
    }
    return true;
}

void command_execute(struct call *call) {
    const struct command *command = command_find(call->argv[0]);

    if (!command_check(call, command)) return;
    command->run(call);
    /* The log would take it, and the next start refuse it. */
    assert(!call->changed || (command->flags & COMMAND_WRITE));
}
