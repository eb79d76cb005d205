"""A full disk stops nothing: neither one, nor those of a majority.

Faults of tests/faults: what has its room (the segments that libraft has prepared) is
written, nothing grows, and statvfs() says that nothing is free. So the load must first
use up what is prepared, about 24 MiB.
"""

import contextlib
import pathlib
import shutil
import sys
import tempfile
import threading
import time

import pytest
from harness import MODE, RETRIED, ROOMY_LEASE_MS, SLOW, TOP, Broken, Refused, Rpc, ask_all, wait_for

sys.path.insert(0, str(TOP / "tests"))

import faults  # noqa: E402
from faults.processes import is_alive  # noqa: E402

ERROR_DISK_FULL = 112
ERROR_IO_PENDING = 997
TEXT = "text " * 5000  # 25 kB: a thousand fill what is prepared.
LARGE = 1200
SETTINGS = {"timing": {"lease_ms": ROOMY_LEASE_MS}} if ROOMY_LEASE_MS else None
LEASES_PASS = max(10, 2 * (ROOMY_LEASE_MS or 0) / 1000)  # Seconds in which some do.


@pytest.fixture
def cluster():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-test-"))
    try:
        made = faults.make("loopback", folder, mode=MODE, settings=SETTINGS)
        try:
            yield made
        finally:
            made.down(now=True)
    finally:  # Shown if the test has failed.
        for path in (*folder.glob("n*/log"), *folder.glob("n*/monitor.log")):
            print(f"---- {path}:", *path.read_text(errors="replace").splitlines()[-60:], sep="\n")
        shutil.rmtree(folder, ignore_errors=True)


class Caller:
    """A client of one node: what it calls is to succeed at once. In a build that is slow
    enough for an election out of turn it repeats a call, as any client does."""

    def __init__(self, cluster, node):
        self.rpc = Rpc(cluster.socket(node), timeout=60)
        self.id = time.monotonic_ns()
        self.seq = 0

    def change(self, method, **params):
        self.seq += 1
        return self.ask(method, client=self.id, seq=self.seq,
                        **{"timeout_ms": 30000, **params})["code"]

    def ask(self, method, **params):
        end = time.monotonic() + 90
        while True:
            try:
                return self.rpc.call(method, **params)
            except Refused as e:
                if MODE == "release" or e.code not in RETRIED or time.monotonic() > end:
                    raise
            time.sleep(0.02)

    def close(self):
        self.rpc.close()


@contextlib.contextmanager
def caller(cluster, node):
    c = Caller(cluster, node)
    try:
        yield c
    finally:
        c.close()


def raft_log(cluster, node):
    return (cluster.dir / node / "log").read_text(errors="replace")


def leader_of(cluster):
    def find():
        with contextlib.suppress(Broken, Refused, OSError), caller(cluster, "n1") as c:
            return c.ask("cluster.status")["leader"]
        return None
    return wait_for(find, 60)


def states(cluster, node):
    try:
        with caller(cluster, node) as c:
            return {n["name"]: n["state"] for n in c.ask("node.list", stale=True)}
    except (Broken, Refused, OSError) as e:
        return {"": str(e)}


def node_of(cluster, ask, name):
    with caller(cluster, ask) as c:
        return c.ask("node.get", name=name)


def service(cluster, node, name="svc"):
    """A group with one process, online on that node; the file that has its pid."""
    pid_file = cluster.dir / f"{name}.pid"
    starts = cluster.dir / f"{name}.starts"
    with caller(cluster, "n1") as c:
        assert c.change("group.create", name=name) == 0
        assert c.change("resource.create", name=f"{name}-r", group=name, type="process",
                        properties={"CommandLine": f"echo $$ >> {starts}; echo $$ > {pid_file}; "
                                                   f"exec sleep 100000"}) == 0
        if c.ask("group.get", name=name)["owner"] != node:
            c.change("group.move", name=name, node=node)
            wait_for(lambda: c.ask("group.get", name=name)["owner"] == node)
        c.change("group.online", name=name)
        wait_for(lambda: c.ask("group.get", name=name)["state"] == "Online", 60)
        assert c.ask("group.get", name=name)["owner"] == node
    wait_for(lambda: pid_file.exists() and pid_file.read_text().strip())
    return Service(pid_file, starts)


class Service:
    def __init__(self, pid_file, starts):
        self.pid_file, self.starts = pid_file, starts
        self.first = self.pid()

    def pid(self):
        return int(self.pid_file.read_text())

    def never_stopped(self):
        return (self.pid() == self.first and is_alive(self.first)
                and len(self.starts.read_text().split()) == 1)


def fill_log(caller, until, count=4000):
    """Write until the condition holds: what is prepared, and then no more than it takes to see
    it, so that there is not much to catch up with. No call may fail."""
    for i in range(count):
        text = TEXT if i < LARGE else ""
        assert caller.change("group.set", name="load", properties={"Description": f"{i} {text}"}) \
            == 0
        if i >= LARGE:
            time.sleep(0.005)
        if i % 50 == 0 and until():
            return
    raise AssertionError("the log takes whatever is written")


def is_behind(cluster, ask, node):
    return node_of(cluster, ask, node)["log"] != "current"


