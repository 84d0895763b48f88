/* server_time.c -- what time brings: keys expire, cleared memory comes back,
 * clients get late. */
#include "server_state.h"

#include "store.h"

/* Looking for what has expired, or giving back what was cleared: so long at a
 * time, and again so soon if there was much; so it takes at most a quarter of
 * all time, as in Redis. */
#define TEND_US          500
#define TEND_AGAIN_MS    2
#define EXPIRE_MUCH      10  /* percent of those looked at */
#define LOG_MS           100 /* the log is looked after so often, at least */
#define CHECK_CLIENTS_MS 1000

/* True if there is much to be done. */
static bool expire_some(struct server *server, int64_t budget_us) {
    int64_t began_us = clock_us();
    int percent;

    store_set_time(server->store, server->turn_time_us / 1000);
    percent = store_expire_some(server->store, budget_us);
    server_note_latency(server, LATENCY_EXPIRE_CYCLE, clock_us() - began_us);
    return percent >= EXPIRE_MUCH;
}

/* Let the store go on with its two duties: half of the time for giving memory
 * back, the rest for what has expired, and what that leaves for memory again.
 * Returns in how many milliseconds to go on. */
static int64_t tend_store(struct server *server) {
    int64_t pause = 1000 / server->config->hz;
    int64_t until_us = clock_us() + TEND_US;
    bool more = store_reclaim_some(server->store, TEND_US / 2);

    if (!server->no_active_expire &&
        expire_some(server, until_us - clock_us())) {
        more = true;
    } else if (more) {
        more = store_reclaim_some(server->store, until_us - clock_us());
    }
    if (pause > LOG_MS) pause = LOG_MS;
    return more && pause > TEND_AGAIN_MS ? TEND_AGAIN_MS : pause;
}

void server_tick(struct server *server) {
    int64_t now_ms = server->turn_us / 1000;

    if (server->is_loading) return; /* what is there is not all yet */
    server_resume_accepting(server);
    if (now_ms < server->tick_ms) return;
    server->tick_ms = now_ms + tend_store(server);
    figures_sample(server, now_ms);
    if (now_ms < server->clients_ms) return;
    server->clients_ms = now_ms + CHECK_CLIENTS_MS;
    server_check_clients(server, now_ms);
}
