/* config.h -- every setting of the server: from the command line, from a
 * configuration file in Redis's syntax, and from CONFIG SET.
 *
 * The names, units and defaults are Redis's; where a default differs, config.c
 * says why. All values are plain, so that whoever uses one just reads it. */
#ifndef REDIS_LITE_CONFIG_H
#define REDIS_LITE_CONFIG_H

#include "aof.h"
#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who may use DEBUG: nobody, everybody, those on this machine. */
enum config_debug { DEBUG_NO, DEBUG_YES, DEBUG_LOCAL };

/* Bytes that may wait for a client: never more than 'hard', and more than
 * 'soft' not for so long. 0: any. */
struct output_limit {
    int64_t hard, soft, soft_seconds;
};

/* Strings are owned; "" is none. int64_t where Redis takes a number, so that
 * one row of the table describes any of them. */
struct config {
    /* Where to be found. */
    char *address;          /* HOST:PORT, or several with blanks between them;
                               one after a '-' may be missing on this machine.
                               "bind" and "port" are its halves */
    char *unixsocket;       /* a path */
    int64_t unixsocketperm; /* as chmod(2)'s mode; 0: the umask decides */
    int64_t tcp_backlog;    /* connections that wait to be accepted */
    int64_t tcp_keepalive;  /* seconds; 0: none */

    /* Who gets in. */
    char *requirepass;
    bool protected_mode;
    int64_t enable_debug_command; /* enum config_debug */
    int64_t maxclients;

    /* What a client may cost. */
    int64_t timeout;                   /* seconds without a request; 0: any */
    int64_t request_timeout;           /* seconds for half a request, or to
                                          authenticate; 0: any. Redis has it not. */
    int64_t client_query_buffer_limit; /* bytes */
    int64_t proto_max_bulk_len;        /* bytes */
    struct output_limit output_normal; /* client-output-buffer-limit */
    struct output_limit output_replica;
    int64_t maxmemory_clients; /* bytes, of all clients; 0: any; -n: n percent
                                  of maxmemory (config_clients_limit()) */

    /* What the data may cost. */
    int64_t databases;
    int64_t maxmemory; /* bytes; 0: any */

    /* The append-only file. */
    char *aof_path; /* "dir" and "appendfilename" are its halves */
    bool appendonly;
    int64_t appendfsync; /* enum aof_fsync */
    bool aof_seals;
    bool aof_timestamp_enabled;
    bool aof_load_truncated;
    int64_t aof_load_corrupt_tail_max_size; /* bytes */
    int64_t auto_aof_rewrite_percentage; /* of growth; 0: by nobody's leave */
    int64_t auto_aof_rewrite_min_size;   /* bytes of the file */

    /* Replicas. */
    int64_t repl_ping_replica_period; /* seconds between two signs of life */
    int64_t repl_timeout;             /* seconds without one from a replica */

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

/* Whether there is a setting of this name, in any case. */
bool config_has(struct slice name);

/* Whether Redis has a setting that asks nothing of a server like this one,
 * whatever its value: about replicas, snapshots, other types of data. */
bool config_ignores(struct slice name);

/* Take one setting as the command line and the file say it: 'name' in any case,
 * and its values (most have one). False, and in 'error' what is wrong. */
bool config_set(struct config *config, struct slice name,
                const struct slice *values, size_t count,
                char error[CONFIG_ERROR_MAX]);

/* Whether CONFIG SET may set it: some cannot change while the server runs. */
bool config_is_changeable(struct slice name);

/* Append the value of a setting that there is, as CONFIG GET shows it. */
void config_get(const struct config *config, struct slice name,
                struct buf *value);

/* The name of setting number 'i'; NULL if there are not so many. */
const char *config_name(size_t i);

/* What maxmemory_clients comes to, bytes; 0: any. */
size_t config_clients_limit(const struct config *config);

/* Print each setting, what it takes and its default, to stdout. */
void config_print_help(void);

/* Take all settings of a file (config_file.c). False if any of its lines is
 * refused, or it cannot be read: then 'error' names all of them, a line each,
 * as far as there is room. */
bool config_read_file(struct config *config, const char *path, char *error,
                      size_t size);

#endif
