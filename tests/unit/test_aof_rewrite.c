/* test_aof_rewrite.c -- the log gets a shorter one in its place, while it goes
 * on: whatever fails on the way, what was committed is there afterwards. */
#include "aof_room.h"
#include "helpers.h"
#include "kernel.h"
#include "suites.h"

#include "aof_state.h" /* how far a rewrite is */

#include <signal.h>
#include <sys/wait.h>

/* ---- A server, as far as the log can tell ----------------------------------
 */

/* Each turn sets a key of its own to its number. */
struct server {
    struct aof *aof;
    int turns; /* appended */
    int kept;  /* of them, those that a client was told of */
    char what[200];
};

static const char *const base[] = {"a", "b", "c"};

static void run(struct aof *aof, const struct slice *argv, size_t argc) {
    const char *wrong = command_replay(room.store, argv, argc);

    check_that(wrong == NULL, "%s", wrong);
    aof_append(aof, argv, argc);
}

#define RUN(aof, ...) run(aof, ARGS(__VA_ARGS__))

static void make_key(char key[32], int turn) {
    snprintf(key, 32, "key:%d", turn);
}

/* True if it may be acknowledged. */
static bool take_turn(struct server *server, size_t padding) {
    char key[32];
    char *value = xcalloc(1, padding + 32);
    bool good;

    make_key(key, server->turns);
    memset(value, 'x', padding);
    snprintf(value + padding, 32, "%d", server->turns);
    RUN(server->aof, BYTES("SET"), slice_of(key), slice_of(value));
    server->turns++;
    free(value);
    good = aof_commit(server->aof) == 0 && aof_error(server->aof) == 0;
    if (good) server->kept = server->turns;
    return good;
}

/* How many turns, from the first on, are in the store; it may hold no others.
 */
static int turns_in(struct store *store) {
    size_t count = store_count(store);
    struct slice value;
    char key[32], number[32];
    int turns = 0;

    for (;; turns++) {
        make_key(key, turns);
        if (!store_get(store, slice_of(key), &value)) break;
        snprintf(number, sizeof number, "%d", turns);
        check_that(value.len >= strlen(number) &&
                       memcmp(value.data + value.len - strlen(number), number,
                              strlen(number)) == 0,
                   "the wrong value");
    }
    for (size_t i = 0; i < COUNT_OF(base); i++)
        count -= store_get(store, slice_of(base[i]), &value);
    return count == (size_t)turns ? turns : -1;
}

/* What a file comes to, without the code that loads it. */
static int turns_in_file(struct slice bytes) {
    struct store *store = store_new();
    struct buf records = without_comments(bytes);
    struct slice rest = buf_slice(&records);
    struct resp_request request = {0};
    int turns;

    while (rest.len > 0 && resp_read_request(&request, rest) == RESP_COMPLETE) {
        check_that(command_replay(store, request.argv, request.argc) == NULL,
                   "not to be replayed");
        rest.data += request.size;
        rest.len -= request.size;
        resp_request_next(&request);
    }
    resp_request_free(&request);
    buf_free(&records);
    turns = turns_in(store);
    store_free(store);
    return turns;
}

static int turns_at(const char *path) {
    struct buf bytes = read_file(path);
    int turns = turns_in_file(buf_slice(&bytes));

    buf_free(&bytes);
    return turns;
}

static const char *next_path(void) {
    static char path[128];

    snprintf(path, sizeof path, "%s.rewrite", room.path);
    return path;
}

static void begin(struct server *server) {
    *server = (struct server){.aof = opened()};
    for (int i = 0; i < 3; i++) /* much history, little data */
        for (size_t j = 0; j < COUNT_OF(base); j++)
            RUN(server->aof, BYTES("SET"), slice_of(base[j]), BYTES("value"));
    for (int i = 0; i < 3; i++)
        ck_assert(take_turn(server, 10));
}

/* It goes on until there is no rewrite any more. */
static void finish(struct server *server, bool with_turns) {
    int64_t end = clock_ms() + WAIT_MS;

    while (aof_status(server->aof).is_rewriting) {
        check_that(clock_ms() < end, "%s: the rewrite never ends",
                   server->what);
        if (with_turns) take_turn(server, 10);
        aof_tick(server->aof);
        wait_a_moment();
    }
}

