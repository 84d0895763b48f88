/* test_latency.c -- latency monitoring. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *latency_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("latency", tests, COUNT_OF(tests));
}
