/* store.h -- the keyspace: a map from keys to values, both any bytes.
 *
 * Ownership  Keys and values are copied in. A value handed out is borrowed and
 *            dies at the next call that changes the store.
 * Order      None; keys lie where their hash puts them.
 * Errors     None to check: running out of memory ends the process (util.h).
 *
 * A store is used by one thread, hence holds no lock. In parts 1 and 2 it is a
 * stub that keeps nothing. */
#ifndef REDIS_LITE_STORE_H
#define REDIS_LITE_STORE_H

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

struct store;

struct store *store_new(void);
void store_free(struct store *store);

/* ---- From part 3 on ---------------------------------------------------- */

/* Whether 'key' is there; '*value', if not NULL, then borrows its value. */
bool store_get(const struct store *store, struct slice key,
               struct slice *value);

/* Let 'key' have 'value', whatever it had before. 'value' must not be borrowed
 * from this store: what it borrows from may move to make room. */
void store_set(struct store *store, struct slice key, struct slice value);

/* Forget 'key'. False if it was not there. */
bool store_delete(struct store *store, struct slice key);

/* Forget every key. */
void store_clear(struct store *store);

/* How many keys there are. */
size_t store_count(const struct store *store);

#endif
