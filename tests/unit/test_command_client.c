/* test_command_client.c -- AUTH, HELLO, RESET, SELECT and CLIENT as part 3 has
 * them. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *client_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_client", tests, COUNT_OF(tests));
}
