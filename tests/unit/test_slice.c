/* test_slice.c -- comparing borrowed bytes, and reading a number from them. */
#include "helpers.h"
#include "suites.h"

#include <inttypes.h>

/* ---- Equality --------------------------------------------------------- */

START_TEST(a_slice_of_a_string_leaves_its_nul_out) {
    const char *text = "abc";

    ck_assert_ptr_eq(slice_of(text).data, text);
    ck_assert_uint_eq(slice_of(text).len, 3);
    ck_assert_uint_eq(slice_of("").len, 0);
}
END_TEST

START_TEST(slices_are_equal_if_all_their_bytes_are) {
    size_t len, i;

    for (len = 0; len < 40; len++) {
        char bytes[40];
        struct slice a, b;

        for (i = 0; i < len; i++)
            bytes[i] = (char)(i * 37); /* a NUL first, and some above 127 */
        a = exact_copy((struct slice){bytes, len});
        b = exact_copy(a);
        check_that(slice_equal(a, b), "%zu bytes", len);
        check_that(slice_equal_nocase(a, b), "%zu bytes", len);
        for (i = 0; i < len; i++) {
            struct slice shorter = {b.data, i};

            ck_assert(!slice_equal(a, shorter));
            ck_assert(!slice_equal(shorter, a));
            ck_assert(!slice_equal_nocase(a, shorter));
            ((char *)b.data)[i] ^= 1;
            check_that(!slice_equal(a, b), "byte %zu of %zu", i, len);
            ((char *)b.data)[i] ^= 1;
        }
        exact_free(a);
        exact_free(b);
    }
}
END_TEST

START_TEST(empty_slices_are_equal_wherever_they_point) {
    struct slice nowhere = {NULL, 0};

    ck_assert(slice_equal(nowhere, nowhere));
    ck_assert(slice_equal(nowhere, slice_of("")));
    ck_assert(!slice_equal(nowhere, slice_of("a")));
    ck_assert(slice_equal_nocase(nowhere, slice_of("")));
    ck_assert(!slice_equal_nocase(slice_of("a"), nowhere));
}
END_TEST

START_TEST(case_matters_for_no_letter_and_for_every_other_byte) {
    int a, b;

    for (a = 0; a < 256; a++) {
        for (b = 0; b < 256; b++) {
            char x[] = {'k', (char)a, 'e'}, y[] = {'K', (char)b, 'E'};
            bool upper = a >= 'A' && a <= 'Z';
            bool lower = a >= 'a' && a <= 'z';
            bool want = a == b || (upper && b == a - 'A' + 'a') ||
                        (lower && b == a - 'a' + 'A');

            /* '@' and '`', '[' and '{' are 32 apart too, as are the letters
             * of other languages above 127. */
            check_that(slice_equal_nocase((struct slice){x, 3},
                                          (struct slice){y, 3}) == want,
                       "bytes 0x%02x and 0x%02x", (unsigned)a, (unsigned)b);
        }
    }
}
END_TEST

/* ---- Numbers ---------------------------------------------------------- */

#define UNTOUCHED 42424242

/* Read 'text' from an exact copy. False must leave the value alone. */
static bool read_number(struct slice text, int64_t *value) {
    struct slice copy = exact_copy(text);
    bool is_number;

    *value = UNTOUCHED;
    is_number = slice_to_int64(copy, value);
    if (!is_number) {
        check_that(*value == UNTOUCHED, "\"%s\" changed the value",
                   shown(text));
    }
    exact_free(copy);
    return is_number;
}

static void assert_number(const char *text, int64_t want) {
    int64_t value;

    check_that(read_number(slice_of(text), &value), "\"%s\" refused", text);
    check_that(value == want, "\"%s\" read as %" PRId64, text, value);
}

static void assert_no_number(struct slice text) {
    int64_t value;

    check_that(!read_number(text, &value), "\"%s\" read as %" PRId64,
               shown(text), value);
}

START_TEST(numbers_around_each_power_of_ten_are_read) {
    int64_t power = 1;
    int digits, distance;

    for (digits = 1; digits <= 19; digits++) {
        for (distance = -120; distance <= 120; distance++) {
            int64_t number = power + distance;
            char text[32];

            snprintf(text, sizeof text, "%" PRId64, number);
            assert_number(text, number);
            snprintf(text, sizeof text, "%" PRId64, -number);
            assert_number(text, -number);
        }
        if (digits < 19) power *= 10;
    }
}
END_TEST

START_TEST(numbers_around_each_power_of_two_are_read) {
    int bit, distance;

    for (bit = 0; bit < 62; bit++) {
        for (distance = -5; distance <= 5; distance++) {
            int64_t number = ((int64_t)1 << bit) + distance;
            char text[32];

            snprintf(text, sizeof text, "%" PRId64, number);
            assert_number(text, number);
            snprintf(text, sizeof text, "%" PRId64, -number);
            assert_number(text, -number);
        }
    }
}
END_TEST

