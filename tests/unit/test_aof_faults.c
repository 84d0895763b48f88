/* test_aof_faults.c -- the append-only file on a bad day: each call that it
 * makes to the kernel fails once, at each place where it makes it.
 */
#include "aof_room.h"
#include "helpers.h"
#include "kernel.h"
#include "suites.h"

#include <dirent.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* ---- A room, and what its kernel does --------------------------------- */

/* ---- Files and records ------------------------------------------------ */

/* How many of the files beside the log hold just these bytes, or others. */
static int count_beside(struct slice bytes, bool others) {
    struct dirent **found;
    int files = scandir(room.dir, &found, NULL, NULL);
    int count = 0;

    check_that(files >= 0, "%s: %s", room.dir, strerror(errno));
    for (int i = 0; i < files; i++) {
        char path[400];

        snprintf(path, sizeof path, "%s/%s", room.dir, found[i]->d_name);
        if (strstr(path, ".cut-") != NULL && file_is(path, bytes) != others) {
            count++;
        }
        free(found[i]);
    }
    free(found);
    return count;
}

static bool is_beside(struct slice bytes) {
    return count_beside(bytes, false) > 0;
}

static void append(struct aof *aof, struct buf *told, struct slice value) {
    struct slice argv[] = {BYTES("SET"), BYTES("\0key\r\n"), value};

    aof_append(aof, argv, COUNT_OF(argv));
    add_record(told, argv, COUNT_OF(argv));
}

/* ---- A life under faults ---------------------------------------------- */

#define TURNS 4

struct life {
    struct slice torn; /* what the file ended with at the start; borrowed */
    struct buf told;   /* records: those of the file, and all appended since */
    size_t kept;       /* bytes of 'told' that have been promised */
    bool opened;       /* the log was */
    bool perfect;      /* nothing went wrong, as far as we were told */
    char what[200];    /* went wrong, for messages */
};

/* At any moment the file holds what was promised, and then perhaps more of what
 * was appended, in that order, whole or torn: it will load, and to no more and
 * no less than that. */
static void check_file(const struct life *life) {
    struct buf file = read_records(room.path);
    struct slice found = buf_slice(&file);
    struct slice told = {buf_slice(&life->told).data, found.len};

    check_that(found.len >= life->kept, "%s: %zu bytes of %zu promised",
               life->what, found.len, life->kept);
    check_that(found.len <= buf_len(&life->told) && same_bytes(found, told),
               "%s: %zu bytes were promised, the file is \"%s\"", life->what,
               life->kept, shown(found));
    buf_free(&file);
}

static bool was_injected(int error) {
    for (int i = 0; i < FAULTS_MAX; i++) {
        if (error != 0 && kernel->faults[i].error == error) return true;
    }
    return false;
}

/* The server's part: a turn, a commit, the next; if it fails, no more. */
static bool take_turns(struct life *life, struct aof *aof) {
    static const char bytes[200];

    for (int turn = 0; turn < TURNS; turn++) {
        int polls = atomic_load(&kernel->polls);

        append(aof, &life->told, (struct slice){bytes, (size_t)turn * 60});
        if (turn % 2 == 1) append(aof, &life->told, BYTES("and one more"));
        errno = 0;
        if (aof_commit(aof) == -1 || aof_error(aof) != 0) {
            check_that(was_injected(errno), "%s: failed with: %s", life->what,
                       strerror(errno));
            check_file(life); /* should we be killed now */
            return false;
        }
        life->kept = buf_len(&life->told);
        check_file(life);
        if (!atomic_load(&kernel->hurry)) continue;
        check_that(reaches(&kernel->polls, polls + 2), "the syncer sleeps");
    }
    return true;
}

static void live(struct life *life) {
    struct aof *aof = open_log();
    int result;

    life->opened = aof != NULL;
    if (aof == NULL) return;
    life->kept = buf_len(&life->told);
    life->perfect = take_turns(life, aof);
    errno = 0;
    result = aof_close(aof);
    if (result == 0) {
        const char *last_write = strrchr(kernel->trace, 'w');

        life->kept = buf_len(&life->told);
        /* A last seal that failed was one too many. */
        check_that(last_write == NULL || strpbrk(last_write, "sx") != NULL,
                   "%s: closed, and not synced", life->what);
    } else {
        check_that(was_injected(errno), "%s: failed with: %s", life->what,
                   strerror(errno));
        life->perfect = false;
    }
    check_file(life);
}

