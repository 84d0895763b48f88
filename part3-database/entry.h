/* entry.h -- a key, its value and what else is known of it, in one allocation:
 * no pointer to follow, and none to pay for. Only a value of more than
 * ENTRY_LARGE bytes stands elsewhere, where a pointer is nothing: so the block
 * in which it came can be kept, instead of a copy.
 *
 * What few entries have, an expiry or a key of more than 255 bytes, stands in
 * front of the bytes only where it is needed; all others pay eight bytes. A
 * type of value other than a string would be one more field here, and one more
 * question for whoever reads the value. */
#ifndef REDIS_LITE_ENTRY_H
#define REDIS_LITE_ENTRY_H

#include "slab.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entry {
    uint32_t value_len : 30; /* proto-max-bulk-len is 2^29 */
    uint32_t has_expiry : 1;
    uint32_t has_long_key : 1;
    uint32_t short_key_len : 8;
    uint32_t used_s : 24; /* when it was last used: seconds, modulo 194 days */
    char bytes[];         /* the expiry and the key's length, if it has them;
                             the key; the value, or where it is */
};

#define ENTRY_LARGE (64 * 1024) /* bytes; a longer value has its own block */

/* Milliseconds since 1970, or this. */
#define ENTRY_NO_EXPIRY INT64_C(-1)

/* A new entry, of a block of 'slabs'; its value's bytes are not set yet. */
struct entry *entry_new(struct slabs *slabs, struct slice key, size_t value_len,
                        int64_t expiry);

/* The same, with a value of more than ENTRY_LARGE bytes that lies in 'block',
 * 'size' bytes of malloc(), which the entry owns from now on. */
struct entry *entry_new_of(struct slabs *slabs, struct slice key, char *block,
                           size_t size, struct slice value, int64_t expiry);
void entry_free(struct slabs *slabs, struct entry *entry);

/* The same entry, moved: with another expiry, or room for another length of
 * value, of which the first bytes are the old ones. */
struct entry *entry_set_expiry(struct slabs *slabs, struct entry *entry,
                               int64_t expiry);
struct entry *entry_resize(struct slabs *slabs, struct entry *entry,
                           size_t value_len);

struct slice entry_key(const struct entry *entry);
struct slice entry_value(const struct entry *entry);
char *entry_value_bytes(struct entry *entry);
int64_t entry_expiry(const struct entry *entry);

/* Bytes of memory that it takes, its value's block included. */
size_t entry_memory(const struct entry *entry);

#endif
