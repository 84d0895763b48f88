/* test_command_expire.c -- commands on expiry. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *expire_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_expire", tests, COUNT_OF(tests));
}
