/* figures.c -- counting what INFO tells. */
#include "handlers.h"
#include "server_state.h"

#include <string.h>

#define SAMPLE_MS 1000 /* instantaneous_ops_per_sec */

void figures_note_error(struct server *server, struct slice reply) {
    struct error_figures *of = server->figures.errors_of;
    size_t len = 1; /* behind the '-' */
    size_t i = 0;

    while (len < reply.len && reply.data[len] != ' ' && len < sizeof of[0].kind)
        len++;
    len--;
    server->figures.errors++;
    while (
        i < ERROR_KINDS_MAX - 1 && of[i].kind[0] != '\0' &&
        !slice_equal(slice_of(of[i].kind), (struct slice){reply.data + 1, len}))
        i++;
    if (of[i].kind[0] == '\0') memcpy(of[i].kind, reply.data + 1, len);
    of[i].count++;
}

void figures_note_fork(struct server *server, int64_t took_us) {
    server->figures.forks++;
    server->figures.fork_us = took_us;
}

void figures_reset(struct server *server) {
    struct server_figures *figures = &server->figures;
    struct server_figures none = {.memory_peak = figures->memory_peak,
                                  .sampled_ms = figures->sampled_ms,
                                  .of = figures->of};

    *figures = none;
    memset(figures->of, 0, command_count * sizeof *figures->of);
    *store_figures(server->store) = (struct store_figures){0};
}

void figures_sample(struct server *server, int64_t now_ms) {
    struct server_figures *figures = &server->figures;
    int64_t passed = now_ms - figures->sampled_ms;
    size_t memory = server_memory(server);

    if (memory > figures->memory_peak) figures->memory_peak = memory;
    if (passed < SAMPLE_MS) return;
    figures->commands_per_second = (figures->commands -
                                    figures->sampled_commands) *
                                   1000 / (uint64_t)passed;
    figures->sampled_commands = figures->commands;
    figures->sampled_ms = now_ms;
}

size_t server_memory(const struct server *server) {
    return store_memory(server->store) + server->clients_memory +
           server->query.bytes.cap + server->replies.cap +
           server->monitor_lines.cap + server->replication.stream.cap;
}
