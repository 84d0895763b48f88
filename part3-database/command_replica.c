/* command_replica.c -- what replicas say, and what is asked about them. */
#include "arguments.h"
#include "handlers.h"
#include "replica.h"
#include "resp.h"
#include "server_state.h"

#include <stdio.h>

/* ---- REPLCONF ------------------------------------------------------------ */

/* False, and an error is appended, if it is none that we know. */
static bool take_option(struct call *call, struct slice name,
                        struct slice value) {
    struct replica *replica = replica_of(call->session);
    int64_t number;

    if (argument_is(name, "listening-port")) {
        if (!argument_integer(call, value, &number)) return false;
        replica->port = number > 0 && number <= UINT16_MAX ? (int)number : 0;
    } else if (argument_is(name, "ip-address")) {
        /* INFO shows it among its own lines. */
        if (!client_takes_word(call, "Addresses", value)) return false;
        if (value.len >= sizeof replica->address) {
            resp_write_error(call->out,
                             "ERR REPLCONF ip-address provided by replica "
                             "instance is too long: %zu bytes",
                             value.len);
            return false;
        }
        snprintf(replica->address, sizeof replica->address, "%.*s",
                 (int)value.len, value.data);
    } else if (argument_is(name, "rdb-only")) {
        if (!argument_integer(call, value, &number)) return false;
        replica->wants_file = number != 0;
    } else if (argument_is(name, "rdb-filter-only")) {
        /* redis-cli --replica: nothing but the stream. */
        replica->wants_no_data = true;
    } else if (!argument_is(name, "capa") && !argument_is(name, "version")) {
        resp_write_error(call->out, "ERR Unrecognized REPLCONF option: %.*s",
                         command_shown(name), name.data);
        return false;
    }
    return true;
}

static void take_ack(const struct call *call) {
    struct replica *replica = call->session->replica;

    if (replica_is_one(call->session) &&
        slice_to_int64(call->argv[2], &replica->acked)) {
        replica->acked_ms = call->server->now_us / 1000;
    }
}

void command_replconf(struct call *call) {
    bool is_ack = call->argc == 3 && argument_is(call->argv[1], "ack");
    size_t i;

    if (is_ack) take_ack(call);
    /* These are never answered, whoever says them: a master that a replica
     * speaks to would take the answer for a record. */
    if (is_ack || (call->argc == 3 && argument_is(call->argv[1], "getack")) ||
        replica_is_one(call->session)) {
        return;
    }
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

    /* A monitor is sent lines that are no records. */
    if (replica_is_one(call->session) || call->session->monitoring) return;
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
