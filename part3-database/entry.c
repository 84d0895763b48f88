/* entry.c -- where the bytes of an entry stand. */
#include "entry.h"

#include <assert.h>
#include <string.h>

#define SHORT_KEY_MAX 255
#define VALUE_MAX     ((UINT32_C(1) << 30) - 1)

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

static size_t size_of(const struct entry *entry) {
    return sizeof *entry + value_start(entry) + entry->value_len;
}

struct entry *entry_new(struct slabs *slabs, struct slice key, size_t value_len,
                        int64_t expiry) {
    struct entry head = {.value_len = (uint32_t)value_len & VALUE_MAX,
                         .has_expiry = expiry != ENTRY_NO_EXPIRY,
                         .has_long_key = key.len > SHORT_KEY_MAX};
    struct entry *entry;

    assert(key.len <= UINT32_MAX && value_len <= VALUE_MAX);
    if (!head.has_long_key) head.short_key_len = key.len & SHORT_KEY_MAX;
    entry = slab_alloc(slabs,
                       sizeof head + key_start(&head) + key.len + value_len);
    *entry = head;
    if (head.has_expiry) memcpy(entry->bytes, &expiry, sizeof expiry);
    if (head.has_long_key) {
        uint32_t len = (uint32_t)key.len;

        memcpy(entry->bytes + expiry_size(&head), &len, sizeof len);
    }
    if (key.len > 0) memcpy(entry->bytes + key_start(&head), key.data, key.len);
    return entry;
}

void entry_free(struct slabs *slabs, struct entry *entry) {
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

struct entry *entry_resize(struct slabs *slabs, struct entry *entry,
                           size_t value_len) {
    assert(value_len <= VALUE_MAX);
    if (value_len == entry->value_len) return entry;
    entry = slab_resize(slabs, entry, size_of(entry),
                        sizeof *entry + value_start(entry) + value_len);
    entry->value_len = (uint32_t)value_len & VALUE_MAX;
    return entry;
}

struct slice entry_key(const struct entry *entry) {
    return (struct slice){entry->bytes + key_start(entry), key_len(entry)};
}

struct slice entry_value(const struct entry *entry) {
    return (struct slice){entry->bytes + value_start(entry), entry->value_len};
}

char *entry_value_bytes(struct entry *entry) {
    return entry->bytes + value_start(entry);
}

int64_t entry_expiry(const struct entry *entry) {
    int64_t expiry = ENTRY_NO_EXPIRY;

    if (entry->has_expiry) memcpy(&expiry, entry->bytes, sizeof expiry);
    return expiry;
}

size_t entry_memory(const struct entry *entry) {
    return slab_room(size_of(entry));
}
