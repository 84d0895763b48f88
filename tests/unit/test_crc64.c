/* test_crc64.c -- the checksum of the log: the one that others mean by that
 * name, however it is cut into pieces. */
#include "crc64.h"

#include "helpers.h"
#include "suites.h"

/* Bit by bit, as the definition says; the polynomial as Redis writes it. */
static uint64_t by_definition(struct slice bytes) {
    uint64_t sum = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bool in = (unsigned char)bytes.data[i] >> bit & 1;
            bool out = sum >> 63;

            sum = sum << 1 ^ (in != out ? UINT64_C(0xad93d23594c935a9) : 0);
        }
    }
    /* The result is turned round, its first bit last. */
    for (int bit = 0; bit < 32; bit++) {
        uint64_t differ = (sum >> bit ^ sum >> (63 - bit)) & 1;

        sum ^= differ << bit | differ << (63 - bit);
    }
    return sum;
}

START_TEST(the_check_value_is_that_of_redis) {
    struct crc64 crc64;

    crc64_init(&crc64);
    ck_assert_uint_eq(crc64_add(&crc64, 0, "123456789", 9),
                      UINT64_C(0xe9c6d914c4b8d9ca));
    ck_assert_uint_eq(crc64_add(&crc64, 0, NULL, 0), 0);
}
END_TEST

/* At each place in memory, too: it takes eight bytes at a time. */
START_TEST(any_bytes_in_any_pieces_come_to_what_is_defined) {
    struct crc64 crc64;
    char bytes[96];
    uint64_t state = 64;

    crc64_init(&crc64);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)random_next(&state);
    for (size_t from = 0; from < 8; from++) {
        for (size_t len = 0; len <= 80; len++) {
            struct slice all = exact_copy((struct slice){bytes + from, len});
            uint64_t sum = by_definition(all);

            for (size_t first = 0; first <= len; first++) {
                uint64_t half = crc64_add(&crc64, 0, all.data, first);

                check_that(crc64_add(&crc64, half, all.data + first,
                                     len - first) == sum,
                           "%zu and %zu bytes", first, len - first);
            }
            exact_free(all);
        }
    }
}
END_TEST

Suite *crc64_suite(void) {
    const TTest *const tests[] = {
        the_check_value_is_that_of_redis,
        any_bytes_in_any_pieces_come_to_what_is_defined,
    };

    return suite_of("crc64", tests, COUNT_OF(tests));
}
