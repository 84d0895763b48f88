/* store.h -- the keyspace: databases, each a map from keys to values, both any
 * bytes.
 *
 * Ownership  Keys and values are copied in, but see store_offer(). A value
 *            handed out is borrowed and dies at the next call that changes the
 *            store; from part 3 on a look at a key may, if its time has come.
 * Order      None; keys lie where their hash puts them.
 * Errors     None to check: running out of memory ends the process (util.h).
 *
 * A store is used by one thread, hence holds no lock. In parts 1 and 2 it is a
 * stub that keeps nothing. */
#ifndef REDIS_LITE_STORE_H
#define REDIS_LITE_STORE_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

struct store *store_new(void);
void store_free(struct store *store);

/* ---- From part 3 on ---------------------------------------------------- */

/* Whether 'key' is there; '*value', if not NULL, then borrows its value. */
bool store_get(struct store *store, struct slice key, struct slice *value);

/* The same, but nobody has used the key: neither for store_idle_seconds(), nor
 * for the figures. */
bool store_peek(struct store *store, struct slice key, struct slice *value);

/* These keys of 'database' will be looked at soon, so the processor may fetch
 * what it needs for all of them at once. At most STORE_ANNOUNCED_MAX. */
#define STORE_ANNOUNCED_MAX 128
void store_announce(const struct store *store, unsigned database,
                    const struct slice *keys, size_t count);

/* Let 'key' have 'value', whatever it had before, and for ever: it does not
 * expire. 'value' must not be borrowed from this store: what it borrows from
 * may move to make room. */
void store_set(struct store *store, struct slice key, struct slice value);

/* The same, but let it expire at this time (see "Expiry"). */
void store_set_until(struct store *store, struct slice key, struct slice value,
                     int64_t at);

/* From now on the next value to be set, if it is large and stands at the end of
 * 'buf' (CR LF may follow), may keep the memory of 'buf' instead of a copy. The
 * buf is then empty; what borrows from it borrows from the store, as a value
 * that store_get() has lent. NULL: no longer. */
void store_offer(struct store *store, struct buf *buf);

/* Forget 'key'. False if it was not there. */
bool store_delete(struct store *store, struct slice key);

/* Forget every key of the database; of all databases. The memory of many comes
 * back later, a bit at a time: see store_reclaim_some(). */
void store_clear(struct store *store);
void store_clear_all(struct store *store);

/* Give memory back, of what was cleared and of what else has become empty, for
 * about 'budget_us' microseconds. False if there is no more of it. */
bool store_reclaim_some(struct store *store, int64_t budget_us);

/* How many keys there are; those whose time has come are among them until
 * somebody looks. */
size_t store_count(const struct store *store);
size_t store_total(const struct store *store); /* in all databases */

/* ---- A value in place -------------------------------------------------- */

/* Let the value of 'key' be 'len' bytes long: what it had, cut off or followed
 * by zero bytes; a key that is not there comes to be. When it expires does not
 * change. Returns the bytes, to be written until the next call. */
char *store_resize(struct store *store, struct slice key, size_t len);

/* Let 'to' in another database (or the same: then not 'key' itself) have the
 * value of 'key', which is there, and expire with it; whatever it had before.
 */
void store_copy(struct store *store, struct slice key, unsigned database,
                struct slice to);

/* ---- Databases --------------------------------------------------------- */

/* The database that all others of these functions are about; 0 at first. One
 * that was never selected costs nothing. */
void store_select(struct store *store, unsigned database);
unsigned store_selected(const struct store *store);

/* One more than the number of the last database that has keys; 0: none has. */
unsigned store_databases(const struct store *store);

/* ---- Expiry ------------------------------------------------------------ */

/* Milliseconds since 1970. */
#define STORE_NO_EXPIRY INT64_C(-1)

/* What time it is: keys that expire at or before it are not there any more.
 * Before the first call, and after 0, it is no time at all and all keys are:
 * so a log is replayed, which says itself when a key went. */
void store_set_time(struct store *store, int64_t now);
int64_t store_time(const struct store *store);

/* When 'key', which is there, will expire; or STORE_NO_EXPIRY. */
int64_t store_expiry(struct store *store, struct slice key);
void store_set_expiry(struct store *store, struct slice key, int64_t at);

/* How many keys of the database have an expiry. */
size_t store_expiring(const struct store *store);

/* Look for keys, in all databases, whose time has come, and delete them: a bit
 * of the store at each call, in turn, for about 'budget_us' microseconds.
 * Returns the share that it found, of those it looked at that can expire, in
 * percent: if it is high, there is more to be done. */
int store_expire_some(struct store *store, int64_t budget_us);

/* ---- Going through all of it ------------------------------------------- */

/* Called with keys and values that are borrowed until it returns; it must not
 * change the store. */
typedef void store_visit_fn(void *context, struct slice key,
                            struct slice value);

/* Visit some keys of the database, and return the cursor for the next call; 0,
 * which is also where to start, when it has been round. Every key that is there
 * all the while is visited, at least once, whatever else comes and goes: the
 * cursor is an order of hashes, and so still holds when the table has grown or
 * shrunk (the reversed bits are counted up). */
uint64_t store_scan(const struct store *store, uint64_t cursor,
                    store_visit_fn *visit, void *context);

/* Any key of the database, each about as likely; false if there is none. Where
 * a thousand were drawn whose time has come (and deleted), the next may be one
 * more, lest one call delete them all: as if it went just after. */
bool store_random_key(struct store *store, struct slice *key);

/* ---- Looking on -------------------------------------------------------- */

/* Told of what happens in the store, but for what is NULL. It must not change
 * it, but by looking at keys, whose time may have come. */
struct store_listener {
    void *context;
    /* A key's value or expiry has changed, or it was deleted. 'hash' is the
     * same whenever the key is, in one store. */
    void (*changed)(void *context, unsigned database, uint64_t hash,
                    struct slice key);
    /* A key of the selected database will be deleted, for its time has come:
     * changed() follows. */
    void (*expired)(void *context, struct slice key);
    /* store_clear() will be, on the selected database. */
    void (*clearing)(void *context, unsigned database);
};

/* Borrows 'listener' from now on; NULL: none. */
void store_listen(struct store *store, const struct store_listener *listener);
uint64_t store_hash(const struct store *store, struct slice key);

/* ---- Figures ----------------------------------------------------------- */

/* Bytes that the whole store takes of the heap; that 'key', which is there,
 * takes. */
size_t store_memory(const struct store *store);
size_t store_key_memory(struct store *store, struct slice key);

/* Seconds since anybody looked at 'key' or changed it, which is there. */
int64_t store_idle_seconds(struct store *store, struct slice key);

/* Whether a child process shares all memory: then each page that is written has
 * to be copied first, so keys that are only looked at are not noted as used. */
void store_share(struct store *store, bool is_shared);

struct store_figures {
    uint64_t hits;    /* calls of store_get() that found the key... */
    uint64_t misses;  /* ...and that did not */
    uint64_t expired; /* keys deleted because their time had come */
};

/* Counted since it was new; the caller may set them back. */
struct store_figures *store_figures(struct store *store);

#endif
