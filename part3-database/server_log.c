/* server_log.c -- the server and its append-only file: loading it, step 3 of a
 * turn, and what clients are told when the disk fails or is slow. */
#include "server_state.h"

#include "command_docs.h"
#include "handlers.h"
#include "snapshot.h"
#include "store.h"
#include "transaction.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS          100  /* between two looks after the log */
#define REWRITE_PAUSE_MS 5000 /* after one that failed */
#define LOAD_SAY_MS      1000 /* between two lines about the load */
#define BAR_WIDTH        40

/* ---- Loading ------------------------------------------------------------- */

static const char *replay(void *context, const struct slice *argv,
                          size_t argc) {
    struct server *server = context;

    return command_replay(server->store, argv, argc);
}

static void announce(void *context, const struct batch *batch) {
    struct server *server = context;

    server_announce(server, store_selected(server->store), batch);
}

static int snapshot(void *context, aof_add_fn *add, void *to) {
    struct server *server = context;

    return snapshot_write(server->store, add, to);
}

/* On a terminal one line is drawn again and again. */
static void draw_bar(const struct server *server, int percent) {
    static const char full[] = "########################################";
    static const char none[] = "                                        ";
    int done = percent * BAR_WIDTH / 100;

    dprintf(server->log.fd, "\rloading %s [%.*s%.*s] %d %%",
            server->config->aof_path, done, full, BAR_WIDTH - done, none,
            percent);
}

static void end_bar(const struct server *server) {
    if (!server->has_drawn) return;
    if (server->aof != NULL) draw_bar(server, 100);
    dprintf(server->log.fd, "\n");
}

static void say_progress(struct server *server) {
    int64_t now_ms = clock_ms();
    int percent = (int)(server->load_done * 100 / server->load_size);

    if (now_ms - server->load_said_ms < LOAD_SAY_MS) return;
    if (isatty(server->log.fd)) {
        draw_bar(server, percent);
        server->has_drawn = true;
        return;
    }
    server->load_said_ms = now_ms;
    log_write(&server->log, LOG_NOTICE, "loading %s: %d %%",
              server->config->aof_path, percent);
}

/* main() lets nobody wait for these before the server is there; so they are
 * looked for. */
static bool is_signal_pending(void) {
    sigset_t pending;

    return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 ||
                                         sigismember(&pending, SIGINT) == 1);
}

/* A turn for those who have come already. What they may do leaves the data as
 * they are, but for the database that is selected. */
static bool pause_loading(void *context, int64_t done, int64_t size) {
    struct server *server = context;
    unsigned database = store_selected(server->store);

    server->load_done = done;
    server->load_size = size;
    say_progress(server);
    if (server_turn(server, 0) == -1) return false;
    store_select(server->store, database);
    if (is_signal_pending()) server->stopping = true;
    return !server->stopping;
}

/* Keys that nobody can select would be forgotten, and come back one day. */
static bool can_select_all(const struct server *server) {
    unsigned count = store_databases(server->store);

    if (count <= server->config->databases) return true;
    log_write(&server->log, LOG_WARNING,
              "%s has keys in database %u: it wants 'databases' to be %u or "
              "more",
              server->config->aof_path, count - 1, count);
    return false;
}

struct aof_settings server_log_settings(const struct config *config) {
    return (struct aof_settings){
        .fsync = (enum aof_fsync)config->appendfsync,
        .has_no_seals = !config->aof_seals,
        .has_timestamps = config->aof_timestamp_enabled,
        .refuses_torn = !config->aof_load_truncated,
        .corrupt_tail_max = config->aof_load_corrupt_tail_max_size};
}

/* While it was loaded, CONFIG SET may have changed them. */
static bool take_settings(struct server *server) {
    struct aof_settings settings = server_log_settings(server->config);

    if (aof_configure(server->aof, &settings) == 0) return true;
    log_write(&server->log, LOG_WARNING, "cannot sync %s: %s",
              server->config->aof_path, strerror(errno));
    return false;
}

