/* test_command_keys.c -- commands on keys. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *keys_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_keys", tests, COUNT_OF(tests));
}
