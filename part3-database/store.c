/* store.c -- the keyspace: a hash table that grows one bucket at a time.
 *
 * A table that doubles has to move all its entries some day; done at once, it
 * makes one unlucky client wait. This one uses linear hashing (Litwin, "Linear
 * hashing: a new tool for file and table addressing", 1980): it always has
 * just as many buckets as it needs. When it gets too full, it adds one bucket
 * at its end, and moves there about half the entries of one other: bucket i is
 * split into i and i + N, for i = 0, 1, 2 ... When i reaches N, all are split,
 * N doubles, and i starts again from 0. There is never a second table, nor a
 * moment at which much has to be done; shrinking is the same, backwards.
 *
 * A bucket is one cache line, so a lookup costs little more than two misses:
 * the bucket, and the entry itself. Buckets lie in segments of a fixed size, so
 * that adding one never moves the others. */
#include "store.h"

#include "siphash.h"
#include "util.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS        7    /* entries of a bucket: what fits a cache line */
#define CACHE_LINE   64   /* bytes */
#define SEGMENT      1024 /* buckets of a segment: 64 KiB */
#define ENTRIES_HIGH 5    /* entries a bucket, on average: split above... */
#define ENTRIES_LOW  2    /* ...and join below; apart, lest one key do both */

/* A key and its value in one allocation: no pointer to follow, none to pay. */
struct entry {
    uint32_t key_len;
    uint32_t value_len;
    char bytes[]; /* the key, then the value */
};

/* The slots in use come first; the tags of the others are 0. A tag is a byte of
 * the entry's hash: most keys that differ are told apart without touching them.
 * If there are more than SLOTS entries, the last slot leads to a further
 * bucket instead; those in front of it are then full. */
struct bucket {
    _Alignas(CACHE_LINE) uint8_t tags[SLOTS];
    bool has_next;
    union {
        struct entry *entry;
        struct bucket *next;
    } slots[SLOTS];
};

struct store {
    struct siphash_seed seed;
    size_t count;   /* entries */
    size_t buckets; /* at least 1 */
    size_t round;   /* N: a power of two, round <= buckets < 2 * round */
    struct bucket **segments;
    size_t segments_cap;
};

/* ---- Buckets ---------------------------------------------------------- */

static struct bucket *bucket_at(const struct store *store, size_t index) {
    return &store->segments[index / SEGMENT][index % SEGMENT];
}

/* Which bucket a hash belongs to: those that are split already are told apart
 * by one bit more. */
static struct bucket *bucket_of(const struct store *store, uint64_t hash) {
    size_t index = (size_t)hash & (2 * store->round - 1);

    if (index >= store->buckets) index -= store->round;
    return bucket_at(store, index);
}

static uint8_t tag_of(uint64_t hash) {
    uint8_t tag = (uint8_t)(hash >> 56); /* bits that no index uses */

    return tag != 0 ? tag : 1;
}

static struct bucket *bucket_new(size_t count) {
    return xaligned_alloc(CACHE_LINE, count * sizeof(struct bucket));
}

static int slots_used(const struct bucket *bucket) {
    int used = 0;

    while (used < SLOTS && bucket->tags[used] != 0)
        used++;
    return used;
}

/* Hang another bucket behind a full one; its last slot has to lead there, so
 * the entry in it moves. Returns the new one. */
static struct bucket *bucket_extend(struct bucket *bucket) {
    struct bucket *next = bucket_new(1);

    *next = (struct bucket){.tags = {bucket->tags[SLOTS - 1]},
                            .slots = {bucket->slots[SLOTS - 1]}};
    bucket->tags[SLOTS - 1] = 0;
    bucket->slots[SLOTS - 1].next = next;
    bucket->has_next = true;
    return next;
}

static void bucket_add(struct bucket *bucket, uint8_t tag,
                       struct entry *entry) {
    int used;

    while (bucket->has_next)
        bucket = bucket->slots[SLOTS - 1].next;
    if (slots_used(bucket) == SLOTS) bucket = bucket_extend(bucket);
    used = slots_used(bucket);
    bucket->tags[used] = tag;
    bucket->slots[used].entry = entry;
}

/* Where an entry stands. */
struct place {
    struct bucket *bucket; /* NULL: nowhere */
    int slot;
};

static bool entry_has_key(const struct entry *entry, struct slice key) {
    return slice_equal((struct slice){entry->bytes, entry->key_len}, key);
}

static struct place find(const struct store *store, uint64_t hash,
                         struct slice key) {
    struct bucket *bucket = bucket_of(store, hash);
    uint8_t tag = tag_of(hash);
    int slot;

    for (;; bucket = bucket->slots[SLOTS - 1].next) {
        for (slot = 0; slot < SLOTS; slot++) {
            if (bucket->tags[slot] == tag &&
                entry_has_key(bucket->slots[slot].entry, key)) {
                return (struct place){bucket, slot};
            }
        }
        if (!bucket->has_next) return (struct place){NULL, 0};
    }
}

/* Close the gap at 'place' with the last entry of the chain that starts at
 * 'bucket', and give back the last bucket if that was all it held. */
static void bucket_remove(struct bucket *bucket, struct place place) {
    struct bucket *before = NULL;
    int last;

    for (; bucket->has_next; bucket = bucket->slots[SLOTS - 1].next) {
        before = bucket;
    }
    last = slots_used(bucket) - 1;
    place.bucket->tags[place.slot] = bucket->tags[last];
    place.bucket->slots[place.slot] = bucket->slots[last];
    bucket->tags[last] = 0;
    if (last == 0 && before != NULL) {
        before->has_next = false;
        free(bucket);
    }
}

