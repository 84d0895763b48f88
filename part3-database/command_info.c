/* command_info.c -- INFO: what monitoring tools read, in Redis's sections, with
 * Redis's names and forms.
 *
 * Of what we have not (snapshots, scripts) a field is given only
 * where a tool would miss it. */
#include "arguments.h"
#include "handlers.h"
#include "resp.h"
#include "server_state.h"
#include "text.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define HUMAN_MAX 32 /* bytes of "1023.99M" */

typedef long long number; /* for "%lld" */

/* ---- Sections: each appends its lines ----------------------------------- */

static void add_server(struct buf *text, struct server *server) {
    number seconds = (server->now_us / 1000 - server->started_ms) / 1000;
    struct utsname os;

    if (uname(&os) == -1) os = (struct utsname){0};
    text_append(text,
                "redis_version:%s\r\nredis_lite_version:%s\r\n"
                "redis_mode:standalone\r\nos:%s %s %s\r\narch_bits:%zu\r\n",
                REDIS_COMPATIBLE_VERSION, VERSION, os.sysname, os.release,
                os.machine, sizeof(void *) * 8);
    text_append(text,
                "process_id:%ld\r\nrun_id:%s\r\ntcp_port:%d\r\n"
                "server_time_usec:%lld\r\n",
                (long)getpid(), server->run_id, server_port(server),
                (number)server->time_us);
    text_append(text,
                "uptime_in_seconds:%lld\r\nuptime_in_days:%lld\r\nhz:%lld\r\n"
                "configured_hz:%lld\r\n",
                seconds, seconds / 86400, (number)server->config->hz,
                (number)server->config->hz);
}

static void add_clients(struct buf *text, struct server *server) {
    text_append(text,
                "connected_clients:%zu\r\ncluster_connections:0\r\n"
                "maxclients:%lld\r\nblocked_clients:%zu\r\n"
                "tracking_clients:0\r\n",
                server->client_count, (number)server->config->maxclients,
                server->waiting_count);
}

/* As Redis prints a number of bytes for people. */
static const char *human(size_t bytes, char text[HUMAN_MAX]) {
    static const char units[] = "KMGTP";
    double value = (double)bytes / 1024;
    size_t unit = 0;

    if (bytes < 1024) {
        snprintf(text, HUMAN_MAX, "%zuB", bytes);
        return text;
    }
    for (; value >= 1024 && unit < sizeof units - 2; unit++)
        value /= 1024;
    snprintf(text, HUMAN_MAX, "%.2f%c", value, units[unit]);
    return text;
}

static void add_bytes(struct buf *text, const char *name, size_t bytes) {
    char shown[HUMAN_MAX];

    text_append(text, "%s:%zu\r\n%s_human:%s\r\n", name, bytes, name,
                human(bytes, shown));
}

/* What the kernel gave us (proc(5), statm), where it tells; else 'known'. */
static size_t resident(size_t known) {
    FILE *file = fopen("/proc/self/statm", "re");
    size_t pages;

    if (file == NULL) return known;
    if (fscanf(file, "%*u %zu", &pages) == 1) {
        known = pages * (size_t)sysconf(_SC_PAGESIZE);
    }
    fclose(file);
    return known;
}

static void add_memory(struct buf *text, struct server *server) {
    size_t used = server_memory(server);
    size_t peak = server->figures.memory_peak;
    size_t rss = resident(used);
    size_t data = store_memory(server->store);

    if (peak < used) peak = used;
    add_bytes(text, "used_memory", used);
    add_bytes(text, "used_memory_rss", rss);
    add_bytes(text, "used_memory_peak", peak);
    text_append(text,
                "used_memory_peak_perc:%.2f%%\r\nused_memory_overhead:%zu\r\n"
                "used_memory_dataset:%zu\r\nused_memory_dataset_perc:%.2f%%"
                "\r\n",
                (double)used * 100 / (double)peak, used - data, data,
                (double)data * 100 / (double)used);
    add_bytes(text, "total_system_memory",
              (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE));
    text_append(text, "used_memory_lua:0\r\n");
    add_bytes(text, "maxmemory", (size_t)server->config->maxmemory);
    text_append(text,
                "maxmemory_policy:noeviction\r\n"
                "mem_fragmentation_ratio:%.2f\r\n"
                "mem_fragmentation_bytes:%lld\r\nmem_clients_slaves:%zu\r\n"
                "mem_clients_normal:%zu\r\nmem_allocator:libc\r\n"
                "active_defrag_running:0\r\nlazyfree_pending_objects:0\r\n",
                (double)rss / (double)used, (number)rss - (number)used,
                replication_memory(server),
                server->clients_memory - replication_memory(server));
}

static void add_loading(struct buf *text, const struct server *server) {
    number seconds = (number)(time_us() / 1000000 - server->load_began_s);
    double share = server->load_size > 0
                       ? (double)server->load_done / (double)server->load_size
                       : 0;

    text_append(text,
                "loading_start_time:%lld\r\nloading_total_bytes:%lld\r\n"
                "loading_loaded_bytes:%lld\r\nloading_loaded_perc:%.2f\r\n"
                "loading_eta_seconds:%lld\r\n",
                (number)server->load_began_s, (number)server->load_size,
                (number)server->load_done, share * 100,
                share > 0 ? (number)((double)seconds * (1 - share) / share) + 1
                          : 1);
}

