/* test_command_server.c -- commands about the server. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *server_commands_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_server", tests, COUNT_OF(tests));
}
