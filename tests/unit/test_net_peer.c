/* test_net_peer.c -- peers and Unix sockets. */
#include "helpers.h"
#include "suites.h"

START_TEST(there_are_tests) {
    ck_assert(true);
}
END_TEST

Suite *net_peer_suite(void) {
    const TTest *const tests[] = {
        there_are_tests,
    };

    return suite_of("net_peer", tests, COUNT_OF(tests));
}
