/* aof_load.h -- reading the append-only file back, before the first client.
 * Between aof.c and aof_load.c only; the contract for all others is aof.h. */
#ifndef REDIS_LITE_AOF_LOAD_H
#define REDIS_LITE_AOF_LOAD_H

#include "aof.h"

#include <stdint.h>

/* Replay all records of 'fd' (at its start, open for reading and writing), and
 * cut off a torn last one as aof_open() promises. Returns the size of what is
 * left, which is whole records; or -1, logged. */
int64_t aof_load(int fd, const char *path, const struct log *log,
                 aof_replay_fn *replay, void *context);

/* Sync the directory that 'path' is in: a new name survives a crash only then
 * (fsync(2)). -1 with errno. */
int aof_sync_directory(const char *path);

#endif
