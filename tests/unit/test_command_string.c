/* test_command_string.c -- commands on strings. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *string_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_string", tests, COUNT_OF(tests));
}
