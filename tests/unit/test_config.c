/* test_config.c -- settings. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *config_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("config", tests, COUNT_OF(tests));
}
