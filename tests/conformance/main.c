/* main.c -- the conformance suite: does a server, in whatever language, do
 * what part N of the series asks for?
 *
 * One test is one test case of Check, so that each can be named, tagged, given
 * its time and run alone. */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEST_SECONDS 100 /* beyond every deadline of the harness */
#define TESTS_MAX    500

static struct settings chosen;

/* The names of the tests that will run, in their order. Check tells a fixture
 * nothing, so which one runs is counted. */
static const char *names[TESTS_MAX];
static int tests_to_run, tests_begun;

const struct settings *settings(void) {
    return &chosen;
}

static void print_name(void) {
    printf("    %s\n", names[tests_begun++]);
}

void add_test(Suite *s, const TTest *test, int part, unsigned flags) {
    static const char *const parts[] = {"", "part 1", "part 2", "part 3"};
    bool last = (flags & ONLY_HERE) != 0;
    TCase *tc;

    if (chosen.core && (flags & EXTRA)) return;
    if (last ? chosen.part != part : chosen.part < part) return;
    if (chosen.only != NULL && strstr(test->name, chosen.only) == NULL) return;
    if (chosen.ours || chosen.list || !(flags & OURS)) {
        assert(tests_to_run < TESTS_MAX);
        names[tests_to_run++] = test->name;
    }
    if (chosen.list) {
        printf("  part %d%s  %s%s%s\n", part, last ? " only" : "", test->name,
               flags & EXTRA ? "  [extra]" : "",
               flags & OURS ? "  [ours]" : "");
        return;
    }
    tc = tcase_create(parts[part]);
    tcase_set_timeout(tc, TEST_SECONDS);
    tcase_set_tags(tc, flags & OURS ? "ours" : "everyone");
    tcase_add_unchecked_fixture(tc, print_name, NULL);
    tcase_add_checked_fixture(
        tc, flags & BARE ? fixture_open : fixture_open_start, fixture_close);
    tcase_add_test(tc, test);
    suite_add_tcase(s, tc);
}

static const char usage[] =
    "usage: conformance --part N --exec COMMAND [options]\n"
    "  --part N         test what parts 1 to N (1, 2 or 3) ask for\n"
    "  --exec COMMAND   starts the server; {port} and {dir} are filled in\n"
    "  --only TEXT      only tests whose name contains TEXT\n"
    "  --list           name the tests and where each begins; run none\n"
    "  --exact          compare the text of errors with that of Redis 7.0.15\n"
    "  --core           only what the series asks for, not all commands\n"
    "  --ours           also what only Redis-Lite promises\n"
    "  --seed NUMBER    repeat the random tests of that seed\n";

static void usage_error(const char *what) {
    fprintf(stderr, "conformance: %s\n%s", what, usage);
    exit(2);
}

static unsigned long read_number(const char *text, const char *what) {
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') usage_error(what);
    return number;
}

static void read_arguments(int argc, char **argv) {
    static const struct option options[] = {
        {"part", required_argument, NULL, 'p'},
        {"exec", required_argument, NULL, 'e'},
        {"only", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"list", no_argument, NULL, 'l'},
        {"exact", no_argument, NULL, 'x'},
        {"core", no_argument, NULL, 'c'},
        {"ours", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    chosen.seed = (unsigned long)time(NULL) % 1000000;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': chosen.part = (int)read_number(optarg, "--part N"); break;
        case 'e': chosen.command = optarg; break;
        case 'n': chosen.only = optarg; break;
        case 's': chosen.seed = read_number(optarg, "--seed NUMBER"); break;
        case 'l': chosen.list = true; break;
        case 'x': chosen.exact = true; break;
        case 'c': chosen.core = true; break;
        case 'o': chosen.ours = true; break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (optind < argc) usage_error("what is not an option?");
}

static void check_arguments(void) {
    if (chosen.list && chosen.part == 0) chosen.part = 3;
    if (chosen.part < 1 || chosen.part > 3) usage_error("--part 1, 2 or 3");
    if (chosen.list) return;
    if (chosen.command == NULL) usage_error("--exec COMMAND is missing");
    if (strstr(chosen.command, "{port}") == NULL) {
        usage_error("COMMAND has to say {port}: the tests choose the port");
    }
}

int main(int argc, char **argv) {
    Suite *(*const suites[])(void) = {part1_suite,
                                      part2_suite,
                                      part3_suite,
                                      part3_strings_suite,
                                      part3_keys_suite,
                                      part3_expiry_suite,
                                      part3_connection_suite,
                                      part3_transactions_suite,
                                      part3_server_suite,
                                      part3_kept_suite,
                                      museum_suite};
    SRunner *runner;
    int failures;

    read_arguments(argc, argv);
    check_arguments();
    /* The end of a connection is something that tests expect. */
    (void)signal(SIGPIPE, SIG_IGN);
    /* What is in the buffer at a fork would be printed twice. */
    (void)setvbuf(stdout, NULL, _IOLBF, 0);

    runner = srunner_create(NULL);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        srunner_add_suite(runner, suites[i]());
    }
    if (tests_to_run == 0) {
        usage_error("no such test in that part; or it needs --ours, or is out "
                    "with --core");
    }
    if (chosen.list) {
        museum_list_elsewhere();
    } else {
        srunner_run_tagged(runner, NULL, NULL, NULL,
                           chosen.ours ? NULL : "ours", CK_NORMAL);
    }
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? 0 : 1;
}
