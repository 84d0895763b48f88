/* options.c -- the command line: a configuration file, and settings.
 *
 * "--name value..." as in Redis, or "--name=value". The first word after a name
 * is its value whatever it looks like; more follow until the next "--". */
#include "options.h"

#include "aof_check.h"
#include "config.h"
#include "params.h"
#include "slice.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_name(const char *argument) {
    return strncmp(argument, "--", 2) == 0;
}

static void print_help(void) {
    printf(
        "redis-lite " VERSION ": a small server for Redis clients\n\n"
        "usage: redis-lite [FILE] [--name value...]...\n"
        "       redis-lite --check-aof FILE [--fix | --export]\n\n"
        "FILE is a configuration file in Redis's syntax: \"name value...\" a "
        "line.\n");
    config_print_help();
    printf("%-30slook at an append-only file: say what a start would\n"
           "%30sdo with it; do it (--fix); print its records (--export)\n",
           "  --check-aof FILE", "");
    printf("%-30sshow this\n", "  --help");
    printf("%-30sshow the version\n", "  --version");
}

static bool show(const char *argument) {
    if (strcmp(argument, "--help") == 0) {
        print_help();
    } else if (strcmp(argument, "--version") == 0) {
        printf("redis-lite " VERSION "\n");
    } else {
        return false;
    }
    return true;
}

/* "--check-aof FILE" and what is to be done: no server is started, and how the
 * program ends is the answer. */
static enum options_result check(char **argv, char error[OPTIONS_ERROR_MAX]) {
    enum aof_check what = AOF_CHECK_REPORT;

    if (argv[0] != NULL && argv[1] != NULL) {
        if (strcmp(argv[1], "--fix") == 0) what = AOF_CHECK_FIX;
        if (strcmp(argv[1], "--export") == 0) what = AOF_CHECK_EXPORT;
    }
    if (argv[0] == NULL || argv[what == AOF_CHECK_REPORT ? 1 : 2] != NULL) {
        snprintf(error, OPTIONS_ERROR_MAX,
                 "usage: --check-aof FILE [--fix | --export]");
        return OPTIONS_ERROR;
    }
    if (!aof_check(argv[0], what)) exit(EXIT_FAILURE);
    return OPTIONS_SHOWN;
}

/* One option, from argv[0] on: how many words it has with its values; 0, and
 * in 'error' what is wrong. argv ends with NULL. */
static int take_option(struct config *config, char **argv,
                       char error[OPTIONS_ERROR_MAX]) {
    const char *equals = is_name(argv[0]) ? strchr(argv[0], '=') : NULL;
    struct slice name = slice_of(argv[0]);
    char why[CONFIG_ERROR_MAX];
    struct slice *values;
    size_t count = 0;
    bool good;
    int used = 1;

    if (equals != NULL) name.len = (size_t)(equals - argv[0]);
    if (is_name(argv[0])) {
        name.data += 2;
        name.len -= 2;
    }
    if (!is_name(argv[0]) || (!config_has(name) && !config_ignores(name))) {
        snprintf(error, OPTIONS_ERROR_MAX,
                 "unknown option '%.100s' (see --help)", argv[0]);
        return 0;
    }
    if (equals == NULL && argv[1] != NULL) used = 2;
    while (used > 1 && argv[used] != NULL && !is_name(argv[used]))
        used++;
    values = xcalloc((size_t)used, sizeof *values);
    if (equals != NULL) values[count++] = slice_of(equals + 1);
    while (equals == NULL && (int)count < used - 1) {
        values[count] = slice_of(argv[count + 1]);
        count++;
    }
    if (count == 0) snprintf(why, sizeof why, "expected a value");
    good = count > 0 &&
           (!config_has(name) || config_set(config, name, values, count, why));
    if (!good) {
        snprintf(error, OPTIONS_ERROR_MAX, "--%.*s '%.100s': %s", (int)name.len,
                 name.data, count > 0 ? values[0].data : "", why);
    }
    free(values);
    return good ? used : 0;
}

/* What every part has is in 'options' as well. */
static void note(struct server_options *options, struct config *config) {
    options->config = config;
    options->address = config->address;
    options->aof_path = config->aof_path;
    options->maxclients = (size_t)config->maxclients;
    options->log.level = (enum log_level)config->loglevel;
}

static enum options_result read_all(struct config *config, char **argv,
                                    char error[OPTIONS_ERROR_MAX]) {
    char **at = argv + 1;

    if (*at != NULL && **at != '-' && **at != '\0') {
        if (!config_read_file(config, *at, error, OPTIONS_ERROR_MAX)) {
            return OPTIONS_ERROR;
        }
        at++;
    }
    while (*at != NULL) {
        int used;

        if (show(*at)) return OPTIONS_SHOWN;
        if (strcmp(*at, "--check-aof") == 0) return check(at + 1, error);
        used = take_option(config, at, error);
        if (used == 0) return OPTIONS_ERROR;
        at += used;
    }
    return OPTIONS_RUN;
}

enum options_result options_read(int argc, char **argv,
                                 struct server_options *options,
                                 char error[OPTIONS_ERROR_MAX]) {
    struct config *config = config_new();
    enum options_result result = read_all(config, argv, error);

    (void)argc; /* argv ends with NULL */
    *options = (struct server_options){
        .program = argv[0], .log = {STDERR_FILENO, LOG_NOTICE}
    };
    if (result == OPTIONS_RUN) {
        note(options, config);
    } else {
        config_free(config);
    }
    return result;
}
