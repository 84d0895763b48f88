/* command_replica.c -- what replicas say, and what is asked about them. */
#include "arguments.h"
#include "handlers.h"
#include "replica.h"
#include "resp.h"
#include "server_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- REPLCONF ------------------------------------------------------------ */

/* False, and an error is appended, if it is none that we know. */
static bool take_option(struct call *call, struct slice name,
                        struct slice value) {
    struct replica *replica = replica_of(call->session);
    int64_t number;

    if (argument_is(name, "listening-port")) {
        if (!argument_integer(call, value, &number)) return false;
        replica->port = (int)number;
    } else if (argument_is(name, "ip-address")) {
        snprintf(replica->address, sizeof replica->address, "%.*s",
                 (int)(value.len < NET_TEXT_MAX ? value.len : NET_TEXT_MAX - 1),
                 value.data);
    } else if (argument_is(name, "rdb-only")) {
        replica->wants_file = true;
    } else if (argument_is(name, "rdb-filter-only")) {
        replica->wants_no_data =
            true; /* redis-cli --replica: just the stream */
    } else if (!argument_is(name, "capa") && !argument_is(name, "version")) {
        resp_write_error(call->out, "ERR Unrecognized REPLCONF option: %.*s",
                         command_shown(name), name.data);
        return false;
    }
    return true;
}

/* To say how far it is gets no answer: those would be taken for records. */
static void take_ack(struct call *call) {
    struct replica *replica = call->session->replica;
    char text[COMMAND_NUMBER_MAX];
    struct slice value = call->argv[2];

    if (!replica_is_one(call->session) || value.len >= sizeof text) return;
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    if (sscanf(text, "%" SCNd64, &replica->acked) == 1) {
        replica->acked_ms = call->server->now_us / 1000;
    }
}

void command_replconf(struct call *call) {
    size_t i;

    if (call->argc == 3 && argument_is(call->argv[1], "ack")) {
        take_ack(call);
        return;
    }
    if (replica_is_one(call->session)) return;
    if (call->argc % 2 == 0) {
        reply_syntax_error(call);
        return;
    }
    for (i = 1; i < call->argc; i += 2) {
        if (!take_option(call, call->argv[i], call->argv[i + 1])) return;
    }
    resp_write_simple(call->out, "OK");
}

/* ---- PSYNC, SYNC --------------------------------------------------------- */

/* The reply comes when a child process can be made. */
static void become_replica(struct call *call, bool by_psync) {
    const struct replica *replica = call->session->replica;

    if (replica_is_one(call->session)) return;
    if (replica != NULL && replica->wants_file) {
        resp_write_error(call->out,
                         "ERR there are no snapshots here, and a replica gets "
                         "its data as commands: that file would be empty. Copy "
                         "the append-only file instead");
        return;
    }
    replica_add(call->server, server_conn_of(call->session), by_psync);
}

/* Whatever part of the stream it has already, it is sent all. */
void command_psync(struct call *call) {
    become_replica(call, true);
}

void command_sync(struct call *call) {
    become_replica(call, false);
}

/* ---- REPLICAOF, ROLE ----------------------------------------------------- */

void command_replicaof(struct call *call) {
    if (argument_is(call->argv[1], "no") && argument_is(call->argv[2], "one")) {
        resp_write_simple(call->out, "OK"); /* as it is */
        return;
    }
    resp_write_error(call->out,
                     "ERR this server is never a replica; a Redis or Valkey "
                     "server can be one of it");
}

static void write_number(struct buf *out, int64_t number) {
    char text[COMMAND_NUMBER_MAX];

    snprintf(text, sizeof text, "%lld", (long long)number);
    resp_write_bulk(out, slice_of(text));
}

/* A master, how far it is, and the same of each replica that has all data. */
void command_role(struct call *call) {
    const struct replication *replication = &call->server->replication;
    size_t online = 0;
    size_t i;

    for (i = 0; i < replication->count; i++) {
        online += replication->replicas[i]->session.replica->state ==
                  REPLICA_ONLINE;
    }
    resp_write_array(call->out, 3);
    resp_write_bulk(call->out, slice_of("master"));
    resp_write_integer(call->out, replication_offset(call->server));
    resp_write_array(call->out, online);
    for (i = 0; i < replication->count; i++) {
        const struct conn *conn = replication->replicas[i];
        const struct replica *replica = conn->session.replica;
        char text[NET_TEXT_MAX];

        if (replica->state != REPLICA_ONLINE) continue;
        resp_write_array(call->out, 3);
        resp_write_bulk(call->out, slice_of(replica_address(conn, text)));
        write_number(call->out, replica->port);
        write_number(call->out, replica->acked);
    }
}
