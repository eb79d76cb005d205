"""A cluster that is broken on purpose, and a journal of what its services did.

Cluster runs three nodes, each in a network namespace of its own where that can
be had (root, and `ip`), on loopback otherwise. All share one machine, and with
it one clock: CLOCK_BOOTTIME tells what happened first on which node.
"""

import contextlib
import os
import pathlib
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("HOLDFAST_TEST_MODE", "release")
sys.path.insert(0, str(TOP / "tests" / "cluster"))

from harness import Broken, Refused, Rpc  # noqa: E402
from contenders import Failed, free_ports  # noqa: E402

PORT = 7400


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def ip(*args):
    done = subprocess.run(["ip", *args], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"ip {' '.join(args)}: {done.stderr.strip()}")


# ------------------------------------------------------------------- the network


class Loopback:
    can_cut = False
    what = "loopback"

    def __init__(self, names):
        self.addresses = {n: f"127.0.0.1:{p}" for n, p in zip(names, free_ports(len(names)))}

    def prefix(self, _node):
        return []

    def close(self):
        pass


class Namespaces:
    """A namespace for each node, and one with the bridge between them."""

    can_cut = True
    what = "network namespaces"

    def __init__(self, names):
        self.names = names
        self.tag = f"hfb{os.getpid()}"
        self.addresses = {n: f"10.77.0.{i}:{PORT}" for i, n in enumerate(names, 1)}
        try:
            self.make()
        except Failed:
            self.close()
            raise

    def make(self):
        switch = f"{self.tag}-sw"
        ip("netns", "add", switch)
        ip("-n", switch, "link", "add", "br0", "type", "bridge")
        ip("-n", switch, "link", "set", "br0", "up")
        for i, n in enumerate(self.names, 1):
            own = f"{self.tag}-{n}"
            ip("netns", "add", own)
            ip("-n", own, "link", "add", "eth0", "type", "veth", "peer", "name", n, "netns", switch)
            ip("-n", own, "addr", "add", f"10.77.0.{i}/24", "dev", "eth0")
            ip("-n", own, "link", "set", "eth0", "up")
            ip("-n", own, "link", "set", "lo", "up")
            ip("-n", switch, "link", "set", n, "master", "br0", "up")

    def prefix(self, node):
        return ["ip", "netns", "exec", f"{self.tag}-{node}"]

    def cut(self, node):
        """Without a word: the link stays up, and nothing comes through."""
        ip("-n", f"{self.tag}-sw", "link", "set", node, "nomaster")

    def heal(self, node):
        ip("-n", f"{self.tag}-sw", "link", "set", node, "master", "br0")

    def close(self):
        for n in [*self.names, "sw"]:
            subprocess.run(["ip", "netns", "del", f"{self.tag}-{n}"], capture_output=True,
                           check=False)


def network(names):
    if os.geteuid() == 0 and shutil.which("ip"):
        with contextlib.suppress(Failed):
            return Namespaces(names)
    return Loopback(names)


# ------------------------------------------------------------------- processes


def processes():
    """{pid: (parent, command line)}; those that are only waited for are left out."""
    found = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            with open(f"/proc/{entry.name}/stat", "rb") as f:
                state, parent = f.read().rpartition(b")")[2].split()[:2]
            with open(f"/proc/{entry.name}/cmdline", "rb") as f:
                line = f.read()
        except OSError:
            continue
        if state != b"Z":
            found[int(entry.name)] = (int(parent), line)
    return found


