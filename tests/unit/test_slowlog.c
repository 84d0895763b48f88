/* test_slowlog.c -- the slow log: what it keeps, how it cuts. */
#include "slowlog.h"

#include "helpers.h"
#include "suites.h"

static void add(struct slowlog *slowlog, size_t max, struct slice *argv,
                size_t argc) {
    slowlog_add(slowlog, max,
                &(struct slowlog_entry){.time = 7,
                                        .microseconds = 8,
                                        .argv = argv,
                                        .argc = argc,
                                        .address = "1.2.3.4:5",
                                        .name = "me"});
}

START_TEST(an_entry_is_a_copy_of_all_it_was_given) {
    struct slowlog *slowlog = slowlog_new();
    struct slice argv[] = {exact_copy(BYTES("set")), exact_copy(BYTES("")),
                           exact_copy(BYTES("a\0b\r\n"))};
    const struct slowlog_entry *entry;
    size_t i;

    add(slowlog, 9, argv, 3);
    for (i = 0; i < 3; i++)
        exact_free(argv[i]);
    entry = slowlog_at(slowlog, 0);
    ck_assert_uint_eq(entry->id, 0);
    ck_assert_int_eq(entry->time, 7);
    ck_assert_int_eq(entry->microseconds, 8);
    ck_assert_str_eq(entry->address, "1.2.3.4:5");
    ck_assert_str_eq(entry->name, "me");
    ck_assert_uint_eq(entry->argc, 3);
    assert_bytes(entry->argv[0], BYTES("set"));
    assert_bytes(entry->argv[1], BYTES(""));
    assert_bytes(entry->argv[2], BYTES("a\0b\r\n"));
    slowlog_free(slowlog);
}
END_TEST

START_TEST(arguments_over_128_bytes_say_how_many_are_missing) {
    struct slowlog *slowlog = slowlog_new();
    char bytes[1300];
    size_t len;

    memset(bytes, 'x', sizeof bytes);
    for (len = 0; len <= sizeof bytes; len++) {
        struct slice argument = exact_copy((struct slice){bytes, len});
        struct slice kept;
        char want[200];

        add(slowlog, 1, &argument, 1);
        exact_free(argument);
        kept = slowlog_at(slowlog, 0)->argv[0];
        snprintf(want, sizeof want, "%.*s", len < 128 ? (int)len : 128, bytes);
        if (len > 128) {
            snprintf(want + 128, sizeof want - 128, "... (%zu more bytes)",
                     len - 128);
        }
        assert_bytes(kept, slice_of(want));
    }
    slowlog_free(slowlog);
}
END_TEST

START_TEST(of_more_than_32_arguments_the_last_says_how_many_are_missing) {
    struct slowlog *slowlog = slowlog_new();
    struct slice argv[100];
    size_t argc, i;

    for (i = 0; i < COUNT_OF(argv); i++)
        argv[i] = BYTES("word");
    for (argc = 1; argc <= COUNT_OF(argv); argc++) {
        const struct slowlog_entry *entry;
        char want[50];

        add(slowlog, 1, argv, argc);
        entry = slowlog_at(slowlog, 0);
        ck_assert_uint_eq(entry->argc, argc < 32 ? argc : 32);
        snprintf(want, sizeof want, "... (%zu more arguments)", argc - 31);
        for (i = 0; i < entry->argc; i++) {
            bool is_note = argc > 32 && i == 31;

            assert_bytes(entry->argv[i], slice_of(is_note ? want : "word"));
        }
    }
    slowlog_free(slowlog);
}
END_TEST

/* Numbers are never given twice, whatever 'max' was and what was cleared. */
START_TEST(the_last_ones_are_kept_whatever_number_that_is) {
    struct slowlog *slowlog = slowlog_new();
    struct slice argument = BYTES("x");
    uint64_t state = 88172645463325252u;
    uint64_t next = 0;
    size_t count = 0;
    int round;

    for (round = 0; round < 5000; round++) {
        size_t max = random_below(&state, 40);
        size_t i;

        if (random_below(&state, 50) == 0) {
            slowlog_clear(slowlog);
            count = 0;
        }
        add(slowlog, max, &argument, 1);
        next++;
        count = count + 1 < max ? count + 1 : max;
        ck_assert_uint_eq(slowlog_count(slowlog), count);
        for (i = 0; i < count; i++) {
            check_that(slowlog_at(slowlog, i)->id == next - 1 - i,
                       "round %d, number %zu", round, i);
        }
    }
    slowlog_free(slowlog);
}
END_TEST

Suite *slowlog_suite(void) {
    const TTest *const tests[] = {
        an_entry_is_a_copy_of_all_it_was_given,
        arguments_over_128_bytes_say_how_many_are_missing,
        of_more_than_32_arguments_the_last_says_how_many_are_missing,
        the_last_ones_are_kept_whatever_number_that_is,
    };

    return suite_of("slowlog", tests, COUNT_OF(tests));
}
