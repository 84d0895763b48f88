/* test_aof.c -- the append-only file: what was written comes back, and what
 * was not written so is never taken for it.
 *
 * The second half is the larger one. A log is read on a bad day: the process
 * was killed, the disk was full, a bit fell over. So files are cut at each
 * byte, and each byte is changed, and three things are right: the file loads,
 * it is refused and nobody has touched it, or it ended within a record, which
 * is then kept beside it. What the kernel may do to us while we write is the
 * subject of test_aof_faults.c. */
#include "aof_room.h"
#include "helpers.h"
#include "kernel.h"
#include "suites.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MIB (1024 * 1024)

/* ---- Files ------------------------------------------------------------ */

static mode_t mode_of(const char *path) {
    struct stat status;

    check_that(stat(path, &status) == 0, "%s: %s", path, strerror(errno));
    return status.st_mode & 07777;
}

/* ---- Records ---------------------------------------------------------- */

/* Append through copies of just the right size, which are gone before it is
 * committed; and to 'record', what the file is to hold. */
static void append(struct aof *aof, struct buf *record,
                   const struct slice *argv, size_t argc) {
    struct slice *copies = xmalloc(argc * sizeof *copies);

    for (size_t i = 0; i < argc; i++)
        copies[i] = exact_copy(argv[i]);
    aof_append(aof, copies, argc);
    for (size_t i = 0; i < argc; i++)
        exact_free(copies[i]);
    free(copies);
    add_record(record, argv, argc);
}

static void check_file(const struct buf *records) {
    struct buf found = read_records(room.path);

    assert_bytes(buf_slice(&found), buf_slice(records));
    buf_free(&found);
}

/* Records of all kinds: 362 bytes, and a value of 'len' more, at most 1024.
 * ends[n] is where the n-th one ends, ends[0] is 0. */
#define SAMPLES 12

static struct buf sample(size_t len, size_t ends[SAMPLES + 1]) {
    struct buf all = {0};
    char bytes[1024];
    size_t count = 0;

    for (int i = 0; i < 1024; i++)
        bytes[i] = (char)i;
    ends[0] = 0;
#define SAMPLE(...)                                                            \
    add_record(&all, ARGS(__VA_ARGS__)), ends[++count] = buf_len(&all)
    SAMPLE(BYTES("SET"), BYTES("key"), BYTES("value"));
    SAMPLE(BYTES("set"), BYTES(""), BYTES(""));
    SAMPLE(BYTES("SET"), BYTES("\0\r\n"), BYTES("*1\r\n$8\r\nFLUSHALL\r\n"));
    SAMPLE(BYTES("DEL"), BYTES("key"));
    SAMPLE(BYTES("SET"), BYTES("all"), {bytes, len});
    SAMPLE(BYTES("FLUSHALL"));
    SAMPLE(BYTES("SET"), BYTES("a"), BYTES("1"));
    SAMPLE(BYTES("SET"), BYTES("b"), BYTES("2"));
    SAMPLE(BYTES("DEL"), BYTES("a"), BYTES("nosuch"), BYTES(""), BYTES("b"));
    SAMPLE(BYTES("flushALL"), BYTES("async"));
    SAMPLE(BYTES("SET"), BYTES("tail"), BYTES("\r\n\r\n"));
    SAMPLE(BYTES("SET"), BYTES("tail"), BYTES("0123456789"));
#undef SAMPLE
    ck_assert_uint_eq(count, SAMPLES);
    return all;
}

/* ---- What is written comes back --------------------------------------- */

START_TEST(a_new_log_is_empty_and_for_its_owner_alone) {
    char lock[128];

    umask(0);
    closed(opened());
    snprintf(lock, sizeof lock, "%s.lock", room.path);
    ck_assert_str_eq(names_with("."), " . .. log.aof log.aof.lock");
    ck_assert_uint_eq(mode_of(room.path), 0600);
    ck_assert_uint_eq(mode_of(lock), 0600);
    ck_assert(file_holds(room.path, BYTES("")));
    ck_assert(file_is(lock, BYTES("")));
    ck_assert_uint_eq(buf_len(&room.replayed), 0);
}
END_TEST

