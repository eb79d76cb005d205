"""From a fault to the service running elsewhere: the cases of scripts/bench-failover.

Each case breaks one thing, waits for what the cluster makes of it, and mends it.
What it measured comes from the service's own journal (tests/bench/beat.c), never
from what the cluster says of itself.
"""

import os
import random
import signal
import time

from broken import Deaths, Journal, longest_none, longest_two, now_ns, processes, send

BEAT_MS = 2
LIGHT_BEAT_MS = 100  # Of many: enough for one of them to beat every moment.
GROUP = "bench"
WATCHED_S = 2.0  # How long a service that must not stop is watched.
RESTARTS = 1000  # More than monitors are killed: failovers, too, would be used up.
MONITOR_AGE_S = 1.2  # One that dies within a second is started again after a pause.


class Result:
    """ms: from the fault to the first beat of the next life; longest none, two."""

    def __init__(self, started, none, two, note=""):
        self.started, self.none, self.two, self.note = started, none, two, note


def ms(ns):
    return ns / 1e6


class Bench:
    def __init__(self, cluster, beat):
        self.c = cluster
        self.journal = Journal(cluster.dir / "journal")
        self.c.call("group.create", name=GROUP)
        self.c.call("resource.create", name="beat", group=GROUP, type="process",
                    properties={"CommandLine": f"exec {beat} {self.journal.path} {BEAT_MS}",
                                "RestartThreshold": RESTARTS})
        self.c.call("group.online", name=GROUP)
        self.c.wait_online(GROUP)

    # ---- before

    def settle(self, leader_too):
        """All well, the group on a node that leads or does not. Returns it."""
        self.c.wait_all_up()
        self.c.wait_online(GROUP)
        leader = self.c.leader()
        owner = self.c.group(GROUP)["owner"]
        if (owner == leader) != leader_too:
            owner = leader if leader_too else next(n for n in self.c.names if n != leader)
            self.c.call("group.move", name=GROUP, node=owner)
            self.c.wait_online(GROUP, owner)
        # Not always at the same moment of the pulse.
        time.sleep(0.5 + random.random() * 0.3)
        self.journal.begin()
        self.c.wait(lambda: len(self.journal.read()) > 10, "beats", pause=0.01)
        return owner

    # ---- after

    def elsewhere(self, owner, begin):
        """The first line of another node."""
        return self.c.wait(lambda: self.journal.first(lambda l: l[2] != owner and l[0] > begin),
                           "running elsewhere", pause=0.005)

    def measured(self, begin, first):
        time.sleep(0.1)
        lines = self.journal.read()
        return Result(ms(first[0] - begin), ms(longest_none(lines, begin - 50e6, first[0])),
                      ms(longest_two(lines, begin)))


# ------------------------------------------------------------------------- cases


def owner_killed(b, leader_too=False):
    owner = b.settle(leader_too)
    begin = b.c.kill(owner)
    result = b.measured(begin, b.elsewhere(owner, begin))
    b.c.start(owner)
    return result


def leader_and_owner_killed(b):
    return owner_killed(b, leader_too=True)


def owner_cut_off(b):
    owner = b.settle(leader_too=random.random() < 0.3)
    begin = now_ns()
    b.c.net.cut(owner)
    try:
        first = b.elsewhere(owner, begin)
        time.sleep(0.5)
    finally:
        b.c.net.heal(owner)
    return b.measured(begin, first)


def daemon_frozen(b):
    """Nobody renews the lease: the monitor alone must end the service."""
    owner = b.settle(leader_too=random.random() < 0.3)
    stopped = b.c.daemons(owner)
    begin = now_ns()
    send(stopped, signal.SIGSTOP)
    try:
        first = b.elsewhere(owner, begin)
        time.sleep(0.5)
    finally:
        send(stopped, signal.SIGCONT)
    return b.measured(begin, first)


def owner_frozen(b):
    """Without fencing: what the service still does once it wakes counts as two."""
    owner = b.settle(leader_too=random.random() < 0.3)
    service = b.journal.read()[-1][4]
    begin, family = b.c.freeze(owner)
    try:
        first = b.elsewhere(owner, begin)
        time.sleep(0.3)
    finally:
        times = b.c.thaw(family)
    Deaths([service]).wait(5)
    time.sleep(0.05)
    lines = b.journal.read()
    thawed = times.get(service, now_ns())
    stray = [t for t, _, n, _, p in lines if n == owner and p == service and t > thawed]
    none = longest_none([l for l in lines if l[0] < thawed], begin - 50e6, first[0])
    return Result(ms(first[0] - begin), ms(none), ms(max(stray) - thawed) if stray else 0.0)


def daemon_killed(b):
    owner = b.settle(leader_too=random.random() < 0.3)
    service = b.journal.read()[-1][4]
    begin = now_ns()
    os.kill(b.c.pid_of(owner, "pid"), signal.SIGKILL)
    time.sleep(WATCHED_S)
    lines = b.journal.read()
    same = {p for t, _, _, _, p in lines if t > begin} == {service}
    return Result(None, ms(longest_none(lines, begin - 50e6, lines[-1][0])),
                  ms(longest_two(lines, begin)), "" if same else "the pid changed")


def monitor_killed(b):
    time.sleep(MONITOR_AGE_S)
    owner = b.settle(leader_too=random.random() < 0.3)
    service = b.journal.read()[-1][4]
    begin = now_ns()
    os.kill(b.c.pid_of(owner, "monitor.pid"), signal.SIGKILL)
    first = b.c.wait(lambda: b.journal.first(lambda l: l[4] != service and l[0] > begin),
                     "running again", pause=0.005)
    return b.measured(begin, first)


