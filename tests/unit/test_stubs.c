/* test_stubs.c -- what stands in for part 3 keeps its promises: a log that
 * remembers nothing and a keyspace that is always empty. */
#include "aof.h"
#include "command.h"
#include "helpers.h"
#include "store.h"
#include "suites.h"

#if PART < 3

START_TEST(the_log_takes_everything_and_keeps_nothing) {
    struct slice argv[] = {slice_of("set"), slice_of("k"), slice_of("v")};
    struct log log;
    struct aof *aof;
    char line[500] = "";
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    log = (struct log){ends[1], LOG_NOTICE};
    aof = aof_open(
        &(struct aof_options){.path = "/no/such/folder/x.aof", .log = &log});
    ck_assert_ptr_nonnull(aof);
    ck_assert_int_gt(read(ends[0], line, sizeof line - 1), 0);
    ck_assert_ptr_nonnull(strstr(line, "nothing is kept")); /* and says so */
    aof_append(aof, argv, 3);
    ck_assert_int_eq(aof_commit(aof), 0);
    ck_assert_int_eq(aof_close(aof), 0);
}
END_TEST

START_TEST(no_record_can_be_replayed) {
    struct slice argv[] = {slice_of("set"), slice_of("k"), slice_of("v")};
    struct store *store = store_new();

    ck_assert_ptr_nonnull(command_replay(store, argv, 3));
    store_free(store);
}
END_TEST

Suite *stubs_suite(void) {
    const TTest *tests[] = {
        the_log_takes_everything_and_keeps_nothing,
        no_record_can_be_replayed,
    };

    return suite_of("stubs", tests, COUNT_OF(tests));
}

#endif
