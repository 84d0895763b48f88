/* test_command_bits.c -- commands on bits. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *bits_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("command_bits", tests, COUNT_OF(tests));
}