/* ---- Growing and shrinking -------------------------------------------- */

static uint64_t hash_of(const struct store *store, struct slice key) {
    return siphash(&store->seed, key, 1, 3);
}

/* Add all entries of a bucket that is no longer in its place. */
static void scatter(struct store *store, const struct bucket *bucket) {
    int slot;

    for (slot = 0; slot < SLOTS && bucket->tags[slot] != 0; slot++) {
        struct entry *entry = bucket->slots[slot].entry;
        struct slice key = {entry->bytes, entry->key_len};

        bucket_add(bucket_of(store, hash_of(store, key)), bucket->tags[slot],
                   entry);
    }
    if (bucket->has_next) {
        struct bucket *next = bucket->slots[SLOTS - 1].next;

        scatter(store, next);
        free(next);
    }
}

static void add_segment(struct store *store) {
    size_t segment = store->buckets / SEGMENT;

    if (segment == store->segments_cap) {
        store->segments_cap = segment > 0 ? segment * 2 : 1;
        store->segments = xrealloc(
            store->segments, store->segments_cap * sizeof(struct bucket *));
    }
    store->segments[segment] = bucket_new(SEGMENT);
}

static void grow(struct store *store) {
    size_t split = store->buckets - store->round;
    struct bucket old = *bucket_at(store, split);

    if (store->buckets % SEGMENT == 0) add_segment(store);
    *bucket_at(store, split) = (struct bucket){0};
    *bucket_at(store, store->buckets) = (struct bucket){0};
    store->buckets++;
    if (store->buckets == 2 * store->round) store->round *= 2;
    scatter(store, &old);
}

static void shrink(struct store *store) {
    struct bucket old;

    if (store->buckets == store->round) store->round /= 2;
    store->buckets--;
    old = *bucket_at(store, store->buckets);
    scatter(store, &old);
    if (store->buckets % SEGMENT == 0) {
        free(store->segments[store->buckets / SEGMENT]);
    }
}

/* ---- The keyspace ----------------------------------------------------- */

/* Empty, with one bucket. */
static void start(struct store *store) {
    store->count = store->buckets = 0;
    store->round = 1;
    add_segment(store);
    *bucket_at(store, 0) = (struct bucket){0};
    store->buckets = 1;
}

static void free_chain(const struct bucket *bucket) {
    int slot;

    for (slot = 0; slot < SLOTS && bucket->tags[slot] != 0; slot++) {
        free(bucket->slots[slot].entry);
    }
    if (bucket->has_next) {
        free_chain(bucket->slots[SLOTS - 1].next);
        free(bucket->slots[SLOTS - 1].next);
    }
}

static void free_all(struct store *store) {
    size_t i;

    for (i = 0; i < store->buckets; i++)
        free_chain(bucket_at(store, i));
    for (i = 0; i < store->buckets; i += SEGMENT) {
        free(store->segments[i / SEGMENT]);
    }
    free(store->segments);
    store->segments = NULL;
    store->segments_cap = 0;
}

struct store *store_new(void) {
    struct store *store = xcalloc(1, sizeof *store);

    random_bytes(&store->seed, sizeof store->seed);
    start(store);
    return store;
}

void store_free(struct store *store) {
    free_all(store);
    free(store);
}

void store_clear(struct store *store) {
    free_all(store);
    start(store);
}

size_t store_count(const struct store *store) {
    return store->count;
}

bool store_get(const struct store *store, struct slice key,
               struct slice *value) {
    struct place place = find(store, hash_of(store, key), key);
    struct entry *entry;

    if (place.bucket == NULL) return false;
    entry = place.bucket->slots[place.slot].entry;
    if (value != NULL) {
        *value = (struct slice){entry->bytes + entry->key_len,
                                entry->value_len};
    }
    return true;
}

/* The entry's size follows its value; the key in front of it stays. */
static struct entry *entry_put(struct entry *entry, struct slice key,
                               struct slice value) {
    size_t size = sizeof *entry + key.len + value.len;

    assert(key.len <= UINT32_MAX && value.len <= UINT32_MAX);
    if (entry == NULL) {
        entry = xmalloc(size);
        entry->key_len = (uint32_t)key.len;
        if (key.len > 0) memcpy(entry->bytes, key.data, key.len);
    } else if (entry->value_len != value.len) {
        entry = xrealloc(entry, size);
    }
    entry->value_len = (uint32_t)value.len;
    if (value.len > 0) memcpy(entry->bytes + key.len, value.data, value.len);
    return entry;
}

void store_set(struct store *store, struct slice key, struct slice value) {
    uint64_t hash = hash_of(store, key);
    struct place place = find(store, hash, key);

    if (place.bucket != NULL) {
        struct entry **entry = &place.bucket->slots[place.slot].entry;

        *entry = entry_put(*entry, key, value);
        return;
    }
    bucket_add(bucket_of(store, hash), tag_of(hash),
               entry_put(NULL, key, value));
    store->count++;
    if (store->count > store->buckets * ENTRIES_HIGH) grow(store);
}

bool store_delete(struct store *store, struct slice key) {
    uint64_t hash = hash_of(store, key);
    struct place place = find(store, hash, key);

    if (place.bucket == NULL) return false;
    free(place.bucket->slots[place.slot].entry);
    bucket_remove(bucket_of(store, hash), place);
    store->count--;
    if (store->buckets > 1 && store->count < store->buckets * ENTRIES_LOW) {
        shrink(store);
    }
    return true;
}
