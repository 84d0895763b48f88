/* test_aof_damage.c -- what becomes of a log that is not as it was written.
 *
 * Cut at each byte, and with each single bit flipped: what has to happen then
 * is computed from the rules of aof.h, and compared with what does. */
#include "aof_image.h"
#include "aof_room.h"
#include "helpers.h"
#include "suites.h"

/* ---- What happens ---------------------------------------------------------
 */

enum outcome { LOADED, CUT, REFUSED };

static const char *const outcome_names[] = {"loaded", "cut", "refused"};

struct result {
    enum outcome outcome;
    size_t at;     /* where it was cut, or what the refusal named */
    size_t loaded; /* bytes of records */
};

static bool is_left(const char *part) {
    return *names_with(part) != '\0';
}

/* It was refused: nothing was touched, and the log says where. */
static size_t check_refused(struct slice file, const char *what) {
    const char *at = strstr(said(), "damaged at byte ");

    check_that(file_is(room.path, file), "%s: refused, and changed", what);
    check_that(at != NULL, "%s: refused without an offset: %s", what, said());
    check_that(!is_left(".cut-"), "%s: refused, and cut", what);
    return (size_t)strtoul(at + strlen("damaged at byte "), NULL, 10);
}

/* It was cut: what stood from there on is kept, byte for byte. */
static size_t check_cut(struct slice file, const char *what) {
    const char *name = strstr(names_with(".cut-"), ".cut-");
    size_t at = (size_t)strtoul(name + strlen(".cut-"), NULL, 10);
    char from[64];

    snprintf(from, sizeof from, "from byte %zu on", at);
    check_that(strstr(said(), from) != NULL, "%s: cut, and said: %s", what,
               said());
    check_that(at < file.len &&
                   file_is(side_path(at),
                           (struct slice){file.data + at, file.len - at}),
               "%s: cut at %zu, and other bytes put aside", what, at);
    return at;
}

/* Open a log of these bytes; what is true for any bytes is checked. */
static struct result try_file(struct slice file, const char *what) {
    struct result result = {.outcome = LOADED};
    struct aof *aof;
    struct buf now;

    if (is_left(".cut-")) empty_room();
    write_file(room.path, file);
    aof = open_log();
    result.loaded = buf_len(&room.replayed);
    if (aof == NULL) {
        result.outcome = REFUSED;
        result.at = check_refused(file, what);
        return result;
    }
    closed(aof);
    result.at = file.len;
    if (is_left(".cut-")) {
        result.outcome = CUT;
        result.at = check_cut(file, what);
    }
    /* What stood before is still there, and seals at most behind it. */
    now = read_file(room.path);
    check_that(buf_len(&now) >= result.at &&
                   memcmp(buf_slice(&now).data, file.data, result.at) == 0,
               "%s: what was loaded was changed", what);
    buf_free(&now);
    return result;
}

static void check_result(struct result got, struct result want,
                         const char *what) {
    check_that(got.outcome == want.outcome && got.at == want.at,
               "%s: %s at %zu, not %s at %zu: %s", what,
               outcome_names[got.outcome], got.at, outcome_names[want.outcome],
               want.at, said());
    check_that(want.outcome == REFUSED || got.loaded == want.loaded,
               "%s: %zu bytes of records loaded, not %zu", what, got.loaded,
               want.loaded);
}

/* What was replayed is how 'image' begins, and ends between two blocks. */
static void check_is_prefix(const struct image *image, const char *what) {
    struct slice replayed = buf_slice(&room.replayed);
    bool is_between = replayed.len == buf_len(&image->told);

    check_that(replayed.len <= buf_len(&image->told) &&
                   memcmp(replayed.data, buf_slice(&image->told).data,
                          replayed.len) == 0,
               "%s: other data", what);
    for (int i = 0; i < image->count; i++) {
        if (image->blocks[i].told == replayed.len) is_between = true;
    }
    check_that(is_between, "%s: part of a turn", what);
}

