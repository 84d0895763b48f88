/* watch.c -- watched keys: a hash table of chains, found by the store's hash.
 *
 * Each watch stands in two lists: the chain of its key's hash, by which a
 * change finds it, and the list of its watcher, by which it is taken down. */
#include "watch.h"

#include "util.h"

#include <stdlib.h>
#include <string.h>

#define CHAINS_MIN 16

struct watch {
    struct watch *next_in_chain;
    struct watch *next_of_watcher;
    struct watcher *watcher;
    uint64_t hash;
    unsigned database;
    size_t key_len;
    char key[];
};

struct watches {
    struct store *store;
    struct watch **chains; /* a power of two of them; NULL while none */
    size_t chain_count;
    size_t count;
};

struct watches *watches_new(struct store *store) {
    struct watches *watches = xcalloc(1, sizeof *watches);

    watches->store = store;
    return watches;
}

void watches_free(struct watches *watches) {
    free(watches->chains);
    free(watches);
}

static struct watch **chain_of(const struct watches *watches, uint64_t hash) {
    return &watches->chains[hash & (watches->chain_count - 1)];
}

static void link_in(struct watches *watches, struct watch *watch) {
    struct watch **chain = chain_of(watches, watch->hash);

    watch->next_in_chain = *chain;
    *chain = watch;
}

static void set_chain_count(struct watches *watches, size_t count) {
    struct watches old = *watches;
    size_t i;

    watches->chain_count = count;
    watches->chains = xcalloc(watches->chain_count, sizeof *watches->chains);
    for (i = 0; i < old.chain_count; i++) {
        struct watch *watch = old.chains[i];

        while (watch != NULL) {
            struct watch *next = watch->next_in_chain;

            link_in(watches, watch);
            watch = next;
        }
    }
    free(old.chains);
}

/* As many chains as watches, at least. */
static void make_room(struct watches *watches) {
    if (watches->chain_count == 0) {
        set_chain_count(watches, CHAINS_MIN);
    } else if (watches->count >= watches->chain_count) {
        set_chain_count(watches, watches->chain_count * 2);
    }
}

/* Who watched much is gone: then so is the room that it took. */
static void give_room_back(struct watches *watches) {
    size_t wanted = watches->chain_count;

    while (wanted > CHAINS_MIN && watches->count < wanted / 8)
        wanted /= 2;
    if (wanted < watches->chain_count) set_chain_count(watches, wanted);
}

static bool is_for(const struct watch *watch, unsigned database, uint64_t hash,
                   struct slice key) {
    return watch->hash == hash && watch->database == database &&
           slice_equal((struct slice){watch->key, watch->key_len}, key);
}

/* Looked for in the chain: it is short even if the client watches much. */
static bool is_watched(const struct watches *watches,
                       const struct watcher *watcher, unsigned database,
                       uint64_t hash, struct slice key) {
    const struct watch *watch;

    if (watcher->first == NULL) return false;
    for (watch = *chain_of(watches, hash); watch != NULL;
         watch = watch->next_in_chain) {
        if (watch->watcher == watcher && is_for(watch, database, hash, key)) {
            return true;
        }
    }
    return false;
}

/* With its share of the chains. */
static size_t watch_size(const struct watch *watch) {
    return sizeof *watch + watch->key_len + sizeof(struct watch *);
}

void watch_add(struct watches *watches, struct watcher *watcher,
               struct slice key) {
    unsigned database = store_selected(watches->store);
    uint64_t hash = store_hash(watches->store, key);
    struct watch *watch;
    struct slice value;

    if (is_watched(watches, watcher, database, hash, key)) return;

    /* If its time has come it goes now, and not as a change that is seen. */
    store_peek(watches->store, key, &value);

    make_room(watches);
    watch = xmalloc(sizeof *watch + key.len);
    *watch = (struct watch){.next_of_watcher = watcher->first,
                            .watcher = watcher,
                            .hash = hash,
                            .database = database,
                            .key_len = key.len};
    if (key.len > 0) memcpy(watch->key, key.data, key.len);
    watcher->first = watch;
    watcher->memory += watch_size(watch);
    link_in(watches, watch);
    watches->count++;
}

static void unlink_from_chain(struct watches *watches,
                              const struct watch *watch) {
    struct watch **link = chain_of(watches, watch->hash);

    while (*link != watch)
        link = &(*link)->next_in_chain;
    *link = watch->next_in_chain;
}

void watch_clear(struct watches *watches, struct watcher *watcher) {
    while (watcher->first != NULL) {
        struct watch *watch = watcher->first;

        watcher->first = watch->next_of_watcher;
        unlink_from_chain(watches, watch);
        watches->count--;
        free(watch);
    }
    *watcher = (struct watcher){0};
    give_room_back(watches);
}

/* Whether the key that is watched is there; if its time has come, it goes. */
static bool is_there(struct watches *watches, const struct watch *watch) {
    unsigned selected = store_selected(watches->store);
    struct slice value;
    bool found;

    store_select(watches->store, watch->database);
    found = store_peek(watches->store,
                       (struct slice){watch->key, watch->key_len}, &value);
    store_select(watches->store, selected);
    return found;
}

bool watch_is_touched(struct watches *watches, struct watcher *watcher) {
    const struct watch *watch;

    for (watch = watcher->first; watch != NULL; watch = watch->next_of_watcher)
        is_there(watches, watch);
    return watcher->touched;
}

void watches_changed(struct watches *watches, unsigned database, uint64_t hash,
                     struct slice key) {
    struct watch *watch;

    if (watches->count == 0) return;
    for (watch = *chain_of(watches, hash); watch != NULL;
         watch = watch->next_in_chain) {
        if (is_for(watch, database, hash, key)) watch->watcher->touched = true;
    }
}

/* Only keys that are there will be changed by it. */
void watches_clearing(struct watches *watches, unsigned database) {
    size_t i;

    for (i = 0; i < watches->chain_count; i++) {
        const struct watch *watch;

        for (watch = watches->chains[i]; watch != NULL;
             watch = watch->next_in_chain) {
            if (watch->database == database && is_there(watches, watch)) {
                watch->watcher->touched = true;
            }
        }
    }
}