def orderly_stop(b):
    owner = b.settle(leader_too=random.random() < 0.3)
    begin, wait = b.c.stop(owner)
    first = b.elsewhere(owner, begin)
    wait()
    result = b.measured(begin, first)
    b.c.start(owner)
    return result


def drain(b):
    owner = b.settle(leader_too=random.random() < 0.3)
    begin = now_ns()
    b.c.call("node.pause", name=owner, drain=True)
    result = b.measured(begin, b.elsewhere(owner, begin))
    b.c.wait_online(GROUP)
    b.c.call("node.resume", name=owner, flags=0)
    return result


CASES = {
    "owner-killed": owner_killed,
    "leader-killed": leader_and_owner_killed,
    "cut": owner_cut_off,
    "daemon-frozen": daemon_frozen,
    "frozen": owner_frozen,
    "daemon-killed": daemon_killed,
    "monitor-killed": monitor_killed,
    "stop": orderly_stop,
    "drain": drain,
}


# ------------------------------------------------------------------------- scale


class Scale:
    """Many light services in groups, spread evenly."""

    def __init__(self, cluster, beat, resources, size):
        self.c = cluster
        self.journal = Journal(cluster.dir / "journal")
        self.count = resources
        self.groups = [f"g{i:03d}" for i in range(resources // size)]
        # Every step of a small group costs as much as in a cluster of one's own.
        for i, g in enumerate(self.groups):
            names = cluster.names
            preferred = [names[(i + k) % len(names)] for k in range(len(names))]
            cluster.call("group.create", name=g, preferred=preferred)
            for r in range(size):
                cluster.call("resource.create", name=f"{g}-{r}", group=g, type="process",
                             properties={"CommandLine": f"exec {beat} {self.journal.path} "
                                         f"{LIGHT_BEAT_MS}"})

    def each(self, method):
        for g in self.groups:
            self.c.call(method, name=g)

    def count_of(self, what):
        return sum(l[1] == what for l in self.journal.read())

    def step(self, method, what):
        """Seconds from the first call to the last line, and to the last state."""
        self.journal.begin()
        begin = now_ns()
        self.each(method)
        self.c.wait(lambda: self.count_of(what) >= self.count, f"{self.count} {what}s", 120, 0.05)
        took = max(l[0] for l in self.journal.lines if l[1] == what) - begin
        wanted = "Online" if what == "start" else "Offline"
        self.c.wait(lambda: all(g["state"] == wanted for g in self.c.call("group.list")),
                    f"all groups {wanted}", 120, 0.05)
        return took / 1e9, (now_ns() - begin) / 1e9

    def victim(self):
        """A node that does not lead, and how many services it has."""
        leader = self.c.leader()
        owners = [g["owner"] for g in self.c.call("group.list")]
        node = next(n for n in reversed(self.c.names) if n != leader)
        return node, self.count * owners.count(node) // len(self.groups)

    def wait_online(self):
        self.c.wait(lambda: all(g["state"] == "Online" for g in self.c.call("group.list")),
                    "all groups Online", 120, 0.05)

    def home(self, node):
        self.c.wait_all_up()
        self.wait_online()
        for g in self.c.call("group.list"):
            if self.c.names[self.groups.index(g["name"]) % len(self.c.names)] == node:
                self.c.call("group.move", name=g["name"], node=node)
        self.wait_online()

    def services(self, node):
        mine = set(self.c.family(node))
        return [p for p, (_, line) in processes().items() if p in mine and b"/bench/beat\0" in line]

    def node_killed(self):
        """Seconds from the death to the first and the last start elsewhere; how many."""
        node, count = self.victim()
        self.journal.begin()
        begin = self.c.kill(node)
        self.c.wait(lambda: self.count_of("start") >= count, f"{count} starts", 60, 0.02)
        times = [l[0] - begin for l in self.journal.lines if l[1] == "start" and l[2] != node]
        self.c.start(node)
        self.home(node)
        return min(times) / 1e9, max(times) / 1e9, count

    def crowd(self):
        """All groups on one node that does not lead."""
        self.home(None)
        leader = self.c.leader()
        node = next(n for n in reversed(self.c.names) if n != leader)
        for g in self.c.call("group.list"):
            if g["owner"] != node:
                self.c.call("group.move", name=g["name"], node=node)
        self.wait_online()
        return node

    def daemon_frozen(self, crowded=False):
        """The lease ends everything: ms from the first death to the last beat and to
        the last death, and from there to the first start elsewhere."""
        node = self.crowd() if crowded else self.victim()[0]
        pids = self.services(node)
        deaths = Deaths(pids)
        stopped = self.c.daemons(node)
        self.journal.begin()
        send(stopped, signal.SIGSTOP)
        try:
            died = deaths.wait(30)
            self.c.wait(lambda: self.count_of("start") >= len(pids), f"{len(pids)} starts", 60)
        finally:
            send(stopped, signal.SIGCONT)
        lines = self.journal.lines
        first = min(l[0] for l in lines if l[1] == "start" and l[2] != node)
        last = max(l[0] for l in lines if l[1] == "beat" and l[4] in set(pids))
        self.home(None if crowded else node)
        if len(died) < len(pids):
            return None
        begin, end = min(died.values()), max(died.values())
        return len(pids), ms(last - begin), ms(end - begin), ms(first - max(last, end))
