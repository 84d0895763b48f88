/* test_command_scan.c -- KEYS and SCAN. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *scan_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_scan", tests, COUNT_OF(tests));
}
