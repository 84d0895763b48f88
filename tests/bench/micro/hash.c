/* hash.c -- what is computed over bytes: where a key falls (SipHash-1-3), and
 * what a block of the log has to add up to. */
#include "crc64.h"
#include "siphash.h"
#include "util.h"

#include "micro.h"

struct hashing {
    struct siphash_seed seed;
    struct crc64 crc64;
    char bytes[1024];
    size_t size; /* of them */
};

/* Each hash changes the next one's input: they cannot overlap, and this is how
 * long one takes, not how many there can be. */
static void hash(void *context, size_t count) {
    struct hashing *hashing = context;

    while (count-- > 0) {
        struct slice bytes = {hashing->bytes, hashing->size};

        hashing->bytes[0] = (char)siphash(&hashing->seed, bytes, 1, 3);
    }
}

static void sum(void *context, size_t count) {
    struct hashing *hashing = context;
    uint64_t total = 0;

    while (count-- > 0)
        total = crc64_add(&hashing->crc64, total, hashing->bytes,
                          hashing->size);
    micro_use(&total);
}

void micro_hash(void) {
    struct hashing hashing = {.size = 16};

    random_bytes(&hashing.seed, sizeof hashing.seed);
    crc64_init(&hashing.crc64);
    micro_measure("siphash, 16 bytes", hash, &hashing, 1);
    hashing.size = 64;
    micro_measure("siphash, 64 bytes", hash, &hashing, 1);
    micro_measure("crc64_add, 64 bytes", sum, &hashing, 1);
    hashing.size = sizeof hashing.bytes;
    micro_measure("crc64_add, 1 KiB", sum, &hashing, 1);
}
