/* test_config.c -- settings: what is taken, what is shown, files, CONFIG. */
#include "config.h"
#include "server_room.h"
#include "suites.h"

#include <limits.h>

static const char *set(struct config *config, const char *name,
                       const char *value) {
    static char error[CONFIG_ERROR_MAX];
    struct slice bytes = exact_copy(slice_of(value));
    bool good = config_set(config, slice_of(name), &bytes, 1, error);

    exact_free(bytes);
    return good ? "" : error;
}

/* Its value as CONFIG GET shows it, good until the next call. */
static const char *get(const struct config *config, const char *name) {
    static struct buf value;

    buf_consume(&value, buf_len(&value));
    config_get(config, slice_of(name), &value);
    buf_append(&value, "", 1);
    return buf_slice(&value).data;
}

/* ---- Values -------------------------------------------------------------- */

#define INTEGER "argument couldn't be parsed into an integer"
#define MEMORY  "argument must be a memory value"
#define PERCENT "argument must be a memory or percent value"
#define OCTAL   "argument couldn't be parsed as an octal number"
#define YES_NO  "argument must be 'yes' or 'no'"
#define CLASS   "Invalid client class specified in buffer limit configuration."
#define LIMITS                                                                 \
    "Error in hard, soft or soft_seconds setting in buffer limit "             \
    "configuration."
#define LEVELS                                                                 \
    "argument(s) must be one of the following: debug, verbose, notice, "       \
    "warning"
#define PUBSUB " pubsub 33554432 8388608 60"
#define OTHERS " slave 268435456 67108864 60" PUBSUB

/* In this order on one config: name, what is said, what is shown then, and what
 * was wrong ("": nothing). */
