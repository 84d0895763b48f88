/* server_open.c -- the beginning and the end of a server: its settings, its
 * sockets, its log, in an order in which each may fail. */
#include "server_state.h"

#include "net.h"
#include "net_peer.h"
#include "resp.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each client needs a descriptor; better to know now how many there can be
 * than to find out under load. */
static bool limit_clients(struct server *server) {
    int64_t *maxclients = &server->config->maxclients;
    size_t wanted = (size_t)*maxclients + DESCRIPTORS_RESERVED;
    size_t limit = net_raise_descriptor_limit(wanted);

    if (limit <= DESCRIPTORS_RESERVED) {
        log_write(&server->log, LOG_WARNING,
                  "only %zu open files are allowed, and %d are needed before "
                  "the first client (ulimit -n)",
                  limit, DESCRIPTORS_RESERVED);
        return false;
    }
    if (limit < wanted) {
        log_write(&server->log, LOG_WARNING,
                  "maxclients is %zu, not %zu: only %zu open files are allowed "
                  "(ulimit -n)",
                  limit - DESCRIPTORS_RESERVED, wanted - DESCRIPTORS_RESERVED,
                  limit);
        *maxclients = (int64_t)(limit - DESCRIPTORS_RESERVED);
    }
    return true;
}

static bool open_loop(struct server *server) {
    server->loop = loop_new();
    if (server->loop != NULL && pipe(server->wake) == 0 &&
        net_set_flags(server->wake[0]) == 0 &&
        net_set_flags(server->wake[1]) == 0 &&
        loop_add(server->loop, server->wake[0], LOOP_READ) == 0) {
        return true;
    }
    log_write(&server->log, LOG_WARNING, "cannot make an event loop: %s",
              strerror(errno));
    return false;
}

static bool open_listeners(struct server *server) {
    const struct config *config = server->config;
    char error[NET_TEXT_MAX];
    int count = net_listen_all(config->address, (int)config->tcp_backlog,
                               server->listeners, error);
    int i;

    if (count >= 0) server->listener_count = count;
    if (count >= 0 && config->unixsocket[0] != '\0') {
        server->unix_listener = net_listen_unix(
            config->unixsocket, (unsigned)config->unixsocketperm,
            (int)config->tcp_backlog, error);
        if (server->unix_listener == -1) count = -1;
    }
    if (count == -1) {
        log_write(&server->log, LOG_WARNING, "cannot listen on %s", error);
        return false;
    }
    if (server->unix_listener != -1) {
        server->listeners[server->listener_count++] = server->unix_listener;
    }
    for (i = 0; i < server->listener_count; i++) {
        if (loop_add(server->loop, server->listeners[i], LOOP_READ) == -1) {
            log_write(&server->log, LOG_WARNING, "cannot watch a socket: %s",
                      strerror(errno));
            return false;
        }
    }
    return true;
}

static bool open_logfile(struct server *server) {
    const char *path = server->config->logfile;
    int fd;

    if (path[0] == '\0') return true;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd == -1) {
        log_write(&server->log, LOG_WARNING, "cannot open logfile %s: %s", path,
                  strerror(errno));
        return false;
    }
    server->log.fd = fd;
    return true;
}

bool server_apply_config(struct server *server, char error[CONFIG_ERROR_MAX]) {
    const struct config *config = server->config;
    struct aof_settings settings = server_log_settings(config);
    int64_t wanted = config->maxclients;

    if (!limit_clients(server) || config->maxclients < wanted) {
        snprintf(error, CONFIG_ERROR_MAX,
                 "The operating system is not able to handle the specified "
                 "number of clients, try with %lld",
                 (long long)config->maxclients);
        return false;
    }
    if (server->aof != NULL && aof_configure(server->aof, &settings) == -1) {
        snprintf(error, CONFIG_ERROR_MAX, "cannot sync %s: %s",
                 config->aof_path, strerror(errno));
        return false;
    }
    /* From here on nothing can fail, so what is refused has no effect. */
    server->log.level = (enum log_level)config->loglevel;
    server->limits = (struct resp_limits){
        .args = RESP_ARGS_MAX,
        .bulk = config->proto_max_bulk_len,
        .request = config->client_query_buffer_limit};
    if (config->requirepass[0] == '\0') server_let_all_in(server);
    return true;
}

