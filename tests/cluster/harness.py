"""Whole clusters of real processes on loopback, for the tests in this folder.

A Cluster is made by scripts/cluster in a temporary folder and gone, with every
process, when its `with` block ends. Rpc speaks docs/api.md directly.
"""

import contextlib
import itertools
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import msgpack

TOP = pathlib.Path(__file__).resolve().parents[2]
MODE = os.environ.get("HOLDFAST_TEST_MODE", "debug")
BIN = TOP / "build" / MODE
SCRIPT = TOP / "scripts" / "cluster"
SLOW = 4 if MODE != "release" else 1  # Sanitizers make everything slower.
# For tests in which no healthy node may lose its lease, or with it its services: what the
# profile gives is for release builds, and is held to there.
ROOMY_LEASE_MS = 2000 * SLOW if MODE != "release" else None

IO_PENDING = 997
RETRIED = (70, 21, 1236, 1460, 5072, 5073, 5925)  # Not for good: ask again, or another node.


class Refused(Exception):
    """An error response: code and text."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Broken(Exception):
    """The connection ended before the answer."""


class Rpc:
    """One connection. `where` is a socket path or (host, port)."""

    def __init__(self, where, timeout=60):
        family = socket.AF_INET if isinstance(where, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(where if isinstance(where, tuple) else str(where))
        except OSError as e:
            self.socket.close()
            raise Broken(str(e)) from e
        self.unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        self.ids = itertools.count(1)
        self.notifications = []

    def close(self):
        self.socket.close()

    def read(self):
        for message in self.unpacker:
            return message
        while True:
            try:
                data = self.socket.recv(65536)
            except (OSError, TimeoutError) as e:
                raise Broken(str(e)) from e
            if not data:
                raise Broken("closed")
            self.unpacker.feed(data)
            for message in self.unpacker:
                return message

    def call(self, method, **params):
        return self.answer(self.send(method, **params))

    def send(self, method, **params):
        """The request alone; answer() takes what is returned."""
        number = next(self.ids)
        try:
            self.socket.sendall(msgpack.packb([0, number, method, params]))
        except OSError as e:
            raise Broken(str(e)) from e
        return number

    def answer(self, number):
        while True:
            message = self.read()
            if message[0] == 2:
                self.notifications.append(message[1:])
                continue
            assert message[0] == 1 and message[1] == number, message
            if message[2] is not None:
                raise Refused(message[2]["code"], message[2]["message"])
            return message[3]


def ask_all(cluster, method, timeout=10 * SLOW):
    """What each node answers, by its name. All are asked before the first answer is read, so
    that the answers are of one moment, however slow each node is."""
    with contextlib.ExitStack() as stack:
        rpcs = {n: stack.enter_context(contextlib.closing(Rpc(cluster.socket(n), timeout)))
                for n in cluster.names}
        asked = {n: rpc.send(method) for n, rpc in rpcs.items()}
        return {n: rpc.answer(asked[n]) for n, rpc in rpcs.items()}


def changes_nothing(cluster, action):
    """Does it, and asserts that groups, resources and nodes are as they were; returns what it
    returns. Nodes have their own lives: if one changed meanwhile, that shows nothing, and it
    is done again."""
    client = Client(cluster)

    def own_lives():
        keys = ("name", "state", "incarnation", "since_ms", "lapse", "log", "disk_low")
        return [[n[k] for k in keys] for n in client.ask("node.list")]

    with contextlib.closing(client):
        for _ in range(3):
            lives, before = own_lives(), [d["objects"] for d in cluster.digests()]
            got = action()
            if [d["objects"] for d in cluster.digests()] == before:
                return got
            assert own_lives() != lives, client.ask("events.list", limit=5)
    raise AssertionError("no node stays as it is")


class Client:
    """A client that holds on: (client, sequence), any node, until answered."""

    def __init__(self, cluster, first=None):
        self.cluster = cluster
        self.id = secrets.randbits(63) | 1
        self.seq = 0
        self.rpc = None
        self.nodes = itertools.cycle(cluster.names)
        for _ in range(cluster.names.index(first) if first else 0):
            next(self.nodes)

    def close(self):
        if self.rpc:
            self.rpc.close()
        self.rpc = None

    def ask(self, method, seconds=90, **params):
        end = time.monotonic() + seconds
        while True:
            try:
                if self.rpc is None:
                    self.rpc = Rpc(self.cluster.socket(next(self.nodes)))
                return self.rpc.call(method, **params)
            except Refused as e:
                if e.code not in RETRIED or time.monotonic() > end:
                    raise
                self.close()
            except Broken:
                self.close()
                if time.monotonic() > end:
                    raise
            time.sleep(0.02)

    def change(self, method, **params):
        """Returns the code of the answer, refusals included."""
        self.seq += 1
        try:
            return self.ask(method, client=self.id, seq=self.seq, **params)["code"]
        except Refused as e:
            return e.code

    def group(self, name):
        return self.ask("group.get", name=name)

    def wait_group(self, name, *states, seconds=60):
        return wait_for(lambda: (g := self.group(name))["state"] in states and g, seconds,
                        lambda: self.group(name))


def wait_for(condition, seconds=30, describe=None):
    end = time.monotonic() + seconds * SLOW
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"did not happen in {seconds * SLOW} s: {describe and describe()}")
        time.sleep(0.02)


class Cluster:
    def __init__(self, count=3, profile="default", directory=None, small_disks=0, lease_ms=None):
        """`small_disks`: MiB of a tmpfs of its own for each node (needs root). `lease_ms`:
        instead of the profile's."""
        self.small_disks = small_disks
        self.lease_ms = lease_ms
        self.count = count
        self.profile = profile
        self.names = [f"n{i}" for i in range(1, count + 1)]
        self.own = directory is None
        self.dir = pathlib.Path(directory or tempfile.mkdtemp(prefix="holdfast-test-"))

    def script(self, *args, check=True):
        return subprocess.run([SCRIPT, *args, "--dir", self.dir], check=check, text=True,
                              capture_output=True)

    def timing(self):
        """What the file of a node that joins has about it: the same as all others."""
        return f"[timing]\nlease_ms = {self.lease_ms}\n" if self.lease_ms else ""

    def mount_disks(self):
        for n in self.names:
            (self.dir / n).mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.small_disks}m", "none",
                            self.dir / n], check=True)

    def __enter__(self):
        try:
            if self.small_disks:
                self.mount_disks()
            made = self.script("up", "-n", str(self.count), "--profile", self.profile, "--mode",
                               MODE, *(["--lease-ms", str(self.lease_ms)] if self.lease_ms else []),
                               check=False)
            assert made.returncode == 0, made.stderr + made.stdout
        except BaseException:
            self.__exit__(True, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            for n in self.names:
                with contextlib.suppress(OSError):
                    text = (self.dir / n / "log").read_text(errors="replace").splitlines()
                    print(f"---- {n}:", *text[-40:], sep="\n")
        self.script("thaw", check=False)
        self.script("kill", check=False)
        faults = self.faults()
        for n in self.names if self.small_disks else ():
            subprocess.run(["umount", "-l", self.dir / n], check=False)
        keep = os.environ.get("HOLDFAST_TEST_KEEP")
        if kind is not None and keep:  # Logs and all, for whoever looks for the reason.
            shutil.copytree(self.dir, pathlib.Path(keep) / self.dir.name, symlinks=True,
                            ignore=shutil.ignore_patterns("*.sock"))
        if self.own:
            shutil.rmtree(self.dir, ignore_errors=True)
        assert kind is not None or not faults, faults

    def faults(self):
        """What sanitizers and asserts said in any log."""
        words = ("ERROR: AddressSanitizer", "runtime error:", "LeakSanitizer", "Assertion ")
        return [f"{log.parent.name}/{log.name}: {line}"
                for log in [*self.dir.glob("n*/log"), *self.dir.glob("n*/monitor.log")]
                for line in log.read_text(errors="replace").splitlines()
                if any(w in line for w in words)]

    def lost_leases(self):
        """What monitors said of leases that ran out."""
        return [f"{log.parent.name}: {line}" for log in self.dir.glob("n*/monitor.log")
                for line in log.read_text(errors="replace").splitlines()
                if " lease: " in line and " expired " in line]

    def socket(self, node):
        return self.dir / node / "api.sock"

    def rpc(self, node):
        return Rpc(self.socket(node))

    def port(self, node):
        text = (self.dir / node / "holdfast.conf").read_text()
        return int(next(l for l in text.splitlines() if f"{node}=127" in l).rpartition(":")[2])

    def cli(self, node, *args, check=True, timeout=120):
        env = dict(os.environ, HOLDFAST_SOCKET=str(self.socket(node)))
        done = subprocess.run([BIN / "holdfast", *args], env=env, text=True, capture_output=True,
                              timeout=timeout)
        assert not check or done.returncode == 0, (args, done.returncode, done.stderr, done.stdout)
        return done

    def json(self, node, *args):
        return json.loads(self.cli(node, "--json", *args).stdout)

    def pid(self, node):
        return int((self.dir / node / "pid").read_text())

    def kill_daemon(self, node):
        """SIGKILL of the daemon alone; its supervisor starts it again."""
        pid = self.pid(node)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_daemon(self, node, not_pid=None):
        def answers():
            try:
                if not_pid is not None and self.pid(node) == not_pid:
                    return False
                rpc = self.rpc(node)
            except (Broken, OSError, ValueError):
                return False
            try:
                nodes = rpc.call("node.list")
                return any(n["name"] == node and n["state"] == "Up" for n in nodes)
            except (Broken, Refused):
                return False
            finally:
                rpc.close()

        wait_for(answers)

    def leader(self):
        def find():
            for n in self.names:
                try:
                    rpc = self.rpc(n)
                except Broken:
                    continue
                try:
                    leader = rpc.call("cluster.status", stale=True)["leader"]
                    if leader:
                        return leader
                except (Broken, Refused):
                    pass
                finally:
                    rpc.close()
            return None

        return wait_for(find)

    def digests(self):
        """Of every node at one and the same position, once all have it."""
        seen = None

        def same_position():
            nonlocal seen
            try:
                seen = ask_all(self, "cluster.digest")
            except (Broken, Refused) as e:
                seen = str(e)
                return None
            return len({d["position"] for d in seen.values()}) == 1 and [*seen.values()]

        return wait_for(same_position, describe=lambda: seen)

    def assert_equal_copies(self):
        digests = self.digests()
        assert len({(d["digest"], d["bytes"]) for d in digests}) == 1, digests


@contextlib.contextmanager
def in_thread(function, *args):
    """Run `function(stop, *args)` until the block ends; its exceptions come out here."""
    stop = threading.Event()
    faults = []

    def body():
        try:
            function(stop, *args)
        except BaseException as e:  # pylint: disable=broad-except
            faults.append(e)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(180)
    if faults:
        raise faults[0]
    assert not thread.is_alive(), "the thread does not end"