def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@contextlib.contextmanager
def prompt():
    """Whoever takes the time must not wait for the processor, if that is permitted."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


class Deaths:
    """When each of some processes ends, to the moment that this program hears of it."""

    def __init__(self, pids):
        self.poll = select.poll()
        self.fds = {}
        self.times = {}
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                fd = os.pidfd_open(pid)
                self.fds[fd] = pid
                self.poll.register(fd, select.POLLIN)

    def wait(self, seconds):
        """{pid: time} once all have ended or the time is up."""
        end = time.monotonic() + seconds
        with prompt():
            while self.fds and time.monotonic() < end:
                for fd, _ in self.poll.poll(100):
                    self.times[self.fds.pop(fd)] = now_ns()
                    self.poll.unregister(fd)
                    os.close(fd)
        for fd in self.fds:
            os.close(fd)
        self.fds = {}
        return self.times


# -------------------------------------------------------------------- the cluster


class Cluster:
    def __init__(self, folder, mode, profile, net, level="info"):
        self.dir = pathlib.Path(folder)
        self.names = list(net.addresses)
        self.net = net
        self.bin = TOP / "build" / mode
        self.supervisors = {}
        self.rpcs = {}
        peers = " ".join(f"{n}={a}" for n, a in net.addresses.items())
        for n in self.names:
            (self.dir / n).mkdir(parents=True)
            (self.dir / n / "holdfast.conf").write_text(
                f"[node]\nname = {n}\ndata = {self.dir / n}\nsocket = {self.socket(n)}\n"
                f"log = {self.dir / n}/log\nlevel = {level}\n\n"
                f"[cluster]\nname = bench\npeers = {peers}\nprofile = {profile}\n")

    def socket(self, node):
        return self.dir / node / "api.sock"

    def __enter__(self):
        try:
            for n in self.names:
                self.start(n)
            self.wait_all_up()
            # Nodes are killed here by the dozen, and are as good as ever.
            self.call("cluster.set", properties={"QuarantineThreshold": 0})
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for n in self.names:
            with contextlib.suppress(Failed):
                self.kill(n)

    def start(self, node):
        with open(self.dir / node / "out", "ab") as out:
            self.supervisors[node] = subprocess.Popen(
                [*self.net.prefix(node), self.bin / "holdfastd", "--config",
                 self.dir / node / "holdfast.conf"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)

    # ---- calls

    def rpc(self, node, timeout=60):
        if node not in self.rpcs:
            self.rpcs[node] = Rpc(self.socket(node), timeout)
        return self.rpcs[node]

    def ask(self, node, method, **params):
        """None if that node does not answer for now."""
        try:
            return self.rpc(node).call(method, **params)
        except (Broken, Refused) as e:
            if isinstance(e, Broken) and node in self.rpcs:
                self.rpcs.pop(node).close()
            return None

    def call(self, method, seconds=30, without=(), **params):
        """Of whichever node answers first."""
        end = time.monotonic() + seconds
        while True:
            for n in self.names:
                if n in without:
                    continue
                try:
                    return self.rpc(n).call(method, **params)
                except Refused as e:
                    if e.code not in (70, 21, 1236, 5072, 5073, 5925) or time.monotonic() > end:
                        raise Failed(f"{method} {params}: {e}") from e
                except Broken:
                    if n in self.rpcs:
                        self.rpcs.pop(n).close()
            if time.monotonic() > end:
                raise Failed(f"{method}: nobody answers")
            time.sleep(0.02)

    def wait(self, condition, what, seconds=60, pause=0.02):
        end = time.monotonic() + seconds
        while True:
            got = condition()
            if got:
                return got
            if time.monotonic() > end:
                raise Failed(f"{what}: not in {seconds} s; the logs are in {self.dir}")
            time.sleep(pause)

    def wait_all_up(self):
        def up():
            for n in self.names:
                nodes = self.ask(n, "node.list")
                if nodes is None or len(nodes) != len(self.names) or \
                        any(i["state"] != "Up" or i["leaving"] for i in nodes):
                    return False
            return True

        self.wait(up, "all nodes Up")

    def leader(self):
        def find():
            for n in self.names:
                status = self.ask(n, "cluster.status", stale=True)
                if status and status["leader"]:
                    return status["leader"]
            return None

        return self.wait(find, "a leader")

    def group(self, name, without=()):
        return self.call("group.get", name=name, without=without)

    def wait_online(self, name, node=None):
        self.wait(lambda: (g := self.group(name))["state"] == "Online"
                  and (node is None or g["owner"] == node), f"{name} Online")

    # ---- faults

    def family(self, node):
        """Supervisor, daemon, monitor, and then all that descends from them."""
        marks = (f"{self.dir}/{node}/".encode(), f"{self.dir}/{node}\0".encode())
        found = processes()
        roots = [p for p, (_, line) in found.items() if any(m in line for m in marks)
                 and (b"holdfastd" in line or b"holdfast-monitor" in line)]
        children = {}
        for pid, (parent, _) in found.items():
            children.setdefault(parent, []).append(pid)
        order = sorted(roots)
        known = set(order)
        for pid in order:  # Grows while it is gone through.
            for child in children.get(pid, ()):
                if child not in known:
                    known.add(child)
                    order.append(child)
        return order

    def daemons(self, node):
        """Of the daemon and the parent that would start it again."""
        mine = set(self.family(node))
        found = processes()
        return sorted(p for p in mine if p in found and b"holdfastd" in found[p][1])

    def kill(self, node):
        """As a power cut: those first that would start or tell anything. Returns when."""
        family = self.family(node)
        begin = now_ns()
        send(family, signal.SIGKILL)
        child = self.supervisors.pop(node, None)
        if child is not None:
            child.wait()
        for _ in range(200):  # What was being started meanwhile.
            rest = self.family(node)
            if not rest:
                break
            send(rest, signal.SIGKILL)
            time.sleep(0.005)
        for name in ("pid", "monitor.pid"):
            with contextlib.suppress(OSError):
                (self.dir / node / name).unlink()
        if node in self.rpcs:
            self.rpcs.pop(node).close()
        return begin

    def stop(self, node, seconds=60):
        """Returns when the word was given; the node ends by itself."""
        begin = now_ns()
        child = self.supervisors.pop(node)
        child.terminate()
        return begin, lambda: child.wait(seconds)

    def freeze(self, node):
        family = self.family(node)
        begin = now_ns()
        send(family, signal.SIGSTOP)
        return begin, family

    @staticmethod
    def thaw(family):
        """In no order that would favour anybody. Returns {pid: when}."""
        family = list(family)
        random.shuffle(family)
        times = {}
        for pid in family:
            times[pid] = now_ns()
            send([pid], signal.SIGCONT)
        return times

    def pid_of(self, node, name):
        return int((self.dir / node / name).read_text())


# -------------------------------------------------------------------- the journal

LINE = re.compile(rb"(\d+) (start|beat|stop) (\S+) (\S+) (\d+) (\S+)\n")


class Journal:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.touch()
        self.offset = 0
        self.lines = []  # (time, what, node, resource, pid)

    def begin(self):
        """Forget what was before."""
        self.read()
        self.lines = []

    def read(self):
        with open(self.path, "rb") as f:
            f.seek(self.offset)
            data = f.read()
        end = data.rfind(b"\n") + 1
        self.offset += end
        self.lines += [(int(t), w.decode(), n.decode(), r.decode(), int(p))
                       for t, w, n, r, p, _ in LINE.findall(data[:end])]
        return self.lines

    def first(self, condition):
        return next((l for l in self.read() if condition(l)), None)


def longest_none(lines, begin, end):
    """The longest time without a beat of anybody, in ns."""
    times = sorted(t for t, *_ in lines if begin <= t <= end)
    return max((b - a for a, b in zip(times, times[1:])), default=end - begin)


def longest_two(lines, begin):
    """How long two processes were active at once, in ns."""
    spans = {}
    for t, _, node, _, pid in lines:
        if t < begin:
            continue
        first, _ = spans.get((node, pid), (t, t))
        spans[node, pid] = (first, t)
    ordered = sorted(spans.values())
    worst, latest = 0, 0
    for first, last in ordered:
        worst = max(worst, min(latest, last) - first)
        latest = max(latest, last)
    return max(worst, 0)
