/* Which messages pass between machines, and how long they take. */
#include <string.h>

#include "tests/sim/sim.h"

static bool cut[MACHINES_MAX + 1][MACHINES_MAX + 1];

bool link_is_cut(uint32_t from, uint32_t to)
{
    return cut[from][to];
}

void link_cut(uint32_t from, uint32_t to)
{
    cut[from][to] = from != to;
}

void links_mend(void)
{
    memset(cut, 0, sizeof cut);
}

uint64_t link_delay_ns(uint32_t from, uint32_t to)
{
    const struct profile *s = &sim.profile;

    if (from == to)
        return rng_range(&sim.net, 20, 90) * 1000;
    if (sim.bad_network && rng_chance(&sim.net, 100))
        return rng_range(&sim.net, s->delay_us_max, s->delay_us_max * 30) * 1000;
    return rng_skewed(&sim.net, s->delay_us_min, s->delay_us_max) * 1000;
}
