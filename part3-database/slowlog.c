/* slowlog.c -- the last commands that took long, in a ring. */
#include "slowlog.h"

#include "util.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_MAX 48 /* bytes of "... (N more bytes)" */

struct slowlog {
    struct slowlog_entry *ring; /* owned; 'cap' of them */
    size_t cap;                 /* as many as are kept */
    size_t first;               /* where the oldest is */
    size_t count;
    uint64_t next_id;
};

struct slowlog *slowlog_new(void) {
    return xcalloc(1, sizeof(struct slowlog));
}

static void free_entry(struct slowlog_entry *entry) {
    size_t i;

    for (i = 0; i < entry->argc; i++)
        free((char *)entry->argv[i].data);
    free(entry->argv);
    free(entry->address);
    free(entry->name);
}

static struct slowlog_entry *at(const struct slowlog *slowlog, size_t place) {
    return &slowlog->ring[(slowlog->first + place) % slowlog->cap];
}

static void drop_oldest(struct slowlog *slowlog) {
    free_entry(at(slowlog, 0));
    slowlog->first = (slowlog->first + 1) % slowlog->cap;
    slowlog->count--;
}

void slowlog_clear(struct slowlog *slowlog) {
    while (slowlog->count > 0)
        drop_oldest(slowlog);
}

void slowlog_free(struct slowlog *slowlog) {
    slowlog_clear(slowlog);
    free(slowlog->ring);
    free(slowlog);
}

/* ---- Adding ------------------------------------------------------------- */

/* A copy of at most 'max' bytes; then, if there are more, how many. */
static struct slice copy_cut(struct slice bytes, size_t max) {
    size_t kept = bytes.len < max ? bytes.len : max;
    char *copy = xmalloc(kept + NOTE_MAX);
    size_t len = kept;

    if (kept > 0) memcpy(copy, bytes.data, kept);
    if (kept < bytes.len) {
        len += (size_t)snprintf(copy + kept, NOTE_MAX, "... (%zu more bytes)",
                                bytes.len - kept);
    }
    return (struct slice){copy, len};
}

/* Of too many arguments, the place of the last tells how many are left out. */
static void copy_arguments(struct slowlog_entry *copy,
                           const struct slowlog_entry *entry) {
    bool cut = entry->argc > SLOWLOG_ARGS_MAX;
    size_t kept = cut ? SLOWLOG_ARGS_MAX - 1 : entry->argc;
    char note[NOTE_MAX];
    size_t i;

    copy->argc = kept + (cut ? 1 : 0);
    copy->argv = xcalloc(copy->argc, sizeof *copy->argv);
    for (i = 0; i < kept; i++)
        copy->argv[i] = copy_cut(entry->argv[i], SLOWLOG_BYTES_MAX);
    if (!cut) return;
    snprintf(note, sizeof note, "... (%zu more arguments)", entry->argc - kept);
    copy->argv[kept] = copy_cut(slice_of(note), sizeof note);
}

/* Move those that are kept to a ring of another size. */
static void resize(struct slowlog *slowlog, size_t cap) {
    struct slowlog_entry *ring = xcalloc(cap, sizeof *ring);
    size_t i;

    for (i = 0; i < slowlog->count; i++)
        ring[i] = *at(slowlog, i);
    free(slowlog->ring);
    slowlog->ring = ring;
    slowlog->cap = cap;
    slowlog->first = 0;
}

void slowlog_add(struct slowlog *slowlog, size_t max,
                 const struct slowlog_entry *entry) {
    struct slowlog_entry *copy;

    while (slowlog->count > 0 && slowlog->count >= max)
        drop_oldest(slowlog);
    slowlog->next_id++;
    if (max == 0) return;
    if (slowlog->count == slowlog->cap || slowlog->cap > max) {
        /* 'max' may be a large number, and slow commands few. */
        size_t cap = slowlog->count * 2 + 8;

        resize(slowlog, cap < max ? cap : max);
    }
    copy = at(slowlog, slowlog->count++);
    *copy = *entry;
    copy->id = slowlog->next_id - 1;
    copy_arguments(copy, entry);
    copy->address = xstrdup(entry->address);
    copy->name = xstrdup(entry->name);
}

/* ---- Reading --------------------------------------------------------------
 */

size_t slowlog_count(const struct slowlog *slowlog) {
    return slowlog->count;
}

const struct slowlog_entry *slowlog_at(const struct slowlog *slowlog,
                                       size_t number) {
    return at(slowlog, slowlog->count - 1 - number);
}
