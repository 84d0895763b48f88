/* test_command_bits.c -- values as rows of bits, against a row of booleans. */
#include "command.h"

#include "helpers.h"
#include "suites.h"

#define ROW 80 /* bits that the model has */

#define SYNTAX_ERROR "-ERR syntax error\r\n"
#define NO_INTEGER   "-ERR value is not an integer or out of range\r\n"
#define BAD_OFFSET   "-ERR bit offset is not an integer or out of range\r\n"
#define BAD_BIT      "-ERR bit is not an integer or out of range\r\n"

static int64_t ask(struct caller *caller, const char *line) {
    struct slice reply = caller_say(caller, line);

    check_that(reply.data[0] == ':', "%s: %s", line, shown(reply));
    return strtoll(reply.data + 1, NULL, 10);
}

/* ---- One bit ---------------------------------------------------------------
 */

START_TEST(bits_are_set_and_read_one_by_one) {
    uint64_t chance = 1;
    bool row[ROW] = {false};
    size_t len = 0; /* in bytes */
    struct caller caller;
    int n;

    caller_open(&caller);
    for (n = 0; n < 5000; n++) {
        /* From the left, so that the value grows little by little. */
        size_t at = random_below(&chance, 1 + (size_t)n % ROW);
        bool bit = random_below(&chance, 2) == 1;
        bool changes = at / 8 >= len || bit != row[at];
        struct slice value;
        char line[32];

        if (n % 1000 == 999) {
            store_delete(caller.store, BYTES("key"));
            memset(row, 0, sizeof row);
            len = 0;
            continue;
        }
        snprintf(line, sizeof line, "GETBIT key %zu", at);
        ck_assert(ask(&caller, line) == row[at]);
        snprintf(line, sizeof line, "SETBIT key %zu %d", at, bit);
        ck_assert(ask(&caller, line) == row[at]);
        check_that(caller.changed == changes, "%s", line);
        row[at] = bit;
        if (at / 8 >= len) len = at / 8 + 1;
        ck_assert(store_peek(caller.store, BYTES("key"), &value));
        ck_assert_uint_eq(value.len, len);
        for (at = 0; at < len * 8; at++) {
            check_that((value.data[at / 8] >> (7 - at % 8) & 1) == row[at],
                       "bit %zu after %s", at, line);
        }
    }
    caller_close(&caller);
}
END_TEST

START_TEST(setbit_keeps_the_time_and_logs_only_changes) {
    struct caller caller;

    caller_open(&caller);
    store_set(caller.store, BYTES("key"), BYTES("a"));
    store_set_expiry(caller.store, BYTES("key"), 7);
    assert_reply(&caller, "SETBIT key 20 1", ":0\r\n");
    assert_logged(&caller, "SETBIT key 20 1");
    assert_reply(&caller, "SETBIT key 20 1", ":1\r\n");
    assert_logged(&caller, "");
    assert_reply(&caller, "GETBIT key 1000", ":0\r\n");
    assert_reply(&caller, "STRLEN key", ":3\r\n"); /* asking makes no bits */
    assert_reply(&caller, "GETBIT none 0", ":0\r\n");
    assert_reply(&caller, "EXISTS none", ":0\r\n");
    ck_assert(store_expiry(caller.store, BYTES("key")) == 7);
    caller_close(&caller);
}
END_TEST

