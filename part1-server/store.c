/* store.c -- part 1 stub: a keyspace that is always empty, and has no
 * commands that would ask it for more. The real one: part3-database/store.c. */
#include "store.h"

#include "util.h"

#include <stdlib.h>

struct store {
    char unused; /* C has no empty struct */
};

struct store *store_new(void) {
    return xcalloc(1, sizeof(struct store));
}

void store_free(struct store *store) {
    free(store);
}
