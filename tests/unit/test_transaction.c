/* test_transaction.c -- MULTI, EXEC, WATCH. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *transaction_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("transaction", tests, COUNT_OF(tests));
}
