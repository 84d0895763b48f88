/* test_latency.c -- when the server was slow. */
#include "latency.h"

#include "helpers.h"
#include "suites.h"

START_TEST(events_have_the_names_of_redis) {
    static const char *const names[] = {"command", "fast-command",
                                        "expire-cycle", "aof-write"};
    unsigned event;

    ck_assert_uint_eq(COUNT_OF(names), LATENCY_EVENTS);
    for (event = 0; event < LATENCY_EVENTS; event++)
        ck_assert_str_eq(latency_name(event), names[event]);
}
END_TEST

START_TEST(of_spikes_within_a_second_the_worst_is_kept) {
    struct latency latency = {0};
    const struct latency_sample *sample;

    ck_assert_ptr_null(latency_at(&latency, LATENCY_COMMAND, 0));
    latency_add(&latency, LATENCY_COMMAND, 100, 20);
    latency_add(&latency, LATENCY_COMMAND, 100, 30);
    latency_add(&latency, LATENCY_COMMAND, 100, 25);
    latency_add(&latency, LATENCY_COMMAND, 101, 10);
    sample = latency_at(&latency, LATENCY_COMMAND, 0);
    ck_assert_int_eq(sample->time, 101);
    ck_assert_int_eq(sample->ms, 10);
    sample = latency_at(&latency, LATENCY_COMMAND, 1);
    ck_assert_int_eq(sample->time, 100);
    ck_assert_int_eq(sample->ms, 30);
    ck_assert_ptr_null(latency_at(&latency, LATENCY_COMMAND, 2));
    ck_assert_int_eq(latency.events[LATENCY_COMMAND].max_ms, 30);
    ck_assert_ptr_null(latency_at(&latency, LATENCY_AOF_WRITE, 0));
}
END_TEST

START_TEST(the_last_160_are_kept_and_the_worst_of_all) {
    struct latency latency = {0};
    int64_t time;

    for (time = 1; time <= 1000; time++) {
        size_t count = time < LATENCY_SAMPLES ? (size_t)time : LATENCY_SAMPLES;
        size_t i;

        latency_add(&latency, LATENCY_EXPIRE_CYCLE, time, 5000 - time);
        for (i = 0; i < count; i++) {
            const struct latency_sample *sample = latency_at(
                &latency, LATENCY_EXPIRE_CYCLE, i);

            check_that(sample != NULL && sample->time == time - (int64_t)i &&
                           sample->ms == 5000 - sample->time,
                       "number %zu at %d", i, (int)time);
        }
        ck_assert_ptr_null(latency_at(&latency, LATENCY_EXPIRE_CYCLE, count));
    }
    ck_assert_int_eq(latency.events[LATENCY_EXPIRE_CYCLE].max_ms, 4999);
}
END_TEST

Suite *latency_suite(void) {
    const TTest *const tests[] = {
        events_have_the_names_of_redis,
        of_spikes_within_a_second_the_worst_is_kept,
        the_last_160_are_kept_and_the_worst_of_all,
    };

    return suite_of("latency", tests, COUNT_OF(tests));
}
