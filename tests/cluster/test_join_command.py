"""`holdfast node join`: a machine becomes a member, and one that lost its data comes back."""

import contextlib
import json
import os
import signal
import subprocess
import time

from harness import BIN, SLOW, Cluster, wait_for
from ports import free_port

DEADLINE = 120 * SLOW


def join(cluster, *words, check=True):
    done = subprocess.run([BIN / "holdfast", "--timeout", str(DEADLINE), "node", "join", *words],
                          text=True, capture_output=True, timeout=DEADLINE + 30,
                          env={k: v for k, v in os.environ.items() if k != "HOLDFAST_SOCKET"})
    assert not check or done.returncode == 0, (words, done.returncode, done.stderr, done.stdout)
    return done


def member(cluster, name, ask="n1"):
    nodes = json.loads(cluster.cli(ask, "--json", "node", "list").stdout)
    return next((n for n in nodes if n["name"] == name), None)


def seed(cluster, name="n1"):
    return f"127.0.0.1:{cluster.port(name)}"


def supervisors(cluster, name):
    """Those who keep a daemon with the file of this node."""
    conf = str(cluster.dir / name / "holdfast.conf")
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().decode(errors="replace").split("\0")
            if words[0].endswith("holdfastd") and conf in words:
                found.append(int(pid))
    return found


def adopt(cluster, name):
    """So that scripts/cluster knows, and ends, what the command started."""
    parents = [p for p in supervisors(cluster, name)
               if p != int((cluster.dir / name / "pid").read_text())]
    (cluster.dir / name / "supervisor.pid").write_text(f"{parents[0]}\n")


def words_for(cluster, name):
    folder = cluster.dir / name
    return ["--name", name, "--data", str(folder), "--config", str(folder / "holdfast.conf"),
            "--address", f"127.0.0.1:{free_port()}"]


def add(cluster, name, *more):
    (cluster.dir / name).mkdir(exist_ok=True)
    done = join(cluster, seed(cluster), *words_for(cluster, name), "--wait", *more)
    adopt(cluster, name)
    cluster.names.append(name)
    return done


def replace(cluster, name, *more):
    done = join(cluster, "--replace", "--config", str(cluster.dir / name / "holdfast.conf"),
                "--wait", *more)
    adopt(cluster, name)
    return done


def wait_for_end(cluster, name):
    """Until nothing keeps a daemon of this node any more."""
    wait_for(lambda: not supervisors(cluster, name))


def corrupt_log(cluster, name):
    """Flip a byte in the first entry of a segment. Returns the segment's name."""
    raft = cluster.dir / name / "raft"
    segment = next(p for p in sorted(raft.iterdir(), reverse=True)
                   if p.name.startswith("open-") or p.name[0] == "0")
    data = bytearray(segment.read_bytes())
    data[60] ^= 0x20
    segment.write_bytes(data)
    return segment.name


def test_a_machine_joins_by_one_command():
    with Cluster(2, profile="fast") as c:
        done = add(c, "n3")
        assert "Up as node 3" in done.stdout, done.stdout
        text = (c.dir / "n3" / "holdfast.conf").read_text()
        assert "lease_ms = 800" in text  # As the member has it, without having been told.
        assert (c.dir / "n3" / "holdfast.conf").stat().st_mode & 0o77 == 0
        assert seed(c, "n2") in text  # All members, lest the one that was named be gone.

        # Once more changes nothing, and says so.
        again = join(c, seed(c), "--config", str(c.dir / "n3" / "holdfast.conf"), "--wait")
        assert "Up as node 3" in again.stdout
        assert (c.dir / "n3" / "holdfast.conf").read_text() == text

        add(c, "n4", "--witness")
        assert member(c, "n4")["witness"] is True
        assert member(c, "n3")["witness"] is False
        c.assert_equal_copies()


