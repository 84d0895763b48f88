/* command_debug.c -- DEBUG and SHUTDOWN: for tests, and for the end. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"
#include "server_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- DEBUG (server_execute.c lets nobody in unless configured) ------------
 */

#define SECONDS_LEN 32 /* bytes of a number of seconds that are read */

/* Everybody waits: this shows what one slow command does to all others. */
static void debug_sleep(struct slice seconds) {
    char text[SECONDS_LEN];
    struct timespec pause;
    double value;

    snprintf(text, sizeof text, "%.*s", command_shown(seconds), seconds.data);
    value = strtod(text, NULL);
    if (!(value > 0 && value < INT32_MAX)) return; /* as Redis: no complaint */
    pause.tv_sec = (time_t)value;
    pause.tv_nsec = (long)((value - (double)pause.tv_sec) * 1e9);
    nanosleep(&pause, NULL);
}

static void debug_help(struct call *call) {
    static const char *const lines[] = {
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Setting it to 0 disables expiring keys in background when they "
        "are not",
        "    accessed (otherwise the Redis behavior). Setting it to 1 "
        "reenables "
        "back the",
        "    default.",
        "SLEEP <seconds>",
        "    Stop the server for <seconds>. Decimals allowed.",
        "HELP",
        "    Prints this help."};
    size_t i;

    resp_write_array(call->out, sizeof lines / sizeof *lines);
    for (i = 0; i < sizeof lines / sizeof *lines; i++)
        resp_write_simple(call->out, lines[i]);
}

/* Not run_subcommand(): Redis's DEBUG has one error for all mistakes. */
void command_debug(struct call *call) {
    struct slice name = call->argv[1];

    if (call->argc == 2 && argument_is(name, "help")) {
        debug_help(call);
    } else if (call->argc == 3 && argument_is(name, "sleep")) {
        debug_sleep(call->argv[2]);
        resp_write_simple(call->out, "OK");
    } else if (call->argc == 3 && argument_is(name, "set-active-expire")) {
        int64_t on = 0;

        call->server->no_active_expire = !slice_to_int64(call->argv[2], &on) ||
                                         on == 0;
        resp_write_simple(call->out, "OK");
    } else {
        resp_write_error(call->out,
                         "ERR unknown subcommand or wrong number of arguments "
                         "for '%.*s'. Try DEBUG HELP.",
                         command_shown(name), name.data);
    }
}

/* ---- SHUTDOWN ------------------------------------------------------------ */

enum { SAVE = 1, NO_SAVE = 2, NOW = 4, FORCE = 8, ABORT = 16 };

/* The end comes after this turn, so all that was answered is in the log; the
 * log is synced when it is closed, whatever was asked for. Nobody has to be
 * waited for, so there never is a shutdown to abort. */
void command_shutdown(struct call *call) {
    static const struct argument_word table[] = {
        {"nosave", NO_SAVE, SAVE | ABORT,                 false},
        {"save",   SAVE,    NO_SAVE | ABORT,              false},
        {"now",    NOW,     ABORT,                        false},
        {"force",  FORCE,   ABORT,                        false},
        {"abort",  ABORT,   SAVE | NO_SAVE | NOW | FORCE, false},
        {NULL,     0,       0,                            false},
    };
    struct argument_words words;

    if (!arguments_read_words(call, 1, table, &words)) return;
    if (words.given & ABORT) {
        resp_write_error(call->out, "ERR No shutdown in progress.");
        return;
    }
    log_write(&call->server->log, LOG_WARNING, "client %llu said SHUTDOWN",
              (unsigned long long)call->session->id);
    call->server->stopping = true;
    call->session->closing = true; /* that its connection ends is the reply */
}
