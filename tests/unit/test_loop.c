/* test_loop.c -- readiness; the same tests for each backend. */
#include "loop.h"

#include "helpers.h"
#include "suites.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#define EVERYTHING (LOOP_READ | LOOP_WRITE)

/* What one loop_wait() says of 'fd'; 0 if nothing. */
static unsigned readiness(struct loop *loop, int fd, int timeout_ms) {
    struct loop_event events[64];
    int count = loop_wait(loop, events, COUNT_OF(events), timeout_ms);
    unsigned ready = 0;
    int i;

    ck_assert_int_ne(count, -1);
    for (i = 0; i < count; i++) {
        check_that(events[i].ready != 0, "an event of nothing");
        if (events[i].fd != fd) continue;
        check_that(ready == 0, "two events of one descriptor");
        ready = events[i].ready;
    }
    return ready;
}

static void close_pair(const int ends[2]) {
    close(ends[0]);
    close(ends[1]);
}

static void send_byte(int fd) {
    ck_assert_int_eq(write(fd, "x", 1), 1);
}

static void receive_byte(int fd) {
    char byte;

    ck_assert_int_eq(read(fd, &byte, 1), 1);
}

/* Until the kernel takes no more. */
static void fill(int fd) {
    static const char bytes[65536];

    while (write(fd, bytes, sizeof bytes) > 0)
        continue;
    ck_assert(errno == EAGAIN || errno == EWOULDBLOCK);
}

static void drain(int fd) {
    static char bytes[65536];

    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
}

/* ---- What is reported ------------------------------------------------- */

START_TEST(a_descriptor_is_readable_while_bytes_are_there) {
    struct loop *loop = loop_new();
    int ends[2], i;

    open_pair(ends);
    ck_assert_int_eq(loop_add(loop, ends[0], LOOP_READ), 0);
    ck_assert_uint_eq(readiness(loop, ends[0], 0), 0);
    send_byte(ends[1]);
    for (i = 0; i < 3; i++) /* reported until somebody reads */
        ck_assert_uint_eq(readiness(loop, ends[0], WAIT_MS), LOOP_READ);
    receive_byte(ends[0]);
    ck_assert_uint_eq(readiness(loop, ends[0], 0), 0);
    close_pair(ends);
    loop_free(loop);
}
END_TEST

START_TEST(a_descriptor_is_writable_while_there_is_room) {
    struct loop *loop = loop_new();
    int ends[2], i;

    open_pair(ends);
    ck_assert_int_eq(loop_add(loop, ends[0], LOOP_WRITE), 0);
    for (i = 0; i < 3; i++)
        ck_assert_uint_eq(readiness(loop, ends[0], WAIT_MS), LOOP_WRITE);
    fill(ends[0]);
    ck_assert_uint_eq(readiness(loop, ends[0], 0), 0);
    drain(ends[1]);
    ck_assert_uint_eq(readiness(loop, ends[0], WAIT_MS), LOOP_WRITE);
    close_pair(ends);
    loop_free(loop);
}
END_TEST

START_TEST(only_what_was_asked_for_last_is_reported) {
    unsigned first, second;

    for (first = 0; first <= EVERYTHING; first++) {
        for (second = 0; second <= EVERYTHING; second++) {
            struct loop *loop = loop_new();
            int ends[2];

            open_pair(ends);
            send_byte(ends[1]);
            ck_assert_int_eq(loop_add(loop, ends[0], first), 0);
            check_that(readiness(loop, ends[0], 0) == first, "%u", first);
            ck_assert_int_eq(loop_change(loop, ends[0], second), 0);
            check_that(readiness(loop, ends[0], 0) == second, "%u, then %u",
                       first, second);
            close_pair(ends);
            loop_free(loop);
        }
    }
}
END_TEST

START_TEST(a_peer_that_closed_makes_readable) {
    unsigned interest;

    for (interest = LOOP_READ; interest <= EVERYTHING; interest += LOOP_WRITE) {
        struct loop *loop = loop_new();
        int ends[2];
        char byte;

        open_pair(ends);
        ck_assert_int_eq(loop_add(loop, ends[0], interest), 0);
        ck_assert_uint_eq(readiness(loop, ends[0], 0) & LOOP_READ, 0);
        close(ends[1]);
        ck_assert_uint_ne(readiness(loop, ends[0], WAIT_MS) & LOOP_READ, 0);
        ck_assert_int_eq(read(ends[0], &byte, 1), 0);
        close(ends[0]);
        loop_free(loop);
    }
}
END_TEST

