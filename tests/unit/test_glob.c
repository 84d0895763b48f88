/* test_glob.c -- patterns, against a matcher that is too simple to be fast. */
#include "glob.h"

#include "helpers.h"
#include "suites.h"

#define PATTERN_MAX 5
#define TEXT_MAX    3

/* ---- The model ---------------------------------------------------------- */

/* What one element of a pattern is: how many bytes it has, and whether it
 * takes a byte. It knows nothing of letters of two cases. */
struct element {
    size_t len;
    bool takes[256];
};

static void take_range(struct element *element, signed char a, signed char b) {
    for (int c = a < b ? a : b; c <= (a < b ? b : a); c++)
        element->takes[(unsigned char)c] = true;
}

static struct element set_at(const char *pattern, size_t len) {
    struct element set = {.len = 1};
    bool inverted = len > 1 && pattern[1] == '^';

    set.len += inverted;
    while (set.len < len && pattern[set.len] != ']') {
        const char *at = pattern + set.len;
        size_t left = len - set.len;

        if (left >= 2 && at[0] == '\\') {
            take_range(&set, at[1], at[1]);
            set.len += 2;
        } else if (left >= 3 && at[1] == '-') {
            take_range(&set, at[0], at[2]);
            set.len += 3;
        } else {
            take_range(&set, at[0], at[0]);
            set.len++;
        }
    }
    if (set.len < len) set.len++;
    for (int c = 0; c < 256; c++)
        set.takes[c] ^= inverted;
    return set;
}

static struct element element_at(const char *pattern, size_t len) {
    struct element element = {.len = 1};

    if (pattern[0] == '[') return set_at(pattern, len);
    if (pattern[0] == '?') {
        take_range(&element, -128, 127);
    } else if (pattern[0] == '\\' && len > 1) {
        take_range(&element, pattern[1], pattern[1]);
        element.len = 2;
    } else {
        take_range(&element, pattern[0], pattern[0]);
    }
    return element;
}

static bool model_match(const char *pattern, size_t pattern_len,
                        const char *text, size_t len) {
    struct element element;

    if (pattern_len == 0) return len == 0;
    if (pattern[0] == '*') {
        return model_match(pattern + 1, pattern_len - 1, text, len) ||
               (len > 0 &&
                model_match(pattern, pattern_len, text + 1, len - 1));
    }
    if (len == 0) return false;
    element = element_at(pattern, pattern_len);
    return element.takes[(unsigned char)text[0]] &&
           model_match(pattern + element.len, pattern_len - element.len,
                       text + 1, len - 1);
}

/* ---- All patterns ------------------------------------------------------- */

/* The number-th word over an alphabet; all of 'len' letters have a number. */
static void spell(char *word, size_t len, const char *letters, size_t number) {
    size_t base = strlen(letters);

    for (size_t i = 0; i < len; i++, number /= base)
        word[i] = letters[number % base];
}

