/* test_siphash.c -- the hash: what its authors and others get, this gets too.
 *
 * A hash that is wrong works all the same, and only strangers find out what is
 * weak about it. So it is held against values that were computed elsewhere. */
#include "siphash.h"

#include "helpers.h"
#include "suites.h"
#include "util.h"

#include <inttypes.h>
#include <sys/mman.h>

#define LONGEST 64 /* bytes: eight whole words, and each tail on the way */

/* SipHash-2-4 of the first n bytes of 00 01 02 ..., under the key 00 01 ... 0f:
 * the table that the authors publish with the reference code (vectors.h),
 * computed once more with OpenSSL 3 (`openssl mac ... SIPHASH`). */
static const struct siphash_seed authors_seed = {0x0706050403020100,
                                                 0x0f0e0d0c0b0a0908};
static const uint64_t authors_hashes[LONGEST] = {
    0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a,
    0x85676696d7fb7e2d, 0xcf2794e0277187b7, 0x18765564cd99a68d,
    0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462,
    0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
    0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee,
    0xa129ca6149be45e5, 0x3f2acc7f57c29bdb, 0x699ae9f52cbe4794,
    0x4bc1b3f0968dd39c, 0xbb6dc91da77961bd, 0xbed65cf21aa2ee98,
    0xd0f2cbb02e3b67c7, 0x93536795e3a33e88, 0xa80c038ccd5ccec8,
    0xb8ad50c6f649af94, 0xbce192de8a85b8ea, 0x17d835b85bbb15f3,
    0x2f2e6163076bcfad, 0xde4daaaca71dc9a5, 0xa6a2506687956571,
    0xad87a3535c49ef28, 0x32d892fad841c342, 0x7127512f72f27cce,
    0xa7f32346f95978e3, 0x12e0b01abb051238, 0x15e034d40fa197ae,
    0x314dffbe0815a3b4, 0x027990f029623981, 0xcadcd4e59ef40c4d,
    0x9abfd8766a33735c, 0x0e3ea96b5304a7d0, 0xad0c42d6fc585992,
    0x187306c89bc215a9, 0xd4a60abcf3792b95, 0xf935451de4f21df2,
    0xa9538f0419755787, 0xdb9acddff56ca510, 0xd06c98cd5c0975eb,
    0xe612a3cb9ecba951, 0xc766e62cfcadaf96, 0xee64435a9752fe72,
    0xa192d576b245165a, 0x0a8787bf8ecb74b2, 0x81b3e73d20b49b6f,
    0x7fa8220ba3b2ecea, 0x245731c13ca42499, 0xb78dbfaf3a8d83bd,
    0xea1ad565322a1a0b, 0x60e61c23a3795013, 0x6606d7e446282b93,
    0x6ca4ecb15c5f91e1, 0x9f626da15c9625f3, 0xe51b38608ef25f57,
    0x958a324ceb064572,
};

/* SipHash-1-3 of the bytes 11, 11 + 37, 11 + 2 * 37 ... (modulo 256) under the
 * key 0: what hash() of Python 3.11 says with PYTHONHASHSEED=0. */
static const struct {
    size_t len;
    uint64_t hash;
} pythons_hashes[] = {
    {1, 0x26144e6cff3ac45c},   {2, 0x52bd41de9d38aaf7},
    {3, 0xa4fa623f1c3d8f91},   {4, 0x33bce358c2baa9b2},
    {7, 0xdf736fc88c20792a},   {8, 0x13c8df4ec019b503},
    {9, 0xdfb5eb7cc3223b49},   {12, 0xe15d7193b9e32b33},
    {15, 0xbeba3cf576457485},  {16, 0x610125500b21b982},
    {17, 0xfa02bdcf2ab24ba9},  {23, 0x531d14b303e627fd},
    {24, 0xeae603e6e35f8680},  {25, 0x99e2f9307356e9c3},
    {31, 0xde72d3f45318baf4},  {32, 0x087c22acb367534f},
    {33, 0x7073225da5a0c159},  {48, 0x7a3edf05c30c2c88},
    {63, 0x539a364b1819300a},  {64, 0x1e7822224874b116},
    {255, 0xe9994ba11c354c79}, {256, 0xa51f9c2d153e1670},
    {257, 0xe28725fac08d1531}, {1000, 0xf98e82732c5188a3},
};

static const struct siphash_seed zero_seed = {0, 0};

static unsigned char pythons_byte(size_t i) {
    return (unsigned char)(i * 37 + 11);
}

/* Copied, so that a sanitizer sees a byte read beyond the last. */
static uint64_t hash_of(const struct siphash_seed *seed, const void *bytes,
                        size_t len, int c, int d) {
    struct slice copy = exact_copy((struct slice){bytes, len});
    uint64_t hash = siphash(seed, copy, c, d);

    exact_free(copy);
    return hash;
}

START_TEST(two_and_four_rounds_agree_with_the_authors) {
    unsigned char bytes[LONGEST];

    for (size_t len = 0; len < LONGEST; len++) {
        uint64_t hash = hash_of(&authors_seed, bytes, len, 2, 4);

        check_that(hash == authors_hashes[len],
                   "%zu bytes: %016" PRIx64 ", not %016" PRIx64, len, hash,
                   authors_hashes[len]);
        bytes[len] = (unsigned char)len;
    }
}
END_TEST

