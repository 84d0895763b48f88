/* suites.h -- the suites of the unit tests: one a room.
 *
 * A room is tested through its header alone, in every part that has it; a
 * suite of a later part is empty source in the parts before (PART is the number
 * of the part that the tests are linked with). */
#ifndef UNIT_SUITES_H
#define UNIT_SUITES_H

#include <check.h>

Suite *buf_suite(void);
Suite *command_suite(void);
Suite *conn_suite(void);
Suite *inline_suite(void);
Suite *loop_suite(void);
Suite *net_suite(void);
Suite *options_suite(void);
Suite *resp_request_suite(void);
Suite *resp_writer_suite(void);
Suite *server_suite(void);
Suite *slice_suite(void);
Suite *util_suite(void);

/* Parts 1 and 2: what stands in for part 3. */
Suite *stubs_suite(void);

/* From part 2 on. */
Suite *handshake_suite(void);
Suite *resp_item_suite(void);

/* Part 3. */
Suite *aof_suite(void);
Suite *aof_damage_suite(void);
Suite *aof_faults_suite(void);
Suite *aof_rewrite_suite(void);
Suite *aof_seal_suite(void);
Suite *arguments_suite(void);
Suite *bits_suite(void);
Suite *child_suite(void);
Suite *client_suite(void);
Suite *command_command_suite(void);
Suite *config_suite(void);
Suite *ahead_suite(void);
Suite *arena_suite(void);
Suite *batch_suite(void);
Suite *crc64_suite(void);
Suite *database_suite(void);
Suite *expire_suite(void);
Suite *glob_suite(void);
Suite *info_suite(void);
Suite *keys_suite(void);
Suite *keyspace_suite(void);
Suite *kill_suite(void);
Suite *large_suite(void);
Suite *latency_suite(void);
Suite *limits_suite(void);
Suite *net_peer_suite(void);
Suite *number_suite(void);
Suite *records_suite(void);
Suite *replay_suite(void);
Suite *replica_suite(void);
Suite *scan_suite(void);
Suite *server_commands_suite(void);
Suite *server_log_suite(void);
Suite *siphash_suite(void);
Suite *slab_suite(void);
Suite *slowlog_suite(void);
Suite *snapshot_suite(void);
Suite *store_suite(void);
Suite *string_suite(void);
Suite *transaction_suite(void);

#endif
