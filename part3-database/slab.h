/* slab.h -- memory for small blocks of which millions come and go: entries, and
 * the buckets that hang behind others.
 *
 * Why not malloc()? It is made for any program; a keyspace is a special one.
 * Thousands of keys may expire in one turn. What glibc's malloc() has put aside
 * for each, it sorts or merges at some later call, all of it at once, and a
 * client waits (ten million keys: 4 s, and still 50 ms with the best settings).
 * It adds 8 bytes to each block and rounds up to 16. And of what was freed it
 * gives the system little back.
 *
 * Here blocks of one size share a slab of 64 KiB: taking one and giving it back
 * are a few instructions, and never a call of the system. A slab whose blocks
 * are all free can serve any size, or be given back. A block does not know its
 * size, so who frees it has to.
 *
 * Blocks over SLAB_BLOCK_MAX are malloc()'s all the same. */
#ifndef REDIS_LITE_SLAB_H
#define REDIS_LITE_SLAB_H

#include <stdbool.h>
#include <stddef.h>

/* A sanitizer watches only over blocks that malloc() gave. */
#if defined(__SANITIZE_ADDRESS__)
#define SLAB_BLOCK_MAX 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_BLOCK_MAX 0
#endif
#endif
#ifndef SLAB_BLOCK_MAX
#define SLAB_BLOCK_MAX 4096 /* bytes */
#endif

struct slabs;

struct slabs *slabs_new(void);
void slabs_free(struct slabs *slabs); /* and all slabs, with their blocks */

/* A block of 'size' > 0 bytes; aligned to 8 bytes, or to a cache line of 64 if
 * 'size' is a multiple of that. Running out of memory ends the process
 * (util.h). */
void *slab_alloc(struct slabs *slabs, size_t size);

/* Give back a block of that size. */
void slab_free(struct slabs *slabs, void *block, size_t size);

/* The same block, moved, with another size; the first bytes are the old. */
void *slab_resize(struct slabs *slabs, void *block, size_t old_size,
                  size_t size);

/* A whole slab of SLAB_SIZE bytes, which begins at a multiple of that, and
 * back.
 */
#define SLAB_SIZE (64 * 1024)
void *slab_take(struct slabs *slabs);
void slab_return(struct slabs *slabs, void *slab);

/* What a block of that size takes, in bytes: it is rounded up. */
size_t slab_room(size_t size);

/* Give the memory of one empty slab back to the system, which may take it some
 * time. False: there is none. */
bool slabs_return_one(struct slabs *slabs);

/* Bytes of all slabs that have not been given back. */
size_t slabs_held(const struct slabs *slabs);

#endif
