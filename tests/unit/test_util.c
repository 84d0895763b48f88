/* test_util.c -- memory, the log, clocks, random bytes. */
#include "helpers.h"
#include "suites.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* A sanitizer's allocator has an end of its own for requests that are too
 * large. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* ---- The log ---------------------------------------------------------- */

#define PREFIX_LEN 32 /* "2026-01-31 23:59:59.999 warning " */

/* A log into a datagram socket, where each write(2) stays apart. */
static struct log log_open(int *reader, enum log_level level) {
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    set_nonblocking(ends[0]);
    *reader = ends[0];
    return (struct log){ends[1], level};
}

/* What one write(2) wrote; empty if there was none. */
static struct slice log_line(int reader) {
    static char line[8192];
    ssize_t len = recv(reader, line, sizeof line - 1, 0);

    if (len < 0) len = 0;
    line[len] = '\0';
    return (struct slice){line, (size_t)len};
}

START_TEST(a_log_line_has_the_time_the_level_and_the_message) {
    static const char form[] = "dddd-dd-dd dd:dd:dd.ddd ";
    static const char *const ends[] = {
        "debug   id 7 of x\n", "verbose id 7 of x\n", "notice  id 7 of x\n",
        "warning id 7 of x\n"};
    int reader;
    struct log log = log_open(&reader, LOG_DEBUG);
    int level;
    size_t i;

    for (level = LOG_DEBUG; level <= LOG_WARNING; level++) {
        struct slice line;

        log_write(&log, (enum log_level)level, "id %d of %s", 7, "x");
        line = log_line(reader);
        ck_assert_str_eq(line.data + sizeof form - 1, ends[level]);
        for (i = 0; form[i] != '\0'; i++) {
            char c = line.data[i];

            check_that(form[i] == 'd' ? c >= '0' && c <= '9' : c == form[i],
                       "byte %zu of \"%s\"", i, shown(line));
        }
    }
}
END_TEST

START_TEST(the_time_in_the_log_is_that_of_the_place) {
    int reader;
    struct log log = log_open(&reader, LOG_DEBUG);
    struct tm parts = {.tm_isdst = 0};
    struct timespec before, after; /* time(2) may lag behind this clock */
    time_t printed;

    setenv("TZ", "XXX-5:30", 1); /* half past, so that UTC is not near */
    tzset();
    clock_gettime(CLOCK_REALTIME, &before);
    log_write(&log, LOG_NOTICE, "now");
    clock_gettime(CLOCK_REALTIME, &after);
    ck_assert_ptr_nonnull(
        strptime(log_line(reader).data, "%Y-%m-%d %H:%M:%S", &parts));
    printed = mktime(&parts);
    ck_assert_int_le(before.tv_sec, printed);
    ck_assert_int_le(printed, after.tv_sec);
}
END_TEST

START_TEST(a_line_below_the_level_of_the_log_is_not_written) {
    int from, level;

    for (from = LOG_DEBUG; from <= LOG_WARNING; from++) {
        int reader;
        struct log log = log_open(&reader, (enum log_level)from);

        for (level = LOG_DEBUG; level <= LOG_WARNING; level++) {
            log_write(&log, (enum log_level)level, "hello");
            check_that((log_line(reader).len > 0) == (level >= from),
                       "level %d in a log from %d on", level, from);
        }
        close(reader);
        close(log.fd);
    }
}
END_TEST

