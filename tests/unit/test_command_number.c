/* test_command_number.c -- commands on numbers. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *number_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_number", tests, COUNT_OF(tests));
}
