/* store.c -- the keyspace: what keys, values and their time mean.
 *
 * Each database is a table (table.h) of entries (entry.h). This file adds what
 * a table does not know: that keys expire, who wants to be told, and how much
 * memory it all takes.
 *
 * A key expires twice: as soon as its time has come nobody can see it any more,
 * for every look at a key goes through lookup(), which deletes it first; and
 * keys that nobody looks at are found by store_expire_some() in store_walk.c, a
 * bit of the store at a time. Nothing points from a time to its keys: such an
 * index would cost each of them memory, and be one more thing that has to be
 * right. */
#include "store.h"

#include "store_state.h"
#include "util.h"

#include <stdlib.h>
#include <string.h>

#define USED_MASK 0xffffff /* entry.h's used_s */

struct store *store_new(void) {
    struct store *store = xcalloc(1, sizeof *store);

    store->slabs = slabs_new();
    random_bytes(&store->seed, sizeof store->seed);
    random_bytes(&store->chance, sizeof store->chance);
    store->sweep_bucket = SIZE_MAX;
    store->chance |= 1;                      /* xorshift's state is never 0 */
    store_set_time(store, time_us() / 1000); /* for what a log brings... */
    store_set_time(store, 0);                /* ...without expiring it */
    return store;
}

void store_free(struct store *store) {
    store_listen(store, NULL);
    store_clear_all(store);
    store_reclaim_some(store, INT64_MAX);
    free(store->databases);
    slabs_free(store->slabs);
    free(store);
}

uint64_t store_hash(const struct store *store, struct slice key) {
    return table_hash(&store->seed, key);
}

/* ---- Databases --------------------------------------------------------- */

void store_select(struct store *store, unsigned database) {
    store->selected = database;
}

unsigned store_selected(const struct store *store) {
    return store->selected;
}

/* The selected one; NULL if it was never used. */
struct database *store_current(const struct store *store) {
    if (store->selected >= store->database_count) return NULL;
    return &store->databases[store->selected];
}

/* The same, and there is a table. */
static struct database *current_for_writing(struct store *store) {
    struct database *database;

    if (store->selected >= store->database_count) {
        unsigned count = store->selected + 1;

        store->databases = xrealloc(store->databases,
                                    count * sizeof *store->databases);
        memset(store->databases + store->database_count, 0,
               (count - store->database_count) * sizeof *store->databases);
        store->database_count = count;
    }
    database = &store->databases[store->selected];
    if (database->table == NULL) {
        database->table = table_new(&store->seed, store->slabs);
    }
    return database;
}

const struct table *store_table(const struct store *store) {
    const struct database *database = store_current(store);

    return database != NULL ? database->table : NULL;
}

static size_t count_of(const struct table *table) {
    return table != NULL ? table_count(table) : 0;
}

size_t store_count(const struct store *store) {
    return count_of(store_table(store));
}

size_t store_expiring(const struct store *store) {
    const struct database *database = store_current(store);

    return database != NULL ? database->expiring : 0;
}

size_t store_total(const struct store *store) {
    size_t total = 0;
    unsigned i;

    for (i = 0; i < store->database_count; i++)
        total += count_of(store->databases[i].table);
    return total;
}

unsigned store_databases(const struct store *store) {
    unsigned count = store->database_count;

    while (count > 0 && count_of(store->databases[count - 1].table) == 0)
        count--;
    return count;
}

/* ---- Looking on -------------------------------------------------------- */

void store_listen(struct store *store, const struct store_listener *listener) {
    store->listener = listener;
}

static void tell_changed(const struct store *store, uint64_t hash,
                         struct slice key) {
    const struct store_listener *listener = store->listener;

    if (listener == NULL || listener->changed == NULL) return;
    listener->changed(listener->context, store->selected, hash, key);
}

/* ---- Looking up -------------------------------------------------------- */

void store_set_time(struct store *store, int64_t now) {
    store->now = now;
    if (now != 0) store->used_s = (uint32_t)(now / 1000) & USED_MASK;
}

int64_t store_time(const struct store *store) {
    return store->now;
}

static void touch(const struct store *store, struct entry *entry) {
    entry->used_s = store->used_s & USED_MASK;
}

bool store_is_over(const struct store *store, const struct entry *entry) {
    return store->now != 0 && entry->has_expiry &&
           entry_expiry(entry) <= store->now;
}

