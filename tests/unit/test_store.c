/* test_store.c -- the keyspace, against a model too simple to be wrong.
 *
 * A table that grows one bucket at a time has its faults at the seams: where a
 * bucket is split or joined, where a chain begins or ends. Honest hashes reach
 * the rare ones rarely. So the linker puts a hash of ours in front of the real
 * one: it counts how often the store asks, and answers as a test wants.
 *
 * LDFLAGS: -Wl,--wrap=siphash
 */
#include "store.h"

#include "slab.h"

#include "helpers.h"
#include "siphash.h"
#include "suites.h"

#include <stdatomic.h>
#include <stdint.h>
#if defined(__GLIBC__)
#endif

/* ---- The hash --------------------------------------------------------- */

typedef uint64_t hash_fn(struct slice key);

/* Check hands a test no argument, and the linker none to a wrapper: so this is
 * global. Each test is a process, which starts with it as it stands here. */
static hash_fn *chosen_hash; /* NULL: the real one */
static struct siphash_seed seen_seed;
static atomic_size_t hashes;

uint64_t __real_siphash(const struct siphash_seed *seed, struct slice bytes,
                        int c, int d);
uint64_t __wrap_siphash(const struct siphash_seed *seed, struct slice bytes,
                        int c, int d);

uint64_t __wrap_siphash(const struct siphash_seed *seed, struct slice bytes,
                        int c, int d) {
    atomic_fetch_add(&hashes, 1);
    if (chosen_hash == NULL) return __real_siphash(seed, bytes, c, d);
    seen_seed = *seed;
    return chosen_hash(bytes);
}

/* ---- Asking the store ------------------------------------------------- */

/* Set through copies of just the right size that are gone afterwards. */
static void set(struct store *store, struct slice key, struct slice value) {
    struct slice key_copy = exact_copy(key);
    struct slice value_copy = exact_copy(value);

    store_set(store, key_copy, value_copy);
    exact_free(key_copy);
    exact_free(value_copy);
}

static bool forget(struct store *store, struct slice key) {
    struct slice copy = exact_copy(key);
    bool was_there = store_delete(store, copy);

    exact_free(copy);
    return was_there;
}

static bool has(struct store *store, struct slice key, struct slice value) {
    struct slice copy = exact_copy(key);
    struct slice got;
    bool is_there = store_get(store, copy, &got);

    exact_free(copy);
    return is_there && same_bytes(got, value);
}

static bool lacks(struct store *store, struct slice key) {
    struct slice untouched = {"x", 1};
    struct slice got = untouched;

    return !store_get(store, key, &got) && got.data == untouched.data &&
           got.len == untouched.len;
}

/* A number as a key or a value: its bytes as they lie in memory. */
static struct slice number(const uint32_t *n) {
    return (struct slice){(const char *)n, sizeof *n};
}

static void set_number(struct store *store, uint32_t key, uint32_t value) {
    store_set(store, number(&key), number(&value));
}

static bool has_number(struct store *store, uint32_t key, uint32_t value) {
    struct slice got;

    return store_get(store, number(&key), &got) &&
           same_bytes(got, number(&value));
}

static bool lacks_number(struct store *store, uint32_t key) {
    return !store_get(store, number(&key), NULL);
}

static bool delete_number(struct store *store, uint32_t key) {
    return store_delete(store, number(&key));
}

/* ---- One key ---------------------------------------------------------- */

START_TEST(a_new_store_is_empty) {
    struct store *store = store_new();

    ck_assert_uint_eq(store_count(store), 0);
    ck_assert(lacks(store, BYTES("key")));
    ck_assert(lacks(store, BYTES("")));
    ck_assert(!forget(store, BYTES("key")));
    store_free(store);
}
END_TEST

START_TEST(a_key_can_be_asked_for_without_its_value) {
    struct store *store = store_new();

    set(store, BYTES("key"), BYTES("value"));
    ck_assert(store_get(store, BYTES("key"), NULL));
    ck_assert(!store_get(store, BYTES("yek"), NULL));
    store_free(store);
}
END_TEST