START_TEST(what_was_appended_comes_back) {
    struct buf records = {0};
    struct aof *aof = opened();
    char *large = xmalloc(MIB);

    for (size_t i = 0; i < MIB; i++)
        large[i] = (char)(i * 5 >> 2);
    append(aof, &records, ARGS(BYTES("SET"), BYTES("key"), BYTES("value")));
    append(aof, &records, ARGS(BYTES("SET"), BYTES(""), BYTES("")));
    append(aof, &records, ARGS(BYTES("SeT"), BYTES("\0\r\n$"), BYTES("\xff")));
    append(aof, &records, ARGS(BYTES("SET"), BYTES("large"), {large, MIB}));
    append(aof, &records, ARGS(BYTES("SET"), {large, MIB}, BYTES("")));
    append(aof, &records, ARGS(BYTES("DEL"), BYTES("key"), BYTES("")));
    ck_assert_int_eq(aof_commit(aof), 0);
    closed(aof);
    check_file(&records);

    closed(opened());
    assert_bytes(buf_slice(&room.replayed), buf_slice(&records));
    ck_assert_uint_eq(store_count(room.store), 3);
    ck_assert_msg(strstr(said(), "loaded 6 records") != NULL, "%s", said());
    free(large);
    buf_free(&records);
}
END_TEST

START_TEST(null_is_as_good_a_place_for_nothing_as_any) {
    struct buf records = {0};
    struct aof *aof = opened();
    struct slice nothing = {NULL, 0};

    aof_append(aof, ARGS(BYTES("SET"), nothing, nothing));
    closed(aof);
    add_record(&records, ARGS(BYTES("SET"), BYTES(""), BYTES("")));
    check_file(&records);
    buf_free(&records);
}
END_TEST

START_TEST(a_record_may_have_many_arguments) {
    struct buf records = {0};
    struct aof *aof = opened();
    size_t argc = 100000;
    struct slice *argv = xmalloc(argc * sizeof *argv);

    argv[0] = BYTES("DEL");
    for (size_t i = 1; i < argc; i++)
        argv[i] = (struct slice){"0123456789", i % 11};
    append(aof, &records, argv, argc);
    closed(aof);
    closed(opened());
    assert_bytes(buf_slice(&room.replayed), buf_slice(&records));
    free(argv);
    buf_free(&records);
}
END_TEST

START_TEST(nothing_is_in_the_file_before_it_is_committed) {
    struct buf records = {0};
    struct aof *aof = opened();

    append(aof, &records, ARGS(BYTES("DEL"), BYTES("a")));
    append(aof, &records, ARGS(BYTES("DEL"), BYTES("b")));
    ck_assert(file_holds(room.path, BYTES("")));
    closed(aof);
    buf_free(&records);
}
END_TEST

/* As another process would find it, with the log still open. */
START_TEST(a_turn_is_in_the_file_once_it_is_committed) {
    struct buf records = {0};
    struct aof *aof = opened();

    for (int turn = 0; turn < 50; turn++) {
        for (int i = 0; i < turn % 4; i++) { /* also turns without a change */
            append(aof, &records, ARGS(BYTES("DEL"), BYTES("a")));
        }
        ck_assert_int_eq(aof_commit(aof), 0);
        check_file(&records);
    }
    closed(aof);
    buf_free(&records);
}
END_TEST

START_TEST(what_was_not_committed_is_so_when_it_closes) {
    struct buf records = {0};
    struct aof *aof = opened();

    append(aof, &records, ARGS(BYTES("DEL"), BYTES("a")));
    closed(aof);
    check_file(&records);
    buf_free(&records);
}
END_TEST

START_TEST(each_life_goes_on_where_the_last_one_ended) {
    struct buf records = {0};

    for (int life = 0; life < 20; life++) {
        struct aof *aof = opened();
        struct slice key = {"0123456789", (size_t)life % 11};

        assert_bytes(buf_slice(&room.replayed), buf_slice(&records));
        append(aof, &records, ARGS(BYTES("SET"), key, BYTES("1")));
        ck_assert_int_eq(aof_commit(aof), 0);
        append(aof, &records, ARGS(BYTES("DEL"), key));
        closed(aof);
        check_file(&records);
    }
    buf_free(&records);
}
END_TEST