/* It did not open, and said why. Nothing is lost: what was torn is still in the
 * file, or beside it. */
static void check_not_opened(const struct life *life) {
    struct buf whole = {0};
    bool says_why = false;

    for (int i = 0; i < FAULTS_MAX; i++) {
        int error = kernel->faults[i].error;

        if (error > 0 && strstr(said(), strerror(error)) != NULL) {
            says_why = true;
        }
    }
    check_that(says_why && strstr(said(), room.path) != NULL,
               "%s: the log says \"%s\"", life->what, said());
    /* There may be no file yet: a fault struck before it was made. */
    if (access(room.path, F_OK) == 0) {
        buf_append(&whole, buf_slice(&life->told).data, buf_len(&life->told));
        buf_append(&whole, life->torn.data, life->torn.len);
        check_that(file_holds(room.path, buf_slice(&whole)) ||
                       (file_holds(room.path, buf_slice(&life->told)) &&
                        is_beside(life->torn)),
                   "%s: bytes were lost", life->what);
        buf_free(&whole);
    }
}

/* The fault is over: it opens, and holds what was promised. */
static void check_next_life(const struct life *life) {
    struct aof *aof = open_log();
    struct slice replayed;

    check_that(aof != NULL, "%s: opened no more: %s", life->what, said());
    check_that(aof_close(aof) == 0, "%s: closed no more", life->what);
    check_file(life);
    replayed = buf_slice(&room.replayed);
    check_that(replayed.len >= life->kept && file_holds(room.path, replayed),
               "%s: %zu bytes of %zu promised were loaded", life->what,
               replayed.len, life->kept);
    check_that(life->torn.len == 0 || is_beside(life->torn),
               "%s: what was cut is lost", life->what);
    /* On a full disk each attempt to start would leave one more. */
    check_that(life->torn.len == 0 || count_beside(life->torn, true) == 0,
               "%s: half of what was cut is left", life->what);
}

/* Live once with these faults, from a file of three records and 'torn'. Tells
 * whether that life was perfect: nothing of the faults was to be noticed. */
static bool survive(struct slice torn, const struct fault faults[FAULTS_MAX]) {
    struct life life = {.torn = torn};
    struct buf file = {0};
    int before = count_descriptors();

    kernel_describe(faults, life.what);
    empty_room();
    for (int i = 0; i < 3; i++)
        add_record(&life.told, (struct slice[]){BYTES("DEL"), BYTES("a")}, 2);
    buf_append(&file, buf_slice(&life.told).data, buf_len(&life.told));
    buf_append(&file, torn.data, torn.len);
    write_file(room.path, buf_slice(&file));

    kernel_arm(room.dir, faults);
    live(&life);
    kernel_disarm();
    if (!life.opened) check_not_opened(&life);
    check_that(atomic_load(&kernel->threads) == 0, "%s: a thread is left",
               life.what);
    check_that(count_descriptors() == before, "%s: %d descriptors are left",
               life.what, count_descriptors() - before);
    check_next_life(&life);
    buf_free(&file);
    buf_free(&life.told);
    return life.perfect;
}

/* The seal at the end, which says that all is on the disk, promises nothing to
 * anybody: it may be missing. */
static bool is_last_seal(const struct fault *fault) {
    return !room.settings.has_no_seals &&
           (fault->call == WRITE || fault->call == FDATASYNC) &&
           atomic_load(&kernel->count[fault->call]) == fault->first;
}

#define TORN BYTES("*2\r\n$3\r\nDEL\r\n$1000\r\nto")

static const int errors[] = {EIO, ENOSPC, EINTR};

/* One of these calls, then another, for n = 1, 2 ... until there is no n-th:
 * the n-th one fails, alone or as the first of many. A call that was
 * interrupted succeeds some day, or there would be no way out. */
