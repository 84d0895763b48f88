/* config.c -- the table of settings, from which everything comes that has to do
 * with them: defaults, command line, configuration file, CONFIG GET and SET,
 * --help.
 *
 * The defaults are Redis's, but for these:
 *   address     Redis listens on every interface, and relies on protected mode
 *               to refuse who comes from outside. Ours is not even there.
 *   appendonly  yes: the file is what the series is about, and data that is
 *               gone after a restart is a surprise to most.
 *   request-timeout
 *               60 s; Redis lets who sent half a request keep its place for
 *               ever, and who did not give the password, too.
 *   client-output-buffer-limit normal
 *               1gb, where Redis has no limit, and who asks for much and reads
 *               nothing can have all memory. Two of the largest values fit.
 *   maxmemory-clients
 *               2gb, for the same reason: two such clients, or thousands of
 *               ordinary ones.
 * Narrower than in Redis: databases, as far as a log may name one;
 * proto-max-bulk-len, for a value of more would not fit in its entry. */
#include "config.h"

#include "config_kind.h"
#include "glob.h"
#include "params.h"
#include "util.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024L * 1024)

/* A percentage of a small maxmemory could leave nothing to speak with. */
#define CLIENTS_LIMIT_MIN (128 * 1024)

#define AT(field)       offsetof(struct config, field)
#define STRING(field)   &kind_string, AT(field), 0, 0
#define YES_NO(field)   &kind_yes_no, AT(field), 0, 0
#define NUMBER(field)   &kind_number, AT(field)
#define MEMORY(field)   &kind_memory, AT(field)
#define WORD(of, field) &kind_##of, AT(field), 0, 0
#define HALF(of, field) &kind_##of, AT(field), 0, 0
#define FIXED           &kind_fixed, 0, 0, 0
#define MOOT            &kind_moot, 0, 0, 0

enum { FINAL = false, CHANGEABLE = true };

