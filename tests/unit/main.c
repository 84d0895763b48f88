/* main.c -- runs the unit tests of one part (-DPART=1, 2 or 3), linked with
 * that part's library.
 *
 * Check's environment variables work: CK_RUN_SUITE=buf runs one suite,
 * CK_FORK=no keeps a test in this process, for a debugger. "2/3" runs each
 * third suite, from the second on: so that several processes share the work. */
#include "suites.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* From the bottom of the house to its top: what fails first is the cause. */
static Suite *(*const suites[])(void) = {
    util_suite,
    slice_suite,
    buf_suite,
    inline_suite,
    resp_writer_suite,
    resp_request_suite,
#if PART >= 2
    resp_item_suite,
#endif
#if PART >= 3
    batch_suite,
    siphash_suite,
    arena_suite,
    slab_suite,
    glob_suite,
    store_suite,
    keyspace_suite,
    child_suite,
    crc64_suite,
    aof_seal_suite,
    aof_suite,
    aof_damage_suite,
    aof_faults_suite,
    aof_rewrite_suite,
    slowlog_suite,
    latency_suite,
#else
    stubs_suite,
#endif
    command_suite,
#if PART >= 2
    handshake_suite,
#endif
#if PART >= 3
    arguments_suite,
    database_suite,
    replay_suite,
    snapshot_suite,
    string_suite,
    number_suite,
    bits_suite,
    keys_suite,
    scan_suite,
    expire_suite,
    records_suite,
#endif
    loop_suite,
    net_suite,
    conn_suite,
    options_suite,
    server_suite,
#if PART >= 3
    ahead_suite,
    net_peer_suite,
    config_suite,
    transaction_suite,
    client_suite,
    info_suite,
    server_commands_suite,
    command_command_suite,
    limits_suite,
    large_suite,
    replica_suite,
    server_log_suite,
    kill_suite,
#endif
};

int main(int argc, char **argv) {
    SRunner *runner = srunner_create(NULL);
    unsigned first = 1, step = 1;
    int failed;
    size_t i;

    if (argc > 1 && (sscanf(argv[1], "%u/%u", &first, &step) != 2 ||
                     first == 0 || first > step)) {
        fprintf(stderr, "usage: %s [NUMBER/COUNT]\n", argv[0]);
        return EXIT_FAILURE;
    }

    /* A peer that is gone is an errno of write(), as in the server. */
    signal(SIGPIPE, SIG_IGN);
    /* What a fork finds in the buffer would be printed twice. */
    setvbuf(stdout, NULL, _IOLBF, 0);

    for (i = first - 1; i < sizeof suites / sizeof suites[0]; i += step) {
        srunner_add_suite(runner, suites[i]());
    }
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
