/* table.c -- a hash table that grows one bucket at a time.
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
#include "table.h"

#include "util.h"

#include <stdlib.h>

#define SLOTS        7 /* entries of a bucket: what fits a cache line */
#define CACHE_LINE   TABLE_BUCKET_SIZE
#define SEGMENT      (SLAB_SIZE / CACHE_LINE) /* buckets of one: 1024 */
#define ENTRIES_HIGH 5 /* entries a bucket, on average: split above... */
#define ENTRIES_LOW  2 /* ...and join below; apart, lest one key do both */

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

struct table {
    const struct siphash_seed *seed;
    struct slabs *slabs;
    size_t count;   /* entries */
    size_t buckets; /* at least 1 */
    size_t round;   /* N: a power of two, round <= buckets < 2 * round */
    struct bucket **segments;
    size_t segments_cap;
    size_t chained; /* buckets that hang behind others */
};

/* ---- Buckets ---------------------------------------------------------- */

static struct bucket *bucket_at(const struct table *table, size_t index) {
    return &table->segments[index / SEGMENT][index % SEGMENT];
}

/* Which bucket a hash belongs to: those that are split already are told apart
 * by one bit more. */
static struct bucket *bucket_of(const struct table *table, uint64_t hash) {
    size_t index = (size_t)hash & (2 * table->round - 1);

    if (index >= table->buckets) index -= table->round;
    return bucket_at(table, index);
}

static uint8_t tag_of(uint64_t hash) {
    uint8_t tag = (uint8_t)(hash >> 56); /* bits that no index uses */

    return tag != 0 ? tag : 1;
}

static int slots_used(const struct bucket *bucket) {
    int used = 0;

    while (used < SLOTS && bucket->tags[used] != 0)
        used++;
    return used;
}

/* Hang another bucket behind a full one; its last slot has to lead there, so
 * the entry in it moves. Returns the new one. */
static struct bucket *bucket_extend(struct table *table,
                                    struct bucket *bucket) {
    struct bucket *next = slab_alloc(table->slabs, sizeof *next);

    *next = (struct bucket){.tags = {bucket->tags[SLOTS - 1]},
                            .slots = {bucket->slots[SLOTS - 1]}};
    bucket->tags[SLOTS - 1] = 0;
    bucket->slots[SLOTS - 1].next = next;
    bucket->has_next = true;
    table->chained++;
    return next;
}

static void free_chained(struct table *table, struct bucket *bucket) {
    table->chained--;
    slab_free(table->slabs, bucket, sizeof *bucket);
}

static void bucket_add(struct table *table, struct bucket *bucket, uint8_t tag,
                       struct entry *entry) {
    int used;

    while (bucket->has_next)
        bucket = bucket->slots[SLOTS - 1].next;
    if (slots_used(bucket) == SLOTS) bucket = bucket_extend(table, bucket);
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
    return slice_equal(entry_key(entry), key);
}

static struct place find(const struct table *table, uint64_t hash,
                         struct slice key) {
    struct bucket *bucket = bucket_of(table, hash);
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
static void bucket_remove(struct table *table, struct bucket *bucket,
                          struct place place) {
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
        free_chained(table, bucket);
    }
}

/* ---- Fetching ----------------------------------------------------------- */

#define ANY_TAG 0

/* Have the processor bring this into its caches, and do not wait for it. To gcc
 * a function that only does so has no effect, so that it may leave out its
 * calls; the empty statement is one. */
static void fetch(const void *at) {
    __builtin_prefetch(at);
    __asm__ volatile("" : : "r"(at));
}

static void fetch_entries(const struct bucket *bucket, uint8_t tag) {
    int slot;

    for (slot = 0; slot < SLOTS; slot++) {
        if (tag != ANY_TAG && bucket->tags[slot] != tag) continue;
        fetch(bucket->slots[slot].entry); /* NULL does no harm */
        fetch((const char *)bucket->slots[slot].entry + CACHE_LINE);
    }
}