START_TEST(a_peer_that_says_no_more_makes_readable) {
    struct loop *loop = loop_new();
    int ends[2];
    char byte;

    open_tcp_pair(ends);
    ck_assert_int_eq(loop_add(loop, ends[1], LOOP_READ), 0);
    ck_assert_int_eq(shutdown(ends[0], SHUT_WR), 0);
    ck_assert_uint_eq(readiness(loop, ends[1], WAIT_MS), LOOP_READ);
    ck_assert_int_eq(read(ends[1], &byte, 1), 0);
    close_pair(ends);
    loop_free(loop);
}
END_TEST

START_TEST(who_asks_for_nothing_hears_of_trouble_only) {
    struct loop *loop = loop_new();
    int ends[2];

    open_pair(ends);
    send_byte(ends[1]);
    ck_assert_int_eq(loop_add(loop, ends[0], 0), 0);
    ck_assert_uint_eq(readiness(loop, ends[0], 20), 0);
    close(ends[1]);
    ck_assert_uint_eq(readiness(loop, ends[0], WAIT_MS), EVERYTHING);
    close(ends[0]);
    loop_free(loop);
}
END_TEST

START_TEST(a_reset_is_reported_as_ready_for_everything) {
    unsigned interest;

    for (interest = 0; interest <= EVERYTHING; interest++) {
        struct loop *loop = loop_new();
        int ends[2];

        open_tcp_pair(ends);
        ck_assert_int_eq(loop_add(loop, ends[1], interest), 0);
        reset_connection(ends[0]);
        check_that(readiness(loop, ends[1], WAIT_MS) == EVERYTHING,
                   "interest %u", interest);
        close(ends[1]);
        loop_free(loop);
    }
}
END_TEST

/* ---- Who is watched --------------------------------------------------- */

#define PAIRS 20

START_TEST(a_removed_descriptor_is_not_heard_of_but_all_others_are) {
    uint64_t state = 99;
    int round, i;

    for (round = 0; round < 50; round++) {
        struct loop *loop = loop_new();
        int pairs[PAIRS][2], order[PAIRS], left;

        for (i = 0; i < PAIRS; i++) {
            open_pair(pairs[i]);
            send_byte(pairs[i][1]);
            ck_assert_int_eq(loop_add(loop, pairs[i][0], LOOP_READ), 0);
            order[i] = i;
        }
        for (left = PAIRS; left > 0; left--) {
            size_t victim = random_below(&state, (size_t)left);
            struct loop_event events[PAIRS];
            int gone = order[victim];

            order[victim] = order[left - 1];
            loop_remove(loop, pairs[gone][0]);
            close_pair(pairs[gone]);
            check_that(loop_wait(loop, events, PAIRS, 0) == left - 1,
                       "round %d: not %d events", round, left - 1);
            for (i = 0; i < left - 1; i++) {
                check_that(readiness(loop, pairs[order[i]][0], 0) == LOOP_READ,
                           "round %d, %d left: one is missing", round, left);
            }
        }
        loop_free(loop);
    }
}
END_TEST

START_TEST(a_number_that_was_closed_can_be_watched_again) {
    struct loop *loop = loop_new();
    int first[2], second[2], i;

    for (i = 0; i < 3; i++) {
        open_pair(first);
        ck_assert_int_eq(loop_add(loop, first[0], LOOP_READ), 0);
        send_byte(first[1]);
        ck_assert_uint_eq(readiness(loop, first[0], WAIT_MS), LOOP_READ);
        loop_remove(loop, first[0]);
        close_pair(first);
        open_pair(second);
        ck_assert_int_eq(second[0], first[0]);
        ck_assert_int_eq(loop_add(loop, second[0], LOOP_READ), 0);
        ck_assert_uint_eq(readiness(loop, second[0], 0), 0);
        loop_remove(loop, second[0]);
        close_pair(second);
    }
    loop_free(loop);
}
END_TEST

