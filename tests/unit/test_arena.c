/* test_arena.c -- memory in large pieces: there, apart, and ready or not. */
#include "arena.h"
#include "helpers.h"
#include "suites.h"

#define MANY 10

/* Write all of it, and see that nobody else does. */
static void fill(char *const *taken, int count) {
    for (int i = 0; i < count; i++)
        memset(taken[i], 'a' + i, ARENA_SIZE);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(taken[i][0], 'a' + i);
        ck_assert_int_eq(memcmp(taken[i], taken[i] + 1, ARENA_SIZE - 1), 0);
    }
}

/* Whether the thread was in time or late is not for us to see. */
START_TEST(each_is_aligned_and_apart) {
    struct arenas *arenas = arenas_new();
    char *taken[MANY];

    for (int i = 0; i < MANY; i++) {
        if (i == _i) arena_prepare(arenas);
        taken[i] = arena_take(arenas);
        ck_assert_uint_eq((uintptr_t)taken[i] % (2 * 1024 * 1024), 0);
    }
    fill(taken, MANY);
    arenas_free(arenas);
}
END_TEST

/* Bytes of memory that this process takes; 0 where that is not told. */
static size_t resident(void) {
    unsigned long all, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL) return 0;
    if (fscanf(file, "%lu %lu", &all, &pages) != 2) pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST(one_is_touched_before_it_is_taken) {
    struct arenas *arenas = arenas_new();
    size_t before = resident();
    int64_t end_ms = clock_ms() + WAIT_MS;

    arena_prepare(arenas);
    while (before > 0 && resident() < before + ARENA_SIZE) {
        check_that(clock_ms() < end_ms, "none is: %zu, and %zu before",
                   resident(), before);
        poll(NULL, 0, 1);
    }
    arenas_free(arenas);
}
END_TEST

START_TEST(the_thread_ends_whatever_it_does) {
    for (int i = 0; i < 20; i++) {
        struct arenas *arenas = arenas_new();

        arena_prepare(arenas);
        arena_prepare(arenas);
        for (int taken = 0; taken < i % 4; taken++)
            arena_take(arenas)[0] = 1;
        arenas_free(arenas);
    }
}
END_TEST

START_TEST(what_was_returned_may_be_used_again) {
    struct arenas *arenas = arenas_new();
    char *arena = arena_take(arenas);

    memset(arena, 'a', ARENA_SIZE);
    arena_return(arena + 65536, 65536);
    ck_assert_int_eq(arena[65535], 'a');
    ck_assert_int_eq(arena[2 * 65536], 'a');
    memset(arena + 65536, 'b', 65536);
    ck_assert_int_eq(arena[65536], 'b');
    arenas_free(arenas);
}
END_TEST

Suite *arena_suite(void) {
    Suite *suite = suite_create("arena");
    TCase *tcase = tcase_create("arena");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, each_is_aligned_and_apart, 0, MANY + 1);
    tcase_add_test(tcase, one_is_touched_before_it_is_taken);
    tcase_add_test(tcase, the_thread_ends_whatever_it_does);
    tcase_add_test(tcase, what_was_returned_may_be_used_again);
    suite_add_tcase(suite, tcase);
    return suite;
}
