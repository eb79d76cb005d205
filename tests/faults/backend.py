"""What every backend can do. Nodes are given as lists of names."""

import abc
import contextlib
import time

from .errors import FaultError, Impossible
from .processes import PARTS

KINDS = ("network", "disk", "clock", "memory", "frozen", "killed", "corrupt")
DISK_MODES = ("ok", "slow", "full", "fail")
CORRUPTIBLE = ("segment", "snapshot")
STOP_SECONDS = 120  # Services may take their time, and the engine gives them 100 s.
CLOCK_SECONDS_MAX = 100 * 365 * 86400


class Backend(abc.ABC):
    """One cluster. Methods with _ in front are the backend's part; the others check
    what they are given, note it (state.py), and have it done."""

    name = None

    def __init__(self, state):
        self.state = state

    # ------------------------------------------------------- what differs

    @classmethod
    @abc.abstractmethod
    def name_nodes(cls, count):
        """What the nodes of a cluster with so many are called."""

    @property
    @abc.abstractmethod
    def names(self):
        """Of all nodes, in their order."""

    @abc.abstractmethod
    def start(self, nodes=None, wait=True):
        """Start nodes (all) that are down; returns when they are members again, or with
        `wait` false at once."""

    @abc.abstractmethod
    def down(self, now=False):
        """Heal, end everything (in order, or `now` by SIGKILL), leave only the folder."""

    @abc.abstractmethod
    def socket(self, node):
        """Of its API."""

    @abc.abstractmethod
    def _kill(self, node, part): ...

    @abc.abstractmethod
    def _stop(self, node):
        """Ask for an orderly end; nothing if it does not run."""

    @abc.abstractmethod
    def _freeze(self, node, part): ...

    @abc.abstractmethod
    def _thaw(self, node): ...

    @abc.abstractmethod
    def _frozen(self, node):
        """Which of its parts stand still, whoever stopped them."""

    @abc.abstractmethod
    def _running(self, node):
        """True if its daemon lives, or will be started again by itself; frozen or not."""

    @abc.abstractmethod
    def _network(self, blocked, shares):
        """From now on exactly this: set of (from, to), {node: share}."""

    @abc.abstractmethod
    def _disk(self, node, mode, ms): ...

    @abc.abstractmethod
    def _clock(self, node, seconds): ...

    @abc.abstractmethod
    def _memory(self, node, limit):
        """Returns what _unmemory() needs to undo it."""

    @abc.abstractmethod
    def _unmemory(self, node, how): ...

    @abc.abstractmethod
    def _corrupt(self, node, kind):
        """Returns (path, offset, was, is) once a byte is another one."""

    @abc.abstractmethod
    def _mend(self, node, path, offset, was, now): ...

    # ------------------------------------------------------- what is common

    def check(self, nodes):
        """The nodes, each known and once."""
        nodes = list(dict.fromkeys(nodes))
        for node in nodes:
            if node not in self.names:
                raise FaultError(f"there is no node {node} in this cluster; there are: "
                                 f"{', '.join(self.names)}")
        if not nodes:
            raise FaultError("no node is named; name one, or several as n1,n2")
        return nodes

    @staticmethod
    def check_word(word, words, what):
        if word not in words:
            raise FaultError(f"\"{word}\" is no {what}; one of: {', '.join(words)}")

    def kill(self, nodes, part="all"):
        """SIGKILL: of the daemon (its supervisor starts it again), of the monitor with what
        it runs, or of all as in a power cut (start() or heal() brings it back)."""
        self.check_word(part, PARTS, "part of a node")
        with self.state.locked() as s:
            for node in self.check(nodes):
                if part == "all":
                    s["killed"] = sorted({*s["killed"], node})
                    s["frozen"].pop(node, None)
                    self.state.note()
                self._kill(node, part)

    def stop(self, nodes, wait=True):
        """Have each end in order; returns when all have, or with `wait` false at once: then
        running() tells. start() brings it back, or heal(), once it has ended."""
        nodes = self.check(nodes)
        with self.state.locked():
            for node in nodes:
                self._stop(node)
        end = time.monotonic() + STOP_SECONDS
        while wait and any(self._running(n) for n in nodes):
            if time.monotonic() > end:
                raise FaultError(f"{', '.join(nodes)}: not all have ended within {STOP_SECONDS} s; "
                                 f"see what is in the way: scripts/faults status")
            time.sleep(0.05)

    def running(self, node):
        """True until all of it has ended."""
        return self._running(*self.check([node]))

    def freeze(self, nodes, part="all"):
        self.check_word(part, PARTS, "part of a node")
        with self.state.locked() as s:
            for node in self.check(nodes):
                s["frozen"][node] = part
                self.state.note()
                try:
                    self._freeze(node, part)
                except FaultError:
                    self._thaw(node)
                    del s["frozen"][node]
                    raise

    def thaw(self, nodes=None):
        """These; all that are frozen."""
        with self.state.locked() as s:
            for node in self.check(nodes) if nodes else list(s["frozen"]):
                self._thaw(node)
                s["frozen"].pop(node, None)

    def partition(self, some, others=None, one_way=False):
        """Nothing of `some` reaches `others` (all the rest), nor back but if one_way. Adds to
        the partitions that there are."""
        some = self.check(some)
        others = self.check(others) if others else [n for n in self.names if n not in some]
        both = set(some) & set(others)
        if both:
            raise FaultError(f"{', '.join(sorted(both))} would be cut off from itself; name each "
                             f"node on one side only")
        pairs = {(a, b) for a in some for b in others}
        if not one_way:
            pairs |= {(b, a) for a, b in pairs}
        with self.state.locked() as s:
            s["partitions"] = sorted(list(p) for p in pairs | {tuple(p) for p in s["partitions"]})
            self._network_again(s)

    def drop(self, nodes, share):
        """Lose this share (0 to 1) of what these nodes send and are sent. 0 ends it."""
        if not 0 <= share < 1:
            raise FaultError(f"a share of packets is from 0 % to 99 %, not {share:.0%}; to lose "
                             f"everything use partition")
        with self.state.locked() as s:
            for node in self.check(nodes):
                s["drop"].pop(node, None)
                if share:
                    s["drop"][node] = share
            self._network_again(s)

    def _network_again(self, s):
        self.state.note()
        self._network({tuple(p) for p in s["partitions"]}, s["drop"])

    def disk(self, nodes, mode, ms=0):
        """slow: each write and sync waits `ms`; full: nothing grows; fail: EIO; ok."""
        self.check_word(mode, DISK_MODES, "state of a disk")
        if mode == "slow" and not 1 <= ms <= 60000:
            raise FaultError(f"a slow disk waits 1 to 60000 milliseconds, not {ms}")
        with self.state.locked() as s:
            for node in self.check(nodes):
                s["disk"].pop(node, None)
                if mode != "ok":
                    s["disk"][node] = {"mode": mode, "ms": ms}
                self.state.note()
                self._disk(node, mode, ms)

    def clock(self, nodes, seconds):
        """Set the wall clock this far from the machine's; 0 ends it. Not the boot clock."""
        if abs(seconds) > CLOCK_SECONDS_MAX:
            raise FaultError(f"a clock jumps by at most {CLOCK_SECONDS_MAX} s, not {seconds}")
        with self.state.locked() as s:
            for node in self.check(nodes):
                s["clock"].pop(node, None)
                if seconds:
                    s["clock"][node] = seconds
                self.state.note()
                self._clock(node, seconds)

    def memory(self, nodes, limit):
        """Let the node's daemon, monitor and services have `limit` bytes together."""
        if limit < 1 << 20:
            raise FaultError(f"a limit of {limit} bytes lets nothing run; give 1M at least")
        with self.state.locked() as s:
            for node in self.check(nodes):
                if node in s["memory"]:
                    self._unmemory(node, s["memory"].pop(node))
                s["memory"][node] = self._memory(node, limit)
                self.state.note()

    def corrupt(self, nodes, kind):
        """Flip a bit in the newest segment or snapshot; it shows when the node starts."""
        self.check_word(kind, CORRUPTIBLE, "file of a log")
        with self.state.locked() as s:
            for node in self.check(nodes):
                path, offset, was, now = self._corrupt(node, kind)
                s["corrupt"].append({"node": node, "path": path, "offset": offset, "was": was,
                                     "is": now})
                self.state.note()

    def heal(self, kinds=None):
        """Undo all faults, or those of some kinds. Goes on when one cannot be undone, and
        raises at the end; what could not be undone stays noted."""
        failed = []
        for kind in kinds or KINDS:
            self.check_word(kind, KINDS, "kind of fault")
        with self.state.locked() as s:
            for kind in KINDS:
                if kinds and kind not in kinds:
                    continue
                try:
                    getattr(self, f"_heal_{kind}")(s)
                except FaultError as e:
                    failed.append(str(e))
                self.state.note()
        if failed:
            raise FaultError("\n".join(failed))

    def _heal_network(self, s):
        s["partitions"], s["drop"] = [], {}
        self._network_again(s)

    def _heal_disk(self, s):
        for node in list(s["disk"]):
            self._disk(node, "ok", 0)
            del s["disk"][node]

    def _heal_clock(self, s):
        for node in list(s["clock"]):
            self._clock(node, 0)
            del s["clock"][node]

    def _heal_memory(self, s):
        for node in list(s["memory"]):
            self._unmemory(node, s["memory"][node])
            del s["memory"][node]

    def _heal_frozen(self, s):
        for node in self.names:
            if node in s["frozen"] or self._frozen(node):
                self._thaw(node)
                s["frozen"].pop(node, None)

    def _heal_corrupt(self, s):
        """Where the file is still there with the wrong byte: others have been replaced."""
        for c in list(s["corrupt"]):
            self._mend(c["node"], c["path"], c["offset"], c["was"], c["is"])
            s["corrupt"].remove(c)

    def _heal_killed(self, s):
        if s["corrupt"]:
            self._heal_corrupt(s)  # It would not start.
        # Others may have ended for good because of what was broken.
        down = {*s["killed"], *(n for n in self.names if not self._running(n))}
        if down:
            self.start(sorted(down))

    def faults(self):
        """What is broken now, as (kind, node or nodes, words): what was noted, and what of
        a node does not run for whatever reason."""
        s = self.state.read()
        found = [("partition", f"{a}>{b}", "") for a, b in s["partitions"]]
        found += [("drop", n, f"{p:.0%}") for n, p in s["drop"].items()]
        found += [("disk", n, f"{d['mode']} {d['ms']} ms" if d["ms"] else d["mode"])
                  for n, d in s["disk"].items()]
        found += [("clock", n, f"{seconds:+g} s") for n, seconds in s["clock"].items()]
        found += [("memory", n, f"{m['limit']} bytes ({m['how']})") for n, m in s["memory"].items()]
        found += [("frozen", n, part) for n in self.names
                  if (part := s["frozen"].get(n) or ", ".join(self._frozen(n)))]
        found += [("down", n, "killed" if n in s["killed"] else "")
                  for n in self.names if not self._running(n)]
        found += [("corrupt", c["node"], f"{c['path']} at {c['offset']}") for c in s["corrupt"]]
        return found

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        with contextlib.suppress(FaultError) if kind else contextlib.nullcontext():
            self.down(now=kind is not None)

    def refuse(self, what, why):
        raise Impossible(f"{what} cannot be made on the {self.name} backend: {why}")