static void rewrite(struct server *server) {
    check_that(aof_rewrite(server->aof) == 0, "%s", strerror(errno));
    finish(server, true);
    check_that(!aof_status(server->aof).failures, "it failed: %s", said());
}

/* It opens, and everything that was acknowledged is there. */
static void check_next_life(const struct server *server) {
    struct aof *aof = open_log();
    int turns;

    check_that(aof != NULL, "%s: it opens no more: %s", server->what, said());
    turns = turns_in(room.store);
    check_that(turns >= server->kept && turns <= server->turns,
               "%s: %d turns of %d, %d were promised", server->what, turns,
               server->turns, server->kept);
    check_that(access(next_path(), F_OK) == -1, "%s: FILE.rewrite is left",
               server->what);
    check_that(*names_with(".cut-") == '\0', "%s: something was cut: %s",
               server->what, said());
    closed(aof);
}

static void end(struct server *server) {
    server->kept = server->turns;
    closed(server->aof);
    check_next_life(server);
}

/* ---- The new file ----------------------------------------------------------
 */

START_TEST(the_new_file_has_one_record_a_key) {
    struct server server;
    struct buf records;
    struct slice rest;
    uint64_t digest;
    int selects = 0, sets = 0, until = 0;

    begin(&server);
    RUN(server.aof, BYTES("SELECT"), BYTES("3"));
    RUN(server.aof, BYTES("SET"), BYTES("\0\r\n"), BYTES("\xff"), BYTES("PXAT"),
        BYTES("99999999999999"));
    RUN(server.aof, BYTES("SELECT"), BYTES("0"));
    ck_assert_int_eq(aof_commit(server.aof), 0);
    digest = digest_store();
    ck_assert_int_eq(aof_rewrite(server.aof), 0);
    finish(&server, false);
    ck_assert(!aof_status(server.aof).failures);
    ck_assert_uint_eq(aof_status(server.aof).rewrites, 1);
    ck_assert_int_eq(aof_status(server.aof).base_size,
                     aof_status(server.aof).size);

    records = read_records(room.path);
    for (rest = buf_slice(&records); rest.len > 0;) {
        size_t size = record_size(rest);

        if (memmem(rest.data, size, "SELECT", 6) != NULL) {
            selects++;
        } else {
            ck_assert_ptr_nonnull(memmem(rest.data, size, "SET", 3));
            sets++;
            until += memmem(rest.data, size, "PXAT", 4) != NULL;
        }
        rest.data += size;
        rest.len -= size;
    }
    buf_free(&records);
    ck_assert_int_eq(sets, (int)store_total(room.store));
    ck_assert_int_eq(selects, 1);
    ck_assert_int_eq(until, 1);
    closed(server.aof);
    closed(opened());
    ck_assert_uint_eq(digest_store(), digest);
}
END_TEST

START_TEST(an_empty_log_can_be_rewritten) {
    struct server server = {.aof = opened()};

    rewrite(&server);
    rewrite(&server);
    end(&server);
}
END_TEST

START_TEST(only_one_rewrite_at_a_time) {
    struct server server;

    begin(&server);
    ck_assert_int_eq(aof_rewrite(server.aof), 0);
    ck_assert_int_eq(aof_rewrite(server.aof), -1);
    ck_assert_int_eq(errno, EALREADY);
    finish(&server, true);
    end(&server);
}
END_TEST

/* In each phase: while the child writes, after it has read the tail of the log
 * for the last time, while the rest is copied, while the file is replaced. */
START_TEST(what_is_appended_in_each_phase_is_in_the_new_file) {
    static const struct fault directory[FAULTS_MAX] = {
        {DIRSYNC, 1, FOR_GOOD, EIO}};
    struct server server;
    int catching_up = 0;

    kernel->hurry = true;
    kernel_arm(room.dir, no_faults);
    begin(&server);
    kernel_set(directory);
    kernel->child_stops_at = 3; /* the last one */
    ck_assert_int_eq(aof_rewrite(server.aof), 0);
    for (int i = 0; i < 3; i++)
        ck_assert(take_turn(&server, 10));
    while (!kernel->child_waits)
        wait_a_moment();
    for (int i = 0; i < 30; i++)
        ck_assert(take_turn(&server, 100000));
    kernel->child_stops_at = 0;
    while (server.aof->rewrite.phase != REWRITE_REPLACING) {
        if (server.aof->rewrite.phase == REWRITE_CATCHING_UP) catching_up++;
        ck_assert(take_turn(&server, 10));
        wait_a_moment();
    }
    ck_assert_int_ge(catching_up, 3);
    /* Renamed, and nobody knows whether that is on the disk. */
    while (server.aof->syncer.replacing != REPLACE_UNSURE)
        ck_assert(take_turn(&server, 10));
    for (int i = 0; i < 3; i++)
        ck_assert(take_turn(&server, 10));
    ck_assert_int_eq(turns_at(room.path), server.turns);
    kernel_set(no_faults);
    finish(&server, true);
    ck_assert(take_turn(&server, 10));
    end(&server);
}
END_TEST