bool server_open_log(struct server *server) {
    const struct config *config = server->config;

    if (!config->appendonly) {
        log_write(&server->log, LOG_WARNING,
                  "appendonly is no: nothing will be kept");
        return true;
    }
    server->is_loading = true;
    server->load_began_s = time_us() / 1000000;
    server->load_said_ms = clock_ms();
    /* Of the store it knows the time only from now on: what the log holds was
     * there when it was written, and what went has its DEL. */
    server->aof = aof_open(
        &(struct aof_options){.path = config->aof_path,
                              .log = &server->log,
                              .replay = replay,
                              .pause = pause_loading,
                              .announce = announce,
                              .snapshot = snapshot,
                              .context = server,
                              .settings = server_log_settings(config)});
    server->is_loading = false;
    end_bar(server);
    server->log_database = store_selected(server->store);
    if (server->stopping) {
        log_write(&server->log, LOG_NOTICE,
                  "asked to stop while loading: %s is as it was",
                  config->aof_path);
        return true; /* to end at once, and well */
    }
    return server->aof != NULL && can_select_all(server) &&
           take_settings(server);
}

int server_close_log(struct server *server) {
    if (server->aof == NULL || aof_close(server->aof) == 0) return 0;
    if (!server->has_lost_log) {
        log_write(&server->log, LOG_WARNING, "cannot sync %s: %s",
                  server->config->aof_path, strerror(errno));
    }
    return -1;
}

/* ---- Committing ---------------------------------------------------------- */

/* What they changed may be on the disk or not; it will be, if the disk
 * recovers. That is for nobody to say "+OK" to, and none can take it back. */
static void close_writers(struct server *server) {
    size_t i;

    for (i = 0; i < server->served_count; i++) {
        if (server->served[i]->wrote) server->served[i]->dead = true;
    }
}

static int fail(struct server *server) {
    const char *path = server->config->aof_path;

    if (server->config->appendfsync == FSYNC_ALWAYS) {
        log_write(&server->log, LOG_WARNING,
                  "cannot write %s, so nothing more can be promised: %s", path,
                  strerror(errno));
        server->has_lost_log = true;
        return -1;
    }
    log_write(&server->log, LOG_WARNING,
              "cannot write %s: %s. Nobody may write until that is over", path,
              strerror(errno));
    close_writers(server);
    return 0;
}

/* The disk has caught up: let them go on. */
static void resume_waiting(struct server *server) {
    size_t i;

    for (i = 0; i < server->conns_cap; i++) {
        struct conn *conn = server->conns[i];

        if (conn == NULL || !conn->waits) continue;
        conn->waits = false;
        server_settle(server, conn);
        server->has_doomed |= conn->dead; /* it may be nobody's turn */
    }
    server->waiting_count = 0;
}

/* As Redis has it: beyond the least size, and by the percentage or more. */
static bool has_grown(const struct server *server,
                      const struct aof_status *status) {
    const struct config *config = server->config;
    int64_t base = status->base_size > 0 ? status->base_size : 1;
    int64_t growth = (status->size - base) * 100 / base;

    return config->auto_aof_rewrite_percentage > 0 &&
           status->size > config->auto_aof_rewrite_min_size &&
           growth >= config->auto_aof_rewrite_percentage;
}

/* What comes next is to stand behind the new file's last key, too, of whatever
 * database that is. */
int server_rewrite_log(struct server *server) {
    server->log_database = NO_DATABASE;
    if (aof_rewrite(server->aof) == -1) return -1;
    figures_note_fork(server, aof_status(server->aof).fork_us);
    store_share(server->store, true);
    return 0;
}

/* If the log is not to be relied on, nobody may write until there is a new one.
 * That is not left to a replica that is slow to take its data; unless the disk
 * would not have a new one: then that replica is how the data get away. */