START_TEST(a_message_is_one_line_of_one_write_however_long_it_is) {
    char message[3000];
    int reader;
    struct log log = log_open(&reader, LOG_DEBUG);
    size_t len;

    memset(message, 'x', sizeof message);
    message[500] = 'y';
    for (len = 0; len < sizeof message - 1; len++) {
        struct slice line;
        char cut = message[len];
        size_t kept;

        message[len] = '\0';
        log_write(&log, LOG_NOTICE, "%s", message);
        line = log_line(reader);
        ck_assert_uint_gt(line.len, PREFIX_LEN);
        kept = line.len - PREFIX_LEN - 1;
        check_that(line.len == strlen(line.data), "%zu bytes", len);
        check_that(strchr(line.data, '\n') == line.data + line.len - 1,
                   "%zu bytes", len);
        check_that(memcmp(line.data + PREFIX_LEN, message, kept) == 0,
                   "%zu bytes", len);
        check_that(len < 900 ? kept == len : kept <= len && kept <= 1024,
                   "%zu bytes, %zu written", len, kept);
        ck_assert_uint_eq(log_line(reader).len, 0);
        message[len] = cut;
    }
}
END_TEST

START_TEST(a_message_can_not_forge_a_line_of_its_own) {
    int reader, byte;
    struct log log = log_open(&reader, LOG_DEBUG);

    log_write(&log, LOG_NOTICE, "%s", "a\r\nb\n");
    ck_assert_str_eq(log_line(reader).data + PREFIX_LEN, "a??b?\n");
    for (byte = 1; byte < 256; byte++) {
        char want[] = {(char)byte, '.', '\n', '\0'};

        if (byte < ' ' || byte == 0x7f) want[0] = '?';
        log_write(&log, LOG_NOTICE, "%c.", byte);
        check_that(strcmp(log_line(reader).data + PREFIX_LEN, want) == 0,
                   "byte 0x%02x", (unsigned)byte);
    }
}
END_TEST

START_TEST(a_log_that_can_not_be_written_is_no_trouble) {
    struct log log = {-1, LOG_DEBUG};

    log_write(&log, LOG_WARNING, "nobody hears this");
}
END_TEST

START_TEST(levels_are_found_by_their_names_and_by_nothing_else) {
    static const char *const others[] = {
        "", "DEBUG", "Notice", "warn", "warnings", " notice", "notice ", "0"};
    size_t i;

    ck_assert_int_eq(log_level_named("debug"), LOG_DEBUG);
    ck_assert_int_eq(log_level_named("verbose"), LOG_VERBOSE);
    ck_assert_int_eq(log_level_named("notice"), LOG_NOTICE);
    ck_assert_int_eq(log_level_named("warning"), LOG_WARNING);
    for (i = 0; i < COUNT_OF(others); i++) {
        check_that(log_level_named(others[i]) == -1, "'%s'", others[i]);
    }
}
END_TEST

/* ---- Clocks and chance ------------------------------------------------ */

START_TEST(the_clock_never_goes_back) {
    int64_t last = clock_ms();
    int i;

    for (i = 0; i < 200000; i++) {
        int64_t now = clock_ms();

        check_that(now >= last, "%lld after %lld", (long long)now,
                   (long long)last);
        last = now;
    }
}
END_TEST

START_TEST(the_clock_counts_milliseconds) {
    int64_t start = clock_ms();
    int64_t passed;

    poll(NULL, 0, 30);
    passed = clock_ms() - start;
    ck_assert_int_ge(passed, 29);
    ck_assert_int_lt(passed, 10000);
}
END_TEST

START_TEST(random_bytes_fill_all_they_are_given) {
    size_t size, i;

    for (size = 0; size <= 256; size++) {
        unsigned char *seen = xcalloc(1, size + 1);
        unsigned char *bytes = xmalloc(size > 0 ? size : 1);
        int draw;

        /* A byte that is filled in is 0 forty times with a chance of 2^-320. */
        for (draw = 0; draw < 40; draw++) {
            random_bytes(bytes, size);
            for (i = 0; i < size; i++)
                seen[i] |= bytes[i];
        }
        check_that(size == 0 || memchr(seen, 0, size) == NULL, "of %zu", size);
        free(seen);
        free(bytes);
    }
}
END_TEST