START_TEST(whichever_call_fails_no_promise_is_broken) {
    enum kernel_call call = (enum kernel_call)(_i / 2);

    room.settings.has_no_seals = _i % 2 == 0;
    /* The syncer has to get its turn in each of the server's. */
    if (call == FDATASYNC) atomic_store(&kernel->hurry, true);
    for (size_t i = 0; i < COUNT_OF(errors) * 2; i++) {
        int error = errors[i / 2];
        bool for_good = i % 2 == 1;
        struct fault faults[FAULTS_MAX] = {{call, 0, 0, error}};
        int noticed = 0;
        bool perfect;
        int n = 0;

        if (for_good && error == EINTR) break;
        do {
            faults[0].first = ++n;
            faults[0].last = for_good ? FOR_GOOD : n;
            perfect = survive(TORN, faults);
            if (!perfect) noticed++;
            if (perfect && kernel_struck(faults)) {
                check_that(
                    call == CLOSE || is_last_seal(&faults[0]) ||
                        ((call == READ || call == WRITE) && error == EINTR),
                    "%s no. %d failed unnoticed", call_names[call], n);
            }
        } while (kernel_struck(faults));
        /* An old libc calls fstat() by another name. */
        check_that(n > 1 || call == FSTAT, "%s is never called",
                   call_names[call]);
        /* Of those to close(), that of the file with what was cut counts. */
        check_that(noticed > 0 || call == FSTAT ||
                       ((call == READ || call == WRITE) && error == EINTR),
                   "%s: no failure was noticed", call_names[call]);
    }
}
END_TEST

/* Neither an interruption nor a short read or write is a failure: go on. */
START_TEST(what_is_done_by_halves_is_done_again) {
    static const enum kernel_call calls[] = {READ, WRITE};
    static const int halves[] = {EINTR, HALF, ONE_BYTE};

    for (size_t i = 0; i < COUNT_OF(calls) * COUNT_OF(halves) * 2; i++) {
        int half = halves[i / 2 % COUNT_OF(halves)];
        bool for_good = i % 2 == 1;
        struct fault faults[FAULTS_MAX] = {
            {calls[i / 2 / COUNT_OF(halves)], 0, 0, half}};
        int n = 0;

        if (for_good && half == EINTR) continue;
        do {
            char what[200];

            faults[0].first = ++n;
            faults[0].last = for_good ? FOR_GOOD : n;
            kernel_describe(faults, what);
            check_that(survive(TORN, faults), "%s: is no reason to fail", what);
        } while (kernel_struck(faults));
    }
}
END_TEST

/* The usual way for a disk to be full: there was room for a part. */
START_TEST(half_a_write_and_then_an_error_break_no_promise) {
    for (size_t i = 0; i < COUNT_OF(errors) * 2; i++) {
        bool for_good = i % 2 == 1;
        struct fault faults[FAULTS_MAX] = {{WRITE, 0, 0, HALF},
                                           {WRITE, 0, 0, errors[i / 2]}};
        int n = 0;

        if (for_good && errors[i / 2] == EINTR) break;
        do {
            faults[0].first = faults[0].last = ++n;
            faults[1].first = n + 1;
            faults[1].last = for_good ? FOR_GOOD : n + 1;
            survive(TORN, faults);
        } while (kernel_struck(faults));
    }
}
END_TEST

/* A turn is in the file as a whole, or not at all; even if some of its records
 * were written as a whole. */
START_TEST(half_a_turn_is_taken_back) {
    static const int portions[] = {HALF, ONE_BYTE};

    for (int writes = 1; writes <= 60; writes++) {
        for (size_t i = 0; i < COUNT_OF(portions); i++) {
            const struct fault faults[FAULTS_MAX] = {
                {WRITE, 1, writes, portions[i]},
                {WRITE, writes + 1, FOR_GOOD, EIO}};
            struct buf told = {0}, more = {0};
            struct aof *aof;

            empty_room();
            kernel_arm(room.dir, no_faults);
            aof = opened();
            append(aof, &told, BYTES("value"));
            ck_assert_int_eq(aof_commit(aof), 0);
            kernel_set(faults);
            for (int j = 0; j < 3; j++)
                append(aof, &more, BYTES("of the second turn"));
            if (aof_commit(aof) == 0) { /* so many halves are a whole */
                buf_append(&told, buf_slice(&more).data, buf_len(&more));
            }
            check_that(file_holds(room.path, buf_slice(&told)),
                       "after %d writes, %s each, and an error", writes,
                       portions[i] == HALF ? "half" : "one byte");
            aof_close(aof);
            buf_free(&told);
            buf_free(&more);
        }
    }
}
END_TEST

/* Half a record is in the file, and cannot be taken back. Then nothing may be
 * written behind it: a torn end is cut when the file is opened, but a torn
 * middle keeps it from opening ever again. */
