/* test_aof_seal.c -- the line in front of a block: it is what was written, at
 * the place where it was written, or it is none. */
#include "aof_seal.h"

#include "helpers.h"
#include "suites.h"

#define ID UINT64_C(0x0123456789abcdef)

static struct crc64 crc64;

static void init(void) {
    crc64_init(&crc64);
}

struct sample {
    uint64_t id; /* of the file before this seal */
    int64_t at, synced;
    bool is_open;
    struct slice block;
};

static const struct sample samples[] = {
    {0, 0, 0, false, {"", 0}},
    {0, 77, 77, false, {"", 0}},
    {0, 0, 0, true, {"*1\r\n$8\r\nFLUSHALL\r\n", 18}},
    {ID, 141, 0, false, {"*1\r\n$8\r\nFLUSHALL\r\n", 18}},
    {ID, 141, 141, true, {"", 0}},
    {1, INT64_MAX, INT64_MAX, false, {"\0\xff", 2}},
};

static struct slice write_sample(const struct sample *sample,
                                 struct seal_chain *chain,
                                 char line[SEAL_MAX]) {
    *chain = (struct seal_chain){.id = sample->id, .sum = 42};
    return (struct slice){line,
                          seal_write(&crc64, chain, sample->at, sample->synced,
                                     sample->is_open, sample->block, line)};
}

/* Through a copy of just the right size. */
static bool reads(uint64_t id, int64_t at, struct slice line,
                  struct seal *seal) {
    struct slice copy = exact_copy(line);
    bool is_seal = seal_read(&crc64, id, at, copy, seal);

    exact_free(copy);
    return is_seal;
}

START_TEST(a_seal_reads_as_it_was_written) {
    const struct sample *sample = &samples[_i];
    struct seal_chain chain, again = {.id = sample->id, .sum = 42};
    char text[SEAL_MAX];
    struct slice line = write_sample(sample, &chain, text);
    struct seal seal;

    ck_assert(reads(sample->id, sample->at, line, &seal));
    ck_assert_int_eq(seal.len, (int64_t)sample->block.len);
    ck_assert_int_eq(seal.synced, sample->synced);
    ck_assert_int_eq(seal.is_open, sample->is_open);
    ck_assert_uint_eq(seal.id, sample->id == 0 ? chain.id : 0);
    ck_assert_uint_ne(chain.id, 0);
    ck_assert_uint_eq(seal.checksum,
                      seal_sum(&crc64, &again, line, sample->block));
    ck_assert_uint_eq(again.sum, chain.sum);
    /* For Redis it is a comment. */
    ck_assert_int_eq(line.data[0], '#');
    ck_assert_uint_lt(line.len, 1024);
    ck_assert_ptr_eq(memchr(line.data, '\n', line.len),
                     line.data + line.len - 1);
}
END_TEST

