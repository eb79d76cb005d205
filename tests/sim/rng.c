#include "tests/sim/sim.h"

/* splitmix64, for seeding; xorshift128+ for the rest. */
static uint64_t mix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
    uint64_t x = seed * UINT64_C(0xd1342543de82ef95) + stream;

    r->s[0] = mix(&x);
    r->s[1] = mix(&x);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t a = r->s[0], b = r->s[1];

    r->s[0] = b;
    a ^= a << 23;
    r->s[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return r->s[1] + b;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    return (rng_next(r) >> 11) % n;
}

uint64_t rng_range(struct rng *r, uint64_t low, uint64_t high)
{
    return low >= high ? low : low + rng_below(r, high - low + 1);
}

bool rng_chance(struct rng *r, unsigned per_mille)
{
    return rng_below(r, 1000) < per_mille;
}

uint64_t rng_skewed(struct rng *r, uint64_t low, uint64_t high)
{
    uint64_t span = high > low ? high - low : 0;

    for (unsigned i = 0; i < 4 && rng_below(r, 3) != 0; i++)
        span /= 4;
    return rng_range(r, low, low + span);
}
