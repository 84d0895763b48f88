/* util.c -- memory, the log, clocks. */
#include "util.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024

static const char *const level_names[] = {"debug", "verbose", "notice",
                                          "warning"};

static void out_of_memory(size_t size) {
    fprintf(stderr, "out of memory: could not allocate %zu bytes\n", size);
    abort();
}

void *xmalloc(size_t size) {
    void *memory = malloc(size);

    if (memory == NULL && size > 0) out_of_memory(size);
    return memory;
}

void *xcalloc(size_t count, size_t size) {
    void *memory = calloc(count, size);

    if (memory == NULL && count > 0 && size > 0) out_of_memory(size);
    return memory;
}

void *xrealloc(void *memory, size_t size) {
    memory = realloc(memory, size);
    if (memory == NULL && size > 0) out_of_memory(size);
    return memory;
}

char *xstrdup(const char *string) {
    size_t size = strlen(string) + 1;

    return memcpy(xmalloc(size), string, size);
}

void *xaligned_alloc(size_t alignment, size_t size) {
    void *memory = aligned_alloc(alignment, size);

    if (memory == NULL && size > 0) out_of_memory(size);
    return memory;
}

void random_bytes(void *bytes, size_t size) {
    if (getentropy(bytes, size) == 0) return;
    perror("no random bytes from the kernel");
    abort();
}

void log_write(const struct log *log, enum log_level level, const char *format,
               ...) {
    char line[LOG_LINE_MAX];
    struct timespec now;
    struct tm parts;
    size_t len;
    int printed;
    va_list args;

    if (level < log->level) return;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &parts);
    len = strftime(line, sizeof line, "%Y-%m-%d %H:%M:%S", &parts);
    len += (size_t)snprintf(line + len, sizeof line - len, ".%03d %-7s ",
                            (int)(now.tv_nsec / 1000000), level_names[level]);
    va_start(args, format);
    printed = vsnprintf(line + len, sizeof line - len, format, args);
    va_end(args);
    for (; printed > 0 && len < sizeof line - 2; len++, printed--) {
        /* Bytes of a peer or a file must not forge a line of their own. */
        if ((unsigned char)line[len] < ' ' || line[len] == 0x7f) {
            line[len] = '?';
        }
    }
    line[len++] = '\n';

    /* A log that cannot be written has no one left to tell. */
    if (write(log->fd, line, len) == -1) return;
}

int log_level_named(const char *name) {
    int level;

    for (level = LOG_DEBUG; level <= LOG_WARNING; level++) {
        if (strcmp(name, level_names[level]) == 0) return level;
    }
    return -1;
}

int sync_data(int fd) {
#ifdef __APPLE__
    return fcntl(fd, F_FULLFSYNC);
#else
    return fdatasync(fd);
#endif
}

static int64_t microseconds(clockid_t clock) {
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_ms(void) {
    return microseconds(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_us(void) {
    return microseconds(CLOCK_MONOTONIC);
}

int64_t time_us(void) {
    return microseconds(CLOCK_REALTIME);
}
