/* arena.c -- memory in large pieces. */
#include "arena.h"

#include "util.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE (2 * 1024 * 1024) /* on most machines */
#define PAGE      4096              /* the smallest that there are */

struct arenas {
    char **taken;
    size_t count;
    size_t cap;

    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock; /* for what both threads use: */
    pthread_cond_t changed;
    char *ready; /* owned; NULL: to be made by the thread */
    bool ends;
};

/* Let the system use huge pages there, or no longer. Where it knows none, or
 * has no room, only time is lost. */
static void allow_huge(char *start, size_t size, bool allowed) {
#ifdef MADV_HUGEPAGE
    madvise(start, size, allowed ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
    (void)start, (void)size, (void)allowed;
#endif
}

/* ---- The thread ---------------------------------------------------------- */

static char *make_ready(void) {
    char *arena = xaligned_alloc(HUGE_PAGE, ARENA_SIZE);
    size_t at;

    allow_huge(arena, ARENA_SIZE, true);
    for (at = 0; at < ARENA_SIZE; at += PAGE)
        ((volatile char *)arena)[at] = 0;
    return arena;
}

static void *keep_ready(void *context) {
    struct arenas *arenas = context;

    pthread_mutex_lock(&arenas->lock);
    while (!arenas->ends) {
        if (arenas->ready == NULL) {
            char *arena;

            pthread_mutex_unlock(&arenas->lock);
            arena = make_ready();
            pthread_mutex_lock(&arenas->lock);
            arenas->ready = arena;
        } else {
            pthread_cond_wait(&arenas->changed, &arenas->lock);
        }
    }
    pthread_mutex_unlock(&arenas->lock);
    return NULL;
}

/* NULL if it is late. */
static char *take_ready(struct arenas *arenas) {
    char *arena;

    pthread_mutex_lock(&arenas->lock);
    arena = arenas->ready;
    arenas->ready = NULL;
    pthread_cond_signal(&arenas->changed);
    pthread_mutex_unlock(&arenas->lock);
    return arena;
}

static void end_thread(struct arenas *arenas) {
    if (!arenas->has_thread) return;
    pthread_mutex_lock(&arenas->lock);
    arenas->ends = true;
    pthread_cond_signal(&arenas->changed);
    pthread_mutex_unlock(&arenas->lock);
    pthread_join(arenas->thread, NULL);
    free(arenas->ready);
}

/* ---- All of them --------------------------------------------------------- */

struct arenas *arenas_new(void) {
    struct arenas *arenas = xcalloc(1, sizeof *arenas);

    pthread_mutex_init(&arenas->lock, NULL);
    pthread_cond_init(&arenas->changed, NULL);
    return arenas;
}

void arenas_free(struct arenas *arenas) {
    end_thread(arenas);
    while (arenas->count > 0)
        free(arenas->taken[--arenas->count]);
    free(arenas->taken);
    pthread_cond_destroy(&arenas->changed);
    pthread_mutex_destroy(&arenas->lock);
    free(arenas);
}

char *arena_take(struct arenas *arenas) {
    char *arena = arenas->has_thread ? take_ready(arenas) : NULL;

    /* Of small pages, which are cleared one by one as they are used. */
    if (arena == NULL) arena = xaligned_alloc(HUGE_PAGE, ARENA_SIZE);
    if (arenas->count == arenas->cap) {
        arenas->cap = arenas->cap > 0 ? arenas->cap * 2 : 8;
        arenas->taken = xrealloc(arenas->taken,
                                 arenas->cap * sizeof *arenas->taken);
    }
    arenas->taken[arenas->count++] = arena;
    return arena;
}

void arena_prepare(struct arenas *arenas) {
    if (arenas->has_thread) return;
    /* If that fails, none will be ready; nothing else changes. */
    arenas->has_thread = pthread_create(&arenas->thread, NULL, keep_ready,
                                        arenas) == 0;
}

void arena_return(char *start, size_t size) {
    /* Else the system would fill it up one day, to make a huge page again. */
    allow_huge(start - (uintptr_t)start % HUGE_PAGE, HUGE_PAGE, false);
    /* If it fails, the memory is only kept longer. */
    madvise(start, size, MADV_DONTNEED);
}
