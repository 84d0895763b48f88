/* config.h -- every setting of the server: from the command line, from a
 * configuration file in Redis's syntax, and from CONFIG SET.
 *
 * The names, units and defaults are Redis's; where a default differs, config.c
 * says why. All values are plain, so that whoever uses one just reads it. */
#ifndef REDIS_LITE_CONFIG_H
#define REDIS_LITE_CONFIG_H

#include "aof.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Strings are owned; "" is none. int64_t where Redis takes a number, so that
 * one row of the table describes any of them. */
struct config {
    /* Where to be found. */
    char *address;          /* HOST:PORT; "bind" and "port" are its halves */
    char *unixsocket;       /* a path */
    int64_t unixsocketperm; /* as chmod(2)'s mode; 0: the umask decides */
    int64_t tcp_backlog;    /* connections that wait to be accepted */
    int64_t tcp_keepalive;  /* seconds; 0: none */

    /* Who gets in. */
    char *requirepass;
    bool protected_mode;
    bool enable_debug_command;
    int64_t maxclients;

    /* What a client may cost. */
    int64_t timeout;                   /* seconds without a request; 0: any */
    int64_t request_timeout;           /* seconds for half a request, or to
                                          authenticate; 0: any. Redis has it not. */
    int64_t client_query_buffer_limit; /* bytes */
    int64_t proto_max_bulk_len;        /* bytes */
    int64_t output_hard;               /* client-output-buffer-limit normal: */
    int64_t output_soft;               /* bytes, bytes, seconds; 0: any */
    int64_t output_soft_seconds;
    int64_t maxmemory_clients; /* bytes, of all clients; 0: any */

    /* What the data may cost. */
    int64_t databases;
    int64_t maxmemory; /* bytes; 0: any */

    /* The append-only file. */
    char *aof_path; /* "dir" and "appendfilename" are its halves */
    bool appendonly;
    int64_t appendfsync; /* enum aof_fsync */

    /* Seeing what goes on. */
    char *logfile;                   /* a path; "": standard error */
    int64_t loglevel;                /* enum log_level */
    int64_t slowlog_log_slower_than; /* microseconds; 0: all; -1: none */
    int64_t slowlog_max_len;
    int64_t latency_monitor_threshold; /* milliseconds; 0: off */
    int64_t hz; /* how often a second time is looked after */
};

#define CONFIG_ERROR_MAX 256

/* The defaults. Owned by the caller. */
struct config *config_new(void);
void config_free(struct config *config);

/* Take one setting as the command line and the file say it: 'name' in any case,
 * and its values (most have one). False, and in 'error' what is wrong. */
bool config_set(struct config *config, const char *name,
                const struct slice *values, size_t count,
                char error[CONFIG_ERROR_MAX]);

/* The same for CONFIG SET: refuses what cannot change while the server runs. */
bool config_change(struct config *config, struct slice name, struct slice value,
                   char error[CONFIG_ERROR_MAX]);

/* Call 'visit' for each setting whose name matches the glob 'pattern', with its
 * value as CONFIG GET shows it. Names that stand for another (port, bind, dir,
 * appendfilename, and fixed ones that tools ask for: save, maxmemory-policy)
 * are among them. */
typedef void config_visit_fn(void *context, struct slice name,
                             struct slice value);
void config_visit(const struct config *config, struct slice pattern,
                  config_visit_fn *visit, void *context);

#endif
