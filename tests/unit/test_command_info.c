/* test_command_info.c -- INFO: that it has what tools read, and counts. */
#include "server_state.h"
#include "server_talk.h"
#include "suites.h"

/* The value of a field, as a number; -999 if there is none. */
static double field(struct talk *talk, const char *section, const char *name) {
    char words[100];
    char start[100];
    struct slice reply;
    const char *at;

    snprintf(words, sizeof words, "INFO %s", section);
    reply = ask(talk, words);
    snprintf(start, sizeof start, "\n%s:", name);
    at = memmem(reply.data, reply.len, start, strlen(start));
    return at != NULL ? strtod(at + strlen(start), NULL) : -999;
}

static void check_headlines(struct talk *talk, const char *words,
                            const char *want) {
    struct slice reply = ask(talk, words);
    struct buf got = {0};
    size_t i;

    for (i = 0; i + 1 < reply.len; i++) {
        if (reply.data[i] != '\n' || reply.data[i + 1] != '#') continue;
        for (i += 2; reply.data[i] != '\r'; i++)
            buf_append(&got, &reply.data[i], 1);
    }
    check_that(same_bytes(buf_slice(&got), slice_of(want)),
               "%s: got \"%s\", expected \"%s\"", words, shown(buf_slice(&got)),
               want);
    buf_free(&got);
}

#define BEFORE                                                                 \
    " Server Clients Memory Persistence Stats Replication CPU Modules"

START_TEST(the_sections_that_were_asked_for_come_in_the_order_of_redis) {
    static const struct {
        const char *words, *want;
    } table[] = {
        {"INFO", BEFORE " Errorstats Cluster Keyspace"},
        {"INFO default", BEFORE " Errorstats Cluster Keyspace"},
        {"INFO all", BEFORE " Commandstats Errorstats Cluster Keyspace"},
        {"INFO EVERYTHING", BEFORE " Commandstats Errorstats Cluster Keyspace"},
        {"INFO default commandstats",
         BEFORE " Commandstats Errorstats Cluster Keyspace"},
        {"INFO keyspace SERVER Keyspace server", " Server Keyspace"},
        {"INFO nosuch cpu", " CPU"},
    };
    struct talk talk;
    size_t i;

    talk_open(&talk, "sections", "");
    for (i = 0; i < COUNT_OF(table); i++)
        check_headlines(&talk, table[i].words, table[i].want);
    assert_bytes(ask(&talk, "INFO nosuch"), BYTES("$0\r\n\r\n"));
    assert_bytes(ask(&talk, "INFO modules cluster"),
                 BYTES("$43\r\n# Modules\r\n\r\n# Cluster\r\n"
                       "cluster_enabled:0\r\n\r\n"));
    ask(&talk, "HELLO 3");
    assert_bytes(ask(&talk, "INFO modules"),
                 BYTES("=15\r\ntxt:# Modules\r\n\r\n"));
    talk_close(&talk);
}
END_TEST

/* redis-cli --stat, prometheus-redis-exporter, collectd, redis-commander. */
START_TEST(the_fields_that_tools_read_are_numbers) {
    static const char *const names[] = {"uptime_in_seconds",
                                        "process_id",
                                        "tcp_port",
                                        "connected_clients",
                                        "blocked_clients",
                                        "maxclients",
                                        "used_memory",
                                        "used_memory_rss",
                                        "used_memory_peak",
                                        "used_memory_lua",
                                        "maxmemory",
                                        "mem_fragmentation_ratio",
                                        "loading",
                                        "rdb_changes_since_last_save",
                                        "rdb_last_save_time",
                                        "rdb_bgsave_in_progress",
                                        "aof_enabled",
                                        "aof_rewrite_in_progress",
                                        "total_connections_received",
                                        "total_commands_processed",
                                        "instantaneous_ops_per_sec",
                                        "total_net_input_bytes",
                                        "total_net_output_bytes",
                                        "rejected_connections",
                                        "expired_keys",
                                        "evicted_keys",
                                        "keyspace_hits",
                                        "keyspace_misses",
                                        "pubsub_channels",
                                        "pubsub_patterns",
                                        "latest_fork_usec",
                                        "connected_slaves",
                                        "master_repl_offset",
                                        "used_cpu_sys",
                                        "used_cpu_user",
                                        "cluster_enabled"};
    struct talk talk;
    size_t i;

    talk_open(&talk, "fields", "");
    for (i = 0; i < COUNT_OF(names); i++) {
        check_that(field(&talk, "", names[i]) >= 0, "%s is missing", names[i]);
    }
    ck_assert(answer_has(&talk, "INFO replication", "\r\nrole:master\r\n"));
    ck_assert(answer_has(&talk, "INFO", "\r\naof_last_write_status:ok\r\n"));
    ck_assert(answer_has(&talk, "INFO server", "\r\nredis_version:7.0.15\r\n"));
    talk_close(&talk);
}
END_TEST

