/* crc64.c -- the checksum, eight bytes at a time ("slicing by 8"). */
#include "crc64.h"

/* The polynomial that Redis uses (crc64.c there: 0xad93d23594c935a9), its bits
 * in reverse, as they are taken from the low end. */
#define POLYNOMIAL UINT64_C(0x95ac9329ac4bc9b5)

void crc64_init(struct crc64 *crc64) {
    uint64_t(*table)[256] = crc64->table;
    int byte, behind;

    for (byte = 0; byte < 256; byte++) {
        uint64_t sum = (uint64_t)byte;
        int bit;

        for (bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ POLYNOMIAL : sum >> 1;
        table[0][byte] = sum;
    }
    /* The same byte with one, two, ... zero bytes behind it. */
    for (behind = 1; behind < 8; behind++) {
        for (byte = 0; byte < 256; byte++) {
            uint64_t sum = table[behind - 1][byte];

            table[behind][byte] = sum >> 8 ^ table[0][sum & 0xff];
        }
    }
}

/* One expression, in which compilers see a load of eight bytes. */
static uint64_t load_little_endian(const unsigned char *at) {
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
           (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 |
           (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

/* Likewise: gcc -O2 leaves a loop of eight a loop. */
static uint64_t add_eight(const uint64_t table[8][256], uint64_t word) {
    return table[7][word & 0xff] ^ table[6][word >> 8 & 0xff] ^
           table[5][word >> 16 & 0xff] ^ table[4][word >> 24 & 0xff] ^
           table[3][word >> 32 & 0xff] ^ table[2][word >> 40 & 0xff] ^
           table[1][word >> 48 & 0xff] ^ table[0][word >> 56];
}

uint64_t crc64_add(const struct crc64 *crc64, uint64_t sum, const void *bytes,
                   size_t len) {
    const unsigned char *at = bytes;

    for (; len >= 8; at += 8, len -= 8)
        sum = add_eight(crc64->table, sum ^ load_little_endian(at));
    for (; len > 0; at++, len--)
        sum = sum >> 8 ^ crc64->table[0][(sum ^ *at) & 0xff];
    return sum;
}
