/* siphash.c -- SipHash, as its paper describes it. */
#include "siphash.h"

#include <string.h>

static uint64_t rotate(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

/* The state of section 2 of the paper, and its SipRound. */
struct state {
    uint64_t v0, v1, v2, v3;
};

static inline void rounds(struct state *s, int count) {
    while (count-- > 0) {
        s->v0 += s->v1;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v2 = rotate(s->v2, 32);
    }
}

/* Eight bytes as a little-endian number; compilers make one load of it, if it
 * is written out. */
static uint64_t load(const unsigned char *b) {
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 |
           (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 |
           (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

static void absorb(struct state *s, uint64_t word, int c) {
    s->v3 ^= word;
    rounds(s, c);
    s->v0 ^= word;
}

uint64_t siphash(const struct siphash_seed *seed, struct slice bytes, int c,
                 int d) {
    /* The constants spell "somepseudorandomlygeneratedbytes". */
    struct state s = {
        seed->k0 ^ 0x736f6d6570736575, seed->k1 ^ 0x646f72616e646f6d,
        seed->k0 ^ 0x6c7967656e657261, seed->k1 ^ 0x7465646279746573};
    const unsigned char *at = (const unsigned char *)bytes.data;
    unsigned char last[8] = {0};
    size_t left;

    for (left = bytes.len; left >= 8; left -= 8, at += 8) {
        absorb(&s, load(at), c);
    }
    /* The last block: the bytes that are left, and the length's low byte. */
    if (left > 0) memcpy(last, at, left);
    last[7] = (unsigned char)bytes.len;
    absorb(&s, load(last), c);

    s.v2 ^= 0xff;
    rounds(&s, d);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
