/* aof.h -- the append-only file: every change, in the order it happened, so
 * that replaying the file brings the data back.
 *
 * Format     A recorded conversation: each record is a request as a client
 *            sends it, an array of bulk strings. Redis 7 and Valkey read it.
 * Promise    aof_commit() comes before the replies of a turn are sent. So what
 *            was answered "+OK" has been written: it survives the end of the
 *            process, kill -9 included. A background thread syncs the file to
 *            the disk every second (fsync policy everysec): what survives the
 *            end of the machine is all but about the last second.
 * Ownership  One server a file: a lock file beside it ("FILE.lock") is locked
 *            with flock(2) while the file is open. It is empty and stays.
 *
 * In parts 1 and 2 it is a stub that keeps nothing, and says so in the log. */
#ifndef REDIS_LITE_AOF_H
#define REDIS_LITE_AOF_H

#include "slice.h"
#include "util.h"

#include <stddef.h>

struct aof;

/* When what was written is synced to the disk: before the replies of its turn,
 * about every second by a thread of its own, or when the system likes. */
enum aof_fsync { FSYNC_ALWAYS, FSYNC_EVERYSEC, FSYNC_NO };

/* Runs one record on 'context' while the file is loaded: NULL if it went well,
 * else what is wrong with it. A callback, for the log is below the commands. */
typedef const char *aof_replay_fn(void *context, const struct slice *argv,
                                  size_t argc);

/* Open 'path', making it if it is not there (mode 0600), take its lock, and
 * replay what it holds. Starts the background thread.
 *
 * If the file ends within a record, as a crash leaves it, what stands before
 * is loaded, the torn record is moved to "FILE.cut-OFFSET", and the log says
 * so. (Records carry no checksum: a damaged length that leads past the end
 * looks just the same. Nothing is lost then either, but all of it is moved.)
 * Anything else that is not a record refuses: NULL, the file untouched, and the
 * log names the offset. Also NULL, logged, if the file can not be opened,
 * locked or read. */
struct aof *aof_open(const char *path, const struct log *log,
                     aof_replay_fn *replay, void *context);

/* Add one record to those of this turn. Copies; cannot fail. */
void aof_append(struct aof *aof, const struct slice *argv, size_t argc);

/* Write the records of this turn to the file.
 * -1 with errno if they are not all in it, or if a write or a sync has failed
 * before (what a sync covered may be lost, and asking again would not tell:
 * fsync(2)). No reply of this turn may be sent then; the log is given up. */
int aof_commit(struct aof *aof);

/* From part 3 on: change the policy; it is FSYNC_EVERYSEC at first. -1 with
 * errno as aof_commit(). */
int aof_set_fsync(struct aof *aof, enum aof_fsync fsync);

/* From part 3 on: when the last sync succeeded, or else when it was opened: the
 * time of day, seconds. */
int64_t aof_last_sync(const struct aof *aof);

/* Commit, sync to the disk, close, give up the lock; frees 'aof' in any case.
 * -1 with errno if something that was appended is not on the disk. */
int aof_close(struct aof *aof);

#endif
