/* test_keyspace.c -- what part 3 asks of the store beyond a map: values in
 * place, databases, expiry, going through all of it, looking on. */
#include "store.h"

#include "entry.h"
#include "helpers.h"
#include "suites.h"

#include <inttypes.h>

#define NOW INT64_C(1700000000000) /* some day in 2023 */

static struct slice key_number(size_t number) {
    static char texts[4][24];
    static unsigned last;
    char *text = texts[last++ % 4];

    return (struct slice){text, (size_t)snprintf(text, 24, "key:%zu", number)};
}

static bool is_there(struct store *store, struct slice key) {
    return store_get(store, key, NULL);
}

static void set(struct store *store, const char *key, const char *value) {
    store_set(store, slice_of(key), slice_of(value));
}

#define assert_value(store, key, literal)                                      \
    do {                                                                       \
        struct slice value_;                                                   \
        ck_assert(store_get(store, slice_of(key), &value_));                   \
        assert_bytes(value_, BYTES(literal));                                  \
    } while (0)

/* ---- A model ---------------------------------------------------------- */

#define MODEL_DATABASES 3
#define MODEL_KEYS      50
#define MODEL_VALUE_MAX 40 /* more, of those around ENTRY_LARGE */
#define MODEL_STEPS     (200000 / STRIDE)

struct model_entry {
    bool there;
    char value[ENTRY_LARGE + MODEL_VALUE_MAX];
    size_t len;
    int64_t expiry;
};

/* A store and what it should hold. Keys have every length around those at
 * which an entry changes its shape. */
struct model {
    struct store *store;
    int64_t now;
    uint64_t chance;
    struct model_entry entries[MODEL_DATABASES][MODEL_KEYS];
};

static struct slice model_key(size_t number) {
    static char bytes[2][MODEL_KEYS * 12];
    static unsigned last;
    char *key = bytes[last++ % 2];
    size_t len = number * 11; /* 0 to 539 */

    memset(key, (int)('a' + number % 26), len);
    return (struct slice){key, len};
}

static struct model_entry *model_entry(struct model *model, unsigned database,
                                       size_t key) {
    struct model_entry *entry = &model->entries[database][key];

    if (entry->there && entry->expiry != STORE_NO_EXPIRY &&
        entry->expiry <= model->now) {
        entry->there = false;
    }
    return entry;
}

static void model_check_key(struct model *model, unsigned database,
                            size_t key) {
    const struct model_entry *entry = model_entry(model, database, key);
    struct slice value;
    bool found;

    store_select(model->store, database);
    found = store_get(model->store, model_key(key), &value);
    check_that(found == entry->there, "database %u, key %zu: %d, not %d",
               database, key, found, entry->there);
    if (!found) return;
    assert_bytes(value, ((struct slice){entry->value, entry->len}));
    check_that(store_expiry(model->store, model_key(key)) == entry->expiry,
               "database %u, key %zu: another expiry", database, key);
}

static void model_check_all(struct model *model) {
    for (unsigned database = 0; database < MODEL_DATABASES; database++) {
        size_t count = 0;
        size_t expiring = 0;

        for (size_t key = 0; key < MODEL_KEYS; key++) {
            const struct model_entry *entry;

            model_check_key(model, database, key);
            entry = &model->entries[database][key];
            count += entry->there;
            expiring += entry->there && entry->expiry != STORE_NO_EXPIRY;
        }
        ck_assert_uint_eq(store_count(model->store), count);
        ck_assert_uint_eq(store_expiring(model->store), expiring);
    }
}

/* Few are large, for they take time. */
static size_t model_len(struct model *model) {
    size_t len = random_below(&model->chance, MODEL_VALUE_MAX);

    if (random_below(&model->chance, 20) > 0) return len;
    return ENTRY_LARGE - MODEL_VALUE_MAX / 2 + len;
}

/* A copy of the value as it comes in a request. */
static struct slice arrived(struct slice value, struct buf *request) {
    static const char head[] = "*3 and so on: ";
    size_t size = sizeof head - 1 + value.len + 2;

    *request = (struct buf){.data = xmalloc(size), .cap = size};
    append_literal(request, "*3 and so on: ");
    buf_append(request, value.data, value.len);
    append_literal(request, "\r\n");
    return (struct slice){request->data + sizeof head - 1, value.len};
}