/* clang-format off */
static const struct setting table[] = {
    /* name, kind and place, least and most, default, by CONFIG SET?, for --help
     * what it takes and what it is */
    {"address", HALF(address, address), DEFAULT_ADDRESS, FINAL, "HOST:PORT",
     "where to listen; :6379 is every interface, port 0 any free one"},
    {"aofPath", HALF(aof_path, aof_path), DEFAULT_AOF_PATH, FINAL, "FILE",
     "the append-only file"},
    {"bind", HALF(bind, address), NULL, FINAL, "HOST...",
     "the HOST of address; * is every interface"},
    {"port", &kind_port, AT(address), 0, 65535, NULL, FINAL, "PORT",
     "the PORT of address"},
    {"dir", HALF(dir, aof_path), NULL, FINAL, "DIRECTORY",
     "where the append-only file is"},
    {"appendfilename", HALF(aof_name, aof_path), NULL, FINAL, "NAME",
     "its name there"},
    {"appendonly", YES_NO(appendonly), "yes", FINAL, "yes|no",
     "whether there is an append-only file"},
    {"appendfsync", WORD(fsync, appendfsync), "everysec", CHANGEABLE, "WHEN",
     "when it goes to the disk: always, everysec, no"},
    {"aof-seals", YES_NO(aof_seals), "yes", CHANGEABLE, "yes|no",
     "a line with a checksum in front of what each turn writes"},
    {"aof-timestamp-enabled", YES_NO(aof_timestamp_enabled), "no", CHANGEABLE,
     "yes|no", "a line with the time in each second's writes"},
    {"aof-load-truncated", YES_NO(aof_load_truncated), "yes", CHANGEABLE,
     "yes|no", "start on a file at whose end a crash has left its traces"},
    {"aof-load-corrupt-tail-max-size", MEMORY(aof_load_corrupt_tail_max_size), 0,
     INT64_MAX, "0", CHANGEABLE, "BYTES",
     "at the end of a file without seals, wrong as they may be"},
    {"auto-aof-rewrite-percentage", NUMBER(auto_aof_rewrite_percentage), 0,
     INT_MAX, "100", CHANGEABLE, "PERCENT",
     "that the file grows, then it is rewritten; 0: never"},
    {"auto-aof-rewrite-min-size", MEMORY(auto_aof_rewrite_min_size), 0,
     INT64_MAX, "64mb", CHANGEABLE, "BYTES", "before which it is not"},
    {"unixsocket", STRING(unixsocket), "", FINAL, "FILE",
     "a Unix socket to listen on, too"},
    {"unixsocketperm", &kind_octal, AT(unixsocketperm), 0, 0777, "0", FINAL,
     "MODE", "who may use it (octal); 0: as the umask says"},
    {"tcp-backlog", NUMBER(tcp_backlog), 0, INT_MAX, "511", FINAL, "N",
     "connections that may wait to be accepted"},
    {"tcp-keepalive", NUMBER(tcp_keepalive), 0, INT_MAX, "300", CHANGEABLE,
     "SECONDS", "of silence before asking whether a client is still there"},
    {"requirepass", STRING(requirepass), "", CHANGEABLE, "PASSWORD",
     "what clients have to say first"},
    {"protected-mode", YES_NO(protected_mode), "yes", CHANGEABLE, "yes|no",
     "without a password, refuse who comes from outside"},
    {"enable-debug-command", WORD(debug, enable_debug_command), "no", FINAL,
     "no|yes|local", "who may use DEBUG"},
    {"maxclients", NUMBER(maxclients), 1, UINT_MAX, "10000", CHANGEABLE, "N",
     "connections at a time"},
    {"timeout", NUMBER(timeout), 0, INT_MAX, "0", CHANGEABLE, "SECONDS",
     "without a request, then a client is closed; 0: never"},
    {"request-timeout", NUMBER(request_timeout), 0, INT_MAX, "60", CHANGEABLE,
     "SECONDS", "for half a request, or to say the password; 0: any"},
    {"client-query-buffer-limit", MEMORY(client_query_buffer_limit), MIB,
     INT64_MAX, "1gb", CHANGEABLE, "BYTES", "of one request"},
    {"proto-max-bulk-len", MEMORY(proto_max_bulk_len), MIB, RESP_BULK_MAX,
     "512mb", CHANGEABLE, "BYTES", "of one argument or value"},
    {"client-output-buffer-limit", &kind_output_limits, 0, 0, 0,
     "normal 1gb 0 0 replica 256mb 64mb 60", CHANGEABLE,
     "normal|replica HARD SOFT SECONDS",
     "bytes of replies that may wait: never, or not for long"},
    {"repl-ping-replica-period", NUMBER(repl_ping_replica_period), 1, INT_MAX,
     "10", CHANGEABLE, "SECONDS", "between two signs of life to replicas"},
    {"repl-timeout", NUMBER(repl_timeout), 1, INT_MAX, "60", CHANGEABLE,
     "SECONDS", "of silence, then a replica is closed"},
    {"maxmemory-clients", &kind_memory_or_percent, AT(maxmemory_clients), -100,
     INT64_MAX, "2gb", CHANGEABLE, "BYTES|PERCENT",
     "of all clients, in bytes or as a part of maxmemory"},
    {"maxmemory", MEMORY(maxmemory), 0, INT64_MAX, "0", CHANGEABLE, "BYTES",
     "beyond which writes are refused; 0: none"},
    {"databases", NUMBER(databases), 1, DATABASES_MAX, "16", FINAL, "N",
     "numbers for SELECT"},
    {"loglevel", WORD(loglevel, loglevel), "notice", CHANGEABLE, "LEVEL",
     "debug, verbose, notice or warning"},
    {"logfile", STRING(logfile), "", FINAL, "FILE",
     "instead of standard error"},
    {"slowlog-log-slower-than", NUMBER(slowlog_log_slower_than), -1, INT64_MAX,
     "10000", CHANGEABLE, "MICROSECONDS", "for SLOWLOG; 0: all, -1: none"},
    {"slowlog-max-len", NUMBER(slowlog_max_len), 0, INT64_MAX, "128",
     CHANGEABLE, "N", "commands that SLOWLOG keeps"},
    {"latency-monitor-threshold", NUMBER(latency_monitor_threshold), 0,
     INT64_MAX, "0", CHANGEABLE, "MILLISECONDS", "for LATENCY; 0: off"},
    {"hz", &kind_hz, AT(hz), 0, INT_MAX, "10", CHANGEABLE, "N",
     "times a second to look for what has expired"},

    /* What tools ask for, and files like to say. */
    {"maxmemory-policy", FIXED, "noeviction", CHANGEABLE, NULL, NULL},
    {"save", FIXED, "", CHANGEABLE, NULL, NULL},
    {"activedefrag", FIXED, "no", CHANGEABLE, NULL, NULL},
    {"activerehashing", MOOT, "yes", CHANGEABLE, NULL, NULL},
    {"active-expire-effort", FIXED, "1", CHANGEABLE, NULL, NULL},
    {"always-show-logo", FIXED, "no", FINAL, NULL, NULL},
    {"cluster-enabled", FIXED, "no", FINAL, NULL, NULL},
    {"crash-log-enabled", FIXED, "no", CHANGEABLE, NULL, NULL},
    {"crash-memcheck-enabled", FIXED, "no", CHANGEABLE, NULL, NULL},
    {"daemonize", FIXED, "no", FINAL, NULL, NULL},
    {"disable-thp", MOOT, "yes", FINAL, NULL, NULL},
    {"dynamic-hz", MOOT, "yes", CHANGEABLE, NULL, NULL},
    {"enable-module-command", FIXED, "no", FINAL, NULL, NULL},
    {"enable-protected-configs", FIXED, "no", FINAL, NULL, NULL},
    {"io-threads", FIXED, "1", FINAL, NULL, NULL},
    {"io-threads-do-reads", FIXED, "no", FINAL, NULL, NULL},
    {"jemalloc-bg-thread", MOOT, "yes", CHANGEABLE, NULL, NULL},
    {"lazyfree-lazy-expire", MOOT, "no", CHANGEABLE, NULL, NULL},
    {"lazyfree-lazy-server-del", MOOT, "no", CHANGEABLE, NULL, NULL},
    {"lazyfree-lazy-user-del", MOOT, "no", CHANGEABLE, NULL, NULL},
    {"lazyfree-lazy-user-flush", MOOT, "no", CHANGEABLE, NULL, NULL},
    {"min-replicas-to-write", FIXED, "0", CHANGEABLE, NULL, NULL},
    {"min-slaves-to-write", FIXED, "0", CHANGEABLE, NULL, NULL},
    {"notify-keyspace-events", FIXED, "", CHANGEABLE, NULL, NULL},
    {"oom-score-adj", FIXED, "no", CHANGEABLE, NULL, NULL},
    {"pidfile", FIXED, "", FINAL, NULL, NULL},
    {"set-proc-title", FIXED, "no", FINAL, NULL, NULL},
    {"supervised", FIXED, "no", FINAL, NULL, NULL},
    {"syslog-enabled", FIXED, "no", FINAL, NULL, NULL},
    {"tls-port", FIXED, "0", FINAL, NULL, NULL},
};
/* clang-format on */

