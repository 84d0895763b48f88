/* batch.h -- requests read ahead: all that are there, before the first is run.
 *
 * A key is looked up where its hash says: anywhere in memory, and memory is
 * slow. A processor that goes there for one request after another waits for
 * most of its time; told in time of many places, it fetches them all at once.
 * A client that pipelines has sent many requests before it looks at a reply,
 * and a log has them all: so they are read first, then their keys announced to
 * the store (store.h), and only then run, one by one and in order.
 *
 * That saves time and changes nothing else: what was read ahead and is not run
 * now, for whatever reason, is still where it was, and is read again. */
#ifndef REDIS_LITE_BATCH_H
#define REDIS_LITE_BATCH_H

#include "resp.h"
#include "slice.h"

#include <stddef.h>

#define BATCH_MAX 64 /* requests */

/* Zeroed, it is empty. */
struct batch {
    /* The whole ones, and behind them the one for which 'end' stands. */
    struct resp_request requests[BATCH_MAX + 1];
    size_t count;         /* whole ones */
    enum resp_status end; /* RESP_COMPLETE: there may be more; else what became
                             of the next one */
};

void batch_free(struct batch *batch);

/* Read the requests at the front of 'in', at most 'max' of them, within
 * 'limits'. 'partial' is the first of them, if some of it has been read before,
 * and then zeroed; it may be NULL. Arguments borrow from 'in'. */
void batch_read(struct batch *batch, struct resp_request *partial,
                struct slice in, const struct resp_limits *limits, size_t max);

/* All whole ones have been run: 'partial' is what comes next, if some of it has
 * been read. */
void batch_keep_partial(struct batch *batch, struct resp_request *partial);

#endif