START_TEST(a_write_that_cannot_be_taken_back_is_the_last) {
    static const enum kernel_call calls[] = {FTRUNCATE, FSTAT};

    for (size_t i = 0; i < COUNT_OF(calls) * 2; i++) {
        bool for_good = i % 2 == 1;
        struct fault faults[FAULTS_MAX] = {{WRITE, 0, 0, HALF},
                                           {WRITE, 0, 0, ENOSPC},
                                           {calls[i / 2], 0, 0, EIO}};

        for (int m = 1; m <= 4; m++) { /* opening the log needs some, too */
            int n = 0;

            faults[2].first = m;
            faults[2].last = for_good ? FOR_GOOD : m;
            do {
                faults[0].first = faults[0].last = ++n;
                faults[1].first = faults[1].last = n + 1;
                survive(BYTES(""), faults);
            } while (kernel_struck(faults));
        }
    }
}
END_TEST

/* Only the turn that meets it fails: what follows is written with it, in order,
 * as soon as the disk takes it again. */
START_TEST(a_write_that_failed_is_made_good_by_a_tick) {
    static const struct fault faults[FAULTS_MAX] = {{WRITE, 1, 3, ENOSPC}};
    struct buf written = {0}, told = {0};
    struct aof *aof;

    kernel_arm(room.dir, no_faults);
    aof = opened();
    append(aof, &written, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    buf_append(&told, buf_slice(&written).data, buf_len(&written));
    kernel_set(faults);
    append(aof, &told, BYTES("no room for this"));
    errno = 0;
    ck_assert_int_eq(aof_commit(aof), -1);
    ck_assert_int_eq(errno, ENOSPC);
    for (int i = 0; i < 2; i++) {
        append(aof, &told, BYTES("a key that has expired"));
        ck_assert_int_eq(aof_commit(aof), 0);
        ck_assert_int_eq(aof_error(aof), ENOSPC);
        aof_tick(aof);
        ck_assert_int_eq(aof_error(aof), ENOSPC);
        ck_assert_int_gt(aof_status(aof).pending, 0);
        ck_assert(file_holds(room.path, buf_slice(&written)));
    }
    ck_assert(!aof_wants_rewrite(aof));
    aof_tick(aof);
    ck_assert_int_eq(aof_error(aof), 0);
    ck_assert_int_eq(aof_status(aof).pending, 0);
    ck_assert(file_holds(room.path, buf_slice(&told)));
    append(aof, &told, BYTES("and on"));
    ck_assert_int_eq(aof_commit(aof), 0);
    ck_assert_int_eq(aof_close(aof), 0);
    kernel_disarm();
    ck_assert_int_eq(aof_close(opened()), 0);
    assert_bytes(buf_slice(&room.replayed), buf_slice(&told));
    buf_free(&written);
    buf_free(&told);
}
END_TEST

/* Nobody was told that it is there, and the disk is full to the end. */
START_TEST(a_write_that_fails_to_the_end_is_told_when_it_closes) {
    static const struct fault faults[FAULTS_MAX] = {
        {WRITE, 1, FOR_GOOD, ENOSPC}};
    struct buf told = {0}, more = {0};
    struct aof *aof;

    kernel_arm(room.dir, no_faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    kernel_set(faults);
    append(aof, &more, BYTES("no room for this"));
    ck_assert_int_eq(aof_commit(aof), -1);
    errno = 0;
    ck_assert_int_eq(aof_close(aof), -1);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert(file_holds(room.path, buf_slice(&told)));
    buf_free(&told);
    buf_free(&more);
}
END_TEST

/* ---- Syncing ---------------------------------------------------------- */

static int syncs(void) {
    return atomic_load(&kernel->count[FDATASYNC]);
}

/* A sync has begun, and waits at the gate. */
static void wait_for_sync(void) {
    int64_t end = clock_ms() + WAIT_MS;

    while (atomic_load(&kernel->syncing_fd) == -1) {
        check_that(clock_ms() < end, "nothing is synced");
        wait_a_moment();
    }
}

START_TEST(within_about_a_second_what_was_committed_is_synced) {
    struct buf told = {0};
    struct aof *aof;
    int64_t began;

    kernel_arm(room.dir, no_faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    began = clock_ms();
    ck_assert_int_eq(aof_commit(aof), 0);
    ck_assert(reaches(&kernel->count[FDATASYNC], 1));
    ck_assert_int_le(clock_ms() - began, 2500);
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&told);
}
END_TEST

START_TEST(what_was_not_written_is_not_synced) {
    struct buf told = {0};
    struct aof *aof;

    atomic_store(&kernel->hurry, true);
    kernel_arm(room.dir, no_faults);
    aof = opened();
    let_seconds_pass(5);
    ck_assert_int_eq(aof_commit(aof), 0);
    let_seconds_pass(5);
    ck_assert_int_eq(syncs(), 0);
    for (int i = 1; i <= 3; i++) {
        append(aof, &told, BYTES("value"));
        let_seconds_pass(5);
        ck_assert_int_eq(syncs(), i - 1); /* appended is not written */
        ck_assert_int_eq(aof_commit(aof), 0);
        ck_assert(reaches(&kernel->count[FDATASYNC], i));
        let_seconds_pass(5);
        ck_assert_int_eq(syncs(), i);
    }
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&told);
}
END_TEST

/* A server that was killed may not have come to it. */
START_TEST(what_was_loaded_is_synced) {
    struct buf records = {0};
    struct aof *aof;

    add_record(&records, (struct slice[]){BYTES("DEL"), BYTES("a")}, 2);
    write_file(room.path, buf_slice(&records));
    atomic_store(&kernel->hurry, true);
    kernel_arm(room.dir, no_faults);
    aof = opened();
    ck_assert(reaches(&kernel->count[FDATASYNC], 1));
    let_seconds_pass(5);
    ck_assert_int_eq(syncs(), 1);
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&records);
}
END_TEST

