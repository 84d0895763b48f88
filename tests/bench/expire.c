/* expire.c [KEYS] -- how long a turn of the loop is held up while many keys
 * expire, or are cleared, all at once; and whether their memory comes back.
 *
 * Does what the server's tick does, and measures each call by the thread's CPU
 * time: what other processes take does not count. On a virtual machine, what
 * the host takes does; so the longest gap of a loop that does nothing is
 * printed, too. */
#include "store.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NOW       INT64_C(1700000000000)
#define BUDGET_US 1000 /* as server.c has it */

static int64_t cpu_us(void) {
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static long resident_mib(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long all, pages = 0;

    if (file == NULL) return 0;
    if (fscanf(file, "%ld %ld", &all, &pages) != 2) pages = 0;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024) / 1024;
}

static void fill(struct store *store, long keys, bool expiring) {
    char text[32];
    long i;

    for (i = 0; i < keys; i++) {
        struct slice key = {text, (size_t)snprintf(text, 32, "key:%ld", i)};

        store_set(store, key, slice_of("sixteen bytes..."));
        if (expiring) store_set_expiry(store, key, NOW + 1000 + i % 1000);
    }
}

/* What a tick does. False: there is nothing left to do. */
static bool tick(struct store *store) {
    if (store_reclaim_some(store, BUDGET_US)) return true;
    store_expire_some(store, BUDGET_US);
    return store_total(store) > 0;
}

static void measure(struct store *store) {
    int64_t longest = 0, sum = 0;
    long calls = 0, over = 0;
    bool more = true;

    while (more) {
        int64_t began = cpu_us();
        int64_t took;

        more = tick(store);
        took = cpu_us() - began;
        calls++;
        sum += took;
        if (took > longest) longest = took;
        if (took > 2 * BUDGET_US + BUDGET_US / 2) over++;
    }
    while (store_reclaim_some(store, BUDGET_US)) {
    }
    store_reclaim_some(store, INT64_MAX);
    printf("  %ld turns, the longest %.1f ms, %ld over 2.5 ms; %.1f s in all\n",
           calls, (double)longest / 1000, over, (double)sum / 1e6);
    printf("  memory afterwards: %zu KiB by count, %ld MiB resident\n",
           store_memory(store) / 1024, resident_mib());
}

static void measure_noise(void) {
    int64_t until = clock_us() + 2000000;
    int64_t before = cpu_us();
    int64_t longest = 0;

    while (clock_us() < until) {
        int64_t now = cpu_us();

        if (now - before > longest) longest = now - before;
        before = now;
    }
    printf("the longest gap of a loop that does nothing: %.1f ms\n",
           (double)longest / 1000);
}

int main(int argc, char **argv) {
    long keys = argc > 1 ? atol(argv[1]) : 10000000;
    int round;

    measure_noise();
    for (round = 0; round < 2; round++) {
        struct store *store = store_new();

        store_set_time(store, NOW);
        fill(store, keys, round == 0);
        printf("%ld keys, %ld MiB resident; all %s\n", keys, resident_mib(),
               round == 0 ? "expire" : "are cleared");
        if (round == 0) {
            store_set_time(store, NOW + 3000);
        } else {
            int64_t began = cpu_us();

            store_clear(store);
            printf("  clearing itself %.1f ms\n",
                   (double)(cpu_us() - began) / 1000);
        }
        measure(store);
        store_free(store);
    }
    return 0;
}
