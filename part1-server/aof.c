/* aof.c -- part 1 stub: a log that remembers nothing.
 *
 * It keeps every promise of aof.h except durability, so its callers are final
 * already. The real one: part3-database/aof.c. */
#include "aof.h"

#include <stdlib.h>

struct aof {
    char unused; /* C has no empty struct */
};

struct aof *aof_open(const struct aof_options *options) {
    log_write(options->log, LOG_NOTICE,
              "nothing is kept in %s: the log is part 3's", options->path);
    return xcalloc(1, sizeof(struct aof));
}

void aof_append(struct aof *aof, const struct slice *argv, size_t argc) {
    (void)aof, (void)argv, (void)argc;
}

int aof_commit(struct aof *aof) {
    (void)aof;
    return 0; /* nothing to write, so nothing to fail */
}

int aof_close(struct aof *aof) {
    free(aof);
    return 0;
}
