/* aof_check.h -- looking at an append-only file without serving it: what
 * "redis-lite --check-aof FILE" does. */
#ifndef REDIS_LITE_AOF_CHECK_H
#define REDIS_LITE_AOF_CHECK_H

#include <stdbool.h>

enum aof_check {
    AOF_CHECK_REPORT, /* print what it holds, and what a start would do */
    AOF_CHECK_FIX,    /* and let it start: what does not load is moved to
                         "FILE.cut-OFFSET". Nobody else may have the file open */
    AOF_CHECK_EXPORT  /* print its records without the lines between them, for
                         "redis-cli --pipe"; the report goes to stderr */
};

/* True if all of the file is as it was written, or is now. Each record is
 * replayed on a store of its own, so it has to be a command with its
 * arguments, and to succeed. */
bool aof_check(const char *path, enum aof_check what);

#endif
