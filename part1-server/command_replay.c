/* command_replay.c -- part 1 stub: there is no log, so nothing is replayed.
 * The real one: part3-database/command_replay.c. */
#include "command.h"

const char *command_replay(void *store, const struct slice *argv, size_t argc) {
    (void)store, (void)argv, (void)argc;
    return "this part keeps no data";
}