START_TEST(a_sync_that_takes_its_time_holds_up_no_commit) {
    struct buf told = {0};
    struct aof *aof;

    atomic_store(&kernel->hurry, true);
    kernel_arm(room.dir, no_faults);
    aof = opened();
    kernel_set(no_faults);
    atomic_store(&kernel->gated, true);
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    wait_for_sync();
    for (int i = 0; i < 10; i++) {
        append(aof, &told, BYTES("value"));
        ck_assert_int_eq(aof_commit(aof), 0);
        ck_assert(file_holds(room.path, buf_slice(&told)));
    }
    atomic_store(&kernel->gated, false);
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&told);
}
END_TEST

START_TEST(what_is_written_during_a_sync_gets_one_of_its_own) {
    struct buf told = {0};
    struct aof *aof;

    atomic_store(&kernel->hurry, true);
    kernel_arm(room.dir, no_faults);
    aof = opened();
    kernel_set(no_faults);
    atomic_store(&kernel->gated, true);
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    wait_for_sync();
    append(aof, &told, BYTES("perhaps too late for that one"));
    ck_assert_int_eq(aof_commit(aof), 0);
    atomic_store(&kernel->gated, false);
    ck_assert_msg(reaches(&kernel->count[FDATASYNC], 2), "%d syncs", syncs());
    ck_assert_int_eq(aof_close(aof), 0);
    buf_free(&told);
}
END_TEST

START_TEST(closing_waits_for_a_sync_and_syncs_once_more) {
    struct buf told = {0};
    struct aof *aof;

    atomic_store(&kernel->hurry, true);
    atomic_store(&kernel->gated, true);
    atomic_store(&kernel->opens_at_join, true);
    kernel_arm(room.dir, no_faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    wait_for_sync();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_close(aof), 0);
    ck_assert(!atomic_load(&kernel->closed_early));
    ck_assert_int_eq(atomic_load(&kernel->threads), 0);
    /* Twice written and synced; and what is closed last is log and lock. */
    ck_assert_str_eq(kernel_trace("wsc") + strcspn(kernel_trace("wsc"), "w"),
                     "wswscc");
    ck_assert(file_holds(room.path, buf_slice(&told)));
    buf_free(&told);
}
END_TEST

/* A kernel that could not write a page may call it clean all the same, and the
 * next sync would find nothing to complain of. So one failure is enough: the
 * file is given up. (How a new one heals that: test_aof_rewrite.c.) */
