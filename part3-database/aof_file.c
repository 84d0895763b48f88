/* aof_file.c -- appending a block, whole or not at all. */
#include "aof_file.h"

#include "params.h"

#include <errno.h>
#include <unistd.h>

/* Part of a block at the end would be followed by the next one, and the file be
 * damaged for good. */
static int cut_torn(struct aof_file *file) {
    if (!file->is_torn) return 0;
    if (ftruncate(file->fd, (off_t)file->size) == -1) return -1;
    file->is_torn = false;
    return 0;
}

/* How many bytes went in: all; fewer, with errno. */
static size_t write_all(int fd, struct slice bytes) {
    size_t done = 0;

    while (done < bytes.len) {
        ssize_t written = write(fd, bytes.data + done, bytes.len - done);

        if (written == -1 && errno == EINTR) continue;
        if (written == -1) break;
        done += (size_t)written;
    }
    return done;
}

int aof_file_write(struct aof_file *file, const struct crc64 *crc64,
                   bool has_seal, int64_t synced, struct slice records) {
    struct seal_chain chain = file->chain;
    struct slice block;
    char line[SEAL_MAX];
    size_t len = 0;
    size_t done;
    int cause;

    if (records.len == 0 && !has_seal) return 0;
    if (cut_torn(file) == -1) return -1;
    if (has_seal) {
        len = seal_write(crc64, &chain, file->size, synced, false, records,
                         line);
    } else if (chain.id != 0 && !chain.is_open) {
        /* Behind a seal only a seal may follow, unless it says otherwise. */
        len = seal_write(crc64, &chain, file->size, synced, true,
                         (struct slice){0}, line);
    }
    if (!has_seal) seal_skip(crc64, &chain, records);
    /* One write() for both: a copy costs less than a second call. */
    buf_append(&file->out, line, len);
    buf_append(&file->out, records.data, records.len);
    block = buf_slice(&file->out);
    done = write_all(file->fd, block);
    cause = errno;
    if (done == block.len) {
        file->says_all = records.len == 0 && synced == file->size;
        file->size += (int64_t)block.len;
        file->chain = chain;
    } else {
        file->is_torn = done > 0;
        cut_torn(file);
    }
    buf_consume(&file->out, block.len);
    if (file->out.cap > AOF_PENDING_KEPT) buf_free(&file->out);
    errno = cause;
    return done == block.len ? 0 : -1;
}

void aof_file_take_back(struct aof_file *file, const struct aof_file *before) {
    if (file->size == before->size) return;
    file->size = before->size;
    file->chain = before->chain;
    file->says_all = before->says_all;
    file->is_torn = true;
    cut_torn(file);
}

void aof_file_free(struct aof_file *file) {
    buf_free(&file->out);
    file->fd = -1;
}
