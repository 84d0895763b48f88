/* crc64.h -- a checksum of 64 bits: that of Redis's files ("Jones").
 *
 * It finds what a disk does to bytes, with certainty up to 64 bits in a row. It
 * is no proof against who changes a file on purpose. */
#ifndef REDIS_LITE_CRC64_H
#define REDIS_LITE_CRC64_H

#include <stddef.h>
#include <stdint.h>

/* What eight bytes do to the sum, each on its own: 16 KiB. */
struct crc64 {
    uint64_t table[8][256];
};

void crc64_init(struct crc64 *crc64);

/* The sum of what has the sum 'sum' (0: of nothing) followed by these bytes. */
uint64_t crc64_add(const struct crc64 *crc64, uint64_t sum, const void *bytes,
                   size_t len);

#endif
