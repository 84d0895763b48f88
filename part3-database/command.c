/* command.c -- how a request finds its handler, among many.
 *
 * What commands there are is said in command_table.c, and what they do in
 * files named after their group. */
#include "command.h"

#include "handlers.h"
#include "resp.h"

#include <assert.h>
#include <stdio.h>

#define SHOWN_MAX 128 /* bytes of a name, or of all arguments; as in Redis */

/* As memcmp() orders them: the table does, and it is in lower case. */
static int compare(struct slice name, const char *row) {
    size_t i;

    for (i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (row[i] == '\0') return 1;
        if (c != row[i]) return (unsigned char)c - (unsigned char)row[i];
    }
    return row[i] == '\0' ? 0 : -1;
}

const struct command *command_find(struct slice name) {
    size_t low = 0;
    size_t high = command_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(name, command_table[middle].name);

        if (order == 0) return &command_table[middle];
        if (order < 0) high = middle;
        if (order > 0) low = middle + 1;
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

/* ---- What the log says -------------------------------------------------- */

void command_log(struct call *call, const struct slice *words, size_t count) {
    size_t i;

    assert(count <= COMMAND_RECORD_MAX);
    for (i = 0; i < count; i++)
        call->record[i] = words[i];
    call->argv = call->record;
    call->argc = count;
    call->changed = true;
}

struct slice command_number(struct call *call, int64_t number) {
    int len = snprintf(call->number, sizeof call->number, "%lld",
                       (long long)number);

    return (struct slice){call->number, (size_t)len};
}
