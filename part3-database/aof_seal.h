/* aof_seal.h -- the line in front of each block of the append-only file, its
 * seal: how long the block is, what it has to add up to, and how much of the
 * file was known to be on the disk when it was written.
 *
 *   #HDR:v1;len:31;synced:106;checksum:8e0d9d3ef3d6a2b1;header:02b6...;\r\n
 *
 *   len       bytes that follow this line, up to the next seal
 *   synced    an offset: what stands before it was synced (fdatasync(2))
 *   open      1: records without a seal may follow, for they were switched off
 *   id        in the first seal of a file only: drawn for this file
 *   checksum  CRC-64 of the whole file up to the end of the block, leaving out
 *             what stands from "checksum:" on in each seal. So it depends on
 *             every block before, and on their order
 *   header    CRC-64 of the id, of where in the file the line stands, and of
 *             the line up to here. So it is known to be a seal of this file,
 *             with the length that was written, before a byte of the block is
 *             looked at; and a value that looks like a seal is none
 *
 * "len" and "checksum" are what Valkey has decided on (its issue 3885); the
 * rest was added. A line that begins with '#' is a comment to Redis 7, Valkey
 * and their tools, if it is no longer than 1,024 bytes. */
#ifndef REDIS_LITE_AOF_SEAL_H
#define REDIS_LITE_AOF_SEAL_H

#include "crc64.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

#define SEAL_MAX 192 /* bytes of such a line, and then some */

/* What one block hands on to the next. */
struct seal_chain {
    uint64_t id;  /* of the file; 0: it has no seal yet */
    uint64_t sum; /* of the file so far */
    bool is_open; /* records without a seal may follow */
};

/* What a seal says. */
struct seal {
    int64_t len;
    int64_t synced;
    bool is_open;
    uint64_t id; /* 0: it is not the first of the file */
    uint64_t checksum;
    uint64_t header;
};

/* An id for a new file; never 0. */
uint64_t seal_draw_id(void);

/* Print the seal for 'block' at offset 'at' of its file, and move 'chain' on
 * behind it. If the chain has no id, it gets one. With 'is_open', records that
 * have no seal may follow. Returns the line's length. */
size_t seal_write(const struct crc64 *crc64, struct seal_chain *chain,
                  int64_t at, int64_t synced, bool is_open, struct slice block,
                  char line[SEAL_MAX]);

/* How long the first seal of a file is, at offset 'at', with all before it
 * synced. */
size_t seal_first_len(const struct crc64 *crc64, int64_t at);

/* Move 'chain' on behind bytes that have no seal. */
void seal_skip(const struct crc64 *crc64, struct seal_chain *chain,
               struct slice bytes);

/* Whether 'line', with its end, is a seal that was written for offset 'at' of
 * the file that has the id 'id' (0: that of any, which has to be the first). */
bool seal_read(const struct crc64 *crc64, uint64_t id, int64_t at,
               struct slice line, struct seal *seal);

/* What the checksum in 'line' has to be; 'chain' is moved on. */
uint64_t seal_sum(const struct crc64 *crc64, struct seal_chain *chain,
                  struct slice line, struct slice block);

#endif