/* ---- Both files go on until the directory is on the disk -------------------
 */

static int turns_of(int fd) {
    struct buf bytes = {0};
    ssize_t got;
    int turns;

    while ((got = pread(fd, buf_reserve(&bytes, 4096), 4096,
                        (off_t)buf_len(&bytes))) > 0) {
        buf_added(&bytes, (size_t)got);
    }
    turns = turns_in_file(buf_slice(&bytes));
    buf_free(&bytes);
    return turns;
}

START_TEST(a_failed_sync_of_the_directory_deletes_nothing) {
    static const struct fault directory[FAULTS_MAX] = {
        {DIRSYNC, 1, FOR_GOOD, EIO}};
    struct server server;
    int old;

    kernel->hurry = true;
    kernel_arm(room.dir, no_faults);
    begin(&server);
    old = open(room.path, O_RDONLY);
    kernel_set(directory);
    ck_assert_int_eq(aof_rewrite(server.aof), 0);
    while (server.aof->syncer.replacing != REPLACE_UNSURE) {
        ck_assert(take_turn(&server, 10));
        wait_a_moment();
    }
    for (int i = 0; i < 20; i++) {
        ck_assert(take_turn(&server, 10));
        ck_assert_int_eq(turns_of(old), server.turns);
        ck_assert_int_eq(turns_at(room.path), server.turns);
        aof_tick(server.aof);
        ck_assert(aof_status(server.aof).is_rewriting);
    }
    /* Under "always" a turn is synced in both before it is told. */
    if (room.settings.fsync == FSYNC_ALWAYS) {
        const char *letters;

        kernel->hurry = false;
        let_seconds_pass(0);
        kernel_set(directory);
        ck_assert(take_turn(&server, 10));
        letters = kernel_trace("ws");
        ck_assert_msg(strncmp(letters, "wwss", 4) == 0, "%s", letters);
        kernel->hurry = true;
    }
    ck_assert_ptr_nonnull(strstr(said(), "sync the directory"));
    kernel_set(no_faults);
    finish(&server, true);
    ck_assert_int_eq(turns_at(room.path), server.turns);
    close(old);
    end(&server);
}
END_TEST

/* ---- A child that fails ----------------------------------------------------
 */

START_TEST(a_child_that_is_killed_leaves_the_log_as_it_was) {
    struct server server;

    kernel_arm(room.dir, no_faults);
    begin(&server);
    for (int stop = 1; stop <= 3; stop++) {
        kernel->child_waits = false;
        kernel->child_stops_at = stop;
        ck_assert_int_eq(aof_rewrite(server.aof), 0);
        while (!kernel->child_waits) {
            ck_assert(take_turn(&server, 10));
            wait_a_moment();
        }
        kill(server.aof->rewrite.child.pid, SIGKILL);
        finish(&server, true);
        ck_assert_int_eq((int)aof_status(server.aof).failures, stop);
        ck_assert_ptr_nonnull(strstr(said(), "cannot rewrite"));
        ck_assert_int_eq(access(next_path(), F_OK), -1);
        ck_assert_int_eq(aof_error(server.aof), 0);
        ck_assert_int_eq(turns_at(room.path), server.turns);
        forget_said();
    }
    kernel->child_stops_at = 0;
    rewrite(&server);
    end(&server);
}
END_TEST

START_TEST(closing_ends_a_rewrite) {
    struct server server;

    kernel_arm(room.dir, no_faults);
    for (int stop = 1; stop <= 3; stop++) {
        begin(&server);
        kernel->child_waits = false;
        kernel->child_stops_at = stop;
        ck_assert_int_eq(aof_rewrite(server.aof), 0);
        while (!kernel->child_waits)
            wait_a_moment();
        end(&server);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
        ck_assert_int_eq(errno, ECHILD);
        empty_room();
    }
}
END_TEST

