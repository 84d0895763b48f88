/* test_snapshot.c -- all data as records: which, how many at a time, and that
 * they bring back what was there. */
#include "snapshot.h"

#include "helpers.h"
#include "resp.h"
#include "store.h"
#include "suites.h"

#define NOW INT64_C(1000000000000)

/* Somebody who takes records. */
struct taker {
    struct buf all;
    size_t count;   /* calls */
    size_t largest; /* bytes of one */
    size_t refused; /* the number of the call that fails; 0: none */
};

static int take(void *context, struct slice records) {
    struct taker *taker = context;

    if (++taker->count == taker->refused) {
        errno = EPIPE;
        return -1;
    }
    if (records.len > taker->largest) taker->largest = records.len;
    buf_append(&taker->all, records.data, records.len);
    return 0;
}

static struct store *new_store(void) {
    struct store *store = store_new();

    store_set_time(store, NOW);
    return store;
}

static void set(struct store *store, unsigned database, const char *key,
                const char *value, int64_t at) {
    store_select(store, database);
    store_set_until(store, slice_of(key), slice_of(value), at);
}

static void check_records(struct store *store, const char *want) {
    struct taker taker = {0};
    size_t total = store_total(store);

    store_select(store, 3);
    ck_assert_int_eq(snapshot_write(store, take, &taker), 0);
    assert_bytes(buf_slice(&taker.all), slice_of(want));
    ck_assert_uint_eq(store_selected(store), 3);
    ck_assert_uint_eq(store_total(store), total);
    buf_free(&taker.all);
    store_free(store);
}

#define SET(key, value)                                                        \
    "*3\r\n$3\r\nSET\r\n$1\r\n" key "\r\n$1\r\n" value "\r\n"
#define SELECT(number) "*2\r\n$6\r\nSELECT\r\n$1\r\n" number "\r\n"

START_TEST(an_empty_store_says_nothing) {
    check_records(new_store(), "");
}
END_TEST

START_TEST(database_0_needs_no_select) {
    struct store *store = new_store();

    set(store, 0, "k", "v", STORE_NO_EXPIRY);
    check_records(store, SET("k", "v"));
}
END_TEST

START_TEST(other_databases_are_selected_if_they_have_keys) {
    struct store *store = new_store();

    set(store, 1, "gone", "x", STORE_NO_EXPIRY);
    store_delete(store, slice_of("gone"));
    set(store, 2, "a", "1", STORE_NO_EXPIRY);
    set(store, 4, "over", "x", NOW); /* it is not there any more */
    set(store, 5, "b", "2", STORE_NO_EXPIRY);
    check_records(store, SELECT("2") SET("a", "1") SELECT("5") SET("b", "2"));
}
END_TEST

START_TEST(a_key_that_expires_says_when) {
    struct store *store = new_store();

    set(store, 0, "over", "x", NOW);
    set(store, 0, "k", "v", NOW + 1);
    check_records(store, "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$4\r\nPXAT"
                         "\r\n$13\r\n1000000000001\r\n");
}
END_TEST

/* ---- Much of it ---------------------------------------------------------- */

static void fill(struct store *store, int keys) {
    char key[32], value[32];
    int i;

    for (i = 0; i < keys; i++) {
        snprintf(key, sizeof key, "key:%d", i);
        snprintf(value, sizeof value, "value %d", i);
        set(store, (unsigned)i % 3, key, value,
            i % 2 ? NOW + i : STORE_NO_EXPIRY);
    }
}

static void replay(struct store *store, struct slice records) {
    struct resp_request request = {0};

    while (records.len > 0) {
        const char *wrong;

        ck_assert(resp_read_request(&request, records) == RESP_COMPLETE);
        wrong = command_replay(store, request.argv, request.argc);
        check_that(wrong == NULL, "%s", wrong);
        records.data += request.size;
        records.len -= request.size;
        resp_request_next(&request);
    }
    resp_request_free(&request);
}

static void expect_in(struct store *store, int keys) {
    char key[32], value[32];
    struct slice got;
    int i;

    ck_assert_uint_eq(store_total(store), (size_t)keys);
    for (i = 0; i < keys; i++) {
        snprintf(key, sizeof key, "key:%d", i);
        snprintf(value, sizeof value, "value %d", i);
        store_select(store, (unsigned)i % 3);
        check_that(store_get(store, slice_of(key), &got) &&
                       same_bytes(got, slice_of(value)),
                   "%s is lost, or another", key);
        ck_assert_int_eq(store_expiry(store, slice_of(key)),
                         i % 2 ? NOW + i : STORE_NO_EXPIRY);
    }
}

START_TEST(all_of_it_comes_back) {
    struct store *store = new_store(), *copy = store_new();
    struct taker taker = {0};

    fill(store, 10000);
    ck_assert_int_eq(snapshot_write(store, take, &taker), 0);
    ck_assert_uint_gt(taker.count, 5);
    ck_assert_uint_lt(taker.largest, 65536 + 100);
    replay(copy, buf_slice(&taker.all));
    expect_in(copy, 10000);
    buf_free(&taker.all);
    store_free(store);
    store_free(copy);
}
END_TEST

START_TEST(a_large_value_is_one_record) {
    struct store *store = new_store();
    size_t size = 1000000;
    struct taker taker = {0};
    char *value = xcalloc(1, size);

    store_set(store, slice_of("k"), (struct slice){value, size});
    ck_assert_int_eq(snapshot_write(store, take, &taker), 0);
    ck_assert_uint_eq(taker.count, 1);
    ck_assert_uint_gt(taker.largest, size);
    free(value);
    buf_free(&taker.all);
    store_free(store);
}
END_TEST

START_TEST(it_ends_where_it_is_refused) {
    struct store *store = new_store();
    struct taker taker = {.refused = 2};

    fill(store, 10000);
    ck_assert_int_eq(snapshot_write(store, take, &taker), -1);
    ck_assert_int_eq(errno, EPIPE);
    ck_assert_uint_eq(taker.count, 2);
    buf_free(&taker.all);

    taker = (struct taker){.refused = 1}; /* the last, and only one */
    store_clear_all(store);
    fill(store, 1);
    ck_assert_int_eq(snapshot_write(store, take, &taker), -1);
    ck_assert_int_eq(errno, EPIPE);
    buf_free(&taker.all);
    store_free(store);
}
END_TEST

Suite *snapshot_suite(void) {
    const TTest *const tests[] = {
        an_empty_store_says_nothing,
        database_0_needs_no_select,
        other_databases_are_selected_if_they_have_keys,
        a_key_that_expires_says_when,
        all_of_it_comes_back,
        a_large_value_is_one_record,
        it_ends_where_it_is_refused,
    };

    return suite_of("snapshot", tests, COUNT_OF(tests));
}
