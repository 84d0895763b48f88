/* test_options.c -- the command line. */
#include "options.h"

#include "helpers.h"
#include "params.h"
#include "suites.h"
#if PART >= 3
#include "config.h"
#endif

#define ARGS_MAX 8

/* Reads these words as main()'s arguments. 'error' is left alone by what goes
 * well. */
static enum options_result read_words(const char *const *words,
                                      struct server_options *options,
                                      char error[OPTIONS_ERROR_MAX]) {
    char *argv[ARGS_MAX + 2] = {(char *)"build/redis-lite"};
    int argc = 1;

    while (words[argc - 1] != NULL) {
        ck_assert_int_le(argc, ARGS_MAX);
        argv[argc] = (char *)words[argc - 1];
        argc++;
    }
    strcpy(error, "(none)");
#if PART >= 3
    {
        static struct config *last; /* the options borrow from it */
        enum options_result result = options_read(argc, argv, options, error);

        if (last != NULL) config_free(last);
        last = options->config;
        return result;
    }
#else
    return options_read(argc, argv, options, error);
#endif
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct server_options good(const char *const *words) {
    struct server_options options;
    char error[OPTIONS_ERROR_MAX];
    enum options_result result = read_words(words, &options, error);

    check_that(result == OPTIONS_RUN, "%s: result %d, %s",
               words[0] != NULL ? words[0] : "", result, error);
    ck_assert_str_eq(error, "(none)");
    return options;
}

static void bad(const char *const *words, const char *want) {
    struct server_options options;
    char error[OPTIONS_ERROR_MAX];
    enum options_result result = read_words(words, &options, error);

    check_that(result == OPTIONS_ERROR, "%s: result %d", words[0], result);
    ck_assert_str_eq(error, want);
}

/* ---- Defaults and values ---------------------------------------------- */

START_TEST(without_options_there_are_the_defaults) {
    struct server_options options = good((const char *const[]){NULL});

    ck_assert_str_eq(options.program, "build/redis-lite");
    ck_assert_str_eq(options.address, "127.0.0.1:6379");
    ck_assert_str_eq(options.aof_path, "appendonly.aof");
    ck_assert_uint_eq(options.maxclients, 10000);
    ck_assert_int_eq(options.log.fd, STDERR_FILENO);
    ck_assert_int_eq(options.log.level, LOG_NOTICE);
}
END_TEST

START_TEST(each_option_has_two_spellings) {
    struct server_options options;

    options = good(WORDS("--address", "0.0.0.0:7000"));
    ck_assert_str_eq(options.address, "0.0.0.0:7000");
    options = good(WORDS("--address=[::1]:0"));
    ck_assert_str_eq(options.address, "[::1]:0");
    options = good(WORDS("--aofPath", "/tmp/x.aof"));
    ck_assert_str_eq(options.aof_path, "/tmp/x.aof");
    options = good(WORDS("--aofPath=a=b"));
    ck_assert_str_eq(options.aof_path, "a=b");
    options = good(WORDS("--maxclients", "1"));
    ck_assert_uint_eq(options.maxclients, 1);
    options = good(WORDS("--maxclients=1000000"));
    ck_assert_uint_eq(options.maxclients, 1000000);
    options = good(WORDS("--loglevel", "debug"));
    ck_assert_int_eq(options.log.level, LOG_DEBUG);
    options = good(WORDS("--loglevel=verbose"));
    ck_assert_int_eq(options.log.level, LOG_VERBOSE);
    options = good(WORDS("--loglevel=notice"));
    ck_assert_int_eq(options.log.level, LOG_NOTICE);
    options = good(WORDS("--loglevel=warning"));
    ck_assert_int_eq(options.log.level, LOG_WARNING);
}
END_TEST

START_TEST(options_come_in_any_order_and_the_last_one_counts) {
    struct server_options options = good(
        WORDS("--maxclients=5", "--address", ":1", "--loglevel", "warning",
              "--address=:2", "--maxclients", "6"));

    ck_assert_str_eq(options.address, ":2");
    ck_assert_uint_eq(options.maxclients, 6);
    ck_assert_int_eq(options.log.level, LOG_WARNING);
    ck_assert_str_eq(options.aof_path, DEFAULT_AOF_PATH);
}
END_TEST

START_TEST(what_follows_an_option_is_its_value_whatever_it_looks_like) {
    struct server_options options = good(
        WORDS("--aofPath", "--help", "--address=:1"));

    ck_assert_str_eq(options.aof_path, "--help");
    ck_assert_str_eq(options.address, ":1");
}
END_TEST

#if PART >= 3
/* ---- As Redis has it --------------------------------------------------- */

START_TEST(names_are_taken_in_any_case_and_values_until_the_next_name) {
    struct server_options options = good(
        WORDS("--MaxClients", "7", "--CLIENT-output-buffer-limit", "normal",
              "1mb", "2", "3", "--timeout=9"));

    ck_assert_uint_eq(options.maxclients, 7);
    ck_assert_int_eq(options.config->output_normal.hard, 1024 * 1024);
    ck_assert_int_eq(options.config->output_normal.soft_seconds, 3);
    ck_assert_int_eq(options.config->timeout, 9);
    options = good(WORDS("--save", "", "--daemonize", "no", "--repl-timeout",
                         "60", "--bind", "127.0.0.1"));
    ck_assert_str_eq(options.address, "127.0.0.1:6379");
    bad(WORDS("--daemonize", "yes"),
        "--daemonize 'yes': this server knows only 'no'");
    bad(WORDS("--timeout", "1", "2"),
        "--timeout '1': wrong number of arguments");
    bad(WORDS("--timeout=1", "2"), "unknown option '2' (see --help)");
    bad(WORDS("--repl-timeout"), "--repl-timeout '': expected a value");
}
END_TEST

START_TEST(the_command_line_wins_over_a_configuration_file) {
    char path[] = "/tmp/redis-lite-options-XXXXXX";
    int fd = mkstemp(path);
    struct server_options options;
    char error[OPTIONS_ERROR_MAX];
    enum options_result result;

    ck_assert_int_ne(dprintf(fd, "maxclients 5\ntimeout 6\nport 7\n"), -1);
    options = good(WORDS(path, "--timeout", "8"));
    ck_assert_uint_eq(options.maxclients, 5);
    ck_assert_int_eq(options.config->timeout, 8);
    ck_assert_str_eq(options.address, "127.0.0.1:7");
    ck_assert_int_ne(dprintf(fd, "nosuch 5\n"), -1);
    close(fd);
    result = read_words(WORDS(path), &options, error);
    unlink(path);
    ck_assert_int_eq(result, OPTIONS_ERROR);
    ck_assert_ptr_nonnull(
        strstr(error, "  line 4, 'nosuch 5': this server has no such setting"));
}
END_TEST
#endif

/* ---- Errors ----------------------------------------------------------- */

START_TEST(what_is_no_option_is_an_error) {
    static const char *const words[] = {
#if PART < 3 /* a file; any case */
        "address",
        ":6379",
        "help",
        "x",
        "--Address",
        "--aofpath",
#endif
        "-h",
        "-",
        "--",
        "",
        "--nope",
        "--addres",
        "--addressx",
        "-address=:1",
        "---address",
        "--=x",
        "--help=1",
        "--version=1",
        "--maxclients "
    };
    size_t i;

    for (i = 0; i < COUNT_OF(words); i++) {
        char want[OPTIONS_ERROR_MAX];

        snprintf(want, sizeof want, "unknown option '%s' (see --help)",
                 words[i]);
        bad(WORDS(words[i]), want);
        bad(WORDS(words[i], ":6379"), want);
        bad(WORDS("--address=:1", words[i]), want);
    }
}
END_TEST

START_TEST(an_option_without_its_value_is_an_error) {
    bad(WORDS("--address"), "--address '': expected a value");
    bad(WORDS("--aofPath"), "--aofPath '': expected a value");
    bad(WORDS("--loglevel"), "--loglevel '': expected a value");
    bad(WORDS("--address=:1", "--maxclients"),
        "--maxclients '': expected a value");
    bad(WORDS("--aofPath="), "--aofPath '': expected the name of a file");
    bad(WORDS("--aofPath", ""), "--aofPath '': expected the name of a file");
}
END_TEST

START_TEST(an_address_that_is_none_is_an_error) {
    bad(WORDS("--address="), "--address '': expected HOST:PORT");
    bad(WORDS("--address", "localhost"),
        "--address 'localhost': expected HOST:PORT");
    bad(WORDS("--address", ":65536"),
        "--address ':65536': the port must be a number from 0 to 65535");
    bad(WORDS("--address=::1:6379"),
        "--address '::1:6379': an IPv6 address must stand in brackets, as in "
        "[::1]:6379");
}
END_TEST

#if PART < 3 /* else test_config.c */
START_TEST(a_level_that_is_none_is_an_error) {
    static const char *const words[] = {"", "DEBUG", "loud", "0", "notice "};
    size_t i;

    for (i = 0; i < COUNT_OF(words); i++) {
        char want[OPTIONS_ERROR_MAX];

        snprintf(want, sizeof want,
                 "--loglevel '%s': expected debug, verbose, notice or warning",
                 words[i]);
        bad(WORDS("--loglevel", words[i]), want);
    }
}
END_TEST

START_TEST(a_number_of_clients_is_from_1_to_a_million) {
    static const char *const words[] = {"",
                                        "0",
                                        "-1",
                                        "+5",
                                        "05",
                                        "5 ",
                                        " 5",
                                        "1e3",
                                        "1000001",
                                        "many",
                                        "18446744073709551617"};
    size_t i;

    for (i = 0; i < COUNT_OF(words); i++) {
        char want[OPTIONS_ERROR_MAX];

        snprintf(want, sizeof want,
                 "--maxclients '%s': expected a number from 1 to 1000000",
                 words[i]);
        bad(WORDS("--maxclients", words[i]), want);
    }
}
END_TEST

#endif

START_TEST(a_long_argument_is_cut_in_the_error) {
    char word[4000], error[OPTIONS_ERROR_MAX];
    const char *const begins[] = {"", "--", "--address=", "--aofPath="};
    struct server_options options;
    size_t i;

    for (i = 0; i < COUNT_OF(begins); i++) {
        enum options_result result;

        memset(word, 'x', sizeof word);
        memcpy(word, begins[i], strlen(begins[i]));
        word[sizeof word - 1] = '\0';
        result = read_words(WORDS(word), &options, error);
        if (i == 3) {
            ck_assert_int_eq(result, OPTIONS_RUN);
        } else {
            ck_assert_int_eq(result, OPTIONS_ERROR);
            ck_assert_uint_lt(strlen(error), OPTIONS_ERROR_MAX);
            ck_assert_ptr_nonnull(
                strstr(error, PART >= 3 && i == 0 ? "xxxx: " : "xxxx'"));
        }
    }
}
END_TEST

/* ---- What is shown ---------------------------------------------------- */

/* Reads these words while stdout is a file; what was printed, good until the
 * next call. */
static const char *printed_by(const char *const *words,
                              enum options_result *result) {
    static char text[8192];
    struct server_options options;
    char error[OPTIONS_ERROR_MAX];
    FILE *file = tmpfile();
    int before = dup(STDOUT_FILENO);
    size_t len;

    ck_assert_ptr_nonnull(file);
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    *result = read_words(words, &options, error);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    rewind(file);
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

START_TEST(help_shows_every_option_and_its_default) {
    static const char *const shown_there[] = {"usage: redis-lite",
                                              "--address HOST:PORT",
                                              "127.0.0.1:6379",
                                              "--aofPath FILE",
                                              "appendonly.aof",
                                              "--loglevel LEVEL",
                                              "notice",
                                              "--maxclients N",
                                              "10000",
                                              "--help",
                                              "--version",
                                              VERSION};
    enum options_result result;
    const char *text = printed_by(WORDS("--help"), &result);
    size_t i;

    ck_assert_int_eq(result, OPTIONS_SHOWN);
    for (i = 0; i < COUNT_OF(shown_there); i++) {
        check_that(strstr(text, shown_there[i]) != NULL, "no %s in:\n%s",
                   shown_there[i], text);
    }
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

START_TEST(version_shows_the_version) {
    enum options_result result;

    ck_assert_str_eq(printed_by(WORDS("--version"), &result),
                     "redis-lite " VERSION "\n");
    ck_assert_int_eq(result, OPTIONS_SHOWN);
    ck_assert_str_eq(printed_by(WORDS("--address=:1", "--version"), &result),
                     "redis-lite " VERSION "\n");
    ck_assert_int_eq(result, OPTIONS_SHOWN);
}
END_TEST

START_TEST(nothing_is_printed_without_being_asked_for) {
    enum options_result result;

    ck_assert_str_eq(printed_by(WORDS("--address=:1"), &result), "");
    ck_assert_int_eq(result, OPTIONS_RUN);
    ck_assert_str_eq(printed_by(WORDS("--address"), &result), "");
    ck_assert_int_eq(result, OPTIONS_ERROR);
}
END_TEST

Suite *options_suite(void) {
    const TTest *tests[] = {
        without_options_there_are_the_defaults,
        each_option_has_two_spellings,
        options_come_in_any_order_and_the_last_one_counts,
        what_follows_an_option_is_its_value_whatever_it_looks_like,
        what_is_no_option_is_an_error,
        an_option_without_its_value_is_an_error,
        an_address_that_is_none_is_an_error,
#if PART >= 3
        names_are_taken_in_any_case_and_values_until_the_next_name,
        the_command_line_wins_over_a_configuration_file,
#endif
#if PART < 3
        a_level_that_is_none_is_an_error,
        a_number_of_clients_is_from_1_to_a_million,
#endif
        a_long_argument_is_cut_in_the_error,
        help_shows_every_option_and_its_default,
        version_shows_the_version,
        nothing_is_printed_without_being_asked_for,
    };

    return suite_of("options", tests, COUNT_OF(tests));
}