START_TEST(what_a_crash_left_of_a_rewrite_is_removed) {
    struct server server;

    begin(&server);
    end(&server);
    write_file(next_path(), BYTES("half of a new file"));
    closed(opened());
    ck_assert_int_eq(access(next_path(), F_OK), -1);
    ck_assert_ptr_nonnull(strstr(said(), "not finished"));
}
END_TEST

/* ---- What a new file heals --------------------------------------------------
 */

static void wait_for_error(struct server *server, int error) {
    int64_t until = clock_ms() + 100 * WAIT_MS;

    while (aof_error(server->aof) != error) {
        check_that(clock_ms() < until, "no error");
        aof_tick(server->aof);
        wait_a_moment();
    }
    ck_assert(aof_wants_rewrite(server->aof));
    ck_assert(!take_turn(server, 10)); /* a key that has expired */
}

/* All that was appended is in the new file, in spite of the old one. */
static void check_healed(struct server *server) {
    rewrite(server);
    ck_assert_int_eq(aof_error(server->aof), 0);
    ck_assert(!aof_wants_rewrite(server->aof));
    ck_assert(take_turn(server, 10));
    ck_assert_int_eq(turns_at(room.path), server->turns);
    end(server);
}

START_TEST(a_new_file_heals_a_sync_that_failed) {
    static const struct fault faults[FAULTS_MAX] = {{FDATASYNC, 1, 1, EIO}};
    struct server server;

    kernel->hurry = true;
    kernel_arm(room.dir, no_faults);
    begin(&server);
    kernel_set(faults);
    take_turn(&server, 10); /* under "always" this is the one */
    wait_for_error(&server, EIO);
    check_healed(&server);
}
END_TEST

START_TEST(a_new_file_heals_one_that_somebody_else_has_changed) {
    struct server server;
    struct stat status;

    begin(&server);
    ck_assert_int_eq(stat(room.path, &status), 0);
    if (_i == 0) {
        ck_assert_int_eq(truncate(room.path, status.st_size / 2), 0);
    } else {
        int fd = open(room.path, O_WRONLY | O_APPEND);

        ck_assert_int_eq(write(fd, "more", 4), 4);
        close(fd);
    }
    kernel->added_ms += 2000;
    wait_for_error(&server, EIO);
    ck_assert_ptr_nonnull(strstr(said(), "somebody else"));
    check_healed(&server);
}
END_TEST

/* ---- A disk that is slow
 * ----------------------------------------------------- */

START_TEST(who_writes_waits_when_the_disk_is_two_seconds_behind) {
    struct server server;

    kernel->hurry = true;
    kernel_arm(room.dir, no_faults);
    begin(&server);
    while (atomic_load(&server.aof->syncer.synced) !=
           atomic_load(&server.aof->syncer.written)) {
        wait_a_moment();
    }
    kernel->gated = true;
    ck_assert(take_turn(&server, 10));
    aof_tick(server.aof);
    ck_assert(!aof_is_behind(server.aof));
    while (kernel->syncing_fd == -1)
        wait_a_moment();
    kernel->added_ms += 2000;
    aof_tick(server.aof);
    aof_tick(server.aof);
    ck_assert(aof_is_behind(server.aof));
    ck_assert_uint_eq(aof_status(server.aof).delayed, 1);
    ck_assert(aof_status(server.aof).is_syncing);
    kernel->gated = false;
    while (aof_is_behind(server.aof)) {
        aof_tick(server.aof);
        wait_a_moment();
    }
    ck_assert_uint_eq(aof_status(server.aof).delayed, 1);
    end(&server);
}
END_TEST

/* ---- Each call that fails
 * ---------------------------------------------------- */

#define ROUNDS 6 /* of a server after a rewrite was asked for */

/* What the server does: under "always" it ends when a commit fails, otherwise
 * it goes on, and asks for a new file when the log wants one. */
