/* snapshot.c -- all data as records: what a log that holds nothing old would
 * say. The log is rewritten with them, and a replica begins with them. */
#include "snapshot.h"

#include "resp.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>

#define CHUNK_SIZE  (64 * 1024)
#define NUMBER_SIZE 24 /* an int64_t in decimal, and a NUL */

struct snapshot {
    struct store *store;
    unsigned database; /* that was said last */
    struct buf records;
    aof_add_fn *add;
    void *to;
    bool has_failed;
    int cause; /* errno then */
};

static void hand_over(struct snapshot *snapshot) {
    size_t len = buf_len(&snapshot->records);

    if (len == 0) return;
    if (snapshot->add(snapshot->to, buf_slice(&snapshot->records)) == -1) {
        snapshot->has_failed = true;
        snapshot->cause = errno;
    }
    buf_consume(&snapshot->records, len);
    /* What one large value needed is not kept for all the small ones. */
    if (snapshot->records.cap > 4 * CHUNK_SIZE) buf_free(&snapshot->records);
}

static void write_record(struct snapshot *snapshot, const struct slice *words,
                         size_t count) {
    size_t i;

    resp_write_array(&snapshot->records, count);
    for (i = 0; i < count; i++)
        resp_write_bulk(&snapshot->records, words[i]);
}

static struct slice print_number(char text[NUMBER_SIZE], int64_t number) {
    int len = snprintf(text, NUMBER_SIZE, "%lld", (long long)number);

    return (struct slice){text, (size_t)len};
}

/* Only for a database that has a key to follow. */
static void write_select(struct snapshot *snapshot, unsigned database) {
    char text[NUMBER_SIZE];
    struct slice words[] = {slice_of("SELECT"), print_number(text, database)};

    write_record(snapshot, words, 2);
    snapshot->database = database;
}

static void write_entry(void *context, struct slice key, struct slice value) {
    struct snapshot *snapshot = context;
    unsigned database = store_selected(snapshot->store);
    int64_t expiry = store_expiry(snapshot->store, key);
    char text[NUMBER_SIZE];
    struct slice words[] = {slice_of("SET"), key, value, slice_of("PXAT"),
                            print_number(text, expiry)};

    if (snapshot->has_failed) return;
    if (database != snapshot->database) write_select(snapshot, database);
    write_record(snapshot, words, expiry == STORE_NO_EXPIRY ? 3 : 5);
    if (buf_len(&snapshot->records) >= CHUNK_SIZE) hand_over(snapshot);
}

static void write_database(struct snapshot *snapshot) {
    uint64_t cursor = 0;

    do {
        cursor = store_scan(snapshot->store, cursor, write_entry, snapshot);
    } while (cursor != 0 && !snapshot->has_failed);
}

int snapshot_write(void *store, aof_add_fn *add, void *to) {
    struct snapshot snapshot = {.store = store, .add = add, .to = to};
    unsigned selected = store_selected(store);
    unsigned database;

    for (database = 0; database < store_databases(store); database++) {
        store_select(store, database);
        write_database(&snapshot);
        if (snapshot.has_failed) break;
    }
    store_select(store, selected);
    if (!snapshot.has_failed) hand_over(&snapshot);
    buf_free(&snapshot.records);
    errno = snapshot.cause;
    return snapshot.has_failed ? -1 : 0;
}