static void model_set(struct model *model, struct model_entry *entry,
                      struct slice key) {
    struct slice value;
    struct buf request;

    entry->len = model_len(model);
    for (size_t i = 0; i < entry->len; i += 1 + i / 8)
        entry->value[i] = (char)random_next(&model->chance);
    entry->there = true;
    value = arrived((struct slice){entry->value, entry->len}, &request);
    if (random_below(&model->chance, 2) > 0) {
        store_offer(model->store, &request);
    }
    entry->expiry = STORE_NO_EXPIRY;
    if (random_below(&model->chance, 3) > 0) {
        store_set(model->store, key, value);
    } else {
        entry->expiry = model->now + (int64_t)random_below(&model->chance, 200);
        store_set_until(model->store, key, value, entry->expiry);
    }
    store_offer(model->store, NULL);
    buf_free(&request);
}

static void model_resize(struct model *model, struct model_entry *entry,
                         struct slice key) {
    size_t len = model_len(model);
    char *bytes = store_resize(model->store, key, len);

    if (!entry->there) *entry = (struct model_entry){.expiry = STORE_NO_EXPIRY};
    if (len > entry->len)
        memset(entry->value + entry->len, 0, len - entry->len);
    entry->there = true;
    entry->len = len;
    ck_assert(len == 0 || memcmp(bytes, entry->value, len) == 0);
    if (len > 0) bytes[len - 1] = entry->value[len - 1] = '!';
}

static void model_step(struct model *model) {
    unsigned database = (unsigned)random_below(&model->chance, MODEL_DATABASES);
    unsigned other = (unsigned)random_below(&model->chance, MODEL_DATABASES);
    size_t number = random_below(&model->chance, MODEL_KEYS);
    size_t to = random_below(&model->chance, MODEL_KEYS);
    struct model_entry *entry = model_entry(model, database, number);
    struct slice key = model_key(number);

    store_select(model->store, database);
    switch (random_below(&model->chance, 9)) {
    case 0:
    case 1: model_set(model, entry, key); break;
    case 2: model_resize(model, entry, key); break;
    case 3:
        ck_assert(store_delete(model->store, key) == entry->there);
        entry->there = false;
        break;
    case 4:
        if (!entry->there || (database == other && number == to)) break;
        store_copy(model->store, key, other, model_key(to));
        *model_entry(model, other, to) = *entry;
        break;
    case 5:
        if (!entry->there) break;
        entry->expiry = random_below(&model->chance, 3) == 0
                            ? STORE_NO_EXPIRY
                            : model->now +
                                  (int64_t)random_below(&model->chance, 200) -
                                  10;
        store_set_expiry(model->store, key, entry->expiry);
        break;
    case 6: store_set_time(model->store, ++model->now); break;
    case 7: store_expire_some(model->store, 1); break;
    case 8:
        if (random_below(&model->chance, 500) > 0) break;
        store_clear(model->store);
        memset(model->entries[database], 0, sizeof model->entries[database]);
        break;
    }
    model_check_key(model, other, to);
}

/* What a store takes of which each database had a key that is gone. */
static size_t memory_without_keys(void) {
    struct store *store = store_new();
    size_t memory;

    for (unsigned database = 0; database < MODEL_DATABASES; database++) {
        store_select(store, database);
        set(store, "k", "v");
        store_delete(store, slice_of("k"));
    }
    memory = store_memory(store);
    store_free(store);
    return memory;
}

START_TEST(a_random_life_agrees_with_a_model) {
    static struct model model = {.now = NOW, .chance = 42}; /* megabytes */
    size_t empty;
    int step;

    model.store = store_new();
    empty = store_memory(model.store);
    store_set_time(model.store, NOW);
    for (step = 0; step < MODEL_STEPS; step++) {
        model_step(&model);
        if (step % 1000 == 0) model_check_all(&model);
    }
    model_check_all(&model);
    for (unsigned database = 0; database < MODEL_DATABASES; database++) {
        store_select(model.store, database);
        for (size_t key = 0; key < MODEL_KEYS; key++)
            store_delete(model.store, model_key(key));
    }
    ck_assert_uint_eq(store_memory(model.store), memory_without_keys());
    store_clear_all(model.store);
    ck_assert_uint_eq(store_total(model.store), 0);
    /* The array of databases stays. */
    ck_assert_uint_le(store_memory(model.store), empty + 200);
    store_free(model.store);
}
END_TEST