def equal_copies(cluster):
    def same():
        try:
            answers = [*ask_all(cluster, "cluster.digest").values()]
        except (Broken, Refused, OSError):
            return False
        by_index = {}
        for a in answers:
            by_index.setdefault(a["index"], set()).add(a["digest"])
        return len(by_index) == 1 and len(by_index[answers[0]["index"]]) == 1
    wait_for(same, 120)


@pytest.mark.parametrize("victim_leads", [False, True], ids=["follower", "leader"])
def test_a_full_disk_of_one_node_stops_nothing(cluster, victim_leads):
    leader = leader_of(cluster)
    victim = leader if victim_leads else next(n for n in cluster.names if n != leader)
    other = next(n for n in cluster.names if n not in (leader, victim))
    kept = service(cluster, victim)
    with caller(cluster, other) as c:
        assert c.change("group.create", name="load") == 0
        cluster.disk([victim], "full")
        fill_log(c, lambda: is_behind(cluster, other, victim))
        assert kept.never_stopped()
        assert "waits for its disk" in raft_log(cluster, victim)

        # It is given nothing: a new group goes elsewhere, though it has the fewest.
        assert c.change("group.create", name="new") == 0
        assert c.ask("group.get", name="new")["owner"] != victim
        end = time.monotonic() + LEASES_PASS  # And nothing is to happen.
        while time.monotonic() < end:
            assert c.change("group.set", name="load", properties={"Description": "small"}) == 0
            time.sleep(0.5)
        assert kept.never_stopped()
        assert states(cluster, other)[victim] == "Up"
        assert "declared down" not in raft_log(cluster, victim)

        # There is room again: all as before.
        cluster.disk([victim], "ok")
        wait_for(lambda: not is_behind(cluster, other, victim), 90)
        equal_copies(cluster)
        assert kept.never_stopped()
        # And what is asked of it is done.
        assert c.change("group.offline", name="svc") == ERROR_IO_PENDING
        wait_for(lambda: c.ask("group.get", name="svc")["state"] == "Offline", 60)


def test_what_is_asked_of_a_node_with_a_full_disk_ends(cluster):
    leader = leader_of(cluster)
    victim = next(n for n in cluster.names if n != leader)
    other = next(n for n in cluster.names if n not in (leader, victim))
    moved = service(cluster, victim)
    with caller(cluster, other) as c:
        assert c.change("group.create", name="load") == 0
        cluster.disk([victim], "full")
        fill_log(c, lambda: is_behind(cluster, other, victim))
        assert moved.never_stopped()
        assert c.change("group.move", name="svc", node=other) == ERROR_IO_PENDING
        wait_for(lambda: c.ask("group.get", name="svc")["state"] == "Online", 60)
        assert c.ask("group.get", name="svc")["owner"] != victim
        assert not is_alive(moved.first)
        causes = [e["cause"] for e in c.ask("events.list", limit=500)]
        assert "log-behind" in causes and "log-behind-work" in causes
        cluster.disk([victim], "ok")
        wait_for(lambda: states(cluster, other)[victim] == "Up", 90)
        wait_for(lambda: not is_behind(cluster, other, victim), 90)
        equal_copies(cluster)
        assert is_alive(moved.pid())


def until_refused(caller, count=4000):
    """Write until that is refused; no call may end otherwise, or take long."""
    for i in range(count):
        began = time.monotonic()
        try:
            assert caller.change("group.set", name="load",
                                 properties={"Description": f"{i} {TEXT}"}) == 0
        except Refused as e:
            assert e.code == ERROR_DISK_FULL, e
            assert time.monotonic() - began < 5 * SLOW
            return str(e)
    raise AssertionError("the log takes whatever is written")


def is_refused(caller):
    try:
        caller.change("group.set", name="load", properties={"Description": "small"})
        return False
    except Refused as e:
        assert e.code == ERROR_DISK_FULL, e
        return True


@pytest.mark.parametrize("how_many", [2, 3])
def test_full_disks_of_a_majority_make_it_read_only(cluster, how_many):
    leader = leader_of(cluster)
    full = [leader, *(n for n in cluster.names if n != leader)][:how_many]
    kept = service(cluster, leader)
    with caller(cluster, cluster.names[-1]) as c:
        assert c.change("group.create", name="load") == 0
        cluster.disk(full, "full")
        text = until_refused(c)
        # Two are a majority: that the third one is full, too, may be known only later.
        assert "free some space" in text and sum(n in text for n in full) >= 2, text
        end = time.monotonic() + LEASES_PASS
        while time.monotonic() < end:
            for node in cluster.names:
                with caller(cluster, node) as r:
                    assert r.ask("group.get", name="svc")["state"] == "Online"
            assert is_refused(c)
            assert "free some space" in c.ask("cluster.status")["read_only"]
            time.sleep(0.5)
        assert kept.never_stopped()
        assert set(states(cluster, leader).values()) == {"Up"}
        for node in full:
            assert node_of(cluster, node, node)["disk_low"]

        cluster.disk(full, "ok")
        wait_for(lambda: not is_refused(c), 60)
        wait_for(lambda: c.ask("cluster.status")["read_only"] is None, 60)
        assert c.change("group.offline", name="svc") == ERROR_IO_PENDING
        wait_for(lambda: c.ask("group.get", name="svc")["state"] == "Offline", 60)
        equal_copies(cluster)