START_TEST(a_loop_closes_what_is_its_own_and_no_more) {
    int before = count_descriptors();
    struct loop *loop = loop_new();
    int ends[2];

    ck_assert_ptr_nonnull(loop);
    open_pair(ends);
    ck_assert_int_eq(loop_add(loop, ends[0], LOOP_READ), 0);
    loop_free(loop);
    ck_assert(is_open(ends[0]));
    close_pair(ends);
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* ---- Turns ------------------------------------------------------------ */

/* 'watched' descriptors, all ready, of which each wait reports up to 'max':
 * how many waits it takes until each was reported. */
static int waits_for_all(int watched, int max) {
    struct loop *loop = loop_new();
    int(*pairs)[2] = xcalloc((size_t)watched, sizeof *pairs);
    struct loop_event *events = xcalloc((size_t)max, sizeof *events);
    bool *seen = xcalloc((size_t)watched, sizeof *seen);
    int missing = watched;
    int waits, i, k;

    for (i = 0; i < watched; i++) {
        open_pair(pairs[i]);
        send_byte(pairs[i][1]);
        ck_assert_int_eq(loop_add(loop, pairs[i][0], LOOP_READ), 0);
    }
    for (waits = 0; missing > 0 && waits <= watched; waits++) {
        int count = loop_wait(loop, events, max, WAIT_MS);

        check_that(count > 0 && count <= max, "%d events, at most %d", count,
                   max);
        for (i = 0; i < count; i++) {
            for (k = 0; k < watched; k++) {
                if (pairs[k][0] != events[i].fd) continue;
                if (!seen[k]) missing--;
                seen[k] = true;
            }
        }
    }
    for (i = 0; i < watched; i++)
        close_pair(pairs[i]);
    free(pairs);
    free(events);
    free(seen);
    loop_free(loop);
    return waits;
}

START_TEST(who_is_left_out_comes_first_next_time) {
    int watched, max;

    for (watched = 1; watched <= 12; watched++) {
        for (max = 1; max <= watched + 1; max++) {
            int waits = waits_for_all(watched, max);

            check_that(waits == (watched + max - 1) / max,
                       "%d waits for %d descriptors, %d at a time", waits,
                       watched, max);
        }
    }
}
END_TEST

START_TEST(more_are_reported_than_the_kernel_is_asked_for_at_once) {
    ck_assert_int_le(waits_for_all(400, 1000), 2);
}
END_TEST

/* ---- Time ------------------------------------------------------------- */

START_TEST(a_wait_ends_when_its_time_is_over) {
    struct loop *loop = loop_new();
    struct loop_event event;
    int64_t start = clock_ms();
    int ends[2];

    ck_assert_int_eq(loop_wait(loop, &event, 1, 0), 0);
    ck_assert_int_eq(loop_wait(loop, &event, 1, 40), 0); /* empty */
    ck_assert_int_ge(clock_ms() - start, 39);
    open_pair(ends);
    ck_assert_int_eq(loop_add(loop, ends[0], LOOP_READ), 0);
    start = clock_ms();
    ck_assert_int_eq(loop_wait(loop, &event, 1, 40), 0);
    ck_assert_int_ge(clock_ms() - start, 39);
    close_pair(ends);
    loop_free(loop);
}
END_TEST

static void *send_byte_later(void *fd) {
    poll(NULL, 0, 20); /* by then the other one waits, most likely */
    if (write(*(int *)fd, "x", 1) == -1) return fd;
    return NULL;
}

START_TEST(a_wait_without_end_ends_when_something_comes) {
    struct loop *loop = loop_new();
    pthread_t sender;
    void *failed;
    int ends[2];

    open_pair(ends);
    ck_assert_int_eq(loop_add(loop, ends[0], LOOP_READ), 0);
    ck_assert_int_eq(pthread_create(&sender, NULL, send_byte_later, &ends[1]),
                     0);
    ck_assert_uint_eq(readiness(loop, ends[0], -1), LOOP_READ);
    ck_assert_int_eq(pthread_join(sender, &failed), 0);
    ck_assert_ptr_null(failed);
    close_pair(ends);
    loop_free(loop);
}
END_TEST

static void ignore(int signal) {
    (void)signal;
}

START_TEST(a_signal_ends_a_wait_and_is_no_error) {
    struct loop *loop = loop_new();
    struct sigaction action = {.sa_handler = ignore};
    /* Again and again, for the first may come before the wait begins. */
    struct itimerval every = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    struct loop_event event;
    int ends[2];

    open_pair(ends);
    ck_assert_int_eq(loop_add(loop, ends[0], LOOP_READ), 0);
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
    ck_assert_int_eq(loop_wait(loop, &event, 1, -1), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    close_pair(ends);
    loop_free(loop);
}
END_TEST

Suite *loop_suite(void) {
    const TTest *tests[] = {
        a_descriptor_is_readable_while_bytes_are_there,
        a_descriptor_is_writable_while_there_is_room,
        only_what_was_asked_for_last_is_reported,
        a_peer_that_closed_makes_readable,
        a_peer_that_says_no_more_makes_readable,
        who_asks_for_nothing_hears_of_trouble_only,
        a_reset_is_reported_as_ready_for_everything,
        a_removed_descriptor_is_not_heard_of_but_all_others_are,
        a_number_that_was_closed_can_be_watched_again,
        a_loop_closes_what_is_its_own_and_no_more,
        who_is_left_out_comes_first_next_time,
        more_are_reported_than_the_kernel_is_asked_for_at_once,
        a_wait_ends_when_its_time_is_over,
        a_wait_without_end_ends_when_something_comes,
        a_signal_ends_a_wait_and_is_no_error,
    };

    return suite_of("loop", tests, COUNT_OF(tests));
}