static const char *const values[][4] = {
    {"timeout", "0", "0", ""},
    {"timeout", "2147483647", "2147483647", ""},
    {"TimeOut", "5", "5", ""},
    {"timeout", "", "5", INTEGER},
    {"timeout", "-1", "5",
     "argument must be between 0 and 2147483647 inclusive"},
    {"timeout", "2147483648", "5",
     "argument must be between 0 and 2147483647 inclusive"},
    {"timeout", "1k", "5", INTEGER},
    {"timeout", "01", "5", INTEGER},
    {"timeout", "+1", "5", INTEGER},
    {"timeout", " 1", "5", INTEGER},
    {"timeout", "18446744073709551617", "5", INTEGER},
    {"maxclients", "0", "10000",
     "argument must be between 1 and 4294967295 inclusive"},
    {"slowlog-log-slower-than", "-1", "-1", ""},
    {"slowlog-log-slower-than", "-2", "-1",
     "argument must be between -1 and 9223372036854775807 inclusive"},
    {"hz", "0", "1", ""},
    {"hz", "100000", "500", ""},
    {"hz", "x", "500", INTEGER},
    {"databases", "65537", "16",
     "argument must be between 1 and 65536 inclusive"},
    {"maxmemory", "", "0", ""},
    {"maxmemory", "1", "1", ""},
    {"maxmemory", "1b", "1", ""},
    {"maxmemory", "1k", "1000", ""},
    {"maxmemory", "1KB", "1024", ""},
    {"maxmemory", "2m", "2000000", ""},
    {"maxmemory", "2mb", "2097152", ""},
    {"maxmemory", "3G", "3000000000", ""},
    {"maxmemory", "3gB", "3221225472", ""},
    {"maxmemory", "9223372036854775807", "9223372036854775807", ""},
    {"maxmemory", "9223372036854775808", "9223372036854775807", MEMORY},
    {"maxmemory", "8589934592gb", "9223372036854775807", MEMORY},
    {"maxmemory", "0", "0", ""},
    {"maxmemory", "-1", "0", MEMORY},
    {"maxmemory", "1kbx", "0", MEMORY},
    {"maxmemory", "1 kb", "0", MEMORY},
    {"maxmemory", "1t", "0", MEMORY},
    {"proto-max-bulk-len", "1048575", "536870912",
     "argument must be between 1048576 and 536870912 inclusive"},
    {"client-query-buffer-limit", "1mb", "1048576", ""},
    {"maxmemory-clients", "1gb", "1073741824", ""},
    {"maxmemory-clients", "100%", "100%", ""},
    {"maxmemory-clients", "101%", "100%",
     "percentage argument must be less or equal to 100"},
    {"maxmemory-clients", "0%", "0", ""},
    {"maxmemory-clients", "5%", "5%", ""},
    {"maxmemory-clients", "%", "5%", PERCENT},
    {"maxmemory-clients", "-5%", "5%", PERCENT},
    {"maxmemory-clients", "-5", "5%", PERCENT},
    {"unixsocketperm", "700", "700", ""},
    {"unixsocketperm", "0", "0", ""},
    {"unixsocketperm", "0770", "770", ""},
    {"unixsocketperm", "778", "770", OCTAL},
    {"unixsocketperm", "", "770", OCTAL},
    {"unixsocketperm", "1000", "770",
     "argument must be between 0 and 511 inclusive"},
    {"protected-mode", "NO", "no", ""},
    {"protected-mode", "yes", "yes", ""},
    {"protected-mode", "1", "yes", YES_NO},
    {"protected-mode", "", "yes", YES_NO},
    {"enable-debug-command", "local", "local", ""},
    {"appendfsync", "Always", "always", ""},
    {"appendfsync", "sometimes", "always",
     "argument(s) must be one of the following: everysec, always, no"},
    {"loglevel", "DEBUG", "debug", ""},
    {"loglevel", "loud", "debug", LEVELS},
    {"loglevel", "", "debug", LEVELS},
    {"requirepass", "a b", "a b", ""},
    {"requirepass", "", "", ""},
    {"client-output-buffer-limit", "normal 1mb 2k 3",
     "normal 1048576 2000 3" OTHERS, ""},
    {"client-output-buffer-limit", "NORMAL  4 5 6 ", "normal 4 5 6" OTHERS, ""},
    {"client-output-buffer-limit", "replica 1 2 3 normal 7 8 9",
     "normal 7 8 9 slave 1 2 3" PUBSUB, ""},
    {"client-output-buffer-limit", "slave 4 5 6 pubsub 1 2 3",
     "normal 7 8 9 slave 4 5 6" PUBSUB, ""},
    {"client-output-buffer-limit", "", "normal 7 8 9 slave 4 5 6" PUBSUB, ""},
    {"client-output-buffer-limit", "normal 1 2",
     "normal 7 8 9 slave 4 5 6" PUBSUB,
     "Wrong number of arguments in buffer limit configuration."},
    {"client-output-buffer-limit", "normal 1 2 3 master 1 2 3",
     "normal 7 8 9 slave 4 5 6" PUBSUB, CLASS},
    {"client-output-buffer-limit", "normal 1 2 3 normal x 2 3",
     "normal 7 8 9 slave 4 5 6" PUBSUB, LIMITS},
    {"client-output-buffer-limit", "normal 1 2 -3",
     "normal 7 8 9 slave 4 5 6" PUBSUB, LIMITS},
    {"maxmemory-policy", "NoEviction", "noeviction", ""},
    {"maxmemory-policy", "allkeys-lru", "noeviction",
     "this server knows only 'noeviction'"},
    {"save", "", "", ""},
    {"save", "3600 1", "", "this server knows only ''"},
    {"daemonize", "no", "no", ""},
    {"daemonize", "yes", "no", "this server knows only 'no'"},
    {"activerehashing", "yes", "yes", ""},
    {"activerehashing", "no", "yes", ""},
    {"activerehashing", "maybe", "yes", YES_NO},
    {"lazyfree-lazy-user-del", "yes", "no", ""},
    {"min-replicas-to-write", "0", "0", ""},
    {"min-slaves-to-write", "1", "0", "this server knows only '0'"},
};

START_TEST(values_are_read_as_redis_reads_them) {
    struct config *config = config_new();
    size_t i;

    for (i = 0; i < COUNT_OF(values); i++) {
        const char *const *row = values[i];
        const char *error = set(config, row[0], row[1]);

        check_that(strcmp(error, row[3]) == 0, "%s '%s': \"%s\"", row[0],
                   row[1], error);
        check_that(strcmp(get(config, row[0]), row[2]) == 0,
                   "%s '%s' is shown as %s", row[0], row[1],
                   get(config, row[0]));
    }
    config_free(config);
}
END_TEST

START_TEST(what_is_shown_can_be_set) {
    struct config *config = config_new();
    size_t i;

    for (i = 0; config_name(i) != NULL; i++) {
        char *before = xstrdup(get(config, config_name(i)));

        ck_assert(config_has(slice_of(config_name(i))));
        ck_assert_str_eq(set(config, config_name(i), before), "");
        ck_assert_str_eq(get(config, config_name(i)), before);
        free(before);
    }
    ck_assert(!config_has(slice_of("nosuch")));
    ck_assert(!config_has(slice_of("")));
    config_free(config);
}
END_TEST