/* ---- Expiry ----------------------------------------------------------- */

START_TEST(a_key_is_gone_at_its_time_and_not_before) {
    struct store *store = store_new();

    store_set_time(store, NOW);
    set(store, "k", "v");
    store_set_expiry(store, slice_of("k"), NOW + 1);
    ck_assert(is_there(store, slice_of("k")));
    store_set_time(store, NOW + 1);
    ck_assert_uint_eq(store_count(store), 1);
    ck_assert(!is_there(store, slice_of("k")));
    ck_assert_uint_eq(store_count(store), 0);
    ck_assert_uint_eq(store_figures(store)->expired, 1);
    store_free(store);
}
END_TEST

START_TEST(without_a_time_nothing_expires) {
    struct store *store = store_new();

    set(store, "k", "v");
    store_set_expiry(store, slice_of("k"), 1);
    ck_assert(is_there(store, slice_of("k")));
    ck_assert_int_eq(store_expire_some(store, 1000), 0);
    ck_assert_int_eq(store_expiry(store, slice_of("k")), 1);
    store_set_time(store, NOW);
    ck_assert(!is_there(store, slice_of("k")));
    store_free(store);
}
END_TEST

START_TEST(setting_a_key_lets_it_live_for_ever) {
    struct store *store = store_new();

    store_set_time(store, NOW);
    set(store, "k", "v");
    store_set_expiry(store, slice_of("k"), NOW + 1);
    set(store, "k", "w");
    ck_assert_int_eq(store_expiry(store, slice_of("k")), STORE_NO_EXPIRY);
    ck_assert_uint_eq(store_expiring(store), 0);
    store_set_time(store, NOW + 2);
    assert_value(store, "k", "w");
    store_free(store);
}
END_TEST

/* Also while the table shrinks below the place where it looks. */
START_TEST(what_has_expired_is_found_although_nobody_looks) {
    enum { KEYS = 20000 };
    struct store *store = store_new();
    int rounds = 0;

    store_set_time(store, NOW);
    for (size_t i = 0; i < KEYS; i++) {
        store_select(store, i % 3 == 0 ? 5 : 0);
        store_set(store, key_number(i), key_number(i));
        if (i % 2 == 0) {
            store_set_expiry(store, key_number(i), NOW + 1 + (int64_t)i % 10);
        }
    }
    ck_assert_int_eq(store_expire_some(store, 1000000), 0);
    store_set_time(store, NOW + 10);
    while (store_total(store) > KEYS / 2 && rounds++ < 100000)
        store_expire_some(store, 20);
    ck_assert_uint_eq(store_total(store), KEYS / 2);
    ck_assert_uint_eq(store_figures(store)->expired, KEYS / 2);
    for (size_t i = 0; i < KEYS; i++) {
        store_select(store, i % 3 == 0 ? 5 : 0);
        ck_assert(is_there(store, key_number(i)) == (i % 2 == 1));
    }
    store_free(store);
}
END_TEST

/* The table shrinks under the sweep, and what it joins is not missed. */
START_TEST(one_sweep_finds_all_that_has_expired) {
    enum { KEYS = 20000 };
    struct store *store = store_new();

    store_set_time(store, NOW);
    for (size_t i = 0; i < KEYS; i++)
        store_set_until(store, key_number(i), slice_of(""),
                        NOW + (i % 10 > 0 ? 1 : 2));
    store_set_time(store, NOW + 1);
    ck_assert_int_gt(store_expire_some(store, 10000000), 80);
    ck_assert_uint_eq(store_count(store), KEYS / 10);
    store_free(store);
}
END_TEST

START_TEST(the_share_that_had_expired_is_told) {
    struct store *store = store_new();

    store_set_time(store, NOW);
    for (size_t i = 0; i < 1000; i++) {
        store_set(store, key_number(i), slice_of("v"));
        store_set_expiry(store, key_number(i), NOW + (i < 250 ? 1 : 1000));
    }
    store_set_time(store, NOW + 1);
    ck_assert_int_eq(store_expire_some(store, 1000000), 25);
    ck_assert_int_eq(store_expire_some(store, 1000000), 0);
    store_free(store);
}
END_TEST