/* It goes on behind what was loaded. */
static void check_goes_on(const char *what) {
    struct buf told = {0};
    struct aof *aof = open_log();

    check_that(aof != NULL, "%s: it does not go on: %s", what, said());
    buf_append(&told, buf_slice(&room.replayed).data, buf_len(&room.replayed));
    APPEND(aof, BYTES("DEL"), BYTES("and on"));
    commit(aof);
    closed(aof);
    add_record(&told, ARGS(BYTES("DEL"), BYTES("and on")));
    closed(opened());
    check_that(same_bytes(buf_slice(&room.replayed), buf_slice(&told)),
               "%s: it did not go on with what was there", what);
    check_that(strstr(said(), "crash") == NULL, "%s: %s", what, said());
    buf_free(&told);
}

/* ---- Cut short ------------------------------------------------------------
 */

/* The last block that ends at 'len' or before; -1: none. */
static int last_whole(const struct image *image, size_t len) {
    int i = image->count;

    while (i > 0 && image->blocks[i - 1].end > len)
        i--;
    return i - 1;
}

/* Whole blocks are loaded, and the rest is a torn end: no seal in it can say
 * more than that what stands before it was synced. */
static struct result expect_cut_short(const struct image *image, size_t len) {
    int last = last_whole(image, len);
    size_t end = last == -1 ? 0 : image->blocks[last].end;
    size_t told = last + 1 == image->count ? buf_len(&image->told)
                                           : image->blocks[last + 1].told;

    return (struct result){end == len ? LOADED : CUT, end, told};
}

START_TEST(cut_at_any_byte_the_whole_blocks_before_it_are_loaded) {
    struct image image;

    make_image(&image, &ways[_i]);
    ck_assert_int_gt(image.count, 6);
    for (size_t len = 0; len <= buf_len(&image.bytes); len += STRIDE) {
        struct slice file = {buf_slice(&image.bytes).data, len};
        char what[64];

        snprintf(what, sizeof what, "%zu of %zu bytes", len,
                 buf_len(&image.bytes));
        check_result(try_file(file, what), expect_cut_short(&image, len), what);
        check_is_prefix(&image, what);
        check_goes_on(what);
    }
    image_free(&image);
}
END_TEST

START_TEST(a_torn_end_may_be_refused) {
    struct image image;

    make_image(&image, &ways[_i]);
    room.settings.refuses_torn = true;
    for (size_t len = 0; len <= buf_len(&image.bytes); len += STRIDE) {
        struct slice file = {buf_slice(&image.bytes).data, len};
        struct result want = expect_cut_short(&image, len);
        struct result got = try_file(file, "torn");

        if (want.outcome == CUT) want.outcome = REFUSED;
        /* Of a transaction without a seal, it names the record. */
        if (!image.has_seals && got.at > want.at) want.at = got.at;
        check_result(got, want, "torn");
    }
    image_free(&image);
}
END_TEST

/* ---- Each bit flipped -----------------------------------------------------
 */

static int block_at(const struct image *image, size_t offset) {
    int i = 0;

    while (image->blocks[i].end <= offset)
        i++;
    return i;
}

/* The highest offset that a seal calls synced which can still be read; that of
 * block 'bad' can, unless the seal itself is. */
static size_t highest_synced(const struct image *image, int bad,
                             bool seal_is_bad) {
    size_t highest = 0;

    for (int i = 0; i < image->count; i++) {
        size_t synced = image->blocks[i].synced;

        if ((i != bad || !seal_is_bad) && synced > highest) highest = synced;
    }
    return highest;
}

/* With seals: the block is bad from its start on. It was on the disk, or a
 * crash may have left it so. The first seal was synced before anything else was
 * written: where it can not be read, something follows, and it is damaged. */
static struct result expect_flip(const struct image *image, size_t offset) {
    int bad = block_at(image, offset);
    const struct block *block = &image->blocks[bad];
    bool seal_is_bad = offset < block->records_at;
    struct result result = {CUT, block->start, block->told};

    if (bad == 0 || highest_synced(image, bad, seal_is_bad) > block->start) {
        result.outcome = REFUSED;
    }
    /* "#HDR:" is not there to begin the file: it has no seals so far. */
    if (bad == 0 && offset > 0 && offset < strlen("#HDR:")) {
        result.at = image->blocks[1].start;
    }
    return result;
}

/* The same of the blocks from 'first' on, and of those before 'first' - 2. */
static size_t highest_synced_from(const struct image *image, int first) {
    size_t highest = 0;

    for (int i = 0; i < image->count; i++) {
        size_t synced = image->blocks[i].synced;

        if ((i >= first || i < first - 2) && synced > highest) highest = synced;
    }
    return highest;
}

