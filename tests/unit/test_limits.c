/* test_limits.c -- what a client may cost. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *limits_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("limits", tests, COUNT_OF(tests));
}
