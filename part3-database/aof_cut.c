/* aof_cut.c -- taking the end off an append-only file, without losing a byte of
 * it: what is cut is in a side file, and on the disk, before it is cut. */
#include "aof_load.h"
#include "params.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int aof_sync_directory(const char *path) {
    char copy[PATH_MAX]; /* dirname(3) may change what it is given */
    int fd;
    int result;
    int cause;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) return -1;
    result = fsync(fd);
    cause = errno;
    close(fd);
    errno = cause;
    return result;
}

static int write_all(int fd, struct slice bytes) {
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);

        if (written == -1 && errno == EINTR) continue;
        if (written == -1) return -1;
        bytes.data += written;
        bytes.len -= (size_t)written;
    }
    return 0;
}

/* A new file for what is cut; an earlier one is never overwritten. */
static int open_side_file(const char *path, int64_t at, char *side,
                          size_t size) {
    int fd = -1;
    int i;

    for (i = 0; i < 1000; i++) {
        int len = snprintf(side, size,
                           i == 0 ? "%s.cut-%lld" : "%s.cut-%lld.%d", path,
                           (long long)at, i);

        if ((size_t)len >= size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(side, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd != -1 || errno != EEXIST) break;
    }
    return fd;
}

static int copy_from(int fd, int64_t at, int to) {
    char *bytes = xmalloc(AOF_READ_SIZE);
    ssize_t got;
    int result = lseek(fd, (off_t)at, SEEK_SET) == -1 ? -1 : 0;

    while (result == 0 && (got = read(fd, bytes, AOF_READ_SIZE)) != 0) {
        if (got == -1 && errno == EINTR) continue;
        result = got == -1 ? -1
                           : write_all(to, (struct slice){bytes, (size_t)got});
    }
    free(bytes);
    return result;
}

int aof_cut(int fd, const char *path, const struct aof_found *found, char *side,
            size_t side_size) {
    int to = open_side_file(path, found->cut_at, side, side_size);
    int cause;
    int kept;

    if (to == -1) return -1;
    kept = copy_from(fd, found->cut_at, to);
    if (kept == 0) kept = fsync(to);
    cause = errno;
    if (close(to) == -1 && kept == 0) {
        kept = -1;
        cause = errno;
    }
    if (kept == 0) {
        kept = aof_sync_directory(side);
        cause = errno;
    }
    if (kept == -1) {
        unlink(side); /* the file still has it all; a disk may be full */
        errno = cause;
        return -1;
    }
    if (ftruncate(fd, (off_t)found->cut_at) == -1 || fsync(fd) == -1) {
        snprintf(side, side_size, "%s", path);
        return -1;
    }
    return 0;
}