/* ---- Entries ---------------------------------------------------------- */

/* Whether the block of the request became the value's. */
static bool is_kept(struct store *store, struct buf *request,
                    struct slice value) {
    const char *block = request->data;
    struct slice got;

    store_offer(store, request);
    store_set(store, slice_of("k"), value);
    store_offer(store, NULL);
    ck_assert(store_get(store, slice_of("k"), &got));
    assert_bytes(got, value);
    ck_assert((got.data == value.data) == (request->data != block));
    ck_assert_uint_eq(request->cap > 0, request->data == block);
    return request->data != block;
}

START_TEST(only_a_large_value_at_the_end_of_a_full_buffer_is_kept) {
    static const char bytes[ENTRY_LARGE + 2] = "x";
    struct slice value = {bytes, sizeof bytes};
    struct store *store = store_new();
    struct buf request;
    struct slice came = arrived(value, &request);

    ck_assert(!is_kept(store, &request, value)); /* it is somewhere else */
    came.len -= 2;
    ck_assert(!is_kept(store, &request, came)); /* not large */
    came.len++;
    ck_assert(!is_kept(store, &request, came)); /* something is behind it */
    came.len++;
    request.tail -= 3;
    ck_assert(!is_kept(store, &request, came)); /* it ends somewhere else */
    request.tail += 3;
    ck_assert(is_kept(store, &request, came));
    ck_assert_uint_gt(store_memory(store), sizeof bytes);
    came = arrived(value, &request);
    ck_assert(is_kept(store, &request, came)); /* in place of the other */
    buf_free(&request);
    store_free(store);
}
END_TEST

START_TEST(a_buffer_that_holds_much_else_is_not_kept) {
    static const char bytes[ENTRY_LARGE + 1] = "x";
    size_t size = sizeof bytes;
    struct store *store = store_new();
    struct buf request = {.data = xmalloc(2 * size), .cap = 2 * size};

    buf_append(&request, bytes, size);
    ck_assert(!is_kept(store, &request, (struct slice){request.data, size}));
    request.cap = size + size / 5;
    ck_assert(is_kept(store, &request, (struct slice){request.data, size}));
    store_free(store);
}
END_TEST

/* What a store takes whose only key has a value of this length. */
static size_t memory_with_value(struct store *store, size_t len) {
    memset(store_resize(store, slice_of("k"), len), 'x', len);
    return store_memory(store);
}

START_TEST(a_value_keeps_its_bytes_when_it_becomes_large_or_small) {
    static const size_t lens[] = {10,
                                  ENTRY_LARGE - 1,
                                  ENTRY_LARGE,
                                  ENTRY_LARGE + 1,
                                  ENTRY_LARGE + 2,
                                  3 * ENTRY_LARGE};
    struct store *store = store_new();
    size_t from, to, i;

    for (from = 0; from < COUNT_OF(lens); from++) {
        for (to = 0; to < COUNT_OF(lens); to++) {
            size_t memory = memory_with_value(store, lens[from]);
            size_t least = lens[from] < lens[to] ? lens[from] : lens[to];
            char *bytes = store_resize(store, slice_of("k"), lens[to]);

            for (i = 0; i < lens[to]; i++) {
                check_that(bytes[i] == (i < least ? 'x' : '\0'),
                           "%zu to %zu bytes: the %zu-th", lens[from], lens[to],
                           i);
            }
            ck_assert_uint_gt(store_memory(store), lens[to]);
            ck_assert_uint_lt(store_memory(store), lens[to] + 70000);
            ck_assert_uint_eq(memory_with_value(store, lens[from]), memory);
        }
    }
    store_free(store);
}
END_TEST

