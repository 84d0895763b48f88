/* watch.h -- which keys transactions watch (WATCH), and whether one of them was
 * touched since.
 *
 * It listens to the store, so that nothing that changes a key has to think of
 * it. While nobody watches, that costs one comparison a change. */
#ifndef REDIS_LITE_WATCH_H
#define REDIS_LITE_WATCH_H

#include "slice.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watches; /* of a server */

/* What one client watches. Zeroed, it watches nothing. */
struct watcher {
    struct watch *first; /* owned: its keys */
    bool touched;        /* one of them was */
    size_t memory;       /* bytes that they take */
};

struct watches *watches_new(struct store *store);
void watches_free(struct watches *watches);

/* Watch 'key' in the selected database; once more changes nothing. */
void watch_add(struct watches *watches, struct watcher *watcher,
               struct slice key);

/* Watch nothing any more. */
void watch_clear(struct watches *watches, struct watcher *watcher);

/* Whether a key was touched, or its time has come, since it was watched. */
bool watch_is_touched(struct watches *watches, struct watcher *watcher);

/* The store's listener calls these. */
void watches_changed(struct watches *watches, unsigned database, uint64_t hash,
                     struct slice key);
void watches_clearing(struct watches *watches, unsigned database);

#endif