START_TEST(a_password_with_a_nul_byte_is_refused) {
    struct config *config = config_new();
    char error[CONFIG_ERROR_MAX];
    struct slice value = BYTES("a\0b");

    ck_assert(!config_set(config, slice_of("requirepass"), &value, 1, error));
    ck_assert_str_eq(get(config, "requirepass"), "");
    config_free(config);
}
END_TEST

START_TEST(a_part_of_maxmemory_is_a_limit_of_clients) {
    struct config *config = config_new();

    set(config, "maxmemory-clients", "10%");
    ck_assert_uint_eq(config_clients_limit(config), 0); /* of nothing */
    set(config, "maxmemory", "10000000");
    ck_assert_uint_eq(config_clients_limit(config), 1000000);
    set(config, "maxmemory", "1000");
    ck_assert_uint_eq(config_clients_limit(config), 128 * 1024);
    set(config, "maxmemory-clients", "5mb");
    ck_assert_uint_eq(config_clients_limit(config), 5 * 1024 * 1024);
    set(config, "maxmemory-clients", "0");
    ck_assert_uint_eq(config_clients_limit(config), 0);
    config_free(config);
}
END_TEST

/* ---- Halves -------------------------------------------------------------- */

START_TEST(bind_and_port_are_the_halves_of_address) {
    struct config *config = config_new();

    ck_assert_str_eq(get(config, "bind"), "127.0.0.1");
    ck_assert_str_eq(get(config, "port"), "6379");
    ck_assert_str_eq(set(config, "bind", "127.0.0.1 -::1"), "");
    ck_assert_str_eq(config->address, "127.0.0.1:6379 -[::1]:6379");
    ck_assert_str_eq(set(config, "port", "7000"), "");
    ck_assert_str_eq(config->address, "127.0.0.1:7000 -[::1]:7000");
    ck_assert_str_eq(get(config, "bind"), "127.0.0.1 -::1");
    ck_assert_str_eq(set(config, "bind", "* -::*"), "");
    ck_assert_str_eq(config->address, "0.0.0.0:7000 -[::]:7000");
    ck_assert_str_eq(get(config, "bind"), "* -::*");
    ck_assert_str_eq(set(config, "address", ":0"), "");
    ck_assert_str_eq(get(config, "bind"), "* -::*");
    ck_assert_str_eq(get(config, "port"), "0");
    ck_assert_str_eq(set(config, "port", "70000"),
                     "argument must be between 0 and 65535 inclusive");
    ck_assert_str_eq(set(config, "port", "x"), INTEGER);
    ck_assert_str_eq(set(config, "bind", ""),
                     "expected addresses to listen on");
    ck_assert_str_eq(
        set(config, "address", "::1:0"),
        "an IPv6 address must stand in brackets, as in [::1]:6379");
    ck_assert_str_eq(set(config, "address", "a:1 b"), "expected HOST:PORT");
    ck_assert_str_eq(config->address, ":0");
    config_free(config);
}
END_TEST

START_TEST(dir_and_appendfilename_are_the_halves_of_the_path) {
    struct config *config = config_new();
    char here[PATH_MAX];

    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    ck_assert_str_eq(get(config, "dir"), here);
    ck_assert_str_eq(set(config, "appendfilename", "x.aof"), "");
    ck_assert_str_eq(config->aof_path, "x.aof");
    ck_assert_str_eq(set(config, "dir", "/tmp"), "");
    ck_assert_str_eq(config->aof_path, "/tmp/x.aof");
    ck_assert_str_eq(get(config, "dir"), "/tmp");
    ck_assert_str_eq(set(config, "dir", "/"), "");
    ck_assert_str_eq(config->aof_path, "/x.aof");
    ck_assert_str_eq(get(config, "dir"), "/");
    ck_assert_str_eq(set(config, "aofPath", "/nosuch/y.aof"), "");
    ck_assert_str_eq(get(config, "dir"), "/nosuch/");
    ck_assert_str_eq(get(config, "appendfilename"), "y.aof");
    ck_assert_str_eq(set(config, "appendfilename", "a/b"),
                     "appendfilename can't be a path, just a filename");
    ck_assert_str_eq(set(config, "appendfilename", ""),
                     "appendfilename can't be empty");
    ck_assert_str_eq(set(config, "dir", ""),
                     "expected the name of a directory");
    ck_assert_str_eq(config->aof_path, "/nosuch/y.aof");
    config_free(config);
}
END_TEST

/* ---- Files --------------------------------------------------------------- */

