/* util.h -- what the C library leaves to its callers: memory that is there or
 * the end, one line of log at a time, clocks, random bytes.
 *
 * Errors  Out of memory ends the process here, with a line on stderr: a server
 *         that has promised to keep data cannot go on half-way, and no caller
 *         has to test a pointer. Beyond that only a failed
 *         assert() aborts: a fault of ours. */
#ifndef REDIS_LITE_UTIL_H
#define REDIS_LITE_UTIL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(format, first)                                             \
    __attribute__((__format__(__printf__, format, first)))
#else
#define PRINTF_LIKE(format, first)
#endif

/* malloc(3), calloc(3), realloc(3) that never return NULL for size > 0.
 * The caller owns the result and gives it to free(3). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);

/* strdup(3) likewise. */
char *xstrdup(const char *string);

/* aligned_alloc(3) likewise; 'size' is a multiple of 'alignment'. */
void *xaligned_alloc(size_t alignment, size_t size);

/* Fill in bytes that nobody can guess, from the kernel; without them the
 * process ends, for a seed that can be guessed is worse than no server.
 * At most 256 bytes (getentropy(3)). */
void random_bytes(void *bytes, size_t size);

/* Wait until what was written to 'fd' is on the disk. -1 with errno.
 * fdatasync(2); macOS has it not, and its fsync() stops short of the disk. */
int sync_data(int fd);

/* Redis's four levels, least important first (redis.conf, "loglevel"). */
enum log_level { LOG_DEBUG, LOG_VERBOSE, LOG_NOTICE, LOG_WARNING };

/* Where a server logs, and from which level on. A value: copy it freely. */
struct log {
    int fd; /* borrowed; usually STDERR_FILENO */
    enum log_level level;
};

/* Write one line: local time, level, message. A single write(2), so lines of
 * two threads never mix. A message over 1 KiB is cut. */
void log_write(const struct log *log, enum log_level level, const char *format,
               ...) PRINTF_LIKE(3, 4);

/* The level called 'name' ("debug" ...), or -1. */
int log_level_named(const char *name);

/* Milliseconds of a clock that never jumps; only differences mean anything. */
int64_t clock_ms(void);

/* The same in microseconds; and the time of day, since 1970. */
int64_t clock_us(void);
int64_t time_us(void);

#endif
