/* figures.c -- counting what INFO tells. */
#include "handlers.h"
#include "server_state.h"

#include <string.h>

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

void figures_reset(struct server *server) {
    struct server_figures *figures = &server->figures;
    struct server_figures none = {.memory_peak = figures->memory_peak,
                                  .sampled_ms = figures->sampled_ms,
                                  .of = figures->of};

    *figures = none;
    memset(figures->of, 0, command_count * sizeof *figures->of);
    *store_figures(server->store) = (struct store_figures){0};
}