/* Reads a file that holds this; what was wrong, good until the next call. */
static const char *read_text(struct config *config, const char *text) {
    static char error[500];
    char path[100];
    FILE *file;

    snprintf(path, sizeof path, "%s/conf", folder);
    file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    strcpy(error, "");
    ck_assert_int_eq(config_read_file(config, path, error, sizeof error),
                     error[0] == '\0');
    return strncmp(error, path, strlen(path)) == 0 ? error + strlen(path)
                                                   : error;
}

START_TEST(a_file_says_a_setting_a_line) {
    struct config *config = config_new();

    ck_assert_str_eq(read_text(config,
                               "# a remark\n"
                               "\n"
                               "timeout 1\r\n"
                               " \t TIMEOUT\t\"\\x32\"  \n"
                               "requirepass 'a \"b'\n"
                               "bind 127.0.0.1 ::1\n"
                               "save \"\"\n"
                               "daemonize no\n"
                               "supervised no\n"
                               "repl-diskless-sync yes\n"
                               "client-output-buffer-limit normal 1mb 0 0\n"
                               "client-output-buffer-limit replica 1 2 3\n"
                               "  # no end of line follows\n"
                               "port 7"),
                     "");
    ck_assert_str_eq(get(config, "timeout"), "2");
    ck_assert_str_eq(get(config, "requirepass"), "a \"b");
    ck_assert_str_eq(config->address, "127.0.0.1:7 [::1]:7");
    ck_assert_int_eq(config->output_normal.hard, 1024 * 1024);
    ck_assert_str_eq(read_text(config, ""), "");
    config_free(config);
}
END_TEST

START_TEST(all_lines_that_are_refused_are_named_together) {
    struct config *config = config_new();

    ck_assert_str_eq(
        read_text(config, "timeout 1\n"
                          "save 3600 1\n"
                          "replicaof 10.0.0.1 6379\n"
                          "cluster-enabled yes\n"
                          "timeout\n"
                          "timeout 1 2\n"
                          "requirepass \"open\n"),
        " is refused for these lines:\n"
        "  line 2, 'save 3600 1': this server knows only ''\n"
        "  line 3, 'replicaof 10.0.0.1 6379': this server has no such setting\n"
        "  line 4, 'cluster-enabled yes': this server knows only 'no'\n"
        "  line 5, 'timeout': wrong number of arguments\n"
        "  line 6, 'timeout 1 2': wrong number of arguments\n"
        "  line 7, 'requirepass \"open': a quote is not closed");
    config_free(config);
}
END_TEST

START_TEST(a_long_list_of_refused_lines_is_cut) {
    struct config *config = config_new();
    struct buf text = {0};
    const char *error;
    int i;

    for (i = 0; i < 100; i++)
        append_literal(&text, "nosuch yes\n");
    buf_append(&text, "", 1);
    error = read_text(config, buf_slice(&text).data);
    ck_assert_ptr_nonnull(strstr(error, "line 1, 'nosuch yes': "));
    ck_assert_str_eq(error + strlen(error) - strlen("\n  ... and more"),
                     "\n  ... and more");
    buf_free(&text);
    config_free(config);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_error) {
    struct config *config = config_new();
    char error[500], want[500];

    ck_assert(!config_read_file(config, "/nosuch", error, sizeof error));
    snprintf(want, sizeof want, "cannot read /nosuch: %s", strerror(ENOENT));
    ck_assert_str_eq(error, want);
    ck_assert(!config_read_file(config, folder, error, sizeof error));
    snprintf(want, sizeof want, "cannot read %s: %s", folder, strerror(EISDIR));
    ck_assert_str_eq(error, want);
    config_free(config);
}
END_TEST

/* ---- CONFIG -------------------------------------------------------------- */

#define FAILED(name, why)                                                      \
    "-ERR CONFIG SET failed (possibly related to argument '" name "') - " why  \
    "\r\n"
#define ARITY(name)                                                            \
    "-ERR wrong number of arguments for 'config|" name "' command\r\n"