/* For keys on both sides of 255 bytes, where their length gets a field. */
START_TEST(an_expiry_comes_and_goes_without_a_trace) {
    struct store *store = store_new();
    char bytes[700];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31 >> 2);
    for (size_t len = 0; len <= 600; len += len == 254 ? 1 : 2) {
        struct slice key = exact_copy((struct slice){bytes, len});

        for (size_t value_len = 0; value_len < 20; value_len++) {
            struct slice value = {bytes + 3, value_len};
            struct slice got;
            size_t memory;

            store_set(store, key, value);
            memory = store_memory(store);
            for (int64_t at = 1; at < 4; at++) {
                store_set_expiry(store, key, INT64_MAX - at);
                ck_assert_int_eq(store_expiry(store, key), INT64_MAX - at);
                ck_assert_uint_eq(store_expiring(store), 1);
                ck_assert(store_get(store, key, &got));
                assert_bytes(got, value);
                check_that(store_memory(store) <= memory + 64, /* a step */
                           "%zu and %zu bytes", len, value_len);
            }
            store_set_expiry(store, key, STORE_NO_EXPIRY);
            ck_assert_uint_eq(store_expiring(store), 0);
            ck_assert_uint_eq(store_memory(store), memory);
            ck_assert(store_get(store, key, &got));
            assert_bytes(got, value);
        }
        ck_assert(store_delete(store, key));
        exact_free(key);
    }
    store_free(store);
}
END_TEST

/* ---- Clearing --------------------------------------------------------- */

enum { CLEARED = 50000 };

static void fill(struct store *store, size_t count) {
    for (size_t i = 0; i < count; i++) {
        store_set(store, key_number(i), key_number(i));
        if (i % 2 == 0) store_set_expiry(store, key_number(i), NOW + 1);
    }
}

START_TEST(what_was_cleared_counts_until_it_is_given_back) {
    struct store *store = store_new();
    size_t empty;
    size_t before;
    int calls = 0;

    store_set_time(store, NOW);
    fill(store, 1);
    store_clear(store);
    empty = store_memory(store);
    fill(store, CLEARED);
    before = store_memory(store);
    store_clear(store);
    ck_assert_uint_eq(store_count(store), 0);
    ck_assert_uint_eq(store_expiring(store), 0);
    ck_assert(!is_there(store, key_number(7)));
    ck_assert_uint_gt(store_memory(store), before / 2);
    ck_assert(store_reclaim_some(store, 0));
    set(store, "new", "value"); /* meanwhile it can be used */
    do {
        size_t memory = store_memory(store);

        calls++;
        if (!store_reclaim_some(store, 20)) break;
        ck_assert_uint_le(store_memory(store), memory);
    } while (true);
    ck_assert_int_gt(calls, 10);
    assert_value(store, "new", "value");
    ck_assert(store_delete(store, slice_of("new")));
    store_clear(store);
    ck_assert_uint_eq(store_memory(store), empty);
    ck_assert(!store_reclaim_some(store, INT64_MAX));
    store_free(store);
}
END_TEST

START_TEST(little_is_given_back_at_once_however_often) {
    struct store *store = store_new();
    size_t memory = 0;

    store_set_time(store, NOW);
    for (int i = 0; i < 1000; i++) {
        fill(store, 100);
        store_clear(store);
        if (i == 0) memory = store_memory(store);
    }
    ck_assert_uint_eq(store_memory(store), memory);
    store_free(store);
}
END_TEST

START_TEST(while_a_log_is_replayed_all_is_given_back_at_once) {
    struct store *store = store_new();
    size_t before = store_memory(store);

    fill(store, CLEARED);
    store_clear(store);
    ck_assert_uint_le(store_memory(store), before + 200);
    store_free(store);
}
END_TEST

/* The sanitizers see what is left. */
START_TEST(a_store_takes_with_it_what_was_cleared) {
    struct store *store = store_new();

    store_set_time(store, NOW);
    for (unsigned database = 0; database < 3; database++) {
        store_select(store, database);
        fill(store, CLEARED);
    }
    store_clear_all(store);
    fill(store, CLEARED);
    store_free(store);
}
END_TEST

/* ---- Databases -------------------------------------------------------- */

START_TEST(the_last_database_with_keys_is_known) {
    struct store *store = store_new();

    ck_assert_uint_eq(store_databases(store), 0);
    set(store, "k", "v");
    store_copy(store, slice_of("k"), 7, slice_of("k"));
    ck_assert_uint_eq(store_databases(store), 8);
    store_select(store, 7);
    store_delete(store, slice_of("k"));
    ck_assert_uint_eq(store_databases(store), 1);
    store_free(store);
}
END_TEST

