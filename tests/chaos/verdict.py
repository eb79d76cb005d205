"""What is checked when the faults are over. Each check yields what is wrong, in words."""

import contextlib
import statistics
import time

from cluster.harness import Broken, Refused, Rpc, ask_all

from . import overlap, standstill
from .history import by_object, now_ns
from .linear import check
from .models import MODELS
from .setup import STEADY

MS = overlap.MS
# After a thaw, without fencing: docs/testing.md.
THAW_MS_MEDIAN, THAW_MS_MAX = 20, 50
MEDIAN_OF = 5  # Of fewer it is no better than the longest.


def ask(cluster, node, method, **params):
    rpc = Rpc(cluster.socket(node), 10)
    with contextlib.closing(rpc):
        return rpc.call(method, **params)


# ------------------------------------------------------------- coming to rest

def unrest(cluster, node):
    """What is not as it should be once all is healed, as this node tells it."""
    try:
        nodes = ask(cluster, node, "node.list")
        groups = ask(cluster, node, "group.list")
        operations = ask(cluster, node, "operation.list")
    except (Broken, Refused) as e:
        yield f"{node} does not answer: {e}"
        return
    for n in nodes:
        if n["state"] != "Up":
            yield f"node {n['name']} is {n['state']}"
    for o in operations:
        yield f"operation {o['id']} of group {o['group']} has not ended: {o['kind']}"
    for g in groups:
        if g["state"] != g["persistent"]:
            yield f"group {g['name']} is {g['state']} on {g['owner']}, wanted {g['persistent']}"
        if g["name"] in STEADY and g["preferred"] and g["owner"] != g["preferred"][0]:
            yield f"group {g['name']} is on {g['owner']} and did not come back to {g['preferred']}"


def rest(cluster, seconds):
    """Wait until all is well by every node's word; what is wrong still after that time."""
    end = time.monotonic() + seconds
    while True:
        wrong = sorted({w for n in cluster.names for w in unrest(cluster, n)})
        if not wrong or time.monotonic() > end:
            return wrong
        time.sleep(0.1)


def digests(cluster, seconds):
    """Of all nodes at one position."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = ask_all(cluster, "cluster.digest", 10)
        except (Broken, Refused) as e:
            found, why = None, str(e)
        if found and len({d["position"] for d in found.values()}) == 1:
            if len({(d["digest"], d["bytes"]) for d in found.values()}) != 1:
                yield f"the copies of the state differ: {found}"
            return
        if time.monotonic() > end:
            yield f"no common position of all copies: {found or why}"
            return


def running(cluster, journals, seconds):
    """Exactly what the state says runs, where it says."""
    end = time.monotonic() + seconds
    while True:
        try:
            groups = {g["name"]: g for g in ask(cluster, cluster.names[0], "group.list")}
        except (Broken, Refused) as e:
            if time.monotonic() > end:
                yield f"{cluster.names[0]} does not tell what runs: {e}"
                return
            time.sleep(0.1)
            continue
        since = now_ns() - 50 * MS
        time.sleep(1)
        now = {}
        for life in overlap.running(overlap.read(journals), since):
            now.setdefault(life.group, []).append((life.node, life.token))
        wanted = {n: [(g["owner"], g["token"])] for n, g in groups.items()
                  if g["state"] == "Online"}
        if now == wanted:
            return
        if time.monotonic() > end:
            yield f"there runs {now}, and the state says {wanted}"
            return


# ------------------------------------------------------------------- journals

class Thaw:
    """An overlap after a thaw. `ns`: of how much it counts; the rest, `stood`, is when a CPU of
    the machine ran nobody, and so maybe not who was to end it."""

    def __init__(self, found, standstills):
        self.overlap = found
        self.stood = standstill.within(standstills, found.start, found.start + found.ns)
        self.ns = found.ns - self.stood

    def __str__(self):
        o = self.overlap
        but = f", in {self.stood / MS:.1f} of which a CPU stood still" if self.stood else ""
        return (f"{o.group} ran twice for {o.ns / MS:.1f} ms after a thaw{but}: "
                f"{who(o.first)} and {who(o.second)}")


class Journals:
    def __init__(self, folder, freezes, standstills, scale):
        """`scale`: how much slower than a release build everything is."""
        self.lives = overlap.read(folder)
        self.scale = scale
        self.overlaps = overlap.overlaps(self.lives, freezes)
        self.gaps = overlap.gaps(self.lives, freezes)
        self.unexpected = [o for o in self.overlaps if not o.frozen]
        self.thaws = sorted((Thaw(o, standstills) for o in self.overlaps if o.frozen),
                            key=lambda t: t.ns)

    def wrong(self):
        for o in self.unexpected:
            yield (f"{o.group} ran twice for {o.ns / MS:.1f} ms from {o.start}: "
                   f"{who(o.first)} and {who(o.second)}")
        yield from (str(t) for t in self.thaws if t.ns / MS > THAW_MS_MAX * self.scale)
        if len(self.thaws) >= MEDIAN_OF:
            median = statistics.median(t.ns / MS for t in self.thaws)
            if median > THAW_MS_MEDIAN * self.scale:
                yield (f"overlap after thaws is {median:.1f} ms in the median of "
                       f"{len(self.thaws)}")
        yield from overlap.token_faults(self.lives)


def who(life):
    return f"{life.node} pid {life.pid} token {life.token}"


# -------------------------------------------------------------------- history

def linearizable(calls, report):
    """`report(kind, key, judgement)` hears of each object."""
    for (kind, key), some in sorted(by_object(calls).items()):
        judgement = check(MODELS[kind](), some)
        report(kind, key, judgement)
        if not judgement.decided:
            yield f"{kind} {key}: not decided within {judgement.steps} steps"
        elif not judgement.ok:
            stuck = "; ".join(f"{' '.join(map(str, c.op))} -> {c.result} "
                              f"[{c.start}, {c.end}] ({c.note})" for c in judgement.stuck)
            yield (f"{kind} {key} is not linearizable: after {judgement.length} of {len(some)} "
                   f"calls, in state {judgement.state}, none of these can be next: {stuck}")


# ----------------------------------------------------------------------- logs

WORDS = ("ERROR: AddressSanitizer", "runtime error:", "LeakSanitizer", "Assertion ",
         "state differs")


def logs(folder):
    for log in sorted([*folder.glob("*/log"), *folder.glob("*/monitor.log")]):
        for line in log.read_text(errors="replace").splitlines():
            if any(w in line for w in WORDS):
                yield f"{log.parent.name}/{log.name}: {line}"