def test_a_node_that_was_recovered_by_mistake_comes_back_to_the_others():
    """It brings its own epoch along as little as its log: they would end for a later one."""
    with Cluster(3, profile="fast") as c:
        c.script("kill", "n2")
        c.script("kill", "n3")
        wait_for(lambda: c.cli("n1", "cluster", "recover", "--yes", check=False).returncode == 0, 120)
        assert (c.dir / "n1" / "epoch").read_text() == "2\n"
        c.script("stop", "n1")
        for name in ("n2", "n3"):  # They were not lost after all.
            c.script("start", "--no-wait", name)
        c.wait_daemon("n2")
        wait_for(lambda: member(c, "n1", "n2")["state"] == "Down")
        # Even if only its log and its place are taken away by hand.
        saved = c.dir / "n1" / "saved"
        saved.mkdir()
        for name in ("raft", "member"):
            (c.dir / "n1" / name).rename(saved / name)
        replace(c, "n1")
        assert member(c, "n1", "n2")["state"] == "Up"
        assert {c.json(n, "cluster", "status")["epoch"] for n in c.names} == {1}
        c.assert_equal_copies()


def refused(cluster, code, *words):
    done = join(cluster, "--json", *words, check=False)
    assert done.returncode in (1, 2, 3), (done.stdout, done.stderr)
    fault = json.loads(done.stderr)
    assert fault["error"] == code and fault["advice"], fault
    return fault["message"]


def test_what_is_refused_and_why():
    with Cluster(1, profile="fast") as c:
        folder = c.dir / "n2"
        folder.mkdir()
        conf = folder / "holdfast.conf"
        words = words_for(c, "n2")

        assert "no member answers" in refused(c, 1722, f"127.0.0.1:{free_port()}", *words)
        # Whose name is whose.
        assert "with another data folder" in refused(
            c, 5040, seed(c), *words_for(c, "n2"), "--name", "n1")
        # On one machine nobody can guess a port.
        assert "address" in refused(c, 87, seed(c), *words[:-2])
        assert "is in use" in refused(c, 170, seed(c), *words[:-1], seed(c))
        # The life of another cluster.
        with Cluster(1, profile="fast") as other:
            other.script("stop")
            data = other.dir / "n1"
            assert "no member of cluster" in refused(
                c, 5893, seed(c), "--name", "n2", "--data", str(data), "--config", str(conf),
                "--address", f"127.0.0.1:{free_port()}")
            # A file that says otherwise, and one of a node that forms a cluster.
            assert "says name = n1" in refused(c, 183, seed(c), "--name", "n2", "--config",
                                               str(data / "holdfast.conf"))
        assert not conf.exists() and not (folder / "raft").exists()
        # A folder in which a daemon lives.
        assert "holdfastd runs on" in refused(c, 170, "127.0.0.1:1", "--replace", "--config",
                                              str(c.dir / "n1" / "holdfast.conf"))
        # A file that is none.
        conf.write_text("[node]\nname = n2\nnonsense\n")
        assert "holdfast.conf:3" in refused(c, 13, seed(c), "--config", str(conf))
        assert [n["name"] for n in c.json("n1", "node", "list")] == ["n1"]


def test_a_corrupt_log_is_replaced_by_one_command():
    with Cluster(3, profile="fast") as c:
        c.cli("n1", "group", "create", "web")
        c.cli("n1", "resource", "create", "web/server", "--type", "dummy")
        c.cli("n1", "group", "online", "web", "--wait")
        c.cli("n1", "group", "move", "web", "--to", "n3", "--wait")
        old = member(c, "n3")
        c.script("kill", "n3")
        name = corrupt_log(c, "n3")
        done = subprocess.run([BIN / "holdfastd", "--config", c.dir / "n3" / "holdfast.conf"],
                              timeout=60 * SLOW, capture_output=True, text=True, check=False)
        assert done.returncode == 71
        log = (c.dir / "n3" / "log").read_text()
        assert f"{name} is corrupt" in log and "holdfast node join --replace" in log

        done = replace(c, "n3")
        new = member(c, "n3")
        assert new["state"] == "Up" and new["id"] == 4 and new["disk"] != old["disk"]
        aside = next((c.dir / "n3").glob("old-*"))
        assert (aside / "raft" / name).exists() and str(aside) in done.stdout
        assert not (c.dir / "n3" / "diverged").exists()
        assert not (c.dir / "n3" / "rejoin").exists()
        c.assert_equal_copies()
        assert c.json("n1", "group", "show", "web")["state"] == "Online"
        text = (c.dir / "n3" / "holdfast.conf").read_text()
        assert "\njoin = " in text and "\n# peers = " in text and "profile = fast" in text

        # It may happen again, to one that joined.
        c.script("kill", "n3")
        corrupt_log(c, "n3")
        replace(c, "n3")
        assert member(c, "n3")["id"] == 5
        c.assert_equal_copies()