/* A CRC shows each error of so few bits. */
START_TEST(a_seal_with_one_bit_flipped_is_none) {
    const struct sample *sample = &samples[_i];
    struct seal_chain chain;
    char text[SEAL_MAX];
    struct slice line = write_sample(sample, &chain, text);
    struct seal seal;

    for (size_t bit = 0; bit < 8 * line.len; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        check_that(!reads(sample->id, sample->at, line, &seal),
                   "bit %zu makes no difference: \"%s\"", bit, shown(line));
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
}
END_TEST

START_TEST(a_seal_that_is_shorter_or_longer_is_none) {
    const struct sample *sample = &samples[_i];
    struct seal_chain chain;
    char text[SEAL_MAX + 200];
    struct slice line;
    struct seal seal;
    size_t len;

    memset(text, '\n', sizeof text);
    line = write_sample(sample, &chain, text);
    len = line.len;
    for (line.len = 0; line.len <= sizeof text; line.len++) {
        check_that(reads(sample->id, sample->at, line, &seal) ==
                       (line.len == len),
                   "%zu bytes of %zu", line.len, len);
    }
}
END_TEST

START_TEST(a_seal_elsewhere_or_of_another_file_is_none) {
    const struct sample *sample = &samples[_i];
    struct seal_chain chain;
    char text[SEAL_MAX];
    struct slice line = write_sample(sample, &chain, text);
    struct seal seal;

    for (int bit = 0; bit < 63; bit++) {
        int64_t at = sample->at ^ (int64_t)1 << bit;

        check_that(!reads(sample->id, at, line, &seal), "at %lld",
                   (long long)at);
    }
    for (int bit = 0; bit < 64; bit++) {
        uint64_t id = (sample->id == 0 ? chain.id : sample->id) ^ UINT64_C(1)
                                                                      << bit;

        check_that(id == 0 || !reads(id, sample->at, line, &seal),
                   "bit %d of the id", bit);
    }
    /* A first one says the id, a later one does not. */
    ck_assert(!reads(sample->id == 0 ? chain.id : 0, sample->at, line, &seal));
}
END_TEST

/* All fields are as they are printed: one way to write each number. */
START_TEST(other_spellings_are_no_seal) {
    static const char *const lines[] = {
        "#HDR:v1;len:0;synced:0;checksum:0000000000000000;header:"
        "0000000000000000;\r\n",
        "#HDR:v1;len:-1;synced:0;checksum:0000000000000000;header:"
        "0000000000000000;\r\n",
        "#HDR:v1;len:+1;synced:00;checksum:0;header:0;\r\n",
        "#HDR:v1;len:9223372036854775808;synced:0;checksum:0;header:0;\r\n",
        "#HDR:v2;len:0;synced:0;checksum:0;header:0;\r\n",
        "#HDR:v1;\r\n",
        "#HDR:\n",
        "#HDR:v1;len:0;synced:0;open:1;\r\n",
    };
    struct seal seal;

    init();
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        check_that(!reads(ID, 1000, slice_of(lines[i]), &seal), "%s", lines[i]);
        check_that(!reads(0, 1000, slice_of(lines[i]), &seal), "%s", lines[i]);
    }
}
END_TEST

START_TEST(what_a_block_has_to_add_up_to_depends_on_all_before_it) {
    struct seal_chain one = {.id = ID}, other = {.id = ID};
    char line[SEAL_MAX];
    uint64_t first;

    init();
    seal_write(&crc64, &one, 100, 0, false, BYTES("a"), line);
    seal_write(&crc64, &other, 100, 0, false, BYTES("b"), line);
    ck_assert_uint_ne(one.sum, other.sum);
    first = one.sum;
    seal_write(&crc64, &one, 200, 0, false, BYTES("c"), line);
    seal_write(&crc64, &other, 200, 0, false, BYTES("c"), line);
    ck_assert_uint_ne(one.sum, other.sum);
    ck_assert_uint_ne(one.sum, first);
    /* And on what had no seal. */
    other = one;
    seal_skip(&crc64, &other, BYTES("#TS:1\r\n"));
    ck_assert_uint_ne(one.sum, other.sum);
}
END_TEST

START_TEST(an_id_is_drawn_for_each_file) {
    uint64_t ids[100];

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        ids[i] = seal_draw_id();
        ck_assert_uint_ne(ids[i], 0);
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_ne(ids[i], ids[j]);
    }
}
END_TEST

Suite *aof_seal_suite(void) {
    const TTest *const each_sample[] = {
        a_seal_reads_as_it_was_written,
        a_seal_with_one_bit_flipped_is_none,
        a_seal_that_is_shorter_or_longer_is_none,
        a_seal_elsewhere_or_of_another_file_is_none,
    };
    const TTest *const tests[] = {
        other_spellings_are_no_seal,
        what_a_block_has_to_add_up_to_depends_on_all_before_it,
        an_id_is_drawn_for_each_file,
    };
    Suite *suite = suite_of("aof: seals", tests, COUNT_OF(tests));
    TCase *samples_case = tcase_create("aof: each seal");

    tcase_add_unchecked_fixture(samples_case, init, NULL);
    for (size_t i = 0; i < COUNT_OF(each_sample); i++)
        tcase_add_loop_test(samples_case, each_sample[i], 0, COUNT_OF(samples));
    suite_add_tcase(suite, samples_case);
    return suite;
}