START_TEST(random_bytes_differ_each_time) {
    char first[16], second[16];

    random_bytes(first, sizeof first);
    random_bytes(second, sizeof second);
    ck_assert_mem_ne(first, second, sizeof first);
}
END_TEST

/* ---- The disk ---------------------------------------------------------- */

START_TEST(a_file_can_be_synced_and_a_pipe_can_not) {
    FILE *file = tmpfile();
    int ends[2];

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(write(fileno(file), "x", 1), 1);
    ck_assert_int_eq(sync_data(fileno(file)), 0);
    fclose(file);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(sync_data(ends[1]), -1);
    ck_assert_int_ne(errno, 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- Memory ----------------------------------------------------------- */

START_TEST(memory_is_zeroed_kept_and_aligned_as_asked) {
    char *bytes = xcalloc(100, 7);
    void *line = xaligned_alloc(64, 128);
    size_t i;

    for (i = 0; i < 700; i++)
        ck_assert_int_eq(bytes[i], 0);
    memset(bytes, 'x', 700);
    bytes = xrealloc(bytes, 100000);
    for (i = 0; i < 700; i++)
        ck_assert_int_eq(bytes[i], 'x');
    ck_assert_uint_eq((uintptr_t)line % 64, 0);
    free(bytes);
    free(line);
}
END_TEST

START_TEST(asking_for_no_memory_is_not_running_out_of_it) {
    free(xmalloc(0));
    free(xcalloc(0, 8));
    free(xcalloc(8, 0));
    free(xrealloc(NULL, 0));
}
END_TEST

#ifndef SANITIZED
static volatile size_t too_much = SIZE_MAX / 4;

static void malloc_too_much(void) {
    free(xmalloc(too_much));
}

static void calloc_too_much(void) {
    free(xcalloc(too_much, 2));
}

static void realloc_too_much(void) {
    free(xrealloc(NULL, too_much));
}

static void align_too_much(void) {
    free(xaligned_alloc(64, too_much & ~(size_t)63));
}

START_TEST(running_out_of_memory_ends_the_process_with_a_line) {
    static void (*const ways[])(void) = {malloc_too_much, calloc_too_much,
                                         realloc_too_much, align_too_much};
    static const char begins[] = "out of memory: ";
    size_t i;

    for (i = 0; i < COUNT_OF(ways); i++) {
        struct rlimit none = {0, 0};
        char text[200] = "";
        int status, ends[2];
        pid_t pid;

        ck_assert_int_eq(pipe(ends), 0);
        pid = fork();
        if (pid == 0) {
            setrlimit(RLIMIT_CORE, &none);
            dup2(ends[1], STDERR_FILENO);
            ways[i]();
            _exit(0);
        }
        close(ends[1]);
        ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        check_that(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
                   "way %zu: status %d", i, status);
        check_that(strncmp(text, begins, sizeof begins - 1) == 0,
                   "way %zu: '%s'", i, text);
        close(ends[0]);
    }
}
END_TEST
#endif

Suite *util_suite(void) {
    const TTest *tests[] = {
        a_log_line_has_the_time_the_level_and_the_message,
        the_time_in_the_log_is_that_of_the_place,
        a_line_below_the_level_of_the_log_is_not_written,
        a_message_is_one_line_of_one_write_however_long_it_is,
        a_message_can_not_forge_a_line_of_its_own,
        a_log_that_can_not_be_written_is_no_trouble,
        levels_are_found_by_their_names_and_by_nothing_else,
        the_clock_never_goes_back,
        the_clock_counts_milliseconds,
        random_bytes_fill_all_they_are_given,
        random_bytes_differ_each_time,
        a_file_can_be_synced_and_a_pipe_can_not,
        memory_is_zeroed_kept_and_aligned_as_asked,
        asking_for_no_memory_is_not_running_out_of_it,
#ifndef SANITIZED
        running_out_of_memory_ends_the_process_with_a_line,
#endif
    };

    return suite_of("util", tests, COUNT_OF(tests));
}
