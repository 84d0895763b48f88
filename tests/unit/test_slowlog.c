/* test_slowlog.c -- the slow log. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *slowlog_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("slowlog", tests, COUNT_OF(tests));
}
