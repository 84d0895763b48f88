/* aof_sync.c -- the thread that waits for the disk.
 *
 * It syncs the log every second; and once a rewrite has a new file, it puts
 * that in the log's place. It needs no lock: what it shares with the server's
 * thread are numbers, each of which one of the two sets at a time. */
#include "aof_state.h"

#include "aof_load.h"
#include "params.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* A sync that began earlier may end later. */
static void raise_to(atomic_llong *number, long long to) {
    long long now = atomic_load(number);

    while (now < to && !atomic_compare_exchange_weak(number, &now, to))
        ;
}

/* 'synced' are the bytes of 'fd' that are on the disk; 'written' those that are
 * in it, which may be more when it ends. */
static int sync_file(struct aof_syncer *syncer, int fd, atomic_llong *written,
                     atomic_llong *synced) {
    long long size = atomic_load(written);

    if (sync_data(fd) == -1) return -1;
    raise_to(synced, size);
    atomic_store(&syncer->synced_s, time_us() / 1000000);
    return 0;
}

void aof_note_written(struct aof *aof) {
    struct aof_syncer *syncer = &aof->syncer;

    if (atomic_load(&syncer->synced) == atomic_load(&syncer->written)) {
        atomic_store(&syncer->unsynced_ms, clock_ms());
    }
    atomic_store(&syncer->written, aof->file.size);
    atomic_store(&syncer->next_written, aof->rewrite.next.size);
    if (aof->rewrite.written != NULL) {
        atomic_store(aof->rewrite.written, aof->file.size);
    }
}

int aof_sync_now(struct aof *aof) {
    struct aof_syncer *syncer = &aof->syncer;

    if (!aof->is_lost && sync_file(syncer, aof->file.fd, &syncer->written,
                                   &syncer->synced) == -1) {
        return -1;
    }
    if (aof->rewrite.phase != REWRITE_REPLACING) return 0;
    return sync_file(syncer, aof->rewrite.next.fd, &syncer->next_written,
                     &syncer->next_synced);
}

/* ---- The thread ---------------------------------------------------------- */

static void sync_log(struct aof_syncer *syncer) {
    int64_t began_ms = clock_ms();

    if (atomic_load(&syncer->synced) == atomic_load(&syncer->written) ||
        atomic_load(&syncer->error) != 0) {
        return;
    }
    atomic_store(&syncer->is_syncing, true);
    if (sync_file(syncer, atomic_load(&syncer->fd), &syncer->written,
                  &syncer->synced) == -1) {
        atomic_store(&syncer->error, errno);
    }
    /* What is unsynced now was written after this one began. */
    atomic_store(&syncer->unsynced_ms, began_ms);
    atomic_store(&syncer->is_syncing, false);
}

/* The new file has everything. First it has to be on the disk whole, under its
 * own name; then it gets the log's; and only when that is on the disk, too, can
 * nothing but the new one be found after a crash. */
static enum aof_replacing replace(struct aof *aof, bool is_renamed) {
    struct aof_syncer *syncer = &aof->syncer;
    enum aof_replacing failed = is_renamed ? REPLACE_BROKEN : REPLACE_FAILED;

    if (sync_file(syncer, atomic_load(&syncer->next_fd), &syncer->next_written,
                  &syncer->next_synced) == -1) {
        return failed;
    }
    if (!is_renamed && rename(aof->next_path, aof->options.path) == -1) {
        return REPLACE_FAILED;
    }
    if (aof_sync_directory(aof->options.path) == -1) return REPLACE_UNSURE;
    return REPLACE_DONE;
}

static void replace_log(struct aof *aof, bool is_due) {
    struct aof_syncer *syncer = &aof->syncer;
    int wanted = REPLACE_WANTED;
    bool is_renamed = atomic_load(&syncer->replacing) == REPLACE_UNSURE;
    enum aof_replacing now;

    if (is_renamed ? !is_due
                   : !atomic_compare_exchange_strong(&syncer->replacing,
                                                     &wanted, REPLACE_BUSY)) {
        return;
    }
    now = replace(aof, is_renamed);
    atomic_store(&syncer->replace_error, errno);
    atomic_store(&syncer->replacing, now);
}

/* Closing the last descriptor of a large file takes its time, too. */
static void close_retired(struct aof_syncer *syncer) {
    int fd = atomic_exchange(&syncer->retired, -1);

    if (fd != -1) close(fd);
}

/* Whether the server's thread has a new order, and not the end. */
static bool is_woken(struct aof_syncer *syncer) {
    char bytes[16];

    return read(syncer->wake[0], bytes, sizeof bytes) > 0;
}

static bool may_touch_files(struct aof_syncer *syncer) {
    int replacing = atomic_load(&syncer->replacing);

    return replacing != REPLACE_DONE && replacing != REPLACE_BROKEN;
}

static void *wait_for_disk(void *argument) {
    struct aof *aof = argument;
    struct aof_syncer *syncer = &aof->syncer;
    struct pollfd wake = {.fd = syncer->wake[0], .events = POLLIN};
    int64_t due_ms = clock_ms() + AOF_SYNC_PERIOD_MS;

    for (;;) {
        int64_t left = due_ms - clock_ms();
        int ready = poll(&wake, 1, left > 0 ? (int)left : 0);

        if (ready > 0 && !is_woken(syncer)) break;
        close_retired(syncer);
        if (ready == 0) due_ms = clock_ms() + AOF_SYNC_PERIOD_MS;
        if (!may_touch_files(syncer)) continue;
        if (ready == 0 && atomic_load(&syncer->syncs_each_second)) {
            sync_log(syncer);
        }
        replace_log(aof, ready == 0);
    }
    close_retired(syncer);
    return NULL;
}

int aof_start_syncer(struct aof *aof) {
    struct aof_syncer *syncer = &aof->syncer;

    if (pipe(syncer->wake) == -1) {
        return aof_fail(aof, "make a pipe for", aof->options.path);
    }
    fcntl(syncer->wake[0], F_SETFD, FD_CLOEXEC);
    fcntl(syncer->wake[1], F_SETFD, FD_CLOEXEC);
    errno = pthread_create(&syncer->thread, NULL, wait_for_disk, aof);
    if (errno != 0) {
        return aof_fail(aof, "make a thread for", aof->options.path);
    }
    syncer->has_thread = true;
    return 0;
}

void aof_wake_syncer(struct aof *aof) {
    char byte = 0;

    /* A full pipe will wake it as well. */
    if (write(aof->syncer.wake[1], &byte, 1) == -1) return;
}

void aof_stop_syncer(struct aof *aof) {
    struct aof_syncer *syncer = &aof->syncer;

    if (syncer->wake[1] != -1) close(syncer->wake[1]);
    if (syncer->has_thread) pthread_join(syncer->thread, NULL);
    if (syncer->wake[0] != -1) close(syncer->wake[0]);
    syncer->wake[0] = syncer->wake[1] = -1;
    syncer->has_thread = false;
}
