/* command_config.c -- CONFIG: the settings, while the server runs. */
#include "handlers.h"

#include "arguments.h"
#include "config.h"
#include "glob.h"
#include "resp.h"
#include "server_state.h"

#include <stdlib.h>
#include <string.h>

/* ---- CONFIG GET pattern... ----------------------------------------------- */

/* The name under which one of the patterns asks for this setting: as it spells
 * it, or ours if it is a glob. NULL data: none does. */
static struct slice asked_as(const struct call *call, const char *name) {
    size_t i;

    for (i = 2; i < call->argc; i++) {
        if (slice_equal_nocase(call->argv[i], slice_of(name))) {
            return call->argv[i];
        }
        if (glob_match(call->argv[i], slice_of(name), true)) {
            return slice_of(name);
        }
    }
    return (struct slice){NULL, 0};
}

static void config_get_matching(struct call *call) {
    struct buf pairs = {0};
    size_t count = 0;
    size_t i;

    for (i = 0; config_name(i) != NULL; i++) {
        struct slice name = asked_as(call, config_name(i));
        struct buf value = {0};

        if (name.data == NULL) continue;
        config_get(call->server->config, slice_of(config_name(i)), &value);
        resp_write_bulk(&pairs, name);
        resp_write_bulk(&pairs, buf_slice(&value));
        buf_free(&value);
        count++;
    }
    resp_write_map(call->out, count, call->session->protocol);
    buf_append(call->out, buf_slice(&pairs).data, buf_len(&pairs));
    buf_free(&pairs);
}

/* ---- CONFIG SET name value... -------------------------------------------- */

static void reply_failed(struct call *call, struct slice name,
                         const char *why) {
    resp_write_error(call->out,
                     "ERR CONFIG SET failed (possibly related to argument "
                     "'%.*s') - %s",
                     command_shown(name), name.data, why);
}

/* Whether the names may all be set; replies if not. */
static bool check_names(struct call *call) {
    size_t i, j;

    for (i = 2; i < call->argc; i += 2) {
        if (!config_has(call->argv[i])) {
            resp_write_error(call->out,
                             "ERR Unknown option or number of arguments for "
                             "CONFIG SET - '%.*s'",
                             command_shown(call->argv[i]), call->argv[i].data);
            return false;
        }
        if (!config_is_changeable(call->argv[i])) {
            reply_failed(call, call->argv[i], "can't set immutable config");
            return false;
        }
        for (j = 2; j < i; j += 2) {
            if (slice_equal_nocase(call->argv[i], call->argv[j])) {
                reply_failed(call, call->argv[i], "duplicate parameter");
                return false;
            }
        }
    }
    return true;
}

/* Set the first 'count' of the names back to what they were. */
static void restore(struct call *call, struct buf *before, size_t count) {
    char error[CONFIG_ERROR_MAX];

    while (count-- > 0) {
        struct slice value = buf_slice(&before[count]);

        config_set(call->server->config, call->argv[2 + 2 * count], &value, 1,
                   error);
    }
}

/* All of them, or none. */
static void set_all(struct call *call, struct buf *before) {
    struct server *server = call->server;
    char error[CONFIG_ERROR_MAX];
    size_t pairs = (call->argc - 2) / 2;
    size_t i;

    for (i = 0; i < pairs; i++) {
        struct slice name = call->argv[2 + 2 * i];

        config_get(server->config, name, &before[i]);
        if (!config_set(server->config, name, &call->argv[3 + 2 * i], 1,
                        error)) {
            restore(call, before, i);
            reply_failed(call, name, error);
            return;
        }
    }
    if (!server_apply_config(server, error)) {
        restore(call, before, pairs);
        reply_failed(call, call->argv[2], error);
        return;
    }
    resp_write_simple(call->out, "OK");
}

static void config_change(struct call *call) {
    size_t pairs = (call->argc - 2) / 2;
    struct buf *before;
    size_t i;

    if (call->argc % 2 != 0) {
        reply_syntax_error(call);
        return;
    }
    if (!check_names(call)) return;
    before = xcalloc(pairs, sizeof *before);
    set_all(call, before);
    for (i = 0; i < pairs; i++)
        buf_free(&before[i]);
    free(before);
}

/* ---- The others ---------------------------------------------------------- */

static void config_resetstat(struct call *call) {
    figures_reset(call->server);
    resp_write_simple(call->out, "OK");
}

/* A file is its owner's: we do not write into it, and answer as Redis does when
 * there is none. */
static void config_rewrite(struct call *call) {
    resp_write_error(call->out,
                     "ERR The server is running without a config file");
}

void command_config(struct call *call) {
    static const struct subcommand table[] = {
        {"get",       -3, config_get_matching},
        {"set",       -4, config_change      },
        {"resetstat", 2,  config_resetstat   },
        {"rewrite",   2,  config_rewrite     },
        {NULL,        0,  NULL               },
    };

    run_subcommand(call, "config", table);
}