/* The file is read in pieces of a MiB: records of all sizes lie across their
 * edges. */
START_TEST(a_log_of_many_megabytes_loads) {
    struct buf records = {0};
    struct aof *aof = opened();
    char *bytes = xcalloc(3, MIB);
    uint64_t state = 5;

    for (int i = 0; i < 300; i++) {
        size_t len = random_below(&state, i % 100 == 0 ? 3 * MIB : 50000);

        append(aof, &records, ARGS(BYTES("SET"), BYTES("a"), {bytes, len}));
    }
    closed(aof);
    closed(opened());
    ck_assert(same_bytes(buf_slice(&room.replayed), buf_slice(&records)));
    free(bytes);
    buf_free(&records);
}
END_TEST

/* A pause() that takes down how far it was each time. */
static struct {
    int count;
    int give_up_at; /* the number of that call; 0: none */
    int64_t loaded, size;
} paused;

static bool take_down_pause(void *context, int64_t loaded, int64_t size) {
    ck_assert_ptr_eq(context, room.store);
    check_that(loaded >= paused.loaded && loaded <= size,
               "%lld of %lld bytes, after %lld", (long long)loaded,
               (long long)size, (long long)paused.loaded);
    paused.loaded = loaded;
    paused.size = size;
    return ++paused.count != paused.give_up_at;
}

static struct buf megabytes(size_t size) {
    struct buf records = {0};
    char *value = xcalloc(1, MIB / 4);

    while (buf_len(&records) < size) {
        add_record(&records, ARGS(BYTES("SET"), BYTES("k"), {value, MIB / 4}));
    }
    write_file(room.path, buf_slice(&records));
    free(value);
    return records;
}

/* By the clock of kernel.c, each look at it takes a second. */
START_TEST(a_load_pauses_now_and_then) {
    struct buf records = megabytes(8 * MIB);

    kernel->slow_ms = 1000;
    room.pause = take_down_pause;
    closed(opened());
    ck_assert_int_ge(paused.count, 30);
    ck_assert_int_eq(paused.size, (int64_t)buf_len(&records));
    ck_assert_int_ge(paused.loaded, paused.size - MIB);
    buf_free(&records);
}
END_TEST

/* The clock is looked at every thousand records of a block, and behind it. */
START_TEST(a_load_that_is_done_at_once_does_not) {
    struct buf records = {0};

    while (buf_len(&records) < 900)
        add_record(&records, ARGS(BYTES("DEL"), BYTES("a")));
    write_file(room.path, buf_slice(&records));
    room.pause = take_down_pause;
    kernel->slow_ms = 1;
    closed(opened());
    ck_assert_int_eq(paused.count, 0);
    buf_free(&records);
}
END_TEST

/* Nothing is wrong with the file then: it opens the next time. */
START_TEST(a_load_may_be_given_up) {
    struct buf records = megabytes(2 * MIB);
    int before = count_descriptors();

    kernel->slow_ms = 1000;
    room.pause = take_down_pause;
    for (paused.give_up_at = 1; paused.give_up_at <= 8; paused.give_up_at++) {
        paused.count = 0;
        paused.loaded = 0;
        ck_assert_ptr_null(open_log());
        ck_assert_int_eq(paused.count, paused.give_up_at);
        ck_assert(file_is(room.path, buf_slice(&records)));
        ck_assert_int_eq(count_descriptors(), before);
    }
    room.pause = NULL;
    closed(opened());
    assert_bytes(buf_slice(&room.replayed), buf_slice(&records));
    buf_free(&records);
}
END_TEST

/* ---- Whatever the file holds ------------------------------------------ */

enum outcome { LOADED, CUT, REFUSED, OUTCOMES };

static size_t refused_at; /* the offset that was named last */

