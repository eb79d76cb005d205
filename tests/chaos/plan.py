"""Which faults when: made from the seed alone, before anything begins.

A plan is a list of episodes. In each a few faults are made one after another and last
together for a while; then all are healed, and often there is a moment of peace. Whom a
fault hits is said as "n2", or as a role ("leader", "owner", "other": an owner that does not
lead) that somebody has at the time; so the same seed gives the same plan, but not the
same history.
"""

import collections
import random

# What happens `at` seconds into the episode: a method of nemesis.py, whom, and more of it.
Fault = collections.namedtuple("Fault", "at kind target options")
# Healed after `seconds`, followed by `peace`.
Episode = collections.namedtuple("Episode", "faults seconds peace")

ROLES = ("leader", "owner", "other")
# kind: (how often, options to choose from). The longest lease is 2 s: some freezes and
# partitions are shorter, some longer.
KINDS = {
    "kill": (5, [{}]),
    "kill_daemon": (4, [{}]),
    "kill_monitor": (3, [{}]),
    "stop": (2, [{}]),
    "freeze": (5, [{}]),
    "freeze_daemon": (3, [{}]),
    "partition": (5, [{}, {"one_way": True}, {"one_way": True}]),
    "drop": (3, [{"share": 0.05}, {"share": 0.2}, {"share": 0.5}]),
    "slow_disk": (3, [{"ms": 5}, {"ms": 40}, {"ms": 200}]),
    "full_disk": (2, [{}]),
    "fail_disk": (2, [{}]),
    "clock": (2, [{"seconds": s} for s in (-7200, -5, 5, 7200)]),
    "memory": (1, [{"limit": 256 << 20}]),
    "corrupt": (1, [{"file": "segment"}, {"file": "snapshot"}]),
}
# No more than one of these an episode: it needs a majority that is whole.
CAREFUL = ("fail_disk", "corrupt")


def targets(rng, names):
    """Mostly one node, sometimes a minority, seldom more than that."""
    if rng.random() < 0.75:
        return [rng.choice((*names, *ROLES))]
    minority = (len(names) - 1) // 2
    most = len(names) if rng.random() < 0.2 else max(1, minority)
    return sorted(rng.sample(names, rng.randint(1, most)))


def episode(rng, names, kinds):
    weights = [KINDS[k][0] for k in kinds]
    faults = []
    at = 0.0
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        kind = rng.choices(kinds, weights)[0]
        if kind in CAREFUL and any(f.kind in CAREFUL for f in faults):
            continue
        whom = [rng.choice((*names, *ROLES))] if kind in CAREFUL else targets(rng, names)
        faults.append(Fault(round(at, 3), kind, whom, rng.choice(KINDS[kind][1])))
        at += rng.expovariate(1 / 0.7)
    lasts = faults[-1].at + rng.choice((rng.uniform(0.1, 0.8), rng.uniform(0.8, 4)))
    return Episode(faults, round(lasts, 3), round(rng.choice((0, rng.uniform(0, 3))), 3))


def plan(seed, names, seconds, kinds=None):
    """Episodes for more than so many seconds: what healing takes is not counted."""
    rng = random.Random(f"plan {seed}")
    kinds = [k for k in KINDS if kinds is None or k in kinds]
    episodes = []
    used = 0.0
    while used < seconds:
        e = episode(rng, names, kinds)
        used += e.seconds + e.peace
        episodes.append(e)
    return episodes
