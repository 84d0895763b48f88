/* store_walk.c -- what goes through many keys, a bit at a time: giving back the
 * memory of what was cleared, deleting what has expired, SCAN; and drawing one.
 */
#include "store_state.h"

#include "util.h"

#include <limits.h>
#include <stdlib.h>

#define DRAWS     32   /* entries of a bucket that a draw may name */
#define DRAWN_MAX 1000 /* keys to be deleted by one call that draws */

/* Between two looks at the clock: a few microseconds, or 100 if all go. */
#define BUCKETS_PER_LOOK 16

/* What store_clear() gives back at once: some 5,000 keys, so that who clears
 * little, often, leaves nothing behind. */
#define BUCKETS_CLEARED 1024

/* ---- Clearing ---------------------------------------------------------- */

/* Free some buckets of what was cleared last. */
static void reclaim(struct store *store, int buckets) {
    while (store->cleared_count > 0 && buckets-- > 0) {
        struct database *last = &store->cleared[store->cleared_count - 1];

        last->memory -= table_free_bucket(last->table);
        if (table_buckets(last->table) > 0) continue;
        table_free(last->table);
        store->cleared_count--;
    }
    if (store->cleared_count > 0) return;
    free(store->cleared);
    store->cleared = NULL;
}

bool store_reclaim_some(struct store *store, int64_t budget_us) {
    int64_t began = clock_us();

    while (clock_us() - began < budget_us) {
        if (store->cleared_count > 0) {
            reclaim(store, BUCKETS_PER_LOOK);
        } else if (!slabs_return_one(store->slabs)) {
            return false;
        }
    }
    return true;
}

void store_clear(struct store *store) {
    const struct store_listener *listener = store->listener;
    struct database *database = store_current(store);

    if (database == NULL || database->table == NULL) return;
    if (listener != NULL && listener->clearing != NULL) {
        listener->clearing(listener->context, store->selected);
    }
    store->cleared = xrealloc(store->cleared, (store->cleared_count + 1) *
                                                  sizeof *store->cleared);
    store->cleared[store->cleared_count++] = *database;
    *database = (struct database){0};
    /* While a log is replayed nobody waits, and nobody would come to it. */
    reclaim(store, store->now == 0 ? INT_MAX : BUCKETS_CLEARED);
}

void store_clear_all(struct store *store) {
    unsigned selected = store->selected;
    unsigned i;

    for (i = 0; i < store->database_count; i++) {
        store_select(store, i);
        store_clear(store);
    }
    store_select(store, selected);
}

/* ---- Expiring ----------------------------------------------------------- */

/* What one look at some buckets found. */
struct found {
    size_t expiring; /* entries that can expire */
    size_t expired;  /* those of them whose time had come */
};

static void expire_bucket(struct store *store, size_t bucket,
                          struct found *found) {
    const struct table *table = store_table(store);
    struct entry *entry;
    size_t n = 0;

    while (bucket < table_buckets(table) &&
           (entry = table_entry(table, bucket, n)) != NULL) {
        if (store_is_over(store, entry)) {
            struct slice key = entry_key(entry);

            store_expire(store, store_hash(store, key), key);
            found->expired++; /* the last entry has come into the gap */
        } else {
            found->expiring += entry->has_expiry;
            n++;
        }
    }
}

/* Go on to the next database in which something can expire. False: none. */
static bool next_expiring(struct store *store) {
    unsigned tried;

    for (tried = 0; tried < store->database_count; tried++) {
        if (++store->sweep_database >= store->database_count) {
            store->sweep_database = 0;
        }
        store->sweep_bucket = SIZE_MAX;
        if (store->databases[store->sweep_database].expiring > 0) return true;
    }
    return false;
}

/* False: the database has no more. From the last bucket to the first, so that
 * what others are joined with while the table shrinks is still to come. */
static bool expire_next_bucket(struct store *store, struct found *found) {
    const struct database *database;
    size_t buckets;

    store_select(store, store->sweep_database);
    database = store_current(store);
    if (database == NULL || database->expiring == 0) return false;
    buckets = table_buckets(database->table);
    if (store->sweep_bucket > buckets) store->sweep_bucket = buckets;
    if (store->sweep_bucket == 0) return false;
    expire_bucket(store, --store->sweep_bucket, found);
    return true;
}

int store_expire_some(struct store *store, int64_t budget_us) {
    unsigned selected = store->selected;
    int64_t until = clock_us() + budget_us;
    struct found found = {0, 0};
    unsigned ends = 0; /* of databases, come to in this call */
    int steps = 0;

    /* Some steps at least, however late it is: or a busy machine would see no
     * end of it. */
    while (store->now != 0 && ends < store->database_count) {
        if (++steps % BUCKETS_PER_LOOK == 0 && clock_us() >= until) break;
        if (expire_next_bucket(store, &found)) continue;
        if (!next_expiring(store)) break;
        ends++;
    }
    store_select(store, selected);
    found.expiring += found.expired;
    return found.expiring > 0 ? (int)(found.expired * 100 / found.expiring) : 0;
}

/* ---- Going through all of it ------------------------------------------- */

struct visit {
    const struct store *store;
    store_visit_fn *run;
    void *context;
};

static void visit_entry(void *context, struct entry *entry) {
    const struct visit *visit = context;

    if (store_is_over(visit->store, entry)) return;
    visit->run(visit->context, entry_key(entry), entry_value(entry));
}

uint64_t store_scan(const struct store *store, uint64_t cursor,
                    store_visit_fn *visit, void *context) {
    struct visit all = {store, visit, context};

    if (store_table(store) == NULL) return 0;
    return table_scan(store_table(store), cursor, visit_entry, &all);
}

static size_t random_below(struct store *store, size_t limit) {
    store->chance ^= store->chance >> 12; /* xorshift64*, Vigna 2014 */
    store->chance ^= store->chance << 25;
    store->chance ^= store->chance >> 27;
    return (size_t)((store->chance * UINT64_C(2685821657736338717)) >> 11) %
           limit;
}

bool store_random_key(struct store *store, struct slice *key) {
    int expired = 0;

    /* Each draw names a place; the places that hold an entry are drawn with
     * the same chance, the others draw again. */
    while (store_count(store) > 0) {
        const struct table *table = store_table(store);
        struct entry *entry = table_entry(
            table, random_below(store, table_buckets(table)),
            random_below(store, DRAWS));

        if (entry == NULL) continue;
        *key = entry_key(entry);
        if (!store_is_over(store, entry) || expired++ == DRAWN_MAX) return true;
        store_expire(store, store_hash(store, *key), *key);
    }
    return false;
}