START_TEST(the_empty_key_is_a_key_like_any_other) {
    struct store *store = store_new();

    set(store, BYTES("\0"), BYTES("one NUL"));
    ck_assert(lacks(store, BYTES("")));
    store_set(store, (struct slice){NULL, 0}, BYTES("nothing"));
    ck_assert(has(store, BYTES(""), BYTES("nothing")));
    ck_assert(has(store, BYTES("\0"), BYTES("one NUL")));
    ck_assert_uint_eq(store_count(store), 2);
    ck_assert(store_delete(store, (struct slice){NULL, 0}));
    ck_assert(lacks(store, BYTES("")));
    store_free(store);
}
END_TEST

START_TEST(an_empty_value_is_not_a_missing_one) {
    struct store *store = store_new();

    store_set(store, BYTES("key"), (struct slice){NULL, 0});
    ck_assert(has(store, BYTES("key"), BYTES("")));
    set(store, BYTES(""), BYTES(""));
    ck_assert(has(store, BYTES(""), BYTES("")));
    ck_assert_uint_eq(store_count(store), 2);
    store_free(store);
}
END_TEST

/* From each length to each other: longer, shorter, the same, from and to none;
 * on both sides of what an allocator rounds up to. */
START_TEST(a_value_can_be_replaced_by_one_of_any_length) {
    struct store *store = store_new();
    char bytes[80];

    for (size_t from = 0; from <= 70; from++) {
        for (size_t to = 0; to <= 70; to++) {
            struct slice key = {"key\0\r\n", to % 7};

            memset(bytes, 'f', sizeof bytes);
            set(store, key, (struct slice){bytes, from});
            memset(bytes, 't', sizeof bytes);
            set(store, key, (struct slice){bytes, to});
            check_that(has(store, key, (struct slice){bytes, to}),
                       "from %zu bytes to %zu", from, to);
        }
    }
    ck_assert_uint_eq(store_count(store), 7);
    store_free(store);
}
END_TEST

START_TEST(keys_and_values_hold_any_byte) {
    struct store *store = store_new();

    for (int key = 0; key < 256; key++) {
        char bytes[2] = {(char)key, (char)(255 - key)};

        set(store, (struct slice){bytes, 1}, (struct slice){bytes, 2});
    }
    for (int key = 0; key < 256; key++) {
        char bytes[2] = {(char)key, (char)(255 - key)};

        check_that(
            has(store, (struct slice){bytes, 1}, (struct slice){bytes, 2}),
            "the key 0x%02x", (unsigned)key);
    }
    ck_assert_uint_eq(store_count(store), 256);
    store_free(store);
}
END_TEST

START_TEST(large_keys_and_values_are_kept_whole) {
    struct store *store = store_new();
    size_t mib = 1024 * 1024;
    char *large = xmalloc(mib);

    for (size_t i = 0; i < mib; i++)
        large[i] = (char)(i * 7 >> 3);
    set(store, BYTES("a"), (struct slice){large, mib});
    set(store, (struct slice){large, mib}, BYTES("small"));
    set(store, (struct slice){large, mib - 1}, (struct slice){large, 1});
    ck_assert(has(store, BYTES("a"), (struct slice){large, mib}));
    ck_assert(has(store, (struct slice){large, mib}, BYTES("small")));
    ck_assert(
        has(store, (struct slice){large, mib - 1}, (struct slice){large, 1}));
    free(large);
    store_free(store);
}
END_TEST

START_TEST(a_value_stays_where_it_is_until_the_next_change) {
    struct store *store = store_new();
    struct slice borrowed;

    for (uint32_t key = 0; key < 1000; key++)
        set_number(store, key, ~key);
    set(store, BYTES("key"), BYTES("value"));
    ck_assert(store_get(store, BYTES("key"), &borrowed));
    for (uint32_t key = 0; key < 2000; key++) {
        struct slice other;

        check_that(store_get(store, number(&key), &other) == (key < 1000),
                   "key %u", key);
    }
    ck_assert_uint_eq(store_count(store), 1001);
    assert_bytes(borrowed, BYTES("value"));
    store_free(store);
}
END_TEST

START_TEST(two_stores_know_nothing_of_each_other) {
    struct store *one = store_new();
    struct store *two = store_new();

    set(one, BYTES("key"), BYTES("of one"));
    ck_assert(lacks(two, BYTES("key")));
    set(two, BYTES("key"), BYTES("of two"));
    ck_assert(has(one, BYTES("key"), BYTES("of one")));
    store_free(one);
    ck_assert(has(two, BYTES("key"), BYTES("of two")));
    store_free(two);
}
END_TEST