static size_t power(size_t base, size_t exponent) {
    return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

enum { TEXTS = 1 + 6 + 6 * 6 + 6 * 6 * 6 };

/* All texts, made once for all patterns: exact copies cost more than matches
 * where a sanitizer watches. */
static void spell_texts(struct slice texts[TEXTS]) {
    const char *letters = "ab-]\\\xff";
    size_t count = 0;

    for (size_t len = 0; len <= TEXT_MAX; len++) {
        for (size_t n = 0; n < power(strlen(letters), len); n++) {
            char text[TEXT_MAX + 1];

            spell(text, len, letters, n);
            texts[count++] = exact_copy((struct slice){text, len});
        }
    }
    ck_assert_uint_eq(count, TEXTS);
}

static void check_texts(struct slice pattern, const struct slice *texts) {
    for (size_t i = 0; i < TEXTS; i++) {
        struct slice text = texts[i];
        bool wanted = text.len == 0 ? pattern.len == 0
                                    : model_match(pattern.data, pattern.len,
                                                  text.data, text.len);

        check_that(glob_match(pattern, text, false) == wanted,
                   "\"%s\" and \"%s\": not %d", shown(pattern), shown(text),
                   wanted);
    }
}

START_TEST(each_short_pattern_agrees_with_the_model) {
    const char *letters = "ab*?[]^-\\";
    struct slice texts[TEXTS];
    char bytes[PATTERN_MAX];
    size_t len = (size_t)_i;

    spell_texts(texts);
    for (size_t n = 0; n < power(strlen(letters), len); n += STRIDE) {
        struct slice pattern;

        spell(bytes, len, letters, n);
        pattern = exact_copy((struct slice){bytes, len});
        check_texts(pattern, texts);
        exact_free(pattern);
    }
    for (size_t i = 0; i < TEXTS; i++)
        exact_free(texts[i]);
}
END_TEST

START_TEST(long_patterns_agree_with_the_model) {
    uint64_t chance = 9;

    for (int i = 0; i < 300000; i++) {
        char pattern[16];
        char text[16];
        size_t pattern_len = random_below(&chance, sizeof pattern);
        size_t len = 1 + random_below(&chance, sizeof text - 1);
        struct slice one;
        struct slice two;

        spell(pattern, pattern_len, "abaa**?[]^-\\", random_next(&chance));
        spell(text, len, "aaab]", random_next(&chance));
        one = exact_copy((struct slice){pattern, pattern_len});
        two = exact_copy((struct slice){text, len});
        check_that(glob_match(one, two, false) ==
                       model_match(pattern, pattern_len, text, len),
                   "\"%s\" and \"%s\"", shown(one), shown(two));
        exact_free(one);
        exact_free(two);
    }
}
END_TEST

/* ---- Case --------------------------------------------------------------- */

START_TEST(case_counts_only_if_it_is_to) {
    static const struct {
        const char *pattern;
        const char *text;
        bool exact;
        bool nocase;
    } rows[] = {
        {"abc", "ABC", false, true},
        {"ABC", "abc", false, true},
        {"a*C", "AbbC", false, true},
        {"[a-c]", "B", false, true},
        {"[A-C]", "b", false, true},
        {"[^a]", "A", true, false},
        {"\\A", "a", false, true},
        {"[\\A]", "a", false, false}, /* as Redis has it */
        {"[Z-a]", "a", true, false},  /* likewise: z to a, once folded */
        {"[", "[", false, false},
        {"@[`{", "@[`{", false, false},
        {"\xc4", "\xe4", false, false}, /* no letters of ASCII */
        {"?", "x", true, true},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slice pattern = slice_of(rows[i].pattern);
        struct slice text = slice_of(rows[i].text);

        check_that(glob_match(pattern, text, false) == rows[i].exact &&
                       glob_match(pattern, text, true) == rows[i].nocase,
                   "\"%s\" and \"%s\"", shown(pattern), shown(text));
    }
}
END_TEST

/* ---- Time --------------------------------------------------------------- */

/* One that tries each place for each star would not come to an end. */
START_TEST(many_stars_do_not_take_long) {
    enum { STARS = 1000, LEN = 100000 };
    char *pattern = xmalloc(2 * STARS + 1);
    char *text = xmalloc(LEN);

    memset(text, 'a', LEN);
    for (size_t i = 0; i < STARS; i++)
        memcpy(pattern + 2 * i, "*a", 2);
    pattern[2 * STARS] = 'b';
    ck_assert(!glob_match((struct slice){pattern, 2 * STARS + 1},
                          (struct slice){text, LEN}, false));
    ck_assert(glob_match((struct slice){pattern, 2 * STARS},
                         (struct slice){text, LEN}, false));
    memset(pattern, '*', 2 * STARS);
    ck_assert(!glob_match((struct slice){pattern, 2 * STARS + 1},
                          (struct slice){text, LEN}, false));
    free(pattern);
    free(text);
}
END_TEST

/* Nor would one that calls itself for each star. */
START_TEST(a_million_stars_do_not_fill_the_stack) {
    size_t len = 2000000;
    char *bytes = xmalloc(len);

    for (size_t i = 0; i < len; i += 2)
        memcpy(bytes + i, "*a", 2);
    ck_assert(glob_match((struct slice){bytes, len}, (struct slice){bytes, len},
                         false));
    free(bytes);
}
END_TEST

Suite *glob_suite(void) {
    const TTest *const tests[] = {
        long_patterns_agree_with_the_model,
        case_counts_only_if_it_is_to,
        many_stars_do_not_take_long,
        a_million_stars_do_not_fill_the_stack,
    };
    Suite *suite = suite_of("glob", tests, COUNT_OF(tests));
    TCase *loop = tcase_create("glob: all patterns");

    tcase_set_timeout(loop, TEST_SECONDS);
    tcase_add_loop_test(loop, each_short_pattern_agrees_with_the_model, 0,
                        PATTERN_MAX + 1);
    suite_add_tcase(suite, loop);
    return suite;
}