START_TEST(databases_know_nothing_of_each_other) {
    struct store *store = store_new();

    set(store, "k", "zero");
    store_select(store, 15);
    ck_assert_uint_eq(store_selected(store), 15);
    ck_assert(!is_there(store, slice_of("k")));
    ck_assert_uint_eq(store_count(store), 0);
    set(store, "k", "fifteen");
    store_select(store, 7);
    store_clear(store);
    ck_assert_uint_eq(store_total(store), 2);
    store_select(store, 0);
    assert_value(store, "k", "zero");
    store_clear(store);
    ck_assert_uint_eq(store_total(store), 1);
    store_select(store, 15);
    assert_value(store, "k", "fifteen");
    store_free(store);
}
END_TEST

START_TEST(a_database_that_is_only_looked_at_costs_nothing) {
    struct store *store = store_new();
    size_t before = store_memory(store);
    struct slice key;

    store_select(store, 65535);
    ck_assert(!is_there(store, slice_of("k")));
    ck_assert(!store_delete(store, slice_of("k")));
    ck_assert(!store_random_key(store, &key));
    ck_assert_uint_eq(store_scan(store, 0, NULL, NULL), 0);
    ck_assert_uint_eq(store_expiring(store), 0);
    store_clear(store);
    ck_assert_uint_eq(store_memory(store), before);
    store_free(store);
}
END_TEST

/* ---- Going through all of it ------------------------------------------ */

enum { SCAN_STAYING = 3000, SCAN_OTHERS = 30000 };

struct seen {
    unsigned char times[SCAN_STAYING];
};

/* The number in the name of one that stays: its bytes are not a string. */
static size_t number_of(struct slice key) {
    size_t number = 0;

    for (size_t i = 1; i < key.len; i++)
        number = number * 10 + (size_t)(key.data[i] - '0');
    ck_assert_uint_lt(number, SCAN_STAYING);
    return number;
}

static void note_seen(void *context, struct slice key, struct slice value) {
    struct seen *seen = context;
    unsigned char *times;

    (void)value;
    if (key.data[0] != 's') return;
    times = &seen->times[number_of(key)];
    if (*times < 255) (*times)++;
}

static struct slice staying(size_t number) {
    static char text[24];

    return (struct slice){text,
                          (size_t)snprintf(text, sizeof text, "s%zu", number)};
}

/* Grow or shrink the table, by others than those that stay. */
static void change_others(struct store *store, bool add, size_t from,
                          size_t count) {
    for (size_t i = from; i < from + count && i < SCAN_OTHERS; i++) {
        if (add) {
            store_set(store, key_number(i), slice_of(""));
        } else {
            store_delete(store, key_number(i));
        }
    }
}

/* Others come or go between the calls, at every pace. */
static void check_scan(bool grow, size_t pace) {
    struct store *store = store_new();
    struct seen seen = {{0}};
    uint64_t cursor = 0;
    size_t done = 0;

    for (size_t i = 0; i < SCAN_STAYING; i++)
        store_set(store, staying(i), slice_of(""));
    if (!grow) change_others(store, true, 0, SCAN_OTHERS);
    do {
        cursor = store_scan(store, cursor, note_seen, &seen);
        change_others(store, grow, done, pace);
        done += pace;
    } while (cursor != 0);
    for (size_t i = 0; i < SCAN_STAYING; i++) {
        check_that(seen.times[i] > 0, "pace %zu, growing %d: %zu was missed",
                   pace, grow, i);
    }
    store_free(store);
}

START_TEST(a_scan_misses_nothing_that_stays) {
    for (size_t pace = 0; pace <= 200; pace = pace * 3 + 1) {
        check_scan(true, pace);
        check_scan(false, pace);
    }
}
END_TEST

START_TEST(a_scan_of_a_table_that_rests_visits_each_key_once) {
    for (size_t keys = 0; keys < 2000; keys = keys * 2 + 1) {
        struct store *store = store_new();
        struct seen seen = {{0}};
        uint64_t cursor = 0;

        for (size_t i = 0; i < keys; i++)
            store_set(store, staying(i), slice_of(""));
        do {
            cursor = store_scan(store, cursor, note_seen, &seen);
        } while (cursor != 0);
        for (size_t i = 0; i < SCAN_STAYING; i++)
            ck_assert_int_eq(seen.times[i], i < keys);
        store_free(store);
    }
}
END_TEST