/* ---- Clearing --------------------------------------------------------- */

START_TEST(a_cleared_store_forgets_all_and_can_be_used) {
    struct store *store = store_new();

    store_clear(store); /* empty already */
    for (uint32_t size = 1; size <= 20000; size *= 5) {
        for (uint32_t key = 0; key < size; key++)
            set_number(store, key, size);
        ck_assert_uint_eq(store_count(store), size);
        store_clear(store);
        ck_assert_uint_eq(store_count(store), 0);
        for (uint32_t key = 0; key < size; key++) {
            check_that(lacks_number(store, key), "key %u of %u is left", key,
                       size);
        }
    }
    set(store, BYTES("key"), BYTES("value"));
    ck_assert(has(store, BYTES("key"), BYTES("value")));
    store_free(store);
}
END_TEST

/* ---- The model -------------------------------------------------------- */

#define MODEL_KEYS 3000
#define MODEL_OPS  60000

struct model {
    struct slice values[MODEL_KEYS]; /* owned; of a missing key: data is NULL */
    size_t count;
    struct store *store;
    uint64_t seed;  /* it started from this... */
    uint64_t state; /* ...and stands here */
    long op;
};

/* Keys that are easily mixed up: 64 that consist of NULs and differ in nothing
 * but how many, and others that begin with two bytes of their own. */
static struct slice model_key(size_t i, char room[64]) {
    memset(room, 0, 64);
    if (i < 64) return (struct slice){room, i};
    room[0] = (char)i;
    room[1] = (char)(i >> 8);
    return (struct slice){room, 2 + i % 19};
}

static void model_check(const struct model *model, size_t i) {
    char room[64];
    struct slice key = model_key(i, room);
    struct slice want = model->values[i];

    check_that(want.data != NULL ? has(model->store, key, want)
                                 : lacks(model->store, key),
               "key %zu is wrong after op %ld of seed %llu", i, model->op,
               (unsigned long long)model->seed);
}

static void model_check_all(const struct model *model) {
    check_that(store_count(model->store) == model->count,
               "%zu keys, not %zu, after op %ld of seed %llu",
               store_count(model->store), model->count, model->op,
               (unsigned long long)model->seed);
    for (size_t i = 0; i < MODEL_KEYS; i++)
        model_check(model, i);
}

static void model_forget(struct model *model, size_t i) {
    if (model->values[i].data == NULL) return;
    free((char *)model->values[i].data);
    model->values[i].data = NULL;
    model->count--;
}

static size_t random_len(struct model *model, size_t i) {
    switch (random_below(&model->state, 8)) {
    case 0: return 0;
    case 1: return model->values[i].len; /* the same again */
    case 2: return random_below(&model->state, 3000);
    case 3:
        if (random_below(&model->state, 1000) == 0) return 1024 * 1024;
        return 1;
    default: return random_below(&model->state, 40);
    }
}

static void model_set(struct model *model, size_t i) {
    char room[64];
    size_t len = random_len(model, i);
    char *bytes = xmalloc(len + 1); /* never NULL, and exact but for that */
    uint64_t fill = random_next(&model->state);

    for (size_t at = 0; at < len; at++)
        bytes[at] = (char)(fill >> at % 56);
    model_forget(model, i);
    model->values[i] = (struct slice){bytes, len};
    model->count++;
    set(model->store, model_key(i, room), model->values[i]);
}

static void model_delete(struct model *model, size_t i) {
    char room[64];
    bool was_there = model->values[i].data != NULL;

    check_that(forget(model->store, model_key(i, room)) == was_there,
               "deleting key %zu, op %ld of seed %llu", i, model->op,
               (unsigned long long)model->seed);
    model_forget(model, i);
}

/* Tides: it fills up, is emptied, fills up ... Each turn of the tide passes all
 * sizes between. */
static void model_step(struct model *model) {
    size_t i = random_below(&model->state, MODEL_KEYS);
    size_t dice = random_below(&model->state, 100);
    bool rising = model->op / 10000 % 2 == 0;

    if (dice < (rising ? 75 : 10)) {
        model_set(model, i);
    } else if (dice < 95) {
        model_delete(model, i);
    }
    model_check(model, i);
    model_check(model, random_below(&model->state, MODEL_KEYS));
}

