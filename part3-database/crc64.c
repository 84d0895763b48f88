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

static uint64_t load_little_endian(const unsigned char *at) {
    uint64_t word = 0;
    int i;

    for (i = 0; i < 8; i++)
        word |= (uint64_t)at[i] << 8 * i;
    return word;
}

uint64_t crc64_add(const struct crc64 *crc64, uint64_t sum, const void *bytes,
                   size_t len) {
    const unsigned char *at = bytes;

    for (; len >= 8; at += 8, len -= 8) {
        uint64_t word = sum ^ load_little_endian(at);
        int i;

        sum = 0;
        for (i = 0; i < 8; i++)
            sum ^= crc64->table[7 - i][word >> 8 * i & 0xff];
    }
    for (; len > 0; at++, len--)
        sum = sum >> 8 ^ crc64->table[0][(sum ^ *at) & 0xff];
    return sum;
}
