/* server_ahead.c -- which keys the next requests will look at. */
#include "server_state.h"

#include "store.h"

/* One past the last argument that is a key; the first is argument 1. */
static size_t keys_end(const struct command *command, size_t argc) {
    unsigned flags = command->flags;
    size_t end = 1;

    if (flags & COMMAND_KEY) end = 2;
    if (flags & COMMAND_KEY_PAIR) end = 3;
    if (flags & (COMMAND_KEYS | COMMAND_KEY_VALUE)) end = argc;
    return end < argc ? end : argc;
}

void server_announce(struct server *server, unsigned database,
                     const struct batch *batch) {
    struct slice keys[STORE_ANNOUNCED_MAX];
    size_t count = 0;
    size_t i;

    for (i = 0; i < batch->count; i++) {
        const struct resp_request *request = &batch->requests[i];
        const struct command *command = request->argc > 0
                                            ? command_find(request->argv[0])
                                            : NULL;
        size_t step, end, at;

        server->commands[i] = command;
        if (command == NULL) continue;
        step = command->flags & COMMAND_KEY_VALUE ? 2 : 1;
        end = keys_end(command, request->argc);
        for (at = 1; at < end && count < STORE_ANNOUNCED_MAX; at += step)
            keys[count++] = request->argv[at];
    }
    /* While a single one is fetched there is nothing else to do. */
    if (count > 1) store_announce(server->store, database, keys, count);
}