/* What Redis tells only if there is such a file. */
static void add_log(struct buf *text, const struct aof_status *status) {
    text_append(text,
                "aof_current_size:%lld\r\naof_base_size:%lld\r\n"
                "aof_pending_rewrite:0\r\naof_buffer_length:%lld\r\n"
                "aof_pending_bio_fsync:%d\r\naof_delayed_fsync:%llu\r\n",
                (number)status->size, (number)status->base_size,
                (number)status->pending, status->is_syncing,
                (unsigned long long)status->delayed);
}

static number seconds_of(int64_t ms) {
    return ms < 0 ? -1 : (number)(ms / 1000);
}

static void add_persistence(struct buf *text, struct server *server) {
    struct aof_status status = {.last_rewrite_ms = -1};
    bool has_error = server->aof != NULL && aof_error(server->aof) != 0;

    if (server->aof != NULL) status = aof_status(server->aof);
    text_append(text,
                "loading:%d\r\nasync_loading:0\r\ncurrent_cow_peak:0\r\n"
                "current_cow_size:0\r\ncurrent_cow_size_age:0\r\n"
                "current_fork_perc:0.00\r\ncurrent_save_keys_processed:0\r\n"
                "current_save_keys_total:0\r\n"
                "rdb_changes_since_last_save:0\r\nrdb_bgsave_in_progress:0\r\n"
                "rdb_last_save_time:%lld\r\nrdb_last_bgsave_status:ok\r\n"
                "rdb_last_bgsave_time_sec:-1\r\n"
                "rdb_current_bgsave_time_sec:-1\r\nrdb_saves:0\r\n"
                "rdb_last_cow_size:0\r\nrdb_last_load_keys_expired:0\r\n"
                "rdb_last_load_keys_loaded:0\r\n",
                server->is_loading, (number)server_last_sync(server));
    text_append(text,
                "aof_enabled:%d\r\naof_rewrite_in_progress:%d\r\n"
                "aof_rewrite_scheduled:%d\r\naof_last_rewrite_time_sec:%lld\r\n"
                "aof_current_rewrite_time_sec:%lld\r\n"
                "aof_last_bgrewrite_status:%s\r\naof_rewrites:%llu\r\n"
                "aof_rewrites_consecutive_failures:%llu\r\n"
                "aof_last_write_status:%s\r\naof_last_cow_size:%lld\r\n"
                "module_fork_in_progress:0\r\n"
                "module_fork_last_cow_size:0\r\n",
                server->config->appendonly, status.is_rewriting,
                server->is_rewrite_wanted, seconds_of(status.last_rewrite_ms),
                seconds_of(status.is_rewriting ? status.rewrite_ms : -1),
                status.failures > 0 ? "err" : "ok",
                (unsigned long long)status.rewrites,
                (unsigned long long)status.failures,
                has_error || server->has_lost_log ? "err" : "ok",
                (number)status.copied);
    if (server->aof != NULL) add_log(text, &status);
    if (server->is_loading) add_loading(text, server);
}

static void add_stats(struct buf *text, struct server *server) {
    const struct server_figures *figures = &server->figures;
    const struct store_figures *store = store_figures(server->store);

    text_append(text,
                "total_connections_received:%llu\r\n"
                "total_commands_processed:%llu\r\n"
                "instantaneous_ops_per_sec:%llu\r\n"
                "total_net_input_bytes:%llu\r\n"
                "total_net_output_bytes:%llu\r\n",
                (unsigned long long)figures->connections,
                (unsigned long long)figures->commands,
                (unsigned long long)figures->commands_per_second,
                (unsigned long long)figures->input_bytes,
                (unsigned long long)figures->output_bytes);
    text_append(text,
                "rejected_connections:%llu\r\nsync_full:%llu\r\n"
                "sync_partial_ok:0\r\nsync_partial_err:0\r\n"
                "expired_keys:%llu\r\nevicted_keys:0\r\n"
                "evicted_clients:%llu\r\nkeyspace_hits:%llu\r\n"
                "keyspace_misses:%llu\r\n",
                (unsigned long long)figures->rejected,
                (unsigned long long)server->replication.syncs_count,
                (unsigned long long)store->expired,
                (unsigned long long)figures->evicted,
                (unsigned long long)store->hits,
                (unsigned long long)store->misses);
    text_append(text,
                "pubsub_channels:0\r\npubsub_patterns:0\r\n"
                "latest_fork_usec:%lld\r\ntotal_forks:%llu\r\n"
                "total_error_replies:%llu\r\n",
                (number)figures->fork_us, (unsigned long long)figures->forks,
                (unsigned long long)figures->errors);
}

