/* histogram.h -- times counted in buckets that grow with them: 64 steps for
 * each power of two, so that a percentile is off by 1.6 % at most. */
#ifndef REDIS_LITE_BENCH_HISTOGRAM_H
#define REDIS_LITE_BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BITS 6
#define HISTOGRAM_STEP (1 << HISTOGRAM_BITS)

struct histogram {
    int64_t counts[64 * HISTOGRAM_STEP];
    int64_t total;
};

/* Count 'times' values. Those below 128 have a bucket each, others share one
 * with those that have the same upper seven bits. */
static inline void histogram_add(struct histogram *histogram, uint64_t value,
                                 int64_t times) {
    size_t shift = 0;

    while (value >> shift >= 2 * HISTOGRAM_STEP)
        shift++;
    histogram->counts[shift * HISTOGRAM_STEP + (value >> shift)] += times;
    histogram->total += times;
}

/* The middle of the first bucket up to which this part (0 to 1) of all lies;
 * 0 if there is none. */
static inline double histogram_at(const struct histogram *histogram,
                                  double part) {
    int64_t seen = 0;
    size_t i;

    for (i = 0; i < 64 * HISTOGRAM_STEP; i++) {
        size_t shift = i < 2 * HISTOGRAM_STEP ? 0 : i / HISTOGRAM_STEP - 1;

        seen += histogram->counts[i];
        if (seen > 0 && (double)seen >= part * (double)histogram->total)
            return ((double)(i - shift * HISTOGRAM_STEP) + 0.5) *
                   (double)(UINT64_C(1) << shift);
    }
    return 0;
}

#endif
