/* test_command_info.c -- INFO. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *info_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_info", tests, COUNT_OF(tests));
}