/* As redis-server 7.0.15 has them, with a log. */
START_TEST(of_the_log_there_are_all_fields_of_redis_in_its_order) {
    static const char *const names[] = {"loading",
                                        "async_loading",
                                        "current_cow_peak",
                                        "current_cow_size",
                                        "current_cow_size_age",
                                        "current_fork_perc",
                                        "current_save_keys_processed",
                                        "current_save_keys_total",
                                        "rdb_changes_since_last_save",
                                        "rdb_bgsave_in_progress",
                                        "rdb_last_save_time",
                                        "rdb_last_bgsave_status",
                                        "rdb_last_bgsave_time_sec",
                                        "rdb_current_bgsave_time_sec",
                                        "rdb_saves",
                                        "rdb_last_cow_size",
                                        "rdb_last_load_keys_expired",
                                        "rdb_last_load_keys_loaded",
                                        "aof_enabled",
                                        "aof_rewrite_in_progress",
                                        "aof_rewrite_scheduled",
                                        "aof_last_rewrite_time_sec",
                                        "aof_current_rewrite_time_sec",
                                        "aof_last_bgrewrite_status",
                                        "aof_rewrites",
                                        "aof_rewrites_consecutive_failures",
                                        "aof_last_write_status",
                                        "aof_last_cow_size",
                                        "module_fork_in_progress",
                                        "module_fork_last_cow_size",
                                        "aof_current_size",
                                        "aof_base_size",
                                        "aof_pending_rewrite",
                                        "aof_buffer_length",
                                        "aof_pending_bio_fsync",
                                        "aof_delayed_fsync"};
    struct talk talk;
    struct slice reply;
    const char *at;
    size_t i;

    talk_open(&talk, "persistence", "");
    reply = ask(&talk, "INFO persistence");
    at = memchr(reply.data, '#', reply.len);
    for (i = 0; i < COUNT_OF(names); i++) {
        at = strchr(at, '\n') + 1;
        check_that(strncmp(at, names[i], strlen(names[i])) == 0 &&
                       at[strlen(names[i])] == ':',
                   "expected %s, got %.30s", names[i], at);
    }
    ck_assert(strncmp(strchr(at, '\n'), "\n\r\n", 3) == 0);
    talk_close(&talk);
}
END_TEST

START_TEST(bytes_for_people_are_as_redis_prints_them) {
    static const struct {
        const char *bytes, *want;
    } table[] = {
        {"0", "0B"},
        {"1023", "1023B"},
        {"1024", "1.00K"},
        {"1536", "1.50K"},
        {"1048575", "1024.00K"},
        {"1048576", "1.00M"},
        {"1073741824", "1.00G"},
        {"1099511627776", "1.00T"},
        {"1125899906842624", "1.00P"},
    };
    struct talk talk;
    size_t i;

    talk_open(&talk, "human", "");
    for (i = 0; i < COUNT_OF(table); i++) {
        char words[100];
        char want[100];

        snprintf(words, sizeof words, "CONFIG SET maxmemory %s",
                 table[i].bytes);
        assert_bytes(ask(&talk, words), BYTES(OK));
        snprintf(want, sizeof want, "\r\nmaxmemory_human:%s\r\n",
                 table[i].want);
        check_that(answer_has(&talk, "INFO memory", want), "%s", want);
    }
    talk_close(&talk);
}
END_TEST

