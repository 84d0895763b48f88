/* slowlog.h -- the last commands that took long, in a ring.
 *
 * As in Redis, what waiting for the socket or the disk took is not counted:
 * this is about commands that hold up all others. */
#ifndef REDIS_LITE_SLOWLOG_H
#define REDIS_LITE_SLOWLOG_H

#include "slice.h"

#include <stddef.h>
#include <stdint.h>

#define SLOWLOG_ARGS_MAX  32  /* arguments kept of one command */
#define SLOWLOG_BYTES_MAX 128 /* bytes kept of an argument */

struct slowlog_entry {
    uint64_t id;          /* counts up, never twice */
    int64_t time;         /* of day, seconds */
    int64_t microseconds; /* it took */
    struct slice *argv;   /* owned; cut as Redis cuts */
    size_t argc;
    char *address; /* of the client, owned */
    char *name;    /* CLIENT SETNAME, owned */
};

struct slowlog;

struct slowlog *slowlog_new(void);
void slowlog_free(struct slowlog *slowlog);

/* Keep a copy of this command; only the last 'max' are kept. */
void slowlog_add(struct slowlog *slowlog, size_t max,
                 const struct slowlog_entry *entry);

size_t slowlog_count(const struct slowlog *slowlog);
/* The newest is number 0. Borrowed until the next slowlog_add(). */
const struct slowlog_entry *slowlog_at(const struct slowlog *slowlog,
                                       size_t number);
void slowlog_clear(struct slowlog *slowlog);

#endif