START_TEST(an_offset_is_a_place_in_the_longest_value) {
    static const char *const offsets[] = {
        "-1",
        "",
        "a",
        "1.0",
        "+1",
        "01",
        "4294967296",
        "9223372036854775807",
        "1\t",
        "-0",
        "9223372036854775808",
    };
    struct caller caller;
    size_t i;

    caller_open(&caller);
    for (i = 0; i < COUNT_OF(offsets); i++) {
        struct slice argv[] = {BYTES("GETBIT"), BYTES("key"),
                               slice_of(offsets[i]), BYTES("2")};

        assert_bytes(caller_run(&caller, argv, 3), BYTES(BAD_OFFSET));
        argv[0] = BYTES("SETBIT"); /* the offset is looked at first */
        assert_bytes(caller_run(&caller, argv, 4), BYTES(BAD_OFFSET));
    }
    assert_reply(&caller, "GETBIT key 4294967295", ":0\r\n");
    caller.value_max = 10;
    assert_reply(&caller, "SETBIT key 80 1", BAD_OFFSET);
    assert_reply(&caller, "GETBIT key 80", BAD_OFFSET);
    assert_reply(&caller, "SETBIT key 79 1", ":0\r\n");
    assert_reply(&caller, "STRLEN key", ":10\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(a_bit_is_0_or_1) {
    static const char *const bits[] = {
        "2", "-1", "", "x", "01", "1.0", "9223372036854775808", "256",
    };
    struct caller caller;
    size_t i;

    caller_open(&caller);
    for (i = 0; i < COUNT_OF(bits); i++) {
        struct slice argv[] = {BYTES("SETBIT"), BYTES("key"), BYTES("0"),
                               slice_of(bits[i])};

        assert_bytes(caller_run(&caller, argv, 4), BYTES(BAD_BIT));
        ck_assert(!caller.changed);
    }
    assert_reply(&caller, "EXISTS key", ":0\r\n");
    caller_close(&caller);
}
END_TEST

/* ---- BITCOUNT --------------------------------------------------------------
 */

/* How many are set between two of them, of 'len'; negative: from the end. */
static int64_t count(const unsigned char *bytes, int64_t len, int64_t first,
                     int64_t last, int unit) {
    int64_t total = 0, i;

    len = len * 8 / unit;
    if (first < 0 && last < 0 && first > last) return 0;
    if (first < 0) first += len;
    if (last < 0) last += len;
    if (last < 0) last = 0; /* the first is always in, in Redis */
    for (i = 0; i < len * unit; i++) {
        if (i / unit >= first && i / unit <= last) {
            total += bytes[i / 8] >> (7 - i % 8) & 1;
        }
    }
    return total;
}

/* Every range of bytes and of bits, in values of every length up to one that
 * has more than one machine word. */
START_TEST(bitcount_counts_in_every_range) {
    unsigned char bytes[11];
    uint64_t chance = 7;
    struct caller caller;
    int len, unit, first, last;
    size_t i;

    caller_open(&caller);
    for (len = 0; len <= (int)sizeof bytes; len++) {
        for (i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)random_below(&chance, 256);
        store_set(caller.store, BYTES("key"),
                  (struct slice){(char *)bytes, (size_t)len});
        ck_assert(ask(&caller, "BITCOUNT key") == count(bytes, len, 0, -1, 8));
        for (unit = 1; unit <= 8; unit += 7) {
            int end = len * 8 / unit + 2;

            for (first = -end; first <= end; first++) {
                for (last = -end; last <= end; last++) {
                    char line[40];

                    snprintf(line, sizeof line, "BITCOUNT key %d %d%s", first,
                             last, unit == 1 ? " bit" : "");
                    check_that(ask(&caller, line) ==
                                   count(bytes, len, first, last, unit),
                               "%s of %d bytes", line, len);
                }
            }
        }
    }
    caller_close(&caller);
}
END_TEST

START_TEST(bitcount_takes_a_unit) {
    struct caller caller;

    caller_open(&caller);
    store_set(caller.store, BYTES("key"), BYTES("\xff\x01"));
    assert_reply(&caller, "BITCOUNT key 0 0 BYTE", ":8\r\n");
    assert_reply(&caller, "BITCOUNT key 0 0 bYtE", ":8\r\n");
    assert_reply(&caller, "BITCOUNT key 0 0 BiT", ":1\r\n");
    assert_reply(&caller, "BITCOUNT key 0 0 bits", SYNTAX_ERROR);
    assert_reply(&caller, "BITCOUNT key 0 0 ", SYNTAX_ERROR);
    assert_reply(&caller, "BITCOUNT key -2 -1 x", SYNTAX_ERROR);
    assert_reply(&caller, "BITCOUNT key 5 0 x", SYNTAX_ERROR);
    assert_reply(&caller, "BITCOUNT key -1 -1 x", SYNTAX_ERROR);
    assert_reply(&caller, "BITCOUNT key -1 -2 x", ":0\r\n"); /* as Redis */
    assert_reply(&caller, "BITCOUNT key 0", SYNTAX_ERROR);
    assert_reply(&caller, "BITCOUNT key 0 0 BIT x", SYNTAX_ERROR);
    assert_reply(&caller, "BITCOUNT key a 0", NO_INTEGER);
    assert_reply(&caller, "BITCOUNT key 0 a x", NO_INTEGER);
    caller_close(&caller);
}
END_TEST

/* Redis looks for the key before it looks at anything else. */
START_TEST(bitcount_of_nothing_is_0_whatever_else_is_said) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "BITCOUNT key", ":0\r\n");
    assert_reply(&caller, "BITCOUNT key a", ":0\r\n");
    assert_reply(&caller, "BITCOUNT key 1 2 3 4", ":0\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(bitcount_takes_the_largest_numbers) {
    struct caller caller;

    caller_open(&caller);
    store_set(caller.store, BYTES("key"), BYTES("\xff\x01"));
    assert_reply(&caller,
                 "BITCOUNT key -9223372036854775808 9223372036854775807",
                 ":9\r\n");
    assert_reply(&caller,
                 "BITCOUNT key -9223372036854775808 9223372036854775807 BIT",
                 ":9\r\n");
    assert_reply(&caller,
                 "BITCOUNT key 9223372036854775807 -9223372036854775808 BIT",
                 ":0\r\n");
    caller_close(&caller);
}
END_TEST

Suite *bits_suite(void) {
    const TTest *const tests[] = {
        bits_are_set_and_read_one_by_one,
        setbit_keeps_the_time_and_logs_only_changes,
        an_offset_is_a_place_in_the_longest_value,
        a_bit_is_0_or_1,
        bitcount_counts_in_every_range,
        bitcount_takes_a_unit,
        bitcount_of_nothing_is_0_whatever_else_is_said,
        bitcount_takes_the_largest_numbers,
    };

    return suite_of("command_bits", tests, COUNT_OF(tests));
}
