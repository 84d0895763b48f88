/* aof_read.h -- the append-only file, block by block: each is handed out once
 * all of it is known to be as it was written. What its records mean, and what
 * is to be done about one that is not so, is for the caller (aof_load.c). */
#ifndef REDIS_LITE_AOF_READ_H
#define REDIS_LITE_AOF_READ_H

#include "aof_seal.h"
#include "buf.h"
#include "resp.h"

#include <stdbool.h>
#include <stdint.h>

#define AOF_WRONG_MAX 160 /* bytes of what is wrong, its NUL included */

enum aof_read {
    AOF_RECORDS, /* 'records' are whole ones */
    AOF_END,     /* of what is to be read, after whole records */
    AOF_TORN,    /* the end, within a block or record */
    AOF_WRONG,   /* this is not as it was written; 'wrong' says why */
    AOF_FAILED   /* read(2) did, with errno */
};

struct aof_reader {
    int fd; /* borrowed; read from its present offset on */
    const struct crc64 *crc64;
    int64_t end; /* offset: not read beyond */

    /* Of the block that was handed out last, or is torn or wrong: */
    int64_t offset;          /* where in the file it, or its seal, begins */
    struct seal_chain chain; /* of what stands before it */
    struct slice records;    /* borrowed until the next call */
    int64_t records_at;      /* where in the file they begin */
    char wrong[AOF_WRONG_MAX];

    int64_t synced;      /* the highest that a seal so far has named */
    uint64_t seals;      /* so many of them */
    bool says_all;       /* the last block: that all before it was synced */
    bool is_first_wrong; /* AOF_WRONG is about what may be the first one */
    bool has_no_seal;    /* and something has none */
    struct buf bytes;    /* read, and not handed out before this block */
    int64_t read_until;  /* where in the file the next read() is */
    size_t used;         /* of 'bytes': the block with its seal */
    struct seal_chain next_chain;
    struct resp_request request; /* to find the end of a record */
};

/* Begin at offset 'from' of 'fd', where 'chain' has come to; read up to 'end'.
 * -1 with errno. Give it to aof_reader_close(), which does not close 'fd'. */
int aof_reader_open(struct aof_reader *reader, int fd,
                    const struct crc64 *crc64, int64_t from, int64_t end,
                    const struct seal_chain *chain);
void aof_reader_close(struct aof_reader *reader);

/* The next block with a seal, or record without one. After anything but
 * AOF_RECORDS it may not be called again. */
enum aof_read aof_reader_next(struct aof_reader *reader);

/* After AOF_WRONG or AOF_TORN: look for seals in what follows, for one of them
 * may tell that these bytes were on the disk: 'synced' is raised to the
 * highest. It becomes INT64_MAX if the first seal of the file is found there,
 * or could not be read but was followed by something. -1 with errno. */
int aof_reader_look_ahead(struct aof_reader *reader);

#endif