static struct result flip(const struct image *image, size_t bit,
                          const char *what) {
    char *byte = image->bytes.data + image->bytes.head + bit / 8;
    struct result result;

    *byte = (char)(*byte ^ 1 << bit % 8);
    result = try_file(buf_slice(&image->bytes), what);
    *byte = (char)(*byte ^ 1 << bit % 8);
    return result;
}

START_TEST(with_seals_a_flipped_bit_is_refused_or_cut_off) {
    struct image image;
    int seen[3] = {0};

    make_image(&image, &ways[_i]);
    for (size_t bit = 0; bit < 8 * buf_len(&image.bytes); bit += STRIDE) {
        char what[64];
        struct result got;

        snprintf(what, sizeof what, "bit %zu of byte %zu", bit % 8, bit / 8);
        got = flip(&image, bit, what);
        check_result(got, expect_flip(&image, bit / 8), what);
        check_is_prefix(&image, what);
        seen[got.outcome]++;
        if (bit % 97 == 0 && got.outcome == CUT) check_goes_on(what);
    }
    printf("%s, policy %s, each of %zu bits flipped: %d refused, %d cut, %d "
           "loaded\n",
           ways[_i].is_closed ? "stopped" : "killed",
           ways[_i].fsync == FSYNC_ALWAYS ? "always" : "everysec",
           8 * buf_len(&image.bytes), seen[REFUSED], seen[CUT], seen[LOADED]);
    ck_assert_int_eq(seen[LOADED], 0);
    ck_assert_int_gt(seen[REFUSED], 0);
    ck_assert(ways[_i].is_closed || seen[CUT] > 0);
    image_free(&image);
}
END_TEST

/* Nothing is there to tell by: but it is data, or refused, or cut and kept. */
START_TEST(without_seals_a_flipped_bit_crashes_nothing) {
    struct image image;
    int refused = 0, cut = 0, same = 0, other = 0;
    uint64_t digest;

    make_image(&image, &ways[WAYS - 1]);
    try_file(buf_slice(&image.bytes), "as it was");
    digest = digest_store();
    for (size_t bit = 0; bit < 8 * buf_len(&image.bytes); bit += STRIDE) {
        struct result got = flip(&image, bit, "a bit");

        if (got.outcome == REFUSED) {
            refused++;
        } else if (got.outcome == CUT) {
            cut++;
        } else if (digest_store() == digest) {
            same++;
        } else {
            other++;
        }
    }
    printf(
        "without seals, each of %zu bits flipped: %d refused, %d cut, %d the "
        "same data, %d other data\n",
        8 * buf_len(&image.bytes), refused, cut, same, other);
    ck_assert(refused > 0 && cut > 0 && same > 0 && other > 0);
    image_free(&image);
}
END_TEST

/* ---- Other damage ---------------------------------------------------------
 */

/* The blocks 'from' to 'to' - 1, behind what is in 'file'. */
static void put(struct buf *file, const struct image *image, int from, int to) {
    const struct block *blocks = image->blocks;

    if (from < to) {
        buf_append(file, buf_slice(&image->bytes).data + blocks[from].start,
                   blocks[to - 1].end - blocks[from].start);
    }
}

/* With seals: what stands before 'bad' is loaded, and no more; if a seal behind
 * it, which is still where it was, calls more synced, nothing is. */
static void check_bad_from(const struct image *image, struct buf *file, int bad,
                           enum outcome outcome, const char *what) {
    const struct block *block = &image->blocks[bad];
    bool is_end = bad == image->count;
    size_t at = is_end ? buf_len(&image->bytes) : block->start;
    size_t told = is_end ? buf_len(&image->told) : block->told;

    check_result(try_file(buf_slice(file), what),
                 (struct result){outcome, at, told}, what);
    check_is_prefix(image, what);
    if (outcome == CUT) check_goes_on(what);
    buf_free(file);
}

/* What a file system may leave behind a file that grew: zeros, or whatever. */
START_TEST(wrong_bytes_behind_the_end_are_cut_off) {
    struct image image;
    uint64_t state = 7;

    make_image(&image, &ways[_i]);
    for (size_t len = 1; len < 5000; len += len < 40 ? 1 : 997) {
        for (int is_garbage = 0; is_garbage < 2; is_garbage++) {
            struct buf file = {0};

            put(&file, &image, 0, image.count);
            for (size_t i = 0; i < len; i++) {
                char byte = is_garbage ? (char)random_next(&state) : 0;

                buf_append(&file, &byte, 1);
            }
            check_bad_from(&image, &file, image.count, CUT,
                           is_garbage ? "garbage" : "zeros");
        }
    }
    image_free(&image);
}
END_TEST

