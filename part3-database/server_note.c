/* server_note.c -- what ran, and who wants to know: the figures of INFO, those
 * who said MONITOR, the slow log, LATENCY. */
#include "handlers.h"
#include "monitor.h"
#include "net_peer.h"
#include "server_state.h"

#include <stdlib.h>
#include <string.h>

static void note_slow(struct server *server, const struct session *session,
                      struct slice *argv, size_t argc, int64_t took_us) {
    struct slice name = buf_slice(&session->name);
    char *copy = xcalloc(1, name.len + 1);
    char address[NET_TEXT_MAX];

    memcpy(copy, name.data, name.len);
    net_peer_address(server_conn_of(session)->fd, address);
    slowlog_add(server->slowlog, (size_t)server->config->slowlog_max_len,
                &(struct slowlog_entry){.time = server->time_us / 1000000,
                                        .microseconds = took_us,
                                        .argv = argv,
                                        .argc = argc,
                                        .address = address,
                                        .name = copy});
    free(copy);
}

/* Tell monitors and the slow log, of whom neither is told a password. */
static void show(struct server *server, const struct command *command,
                 const struct call *said, int64_t took_us) {
    const struct session *session = said->session;
    int64_t slow_us = server->config->slowlog_log_slower_than;
    bool is_slow = slow_us >= 0 && took_us >= slow_us &&
                   command->run != command_exec; /* what it ran was noted */
    bool is_monitored = server->monitor_count > 0 &&
                        monitor_shows(command, said->argv);
    struct slice *shown;

    if (!is_slow && !is_monitored) return;
    shown = xmalloc(said->argc * sizeof *shown);
    memcpy(shown, said->argv, said->argc * sizeof *shown);
    arguments_redact(command, shown, said->argc);
    if (is_monitored) {
        monitor_feed(server, server_conn_of(session), shown, said->argc);
    }
    if (is_slow) note_slow(server, session, shown, said->argc, took_us);
    free(shown);
}

void server_note_latency(struct server *server, enum latency_event event,
                         int64_t took_us) {
    int64_t threshold_ms = server->config->latency_monitor_threshold;

    if (threshold_ms == 0 || took_us / 1000 < threshold_ms) return;
    latency_add(&server->latency, event, server->turn_time_us / 1000000,
                took_us / 1000);
}

static void count(struct server *server, const struct command *command,
                  struct slice reply, int64_t took_us) {
    struct command_figures *figures =
        &server->figures.of[command - command_table];

    server->figures.commands++;
    figures->calls++;
    figures->microseconds += (uint64_t)took_us;
    if (reply.len == 0 || reply.data[0] != '-') return;
    figures_note_error(server, reply);
    figures->failed++;
}

void server_note_run(struct server *server, const struct command *command,
                     const struct call *said, size_t start) {
    struct slice replies = buf_slice(said->out);
    int64_t now = clock_us();
    int64_t took_us = now - server->now_us;

    count(server, command,
          (struct slice){replies.data + start, replies.len - start}, took_us);
    show(server, command, said, took_us);
    server_note_latency(server,
                        command->flags & COMMAND_FAST ? LATENCY_FAST_COMMAND
                                                      : LATENCY_COMMAND,
                        took_us);
    server->now_us = now; /* the next one begins here */
}