#define TABLE_SIZE (sizeof table / sizeof table[0])

/* These ask nothing where there are no snapshots, replicas, rewrites, scripts,
 * evictions, cluster, or types but strings; and where the row above that turns
 * the rest on has not been taken. */
static const char *const ignored[] = {
    "acllog-max-len",
    "active-defrag-*",
    "aof-rewrite-incremental-fsync",
    "aof-use-rdb-preamble",
    "busy-reply-threshold",
    "cluster-*",
    "dbfilename",
    "hash-max-*",
    "hll-*",
    "lazyfree-lazy-eviction",
    "lfu-*",
    "list-*",
    "lua-time-limit",
    "maxmemory-eviction-tenacity",
    "maxmemory-samples",
    "min-replicas-max-lag",
    "min-slaves-max-lag",
    "no-appendfsync-on-rewrite",
    "oom-score-adj-values",
    "proc-title-template",
    "rdb*",
    "repl-*",
    "replica-*",
    "sanitize-dump-payload",
    "set-max-*",
    "slave-*",
    "stop-writes-on-bgsave-error",
    "stream-*",
    "syslog-*",
    "tracking-table-max-keys",
    "zset-max-*",
};

bool config_ignores(struct slice name) {
    size_t i;

    for (i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        if (glob_match(slice_of(ignored[i]), name, true)) return true;
    }
    return false;
}