START_TEST(any_cursor_ends) {
    struct store *store = store_new();
    uint64_t chance = 7;

    for (size_t i = 0; i < 1000; i++)
        store_set(store, staying(i), slice_of(""));
    for (int i = 0; i < 100; i++) {
        struct seen seen = {{0}};
        uint64_t cursor = random_next(&chance);
        int steps = 0;

        do {
            cursor = store_scan(store, cursor, note_seen, &seen);
        } while (cursor != 0 && steps++ < 2000);
        ck_assert_int_lt(steps, 2000);
    }
    store_free(store);
}
END_TEST

START_TEST(a_scan_does_not_show_what_has_expired) {
    struct store *store = store_new();
    struct seen seen = {{0}};

    store_set_time(store, NOW);
    store_set(store, staying(0), slice_of(""));
    store_set(store, staying(1), slice_of(""));
    store_set_expiry(store, staying(1), NOW);
    ck_assert_uint_eq(store_scan(store, 0, note_seen, &seen), 0);
    ck_assert_int_eq(seen.times[0], 1);
    ck_assert_int_eq(seen.times[1], 0);
    store_free(store);
}
END_TEST

/* Chi-squared, one degree of freedom a key: 3 times as much is far off. */
START_TEST(each_key_is_about_as_likely_to_be_drawn) {
    enum { KEYS = 200, DRAWS = 100000 };
    struct store *store = store_new();
    double drawn[KEYS] = {0};
    double chi = 0;

    store_set_time(store, NOW);
    for (size_t i = 0; i < KEYS; i++)
        store_set(store, staying(i), slice_of(""));
    for (size_t i = KEYS; i < 2 * KEYS; i++) {
        store_set(store, staying(i), slice_of(""));
        store_set_expiry(store, staying(i), NOW);
    }
    for (int i = 0; i < DRAWS; i++) {
        struct slice key;

        ck_assert(store_random_key(store, &key));
        ck_assert_uint_lt(number_of(key), KEYS);
        drawn[number_of(key)]++;
    }
    for (int i = 0; i < KEYS; i++) {
        double off = drawn[i] - (double)DRAWS / KEYS;

        chi += off * off / ((double)DRAWS / KEYS);
    }
    check_that(chi < 3 * KEYS, "chi-squared is %f", chi);
    store_free(store);
}
END_TEST

START_TEST(drawing_ends_when_all_have_expired) {
    struct store *store = store_new();
    struct slice key;

    store_set_time(store, NOW);
    for (size_t i = 0; i < 500; i++) {
        store_set(store, staying(i), slice_of(""));
        store_set_expiry(store, staying(i), NOW);
    }
    ck_assert(!store_random_key(store, &key));
    ck_assert_uint_eq(store_count(store), 0);
    store_free(store);
}
END_TEST

START_TEST(one_draw_does_not_delete_all_that_have_expired) {
    enum { KEYS = 20000 };
    struct store *store = store_new();
    struct slice key;

    store_set_time(store, NOW);
    for (size_t i = 0; i < KEYS; i++)
        store_set_until(store, key_number(i), slice_of(""), NOW);
    ck_assert(store_random_key(store, &key));
    ck_assert_uint_ge(store_count(store), KEYS - 1000);
    store_free(store);
}
END_TEST

/* ---- Looking on ------------------------------------------------------- */

struct told {
    char text[512];
};

static void tell(struct told *told, const char *what, unsigned database,
                 struct slice key) {
    size_t len = strlen(told->text);

    snprintf(told->text + len, sizeof told->text - len, "%s %u %.*s;", what,
             database, (int)key.len, key.data);
}

static void tell_changed(void *context, unsigned database, uint64_t hash,
                         struct slice key) {
    (void)hash;
    tell(context, "changed", database, key);
}

static void tell_expired(void *context, struct slice key) {
    tell(context, "expired", 0, key);
}

static void tell_clearing(void *context, unsigned database) {
    tell(context, "clearing", database, slice_of(""));
}

