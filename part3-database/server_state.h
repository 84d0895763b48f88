/* server_state.h -- what a server owns; between the files of the server and the
 * few commands that are about it (INFO, CLIENT, CONFIG ...). All others are
 * handed what they use. */
#ifndef REDIS_LITE_SERVER_STATE_H
#define REDIS_LITE_SERVER_STATE_H

#include "aof.h"
#include "batch.h"
#include "command.h"
#include "config.h"
#include "conn.h"
#include "handlers.h"
#include "latency.h"
#include "loop.h"
#include "params.h"
#include "replica.h"
#include "server.h"
#include "slowlog.h"
#include "watch.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one command, since the start or CONFIG RESETSTAT. */
struct command_figures {
    uint64_t calls;
    uint64_t microseconds;
    uint64_t rejected; /* not run: arity, no password, no memory */
    uint64_t failed;   /* answered with an error */
};

#define NO_DATABASE     UINT_MAX
#define DISK_ERROR_MAX  160 /* bytes */
#define ERROR_KINDS_MAX 16  /* we have fewer; more would count as the last */
#define ERROR_KIND_LEN  16  /* bytes of the longest, its NUL included */

/* Of the errors that begin with one word. */
struct error_figures {
    char kind[ERROR_KIND_LEN]; /* "ERR", "WRONGTYPE"; "": ends the table */
    uint64_t count;
};

/* Since the start or CONFIG RESETSTAT. */
struct server_figures {
    uint64_t connections;      /* accepted */
    uint64_t rejected;         /* of them, one too many */
    uint64_t evicted;          /* clients closed for what they cost */
    uint64_t commands;         /* run */
    uint64_t errors;           /* answered with an error */
    uint64_t input_bytes;      /* read from clients */
    uint64_t output_bytes;     /* sent to them */
    uint64_t forks;            /* children that were made... */
    int64_t fork_us;           /* ...and what the last fork(2) took */
    size_t memory_peak;        /* bytes, as server_memory() */
    uint64_t sampled_commands; /* what 'commands' was at the last sample... */
    int64_t sampled_ms;        /* ...and when that was (clock_ms()) */
    uint64_t commands_per_second;
    struct command_figures *of; /* by the command's place in command_table */
    struct error_figures errors_of[ERROR_KINDS_MAX];
};

struct monitor {
    struct conn *conn;
    size_t lines_start; /* where, in this turn's lines, it came to be one */
};

struct server {
    const struct server_options *options;
    struct config *config; /* owned */
    struct log log;
    int64_t started_ms; /* clock_ms() */
    char run_id[41];    /* 40 hexadecimal digits, drawn at the start */
    bool stopping;
    bool has_lost_log; /* it can not go on, and that was logged */
    struct store_listener listener;
    struct resp_limits limits; /* of a request, as configured */

    struct loop *loop;
    int wake[2];                      /* a pipe: a byte in [1] ends the wait */
    int listeners[LISTENERS_MAX + 1]; /* one is the Unix socket */
    int listener_count;
    int unix_listener;       /* -1: none */
    int64_t accept_again_ms; /* out of descriptors until then; 0: accepting */
    int64_t accept_warned_ms;

    struct conn **conns; /* by descriptor; NULL: not a client's */
    size_t conns_cap;
    size_t client_count;
    uint64_t last_id;
    uint64_t given_up;        /* closed since all clients were looked at */
    size_t clients_memory;    /* bytes, as conn_memory(), of all */
    struct monitor *monitors; /* owned array; those that said MONITOR */
    size_t monitor_count;
    bool has_doomed; /* somebody beyond those served is dead */

    /* Who is ready, and the first of them that was not served yet. */
    struct loop_event events[EVENTS_PER_TURN];
    int event_count, event_next;

    /* Of the turn: */
    int64_t now_us;  /* clock_us(), when the command began */
    int64_t time_us; /* time_us(), likewise */
    struct conn *served[EVENTS_PER_TURN];
    size_t served_count;
    int64_t turn_us; /* clock_us() and time_us() when the turn began */
    int64_t turn_time_us;
    struct buf monitor_lines; /* for all monitors, after the replies */
    struct query query;       /* shared by all without a partial request */
    struct batch batch;       /* what was read of it, or of a client's own... */
    const struct command *commands[BATCH_MAX]; /* ...and whom that names */
    struct buf replies;  /* of all, each client's in one run */
    int64_t tick_ms;     /* clock_ms() of the next look after the time */
    int64_t clients_ms;  /* and of the next look after all clients */
    int64_t attacked_ms; /* when somebody last spoke HTTP, and that was said */

    struct store *store;
    struct watches *watches;
    struct aof *aof;          /* NULL: "appendonly no", or it is loaded still */
    int64_t log_ms;           /* clock_ms() of the next look after it */
    bool is_rewrite_wanted;   /* BGREWRITEAOF, when that could not begin yet */
    int64_t rewrite_again_ms; /* not before, for the last one failed */
    size_t waiting_count;     /* clients that wait for the disk */
    char disk_error[DISK_ERROR_MAX]; /* -MISCONF, as it was said last */
    bool is_loading;
    int64_t load_began_s;         /* time of day */
    int64_t load_done, load_size; /* bytes of the file */
    bool has_drawn;               /* the bar, on a terminal */
    int64_t load_said_ms;         /* when the log told of it last */
    unsigned log_database;   /* that the log has selected, or NO_DATABASE */
    bool in_transaction;     /* EXEC runs... */
    bool transaction_logged; /* ...and the log has its MULTI */
    struct replication replication;
    struct slowlog *slowlog;
    struct latency latency;
    bool no_active_expire; /* DEBUG SET-ACTIVE-EXPIRE 0 */
    int64_t last_sync_s;   /* LASTSAVE, if there is no log: time of day */
    struct server_figures figures;
};

