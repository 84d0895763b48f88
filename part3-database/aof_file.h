/* aof_file.h -- one file that blocks are appended to: the log, and the new one
 * while the log is rewritten. */
#ifndef REDIS_LITE_AOF_FILE_H
#define REDIS_LITE_AOF_FILE_H

#include "aof_seal.h"
#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

struct aof_file {
    int fd;                  /* owned, opened with O_APPEND; -1: none */
    int64_t size;            /* bytes, of whole blocks */
    struct seal_chain chain; /* of them */
    bool is_torn;            /* a part of a block is behind them */
    bool says_all;           /* its last seal: all before it was synced */
    struct buf out;          /* a block on its way */
};

/* Append 'records' as one block; with a seal, or as they are. Nothing to be
 * appended is a seal without records, or nothing at all. -1 with errno: then
 * the file ends where it did, or is torn and not to be appended to before it
 * could be cut, which is tried first the next time. */
int aof_file_write(struct aof_file *file, const struct crc64 *crc64,
                   bool has_seal, int64_t synced, struct slice records);

/* Let the file end again as it did when 'before' was copied from it. */
void aof_file_take_back(struct aof_file *file, const struct aof_file *before);

/* Free what it has, but for the descriptor, and forget that. */
void aof_file_free(struct aof_file *file);

#endif
