/* command_replay.c -- running the log: requests that come from a file.
 *
 * A file is no more to be trusted than a client: the command has to exist, to
 * be of the kind that belongs there, to have its arguments, and to succeed. */
#include "handlers.h"

const char *command_replay(void *store, const struct slice *argv, size_t argc) {
    const struct command *command = command_find(argv[0]);
    struct session session = {.protocol = 2,
                              .authenticated = true,
                              .database = store_selected(store)};
    struct buf reply = {0};
    struct call call = {.argv = argv,
                        .argc = argc,
                        .session = &session,
                        .store = store,
                        .out = &reply};
    bool failed;

    if (command == NULL) return "unknown command";
    if (!(command->flags & COMMAND_WRITE) && command->run != command_select) {
        return "not a command that writes";
    }
    if (!command_takes(command, argc)) return "wrong number of arguments";

    command->run(&call);
    failed = buf_slice(&reply).data[0] == '-';
    buf_free(&reply);
    return failed ? "the command failed" : NULL;
}
