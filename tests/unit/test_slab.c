/* test_slab.c -- blocks of all sizes, and what becomes of their memory. */
#include "slab.h"

#include "helpers.h"
#include "suites.h"

#include <stdint.h>

#define SIZE_TRIED (4096 + 300) /* some are malloc()'s */

/* ---- One at a time ------------------------------------------------------- */

START_TEST(a_block_of_each_size_is_aligned_and_its_own) {
    struct slabs *slabs = slabs_new();
    char *blocks[SIZE_TRIED + 1];

    for (size_t size = 1; size <= SIZE_TRIED; size++) {
        blocks[size] = slab_alloc(slabs, size);
        memset(blocks[size], (int)(size % 251), size);
        check_that((uintptr_t)blocks[size] % 8 == 0, "%zu", size);
        check_that(size % 64 != 0 || (uintptr_t)blocks[size] % 64 == 0, "%zu",
                   size);
        check_that(slab_room(size) >= size && slab_room(size) <= size + 64,
                   "%zu takes %zu", size, slab_room(size));
    }
    for (size_t size = 1; size <= SIZE_TRIED; size++) {
        for (size_t i = 0; i < size; i++) {
            check_that(blocks[size][i] == (char)(size % 251),
                       "byte %zu of %zu was overwritten", i, size);
        }
        slab_free(slabs, blocks[size], size);
    }
    slabs_free(slabs);
}
END_TEST

START_TEST(what_is_given_back_is_given_out_again) {
    struct slabs *slabs = slabs_new();
    void *first = slab_alloc(slabs, 100);
    void *second = slab_alloc(slabs, 100);

    slab_free(slabs, first, 100);
    if (SLAB_BLOCK_MAX > 0) {
        ck_assert_ptr_eq(slab_alloc(slabs, 97), first); /* the same class */
        ck_assert_ptr_ne(slab_alloc(slabs, 105), second);
        ck_assert_uint_eq(slabs_held(slabs), 2 * SLAB_SIZE);
    }
    slab_free(slabs, second, 100);
    slabs_free(slabs);
}
END_TEST

START_TEST(a_block_keeps_its_bytes_when_it_changes_its_size) {
    struct slabs *slabs = slabs_new();
    static const size_t sizes[] = {1,   8,    9,    64,   500,  512,  513, 576,
                                   577, 4000, 4096, 4097, 9000, 4097, 100, 1};
    size_t size = 16;
    char *block = slab_alloc(slabs, size);

    memset(block, 'x', size);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t kept = size < sizes[i] ? size : sizes[i];

        block = slab_resize(slabs, block, size, sizes[i]);
        size = sizes[i];
        for (size_t at = 0; at < kept; at++)
            check_that(block[at] == 'x', "byte %zu, at %zu", at, size);
        memset(block, 'x', size);
    }
    slab_free(slabs, block, size);
    slabs_free(slabs);
}
END_TEST

/* ---- A random life ------------------------------------------------------- */

#define LIVE  3000
#define STEPS 300000

struct block {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
};

static void check_block(const struct block *block) {
    size_t i;

    for (i = 0; i<block->size; i += block->size> 64 ? 61 : 1) {
        check_that(block->bytes[i] == block->mark,
                   "byte %zu of %zu was overwritten", i, block->size);
    }
    check_that(block->bytes[block->size - 1] == block->mark, "the last of %zu",
               block->size);
}

/* Sizes come in fashions, so that slabs fill, empty, and change their class. */
static size_t random_size(uint64_t *state, size_t step) {
    size_t most = step / 30000 % 2 == 0 ? 120 : SIZE_TRIED;

    return 1 + random_below(state, most);
}

START_TEST(blocks_do_not_meet_in_a_random_life) {
    struct slabs *slabs = slabs_new();
    struct block *blocks = xcalloc(LIVE, sizeof *blocks);
    uint64_t state = 1;
    size_t step, i;

    for (step = 0; step < STEPS; step++) {
        struct block *block = &blocks[random_below(&state, LIVE)];

        if (block->bytes != NULL) check_block(block);
        if (block->bytes != NULL && random_below(&state, 3) != 0) {
            slab_free(slabs, block->bytes, block->size);
            block->bytes = NULL;
            continue;
        }
        i = random_size(&state, step);
        block->bytes = block->bytes == NULL
                           ? slab_alloc(slabs, i)
                           : slab_resize(slabs, block->bytes, block->size, i);
        block->size = i;
        block->mark = (unsigned char)step;
        memset(block->bytes, block->mark, block->size);
        if (random_below(&state, 100) == 0) slabs_return_one(slabs);
    }
    for (i = 0; i < LIVE; i++) {
        if (blocks[i].bytes == NULL) continue;
        check_block(&blocks[i]);
        slab_free(slabs, blocks[i].bytes, blocks[i].size);
    }
    while (slabs_return_one(slabs)) {
    }
    /* Of each class at most one slab is left: 64 of 8 bytes, 56 of 64. */
    check_that(slabs_held(slabs) <= 120 * SLAB_SIZE, "%zu", slabs_held(slabs));
    free(blocks);
    slabs_free(slabs);
}
END_TEST

/* ---- Whole slabs --------------------------------------------------------- */

START_TEST(a_slab_that_was_given_back_serves_again) {
    struct slabs *slabs = slabs_new();
    char *whole[200];
    int round, i;

    ck_assert_uint_eq(slabs_held(slabs), 0);
    for (round = 0; round < 3; round++) {
        for (i = 0; i < 200; i++) {
            whole[i] = slab_take(slabs);
            check_that((uintptr_t)whole[i] % SLAB_SIZE == 0, "%d", i);
            memset(whole[i], i, SLAB_SIZE);
        }
        ck_assert_uint_eq(slabs_held(slabs), 200 * SLAB_SIZE);
        for (i = 0; i < 200; i++) {
            check_that(whole[i][0] == (char)i &&
                           whole[i][SLAB_SIZE - 1] == (char)i,
                       "%d", i);
            slab_return(slabs, whole[i]);
        }
        ck_assert_uint_eq(slabs_held(slabs), 200 * SLAB_SIZE);
        for (i = 0; i < (round == 1 ? 100 : 200); i++)
            ck_assert(slabs_return_one(slabs));
        ck_assert(slabs_return_one(slabs) == (round == 1));
    }
    slabs_free(slabs);
}
END_TEST

Suite *slab_suite(void) {
    const TTest *const tests[] = {
        a_block_of_each_size_is_aligned_and_its_own,
        what_is_given_back_is_given_out_again,
        a_block_keeps_its_bytes_when_it_changes_its_size,
        blocks_do_not_meet_in_a_random_life,
        a_slab_that_was_given_back_serves_again,
    };

    return suite_of("slab", tests, COUNT_OF(tests));
}
