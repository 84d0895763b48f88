/* transaction.c -- the queue between MULTI and EXEC. */
#include "transaction.h"

#include "util.h"

#include <stdlib.h>
#include <string.h>

struct transaction *transaction_of(struct session *session) {
    if (session->transaction == NULL) {
        session->transaction = xcalloc(1, sizeof *session->transaction);
    }
    return session->transaction;
}

bool transaction_is_open(const struct session *session) {
    return session->transaction != NULL && session->transaction->open;
}

size_t transaction_memory(const struct session *session) {
    const struct transaction *transaction = session->transaction;

    if (transaction == NULL) return 0;
    return sizeof *transaction + transaction->memory +
           transaction->watcher.memory;
}

/* The slices and their bytes in one allocation. '*size' is what it takes. */
static struct slice *copy_arguments(const struct call *call, size_t *size) {
    struct slice *copies;
    char *bytes;
    size_t i;

    *size = call->argc * sizeof *copies;
    for (i = 0; i < call->argc; i++)
        *size += call->argv[i].len;
    copies = xmalloc(*size);
    bytes = (char *)(copies + call->argc);
    for (i = 0; i < call->argc; i++) {
        struct slice argument = call->argv[i];

        if (argument.len > 0) memcpy(bytes, argument.data, argument.len);
        copies[i] = (struct slice){bytes, argument.len};
        bytes += argument.len;
    }
    return copies;
}

static void make_room(struct transaction *transaction) {
    size_t more = transaction->cap > 0 ? transaction->cap : 4;

    if (transaction->count < transaction->cap) return;
    transaction->cap += more;
    transaction->queue = xrealloc(
        transaction->queue, transaction->cap * sizeof *transaction->queue);
    transaction->memory += more * sizeof *transaction->queue;
}

void transaction_queue(struct transaction *transaction,
                       const struct command *command, const struct call *call) {
    size_t size;

    make_room(transaction);
    transaction->queue[transaction->count++] = (struct queued){
        command, copy_arguments(call, &size), call->argc};
    transaction->flags |= command->flags;
    transaction->memory += size;
}

void transaction_end(struct session *session, struct watches *watches) {
    struct transaction *transaction = session->transaction;
    size_t i;

    if (transaction == NULL) return;
    watch_clear(watches, &transaction->watcher);
    for (i = 0; i < transaction->count; i++)
        free(transaction->queue[i].argv);
    free(transaction->queue);
    free(transaction);
    session->transaction = NULL;
}