/* As redis-server 7.0.15 answers each, given the same settings before. */
static const char *const said[][2] = {
    {"CONFIG GET", ARITY("get")},
    {"CONFIG SET timeout", ARITY("set")},
    {"CONFIG RESETSTAT x", ARITY("resetstat")},
    {"CONFIG SET timeout 1 hz", "-ERR syntax error\r\n"},
    {"CONFIG RESETSTAT", "+OK\r\n"},
    {"CONFIG REWRITE", "-ERR The server is running without a config file\r\n"},
    {"CONFIG nosuch", "-ERR unknown subcommand 'nosuch'. Try CONFIG HELP.\r\n"},
    {"CONFIG GET nosuch", "*0\r\n"},
    {"CONFIG GET TIMEOUT", "*2\r\n$7\r\nTIMEOUT\r\n$1\r\n0\r\n"},
    {"CONFIG GET timeou? TimeOut", "*2\r\n$7\r\ntimeout\r\n$1\r\n0\r\n"},
    {"CONFIG GET save tcp-b*",
     "*4\r\n$11\r\ntcp-backlog\r\n$3\r\n511\r\n$4\r\nsave\r\n$0\r\n\r\n"},
    {"CONFIG SET nosuch 1", "-ERR Unknown option or number of arguments for "
                            "CONFIG SET - 'nosuch'\r\n"},
    {"CONFIG SET timeout x nosuch 1",
     "-ERR Unknown option or number of arguments for CONFIG SET - "
     "'nosuch'\r\n"},
    {"CONFIG SET databases 3",
     FAILED("databases", "can't set immutable config")},
    {"CONFIG SET timeout 1 databases 3",
     FAILED("databases", "can't set immutable config")},
    {"CONFIG SET timeout 1 TIMEOUT 2",
     FAILED("TIMEOUT", "duplicate parameter")},
    {"CONFIG SET timeout x", FAILED("timeout", INTEGER)},
    {"CONFIG SET timeout 9 maxmemory 5 hz x", FAILED("hz", INTEGER)},
    {"CONFIG GET timeout maxmemory",
     "*4\r\n$7\r\ntimeout\r\n$1\r\n0\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n"},
    {"CONFIG SET Timeout 9 maxmemory 1gb", "+OK\r\n"},
    {"CONFIG GET timeout maxmemory", "*4\r\n$7\r\ntimeout\r\n$1\r\n9\r\n$"
                                     "9\r\nmaxmemory\r\n$10\r\n1073741824\r\n"},
    {"CONFIG SET save \"\" maxmemory-policy noeviction", "+OK\r\n"},
    {"CONFIG SET client-output-buffer-limit \"normal 1\"",
     FAILED("client-output-buffer-limit",
            "Wrong number of arguments in buffer limit configuration.")},
    {"CONFIG SET appendfsync always", "+OK\r\n"},
    {"CONFIG GET appendfsync", "*2\r\n$11\r\nappendfsync\r\n$6\r\nalways\r\n"},
    {"HELLO 3", NULL},
    {"CONFIG GET hz", "%1\r\n$2\r\nhz\r\n$2\r\n10\r\n"},
    {"CONFIG GET nosuch", "%0\r\n"},
};

START_TEST(config_answers_as_redis_does) {
    struct site site;
    struct peer peer;
    size_t i;

    site_open(&site, "config");
    peer_open(&peer, site.server);
    for (i = 0; i < COUNT_OF(said); i++) {
        peer_say(&peer, slice_of(said[i][0]));
        say(&peer, "\r\n");
        if (said[i][1] != NULL) {
            peer_expect(site.server, &peer, slice_of(said[i][1]));
        } else {
            await(site.server, &peer, 100);
            turn(site.server, 0);
            peer_pull(&peer, 1000);
            buf_consume(&peer.heard, buf_len(&peer.heard));
        }
    }
    peer_close(&peer);
    site_close(&site);
}
END_TEST

START_TEST(a_new_level_of_the_log_is_heeded_at_once) {
    struct site site;
    struct peer peers[2];

    site_open(&site, "level");
    peer_open(&peers[0], site.server);
    say(&peers[0], "CONFIG SET loglevel verbose\r\n");
    expect(site.server, &peers[0], "+OK\r\n");
    ck_assert(!logs(&site, "client 1 connected"));
    peer_open(&peers[1], site.server);
    await_log(&site, "client 2 connected");
    peer_close(&peers[0]);
    peer_close(&peers[1]);
    site_close(&site);
}
END_TEST

Suite *config_suite(void) {
    const TTest *const tests[] = {
        values_are_read_as_redis_reads_them,
        what_is_shown_can_be_set,
        a_password_with_a_nul_byte_is_refused,
        a_part_of_maxmemory_is_a_limit_of_clients,
        bind_and_port_are_the_halves_of_address,
        dir_and_appendfilename_are_the_halves_of_the_path,
        a_file_says_a_setting_a_line,
        all_lines_that_are_refused_are_named_together,
        a_long_list_of_refused_lines_is_cut,
        a_file_that_cannot_be_read_is_an_error,
        config_answers_as_redis_does,
        a_new_level_of_the_log_is_heeded_at_once,
    };

    return server_suite_of("config", tests, COUNT_OF(tests));
}
