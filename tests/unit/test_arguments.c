/* test_arguments.c -- how commands read what follows their names. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *arguments_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("arguments", tests, COUNT_OF(tests));
}
