/* test_glob.c -- patterns. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *glob_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("glob", tests, COUNT_OF(tests));
}
