/* config.c -- stub: the defaults. */
#include "config.h"
#include "params.h"
#include "util.h"
#include <stdlib.h>
struct config *config_new(void) {
    struct config *c = xcalloc(1, sizeof *c);
    *c = (struct config){.address = xstrdup(DEFAULT_ADDRESS),
                         .unixsocket = xstrdup(""),
                         .tcp_backlog = LISTEN_BACKLOG,
                         .tcp_keepalive = 300,
                         .requirepass = xstrdup(""),
                         .protected_mode = true,
                         .maxclients = DEFAULT_CLIENTS,
                         .request_timeout = 60,
                         .client_query_buffer_limit = RESP_REQUEST_MAX,
                         .proto_max_bulk_len = RESP_BULK_MAX,
                         .output_hard = 1024 * 1024 * 1024,
                         .databases = 16,
                         .aof_path = xstrdup(DEFAULT_AOF_PATH),
                         .appendonly = true,
                         .appendfsync = FSYNC_EVERYSEC,
                         .logfile = xstrdup(""),
                         .loglevel = LOG_NOTICE,
                         .slowlog_log_slower_than = 10000,
                         .slowlog_max_len = 128,
                         .hz = 10};
    return c;
}
void config_free(struct config *c) {
    free(c->address);
    free(c->unixsocket);
    free(c->requirepass);
    free(c->aof_path);
    free(c->logfile);
    free(c);
}