START_TEST(after_a_sync_that_failed_nothing_is_written_any_more) {
    static const struct fault faults[FAULTS_MAX] = {{FDATASYNC, 1, 1, EIO}};
    struct buf told = {0}, more = {0};
    struct aof *aof;
    int64_t end = clock_ms() + WAIT_MS;

    kernel->hurry = true;
    kernel_arm(room.dir, no_faults);
    aof = opened();
    kernel_set(faults);
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    while (aof_commit(aof) == 0) { /* nothing: only asks */
        check_that(clock_ms() < end, "nobody is told");
        wait_a_moment();
    }
    ck_assert_int_eq(errno, EIO);
    for (int i = 0; i < 3; i++) {
        let_seconds_pass(3);
        append(aof, &more, BYTES("too late"));
        ck_assert_int_eq(aof_commit(aof), 0);
        aof_tick(aof);
        ck_assert_int_eq(aof_error(aof), EIO);
        ck_assert(aof_wants_rewrite(aof));
        ck_assert(file_holds(room.path, buf_slice(&told)));
    }
    ck_assert_int_eq(syncs(), 1);
    errno = 0;
    ck_assert_int_eq(aof_close(aof), -1);
    ck_assert_int_eq(errno, EIO);
    ck_assert(file_holds(room.path, buf_slice(&told)));
    kernel_disarm();
    ck_assert_int_eq(aof_close(opened()), 0);
    assert_bytes(buf_slice(&room.replayed), buf_slice(&told));
    buf_free(&told);
    buf_free(&more);
}
END_TEST

START_TEST(a_last_sync_that_fails_is_told) {
    static const struct fault faults[FAULTS_MAX] = {{FDATASYNC, 1, 1, ENOSPC}};
    struct buf told = {0};
    struct aof *aof;

    kernel_arm(room.dir, faults);
    aof = opened();
    append(aof, &told, BYTES("value"));
    ck_assert_int_eq(aof_commit(aof), 0);
    errno = 0;
    ck_assert_int_eq(aof_close(aof), -1);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert(file_holds(room.path, buf_slice(&told)));
    buf_free(&told);
}
END_TEST

/* ---- The order of things ---------------------------------------------- */

/* fsync(2): the name of a new file is its directory's, not its own. */
START_TEST(the_directory_of_a_new_log_is_synced) {
    kernel_arm(room.dir, no_faults);
    ck_assert_int_eq(aof_close(opened()), 0);
    ck_assert_str_eq(kernel_trace("dwt"), "d");
}
END_TEST

/* What is cut is on the disk elsewhere, under a name that is there too, before
 * it is cut; and is cut on the disk before anything is written behind it. */
START_TEST(what_is_cut_is_safe_before_it_is_cut) {
    kernel_arm(room.dir, no_faults);
    write_file(room.path, TORN);
    ck_assert_int_eq(aof_close(opened()), 0);
    /* The last one is that of aof_close(). */
    ck_assert_str_eq(kernel_trace("dwts"), "dwsdtss");
    ck_assert(is_beside(TORN));
}
END_TEST

Suite *aof_faults_suite(void) {
    const TTest *const tests[] = {
        what_is_done_by_halves_is_done_again,
        half_a_write_and_then_an_error_break_no_promise,
        half_a_turn_is_taken_back,
        a_write_that_cannot_be_taken_back_is_the_last,
        a_write_that_failed_is_made_good_by_a_tick,
        a_write_that_fails_to_the_end_is_told_when_it_closes,
        a_sync_that_takes_its_time_holds_up_no_commit,
        what_is_written_during_a_sync_gets_one_of_its_own,
        after_a_sync_that_failed_nothing_is_written_any_more,
    };
    /* Here it matters what is written and synced besides. */
    const TTest *const without_seals[] = {
        within_about_a_second_what_was_committed_is_synced,
        what_was_not_written_is_not_synced,
        what_was_loaded_is_synced,
        closing_waits_for_a_sync_and_syncs_once_more,
        a_last_sync_that_fails_is_told,
        the_directory_of_a_new_log_is_synced,
        what_is_cut_is_safe_before_it_is_cut,
    };
    Suite *suite = suite_create("aof: faults");
    TCase *each_call = tcase_create("aof: each call");

    tcase_set_timeout(each_call, TEST_SECONDS);
    tcase_add_unchecked_fixture(each_call, make_base, remove_base);
    tcase_add_checked_fixture(each_call, enter_room, leave_room);
    tcase_add_loop_test(each_call, whichever_call_fails_no_promise_is_broken, 0,
                        2 * CALLS_OF_A_LIFE);
    suite_add_tcase(suite, each_call);
    add_tests(suite, "aof: faults", enter_room, tests, COUNT_OF(tests));
    add_tests(suite, "aof: faults, sealed", enter_room_with_seals, tests,
              COUNT_OF(tests));
    add_tests(suite, "aof: without seals", enter_room, without_seals,
              COUNT_OF(without_seals));
    return suite;
}