START_TEST(a_block_at_another_place_is_none) {
    struct image image;

    make_image(&image, &ways[_i]);
    for (int i = 0; i < image.count; i++) {
        struct buf file = {0};
        bool is_last = i == image.count - 1;
        char what[64];

        snprintf(what, sizeof what, "block %d of %d", i, image.count);
        /* All that follow are elsewhere, so no seal says that more was synced;
         * but it is known that something followed the first one. */
        put(&file, &image, 0, i + 1);
        put(&file, &image, i, image.count);
        check_bad_from(&image, &file, i + 1, CUT, what);
        put(&file, &image, 0, i);
        put(&file, &image, i + 1, image.count);
        if (!is_last) {
            check_bad_from(&image, &file, i, i == 0 ? REFUSED : CUT, what);
        }
        buf_free(&file);
        if (is_last) break;
        put(&file, &image, 0, i);
        put(&file, &image, i + 1, i + 2);
        put(&file, &image, i, i + 1);
        put(&file, &image, i + 2, image.count);
        /* Those behind the two are where they were. */
        check_bad_from(&image, &file, i,
                       i == 0 || highest_synced_from(&image, i + 2) >
                                     image.blocks[i].start
                           ? REFUSED
                           : CUT,
                       what);
    }
    image_free(&image);
}
END_TEST

START_TEST(what_stands_in_another_log_is_not_loaded) {
    struct image image, other;

    make_image(&image, &ways[_i]);
    make_image(&other, &ways[_i]);
    for (int i = 1; i <= image.count; i++) {
        struct buf file = {0};

        /* Its old tail, at the same offsets; and all of it. */
        put(&file, &image, 0, i);
        put(&file, &other, i, other.count);
        if (i < image.count) {
            check_bad_from(&image, &file, i, CUT, "a tail of another log");
        }
        buf_free(&file);
        put(&file, &image, 0, i);
        put(&file, &other, 0, other.count);
        check_bad_from(&image, &file, i, CUT, "another log");
    }
    image_free(&image);
    image_free(&other);
}
END_TEST

/* ---- Without seals: what may be cut ----------------------------------------
 */

START_TEST(a_wrong_end_may_be_cut_if_it_is_short) {
    struct image image;

    make_image(&image, &ways[WAYS - 1]);
    for (size_t len = 1; len <= 20; len++) {
        struct buf file = {0};
        struct result want = {CUT, buf_len(&image.bytes), buf_len(&image.told)};

        put(&file, &image, 0, image.count);
        memset(buf_reserve(&file, len), 0, len);
        buf_added(&file, len);
        room.settings.corrupt_tail_max = 10;
        if (len > 10) want.outcome = REFUSED;
        check_result(try_file(buf_slice(&file), "zeros"), want, "zeros");
        buf_free(&file);
    }
    image_free(&image);
}
END_TEST

/* ---- Lines that begin with '#' ----------------------------------------------
 */

#define DEL_A "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"

START_TEST(comments_of_redis_are_skipped) {
    static const char *const comments[] = {
        "#TS:1700000000\r\n", "# anything\n", "#\r\n", "#\n",
        "#HDS:v1;len:1;\r\n",
    };

    for (size_t i = 0; i < COUNT_OF(comments); i++) {
        struct buf file = {0};

        for (int j = 0; j < 2; j++) {
            buf_append(&file, comments[i], strlen(comments[i]));
            append_literal(&file, DEL_A);
        }
        buf_append(&file, comments[i], strlen(comments[i]));
        check_result(
            try_file(buf_slice(&file), comments[i]),
            (struct result){LOADED, buf_len(&file), 2 * (sizeof DEL_A - 1)},
            comments[i]);
        check_goes_on(comments[i]);
        buf_free(&file);
    }
}
END_TEST