START_TEST(keys_are_counted_for_each_database_that_has_some) {
    struct talk talk;

    talk_open(&talk, "keyspace", "");
    assert_bytes(ask(&talk, "INFO keyspace"),
                 BYTES("$12\r\n# Keyspace\r\n\r\n"));
    ask(&talk, "SET a 1");
    ask(&talk, "SET b 1");
    ask(&talk, "SELECT 5");
    ask(&talk, "SET c 1");
    store_select(talk.site.server->store, 0);
    store_set_expiry(talk.site.server->store, BYTES("a"), INT64_MAX);
    assert_bytes(ask(&talk, "INFO keyspace"),
                 BYTES("$76\r\n# Keyspace\r\n"
                       "db0:keys=2,expires=1,avg_ttl=0\r\n"
                       "db5:keys=1,expires=0,avg_ttl=0\r\n\r\n"));
    assert_bytes(ask(&talk, "GET c"), BYTES("$1\r\n1\r\n"));
    talk_close(&talk);
}
END_TEST

START_TEST(what_clients_do_is_counted_until_it_is_reset) {
    struct talk talk;

    talk_open(&talk, "counts", "");
    ask(&talk, "SET k v");
    ask(&talk, "GET k");
    ask(&talk, "GET nosuch");
    ask(&talk, "GET");
    ask(&talk, "NOSUCH");
    ask(&talk, "AUTH a b");
    ck_assert_double_eq(field(&talk, "stats", "total_commands_processed"), 4);
    ck_assert_double_eq(field(&talk, "stats", "total_connections_received"), 1);
    ck_assert_double_eq(field(&talk, "stats", "keyspace_hits"), 1);
    ck_assert_double_eq(field(&talk, "stats", "keyspace_misses"), 1);
    ck_assert_double_eq(field(&talk, "stats", "total_error_replies"), 3);
    ck_assert(answer_has(&talk, "INFO errorstats",
                         "\r\nerrorstat_ERR:count=2\r\n"
                         "errorstat_WRONGPASS:count=1\r\n"));
    ck_assert(answer_has(&talk, "INFO commandstats", "\ncmdstat_get:calls=2,"));
    ck_assert(answer_has(&talk, "INFO commandstats",
                         ",rejected_calls=1,failed_calls=0\r\n"));
    ck_assert(answer_has(&talk, "INFO commandstats",
                         ",rejected_calls=0,failed_calls=1\r\n"));
    ck_assert_double_gt(field(&talk, "stats", "total_net_input_bytes"), 0);
    ck_assert_double_gt(field(&talk, "stats", "total_net_output_bytes"), 0);

    assert_bytes(ask(&talk, "CONFIG RESETSTAT"), BYTES(OK));
    assert_bytes(ask(&talk, "INFO errorstats"),
                 BYTES("$14\r\n# Errorstats\r\n\r\n"));
    ck_assert_double_eq(field(&talk, "stats", "keyspace_hits"), 0);
    ck_assert_double_eq(field(&talk, "stats", "total_connections_received"), 0);
    ck_assert(!answer_has(&talk, "INFO commandstats", "cmdstat_get"));
    ck_assert_double_gt(field(&talk, "memory", "used_memory_peak"), 0);
    talk_close(&talk);
}
END_TEST

/* The words before the first blank are what is counted by; there may be more
 * kinds of them than there is room. */
START_TEST(errors_are_counted_by_their_first_word) {
    struct talk talk;
    int i;

    talk_open(&talk, "kinds", "");
    figures_note_error(talk.site.server, BYTES("-ABCDEFGHIJKLMNOPQRSTU x\r\n"));
    ck_assert(answer_has(&talk, "INFO errorstats",
                         "\r\nerrorstat_ABCDEFGHIJKLMNO:count=1\r\n"));
    for (i = 0; i < 100; i++) {
        char error[20];

        snprintf(error, sizeof error, "-E%d x\r\n", i);
        figures_note_error(talk.site.server, slice_of(error));
    }
    ck_assert(
        answer_has(&talk, "INFO errorstats", "\r\nerrorstat_E12:count=1\r\n"));
    ck_assert_double_eq(field(&talk, "stats", "total_error_replies"), 101);
    talk_close(&talk);
}
END_TEST

Suite *info_suite(void) {
    const TTest *const tests[] = {
        the_sections_that_were_asked_for_come_in_the_order_of_redis,
        the_fields_that_tools_read_are_numbers,
        of_the_log_there_are_all_fields_of_redis_in_its_order,
        bytes_for_people_are_as_redis_prints_them,
        keys_are_counted_for_each_database_that_has_some,
        what_clients_do_is_counted_until_it_is_reset,
        errors_are_counted_by_their_first_word,
    };

    return server_suite_of("command_info", tests, COUNT_OF(tests));
}
