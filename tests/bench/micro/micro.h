/* micro.h -- what one operation of a room costs, in nanoseconds, without
 * sockets: for whoever changes that room, before and after. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stddef.h>

/* Do it 'count' times. */
typedef void micro_fn(void *context, size_t count);

/* Measure it, and print a line: of some batches the median, and how far the
 * others are from it. 'per_call' is how many operations one time is. */
void micro_measure(const char *name, micro_fn *run, void *context,
                   size_t per_call);

/* The rooms, a file each. */
void micro_buf(void);
void micro_hash(void);
void micro_log(void);
void micro_reader(void);
void micro_store(void);
void micro_writer(void);

/* Lets the compiler believe that somebody looks at what is there: so it has to
 * be computed. */
static inline void micro_use(const void *result) {
    __asm__ volatile("" : : "r"(result) : "memory");
}

#endif