/* Take an entry out; 'key' may be its own, so it goes last. */
static void remove_entry(struct store *store, uint64_t hash, struct slice key) {
    struct database *database = store_current(store);
    struct entry *entry = table_remove(database->table, hash, key);

    database->memory -= entry_memory(entry);
    database->expiring -= entry->has_expiry;
    tell_changed(store, hash, key);
    entry_free(store->slabs, entry);
}

void store_expire(struct store *store, uint64_t hash, struct slice key) {
    const struct store_listener *listener = store->listener;

    store->figures.expired++;
    if (listener != NULL && listener->expired != NULL) {
        listener->expired(listener->context, key);
    }
    remove_entry(store, hash, key);
}

/* Where the entry stands; NULL if there is none any more. */
static struct entry **lookup(struct store *store, uint64_t hash,
                             struct slice key) {
    const struct table *table = store_table(store);
    struct entry **place;

    if (table == NULL) return NULL;
    place = table_find(table, hash, key);
    if (place == NULL || !store_is_over(store, *place)) return place;
    store_expire(store, hash, key);
    return NULL;
}

/* The entry with 'key', without any trace of the look. */
static struct entry *peek(struct store *store, struct slice key) {
    struct entry **place = lookup(store, store_hash(store, key), key);

    return place != NULL ? *place : NULL;
}

bool store_get(struct store *store, struct slice key, struct slice *value) {
    struct entry *entry = peek(store, key);

    if (entry == NULL) {
        store->figures.misses++;
        return false;
    }
    store->figures.hits++;
    if (value != NULL) {
        *value = entry_value(entry);
        if (!store->is_shared) touch(store, entry);
    }
    return true;
}

bool store_peek(struct store *store, struct slice key, struct slice *value) {
    struct entry *entry = peek(store, key);

    if (entry != NULL && value != NULL) *value = entry_value(entry);
    return entry != NULL;
}

void store_announce(const struct store *store, unsigned database,
                    const struct slice *keys, size_t count) {
    uint64_t hashes[STORE_ANNOUNCED_MAX];
    const struct table *table;
    unsigned step;
    size_t i;

    if (database >= store->database_count) return;
    table = store->databases[database].table;
    if (table == NULL) return;
    for (i = 0; i < count; i++)
        hashes[i] = store_hash(store, keys[i]);
    for (step = 0; step < TABLE_FETCH_STEPS; step++) {
        for (i = 0; i < count; i++)
            table_fetch(table, hashes[i], step);
    }
}

/* ---- Changing ---------------------------------------------------------- */

static void add_entry(struct store *store, uint64_t hash, struct entry *entry) {
    struct database *database = current_for_writing(store);

    touch(store, entry);
    database->memory += entry_memory(entry);
    database->expiring += entry->has_expiry;
    table_add(database->table, hash, entry);
}

/* Let the entry at 'place' be 'changed', which may be the same one, moved. It
 * took 'memory' bytes before. */
static void put_back(struct store *store, struct entry **place,
                     struct entry *changed, size_t memory) {
    touch(store, changed);
    store_current(store)->memory += entry_memory(changed) - memory;
    /* While a child has a copy of all memory, a write copies a page. */
    if (*place != changed) *place = changed;
}

/* Let the entry at 'place' have a value of this length. */
static void resize_at(struct store *store, struct entry **place, size_t len) {
    size_t memory;

    if (len == (*place)->value_len) { /* as most that are replaced have */
        touch(store, *place);
        return;
    }
    memory = entry_memory(*place);
    put_back(store, place, entry_resize(store->slabs, *place, len), memory);
}

static void replace_at(struct store *store, struct entry **place,
                       struct entry *entry) {
    struct database *database = store_current(store);
    struct entry *old = *place;

    database->expiring += entry->has_expiry;
    database->expiring -= old->has_expiry;
    put_back(store, place, entry, entry_memory(old));
    entry_free(store->slabs, old);
}

static void set_bytes(struct entry *entry, struct slice value) {
    if (value.len > 0) memcpy(entry_value_bytes(entry), value.data, value.len);
}

void store_offer(struct store *store, struct buf *buf) {
    store->offered = buf;
}

/* Whether to keep the block in which the value came. Nothing but its CR LF may
 * follow: a second value of the request could be for the same key, and would be
 * freed before it was read. Nor may more than a fifth be wasted. */
static bool may_keep(const struct store *store, struct slice value) {
    const struct buf *buf = store->offered;
    const char *end = value.data + value.len;

    if (buf == NULL || value.len <= ENTRY_LARGE) return false;
    if (value.data < buf->data || end > buf->data + buf->tail) return false;
    return buf->data + buf->tail - end <= 2 && buf->cap / 5 <= value.len / 4;
}

