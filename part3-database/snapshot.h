/* snapshot.h -- all data as records, as few as can be: SET, one for each key,
 * and SELECT where the database changes. */
#ifndef REDIS_LITE_SNAPSHOT_H
#define REDIS_LITE_SNAPSHOT_H

#include "aof.h"

/* Hand all keys of 'store' (a struct store *; the type is that of aof.h's
 * callback) to 'add', some 64 KiB at a time, or one record that is larger;
 * whole records in any case, borrowed until it returns. They begin in database
 * 0, without a SELECT. Keys whose time has come are left out. The store does
 * not change, and must not; so the same is said each time. -1 with errno if
 * 'add' returned that. */
int snapshot_write(void *store, aof_add_fn *add, void *to);

#endif
