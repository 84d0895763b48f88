/* store_state.h -- what a store is made of; between the files of the store. */
#ifndef REDIS_LITE_STORE_STATE_H
#define REDIS_LITE_STORE_STATE_H

#include "buf.h"
#include "entry.h"
#include "siphash.h"
#include "slab.h"
#include "store.h"
#include "table.h"

struct database {
    struct table *table; /* NULL until it has a key */
    size_t expiring;     /* entries that can */
    size_t memory;       /* bytes that entries take */
};

struct store {
    struct siphash_seed seed;
    struct slabs *slabs; /* of all databases */
    struct database *databases;
    unsigned database_count; /* that have been used so far */
    unsigned selected;
    struct database *cleared; /* tables whose memory is still to come back */
    size_t cleared_count;
    int64_t now;         /* 0: no time at all */
    uint32_t used_s;     /* what entry.h's used_s is now */
    bool is_shared;      /* with a child: reading must not write */
    struct buf *offered; /* borrowed: store_offer(); NULL: nothing is */
    const struct store_listener *listener;
    struct store_figures figures;

    unsigned sweep_database; /* where store_expire_some() goes on */
    size_t sweep_bucket;     /* the one above, that is: it goes down */
    uint64_t chance; /* state of the generator behind store_random_key() */
};

/* The selected database; NULL if it was never used. */
struct database *store_current(const struct store *store);

/* Its table; NULL until it has a key. */
const struct table *store_table(const struct store *store);

/* Whether the entry's time has come; if so: delete it, which the listener is
 * told. 'key' may be the entry's own. */
bool store_is_over(const struct store *store, const struct entry *entry);
void store_expire(struct store *store, uint64_t hash, struct slice key);

#endif