def test_an_evicted_node_comes_back():
    with Cluster(3, profile="fast") as c:
        c.cli("n1", "node", "evict", "n3", "--force")
        wait_for_end(c, "n3")
        assert (c.dir / "n3" / "diverged").exists()
        replace(c, "n3")
        assert member(c, "n3")["state"] == "Up" and member(c, "n3")["id"] == 4
        c.assert_equal_copies()


def test_a_new_disk_and_steps_that_were_broken_off():
    with Cluster(3, profile="fast") as c:
        conf = c.dir / "n3" / "holdfast.conf"
        # It lives elsewhere: another folder of the same name must not take its place.
        text = conf.read_text()
        elsewhere = c.dir / "elsewhere"
        elsewhere.mkdir()
        copy = elsewhere / "holdfast.conf"
        copy.write_text(text.replace(str(c.dir / "n3"), str(elsewhere)))
        done = join(c, "--replace", "--config", str(copy), check=False)
        assert done.returncode == 1 and "is in use" in done.stderr
        copy.write_text(copy.read_text().replace(f"n3=127.0.0.1:{c.port('n3')}",
                                                 f"n3=127.0.0.1:{free_port()}"))
        done = join(c, "--replace", "--config", str(copy), check=False)
        assert done.returncode == 1 and "it is Up" in done.stderr, done.stderr
        assert member(c, "n3")["id"] == 3 and not list(elsewhere.glob("old-*"))

        # Evicted, and nothing more.
        c.script("kill", "n3")
        wait_for(lambda: member(c, "n3")["state"] == "Down")
        c.cli("n1", "node", "evict", "n3", "--force")
        # Set aside by halves: no daemon starts on it.
        (c.dir / "n3" / "diverged").write_text("broken off\n")
        (c.dir / "n3" / "raft").rename(c.dir / "n3" / "old-raft")
        started = subprocess.run([BIN / "holdfastd", "--config", conf], timeout=60 * SLOW,
                                 capture_output=True, check=False)
        assert started.returncode == 71
        # Written, and not started: the old file, with peers, is of no use any more.
        join(c, "--replace", "--config", str(conf), "--no-start")
        conf.rename(c.dir / "n3" / "joins.conf")
        conf.write_text(text)
        started = subprocess.Popen([BIN / "holdfastd", "--foreground", "--config", conf],
                                   stderr=subprocess.PIPE, text=True)
        _, words = started.communicate(timeout=60 * SLOW)
        assert started.returncode == 75 and "must say `join`" in words, words
        replace(c, "n3")
        assert member(c, "n3")["id"] == 4
        c.assert_equal_copies()
        # And after the end it is refused to begin anew while it runs.
        done = join(c, "--replace", "--config", str(conf), check=False)
        assert done.returncode == 1 and "nothing was changed" in done.stderr


def test_who_waits_for_a_parent_that_would_start_it_again():
    """A parent in its pause has no lock: it would start the daemon on what is half moved."""
    with Cluster(3, profile="fast") as c:
        pid = int((c.dir / "n3" / "supervisor.pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        try:
            os.kill(c.pid("n3"), signal.SIGKILL)
            time.sleep(0.1)
            done = join(c, "--replace", "--config", str(c.dir / "n3" / "holdfast.conf"), check=False)
            assert done.returncode == 1 and str(pid) in done.stderr, done.stderr
        finally:
            os.kill(pid, signal.SIGCONT)
        c.wait_daemon("n3")
        assert member(c, "n3")["id"] == 3