START_TEST(what_does_not_fit_into_64_bits_is_refused) {
    static const char *const beyond[] = {
        "9999999999999999999",  "10000000000000000000",
        "18446744073709551615", "18446744073709551616",
        "18446744073709551621", "92233720368547758070",
        "99999999999999999999", "100000000000000000000000000000000000000000"};
    char text[64];
    size_t i;
    int last;

    for (last = 0; last < 100; last++) {
        bool positive = last <= 7;
        bool negative = last <= 8;

        snprintf(text, sizeof text, "-92233720368547758%02d", last);
        if (positive) {
            assert_number(text + 1, INT64_MAX - 7 + last);
        } else {
            assert_no_number(slice_of(text + 1));
        }
        if (negative) {
            assert_number(text, INT64_MIN + 8 - last);
        } else {
            assert_no_number(slice_of(text));
        }
    }
    for (i = 0; i < COUNT_OF(beyond); i++) {
        assert_no_number(slice_of(beyond[i]));
        snprintf(text, sizeof text, "-%s", beyond[i]);
        assert_no_number(slice_of(text));
    }
}
END_TEST

START_TEST(only_the_canonical_spelling_is_a_number) {
    static const char *const others[] = {
        "",     "-",     "+",   "-0",  "+0",  "+5",  "00",  "01",  "007",
        "-01",  "--1",   "1-",  " 1",  "1 ",  "\t1", "1\n", "1.0", "1e3",
        "0x10", "1,000", "1_0", "inf", "0-1", "-+1", "+-1", "a",   "1a"};
    size_t i;

    assert_number("0", 0);
    for (i = 0; i < COUNT_OF(others); i++)
        assert_no_number(slice_of(others[i]));
    assert_no_number((struct slice){NULL, 0});
    assert_no_number(BYTES("\0"));
    assert_no_number(BYTES("1\0"));
    assert_no_number(BYTES("\0001"));
    assert_no_number(BYTES("\xb2")); /* a superscript two, in Latin-1 */
}
END_TEST

/* What printf() makes of the number that strtoll() sees in 'text' is 'text'
 * itself: that is what canonical means, said without our parser. */
static bool is_canonical(struct slice text, int64_t *value) {
    char copy[16], printed[32];

    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *value = strtoll(copy, NULL, 10);
    snprintf(printed, sizeof printed, "%" PRId64, *value);
    return same_bytes(text, slice_of(printed));
}

START_TEST(every_short_text_is_read_as_the_c_library_prints_it) {
    static const char alphabet[] = "-+0129 :/a";
    size_t base = sizeof alphabet; /* its NUL too */
    size_t len, count = 1, i, k;

    for (len = 0; len <= 5; len++, count *= base) {
        for (i = 0; i < count; i++) {
            char bytes[5];
            struct slice text = {bytes, len};
            size_t rest = i;
            int64_t want, value;

            for (k = 0; k < len; k++, rest /= base)
                bytes[k] = alphabet[rest % base];
            if (!is_canonical(text, &want)) want = UNTOUCHED;
            check_that(read_number(text, &value) == (want != UNTOUCHED),
                       "\"%s\"", shown(text));
            check_that(value == want, "\"%s\"", shown(text));
        }
    }
}
END_TEST

START_TEST(a_wrong_byte_anywhere_makes_it_no_number) {
    static const char number[] = "-9120345678";
    size_t len = sizeof number - 1;
    size_t at;
    int byte;

    for (at = 0; at < len; at++) {
        for (byte = 0; byte < 256; byte++) {
            char bytes[sizeof number];
            int64_t value;
            bool want = at == 0 ? byte == '-' || (byte >= '1' && byte <= '9')
                                : byte >= (at == 1 ? '1' : '0') && byte <= '9';

            memcpy(bytes, number, len);
            bytes[at] = (char)byte;
            check_that(read_number((struct slice){bytes, len}, &value) == want,
                       "byte 0x%02x at %zu", (unsigned)byte, at);
        }
    }
}
END_TEST

Suite *slice_suite(void) {
    const TTest *tests[] = {
        a_slice_of_a_string_leaves_its_nul_out,
        slices_are_equal_if_all_their_bytes_are,
        empty_slices_are_equal_wherever_they_point,
        case_matters_for_no_letter_and_for_every_other_byte,
        numbers_around_each_power_of_ten_are_read,
        numbers_around_each_power_of_two_are_read,
        what_does_not_fit_into_64_bits_is_refused,
        only_the_canonical_spelling_is_a_number,
        every_short_text_is_read_as_the_c_library_prints_it,
        a_wrong_byte_anywhere_makes_it_no_number,
    };

    return suite_of("slice", tests, COUNT_OF(tests));
}
