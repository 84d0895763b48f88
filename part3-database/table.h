/* table.h -- a hash table of entries that grows one bucket at a time.
 *
 * Ownership  It owns its buckets, not the entries: who removes one, frees it.
 *            Both are blocks of the slabs that it was given.
 * Hashes     Are the caller's, so that one lookup hashes once; the table hashes
 *            with the seed it was given when it moves entries.
 * Places     Die at the next table_add() or table_remove(). */
#ifndef REDIS_LITE_TABLE_H
#define REDIS_LITE_TABLE_H

#include "entry.h"
#include "siphash.h"
#include "slab.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

/* Borrows both. */
struct table *table_new(const struct siphash_seed *seed, struct slabs *slabs);
void table_free(struct table *table); /* and all its entries */

/* Begin with it: free the entries of the last bucket, and the bucket. The table
 * has no bucket any more at the end, and is good for table_free() only. Returns
 * the bytes that the entries took. */
size_t table_free_bucket(struct table *table);

uint64_t table_hash(const struct siphash_seed *seed, struct slice key);

/* Where the entry with 'key' stands; NULL: nowhere. It may be replaced there by
 * one with the same key. */
struct entry **table_find(const struct table *table, uint64_t hash,
                          struct slice key);

/* Have the processor fetch what table_find() will look at, for it waits for
 * each of them otherwise. To be done for each step from 0 on; each needs what
 * the one before has fetched, so others should come in between. */
#define TABLE_FETCH_STEPS 3
void table_fetch(const struct table *table, uint64_t hash, unsigned step);

/* Add an entry whose key is not there yet. */
void table_add(struct table *table, uint64_t hash, struct entry *entry);

/* Take out the entry with 'key', which is there. */
struct entry *table_remove(struct table *table, uint64_t hash,
                           struct slice key);

size_t table_count(const struct table *table);  /* entries */
size_t table_memory(const struct table *table); /* bytes, without entries */

/* ---- Going through all of it ------------------------------------------- */

/* How many buckets there are; and the entries of one of them: the n-th, NULL if
 * there are not so many. */
size_t table_buckets(const struct table *table);
#define TABLE_BUCKET_SIZE 64 /* bytes */
struct entry *table_entry(const struct table *table, size_t bucket, size_t n);

/* Visit the entries of some buckets, as store_scan() promises. */
typedef void table_visit_fn(void *context, struct entry *entry);
uint64_t table_scan(const struct table *table, uint64_t cursor,
                    table_visit_fn *visit, void *context);

#endif