static void add_replicas(struct buf *text, struct server *server) {
    const struct replication *replication = &server->replication;
    size_t i;

    for (i = 0; i < replication->count; i++) {
        const struct conn *conn = replication->replicas[i];
        const struct replica *replica = conn->session.replica;
        char address[NET_TEXT_MAX];

        text_append(text,
                    "slave%zu:ip=%s,port=%d,state=%s,offset=%lld,lag=%lld\r\n",
                    i, replica_address(conn, address), replica->port,
                    replica_state_name(replica), (number)replica->acked,
                    (number)(server->now_us / 1000 - replica->acked_ms) / 1000);
    }
}

/* There is no backlog: who comes again gets all data again. */
static void add_replication(struct buf *text, struct server *server) {
    text_append(text, "role:master\r\nconnected_slaves:%zu\r\n",
                server->replication.count);
    add_replicas(text, server);
    text_append(text,
                "master_failover_state:no-failover\r\nmaster_replid:%s\r\n"
                "master_replid2:%040d\r\nmaster_repl_offset:%lld\r\n"
                "second_repl_offset:-1\r\nrepl_backlog_active:0\r\n"
                "repl_backlog_size:0\r\nrepl_backlog_first_byte_offset:0\r\n"
                "repl_backlog_histlen:0\r\n",
                server->run_id, 0, (number)replication_offset(server));
}

static void add_cpu(struct buf *text, struct server *server) {
    struct rusage own = {0};

    (void)server;
    getrusage(RUSAGE_SELF, &own);
    text_append(text,
                "used_cpu_sys:%lld.%06ld\r\nused_cpu_user:%lld.%06ld\r\n"
                "used_cpu_sys_children:0.000000\r\n"
                "used_cpu_user_children:0.000000\r\n",
                (number)own.ru_stime.tv_sec, (long)own.ru_stime.tv_usec,
                (number)own.ru_utime.tv_sec, (long)own.ru_utime.tv_usec);
}

static void add_nothing(struct buf *text, struct server *server) {
    (void)text;
    (void)server;
}

static void add_commandstats(struct buf *text, struct server *server) {
    size_t i;

    for (i = 0; i < command_count; i++) {
        const struct command_figures *of = &server->figures.of[i];

        if (of->calls == 0 && of->rejected == 0) continue;
        text_append(
            text,
            "cmdstat_%s:calls=%llu,usec=%llu,usec_per_call=%.2f,"
            "rejected_calls=%llu,failed_calls=%llu\r\n",
            command_table[i].name, (unsigned long long)of->calls,
            (unsigned long long)of->microseconds,
            of->calls > 0 ? (double)of->microseconds / (double)of->calls : 0,
            (unsigned long long)of->rejected, (unsigned long long)of->failed);
    }
}

static void add_errorstats(struct buf *text, struct server *server) {
    const struct error_figures *of = server->figures.errors_of;
    size_t i;

    for (i = 0; i < ERROR_KINDS_MAX && of[i].kind[0] != '\0'; i++) {
        text_append(text, "errorstat_%s:count=%llu\r\n", of[i].kind,
                    (unsigned long long)of[i].count);
    }
}

static void add_cluster(struct buf *text, struct server *server) {
    (void)server;
    text_append(text, "cluster_enabled:0\r\n");
}

static void add_keyspace(struct buf *text, struct server *server) {
    unsigned selected = store_selected(server->store);
    unsigned i;

    for (i = 0; i < (unsigned)server->config->databases; i++) {
        store_select(server->store, i);
        if (store_count(server->store) == 0) continue;
        text_append(text, "db%u:keys=%zu,expires=%zu,avg_ttl=0\r\n", i,
                    store_count(server->store), store_expiring(server->store));
    }
    store_select(server->store, selected);
}

/* ---- INFO ---------------------------------------------------------------- */

static const struct section {
    const char *name; /* as its headline spells it; asked for in any case */
    void (*add)(struct buf *text, struct server *server);
    bool is_default; /* also if none is asked for */
} sections[] = {
    {"Server",       add_server,       true },
    {"Clients",      add_clients,      true },
    {"Memory",       add_memory,       true },
    {"Persistence",  add_persistence,  true },
    {"Stats",        add_stats,        true },
    {"Replication",  add_replication,  true },
    {"CPU",          add_cpu,          true },
    {"Modules",      add_nothing,      true },
    {"Commandstats", add_commandstats, false},
    {"Errorstats",   add_errorstats,   true },
    {"Cluster",      add_cluster,      true },
    {"Keyspace",     add_keyspace,     true },
};

static bool is_wanted(const struct call *call, const struct section *section) {
    size_t i;

    for (i = 1; i < call->argc; i++) {
        struct slice word = call->argv[i];

        if (argument_is(word, section->name) || argument_is(word, "all") ||
            argument_is(word, "everything") ||
            (section->is_default && argument_is(word, "default"))) {
            return true;
        }
    }
    return call->argc == 1 && section->is_default;
}

void command_info(struct call *call) {
    struct buf text = {0};
    size_t i;

    for (i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (!is_wanted(call, &sections[i])) continue;
        text_append(&text, "%s# %s\r\n", buf_len(&text) > 0 ? "\r\n" : "",
                    sections[i].name);
        sections[i].add(&text, call->server);
    }
    resp_write_text(call->out, buf_slice(&text), call->session->protocol);
    buf_free(&text);
}
