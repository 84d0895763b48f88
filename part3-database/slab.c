/* slab.c -- memory for small blocks of which millions come and go. */
#include "slab.h"

#include "arena.h"
#include "util.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

/* Sizes are rounded up to steps of 8 bytes, and to 64 where that is little: a
 * class is the blocks of one size. */
#define SMALL       512
#define SMALL_STEP  8
#define STEP        64
#define CLASSES_MAX (SMALL / SMALL_STEP + (4096 - SMALL) / STEP + 1)

/* It stands at the beginning of its 64 KiB, so that it is found from any of its
 * blocks by taking away the low bits of the address. The blocks begin at the
 * next cache line. */
struct slab {
    struct slab *next; /* of its class, among those with room */
    struct slab *previous;
    void *freed;    /* blocks given back; each begins with the next's address */
    uint32_t fresh; /* where the first block is that was never given out */
    uint32_t used;  /* blocks given out */
    uint32_t size;  /* bytes of a block */
};

struct slabs {
    struct slab *with_room[CLASSES_MAX];
    void **empty; /* slabs without a class; of the first, the system... */
    size_t empty_count;
    size_t returned_count; /* ...has the memory back */
    size_t empty_cap;
    struct arenas *arenas;
    char *arena;       /* the last one; NULL: there is none */
    size_t arena_used; /* bytes of it */
    size_t held;       /* bytes of all, and not given back */
};

/* ---- Sizes -------------------------------------------------------------- */

static size_t class_of(size_t size) {
    if (size <= SMALL) return (size - 1) / SMALL_STEP;
    return SMALL / SMALL_STEP + (size - SMALL - 1) / STEP;
}

static size_t round_up(size_t size, size_t step) {
    return (size + step - 1) / step * step;
}

size_t slab_room(size_t size) {
    size_t word = sizeof(size_t);

    if (size <= SLAB_BLOCK_MAX) {
        return round_up(size, size <= SMALL ? SMALL_STEP : STEP);
    }
    /* malloc() adds a word, and rounds up to two. */
    return round_up(size + word, 2 * word);
}

/* ---- Slabs -------------------------------------------------------------- */

static void push(void ***array, size_t *count, size_t *cap, void *item) {
    if (*count == *cap) {
        *cap = *cap > 0 ? *cap * 2 : 8;
        *array = xrealloc(*array, *cap * sizeof **array);
    }
    (*array)[(*count)++] = item;
}

void *slab_take(struct slabs *slabs) {
    if (slabs->empty_count > 0) {
        if (slabs->returned_count == slabs->empty_count) {
            slabs->returned_count--;
            slabs->held += SLAB_SIZE;
        }
        return slabs->empty[--slabs->empty_count];
    }
    if (slabs->arena == NULL || slabs->arena_used == ARENA_SIZE) {
        slabs->arena = arena_take(slabs->arenas);
        slabs->arena_used = 0;
    }
    slabs->held += SLAB_SIZE;
    slabs->arena_used += SLAB_SIZE;
    if (slabs->arena_used == ARENA_SIZE / 2) arena_prepare(slabs->arenas);
    return slabs->arena + slabs->arena_used - SLAB_SIZE;
}

void slab_return(struct slabs *slabs, void *slab) {
    push(&slabs->empty, &slabs->empty_count, &slabs->empty_cap, slab);
}

static void link_in(struct slabs *slabs, struct slab *slab) {
    struct slab **first = &slabs->with_room[class_of(slab->size)];

    slab->previous = NULL;
    slab->next = *first;
    if (*first != NULL) (*first)->previous = slab;
    *first = slab;
}

static void unlink_it(struct slabs *slabs, struct slab *slab) {
    if (slab->next != NULL) slab->next->previous = slab->previous;
    if (slab->previous != NULL) {
        slab->previous->next = slab->next;
    } else {
        slabs->with_room[class_of(slab->size)] = slab->next;
    }
}

static struct slab *add_slab(struct slabs *slabs, size_t size) {
    struct slab *slab = slab_take(slabs);

    *slab = (struct slab){.fresh = CACHE_LINE, .size = (uint32_t)size};
    link_in(slabs, slab);
    return slab;
}

static bool has_room(const struct slab *slab) {
    return slab->freed != NULL || slab->fresh + slab->size <= SLAB_SIZE;
}

/* The last slab with room of a class is kept, lest a block that comes and goes
 * make a slab each time. */
static void drop_if_empty(struct slabs *slabs, struct slab *slab) {
    if (slab->used > 0 || (slab->next == NULL && slab->previous == NULL)) {
        return;
    }
    unlink_it(slabs, slab);
    slab_return(slabs, slab);
}

/* ---- Blocks ------------------------------------------------------------- */

void *slab_alloc(struct slabs *slabs, size_t size) {
    struct slab *slab;
    void *block;

    if (size > SLAB_BLOCK_MAX) {
        return size % CACHE_LINE == 0 ? xaligned_alloc(CACHE_LINE, size)
                                      : xmalloc(size);
    }
    slab = slabs->with_room[class_of(size)];
    if (slab == NULL) slab = add_slab(slabs, slab_room(size));
    block = slab->freed;
    if (block != NULL) {
        memcpy(&slab->freed, block, sizeof slab->freed);
    } else {
        block = (char *)slab + slab->fresh;
        slab->fresh += slab->size;
    }
    slab->used++;
    if (!has_room(slab)) unlink_it(slabs, slab);
    return block;
}

void slab_free(struct slabs *slabs, void *block, size_t size) {
    struct slab *slab;
    bool was_full;

    if (size > SLAB_BLOCK_MAX) {
        free(block);
        return;
    }
    slab = (struct slab *)((uintptr_t)block & ~(uintptr_t)(SLAB_SIZE - 1));
    was_full = !has_room(slab);
    memcpy(block, &slab->freed, sizeof slab->freed);
    slab->freed = block;
    slab->used--;
    if (was_full) link_in(slabs, slab);
    drop_if_empty(slabs, slab);
}

void *slab_resize(struct slabs *slabs, void *block, size_t old_size,
                  size_t size) {
    void *moved;

    if (old_size > SLAB_BLOCK_MAX && size > SLAB_BLOCK_MAX) {
        return xrealloc(block, size);
    }
    if (slab_room(old_size) == slab_room(size)) return block;
    moved = slab_alloc(slabs, size);
    memcpy(moved, block, old_size < size ? old_size : size);
    slab_free(slabs, block, old_size);
    return moved;
}

/* ---- All of them -------------------------------------------------------- */

struct slabs *slabs_new(void) {
    struct slabs *slabs = xcalloc(1, sizeof *slabs);

    slabs->arenas = arenas_new();
    return slabs;
}

void slabs_free(struct slabs *slabs) {
    arenas_free(slabs->arenas);
    free(slabs->empty);
    free(slabs);
}

bool slabs_return_one(struct slabs *slabs) {
    if (slabs->returned_count == slabs->empty_count) return false;
    arena_return(slabs->empty[slabs->returned_count++], SLAB_SIZE);
    slabs->held -= SLAB_SIZE;
    return true;
}

size_t slabs_held(const struct slabs *slabs) {
    return slabs->held;
}