START_TEST(one_and_three_rounds_agree_with_python) {
    unsigned char bytes[1000];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = pythons_byte(i);
    for (size_t i = 0; i < COUNT_OF(pythons_hashes); i++) {
        size_t len = pythons_hashes[i].len;
        uint64_t hash = hash_of(&zero_seed, bytes, len, 1, 3);

        check_that(hash == pythons_hashes[i].hash,
                   "%zu bytes: %016" PRIx64 ", not %016" PRIx64, len, hash,
                   pythons_hashes[i].hash);
    }
}
END_TEST

START_TEST(it_does_not_matter_where_in_memory_the_bytes_lie) {
    unsigned char bytes[LONGEST + 16];

    for (size_t start = 0; start < 16; start++) {
        for (size_t i = 0; i < LONGEST; i++)
            bytes[start + i] = (unsigned char)i;
        for (size_t len = 0; len < LONGEST; len++) {
            struct slice in = {(char *)bytes + start, len};

            check_that(siphash(&authors_seed, in, 2, 4) == authors_hashes[len],
                       "%zu bytes, %zu behind a boundary", len, start);
        }
    }
}
END_TEST

/* One page that can be read between two that cannot: a byte read in front of
 * the input, or behind it, is the end of this test. */
START_TEST(no_byte_beside_the_input_is_read) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1,
                       0);
    char *middle = pages + page;

    ck_assert(pages != MAP_FAILED);
    ck_assert_int_eq(mprotect(middle, page, PROT_READ | PROT_WRITE), 0);
    for (size_t len = 0; len < LONGEST; len++) {
        char *places[2] = {middle, middle + page - len};

        for (int i = 0; i < 2; i++) {
            for (size_t j = 0; j < len; j++)
                places[i][j] = (char)j;
            check_that(siphash(&authors_seed, (struct slice){places[i], len}, 2,
                               4) == authors_hashes[len],
                       "%zu bytes at the %s of a page", len,
                       i == 0 ? "beginning" : "end");
        }
    }
    munmap(pages, 3 * page);
}
END_TEST

START_TEST(nothing_at_all_may_be_given_as_null) {
    ck_assert_uint_eq(siphash(&authors_seed, (struct slice){NULL, 0}, 2, 4),
                      authors_hashes[0]);
}
END_TEST

START_TEST(every_bit_of_the_seed_counts) {
    struct slice in = slice_of("a key");
    uint64_t hash = siphash(&authors_seed, in, 1, 3);

    for (int bit = 0; bit < 128; bit++) {
        struct siphash_seed seed = authors_seed;

        if (bit < 64) {
            seed.k0 ^= (uint64_t)1 << bit;
        } else {
            seed.k1 ^= (uint64_t)1 << (bit - 64);
        }
        check_that(siphash(&seed, in, 1, 3) != hash,
                   "bit %d of the seed changes nothing", bit);
    }
}
END_TEST

START_TEST(every_bit_of_the_input_counts) {
    for (size_t len = 1; len <= LONGEST; len++) {
        char bytes[LONGEST] = {0};
        struct slice in = {bytes, len};
        uint64_t hash = siphash(&authors_seed, in, 1, 3);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] = (char)(1 << bit % 8);
            check_that(siphash(&authors_seed, in, 1, 3) != hash,
                       "bit %zu of %zu bytes changes nothing", bit, len);
            bytes[bit / 8] = 0;
        }
    }
}
END_TEST

START_TEST(zeros_of_different_lengths_differ) {
    static const char zeros[LONGEST];
    uint64_t hashes[LONGEST];

    for (size_t len = 0; len < LONGEST; len++) {
        hashes[len] = siphash(&zero_seed, (struct slice){zeros, len}, 1, 3);
        for (size_t shorter = 0; shorter < len; shorter++) {
            check_that(hashes[len] != hashes[shorter], "%zu zeros and %zu", len,
                       shorter);
        }
    }
}
END_TEST

#define BUCKETS  256
#define COLLIDED 20000

/* What an attacker would do who knew a seed: look for keys that share a bucket.
 * Under another seed they are as good as any. */
START_TEST(keys_that_collide_under_one_seed_spread_under_another) {
    size_t in_bucket[BUCKETS] = {0};
    struct siphash_seed seed;
    size_t found = 0;

    random_bytes(&seed, sizeof seed);
    for (uint64_t i = 0; found < COLLIDED; i++) {
        struct slice key = {(char *)&i, sizeof i};

        if (siphash(&zero_seed, key, 1, 3) % BUCKETS != 0) continue;
        in_bucket[siphash(&seed, key, 1, 3) % BUCKETS]++;
        found++;
    }
    /* On average 78, and 9 more or less is usual: twice as many is not. */
    for (size_t i = 0; i < BUCKETS; i++) {
        check_that(in_bucket[i] < 2 * COLLIDED / BUCKETS,
                   "%zu of %d keys share a bucket of %d", in_bucket[i],
                   COLLIDED, BUCKETS);
    }
}
END_TEST

Suite *siphash_suite(void) {
    const TTest *const tests[] = {
        two_and_four_rounds_agree_with_the_authors,
        one_and_three_rounds_agree_with_python,
        it_does_not_matter_where_in_memory_the_bytes_lie,
        no_byte_beside_the_input_is_read,
        nothing_at_all_may_be_given_as_null,
        every_bit_of_the_seed_counts,
        every_bit_of_the_input_counts,
        zeros_of_different_lengths_differ,
        keys_that_collide_under_one_seed_spread_under_another,
    };

    return suite_of("siphash", tests, COUNT_OF(tests));
}