START_TEST(a_comment_is_no_longer_than_1024_bytes) {
    for (size_t len = 1020; len <= 1030; len++) {
        struct buf file = {0};
        struct result want = {LOADED, 0, sizeof DEL_A - 1};

        append_literal(&file, "#");
        memset(buf_reserve(&file, len), 'x', len - 2);
        buf_added(&file, len - 2);
        append_literal(&file, "\n" DEL_A);
        want.at = buf_len(&file);
        if (len > 1024) want = (struct result){REFUSED, 0, 0};
        check_result(try_file(buf_slice(&file), "a long line"), want,
                     "a long line");
        buf_free(&file);
    }
}
END_TEST

/* ---- Files of others --------------------------------------------------------
 */

START_TEST(a_snapshot_of_redis_is_refused_with_a_way_out) {
    write_file(room.path, BYTES("REDIS0009\xfa\tredis-ver\0067.0.15"));
    ck_assert_ptr_null(open_log());
    ck_assert_ptr_nonnull(strstr(said(), "CONFIG SET aof-use-rdb-preamble no"));
    ck_assert(file_is(room.path, BYTES("REDIS0009\xfa\tredis-ver\0067.0.15")));
}
END_TEST

/* Without seals, then with, then without, then with: in one file, and switched
 * at run time and from life to life. It loads at each step, cut at each byte.
 */
START_TEST(seals_may_be_switched_on_and_off) {
    struct buf told = {0};
    struct buf bytes;

    write_file(room.path, BYTES(DEL_A));
    append_literal(&told, DEL_A);
    for (int life = 0; life < 4; life++) {
        struct aof *aof;

        room.settings.has_no_seals = life % 2 == 1;
        aof = opened();
        assert_bytes(buf_slice(&room.replayed), buf_slice(&told));
        for (int i = 0; i < 4; i++) {
            struct aof_settings settings = room.settings;

            settings.has_no_seals = i == 1 || i == 2;
            ck_assert_int_eq(aof_configure(aof, &settings), 0);
            APPEND(aof, BYTES("DEL"), BYTES("a"));
            commit(aof);
            append_literal(&told, DEL_A);
        }
        closed(aof);
    }
    bytes = read_file(room.path);
    room.settings.has_no_seals = false;
    for (size_t len = 0; len <= buf_len(&bytes); len++) {
        struct result got = try_file(
            (struct slice){buf_slice(&bytes).data, len}, "cut short");

        check_that(got.outcome != REFUSED, "%zu bytes: %s", len, said());
        ck_assert(memcmp(buf_slice(&room.replayed).data, buf_slice(&told).data,
                         got.loaded) == 0);
    }
    ck_assert_uint_eq(buf_len(&room.replayed), buf_len(&told));
    buf_free(&bytes);
    buf_free(&told);
}
END_TEST

Suite *aof_damage_suite(void) {
    const TTest *const sealed[] = {
        wrong_bytes_behind_the_end_are_cut_off,
        a_block_at_another_place_is_none,
        what_stands_in_another_log_is_not_loaded,
    };
    const TTest *const tests[] = {
        a_wrong_end_may_be_cut_if_it_is_short,
        comments_of_redis_are_skipped,
        a_comment_is_no_longer_than_1024_bytes,
        a_snapshot_of_redis_is_refused_with_a_way_out,
        seals_may_be_switched_on_and_off,
    };
    Suite *suite = suite_create("aof: damage of all kinds");
    TCase *each = tcase_create("aof: each byte and bit");

    tcase_set_timeout(each, 10 * TEST_SECONDS); /* sanitizers take theirs */
    tcase_add_unchecked_fixture(each, make_base, remove_base);
    tcase_add_checked_fixture(each, enter_room, leave_room);
    tcase_add_loop_test(
        each, cut_at_any_byte_the_whole_blocks_before_it_are_loaded, 0, WAYS);
    tcase_add_loop_test(each, a_torn_end_may_be_refused, 0, WAYS);
    tcase_add_loop_test(each, with_seals_a_flipped_bit_is_refused_or_cut_off, 0,
                        WAYS - 1);
    tcase_add_test(each, without_seals_a_flipped_bit_crashes_nothing);
    for (size_t i = 0; i < COUNT_OF(sealed); i++)
        tcase_add_loop_test(each, sealed[i], 0, WAYS - 1);
    suite_add_tcase(suite, each);
    add_tests(suite, "aof: other damage", enter_room, tests, COUNT_OF(tests));
    return suite;
}
