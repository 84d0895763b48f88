/* aof_load.h -- from the append-only file back to the data, before the first
 * client. For the files of the log only; the contract for all others is aof.h.
 */
#ifndef REDIS_LITE_AOF_LOAD_H
#define REDIS_LITE_AOF_LOAD_H

#include "aof.h"
#include "aof_seal.h"
#include "buf.h"

#include <stdint.h>

enum aof_verdict {
    AOF_GOOD,
    AOF_CRASHED, /* from 'at' on there is what a crash may leave */
    AOF_DAMAGED, /* at 'at' is something that no crash explains */
    AOF_UNREAD   /* read(2) failed, with errno, or pause() gave up: 0 */
};

/* What was found in a file. */
struct aof_found {
    enum aof_verdict verdict;
    int64_t at;     /* offset; if AOF_GOOD, of the end */
    int64_t cut_at; /* of the block, or transaction, that this is part of */
    int64_t size;   /* of the file */
    struct seal_chain chain; /* of what stands before 'at' */
    struct buf why;          /* owned; a string, empty if it is good */
    bool in_transaction;     /* 'at' is where it began */
    bool is_rdb;             /* Redis's other format stands there */
    bool ends_clean;         /* with a seal that says: all is on the disk */
    int64_t synced;          /* the highest offset that a seal calls so */
    uint64_t records;        /* replayed: those before 'at' */
    uint64_t seals;
};

/* Read all of 'fd', and replay all records that stand before a fault, if there
 * is one. Changes nothing. Of the options it uses the callbacks, and the
 * settings about loading. */
void aof_find(int fd, const struct crc64 *crc64,
              const struct aof_options *options, struct aof_found *found);
void aof_found_free(struct aof_found *found);

/* What is wrong, if anything is: a string of what can be printed, borrowed. */
const char *aof_found_why(const struct aof_found *found);

/* Cut the file off at found->cut_at, after all from there on is in a side file,
 * "PATH.cut-OFFSET", whose name is written to 'side', and on the disk. -1 with
 * errno, and the name of what failed in 'side'. */
int aof_cut(int fd, const char *path, const struct aof_found *found, char *side,
            size_t side_size);

/* Replay 'fd' (open for reading and writing), and cut it if a crash has left
 * something at its end, as aof_open() promises. -1, logged, if it can not be
 * used; else found->at is its size. */
int aof_load(int fd, const struct crc64 *crc64,
             const struct aof_options *options, struct aof_found *found);

/* Sync the directory that 'path' is in: a new name survives a crash only then
 * (fsync(2)). -1 with errno. */
int aof_sync_directory(const char *path);

#endif
