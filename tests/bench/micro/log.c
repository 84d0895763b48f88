/* log.c -- records that join the log, and turns that write them: to a file in
 * $TMPDIR, which nobody waits for (appendfsync no). So what is measured is our
 * work and the kernel's copy. With TMPDIR=/dev/shm there is no disk behind it.
 *
 * The longer a turn, the less of its block's seal and its write() falls to one
 * record: the difference is what they cost. */
#include "aof.h"

#include "micro.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct turns {
    struct aof *aof;
    size_t records; /* of one */
};

static void take_turns(void *context, size_t count) {
    static const char value[64];
    const struct slice words[] = {
        slice_of("SET"), slice_of("key:000000123456"), {value, sizeof value}};
    struct turns *turns = context;
    size_t i;

    while (count-- > 0) {
        for (i = 0; i < turns->records; i++)
            aof_append(turns->aof, words, 3);
        if (aof_commit(turns->aof) == 0) continue;
        perror("micro: aof_commit");
        exit(EXIT_FAILURE);
    }
}

static const char *replay(void *context, const struct slice *argv,
                          size_t argc) {
    (void)context, (void)argv, (void)argc;
    return NULL;
}

static void measure(size_t records, bool has_seals) {
    static const struct log log = {STDERR_FILENO, LOG_WARNING};
    const char *folder = getenv("TMPDIR");
    struct turns turns = {.records = records};
    char path[128], lock[136], name[64];

    snprintf(path, sizeof path, "%.64s/redis-lite-micro-%ld.aof",
             folder != NULL ? folder : "/tmp", (long)getpid());
    turns.aof = aof_open(&(struct aof_options){
        .path = path,
        .log = &log,
        .replay = replay,
        .settings = {.fsync = FSYNC_NO, .has_no_seals = !has_seals}});
    if (turns.aof == NULL) exit(EXIT_FAILURE);
    snprintf(name, sizeof name, "log, a SET, %zu a turn%s", records,
             has_seals ? "" : ", no seals");
    micro_measure(name, take_turns, &turns, records);
    aof_close(turns.aof);
    unlink(path);
    snprintf(lock, sizeof lock, "%s.lock", path);
    unlink(lock);
}

void micro_log(void) {
    measure(1, true);
    measure(16, true);
    measure(256, true);
    measure(256, false);
}