static void live_on(struct server *server) {
    bool is_always = room.settings.fsync == FSYNC_ALWAYS;
    int64_t end = clock_ms() + WAIT_MS;
    int round = 0;
    int turns;

    aof_rewrite(server->aof);
    while (round < ROUNDS && clock_ms() < end) {
        if (!take_turn(server, 10) && is_always) return;
        aof_tick(server->aof);
        if (aof_wants_rewrite(server->aof)) aof_rewrite(server->aof);
        if (aof_status(server->aof).is_rewriting) wait_a_moment();
        if (!aof_status(server->aof).is_rewriting ||
            server->aof->syncer.replacing == REPLACE_UNSURE) {
            round++;
        }
        turns = turns_at(room.path);
        check_that(turns >= server->kept,
                   "%s: a crash here would leave %d turns of %d: %s",
                   server->what, turns, server->kept, said());
    }
}

/* True if the fault was not noticed. */
static void survive(const struct fault faults[FAULTS_MAX]) {
    struct server server;
    int before = count_descriptors();
    char what[200];

    kernel_describe(faults, what);
    empty_room();
    kernel_arm(room.dir, no_faults);
    begin(&server);
    memcpy(server.what, what, sizeof what);
    kernel_set(faults);
    live_on(&server);
    if (aof_close(server.aof) == 0) server.kept = server.turns;
    kernel_disarm();
    check_that(count_descriptors() == before, "%s: %d descriptors are left",
               what, count_descriptors() - before);
    check_that(waitpid(-1, NULL, WNOHANG) == -1, "%s: a child is left", what);
    check_next_life(&server);
}

static const enum aof_fsync policies[] = {FSYNC_ALWAYS, FSYNC_EVERYSEC};

#define KINDS (2 * (int)COUNT_OF(policies)) /* with and without seals */

START_TEST(whatever_fails_in_a_rewrite_nothing_is_lost) {
    static const int errors[] = {EIO, ENOSPC};
    enum kernel_call call = (enum kernel_call)(_i / KINDS);
    int n = 0;

    room.settings.fsync = policies[_i / 2 % 2];
    room.settings.has_no_seals = _i % 2 == 0;
    kernel->hurry = true;
    if (call == THREAD) return; /* there is none to begin */
    /* A sample: each call once, and all kinds in turn. */
    if (STRIDE > 1 && _i % KINDS != (int)call % KINDS) return;
    for (int i = 0; i < 2; i++) {
        struct fault faults[FAULTS_MAX] = {{call, 0, 0, errors[i]}};

        for (n = 1; n < 40; n++) {
            faults[0].first = n;
            faults[0].last = i == 0 ? n : FOR_GOOD;
            survive(faults);
            if (!kernel_struck(faults)) break;
        }
    }
}
END_TEST

static void enter_room_with_always(void) {
    enter_room_with_seals();
    room.settings.fsync = FSYNC_ALWAYS;
}

Suite *aof_rewrite_suite(void) {
    const TTest *const tests[] = {
        the_new_file_has_one_record_a_key,
        an_empty_log_can_be_rewritten,
        only_one_rewrite_at_a_time,
        what_is_appended_in_each_phase_is_in_the_new_file,
        a_failed_sync_of_the_directory_deletes_nothing,
        a_child_that_is_killed_leaves_the_log_as_it_was,
        closing_ends_a_rewrite,
        what_a_crash_left_of_a_rewrite_is_removed,
        a_new_file_heals_a_sync_that_failed,
    };
    const TTest *const everysec[] = {
        who_writes_waits_when_the_disk_is_two_seconds_behind,
    };
    Suite *suite = suite_create("aof: rewrite");
    TCase *loops = tcase_create("aof: rewrite, each call");

    add_tests(suite, "aof: rewrite", enter_room, tests, COUNT_OF(tests));
    add_tests(suite, "aof: rewrite, sealed", enter_room_with_seals, tests,
              COUNT_OF(tests));
    add_tests(suite, "aof: rewrite, always", enter_room_with_always, tests,
              COUNT_OF(tests));
    add_tests(suite, "aof: behind", enter_room_with_seals, everysec,
              COUNT_OF(everysec));
    tcase_set_timeout(loops, 10 * TEST_SECONDS);
    tcase_add_unchecked_fixture(loops, make_base, remove_base);
    tcase_add_checked_fixture(loops, enter_room_with_seals, leave_room);
    tcase_add_loop_test(
        loops, a_new_file_heals_one_that_somebody_else_has_changed, 0, 2);
    tcase_add_loop_test(loops, whatever_fails_in_a_rewrite_nothing_is_lost, 0,
                        CALLS * KINDS);
    suite_add_tcase(suite, loops);
    return suite;
}
