/* test_command_command.c -- COMMAND. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *command_command_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_command", tests, COUNT_OF(tests));
}
