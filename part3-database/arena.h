/* arena.h -- memory in large pieces, which lies in huge pages and is ready.
 *
 * Huge pages: a processor knows by heart where some thousand pages are. Of
 * 4 KiB each that is far less than all entries take, and most looks at one
 * would begin with a look at the page table. Of 2 MiB each it is enough; and
 * fork(2), which copies that table, takes a tenth of the time.
 *
 * Ready: the system clears a page when it is first touched, and the host of a
 * virtual machine may have to find it first. For a huge one that is 0.3 to 3
 * milliseconds, and who sets a key would wait for it. So a thread keeps one
 * arena at hand, once there is more data than a bit. One that is taken before
 * it is ready has small pages.
 *
 * Running out of memory ends the process (util.h). */
#ifndef REDIS_LITE_ARENA_H
#define REDIS_LITE_ARENA_H

#include <stddef.h>

#define ARENA_SIZE ((size_t)4 * 1024 * 1024)

struct arenas;

struct arenas *arenas_new(void);
void arenas_free(struct arenas *arenas); /* and all that were taken */

/* ARENA_SIZE bytes that begin at a multiple of a huge page. They belong to
 * 'arenas'. To be called by one thread, as is the next one. */
char *arena_take(struct arenas *arenas);

/* One will be taken soon, and others later: have one ready from now on. */
void arena_prepare(struct arenas *arenas);

/* Give these bytes of an arena back to the system; their addresses stay ours,
 * and they may be used again. */
void arena_return(char *start, size_t size);

#endif