START_TEST(a_random_life_is_that_of_the_model) {
    static struct model model;
    static const uint64_t seeds[] = {1, 20121130, 0x9e3779b97f4a7c15, 77};

    model.store = store_new();
    model.seed = model.state = seeds[_i];
    for (model.op = 1; model.op <= MODEL_OPS; model.op++) {
        model_step(&model);
        if (model.op % 2500 == 0) model_check_all(&model);
    }
    for (size_t i = 0; i < MODEL_KEYS; i++)
        model_delete(&model, i);
    model_check_all(&model);
    store_free(model.store);
}
END_TEST

/* ---- Growing and shrinking -------------------------------------------- */

#define MILLION (1000000 / STRIDE)

/* The numbers below a million, in an order without order: 7919 has no divisor
 * in common with it. */
static uint32_t nth_key(uint32_t n) {
    return (uint32_t)((uint64_t)n * 7919 % MILLION);
}

/* Whether 'n' or a neighbour of it is a power of two: where a table that
 * doubles has its seams. The same times five, while it is cheap: where this
 * one has. */
static bool is_seam(uint32_t n) {
    for (uint32_t m = n - 1; m != n + 2; m++) {
        if ((m & (m - 1)) == 0) return true;
        if (n < 30000 && m % 5 == 0 && (m / 5 & (m / 5 - 1)) == 0) return true;
    }
    return false;
}

/* The store holds the keys from the first-th to the end-th, no others. */
static void check_range(struct store *store, uint32_t first, uint32_t end) {
    check_that(store_count(store) == end - first, "%zu keys, not %u",
               store_count(store), end - first);
    for (uint32_t n = first; n < end; n++) {
        check_that(has_number(store, nth_key(n), n), "of %u keys, no. %u",
                   end - first, n);
    }
    for (uint32_t n = first > 100 ? first - 100 : 0; n < first; n++) {
        check_that(lacks_number(store, nth_key(n)), "no. %u is left", n);
    }
    for (uint32_t n = end; n < end + 100 && n < MILLION; n++) {
        check_that(lacks_number(store, nth_key(n)), "no. %u is there", n);
    }
}

START_TEST(a_million_keys_come_and_go) {
    struct store *store = store_new();

    for (uint32_t n = 0; n < MILLION; n++) {
        set_number(store, nth_key(n), n);
        check_that(has_number(store, nth_key(n / 2), n / 2), "no. %u of %u",
                   n / 2, n);
        if (is_seam(n + 1)) check_range(store, 0, n + 1);
    }
    check_range(store, 0, MILLION);
    for (uint32_t n = 0; n < MILLION; n++) {
        uint32_t other = n + 1 + (MILLION - n - 1) / 2;

        check_that(delete_number(store, nth_key(n)), "no. %u", n);
        check_that(other >= MILLION || has_number(store, nth_key(other), other),
                   "no. %u after no. %u went", other, n);
        if (is_seam(MILLION - n - 1)) check_range(store, n + 1, MILLION);
    }
    ck_assert_uint_eq(store_count(store), 0);
    store_free(store);
}
END_TEST

START_TEST(at_each_small_size_each_key_is_found) {
    struct store *store = store_new();

    for (uint32_t end = 1; end <= 1500; end++) {
        set_number(store, nth_key(end - 1), end - 1);
        if (end % STRIDE == 0) check_range(store, 0, end);
    }
    for (uint32_t first = 1; first <= 1500; first++) {
        check_that(delete_number(store, nth_key(first - 1)), "no. %u", first);
        if (first % STRIDE == 0) check_range(store, first, 1500);
    }
    store_free(store);
}
END_TEST

/* At a seam of its own, a table that splits and joins at the same count would
 * do both for ever; and be wrong once it did one of them wrong. */
START_TEST(to_and_fro_over_each_size_is_harmless) {
    struct store *store = store_new();

    for (uint32_t end = 1; end <= 1100; end++) {
        for (int i = 0; i < 3; i++) {
            set_number(store, end, end);
            check_that(delete_number(store, end), "key %u", end);
            check_that(lacks_number(store, end), "key %u", end);
        }
        set_number(store, end, end);
    }
    for (uint32_t key = 1; key <= 1100; key++) {
        check_that(has_number(store, key, key), "key %u", key);
    }
    store_free(store);
}
END_TEST