static void rewrite_if_needed(struct server *server, int64_t now_ms) {
    struct aof_status status = aof_status(server->aof);
    bool is_urgent = aof_wants_rewrite(server->aof);

    if (status.is_rewriting) {
        server->rewrite_again_ms = now_ms + REWRITE_PAUSE_MS;
        return;
    }
    if (!server->is_rewrite_wanted) {
        if (status.failures > 0 && now_ms < server->rewrite_again_ms) return;
        if (!is_urgent &&
            (aof_error(server->aof) != 0 || !has_grown(server, &status))) {
            return;
        }
    }
    if (is_urgent && status.failures == 0) replication_stop_sync(server);
    if (server_has_child(server)) return;
    server->is_rewrite_wanted = false;
    server->rewrite_again_ms = now_ms + REWRITE_PAUSE_MS;
    server_rewrite_log(server);
}

static void look_after_aof(struct server *server, int64_t now_ms) {
    aof_tick(server->aof);
    if (server->waiting_count > 0 && !aof_is_behind(server->aof)) {
        resume_waiting(server);
    }
    rewrite_if_needed(server, now_ms);
}

/* After the turn's records have gone to the file and to replicas: a child that
 * begins now sees just what they have been told. */
void server_look_after_log(struct server *server) {
    int64_t now_ms = server->turn_us / 1000;

    if (now_ms < server->log_ms) return;
    server->log_ms = now_ms + LOOK_MS;
    replication_tick(server);
    if (server->aof != NULL) look_after_aof(server, now_ms);
    store_share(server->store, server_has_child(server));
}

int server_commit(struct server *server) {
    int64_t began_us = clock_us();

    if (server->aof == NULL) return 0;
    if (aof_commit(server->aof) == -1) return fail(server);
    server_note_latency(server, LATENCY_AOF_WRITE, clock_us() - began_us);
    return 0;
}

int64_t server_last_sync(const struct server *server) {
    return server->aof != NULL ? aof_status(server->aof).synced_s
                               : server->last_sync_s;
}

bool server_has_child(const struct server *server) {
    return replication_has_child(server) ||
           (server->aof != NULL && aof_status(server->aof).is_rewriting);
}

/* ---- Who may run --------------------------------------------------------- */

/* Also a queue that does, when it is to run. */
static bool writes(const struct command *command,
                   const struct session *session) {
    if (command->run != command_exec) return command->flags & COMMAND_WRITE;
    return transaction_is_open(session) &&
           (session->transaction->flags & COMMAND_WRITE);
}

/* Also a subcommand that there is not: its command says so. */
static bool may_run_while_loading(const struct call *call) {
    const struct command_docs *docs = command_docs_called(call->argv,
                                                          call->argc);

    return docs == NULL || command_docs_is_marked(docs, "loading");
}

const char *server_refusal_of_log(struct server *server,
                                  const struct command *command,
                                  const struct call *call) {
    int cause = server->aof != NULL ? aof_error(server->aof) : 0;

    /* PING too, as in Redis: who asks whether we are well is to know. */
    if (cause != 0 &&
        (writes(command, call->session) || command->run == command_ping)) {
        snprintf(server->disk_error, sizeof server->disk_error,
                 "MISCONF Errors writing to the AOF file: %s", strerror(cause));
        return server->disk_error;
    }
    if (server->is_loading && !may_run_while_loading(call)) {
        return "LOADING Redis is loading the dataset in memory";
    }
    return NULL;
}

bool server_must_wait(const struct server *server, const struct conn *conn,
                      const struct command *command) {
    if (server->aof == NULL || !aof_is_behind(server->aof)) return false;
    if (command == NULL || !conn->session.authenticated) return false;
    /* What is only queued can be so at once. */
    if (transaction_is_open(&conn->session) &&
        !(command->flags & COMMAND_NO_QUEUE)) {
        return false;
    }
    return writes(command, &conn->session);
}
