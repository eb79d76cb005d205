/* Latencies by the million: counts in buckets whose width is 1/64 of their
 * value, so that a percentile is right to 1.6 %. A zeroed struct is empty. */
#ifndef HOLDFAST_TESTS_BENCH_HISTOGRAM_H
#define HOLDFAST_TESTS_BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_BUCKETS = HISTOGRAM_STEPS * 32 };

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count;
    uint64_t max_us;
};

void histogram_add(struct histogram *h, uint64_t us);
/* The latency that `percent` of the calls did not exceed; 0 if there are none. */
uint64_t histogram_percentile(const struct histogram *h, double percent);

#endif
