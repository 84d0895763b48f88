/* turns.c [KEYS] -- the longest turn of the loop: while the table grows from
 * nothing to ten million keys, while the log is rewritten, while all are
 * cleared, and while half as many expire at the same moment. Clients use the
 * server all the while.
 *
 * A turn is measured by the thread's CPU time: what other processes take does
 * not count, and what the kernel does for us does. The time by the clock stands
 * beside it. On a virtual machine what the host takes may count as ours, so the
 * longest gap of a loop that does nothing is printed, too. */
#include "feeder.h"
#include "inside.h"
#include "server_state.h"
#include "spent.h"
#include "store_state.h"

#include <string.h>

#define LONGEST  3 /* turns of a phase that are shown */
#define NOISE_US 10000000
#define HOUR_US  INT64_C(3600000000)
#define MIX_KEYS 100000 /* in use while others expire */
#define BAR_NS   2000000
#define FORK_NS  5000000

/* ---- Time ---------------------------------------------------------------- */

/* The time of day can be set forward (the linker puts this between the server
 * and util.c), so that keys expire when we say so. */
static int64_t ahead_us;

int64_t __real_time_us(void);
int64_t __wrap_time_us(void);

int64_t __wrap_time_us(void) {
    return __real_time_us() + ahead_us;
}

/* ---- Turns --------------------------------------------------------------- */

struct turn {
    struct spent spent;
    uint64_t commands; /* that it ran */
    size_t keys;       /* that there were at its end */
};

struct meter {
    struct site site;
    struct feeder feeder;
    struct buf all; /* the CPU time of each turn that ran commands: int64_t */
    struct turn longest[LONGEST];
    struct turn with_fork;
    int64_t fork_ns; /* fork() itself, by the clock */
    uint64_t over;   /* the bar */
    long faults;
    int64_t bar_ns;
    struct spent began; /* with the phase */
};

static struct store *store_of(const struct meter *meter) {
    return meter->site.server->store;
}

static void keep_if_long(struct meter *meter, struct turn turn) {
    int i;

    for (i = 0; i < LONGEST; i++) {
        struct turn other = meter->longest[i];

        if (turn.spent.cpu_ns <= other.spent.cpu_ns) continue;
        meter->longest[i] = turn;
        turn = other;
    }
}

static struct turn take_turn(struct server *server) {
    uint64_t commands = server->figures.commands;
    struct spent before = spent_so_far();

    if (server_turn(server, 10) == -1) exit(EXIT_FAILURE);
    return (struct turn){.spent = spent_since(&before),
                         .commands = server->figures.commands - commands,
                         .keys = store_total(server->store)};
}

/* The signals that ask us to stop: blocked, and looked for, so that gigabytes
 * of a log do not stay. */
