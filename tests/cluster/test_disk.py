"""Full disks and rotten bytes: nothing acknowledged is lost, nothing wrong is served."""

import contextlib
import errno
import os
import re
import subprocess

import pytest
from harness import BIN, SLOW, Broken, Client, Cluster, Refused, in_thread, wait_for

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small tmpfs")


def fill(path):
    """Take every block that is left."""
    with open(path, "wb", buffering=0) as f:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    f.write(b"x" * size)
            except OSError as e:
                assert e.errno == errno.ENOSPC
    return path


def write_groups(stop, cluster, acknowledged):
    """Create groups with long texts; remember what was acknowledged."""
    client = Client(cluster)
    i = 0
    while not stop.is_set():
        i += 1
        name = f"w{i}"
        text = f"{i} " * 5000
        try:
            code = client.change("group.create", name=name, properties={"Description": text},
                                 timeout_ms=8000)
        except (Refused, Broken):
            code = None
        if code == 0:
            acknowledged[name] = text
            if i > 40:
                # Forgotten first: one that ends without an answer may have been done.
                acknowledged.pop(f"w{i - 40}", None)
                with contextlib.suppress(Broken):
                    client.change("group.delete", name=f"w{i - 40}", timeout_ms=8000)
    client.close()


def assert_all_there(cluster, acknowledged):
    for node in cluster.names:
        there = {g["name"]: g["description"] for g in cluster.json(node, "group", "list")}
        for name, text in acknowledged.items():
            assert there.get(name) == text, (node, name)


@needs_root
@pytest.mark.parametrize("victim_leads", [False, True], ids=["follower", "leader"])
def test_full_disk_under_load_loses_nothing(victim_leads):
    acknowledged = {}
    with Cluster(small_disks=64) as c:
        with in_thread(write_groups, c, acknowledged):
            wait_for(lambda: len(acknowledged) > 20)
            leader = c.leader()
            victim = leader if victim_leads else next(n for n in c.names if n != leader)
            filler = fill(c.dir / victim / "filler")
            others = [n for n in c.names if n != victim]
            progress = Client(c, first=others[0])
            raft = c.dir / victim / "raft"
            try:
                # libraft has prepared segments: only behind them the disk is full.
                wait_for(lambda: not any(used_bytes(f) == 0 for f in raft.glob("open-*")), 60)
                goal = len(acknowledged) and progress.ask("cluster.status")["index"] + 200
                wait_for(lambda: progress.ask("cluster.status")["index"] > goal, 40,
                         lambda: progress.ask("cluster.status")["index"])
            finally:
                filler.unlink()
            goal = progress.ask("cluster.status")["index"]
            wait_for(lambda: index_of(c, victim) > goal, 60, lambda: index_of(c, victim))
            progress.close()
        c.assert_equal_copies()
        assert_all_there(c, acknowledged)
        for node in c.names:
            assert "digest" not in (c.dir / node / "log").read_text()


@needs_root
def test_a_daemon_that_is_restarted_on_a_full_disk_goes_on():
    with Cluster(small_disks=64) as c:
        victim = next(n for n in c.names if n != c.leader())
        incarnation = c.json(victim, "node", "show", victim)["incarnation"]
        filler = fill(c.dir / victim / "filler")
        try:
            c.kill_daemon(victim)  # Its log and pid file cannot be written: it is asked.
            wait_for(lambda: index_of(c, victim) == 0)
            wait_for(lambda: index_of(c, victim) > 0, 60)
        finally:
            filler.unlink()
        node = c.json(victim, "node", "show", victim)
        assert (node["state"], node["incarnation"]) == ("Up", incarnation)
        c.assert_equal_copies()


def index_of(cluster, node):
    try:
        return cluster.json(node, "cluster", "digest")["index"]
    except (AssertionError, ValueError):
        return 0


def some_log(cluster):
    client = Client(cluster)
    for i in range(60):
        assert client.change("group.create", name=f"k{i}",
                             properties={"Description": "text " * 20}) == 0
    client.close()


def flip(path, offset):
    with open(path, "r+b") as f:
        f.seek(offset)
        byte = f.read(1)[0]
        f.seek(offset)
        f.write(bytes([byte ^ 0x10]))


def used_bytes(path):
    try:
        return len(path.read_bytes().rstrip(b"\0"))
    except FileNotFoundError:
        return 1  # Closed and renamed meanwhile: it was used.


def newest(raft, pattern):
    files = [f for f in raft.glob(pattern) if used_bytes(f) > 8]
    assert files, (pattern, list(raft.iterdir()))
    return max(files, key=lambda f: f.stat().st_mtime)


def refuses_to_start(cluster, node, file):
    config = cluster.dir / node / "holdfast.conf"
    done = subprocess.run([BIN / "holdfastd", "--config", config], text=True, capture_output=True,
                          timeout=60 * SLOW, check=False)
    assert done.returncode == 71, (done.returncode, done.stderr)
    assert file in done.stderr, done.stderr
    log = (cluster.dir / node / "log").read_text()
    assert re.search(r"is damaged and is not used", log)


PATTERNS = {"open": "open-*", "closed": "0*-0*", "snapshot": "snapshot-*[0-9]"}


def until_snapshot(cluster, node):
    """Write until so much has been logged that the node takes a snapshot."""
    client = Client(cluster)
    n = 0
    while not list((cluster.dir / node / "raft").glob(PATTERNS["snapshot"])):
        n += 1
        assert client.change("group.set", name="k0",
                             properties={"Description": f"{n} " * 5000}) == 0
    client.close()


@pytest.mark.parametrize("kind", ["open", "closed", "snapshot"])
def test_a_flipped_byte_is_found_and_named(kind):
    with Cluster() as c:
        some_log(c)
        if kind == "snapshot":
            until_snapshot(c, "n2")
        if kind == "closed":
            c.script("down")  # Closes the open segments.
        else:
            c.script("kill")
        raft = c.dir / "n2" / "raft"
        victim = newest(raft, PATTERNS[kind])
        used = used_bytes(victim)
        for offset in (used // 3, used // 2, used - 3):
            flip(victim, offset)
            refuses_to_start(c, "n2", victim.name)
            flip(victim, offset)
        # The others have the data and go on; mended, so does this one.
        c.script("start")
        assert len(c.json("n2", "group", "list")) == 60
        c.assert_equal_copies()