static struct entry *new_entry(struct store *store, struct slice key,
                               struct slice value, int64_t at) {
    struct entry *entry;

    if (may_keep(store, value)) {
        entry = entry_new_of(store->slabs, key, store->offered->data,
                             store->offered->cap, value, at);
        *store->offered = (struct buf){0};
        store->offered = NULL;
    } else {
        entry = entry_new(store->slabs, key, value.len, at);
        set_bytes(entry, value);
    }
    return entry;
}

void store_set_until(struct store *store, struct slice key, struct slice value,
                     int64_t at) {
    uint64_t hash = store_hash(store, key);
    struct entry **place = lookup(store, hash, key);

    if (place == NULL) {
        add_entry(store, hash, new_entry(store, key, value, at));
    } else if (at == STORE_NO_EXPIRY && !(*place)->has_expiry &&
               !may_keep(store, value)) {
        resize_at(store, place, value.len); /* may leave it where it is */
        set_bytes(*place, value);
    } else {
        replace_at(store, place, new_entry(store, key, value, at));
    }
    tell_changed(store, hash, key);
}

void store_set(struct store *store, struct slice key, struct slice value) {
    store_set_until(store, key, value, STORE_NO_EXPIRY);
}

char *store_resize(struct store *store, struct slice key, size_t len) {
    uint64_t hash = store_hash(store, key);
    struct entry **place = lookup(store, hash, key);
    size_t old = place != NULL ? (*place)->value_len : 0;
    struct entry *entry;
    char *bytes;

    if (place != NULL) {
        resize_at(store, place, len);
        entry = *place;
    } else {
        entry = entry_new(store->slabs, key, len, ENTRY_NO_EXPIRY);
        add_entry(store, hash, entry);
    }
    bytes = entry_value_bytes(entry);
    if (len > old) memset(bytes + old, 0, len - old);
    tell_changed(store, hash, key);
    return bytes;
}

bool store_delete(struct store *store, struct slice key) {
    uint64_t hash = store_hash(store, key);

    if (lookup(store, hash, key) == NULL) return false;
    remove_entry(store, hash, key);
    return true;
}

void store_copy(struct store *store, struct slice key, unsigned database,
                struct slice to) {
    struct entry *from = peek(store, key);
    struct slice value = entry_value(from);
    int64_t expiry = entry_expiry(from);
    unsigned selected = store->selected;
    struct entry *entry = new_entry(store, to, value, expiry);
    uint64_t hash = store_hash(store, to);

    store_select(store, database);
    if (lookup(store, hash, to) != NULL) remove_entry(store, hash, to);
    add_entry(store, hash, entry);
    tell_changed(store, hash, to);
    store_select(store, selected);
}

/* ---- Expiry ------------------------------------------------------------ */

int64_t store_expiry(struct store *store, struct slice key) {
    return entry_expiry(peek(store, key));
}

void store_set_expiry(struct store *store, struct slice key, int64_t at) {
    uint64_t hash = store_hash(store, key);
    struct entry **place = lookup(store, hash, key);
    struct database *database = store_current(store);
    size_t memory = entry_memory(*place);

    database->expiring -= (*place)->has_expiry;
    put_back(store, place, entry_set_expiry(store->slabs, *place, at), memory);
    database->expiring += (*place)->has_expiry;
    tell_changed(store, hash, key);
}

/* ---- Figures ----------------------------------------------------------- */

void store_share(struct store *store, bool is_shared) {
    store->is_shared = is_shared;
}

/* Bytes that some databases take. */
static size_t memory_of(const struct database *databases, size_t count) {
    size_t memory = count * sizeof *databases;
    size_t i;

    for (i = 0; i < count; i++) {
        memory += databases[i].memory;
        if (databases[i].table != NULL) {
            memory += table_memory(databases[i].table);
        }
    }
    return memory;
}

size_t store_memory(const struct store *store) {
    return sizeof *store + memory_of(store->databases, store->database_count) +
           memory_of(store->cleared, store->cleared_count);
}

size_t store_key_memory(struct store *store, struct slice key) {
    const struct table *table = store_table(store);

    /* Its share of the buckets in use, which is about that of all others: the
     * first segment is there for the first key, but not on its account. */
    return entry_memory(peek(store, key)) +
           table_buckets(table) * TABLE_BUCKET_SIZE / table_count(table);
}

int64_t store_idle_seconds(struct store *store, struct slice key) {
    return (store->used_s - peek(store, key)->used_s) & USED_MASK;
}

struct store_figures *store_figures(struct store *store) {
    return &store->figures;
}