START_TEST(a_listener_is_told_of_each_change_once) {
    struct store *store = store_new();
    struct told told = {""};
    struct store_listener listener = {&told, tell_changed, tell_expired,
                                      tell_clearing};

    store_set_time(store, NOW);
    store_listen(store, &listener);
    set(store, "a", "1");
    set(store, "a", "2");
    store_resize(store, slice_of("a"), 3);
    store_get(store, slice_of("a"), NULL);
    store_copy(store, slice_of("a"), 2, slice_of("b"));
    store_set_expiry(store, slice_of("a"), NOW + 1);
    store_delete(store, slice_of("none"));
    ck_assert_str_eq(told.text, "changed 0 a;changed 0 a;changed 0 a;"
                                "changed 2 b;changed 0 a;");
    told.text[0] = '\0';
    store_set_time(store, NOW + 1);
    store_get(store, slice_of("a"), NULL);
    store_get(store, slice_of("a"), NULL);
    store_clear(store);
    store_clear_all(store);
    ck_assert_str_eq(told.text,
                     "expired 0 a;changed 0 a;clearing 0 ;clearing 2 ;");
    store_listen(store, NULL);
    set(store, "a", "1");
    store_free(store);
}
END_TEST

START_TEST(a_peek_leaves_no_trace) {
    struct store *store = store_new();
    struct slice value;

    store_set_time(store, NOW);
    set(store, "k", "v");
    store_set_time(store, NOW + 5000);
    ck_assert(store_peek(store, slice_of("k"), &value));
    ck_assert(store_peek(store, slice_of("k"), NULL));
    ck_assert(!store_peek(store, slice_of("none"), NULL));
    ck_assert_int_eq(store_idle_seconds(store, slice_of("k")), 5);
    ck_assert_uint_eq(store_figures(store)->hits, 0);
    ck_assert_uint_eq(store_figures(store)->misses, 0);
    ck_assert(store_get(store, slice_of("k"), &value));
    ck_assert(!store_get(store, slice_of("none"), &value));
    ck_assert_int_eq(store_idle_seconds(store, slice_of("k")), 0);
    ck_assert_uint_eq(store_figures(store)->hits, 1);
    ck_assert_uint_eq(store_figures(store)->misses, 1);
    store_free(store);
}
END_TEST

START_TEST(a_look_at_a_shared_store_writes_nothing) {
    struct store *store = store_new();
    struct slice value;

    store_set_time(store, NOW);
    set(store, "k", "v");
    store_set_time(store, NOW + 5000);
    store_share(store, true);
    ck_assert(store_get(store, slice_of("k"), &value));
    ck_assert_int_eq(store_idle_seconds(store, slice_of("k")), 5);
    set(store, "k", "w");
    ck_assert_int_eq(store_idle_seconds(store, slice_of("k")), 0);
    store_set_time(store, NOW + 7000);
    store_share(store, false);
    ck_assert(store_get(store, slice_of("k"), &value));
    ck_assert_int_eq(store_idle_seconds(store, slice_of("k")), 0);
    store_free(store);
}
END_TEST

Suite *keyspace_suite(void) {
    const TTest *const tests[] = {
        a_random_life_agrees_with_a_model,
        a_key_is_gone_at_its_time_and_not_before,
        without_a_time_nothing_expires,
        setting_a_key_lets_it_live_for_ever,
        what_has_expired_is_found_although_nobody_looks,
        one_sweep_finds_all_that_has_expired,
        the_share_that_had_expired_is_told,
        only_a_large_value_at_the_end_of_a_full_buffer_is_kept,
        a_buffer_that_holds_much_else_is_not_kept,
        a_value_keeps_its_bytes_when_it_becomes_large_or_small,
        an_expiry_comes_and_goes_without_a_trace,
        what_was_cleared_counts_until_it_is_given_back,
        little_is_given_back_at_once_however_often,
        while_a_log_is_replayed_all_is_given_back_at_once,
        a_store_takes_with_it_what_was_cleared,
        the_last_database_with_keys_is_known,
        databases_know_nothing_of_each_other,
        a_database_that_is_only_looked_at_costs_nothing,
        a_scan_misses_nothing_that_stays,
        a_scan_of_a_table_that_rests_visits_each_key_once,
        any_cursor_ends,
        a_scan_does_not_show_what_has_expired,
        each_key_is_about_as_likely_to_be_drawn,
        drawing_ends_when_all_have_expired,
        one_draw_does_not_delete_all_that_have_expired,
        a_listener_is_told_of_each_change_once,
        a_peek_leaves_no_trace,
        a_look_at_a_shared_store_writes_nothing,
    };

    return suite_of("keyspace", tests, COUNT_OF(tests));
}