/* What is needed of a bucket is known only when it is there: first the bucket,
 * then its entries and the next bucket of the chain, then the entries of that.
 * What is needed of others is fetched between the steps. */
static void fetch_step(const struct bucket *bucket, uint8_t tag,
                       unsigned step) {
    if (step == 0) {
        fetch(bucket);
    } else if (step == 1) {
        fetch_entries(bucket, tag);
        if (bucket->has_next) fetch(bucket->slots[SLOTS - 1].next);
    } else if (bucket->has_next) {
        fetch_entries(bucket->slots[SLOTS - 1].next, tag);
    }
}

/* ---- Growing and shrinking -------------------------------------------- */

uint64_t table_hash(const struct siphash_seed *seed, struct slice key) {
    return siphash(seed, key, 1, 3);
}

/* Add all entries of a bucket that is no longer in its place. */
static void scatter(struct table *table, const struct bucket *bucket) {
    int slot;

    for (slot = 0; slot < SLOTS && bucket->tags[slot] != 0; slot++) {
        struct entry *entry = bucket->slots[slot].entry;
        uint64_t hash = table_hash(table->seed, entry_key(entry));

        bucket_add(table, bucket_of(table, hash), bucket->tags[slot], entry);
    }
    if (bucket->has_next) {
        struct bucket *next = bucket->slots[SLOTS - 1].next;

        scatter(table, next);
        free_chained(table, next);
    }
}

static void add_segment(struct table *table) {
    size_t segment = table->buckets / SEGMENT;

    if (segment == table->segments_cap) {
        table->segments_cap = segment > 0 ? segment * 2 : 1;
        table->segments = xrealloc(
            table->segments, table->segments_cap * sizeof(struct bucket *));
    }
    table->segments[segment] = slab_take(table->slabs);
}

/* To be split, entries have to be hashed again, and few of them are in a cache.
 * So what the next calls of grow() will need is fetched by this one. */
static void fetch_next_splits(const struct table *table) {
    size_t next = table->buckets - table->round;
    unsigned i;

    for (i = 0; i < TABLE_FETCH_STEPS && next + i < table->round; i++)
        fetch_step(bucket_at(table, next + i), ANY_TAG,
                   TABLE_FETCH_STEPS - 1 - i);
}

static void grow(struct table *table) {
    size_t split = table->buckets - table->round;
    struct bucket old = *bucket_at(table, split);

    if (table->buckets % SEGMENT == 0) add_segment(table);
    *bucket_at(table, split) = (struct bucket){0};
    *bucket_at(table, table->buckets) = (struct bucket){0};
    table->buckets++;
    if (table->buckets == 2 * table->round) table->round *= 2;
    scatter(table, &old);
    fetch_next_splits(table);
}

static void shrink(struct table *table) {
    struct bucket old;

    if (table->buckets == table->round) table->round /= 2;
    table->buckets--;
    old = *bucket_at(table, table->buckets);
    scatter(table, &old);
    if (table->buckets % SEGMENT == 0) {
        slab_return(table->slabs, table->segments[table->buckets / SEGMENT]);
    }
}

/* ---- The table -------------------------------------------------------- */

struct table *table_new(const struct siphash_seed *seed, struct slabs *slabs) {
    struct table *table = xcalloc(1, sizeof *table);

    table->seed = seed;
    table->slabs = slabs;
    table->round = 1;
    add_segment(table);
    *bucket_at(table, 0) = (struct bucket){0};
    table->buckets = 1;
    return table;
}

/* Returns the bytes that the entries took. */
static size_t free_chain(struct table *table, const struct bucket *bucket) {
    size_t memory = 0;
    int slot;

    for (slot = 0; slot < SLOTS && bucket->tags[slot] != 0; slot++) {
        memory += entry_memory(bucket->slots[slot].entry);
        entry_free(table->slabs, bucket->slots[slot].entry);
    }
    if (bucket->has_next) {
        memory += free_chain(table, bucket->slots[SLOTS - 1].next);
        free_chained(table, bucket->slots[SLOTS - 1].next);
    }
    return memory;
}