static sigset_t stop_signals(void) {
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

static void stop_if_asked(struct meter *meter) {
    sigset_t pending;

    sigpending(&pending);
    if (!sigismember(&pending, SIGINT) && !sigismember(&pending, SIGTERM)) {
        return;
    }
    site_remove(&meter->site);
    exit(EXIT_FAILURE);
}

/* The fork itself is the kernel's, and reported apart. */
static void measure_turn(struct meter *meter) {
    struct server *server = meter->site.server;
    uint64_t rewrites = aof_status(server->aof).rewrites;
    struct turn turn = take_turn(server);
    struct aof_status status = aof_status(server->aof);

    if (turn.commands > 0) {
        buf_append(&meter->all, &turn.spent.cpu_ns, sizeof(int64_t));
    }
    if (status.rewrites > rewrites) {
        meter->with_fork = turn;
        meter->fork_ns = status.fork_us * 1000;
        return;
    }
    meter->over += turn.spent.cpu_ns > meter->bar_ns;
    meter->faults += turn.spent.faults;
    keep_if_long(meter, turn);
    stop_if_asked(meter);
}

/* ---- What they come to --------------------------------------------------- */

static int compare_times(const void *a, const void *b) {
    int64_t left, right;

    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return (left > right) - (left < right);
}

static double ms(int64_t ns) {
    return (double)ns / 1e6;
}

static void print_share(const struct meter *meter, const char *name,
                        double share) {
    size_t count = buf_len(&meter->all) / sizeof(int64_t);
    size_t at = (size_t)((double)(count - 1) * share);
    int64_t ns;

    memcpy(&ns, meter->all.data + at * sizeof ns, sizeof ns);
    printf(" %s %.3f", name, ms(ns));
}

static void print_turn(const char *what, const struct turn *turn) {
    printf(
        "  %-12s%7.3f ms CPU, %.3f in read() and write(); %.3f by the clock; "
        "%llu commands, %ld page faults, %zu keys\n",
        what, ms(turn->spent.cpu_ns), ms(turn->spent.in_calls_ns),
        ms(turn->spent.clock_ns), (unsigned long long)turn->commands,
        turn->spent.faults, turn->keys);
}

/* What it took, and what its turn took beyond that. */
static void print_fork(const struct meter *meter) {
    const struct spent *spent = &meter->with_fork.spent;

    print_turn("with fork()", &meter->with_fork);
    printf("  fork() itself %.3f ms CPU, %.3f by the clock; the rest %.3f CPU, "
           "%.3f by the clock\n",
           ms(spent->in_fork_ns), ms(meter->fork_ns),
           ms(spent->cpu_ns - spent->in_fork_ns),
           ms(spent->clock_ns - meter->fork_ns));
}

static void begin(struct meter *meter, int64_t bar_ns) {
    buf_consume(&meter->all, buf_len(&meter->all));
    memset(meter->longest, 0, sizeof meter->longest);
    meter->fork_ns = 0;
    meter->over = 0;
    meter->faults = 0;
    meter->bar_ns = bar_ns;
    meter->began = spent_so_far();
}

static void report(struct meter *meter, const char *what) {
    size_t count = buf_len(&meter->all) / sizeof(int64_t);
    struct spent spent = spent_since(&meter->began);
    int i;

    qsort(meter->all.data, count, sizeof(int64_t), compare_times);
    printf("%s, %.1f s: %s the bar of %.0f ms\n", what,
           ms(spent.clock_ns) / 1e3, meter->over == 0 ? "under" : "OVER",
           ms(meter->bar_ns));
    printf("  %zu turns with commands, ms CPU:", count);
    print_share(meter, "median", 0.5);
    print_share(meter, "p99", 0.99);
    print_share(meter, "p99.9", 0.999);
    printf("; %llu over the bar; %ld page faults\n",
           (unsigned long long)meter->over, meter->faults);
    for (i = 0; i < LONGEST && meter->longest[i].spent.cpu_ns > 0; i++)
        print_turn(i == 0 ? "the longest" : "", &meter->longest[i]);
    if (meter->fork_ns > 0) print_fork(meter);
    fflush(stdout);
}

/* ---- Phases -------------------------------------------------------------- */

static void give_order(struct meter *meter, struct order order) {
    order.port = server_port(meter->site.server);
    feeder_order(&meter->feeder, &order);
}

static void await_feeder(struct meter *meter) {
    while (!feeder_is_done(&meter->feeder))
        measure_turn(meter);
}

static void give_word(struct meter *meter, const char *word) {
    struct order order = {.what = FEED_WORD};

    snprintf(order.word, sizeof order.word, "%s", word);
    give_order(meter, order);
    await_feeder(meter);
}

static void end_mix(struct meter *meter) {
    give_order(meter, (struct order){.what = FEED_END});
    await_feeder(meter);
}

static void grow(struct meter *meter, int64_t keys) {
    begin(meter, BAR_NS);
    give_order(meter, (struct order){.what = FEED_SETS, .count = keys});
    await_feeder(meter);
    report(meter, "growing");
}

static void rewrite(struct meter *meter, int64_t keys) {
    begin(meter, FORK_NS);
    give_word(meter, "BGREWRITEAOF");
    give_order(meter, (struct order){.what = FEED_MIX, .count = keys});
    while (aof_status(meter->site.server->aof).is_rewriting)
        measure_turn(meter);
    end_mix(meter);
    printf("%zu MiB of keys and table\n", store_memory(store_of(meter)) >> 20);
    report(meter, "a rewrite");
}

static void clear(struct meter *meter) {
    begin(meter, BAR_NS);
    give_word(meter, "FLUSHALL");
    give_order(meter, (struct order){.what = FEED_MIX, .count = MIX_KEYS});
    while (store_of(meter)->cleared_count > 0)
        measure_turn(meter);
    end_mix(meter);
    report(meter, "clearing");
}

static void expire(struct meter *meter, int64_t keys) {
    int64_t until_ms = (time_us() + HOUR_US) / 1000;

    give_order(meter, (struct order){.what = FEED_SETS,
                                     .from = MIX_KEYS,
                                     .count = keys,
                                     .until_ms = until_ms});
    await_feeder(meter);
    begin(meter, BAR_NS);
    give_order(meter, (struct order){.what = FEED_MIX, .count = MIX_KEYS});
    ahead_us = HOUR_US;
    while (store_of(meter)->databases[0].expiring > 0)
        measure_turn(meter);
    end_mix(meter);
    report(meter, "expiring");
}

static void measure_noise(void) {
    int64_t until_us = clock_us() + NOISE_US;
    int64_t longest = 0;

    while (clock_us() < until_us) {
        struct spent before = spent_so_far();
        int64_t took = spent_since(&before).cpu_ns;

        if (took > longest) longest = took;
    }
    printf("the longest gap of a loop that does nothing: %.3f ms CPU\n",
           ms(longest));
}

int main(int argc, char **argv) {
    /* When the log is rewritten is for us to say. */
    static const char *const settings[] = {"--auto-aof-rewrite-percentage", "0",
                                           NULL};
    int64_t keys = argc > 1 ? atoll(argv[1]) : 10000000;
    struct meter meter = {0};

    sigset_t signals = stop_signals();

    if (keys < 1) return EXIT_FAILURE;
    sigprocmask(SIG_BLOCK, &signals, NULL);
    feeder_start(&meter.feeder);
    measure_noise();
    site_prepare(&meter.site);
    site_open(&meter.site, settings);
    printf("%lld keys; %d clients, each with %d requests at a time\n",
           (long long)keys, FEEDER_CLIENTS, FEEDER_PIPELINE);
    grow(&meter, keys);
    rewrite(&meter, keys);
    clear(&meter);
    expire(&meter, keys / 2 + 1);
    feeder_end(&meter.feeder);
    site_close(&meter.site);
    site_remove(&meter.site);
    buf_free(&meter.all);
    return EXIT_SUCCESS;
}