static const struct setting *find(struct slice name) {
    size_t i;

    for (i = 0; i < TABLE_SIZE; i++) {
        if (slice_equal_nocase(name, slice_of(table[i].name))) {
            return &table[i];
        }
    }
    return NULL;
}

bool config_has(struct slice name) {
    return find(name) != NULL;
}

bool config_is_changeable(struct slice name) {
    return find(name)->is_changeable;
}

const char *config_name(size_t i) {
    return i < TABLE_SIZE ? table[i].name : NULL;
}

/* ---- Taking one ---------------------------------------------------------- */

/* One value that holds many: "normal 0 0 0". */
static const char *set_split(struct config *config, const struct setting *row,
                             struct config_said *said) {
    struct slice text = said->values[0];
    struct slice *words = xcalloc(text.len / 2 + 1, sizeof *words);
    const char *wrong;
    size_t count = 0;
    size_t i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == ' ') continue;
        if (i == 0 || text.data[i - 1] == ' ') {
            words[count++].data = text.data + i;
        }
        words[count - 1].len++;
    }
    said->values = words;
    said->count = count;
    wrong = row->kind->set(config, row, said);
    free(words);
    return wrong;
}

bool config_set(struct config *config, struct slice name,
                const struct slice *values, size_t count,
                char error[CONFIG_ERROR_MAX]) {
    const struct setting *row = find(name);
    struct config_said said = {values, count, ""};
    const char *wrong;

    if (row->kind->has_many && count == 1 &&
        memchr(values[0].data, ' ', values[0].len) != NULL) {
        wrong = set_split(config, row, &said);
    } else if (count == 1 || (count > 1 && row->kind->has_many)) {
        wrong = row->kind->set(config, row, &said);
    } else {
        wrong = "wrong number of arguments";
    }
    if (wrong != NULL) snprintf(error, CONFIG_ERROR_MAX, "%s", wrong);
    return wrong == NULL;
}

struct config *config_new(void) {
    struct config *config = xcalloc(1, sizeof *config);
    char error[CONFIG_ERROR_MAX];
    size_t i;

    for (i = 0; i < TABLE_SIZE; i++) {
        if (table[i].start != NULL) {
            struct slice value = slice_of(table[i].start);

            config_set(config, slice_of(table[i].name), &value, 1, error);
        }
    }
    return config;
}

void config_free(struct config *config) {
    size_t i;

    for (i = 0; i < TABLE_SIZE; i++) {
        if (table[i].kind->is_string) {
            free(*(char **)((char *)config + table[i].place));
        }
    }
    free(config);
}

/* ---- Showing ------------------------------------------------------------- */

void config_get(const struct config *config, struct slice name,
                struct buf *value) {
    const struct setting *row = find(name);

    row->kind->show(config, row, value);
}

size_t config_clients_limit(const struct config *config) {
    int64_t limit = config->maxmemory_clients;

    if (limit < 0) {
        limit = (int64_t)((double)config->maxmemory * (double)-limit / 100);
    }
    if (limit > 0 && limit < CLIENTS_LIMIT_MIN) limit = CLIENTS_LIMIT_MIN;
    return (size_t)limit;
}

void config_print_help(void) {
    const struct setting *row;

    for (row = table; row < table + TABLE_SIZE; row++) {
        int width;

        if (row->help == NULL) continue;
        width = printf("  --%s %s", row->name, row->takes);
        if (width >= 30) width = printf("\n") - 1;
        printf("%*s%s", 30 - width, "", row->help);
        if (row->start != NULL && row->start[0] != '\0') {
            bool fits = strlen(row->help) + strlen(row->start) < 38;

            if (!fits) printf("\n%30s", "");
            printf("%s(default %s)", fits ? " " : "", row->start);
        }
        printf("\n");
    }
}
