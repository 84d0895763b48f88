/* handlers.h -- the commands of this part, by group. Each appends one reply to
 * call->out and may assume that the table's arity holds (command.h). */
#ifndef REDIS_LITE_HANDLERS_H
#define REDIS_LITE_HANDLERS_H

#include "command.h"

/* Rows of command_table, without the one that ends it. Sorted by name. */
extern const size_t command_count;

/* command_database.c */
command_fn command_dbsize, command_del, command_exists, command_get,
    command_set;

/* command_string.c */
command_fn command_append, command_getdel, command_getex, command_getrange,
    command_getset, command_mget, command_mset, command_msetnx, command_psetex,
    command_set_options, command_setex, command_setnx, command_setrange,
    command_strlen;

/* command_number.c */
command_fn command_decr, command_decrby, command_incr, command_incrby,
    command_incrbyfloat;

/* command_bits.c */
command_fn command_bitcount, command_getbit, command_setbit;

/* command_keys.c */
command_fn command_copy, command_flushall, command_flushdb, command_move,
    command_object, command_randomkey, command_rename, command_renamenx,
    command_touch, command_type, command_unlink;

/* command_scan.c */
command_fn command_keys, command_scan;

/* command_expire.c */
command_fn command_expire, command_expireat, command_expiretime,
    command_persist, command_pexpire, command_pexpireat, command_pexpiretime,
    command_pttl, command_ttl;

/* command_transaction.c */
command_fn command_discard, command_exec, command_multi, command_unwatch,
    command_watch;

/* command_connection.c */
command_fn command_echo, command_ping, command_quit;

/* command_handshake.c */
command_fn command_auth, command_hello, command_reset, command_select;

/* Whether a client may say this of itself: it goes into lists of one client a
 * line, so no blank and no control byte, or an error that says 'what'. */
bool client_takes_word(struct call *call, const char *what, struct slice word);
bool client_set_name(struct call *call, struct slice name); /* false: error */

/* Free what it said of its library, if it did. */
void client_forget_library(struct session *session);

/* Put "(redacted)" in the place of passwords: for MONITOR and SLOWLOG. */
void arguments_redact(const struct command *command, struct slice *argv,
                      size_t argc);

/* command_client.c */
command_fn command_client;

/* command_client_list.c: subcommands of CLIENT */
command_fn client_info, client_kill, client_list;

/* command_command.c */
command_fn command_command;

/* command_config.c */
command_fn command_config;

/* command_info.c */
command_fn command_info;

/* command_replica.c */
command_fn command_psync, command_replconf, command_replicaof, command_role,
    command_sync;

/* command_server.c */
command_fn command_bgrewriteaof, command_debug, command_lastsave,
    command_latency, command_memory, command_monitor, command_shutdown,
    command_slowlog, command_time;

#endif
