"""Makes the faults of a plan, with tests/faults, and writes down what was done when."""

import contextlib
import json
import time

from cluster.harness import Broken, Refused, Rpc
from faults import FaultError

from .history import now_ns
from .overlap import Freeze

REFUSAL_SECONDS = 4
STOP_SECONDS = 100  # An operation under way may take its time.
# Whatever is broken is healed by these, in this order; what is down is started last.
HEALED = ("network", "disk", "clock", "memory", "frozen", "corrupt")


class Nemesis:
    def __init__(self, cluster, plan, path, watched):
        """`watched`: the group whose owner is "owner"."""
        self.cluster, self.plan, self.watched = cluster, plan, watched
        self.file = open(path, "w", encoding="ascii")
        self.done = {}     # kind: how often
        self.skipped = []  # (kind, why)
        self.events = []
        self.frozen = {}   # node: since
        self.freezes = []
        self.stopping = set()

    def note(self, what, **more):
        event = {"at": now_ns(), "what": what, **more}
        self.events.append(event)
        self.file.write(json.dumps(event) + "\n")
        self.file.flush()

    # ------------------------------------------------------------------ whom

    def ask(self, method, **params):
        for node in self.cluster.names:
            try:
                rpc = Rpc(self.cluster.socket(node), 0.5)
            except Broken:
                continue
            with contextlib.suppress(Broken, Refused), contextlib.closing(rpc):
                return rpc.call(method, stale=True, **params)
        return None

    def resolve(self, whom):
        """Names for names and roles; the first node where nobody has the role."""
        names = self.cluster.names
        status = self.ask("cluster.status") or {}
        leader = status.get("leader")
        owners = [g["owner"] for g in status.get("groups", ()) if g["state"] == "Online"]
        owner = next((g["owner"] for g in status.get("groups", ()) if g["name"] == self.watched),
                     None)
        roles = {"leader": leader, "owner": owner,
                 "other": next((o for o in owners if o != leader), None)}
        found = {roles.get(w, w) if w in roles else w for w in whom}
        return sorted(n if n in names else names[0] for n in found)

    # ---------------------------------------------------------------- faults

    def make(self, fault):
        nodes = self.resolve(fault.target)
        self.note("fault", kind=fault.kind, nodes=nodes, options=fault.options)
        try:
            getattr(self, f"do_{fault.kind}")(nodes, **fault.options)
        except FaultError as e:
            self.skipped.append((fault.kind, str(e)))
            self.note("not done", kind=fault.kind, why=str(e))
            return
        self.done[fault.kind] = self.done.get(fault.kind, 0) + 1
        self.note("made", kind=fault.kind)

    def do_kill(self, nodes):
        self.thawed(nodes)  # They never wake,
        self.cluster.kill(nodes, "all")
        self.stopping -= set(nodes)  # and what was on its way down in good order is down.

    def do_kill_daemon(self, nodes):
        self.cluster.kill(nodes, "daemon")

    def do_kill_monitor(self, nodes):
        self.cluster.kill(nodes, "monitor")

    def do_stop(self, nodes):
        """In good order, which may take until the end of the episode."""
        for n in nodes:
            self.cluster.stop([n], wait=False)  # Where it cannot be, it raises.
            self.stopping.add(n)

    def do_freeze(self, nodes):
        self.cluster.freeze(nodes, "all")
        for n in nodes:
            self.frozen.setdefault(n, now_ns())

    def do_freeze_daemon(self, nodes):
        # One that is frozen as a whole stays so.
        self.cluster.freeze([n for n in nodes if n not in self.frozen] or self.none(), "daemon")

    @staticmethod
    def none():
        raise FaultError("all of them are frozen already")

    def do_partition(self, nodes, one_way=False):
        if len(nodes) == len(self.cluster.names):
            nodes = nodes[1:]
        self.cluster.partition(nodes, one_way=one_way)

    def do_drop(self, nodes, share):
        self.cluster.drop(nodes, share)

    def do_slow_disk(self, nodes, ms):
        self.cluster.disk(nodes, "slow", ms)

    def do_full_disk(self, nodes):
        self.cluster.disk(nodes, "full")

    def do_fail_disk(self, nodes):
        self.cluster.disk(nodes, "fail")

    def do_clock(self, nodes, seconds):
        self.cluster.clock(nodes, seconds)

    def do_memory(self, nodes, limit):
        self.cluster.memory(nodes, limit)

    def do_corrupt(self, nodes, file):
        """It shows when the node starts, which it must refuse to do. Mended before it has
        looked, it would have met no fault, or half of one."""
        self.cluster.corrupt(nodes, file)
        self.do_kill(nodes)
        self.cluster.start(nodes, wait=False)
        end = time.monotonic() + REFUSAL_SECONDS
        while any(self.cluster.running(n) and not self.answers(n) for n in nodes):
            if time.monotonic() > end:
                break  # In containers, where it is tried again and again.
            time.sleep(0.02)

    def answers(self, node):
        with contextlib.suppress(Broken), contextlib.closing(Rpc(self.cluster.socket(node), 0.5)):
            return True
        return False

    # --------------------------------------------------------------- healing

    def thawed(self, nodes):
        now = now_ns()
        for n in nodes:
            if n in self.frozen:
                self.freezes.append(Freeze(n, self.frozen.pop(n), now))

    def heal(self):
        """Everything, then start what is down: all at once, since fewer may be no quorum."""
        self.note("heal")
        self.thawed(list(self.frozen))
        self.cluster.heal(HEALED)
        self.wait_stopped()
        self.cluster.start()
        self.note("healed")

    def wait_stopped(self):
        """What is on its way down must be down before it can be started."""
        end = time.monotonic() + STOP_SECONDS
        for node in sorted(self.stopping):
            while self.cluster.running(node):
                if time.monotonic() > end:
                    raise FaultError(f"{node} does not stop within {STOP_SECONDS} s")
                time.sleep(0.05)
        self.stopping.clear()

    def run(self, wait, seconds):
        """As much of the plan as there is time for; how many episodes that were. `wait(seconds)`
        is a sleep that raises if the run is to end."""
        end = time.monotonic() + seconds
        number = 0
        for number, e in enumerate(self.plan, 1):
            began = time.monotonic()
            if began > end:
                return number - 1
            self.note("episode", number=number)
            for fault in e.faults:
                wait(began + fault.at - time.monotonic())
                self.make(fault)
            wait(began + e.seconds - time.monotonic())
            self.heal()
            wait(e.peace)
        return number

    def close(self):
        self.file.close()
