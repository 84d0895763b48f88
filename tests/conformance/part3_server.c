/* part3_server.c -- what the server tells about itself, and lets be set: INFO,
 * CONFIG, COMMAND, the slow log, MONITOR. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* ---- CONFIG ------------------------------------------------------------ */

START_TEST(config_get_answers_with_names_and_values) {
    static const struct row rows[] = {
        ROW("CONFIG GET nosuch", "%0"),
        ROW("CONFIG GET maxmemory", "%1\n$9\nmaxmemory\n$1\n0"),
        ROW("CONFIG GET MaxMemory", "%1\n$9\nMaxMemory\n$1\n0"),
        ROW("CONFIG GET maxmemory-policy",
            "%1\n$16\nmaxmemory-policy\n$10\nnoeviction"),
        ROW("CONFIG GET timeout", "%1\n$7\ntimeout\n$1\n0"),
        ROW("CONFIG GET databases", "%1\n$9\ndatabases\n$2\n16"),
        ROW("CONFIG GET requirepass", "%1\n$11\nrequirepass\n$0\n"),
        ROW("CONFIG GET protected-mode", "%1\n$14\nprotected-mode\n$3\nyes"),
        ROW("CONFIG GET appendonly", "%1\n$10\nappendonly\n$3\nyes"),
        ROW("CONFIG GET save", "%1\n$4\nsave\n$0\n"),
        ROW("CONFIG GET hz", "%1\n$2\nhz\n$2\n10"),
        ROW("CONFIG GET loglevel", "%1\n$8\nloglevel\n$6\nnotice"),
        ROW("CONFIG GET tcp-keepalive", "%1\n$13\ntcp-keepalive\n$3\n300"),
        ROW("CONFIG GET tcp-backlog", "%1\n$11\ntcp-backlog\n$3\n511"),
        ROW("CONFIG GET proto-max-bulk-len",
            "%1\n$18\nproto-max-bulk-len\n$9\n536870912"),
        ROW("CONFIG GET client-query-buffer-limit",
            "%1\n$25\nclient-query-buffer-limit\n$10\n1073741824"),
        ROW("CONFIG GET slowlog-log-slower-than",
            "%1\n$23\nslowlog-log-slower-than\n$5\n10000"),
        ROW("CONFIG GET slowlog-max-len", "%1\n$15\nslowlog-max-len\n$3\n128"),
        ROW("CONFIG GET latency-monitor-threshold",
            "%1\n$25\nlatency-monitor-threshold\n$1\n0"),
        ROW("CONFIG GET tcp-keepaliv[e]", "%1\n$13\ntcp-keepalive\n$3\n300"),
        ROW("CONFIG GET slowlog-m*", "%1\n$15\nslowlog-max-len\n$3\n128"),
        ROW("CONFIG GET slowlog-?ax-len", "%1\n$15\nslowlog-max-len\n$3\n128"),
        ROW("CONFIG GET", ARITY("config|get")),
        ROW("CONFIG", ARITY("config")),
        ROW("CONFIG NOSUCH",
            "-ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP."),
        ROW("CONFIG RESETSTAT x", ARITY("config|resetstat")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(config_set_changes_what_can_be_changed) {
    static const struct row rows[] = {
        ROW("CONFIG SET maxmemory 100mb", OK),
        ROW("CONFIG GET maxmemory", "%1\n$9\nmaxmemory\n$9\n104857600"),
        ROW("CONFIG SET maxmemory 1gb", OK),
        ROW("CONFIG GET maxmemory", "%1\n$9\nmaxmemory\n$10\n1073741824"),
        ROW("CONFIG SET maxmemory 1G", OK),
        ROW("CONFIG GET maxmemory", "%1\n$9\nmaxmemory\n$10\n1000000000"),
        ROW("CONFIG SET MAXMEMORY 0 timeout 1000", OK),
        ROW("CONFIG GET maxmemory", "%1\n$9\nmaxmemory\n$1\n0"),
        ROW("CONFIG GET timeout", "%1\n$7\ntimeout\n$4\n1000"),
        ROW("CONFIG SET timeout 0", OK),
        ROW("CONFIG SET slowlog-max-len 7", OK),
        ROW("CONFIG GET slowlog-max-len", "%1\n$15\nslowlog-max-len\n$1\n7"),
        ROW("CONFIG SET slowlog-max-len 128", OK),
        ROW("CONFIG SET hz 50", OK),
        ROW("CONFIG GET hz", "%1\n$2\nhz\n$2\n50"),
        ROW("CONFIG SET hz 10", OK),
        ROW("CONFIG SET loglevel warning", OK),
        ROW("CONFIG GET loglevel", "%1\n$8\nloglevel\n$7\nwarning"),
        ROW("CONFIG SET loglevel notice", OK),
        ROW("CONFIG SET appendfsync always", OK),
        ROW("CONFIG GET appendfsync", "%1\n$11\nappendfsync\n$6\nalways"),
        ROW("CONFIG SET appendfsync everysec", OK),
        ROW("CONFIG GET appendfsync", "%1\n$11\nappendfsync\n$8\neverysec"),
        ROW("CONFIG RESETSTAT", OK),
    };

    check_rows(rows);
}
END_TEST

START_TEST(config_set_refuses_what_it_does_not_know) {
    static const struct row rows[] = {
        ROW("CONFIG SET nosuch 1", "-ERR Unknown option or number of arguments "
                                   "for CONFIG SET - 'nosuch'"),
        ROW("CONFIG SET maxmemory", ARITY("config|set")),
        ROW("CONFIG SET", ARITY("config|set")),
        ROW("CONFIG SET maxmemory 1 nosuch 2",
            "-ERR Unknown option or number of arguments for CONFIG SET - "
            "'nosuch'"),
        ROW("CONFIG GET maxmemory", "%1\n$9\nmaxmemory\n$1\n0"),
        ROW("CONFIG SET maxmemory x",
            "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') "
            "- argument must be a memory value"),
        ROW("CONFIG SET maxmemory -1",
            "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') "
            "- argument must be a memory value"),
        ROW("CONFIG SET timeout -1",
            "-ERR CONFIG SET failed (possibly related to argument 'timeout') - "
            "argument must be between 0 and 2147483647 inclusive"),
        ROW("CONFIG SET timeout x",
            "-ERR CONFIG SET failed (possibly related to argument 'timeout') - "
            "argument couldn't be parsed into an integer"),
        ROW("CONFIG SET appendfsync nosuch",
            "-ERR CONFIG SET failed (possibly related to argument "
            "'appendfsync') - argument(s) must be one of the following: "
            "everysec, always, no"),
        ROW("CONFIG SET protected-mode nosuch",
            "-ERR CONFIG SET failed (possibly related to argument "
            "'protected-mode') - argument must be 'yes' or 'no'"),
        ROW("CONFIG SET databases 5",
            "-ERR CONFIG SET failed (possibly related to argument 'databases') "
            "- can't set immutable config"),
        ROW("CONFIG SET timeout 1 timeout 2",
            "-ERR CONFIG SET failed (possibly related to argument 'timeout') - "
            "duplicate parameter"),
        ROW("CONFIG GET timeout", "%1\n$7\ntimeout\n$1\n0"),
    };

    check_rows(rows);
}
END_TEST

/* ---- COMMAND ----------------------------------------------------------- */

START_TEST(command_tells_of_the_table) {
    static const struct row rows[] = {
        ROW("COMMAND COMMAND COUNT x",
            "-ERR unknown subcommand 'COMMAND'. Try COMMAND HELP."),
        ROW("COMMAND NOSUCH",
            "-ERR unknown subcommand 'NOSUCH'. Try COMMAND HELP."),
        ROW("COMMAND GETKEYS GET k", "*1\n$1\nk"),
        ROW("COMMAND GETKEYS MSET a 1 b 2", "*2\n$1\na\n$1\nb"),
        ROW("COMMAND GETKEYS DEL a b c", "*3\n$1\na\n$1\nb\n$1\nc"),
        ROW("COMMAND GETKEYS RENAME a b", "*2\n$1\na\n$1\nb"),
        ROW("COMMAND GETKEYS MEMORY USAGE k", "*1\n$1\nk"),
        ROW("COMMAND GETKEYS OBJECT ENCODING k", "*1\n$1\nk"),
        ROW("COMMAND GETKEYS PING", ARITY("command|getkeys")),
        ROW("COMMAND GETKEYS NOSUCH a", "-ERR Invalid command specified"),
        ROW("COMMAND GETKEYS GET", ARITY("command|getkeys")),
        ROW("COMMAND GETKEYS", ARITY("command|getkeys")),
        ROW("COMMAND LIST FILTERBY PATTERN getr*", "*1\n$8\ngetrange"),
        ROW("COMMAND LIST FILTERBY NOSUCH x", SYNTAX),
        ROW("COMMAND LIST NOSUCH", SYNTAX),
        ROW("COMMAND DOCS nosuch", "%0"),
    };

    check_rows(rows);
}
END_TEST

/* ---- Clocks and figures ------------------------------------------------ */

START_TEST(time_lastsave_and_role) {
    static const struct row rows[] = {
        ROW("TIME x", ARITY("time")),
        ROW("LASTSAVE", ":1000000000..9000000000"),
        ROW("LASTSAVE x", ARITY("lastsave")),
        ROW("ROLE", "*3\n$6\nmaster\n:0\n*0"),
        ROW("ROLE x", ARITY("role")),
    };

    check_rows(rows);
}
END_TEST

START_TEST(slow_log_latency_and_debug) {
    static const struct row rows[] = {
        ROW("SLOWLOG RESET", OK),
        ROW("SLOWLOG LEN", ":0"),
        ROW("SLOWLOG GET", "*0"),
        ROW("SLOWLOG GET 5", "*0"),
        ROW("SLOWLOG GET -1", "*0"),
        ROW("SLOWLOG GET x",
            "-ERR count should be greater than or equal to -1"),
        ROW("SLOWLOG GET -2",
            "-ERR count should be greater than or equal to -1"),
        ROW("SLOWLOG GET 1 2", "-ERR unknown subcommand or wrong number of "
                               "arguments for 'GET'. Try SLOWLOG HELP."),
        ROW("SLOWLOG NOSUCH",
            "-ERR unknown subcommand 'NOSUCH'. Try SLOWLOG HELP."),
        ROW("SLOWLOG", ARITY("slowlog")),
        ROW("LATENCY LATEST", "*0"),
        ROW("LATENCY HISTORY command", "*0"),
        ROW("LATENCY HISTORY nosuch", "*0"),
        ROW("LATENCY RESET", ":0"),
        ROW("LATENCY RESET command nosuch", ":0"),
        ROW("LATENCY HISTORY", ARITY("latency|history")),
        ROW("LATENCY NOSUCH",
            "-ERR unknown subcommand 'NOSUCH'. Try LATENCY HELP."),
        ROW("LATENCY", ARITY("latency")),
        ROW("DEBUG SLEEP 0",
            "-ERR DEBUG command not allowed. If the enable-debug-command "
            "option is set to \"local\", you can run it from a local "
            "connection, otherwise you need to set this option in the "
            "configuration file, and then restart the server."),
        ROW("DEBUG", ARITY("debug")),
        ROW("MONITOR x", ARITY("monitor")),
        ROW("SHUTDOWN NOSUCH", SYNTAX),
        ROW("SHUTDOWN SAVE NOSAVE", SYNTAX),
    };

    check_rows(rows);
}
END_TEST

/* ---- INFO -------------------------------------------------------------- */

/* The reply as a string, in a static buffer. */
static const char *info(struct client *c, const char *request) {
    static char text[64 * KIB];
    struct token token;

    CHECKED(client_send(c, request, strlen(request)));
    CHECKED(client_token(c, &token));
    ck_assert_msg(token.type == '$' && token.number >= 0 &&
                      token.len < sizeof text,
                  "the reply should be a bulk string");
    memcpy(text, token.text, token.len);
    text[token.len] = '\0';
    return text;
}

/* The number that follows "name:" at the beginning of a line. */
static long long field(const char *text, const char *name) {
    const char *at = text;
    size_t len = strlen(name);

    while ((at = strstr(at, name)) != NULL) {
        if ((at == text || at[-1] == '\n') && at[len] == ':') {
            return atoll(at + len + 1);
        }
        at += len;
    }
    ck_abort_msg("INFO has no field %s", name);
}

START_TEST(info_has_the_fields_that_tools_read) {
    static const char *const names[] = {"redis_version",
                                        "redis_mode",
                                        "os",
                                        "arch_bits",
                                        "process_id",
                                        "run_id",
                                        "tcp_port",
                                        "uptime_in_seconds",
                                        "uptime_in_days",
                                        "hz",
                                        "connected_clients",
                                        "blocked_clients",
                                        "maxclients",
                                        "used_memory",
                                        "used_memory_human",
                                        "used_memory_rss",
                                        "used_memory_peak",
                                        "maxmemory",
                                        "maxmemory_policy",
                                        "mem_fragmentation_ratio",
                                        "loading",
                                        "rdb_changes_since_last_save",
                                        "aof_enabled",
                                        "aof_last_write_status",
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
                                        "role",
                                        "connected_slaves",
                                        "master_repl_offset",
                                        "used_cpu_sys",
                                        "used_cpu_user",
                                        "cluster_enabled"};
    const char *text = info(connected(), "INFO\r\n");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)field(text, names[i]);
    ck_assert_int_eq(field(text, "tcp_port"), server_port());
    ck_assert_ptr_nonnull(strstr(text, "\r\nrole:master\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nmaxmemory_policy:noeviction\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nredis_mode:standalone\r\n"));
}
END_TEST

START_TEST(info_counts_what_happened) {
    struct client *c = connected(), *other = connected();
    const char *text;

    expect(c, "MSET a 1 b 2 c 3\r\nEXPIRE a 1000\r\nGET a\r\nGET none\r\n",
           "+OK\r\n:1\r\n$1\r\n1\r\n$-1\r\n");
    expect(other, "SELECT 5\r\nSET z 1\r\n", "+OK\r\n+OK\r\n");
    text = info(c, "INFO all\r\n");
    ck_assert_int_eq(field(text, "connected_clients"), 2);
    ck_assert_int_eq(field(text, "keyspace_hits"), 1);
    ck_assert_int_eq(field(text, "keyspace_misses"), 1);
    ck_assert_int_ge(field(text, "total_commands_processed"), 6);
    ck_assert_int_ge(field(text, "total_connections_received"), 2);
    ck_assert_ptr_nonnull(strstr(text, "\r\ndb0:keys=3,expires=1,avg_ttl="));
    ck_assert_ptr_nonnull(strstr(text, "\r\ndb5:keys=1,expires=0,avg_ttl=0"));
    ck_assert_ptr_nonnull(strstr(text, "\r\ncmdstat_get:calls=2,usec="));
    expect(c, "CONFIG RESETSTAT\r\n", "+OK\r\n");
    text = info(c, "INFO\r\n");
    ck_assert_int_eq(field(text, "keyspace_hits"), 0);
    ck_assert_int_le(field(text, "total_commands_processed"), 1);
}
END_TEST

static void expect_sections(struct client *c, const char *request,
                            const char *there, const char *not_there) {
    const char *text = info(c, request);

    ck_assert_msg(strstr(text, there) != NULL, "%s: no section '%s'", request,
                  there);
    ck_assert_msg(not_there == NULL || strstr(text, not_there) == NULL,
                  "%s: section '%s'", request, not_there);
}

START_TEST(info_comes_in_sections) {
    struct client *c = connected();

    expect_sections(c, "INFO\r\n", "# Server\r\n", "# Commandstats");
    expect_sections(c, "INFO\r\n", "\r\n\r\n# Clients\r\n", NULL);
    expect_sections(c, "INFO default\r\n", "# Memory\r\n", "# Commandstats");
    expect_sections(c, "INFO All\r\n", "# Commandstats\r\n", NULL);
    expect_sections(c, "INFO everything\r\n", "# Keyspace\r\n", NULL);
    expect_sections(c, "info REPLICATION\r\n", "# Replication\r\n", "# Server");
    expect_sections(c, "INFO server clients\r\n", "# Clients\r\n", "# Memory");
    expect_sections(c, "INFO server nosuch\r\n", "# Server\r\n", "# Memory");
    ck_assert_str_eq(info(c, "INFO nosuch\r\n"), "");
}
END_TEST

/* ---- COMMAND, TIME ----------------------------------------------------- */

static struct token token_of(struct client *c) {
    struct token token;

    CHECKED(client_token(c, &token));
    return token;
}

START_TEST(command_describes_each_command) {
    struct client *c = connected();
    long long count, listed;

    send_text(c, "COMMAND COUNT\r\n");
    count = token_of(c).number;
    send_text(c, "COMMAND\r\n");
    ck_assert_int_eq(token_of(c).number, count);
    for (long long i = 0; i < count; i++)
        CHECKED(client_skip_reply(c, NULL));
    send_text(c, "COMMAND LIST\r\n");
    /* Redis names the subcommands here, too. */
    listed = token_of(c).number;
    ck_assert_int_ge(listed, count);
    while (listed-- > 0)
        CHECKED(client_skip_reply(c, NULL));

    send_text(c, "COMMAND INFO get nosuch\r\n");
    ck_assert_int_eq(token_of(c).number, 2);
    ck_assert_int_eq(token_of(c).number, 10);
    expect_reply(c, "$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n"
                    ":1\r\n:1\r\n:1\r\n");
    for (int i = 0; i < 4; i++)
        CHECKED(client_skip_reply(c, NULL));
    expect_reply(c, "$-1\r\n");
    expect_nothing(c);
}
END_TEST

START_TEST(command_docs_are_what_redis_cli_reads) {
    struct client *c = connected();
    struct token token;
    bool has_summary = false;
    long long fields;

    send_text(c, "HELLO 3\r\n");
    CHECKED(client_skip_reply(c, NULL));
    send_text(c, "COMMAND DOCS get\r\n");
    token = token_of(c);
    ck_assert_msg(token.type == '%' && token.number == 1, "a map of one");
    expect_reply(c, "$3\r\nget\r\n");
    token = token_of(c);
    ck_assert_int_eq(token.type, '%');
    for (fields = token.number; fields > 0; fields--) {
        token = token_of(c);
        has_summary |= token.len == 7 && memcmp(token.text, "summary", 7) == 0;
        CHECKED(client_skip_reply(c, NULL));
    }
    ck_assert_msg(has_summary, "COMMAND DOCS get has no summary");
    expect_nothing(c);
}
END_TEST

START_TEST(time_is_that_of_the_clock) {
    struct client *c = connected();
    long long seconds;
    struct token token;

    send_text(c, "TIME\r\n");
    ck_assert_int_eq(token_of(c).number, 2);
    token = token_of(c);
    ck_assert_int_eq(token.type, '$');
    seconds = atoll(token.text);
    ck_assert_msg(llabs(seconds - (long long)time(NULL)) < 10, "TIME says %lld",
                  seconds);
    token = token_of(c);
    ck_assert_msg(atoll(token.text) >= 0 && atoll(token.text) < 1000000,
                  "microseconds");
}
END_TEST

/* ---- Looking on -------------------------------------------------------- */

/* The next line of MONITOR: what comes after the time. */
static void expect_monitored(struct client *c, const char *database,
                             const char *command) {
    struct token token = token_of(c);
    char line[500];
    const char *rest;

    ck_assert_int_eq(token.type, '+');
    ck_assert(token.len < sizeof line);
    memcpy(line, token.text, token.len);
    line[token.len] = '\0';
    ck_assert_msg(llabs(atoll(line) - (long long)time(NULL)) < 10, "%s", line);
    rest = strchr(line, '[');
    ck_assert_msg(rest != NULL && rest[-1] == ' ', "%s", line);
    ck_assert_msg(strncmp(rest + 1, database, strlen(database)) == 0, "%s",
                  line);
    rest = strstr(rest, "] ");
    ck_assert_ptr_nonnull(rest);
    ck_assert_str_eq(rest + 2, command);
}

START_TEST(monitor_shows_what_others_do) {
    struct client *c = connected(), *other = connected();

    expect(c, "MONITOR\r\n", "+OK\r\n");
    expect(other, "SELECT 3\r\nsEt k \"a b\\n\\x00\\\"\"\r\nGET k\r\nGET\r\n",
           "+OK\r\n+OK\r\n$6\r\na b\n\0\"\r\n"
           "-ERR wrong number of arguments for 'get' command\r\n");
    /* The database is the one selected afterwards. */
    expect_monitored(c, "3 127.0.0.1:", "\"SELECT\" \"3\"");
    expect_monitored(c, "3 127.0.0.1:", "\"sEt\" \"k\" \"a b\\n\\x00\\\"\"");
    expect_monitored(c, "3 127.0.0.1:", "\"GET\" \"k\"");
    expect(other, "MULTI\r\nSET k v\r\nEXEC\r\n",
           "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
    expect_monitored(c, "3 127.0.0.1:", "\"MULTI\"");
    expect_monitored(c, "3 127.0.0.1:", "\"SET\" \"k\" \"v\"");
    expect_monitored(c, "3 127.0.0.1:", "\"EXEC\"");
    /* No business of those who look on. */
    expect(other, "CONFIG GET nosuch\r\nAUTH secret\r\nPING\r\n",
           "*0\r\n"
           "-ERR AUTH <password> called without any password configured for "
           "the default user. Are you sure your configuration is correct?\r\n"
           "+PONG\r\n");
    expect_monitored(c, "3 127.0.0.1:", "\"AUTH\" \"(redacted)\"");
    expect_monitored(c, "3 127.0.0.1:", "\"PING\"");
    expect(c, "RESET\r\n", "+RESET\r\n");
    expect(other, "PING\r\n", "+PONG\r\n");
    expect_nothing(c);
}
END_TEST

START_TEST(the_slow_log_has_what_took_long) {
    struct client *c = connected();
    struct token token;

    expect(c,
           "CLIENT SETNAME me\r\nCONFIG SET slowlog-log-slower-than 0\r\n"
           "SLOWLOG RESET\r\nSET k v\r\nGET k\r\n",
           "+OK\r\n+OK\r\n+OK\r\n+OK\r\n$1\r\nv\r\n");
    expect(c, "CONFIG SET slowlog-log-slower-than -1\r\n", "+OK\r\n");
    /* RESET, SET and GET; the newest first. */
    send_text(c, "SLOWLOG GET 1\r\n");
    ck_assert_int_eq(token_of(c).number, 1);
    ck_assert_int_eq(token_of(c).number, 6);
    ck_assert_int_ge(token_of(c).number, 1); /* its number */
    ck_assert_int_gt(token_of(c).number, 1000000000);
    token = token_of(c);
    ck_assert_msg(token.type == ':' && token.number >= 0, "microseconds");
    expect_reply(c, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    token = token_of(c);
    ck_assert_msg(memcmp(token.text, "127.0.0.1:", 10) == 0, "the address");
    expect_reply(c, "$2\r\nme\r\n");
    expect(c, "SLOWLOG LEN\r\nCONFIG SET slowlog-max-len 1\r\n",
           ":3\r\n+OK\r\n");
    expect(c, "CONFIG SET slowlog-log-slower-than 0\r\n", "+OK\r\n");
    expect(c, "SLOWLOG LEN\r\nSLOWLOG RESET\r\n", ":1\r\n+OK\r\n");
}
END_TEST

START_TEST(debug_sleeps_where_it_is_allowed) {
    struct client *c;
    double began;

    start_server("", "--enable-debug-command yes");
    c = connected();
    expect(c, "CONFIG SET latency-monitor-threshold 10\r\n", "+OK\r\n");
    began = now();
    expect(c, "DEBUG SLEEP 0.05\r\n", "+OK\r\n");
    ck_assert(now() - began >= 0.05);
    send_text(c, "LATENCY LATEST\r\n");
    ck_assert_int_eq(token_of(c).number, 1);
    expect_reply(c, "*4\r\n$7\r\ncommand\r\n");
    ck_assert_int_gt(token_of(c).number, 1000000000);
    ck_assert_int_ge(token_of(c).number, 50);
    ck_assert_int_ge(token_of(c).number, 50);
    send_text(c, "LATENCY HISTORY command\r\n");
    ck_assert_int_eq(token_of(c).number, 1);
    CHECKED(client_skip_reply(c, NULL));
    expect(c, "LATENCY RESET\r\nLATENCY LATEST\r\n", ":1\r\n*0\r\n");
    expect(c, "DEBUG SET-ACTIVE-EXPIRE 0\r\nSET k v PX 1\r\n",
           "+OK\r\n+OK\r\n");
    pause_ms(250);
    expect(c, "DBSIZE\r\nGET k\r\nDBSIZE\r\n", ":1\r\n$-1\r\n:0\r\n");
    expect(c, "CONFIG SET enable-debug-command no\r\n",
           "-ERR CONFIG SET failed (possibly related to argument "
           "'enable-debug-command') - can't set immutable config\r\n");
}
END_TEST

/* ---- Not without end --------------------------------------------------- */

#define OOM "-OOM command not allowed when used memory > 'maxmemory'.\r\n"

START_TEST(above_maxmemory_only_what_needs_memory_is_refused) {
    struct client *c = connected(), *other = connected();

    expect(c, "MSET a 1 b 2 c 3 d 4\r\n", "+OK\r\n");
    expect(other, "MULTI\r\nSET a 2\r\n", "+OK\r\n+QUEUED\r\n");
    expect(c, "CONFIG SET maxmemory 1\r\n", "+OK\r\n");
    expect(c, "SET a 9\r\nAPPEND a 9\r\nINCR a\r\nMSET x 1\r\nSETEX x 9 v\r\n",
           OOM OOM OOM OOM OOM);
    expect(c, "GETSET a 9\r\nSETRANGE a 9 x\r\nSETBIT a 9 1\r\nSETNX x 1\r\n",
           OOM OOM OOM OOM);
    expect(c, "COPY a x\r\nINCRBYFLOAT a 1\r\nPSETEX x 9 v\r\nMSETNX x 1\r\n",
           OOM OOM OOM OOM);
    expect(c, "GET a\r\nDEL b\r\nRENAME c e\r\nEXPIRE d -1\r\nEXPIRE e 100\r\n",
           "$1\r\n1\r\n:1\r\n+OK\r\n:1\r\n:1\r\n");
    expect(c, "GETEX e PERSIST\r\nGETDEL e\r\nDBSIZE\r\n",
           "$1\r\n3\r\n$1\r\n3\r\n:1\r\n");
    /* To be queued takes memory, whatever it is. */
    expect(c, "MULTI\r\nGET a\r\nEXEC\r\n",
           "+OK\r\n" OOM
           "-EXECABORT Transaction discarded because of previous errors.\r\n");
    expect(other, "EXEC\r\nEXEC\r\n",
           "-EXECABORT Transaction discarded because of: OOM command not "
           "allowed when used memory > 'maxmemory'.\r\n"
           "-ERR EXEC without MULTI\r\n");
    expect(c, "FLUSHALL\r\nCONFIG SET maxmemory 0\r\nSET a 9\r\n",
           "+OK\r\n+OK\r\n+OK\r\n");
}
END_TEST

START_TEST(shutdown_ends_the_process_and_keeps_the_data) {
    struct client *c = connected();
    int status = -1;

    expect(c, "SET k v\r\n", "+OK\r\n");
    send_text(c, "SHUTDOWN\r\n");
    expect_end(c);
    CHECKED(server_wait(&status));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "the status is %d", status);
    start_server("", "");
    c = connected();
    expect(c, "GET k\r\nSET k w\r\n", "$1\r\nv\r\n+OK\r\n");
    send_text(c, "SHUTDOWN NOSAVE NOW FORCE\r\n");
    expect_end(c);
    CHECKED(server_wait(&status));
    start_server("", "");
    expect(connected(), "GET k\r\nSHUTDOWN ABORT\r\n",
           "$1\r\nw\r\n-ERR No shutdown in progress.\r\n");
}
END_TEST

Suite *part3_server_suite(void) {
    Suite *s = suite_create("part 3: server");

    add_test(s, config_get_answers_with_names_and_values, 3, EXTRA);
    add_test(s, config_set_changes_what_can_be_changed, 3, EXTRA);
    add_test(s, config_set_refuses_what_it_does_not_know, 3, EXTRA);
    add_test(s, command_tells_of_the_table, 3, EXTRA);
    add_test(s, time_lastsave_and_role, 3, EXTRA);
    add_test(s, slow_log_latency_and_debug, 3, EXTRA);
    add_test(s, info_has_the_fields_that_tools_read, 3, EXTRA);
    add_test(s, info_counts_what_happened, 3, EXTRA);
    add_test(s, info_comes_in_sections, 3, EXTRA);
    add_test(s, command_describes_each_command, 3, EXTRA);
    add_test(s, command_docs_are_what_redis_cli_reads, 3, EXTRA);
    add_test(s, time_is_that_of_the_clock, 3, EXTRA);
    add_test(s, monitor_shows_what_others_do, 3, EXTRA);
    add_test(s, the_slow_log_has_what_took_long, 3, EXTRA);
    add_test(s, debug_sleeps_where_it_is_allowed, 3, EXTRA | BARE);
    add_test(s, above_maxmemory_only_what_needs_memory_is_refused, 3, EXTRA);
    add_test(s, shutdown_ends_the_process_and_keeps_the_data, 3, EXTRA);
    return s;
}
