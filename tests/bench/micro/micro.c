/* micro.c [ROOM...] -- what one operation of a room costs: of those named, or
 * of all.
 *
 * A batch is as many operations as take some milliseconds of the thread's CPU
 * time, so that other processes do not count and the clock costs nothing. The
 * machine has its moods all the same: the median of the batches is printed, and
 * with it how far apart the middle half of them is. Compare two figures only if
 * they are further apart than that. */
#include "micro.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCHES  21
#define BATCH_NS 10000000

static int64_t cpu_ns(void) {
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t time_of(micro_fn *run, void *context, size_t count) {
    int64_t began = cpu_ns();

    run(context, count);
    return cpu_ns() - began;
}

/* How many make a batch. What ran meanwhile has warmed the caches. */
static size_t batch_size(micro_fn *run, void *context) {
    size_t count = 1;

    while (time_of(run, context, count) < BATCH_NS / 2)
        count *= 2;
    return count;
}

static int compare_times(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

void micro_measure(const char *name, micro_fn *run, void *context,
                   size_t per_call) {
    size_t count = batch_size(run, context);
    double operations = (double)(count * per_call);
    int64_t times[BATCHES];
    double median, spread;
    int i;

    for (i = 0; i < BATCHES; i++)
        times[i] = time_of(run, context, count);
    qsort(times, BATCHES, sizeof times[0], compare_times);
    median = (double)times[BATCHES / 2] / operations;
    spread = (double)(times[BATCHES * 3 / 4] - times[BATCHES / 4]) / operations;
    printf("%-40s %10.1f ns  +-%4.1f %%\n", name, median,
           spread / 2 / median * 100);
    fflush(stdout);
}

static const struct {
    const char *name;
    void (*measure)(void);
} rooms[] = {
    {"buf", micro_buf},       {"hash", micro_hash},   {"log", micro_log},
    {"reader", micro_reader}, {"store", micro_store}, {"writer", micro_writer},
};

#define ROOMS (sizeof rooms / sizeof rooms[0])

static void measure_room(const char *name) {
    size_t i;

    for (i = 0; i < ROOMS; i++) {
        if (strcmp(rooms[i].name, name) != 0) continue;
        rooms[i].measure();
        return;
    }
    fprintf(stderr, "there is no room '%s' here; there are", name);
    for (i = 0; i < ROOMS; i++)
        fprintf(stderr, " %s", rooms[i].name);
    fprintf(stderr, "\n");
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
    size_t i;

    for (i = 1; i < (size_t)argc; i++)
        measure_room(argv[i]);
    for (i = 0; i < ROOMS && argc == 1; i++)
        rooms[i].measure();
    return EXIT_SUCCESS;
}
