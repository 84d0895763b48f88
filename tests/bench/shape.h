/* shape.h -- the requests of the load client, and what each is answered.
 *
 * A shape is a request with holes for its keys, and the reply to the byte: to
 * make a request is to copy one and to fill in digits, to check a reply is to
 * compare memory. */
#ifndef REDIS_LITE_BENCH_SHAPE_H
#define REDIS_LITE_BENCH_SHAPE_H

#include "buf.h"

#include <sys/types.h>

#define SHAPES_MAX     16
#define SHAPE_KEYS_MAX 100 /* in a request */

struct shape {
    struct buf request;
    struct buf reply; /* empty: any integer */
    size_t digits;    /* offset of the first key's; key_stride to the next */
    long keys;
};

/* What the values are, bytes, and the keys; ttl: seconds, 0 for none. */
struct shape_options {
    const char *prefix; /* four bytes, in front of twelve digits */
    long size, size_max, ttl;
};

/* Make the shapes of a command, of which each request has one at random. A SET
 * with a range of sizes has one for each of several, and of "mixed", four in
 * five are GETs. How many; 0: no command has this name. */
size_t shapes_init(struct shape shapes[SHAPES_MAX], const char *command,
                   const struct shape_options *options);

/* The n-th name of a command; NULL: there are no more. */
const char *shape_command(size_t n);

/* Append a request, whose i-th key is number keys[i]. */
void shape_append(const struct shape *shape, struct buf *out,
                  const uint64_t *keys);

/* The size of the reply that 'in' begins with; 0: it is not all here. -1: it
 * is another than it should be. */
ssize_t shape_check(const struct shape *shape, struct slice in);

/* Say on stderr what was asked, what it should be answered, and what is. */
void shape_complain(const struct shape *shape, struct slice in);

#endif