/* A sanitizer has memory of its own beside each byte, which does not come back
 * with it. */
#if defined(__SANITIZE_THREAD__)
#define IS_WATCHED true
#elif defined(__has_feature)
#define IS_WATCHED (SLAB_BLOCK_MAX == 0 || __has_feature(thread_sanitizer))
#else
#define IS_WATCHED (SLAB_BLOCK_MAX == 0)
#endif

/* Bytes of memory that this process takes of the machine. Under a sanitizer, or
 * where there is no /proc, it is not asked: the leak check counts instead. */
static size_t bytes_resident(void) {
    unsigned long all, resident = 0;
    FILE *file = IS_WATCHED ? NULL : fopen("/proc/self/statm", "r");

    if (file == NULL) return 0;
    if (fscanf(file, "%lu %lu", &all, &resident) != 2) resident = 0;
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST(memory_comes_back_when_keys_go) {
    struct store *store = store_new();
    size_t before = bytes_resident();

    for (int round = 0; round < 2; round++) {
        for (uint32_t key = 0; key < 1000000; key++)
            set_number(store, key, key);
        check_that(before == 0 || bytes_resident() > before + 32 * 1024 * 1024,
                   "%zu bytes hold it all?", bytes_resident() - before);
        if (round == 0) {
            for (uint32_t key = 0; key < 1000000; key++)
                check_that(delete_number(store, key), "key %u", key);
        } else {
            store_clear(store);
        }
        while (store_reclaim_some(store, 1000)) {
        }
        /* But for some slabs, the rest of an arena, and one that is ready. */
        check_that(bytes_resident() <= before + 9 * 1024 * 1024,
                   "%zu bytes are left, by %s", bytes_resident() - before,
                   round == 0 ? "deleting" : "clearing");
    }
    store_free(store);
}
END_TEST

/* ---- No operation does much ------------------------------------------- */

/* To move an entry, its key is hashed again. One bucket is split or joined at
 * a time, so a change moves what was in one bucket: about ten entries; that 64
 * ever meet in one does not happen. A table that doubles moves all of them. */
#define ONE_BUCKET 64

static size_t hashes_since(size_t *before) {
    size_t count = atomic_load(&hashes) - *before;

    *before += count;
    return count;
}

START_TEST(each_change_moves_one_bucket_at_most) {
    struct store *store = store_new();
    size_t before = atomic_load(&hashes);

    for (uint32_t key = 0; key < 200000; key++) {
        set_number(store, key, key);
        check_that(hashes_since(&before) <= 1 + ONE_BUCKET,
                   "adding key %u moved more than a bucket", key);
    }
    for (uint32_t key = 0; key < 200000; key++) {
        delete_number(store, key);
        check_that(hashes_since(&before) <= 1 + ONE_BUCKET,
                   "deleting key %u moved more than a bucket", key);
    }
    store_free(store);
}
END_TEST

START_TEST(a_lookup_takes_one_hash) {
    struct store *store = store_new();
    size_t before;

    for (uint32_t key = 0; key < 1000; key++)
        set_number(store, key, key);
    before = atomic_load(&hashes);
    for (uint32_t key = 0; key < 2000; key++) {
        lacks_number(store, key);
        check_that(hashes_since(&before) == 1, "key %u", key);
    }
    for (uint32_t key = 0; key < 1000; key++) { /* replaced: nothing moves */
        set_number(store, key, key + 1);
        check_that(hashes_since(&before) == 1, "key %u", key);
    }
    store_free(store);
}
END_TEST

/* ---- Chosen hashes ---------------------------------------------------- */

static uint32_t key_number(struct slice key) {
    uint32_t n = 0;

    check_that(key.len <= sizeof n, "a key of %zu bytes", key.len);
    memcpy(&n, key.data, key.len);
    return n;
}

static uint64_t all_zero(struct slice key) {
    (void)key;
    return 0;
}

static uint64_t all_ones(struct slice key) {
    (void)key;
    return UINT64_MAX;
}

/* One bucket, and all tags that there are. */
static uint64_t one_bucket(struct slice key) {
    return (uint64_t)key_number(key) << 56 | 0x2a;
}

/* Many buckets, and one tag: what tells keys apart is their bytes. */
static uint64_t one_tag(struct slice key) {
    return (uint64_t)key_number(key) * 0x9e3779b1 & 0xffffffff;
}

/* Only the highest bits that an index may use differ. */
static uint64_t high_bits(struct slice key) {
    return (uint64_t)key_number(key) << 12;
}

static uint64_t in_order(struct slice key) {
    return key_number(key);
}

static const struct {
    const char *name;
    hash_fn *hash;
} choices[] = {
    {"all hashes are 0", all_zero},
    {"all bits of all hashes are set", all_ones},
    {"all keys fall into one bucket", one_bucket},
    {"all keys have one tag", one_tag},
    {"the low bits are 0", high_bits},
    {"keys fall into buckets in order", in_order},
};

/* Each key of each chain can go, and come back: the first, the last, the one
 * that begins a further bucket, the one that ends it. */
START_TEST(each_key_of_each_chain_can_go_and_come_back) {
    struct store *store = store_new();

    chosen_hash = choices[_i].hash;
    for (uint32_t size = 1; size <= 45; size++) {
        set_number(store, size - 1, size - 1);
        for (uint32_t gone = 0; gone < size; gone++) {
            check_that(delete_number(store, gone), "key %u", gone);
            for (uint32_t key = 0; key < size; key++) {
                check_that(key == gone ? lacks_number(store, key)
                                       : has_number(store, key, key),
                           "%s: of %u keys, no. %u after no. %u went",
                           choices[_i].name, size, key, gone);
            }
            set_number(store, gone, gone);
        }
    }
    store_free(store);
    chosen_hash = NULL;
}
END_TEST

/* With one hash for all, nothing but their bytes tells keys apart; and these
 * have the same bytes, more or fewer of them. */
START_TEST(keys_that_begin_alike_are_different_keys) {
    static const char zeros[100];
    struct store *store = store_new();

    chosen_hash = all_zero;
    for (size_t len = 0; len < sizeof zeros; len++) {
        check_that(lacks(store, (struct slice){zeros, len}), "%zu bytes", len);
        set(store, (struct slice){zeros, len}, (struct slice){zeros, len % 9});
    }
    for (size_t len = sizeof zeros; len-- > 0;) {
        check_that(has(store, (struct slice){zeros, len},
                       (struct slice){zeros, len % 9}),
                   "%zu bytes", len);
        check_that(forget(store, (struct slice){zeros, len}), "%zu bytes", len);
        check_that(lacks(store, (struct slice){zeros, len}), "%zu bytes", len);
    }
    store_free(store);
    chosen_hash = NULL;
}
END_TEST

enum order { FORWARDS, BACKWARDS, SHUFFLED, ORDERS };

static uint32_t in_this_order(enum order order, uint32_t n, uint32_t size) {
    switch (order) {
    case FORWARDS: return n;
    case BACKWARDS: return size - 1 - n;
    default: return (uint32_t)((uint64_t)n * 7919 % size);
    }
}

/* After each tenth of the deletions, all is looked at. */
static void fill_and_empty(const char *name, enum order order, uint32_t size) {
    struct store *store = store_new();

    for (uint32_t key = 0; key < size; key++)
        set_number(store, key, key);
    for (uint32_t n = 0; n < size; n++) {
        check_that(delete_number(store, in_this_order(order, n, size)),
                   "%s: deletion %u, order %d", name, n, (int)order);
        if ((n + 1) % (size / 10) != 0) continue;
        for (uint32_t m = 0; m < size; m++) {
            uint32_t key = in_this_order(order, m, size);

            check_that(m <= n ? lacks_number(store, key)
                              : has_number(store, key, key),
                       "%s: key %u after %u deletions, order %d", name, key,
                       n + 1, (int)order);
        }
    }
    ck_assert_uint_eq(store_count(store), 0);
    store_free(store);
}

START_TEST(whatever_the_hashes_keys_go_in_any_order) {
    chosen_hash = choices[_i].hash;
    for (int order = 0; order < ORDERS; order++) {
        fill_and_empty(choices[_i].name, (enum order)order, 1000 / STRIDE);
    }
    chosen_hash = NULL;
}
END_TEST

START_TEST(ten_thousand_keys_in_one_bucket_are_slow_and_right) {
    struct store *store = store_new();
    uint32_t size = 10000 / STRIDE;

    chosen_hash = all_ones;
    for (uint32_t key = 0; key < size; key++)
        set_number(store, key, ~key);
    for (uint32_t key = 0; key < size; key++) {
        check_that(has_number(store, key, ~key), "key %u", key);
    }
    ck_assert(lacks_number(store, size));
    /* Every other one, then the rest. */
    for (uint32_t first = 0; first < 2; first++) {
        for (uint32_t key = first; key < size; key += 2) {
            check_that(delete_number(store, key), "key %u", key);
        }
        for (uint32_t key = 0; key < size && first == 0; key++) {
            check_that(key % 2 == 0 ? lacks_number(store, key)
                                    : has_number(store, key, ~key),
                       "key %u, after the even ones have gone", key);
        }
    }
    ck_assert_uint_eq(store_count(store), 0);
    store_free(store);
    chosen_hash = NULL;
}
END_TEST

START_TEST(long_chains_are_given_back_with_the_store) {
    for (int i = 0; i < (int)COUNT_OF(choices); i++) {
        struct store *store = store_new();

        chosen_hash = choices[i].hash;
        for (uint32_t key = 0; key < 500; key++)
            set_number(store, key, key);
        store_clear(store);
        check_that(lacks_number(store, 7), "%s", choices[i].name);
        for (uint32_t key = 0; key < 500; key++)
            set_number(store, key, key);
        store_free(store); /* the sanitizer sees what is left */
    }
    chosen_hash = NULL;
}
END_TEST

START_TEST(each_store_hashes_with_a_seed_of_its_own) {
    struct siphash_seed seeds[8];

    chosen_hash = all_zero;
    for (size_t i = 0; i < COUNT_OF(seeds); i++) {
        struct store *store = store_new();

        lacks(store, BYTES("key"));
        seeds[i] = seen_seed;
        store_free(store);
        for (size_t j = 0; j < i; j++) {
            check_that(seeds[i].k0 != seeds[j].k0 && seeds[i].k1 != seeds[j].k1,
                       "stores %zu and %zu", j, i);
        }
    }
    chosen_hash = NULL;
}
END_TEST

Suite *store_suite(void) {
    const TTest *const tests[] = {
        a_new_store_is_empty,
        a_key_can_be_asked_for_without_its_value,
        the_empty_key_is_a_key_like_any_other,
        an_empty_value_is_not_a_missing_one,
        a_value_can_be_replaced_by_one_of_any_length,
        keys_and_values_hold_any_byte,
        large_keys_and_values_are_kept_whole,
        a_value_stays_where_it_is_until_the_next_change,
        two_stores_know_nothing_of_each_other,
        a_cleared_store_forgets_all_and_can_be_used,
        at_each_small_size_each_key_is_found,
        to_and_fro_over_each_size_is_harmless,
        memory_comes_back_when_keys_go,
        each_change_moves_one_bucket_at_most,
        a_lookup_takes_one_hash,
        keys_that_begin_alike_are_different_keys,
        long_chains_are_given_back_with_the_store,
        each_store_hashes_with_a_seed_of_its_own,
    };
    Suite *suite = suite_of("store", tests, COUNT_OF(tests));
    TCase *loops = tcase_create("store: loops");
    TCase *slow = tcase_create("store: slow");

    tcase_set_timeout(loops, TEST_SECONDS);
    tcase_set_timeout(slow, 3 * TEST_SECONDS); /* sanitizers take theirs */
    tcase_add_test(slow, a_million_keys_come_and_go);
    tcase_add_test(slow, ten_thousand_keys_in_one_bucket_are_slow_and_right);
    tcase_add_loop_test(loops, a_random_life_is_that_of_the_model, 0, 4);
    tcase_add_loop_test(loops, each_key_of_each_chain_can_go_and_come_back, 0,
                        COUNT_OF(choices));
    tcase_add_loop_test(loops, whatever_the_hashes_keys_go_in_any_order, 0,
                        COUNT_OF(choices));
    suite_add_tcase(suite, loops);
    suite_add_tcase(suite, slow);
    return suite;
}
