/* entry.c -- where the bytes of an entry stand. */
#include "entry.h"

#include "util.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_KEY_MAX 255
#define VALUE_MAX     ((UINT32_C(1) << 30) - 1)

/* Where a large value is. It stands where a small one would, so it is copied in
 * and out, for it may not be aligned. */
struct large {
    char *block;  /* owned */
    size_t start; /* of the value in it */
    size_t size;  /* of the block */
};

static bool is_large(size_t value_len) {
    return value_len > ENTRY_LARGE;
}

static size_t expiry_size(const struct entry *entry) {
    return entry->has_expiry ? sizeof(int64_t) : 0;
}

static size_t key_start(const struct entry *entry) {
    return expiry_size(entry) + (entry->has_long_key ? sizeof(uint32_t) : 0);
}

static size_t key_len(const struct entry *entry) {
    uint32_t len;

    if (!entry->has_long_key) return entry->short_key_len;
    memcpy(&len, entry->bytes + expiry_size(entry), sizeof len);
    return len;
}

static size_t value_start(const struct entry *entry) {
    return key_start(entry) + key_len(entry);
}

/* Bytes that a value takes in the entry itself. */
static size_t room_of(size_t value_len) {
    return is_large(value_len) ? sizeof(struct large) : value_len;
}

static size_t size_of(const struct entry *entry) {
    return sizeof *entry + value_start(entry) + room_of(entry->value_len);
}

static struct large large_of(const struct entry *entry) {
    struct large large;

    memcpy(&large, entry->bytes + value_start(entry), sizeof large);
    return large;
}

static void set_large(struct entry *entry, struct large large) {
    memcpy(entry->bytes + value_start(entry), &large, sizeof large);
}

/* All but the value, or where it is. */
static struct entry *new_without(struct slabs *slabs, struct slice key,
                                 size_t value_len, int64_t expiry) {
    struct entry head = {.value_len = (uint32_t)value_len & VALUE_MAX,
                         .has_expiry = expiry != ENTRY_NO_EXPIRY,
                         .has_long_key = key.len > SHORT_KEY_MAX};
    struct entry *entry;

    assert(key.len <= UINT32_MAX && value_len <= VALUE_MAX);
    if (!head.has_long_key) head.short_key_len = key.len & SHORT_KEY_MAX;
    entry = slab_alloc(slabs, sizeof head + key_start(&head) + key.len +
                                  room_of(value_len));
    *entry = head;
    if (head.has_expiry) memcpy(entry->bytes, &expiry, sizeof expiry);
    if (head.has_long_key) {
        uint32_t len = (uint32_t)key.len;

        memcpy(entry->bytes + expiry_size(&head), &len, sizeof len);
    }
    if (key.len > 0) memcpy(entry->bytes + key_start(&head), key.data, key.len);
    return entry;
}

struct entry *entry_new(struct slabs *slabs, struct slice key, size_t value_len,
                        int64_t expiry) {
    struct entry *entry = new_without(slabs, key, value_len, expiry);

    if (is_large(value_len)) {
        set_large(entry, (struct large){xmalloc(value_len), 0, value_len});
    }
    return entry;
}

struct entry *entry_new_of(struct slabs *slabs, struct slice key, char *block,
                           size_t size, struct slice value, int64_t expiry) {
    struct entry *entry = new_without(slabs, key, value.len, expiry);

    assert(is_large(value.len));
    set_large(entry, (struct large){block, (size_t)(value.data - block), size});
    return entry;
}

void entry_free(struct slabs *slabs, struct entry *entry) {
    if (is_large(entry->value_len)) free(large_of(entry).block);
    slab_free(slabs, entry, size_of(entry));
}

struct entry *entry_set_expiry(struct slabs *slabs, struct entry *entry,
                               int64_t expiry) {
    size_t size = size_of(entry);
    bool wanted = expiry != ENTRY_NO_EXPIRY;
    size_t rest = size - sizeof *entry - expiry_size(entry);

    if (wanted && !entry->has_expiry) {
        entry = slab_resize(slabs, entry, size, size + sizeof expiry);
        memmove(entry->bytes + sizeof expiry, entry->bytes, rest);
    } else if (!wanted && entry->has_expiry) {
        memmove(entry->bytes, entry->bytes + sizeof expiry, rest);
        entry = slab_resize(slabs, entry, size, sizeof *entry + rest);
    }
    entry->has_expiry = wanted;
    if (wanted) memcpy(entry->bytes, &expiry, sizeof expiry);
    return entry;
}

/* From small to large, or back. */
static struct entry *resize_across(struct slabs *slabs, struct entry *entry,
                                   size_t value_len) {
    struct slice old = entry_value(entry);
    struct entry *moved = entry_new(slabs, entry_key(entry), value_len,
                                    entry_expiry(entry));

    memcpy(entry_value_bytes(moved), old.data,
           old.len < value_len ? old.len : value_len);
    moved->used_s = entry->used_s;
    entry_free(slabs, entry);
    return moved;
}

static void resize_block(struct entry *entry, size_t value_len) {
    struct large large = large_of(entry);

    large.size = large.start + value_len;
    large.block = xrealloc(large.block, large.size);
    set_large(entry, large);
}

struct entry *entry_resize(struct slabs *slabs, struct entry *entry,
                           size_t value_len) {
    assert(value_len <= VALUE_MAX);
    if (is_large(value_len) != is_large(entry->value_len)) {
        return resize_across(slabs, entry, value_len);
    }
    if (is_large(value_len)) {
        resize_block(entry, value_len);
    } else {
        entry = slab_resize(slabs, entry, size_of(entry),
                            sizeof *entry + value_start(entry) + value_len);
    }
    entry->value_len = (uint32_t)value_len & VALUE_MAX;
    return entry;
}

struct slice entry_key(const struct entry *entry) {
    return (struct slice){entry->bytes + key_start(entry), key_len(entry)};
}

struct slice entry_value(const struct entry *entry) {
    if (is_large(entry->value_len)) {
        struct large large = large_of(entry);

        return (struct slice){large.block + large.start, entry->value_len};
    }
    return (struct slice){entry->bytes + value_start(entry), entry->value_len};
}

char *entry_value_bytes(struct entry *entry) {
    return (char *)entry_value(entry).data;
}

int64_t entry_expiry(const struct entry *entry) {
    int64_t expiry = ENTRY_NO_EXPIRY;

    if (entry->has_expiry) memcpy(&expiry, entry->bytes, sizeof expiry);
    return expiry;
}

size_t entry_memory(const struct entry *entry) {
    size_t size = size_of(entry);

    if (!is_large(entry->value_len)) return slab_room(size);
    return slab_room(size) + slab_room(large_of(entry).size);
}