static void greet(const struct server *server) {
    const char *program = server->options->program;
    char text[NET_TEXT_MAX];
    int i;

    for (i = 0; i < server->listener_count; i++) {
        if (server->listeners[i] == server->unix_listener) {
            snprintf(text, sizeof text, "%s", server->config->unixsocket);
        } else {
            net_local_address(server->listeners[i], text);
        }
        log_write(&server->log, LOG_NOTICE, "listening on %s", text);
    }
    if (server->config->requirepass[0] == '\0') {
        command_hint(text, sizeof text, program, server_port(server));
    } else {
        snprintf(text, sizeof text, "%s-cli -p %d, then AUTH and the password",
                 program, server_port(server));
    }
    log_write(&server->log, LOG_NOTICE, "try: %s", text);
}

/* The settings: those that were read, or the defaults; and the few that every
 * part has. */
static struct config *config_of(const struct server_options *options) {
    struct config *config = options->config;

    if (config != NULL) return config;
    config = config_new();
    free(config->address);
    free(config->aof_path);
    config->address = xstrdup(options->address);
    config->aof_path = xstrdup(options->aof_path);
    config->maxclients = (int64_t)options->maxclients;
    config->loglevel = options->log.level;
    return config;
}

static void draw_run_id(struct server *server) {
    unsigned char bytes[(sizeof server->run_id - 1) / 2];
    size_t i;

    random_bytes(bytes, sizeof bytes);
    for (i = 0; i < sizeof bytes; i++)
        snprintf(server->run_id + 2 * i, 3, "%02x", bytes[i]);
}

struct server *server_new(const struct server_options *options) {
    struct server *server = xcalloc(1, sizeof *server);
    char error[CONFIG_ERROR_MAX];

    server->options = options;
    server->config = config_of(options);
    server->log = options->log;
    server->wake[0] = server->wake[1] = server->unix_listener = -1;
    server->started_ms = server->figures.sampled_ms = clock_ms();
    server->last_sync_s = time_us() / 1000000;
    server->replication.offset = REPLICATION_OFFSET;
    server->figures.of = xcalloc(command_count, sizeof *server->figures.of);
    server->store = store_new();
    server->watches = watches_new(server->store);
    server->slowlog = slowlog_new();
    draw_run_id(server);
    /* The port first, the log second: a port in use should not be found out
     * only after a large log was loaded. Clients wait in the backlog. */
    if (!open_logfile(server) || !limit_clients(server) || !open_loop(server) ||
        !open_listeners(server) || !server_apply_config(server, error) ||
        !server_open_log(server)) {
        server_free(server);
        return NULL;
    }
    server_listen(server);
    if (!server->stopping) greet(server);
    return server;
}

int server_port(const struct server *server) {
    return net_local_port(server->listeners[0]);
}

int server_free(struct server *server) {
    int result;
    size_t i;

    store_listen(server->store, NULL);
    for (i = 0; i < server->conns_cap; i++) {
        if (server->conns[i] != NULL) {
            server_remove_conn(server, server->conns[i]);
        }
    }
    free(server->conns);
    free(server->monitors);
    replication_free(server);
    if (server->unix_listener != -1) unlink(server->config->unixsocket);
    while (server->listener_count > 0) {
        close(server->listeners[--server->listener_count]);
    }
    result = server_close_log(server);
    if (server->wake[0] != -1) close(server->wake[0]);
    if (server->wake[1] != -1) close(server->wake[1]);
    if (server->loop != NULL) loop_free(server->loop);
    store_free(server->store);
    watches_free(server->watches);
    slowlog_free(server->slowlog);
    query_free(&server->query);
    batch_free(&server->batch);
    buf_free(&server->replies);
    buf_free(&server->monitor_lines);
    free(server->figures.of);
    if (server->log.fd != server->options->log.fd) close(server->log.fd);
    config_free(server->config);
    free(server);
    return result;
}