size_t table_free_bucket(struct table *table) {
    size_t memory = free_chain(table, bucket_at(table, --table->buckets));

    if (table->buckets % SEGMENT == 0) {
        slab_return(table->slabs, table->segments[table->buckets / SEGMENT]);
    }
    return memory;
}

void table_free(struct table *table) {
    while (table->buckets > 0)
        table_free_bucket(table);
    free(table->segments);
    free(table);
}

struct entry **table_find(const struct table *table, uint64_t hash,
                          struct slice key) {
    struct place place = find(table, hash, key);

    if (place.bucket == NULL) return NULL;
    return &place.bucket->slots[place.slot].entry;
}

void table_fetch(const struct table *table, uint64_t hash, unsigned step) {
    fetch_step(bucket_of(table, hash), tag_of(hash), step);
}

void table_add(struct table *table, uint64_t hash, struct entry *entry) {
    bucket_add(table, bucket_of(table, hash), tag_of(hash), entry);
    table->count++;
    if (table->count > table->buckets * ENTRIES_HIGH) grow(table);
}

struct entry *table_remove(struct table *table, uint64_t hash,
                           struct slice key) {
    struct place place = find(table, hash, key);
    struct entry *entry = place.bucket->slots[place.slot].entry;

    bucket_remove(table, bucket_of(table, hash), place);
    table->count--;
    if (table->buckets > 1 && table->count < table->buckets * ENTRIES_LOW) {
        shrink(table);
    }
    return entry;
}

size_t table_count(const struct table *table) {
    return table->count;
}

size_t table_memory(const struct table *table) {
    size_t segments = (table->buckets + SEGMENT - 1) / SEGMENT;

    return sizeof *table + table->segments_cap * sizeof *table->segments +
           (segments * SEGMENT + table->chained) * sizeof(struct bucket);
}

/* ---- Going through all of it ------------------------------------------ */

size_t table_buckets(const struct table *table) {
    return table->buckets;
}

struct entry *table_entry(const struct table *table, size_t index, size_t n) {
    const struct bucket *bucket = bucket_at(table, index);

    /* The last slot of a bucket that has a next holds no entry. */
    while (bucket->has_next && n >= SLOTS - 1) {
        bucket = bucket->slots[SLOTS - 1].next;
        n -= SLOTS - 1;
    }
    if (n >= SLOTS || bucket->tags[n] == 0) return NULL;
    return bucket->slots[n].entry;
}

static void visit_bucket(const struct table *table, size_t index,
                         table_visit_fn *visit, void *context) {
    struct entry *entry;
    size_t n;

    for (n = 0; (entry = table_entry(table, index, n)) != NULL; n++)
        visit(context, entry);
}

static uint64_t reverse_bits(uint64_t bits) {
    uint64_t reversed = 0;
    int i;

    for (i = 0; i < 64; i++, bits >>= 1)
        reversed = reversed << 1 | (bits & 1);
    return reversed;
}

/* Buckets i and i + N hold what one bucket of a table of N would. Those N are
 * gone through in the order of their reversed bits: what bucket i is split
 * into, and what it is joined with, are then neighbours in that order. So a
 * table that grew or shrank since has the same entries before the cursor as
 * it had. (Pieter Noordhuis found this for Redis's SCAN.) */
uint64_t table_scan(const struct table *table, uint64_t cursor,
                    table_visit_fn *visit, void *context) {
    uint64_t mask = table->round - 1;
    size_t index = (size_t)(cursor & mask);

    visit_bucket(table, index, visit, context);
    if (index + table->round < table->buckets) {
        visit_bucket(table, index + table->round, visit, context);
    }
    return reverse_bits(reverse_bits(cursor | ~mask) + 1);
}