/* ---- server_ahead.c: what comes next --------------------------------------
 */

/* Set server->commands to what the requests of the batch ask for (NULL: for
 * nothing that there is), and announce their keys to the store. */
void server_announce(struct server *server, unsigned database,
                     const struct batch *batch);

/* ---- server_execute.c: one request -------------------------------------- */

/* Run a client's request for 'command' (NULL: there is no such one), if it may
 * be run; its reply joins server->replies. */
void server_execute(struct server *server, struct conn *conn,
                    const struct resp_request *request,
                    const struct command *command);

/* Run a command for which nothing is left to check: what EXEC has queued, or
 * what a client asked for now. Hands its record to the log, and notes it. */
void server_run_call(struct server *server, const struct command *command,
                     struct call *call);

/* All that is logged until the second is one record: all or nothing. */
void server_begin_transaction(struct server *server);
void server_end_transaction(struct server *server);

/* The store's listener: what expired goes into the log, what changed to those
 * who watch it. */
void server_listen(struct server *server);

/* ---- server_log.c: the append-only file ---------------------------------- */

/* Open it, and load what it holds; clients are served meanwhile, as far as that
 * goes. False, logged, if that can not be; or the server is to stop. */
bool server_open_log(struct server *server);

/* -1 if that failed, logged. */
int server_close_log(struct server *server);

/* Step 3 of the turn. -1, logged, if the server can not go on. */
int server_commit(struct server *server);

/* Begin to rewrite it, at the end of a turn or when nothing of this one waits
 * to be written. -1 with errno, as aof_rewrite(). */
int server_rewrite_log(struct server *server);

/* At the end of a turn: what is due for the log and for replicas. */
void server_look_after_log(struct server *server);

/* Why this command may not run, for the sake of the log: an error reply; NULL:
 * it may. */
const char *server_refusal_of_log(struct server *server,
                                  const struct command *command,
                                  const struct call *call);

/* Whether a client's request for 'command' (or NULL) has to wait until the disk
 * has caught up. */
bool server_must_wait(const struct server *server, const struct conn *conn,
                      const struct command *command);

/* LASTSAVE: the last sync of the log, or without one the start: the time of
 * day, seconds. */
int64_t server_last_sync(const struct server *server);

/* Whether a child process is at work, and another one has to wait. */
bool server_has_child(const struct server *server);

struct aof_settings server_log_settings(const struct config *config);

/* ---- server_note.c: who wants to know ------------------------------------ */

/* A command ran, as the client said it; its reply begins at 'start' of
 * said->out. */
void server_note_run(struct server *server, const struct command *command,
                     const struct call *said, size_t start);

/* Something took so long: for LATENCY, if that is long. */
void server_note_latency(struct server *server, enum latency_event event,
                         int64_t took_us);

/* ---- server_clients.c: all clients -------------------------------------- */

/* Take those who wait at a listener; stop and begin again to do so. */
void server_accept(struct server *server, int listener);
void server_resume_accepting(struct server *server);

/* What the loop is to wait for now, and what the client costs. */
void server_settle(struct server *server, struct conn *conn);

/* Note what this connection costs now, after it was served. */
void server_account(struct server *server, struct conn *conn);

/* End this connection at the end of the turn, without more replies. */
void server_close_conn(struct server *server, struct conn *conn);
void server_remove_conn(struct server *server, struct conn *conn); /* now */

/* Likewise, for what it costs. */
void server_give_up(struct server *server, struct conn *conn, const char *why);

/* Remove those that are to be closed although they were not served. */
void server_remove_doomed(struct server *server);

/* Close those who took too long, and those who cost too much. */
void server_check_output(struct server *server, struct conn *conn,
                         int64_t now_ms);
void server_check_clients(struct server *server, int64_t now_ms);
void server_check_costs(struct server *server);

/* Nobody has to say a password any longer. */
void server_let_all_in(struct server *server);

/* Let this client see what all others do, or no longer (MONITOR, RESET). */
void server_monitor(struct server *server, struct conn *conn, bool on);

/* The connection of a session. */
struct conn *server_conn_of(const struct session *session);

/* Bytes of the heap that a client takes. */
size_t conn_memory(const struct conn *conn);

/* ---- server_time.c: what time brings ------------------------------------- */

/* Do what is due by now; most often nothing is. */
void server_tick(struct server *server);

/* ---- server_open.c: beginning and end ------------------------------------ */

/* What changed by CONFIG SET takes effect. False, and in 'error' why not. */
bool server_apply_config(struct server *server, char error[CONFIG_ERROR_MAX]);

/* ---- figures.c ----------------------------------------------------------- */

/* Count the error reply at the front of 'reply'. */
void figures_note_error(struct server *server, struct slice reply);

/* Count a child, which took so long to make. */
void figures_note_fork(struct server *server, int64_t took_us);

/* Take note of how much is used and done, now and then. */
void figures_sample(struct server *server, int64_t now_ms);

/* Bytes of the heap that data and clients take (INFO used_memory). */
size_t server_memory(const struct server *server);

/* Count from 0 again (CONFIG RESETSTAT). */
void figures_reset(struct server *server);

#endif
