#include "tests/bench/histogram.h"

#include <assert.h>

/* Below 2 * STEPS every value has its own bucket; above, each doubling has STEPS. */
static unsigned bucket_of(uint64_t us)
{
    unsigned shift = 0;

    while ((us >> shift) >= 2 * HISTOGRAM_STEPS)
        shift++;
    unsigned bucket = shift * HISTOGRAM_STEPS + (unsigned)(us >> shift);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The largest value that falls into `bucket`. */
static uint64_t bucket_end(unsigned bucket)
{
    if (bucket < 2 * HISTOGRAM_STEPS)
        return bucket;
    unsigned shift = bucket / HISTOGRAM_STEPS - 1;
    uint64_t step = bucket - shift * HISTOGRAM_STEPS;
    return ((step + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t us)
{
    h->counts[bucket_of(us)]++;
    h->count++;
    if (us > h->max_us)
        h->max_us = us;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
    uint64_t wanted = (uint64_t)((double)h->count * percent / 100);
    uint64_t seen = 0;

    assert(percent > 0 && percent < 100);
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->count > 0; i++) {
        seen += h->counts[i];
        if (seen > wanted)
            return bucket_end(i) < h->max_us ? bucket_end(i) : h->max_us;
    }
    return h->max_us;
}