static void check_refused(struct slice file, const char *what) {
    const char *at = strstr(said(), "at byte ");

    check_that(file_is(room.path, file), "%s: refused, and changed", what);
    check_that(at != NULL, "%s: refused without an offset: %s", what, said());
    refused_at = (size_t)strtoul(at + strlen("at byte "), NULL, 10);
    /* What was run before that is just the file up to there. */
    check_that(refused_at <= file.len &&
                   same_bytes(buf_slice(&room.replayed),
                              (struct slice){file.data, refused_at}),
               "%s: %zu bytes were run, and then: %s", what,
               buf_len(&room.replayed), said());
    check_that(*names_with(".cut-") == '\0', "%s: refused, and cut", what);
}

static void check_cut(struct slice file, const char *what) {
    size_t kept = buf_len(&room.replayed);
    struct slice rest = {file.data + kept, file.len - kept};
    char names[64];
    char offset[64];

    snprintf(names, sizeof names, " log.aof.cut-%zu", kept);
    snprintf(offset, sizeof offset, "from byte %zu on", kept);
    check_that(strcmp(names_with(".cut-"), names) == 0, "%s: cut at %zu, and%s",
               what, kept, names_with(".cut-"));
    check_that(file_is(side_path(kept), rest), "%s: other bytes put aside",
               what);
    check_that(strstr(said(), offset) != NULL, "%s: cut, and said: %s", what,
               said());

    /* That was all there was to repair. */
    closed(opened());
    check_that(buf_len(&room.replayed) == kept, "%s: shorter still", what);
    check_that(file_is(room.path, buf_slice(&room.replayed)), "%s: twice cut",
               what);
    check_that(strcmp(names_with(".cut-"), names) == 0, "%s: and then%s", what,
               names_with(".cut-"));
}

/* Open a log of these bytes, and check what has to be so for any bytes. Of its
 * own the file has to be a copy of what was run: nothing in it is skipped. */
static enum outcome try_file(struct slice file, const char *what) {
    enum outcome outcome = LOADED;
    struct aof *aof;
    struct slice replayed;

