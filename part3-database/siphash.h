/* siphash.h -- a hash that strangers cannot aim at.
 *
 * Clients choose the keys. With a hash that they can compute, they can choose
 * a million keys that fall into one bucket, and each lookup becomes a walk
 * (Crosby and Wallach, "Denial of Service via Algorithmic Complexity Attacks",
 * 2003). SipHash is keyed: who does not know the seed cannot tell where a key
 * falls. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF",
 * 2012. */
#ifndef REDIS_LITE_SIPHASH_H
#define REDIS_LITE_SIPHASH_H

#include "slice.h"

#include <stdint.h>

struct siphash_seed {
    uint64_t k0, k1;
};

/* SipHash-c-d: 'c' rounds for each 8 bytes, 'd' at the end. The paper proposes
 * 2-4 as a cipher would be proposed, with a margin; 1-3 is enough for a table
 * whose hashes nobody sees (so do Rust, Ruby and Python). */
uint64_t siphash(const struct siphash_seed *seed, struct slice bytes, int c,
                 int d);

#endif
