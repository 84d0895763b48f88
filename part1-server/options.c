/* options.c -- the command line. */
#include "options.h"

#include "net.h"
#include "params.h"
#include "slice.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Take 'value' into 'options': NULL, or what is wrong with it. */
typedef const char *set_fn(struct server_options *options, const char *value);

static const char *set_address(struct server_options *options,
                               const char *value) {
    options->address = value;
    return net_address_error(value);
}

static const char *set_aof_path(struct server_options *options,
                                const char *value) {
    options->aof_path = value;
    return value[0] != '\0' ? NULL : "expected the name of a file";
}

static const char *set_loglevel(struct server_options *options,
                                const char *value) {
    int level = log_level_named(value);

    if (level == -1) return "expected debug, verbose, notice or warning";
    options->log.level = (enum log_level)level;
    return NULL;
}

static const char *set_maxclients(struct server_options *options,
                                  const char *value) {
    int64_t number;

    if (!slice_to_int64(slice_of(value), &number) || number < 1 ||
        number > 1000000) {
        return "expected a number from 1 to 1000000";
    }
    options->maxclients = (size_t)number;
    return NULL;
}

static const struct option {
    const char *name;
    const char *value; /* what it takes, for --help */
    set_fn *set;
    const char *help;
} table[] = {
    {"address",    "HOST:PORT", set_address,
     "where to listen; :6379 is every interface, port 0 any free one\n"
     "(default " DEFAULT_ADDRESS ")"                      },
    {"aofPath",    "FILE",      set_aof_path,
     "the append-only file (default " DEFAULT_AOF_PATH ")"},
    {"loglevel",   "LEVEL",     set_loglevel,
     "debug, verbose, notice or warning (default notice)" },
    {"maxclients", "N",         set_maxclients,
     "connections at a time (default 10000)"              },
};

#define TABLE_SIZE (sizeof table / sizeof table[0])

static void print_help(void) {
    size_t i;

    printf("redis-lite " VERSION ": a small server for Redis clients\n\n"
           "usage: redis-lite [--option value]...\n");
    for (i = 0; i < TABLE_SIZE; i++) {
        const char *line = table[i].help;
        const char *end;
        int width = printf("  --%s %s", table[i].name, table[i].value);

        for (; (end = strchr(line, '\n')) != NULL; line = end + 1, width = 0) {
            printf("%*s%.*s\n", 26 - width, "", (int)(end - line), line);
        }
        printf("%*s%s\n", 26 - width, "", line);
    }
    printf("  --help                  show this\n"
           "  --version               show the version\n");
}

/* The option that 'argument' names; '*value' is what follows its '='. */
static const struct option *find(const char *argument, const char **value) {
    const char *equals = strchr(argument, '=');
    size_t len = equals != NULL ? (size_t)(equals - argument)
                                : strlen(argument);
    size_t i;

    *value = equals != NULL ? equals + 1 : NULL;
    if (len < 2 || strncmp(argument, "--", 2) != 0) return NULL;
    for (i = 0; i < TABLE_SIZE; i++) {
        if (strlen(table[i].name) == len - 2 &&
            strncmp(argument + 2, table[i].name, len - 2) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

enum options_result options_read(int argc, char **argv,
                                 struct server_options *options,
                                 char error[OPTIONS_ERROR_MAX]) {
    int i;

    *options = (struct server_options){
        .program = argv[0],
        .address = DEFAULT_ADDRESS,
        .aof_path = DEFAULT_AOF_PATH,
        .maxclients = DEFAULT_CLIENTS,
        .log = {STDERR_FILENO, LOG_NOTICE},
    };
    for (i = 1; i < argc; i++) {
        const char *value;
        const char *wrong;
        const struct option *option = find(argv[i], &value);

        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            return OPTIONS_SHOWN;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("redis-lite " VERSION "\n");
            return OPTIONS_SHOWN;
        }
        if (option == NULL) {
            snprintf(error, OPTIONS_ERROR_MAX,
                     "unknown option '%.100s' (see --help)", argv[i]);
            return OPTIONS_ERROR;
        }
        if (value == NULL) value = argv[++i]; /* main()'s argv ends with NULL */
        wrong = value != NULL ? option->set(options, value)
                              : "expected a value";
        if (wrong != NULL) {
            snprintf(error, OPTIONS_ERROR_MAX, "--%s '%.100s': %s",
                     option->name, value != NULL ? value : "", wrong);
            return OPTIONS_ERROR;
        }
    }
    return OPTIONS_RUN;
}