    if (*names_with(".cut-") != '\0') {
        nftw(room.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        mkdir(room.dir, 0700);
    }
    write_file(room.path, file);
    aof = open_log();
    if (aof == NULL) {
        check_refused(file, what);
        return REFUSED;
    }
    closed(aof);
    replayed = buf_slice(&room.replayed);
    check_that(
        replayed.len <= file.len &&
            same_bytes(replayed, (struct slice){file.data, replayed.len}),
        "%s: not what the file says was run", what);
    check_that(file_is(room.path, replayed), "%s: the file is not what was run",
               what);
    if (replayed.len < file.len) {
        outcome = CUT;
        check_cut(file, what);
    } else {
        check_that(*names_with(".cut-") == '\0', "%s: whole, and yet cut",
                   what);
    }
    return outcome;
}

START_TEST(cut_at_any_byte_the_whole_records_before_it_load) {
    size_t ends[SAMPLES + 1];
    struct buf all = sample(700, ends);
    size_t record = 0;

    for (size_t len = 0; len <= buf_len(&all); len++) {
        struct slice file = {buf_slice(&all).data, len};
        char what[64];
        enum outcome outcome;

        if (record < SAMPLES && ends[record + 1] == len) record++;
        snprintf(what, sizeof what, "%zu of %zu bytes", len, buf_len(&all));
        outcome = try_file(file, what);
        check_that(outcome == (len == ends[record] ? LOADED : CUT), "%s: %s",
                   what, said());
        check_that(buf_len(&room.replayed) == ends[record],
                   "%s: %zu bytes were loaded, not %zu", what,
                   buf_len(&room.replayed), ends[record]);
    }
    ck_assert_uint_eq(record, SAMPLES);
    buf_free(&all);
}
END_TEST

/* To see each of the three is part of it: else this would test less than it
 * says. What a changed length or digit makes of a file may well be a file. */
START_TEST(a_changed_byte_is_refused_or_cut_off_or_data) {
    static const unsigned char values[] = {
        0, '\n', '*', '$', '1', '9', '-', 0xff,
    };
    size_t ends[SAMPLES + 1];
    struct buf all = sample(16, ends);
    int seen[OUTCOMES] = {0};

    for (size_t at = 0; at < buf_len(&all); at++) {
        char *byte = all.data + all.head + at;
        char original = *byte;

        /* The low bit and the high bit flipped too. */
        for (size_t i = 0; i < COUNT_OF(values) + 2; i++) {
            char what[64];

            *byte = i < COUNT_OF(values)    ? (char)values[i]
                    : i == COUNT_OF(values) ? (char)(original ^ 1)
                                            : (char)(original ^ 0x80);
            if (*byte == original) continue;
            snprintf(what, sizeof what, "byte %zu is 0x%02x", at,
                     (unsigned char)*byte);
            seen[try_file(buf_slice(&all), what)]++;
        }
        *byte = original;
    }
    ck_assert_msg(seen[LOADED] > 0 && seen[CUT] > 0 && seen[REFUSED] > 0,
                  "%d loaded, %d were cut, %d were refused", seen[LOADED],
                  seen[CUT], seen[REFUSED]);
    buf_free(&all);
}
END_TEST

#define BAD(literal, why)                                                      \
    { {literal, sizeof(literal) - 1}, why }

static const struct {
    struct slice bytes;
    const char *why; /* as the log has to say */
} bad_records[] = {
    /* Not even a torn record. */
    BAD("SET a b", "expected '*'"),
    BAD("SET a b\r\n", "expected '*'"),
    BAD("\r\n", "expected '*'"),
    BAD("\n", "expected '*'"),
    BAD(" ", "expected '*'"),
    BAD("+OK\r\n", "expected '*'"),
    BAD("$3\r\nSET\r\n", "expected '*'"),
    BAD("\0", "expected '*'"),
    BAD("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "expected '*'"),
    BAD("\xff\xff\xff\xff", "expected '*'"),
    BAD("*0\r\n", "no record of a change"),
    BAD("*-1\r\n", "no record of a change"),
    BAD("*x\r\n", "invalid multibulk length"),
    BAD("*\r\n", "invalid multibulk length"),
    BAD("*01\r\n", "invalid multibulk length"),
    BAD("*+1\r\n", "invalid multibulk length"),
    BAD("*1\r\r", "invalid multibulk length"),
    BAD("*99999999999999999999\r\n", "invalid multibulk length"),
    BAD("*1\r\n:5\r\n", "expected '$', got ':'"),
    BAD("*1\r\n*1\r\n$1\r\na\r\n", "expected '$', got '*'"),
    BAD("*2\r\n$3\r\nDEL\r\n\0\0\0\0", "expected '$'"),
    BAD("*1\r\n$-1\r\n", "invalid bulk length"),
    BAD("*1\r\n$9999999999\r\n", "invalid bulk length"),
    BAD("*1\r\n$3\r\nDELxx", "expected CR LF"),
    BAD("*1\r\n$3\r\nDEL\0\0", "expected CR LF"),
    BAD("*1\r\n$6\r\nNOSUCH\r\n", "unknown command"),
    BAD("*1\r\n$0\r\n\r\n", "unknown command"),
    BAD("*1\r\n$4\r\nPING\r\n", "not a command that writes"),
    BAD("*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "not a command that writes"),
    BAD("*1\r\n$3\r\nDEL\r\n", "wrong number of arguments"),
    BAD("*2\r\n$3\r\nSET\r\n$1\r\na\r\n", "wrong number of arguments"),
    BAD("*2\r\n$8\r\nFLUSHALL\r\n$3\r\nNOW\r\n", "the command failed"),
};

/* First in the file, behind good records, and with a good one behind them. */
START_TEST(what_is_no_record_of_a_change_is_refused) {
    struct buf file = {0};

    for (size_t i = 0; i < COUNT_OF(bad_records); i++) {
        for (int before = 0; before <= 2; before++) {
            for (int behind = 0; behind <= 1; behind++) {
                char what[500];
                size_t start;

                buf_consume(&file, buf_len(&file));
                for (int j = 0; j < before; j++)
                    add_record(&file, ARGS(BYTES("DEL"), BYTES("a")));
                start = buf_len(&file);
                buf_append(&file, bad_records[i].bytes.data,
                           bad_records[i].bytes.len);
                if (behind == 1) {
                    add_record(&file, ARGS(BYTES("DEL"), BYTES("a")));
                }
                snprintf(what, sizeof what, "\"%.400s\"",
                         shown(buf_slice(&file)));
                check_that(try_file(buf_slice(&file), what) == REFUSED,
                           "%s is not refused", what);
                check_that(refused_at == start, "%s is refused at byte %zu",
                           what, refused_at);
                check_that(strstr(said(), bad_records[i].why) != NULL,
                           "%s is refused with: %s", what, said());
            }
        }
    }
    buf_free(&file);
}
END_TEST

static const char *escaped(int c) {
    static char text[8];

    snprintf(text, sizeof text, "A\\x%02xZ", (unsigned)c);
    return text;
}

/* Else a file could put lines of its own into the log of the server. */
START_TEST(a_refusal_is_one_line_whatever_the_file_holds) {
    struct buf file = {0};

    for (int c = 0; c < 256; c++) {
        char name[3] = {'A', (char)c, 'Z'};

        buf_consume(&file, buf_len(&file));
        add_record(&file, ARGS({name, sizeof name}));
        write_file(room.path, buf_slice(&file));
        check_that(open_log() == NULL, "the command \"A\\x%02xZ\" is known",
                   (unsigned)c);
        check_that(strchr(said(), '\n') == strrchr(said(), '\n'),
                   "the command \"A\\x%02xZ\" is refused in two lines: %s",
                   (unsigned)c, said());
        check_that(c >= ' ' || memchr("\a\b\t\n\r", c, 5) != NULL ||
                       strstr(said(), escaped(c)) != NULL,
                   "%s is not shown: %s", escaped(c), said());
    }
    buf_free(&file);
}
END_TEST

/* A power failure can leave a file that is longer than what was written. */
START_TEST(a_torn_record_with_nuls_behind_it_loses_nothing) {
    size_t ends[SAMPLES + 1];
    struct buf all = sample(16, ends);

    for (size_t len = ends[SAMPLES - 1]; len <= ends[SAMPLES]; len++) {
        for (size_t nuls = 1; nuls <= 64; nuls += 9) {
            struct buf file = {0};
            char what[64];

            buf_append(&file, buf_slice(&all).data, len);
            memset(buf_reserve(&file, nuls), 0, nuls);
            buf_added(&file, nuls);
            snprintf(what, sizeof what, "%zu bytes and %zu NULs", len, nuls);
            check_that(try_file(buf_slice(&file), what) != LOADED, "%s: loaded",
                       what);
            buf_free(&file);
        }
    }
    buf_free(&all);
}
END_TEST

START_TEST(a_torn_record_of_megabytes_is_kept_whole) {
    struct buf file = {0};
    char *large = xmalloc(3 * MIB);

    for (size_t i = 0; i < 3 * MIB; i++)
        large[i] = (char)(i >> 4);
    add_record(&file, ARGS(BYTES("DEL"), BYTES("a")));
    add_record(&file, ARGS(BYTES("SET"), BYTES("a"), {large, 3 * MIB}));
    ck_assert_int_eq(
        try_file((struct slice){buf_slice(&file).data, buf_len(&file) - 1},
                 "all but one byte"),
        CUT);
    ck_assert_uint_eq(buf_len(&room.replayed), strlen("*2$3DEL$1a") + 10);
    free(large);
    buf_free(&file);
}
END_TEST

START_TEST(after_a_cut_the_log_goes_on_behind_the_last_whole_record) {
    struct buf records = {0};
    struct aof *aof;

    write_file(room.path,
               BYTES("*2\r\n$3\r\nDEL\r\n$1\r\na\r\n*2\r\n$3\r\nDE"));
    add_record(&records, ARGS(BYTES("DEL"), BYTES("a")));
    aof = opened();
    append(aof, &records, ARGS(BYTES("DEL"), BYTES("b")));
    ck_assert_int_eq(aof_commit(aof), 0);
    check_file(&records);
    closed(aof);
    closed(opened());
    assert_bytes(buf_slice(&room.replayed), buf_slice(&records));
    buf_free(&records);
}
END_TEST

/* A file of that name is from an earlier accident, and somebody's last copy. A
 * link that leads nowhere is not to be followed. */
START_TEST(what_was_put_aside_before_is_never_overwritten) {
    struct slice torn = BYTES("*2\r\n$3\r\nDEL");
    char name[160];

    umask(0);
    write_file(side_path(0), BYTES("of an earlier accident"));
    snprintf(name, sizeof name, "%s.1", side_path(0));
    ck_assert_int_eq(symlink("nowhere", name), 0);
    for (int i = 2; i <= 12; i++) {
        write_file(room.path, torn);
        closed(opened());
        snprintf(name, sizeof name, "%s.%d", side_path(0), i);
        ck_assert_msg(file_is(name, torn), "%s", name);
        ck_assert_uint_eq(mode_of(name), 0600);
        ck_assert_msg(strstr(said(), name) != NULL, "%s", said());
    }
    ck_assert(file_is(side_path(0), BYTES("of an earlier accident")));
    ck_assert_str_eq(names_with("nowhere"), "");
}
END_TEST

/* ---- One server a file ------------------------------------------------- */

static void check_locked(const char *who) {
    char lock[128];

    snprintf(lock, sizeof lock, "%s.lock", room.path);
    ck_assert_msg(open_log() == NULL, "opened in spite of %s", who);
    ck_assert_msg(strstr(said(), lock) != NULL, "%s: %s", who, said());
}

START_TEST(a_log_that_is_open_does_not_open_again) {
    struct aof *aof = opened();

    check_locked("ourselves");
    check_locked("ourselves");
    closed(aof);
    closed(opened());
}
END_TEST

START_TEST(who_does_not_get_the_lock_leaves_all_as_it_is) {
    struct slice torn = BYTES("*2\r\n$3\r\nDEL");
    char lock[128];
    int fd;

    snprintf(lock, sizeof lock, "%s.lock", room.path);
    fd = open(lock, O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    write_file(room.path, torn);
    check_locked("another");
    ck_assert(file_is(room.path, torn));
    ck_assert_str_eq(names_with("."), " . .. log.aof log.aof.lock");
    close(fd);
    closed(opened());
}
END_TEST

START_TEST(a_log_that_was_refused_is_not_locked) {
    int before = count_descriptors();

    write_file(room.path, BYTES("no record"));
    ck_assert_ptr_null(open_log());
    ck_assert_ptr_null(open_log());
    ck_assert_ptr_null(strstr(said(), "lock"));
    ck_assert_int_eq(count_descriptors(), before);
    write_file(room.path, BYTES(""));
    closed(opened());
}
END_TEST

START_TEST(kill_9_gives_the_lock_back) {
    int ready[2];
    char byte;
    pid_t child;

    ck_assert_int_eq(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct aof *aof = open_log();

        if (aof == NULL || write(ready[1], "", 1) != 1) _exit(1);
        alarm(TEST_SECONDS); /* should nobody kill us */
        for (;;)
            pause();
    }
    ck_assert_int_ne(child, -1);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    check_locked("a child");
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    closed(opened());
    close(ready[0]);
}
END_TEST

/* ---- Where it cannot be kept ------------------------------------------ */

static void check_impossible(const char *path, const char *what) {
    int before = count_descriptors();
    char *line;

    forget_said();
    ck_assert_msg(open_at(path) == NULL, "%s: it opens", what);
    line = strstr(said(), path);
    ck_assert_msg(line != NULL && strchr(line, '\n') == strrchr(line, '\n'),
                  "%s: not one line that names it: %s", what, said());
    ck_assert_int_eq(count_descriptors(), before);
}

START_TEST(a_directory_is_refused) {
    check_impossible(room.dir, "a directory");
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_refused) {
    char path[128];

    snprintf(path, sizeof path, "%s/nosuch/log.aof", room.dir);
    check_impossible(path, "in a directory that is not there");
}
END_TEST

/* Through a link, so that the lock file beside it is in our directory. */
START_TEST(a_device_is_refused) {
    ck_assert_int_eq(symlink("/dev/null", room.path), 0);
    check_impossible(room.path, "/dev/null");
    ck_assert_int_eq(remove(room.path), 0);
    ck_assert_int_eq(mkfifo(room.path, 0600), 0);
    check_impossible(room.path, "a FIFO");
}
END_TEST

START_TEST(what_may_not_be_written_is_refused) {
    bool is_root = geteuid() == 0;

    write_file(room.path, BYTES(""));
    ck_assert_int_eq(chmod(room.path, 0444), 0);
    ck_assert_int_eq(chmod(room.base, 0711), 0);
    ck_assert_int_eq(chmod(room.dir, 0777), 0);
    if (is_root) ck_assert_int_eq(seteuid(65534), 0); /* root may do all */
    check_impossible(room.path, "a file that may only be read");
    if (is_root) ck_assert_int_eq(seteuid(0), 0);

    ck_assert_int_eq(chmod(room.dir, 0555), 0);
    remove(room.path);
    if (is_root) ck_assert_int_eq(seteuid(65534), 0);
    check_impossible(room.path, "a directory that may only be read");
    if (is_root) ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(room.dir, 0700), 0);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused) {
    static char path[PATH_MAX + 100];

    memset(path, 'a', sizeof path - 1);
    for (size_t len = sizeof path - 1; len > PATH_MAX - 100; len--) {
        path[len] = '\0';
        forget_said();
        ck_assert_ptr_null(open_at(path));
        ck_assert_str_ne(said(), "");
    }
}
END_TEST

/* The default is a name without a directory. */
START_TEST(a_path_may_be_a_name_in_the_working_directory) {
    int home = open(".", O_RDONLY);
    struct aof *aof;

    write_file(room.path, BYTES("*2\r\n$3\r\nDEL"));
    ck_assert_int_eq(chdir(room.dir), 0);
    aof = open_at("log.aof");
    ck_assert_int_eq(fchdir(home), 0);
    ck_assert_msg(aof != NULL, "%s", said());
    closed(aof);
    ck_assert(file_is(side_path(0), BYTES("*2\r\n$3\r\nDEL")));
    close(home);
}
END_TEST

Suite *aof_suite(void) {
    const TTest *const writing[] = {
        a_new_log_is_empty_and_for_its_owner_alone,
        what_was_appended_comes_back,
        null_is_as_good_a_place_for_nothing_as_any,
        a_record_may_have_many_arguments,
        nothing_is_in_the_file_before_it_is_committed,
        a_turn_is_in_the_file_once_it_is_committed,
        what_was_not_committed_is_so_when_it_closes,
        each_life_goes_on_where_the_last_one_ended,
        a_log_of_many_megabytes_loads,
        a_load_pauses_now_and_then,
        a_load_that_is_done_at_once_does_not,
        a_load_may_be_given_up,
    };
    const TTest *const damage[] = {
        cut_at_any_byte_the_whole_records_before_it_load,
        a_changed_byte_is_refused_or_cut_off_or_data,
        what_is_no_record_of_a_change_is_refused,
        a_refusal_is_one_line_whatever_the_file_holds,
        a_torn_record_with_nuls_behind_it_loses_nothing,
        a_torn_record_of_megabytes_is_kept_whole,
        after_a_cut_the_log_goes_on_behind_the_last_whole_record,
        what_was_put_aside_before_is_never_overwritten,
    };
    const TTest *const locks[] = {
        a_log_that_is_open_does_not_open_again,
        who_does_not_get_the_lock_leaves_all_as_it_is,
        a_log_that_was_refused_is_not_locked,
        kill_9_gives_the_lock_back,
    };
    const TTest *const places[] = {
        a_directory_is_refused,
        a_directory_that_is_not_there_is_refused,
        a_device_is_refused,
        what_may_not_be_written_is_refused,
        a_path_that_is_too_long_is_refused,
        a_path_may_be_a_name_in_the_working_directory,
    };
    Suite *suite = suite_create("aof");

    add_tests(suite, "aof: writing", enter_room, writing, COUNT_OF(writing));
    add_tests(suite, "aof: writing, sealed", enter_room_with_seals, writing,
              COUNT_OF(writing));
    add_tests(suite, "aof: damage", enter_room, damage, COUNT_OF(damage));
    add_tests(suite, "aof: locks", enter_room, locks, COUNT_OF(locks));
    add_tests(suite, "aof: places", enter_room_with_seals, places,
              COUNT_OF(places));
    return suite;
}
