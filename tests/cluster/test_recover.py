"""A majority is lost for good: `holdfast cluster recover`, before, during and after."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from harness import (BIN, ROOMY_LEASE_MS, SLOW, TOP, Broken, Client, Cluster, Refused, Rpc,
                     wait_for)
from ports import free_port
from test_join_command import replace
from test_membership import start

sys.path.insert(0, str(TOP / "tests"))

from faults.processes import is_alive  # noqa: E402

NO_QUORUM = 5925
INVALID_STATE = 5023
ACCESS_DENIED = 5
NEWER_ELSEWHERE = 5083
UNUSABLE = 71


def make_groups(client, *names):
    for name in names:
        assert client.change("group.create", name=name) == 0
        assert client.change("resource.create", name=f"{name}-r", group=name, type="dummy") == 0
        client.change("group.online", name=name)
        client.wait_group(name, "Online")


def stale(cluster, node, method, **params):
    rpc = cluster.rpc(node)
    try:
        return rpc.call(method, stale=True, **params)
    finally:
        rpc.close()


def knows(cluster, node, group):
    try:
        return stale(cluster, node, "group.get", name=group)["state"] == "Online"
    except Refused:
        return False


def has_quorum(cluster, node):
    """True as long as it is not known, too: it may still be starting."""
    try:
        return stale(cluster, node, "cluster.status")["quorum"]
    except (Broken, Refused):
        return True


def lose(cluster, *names):
    """For good, as far as the others can tell."""
    for name in names:
        cluster.script("kill", name)
    left = [n for n in cluster.names if n not in names]
    wait_for(lambda: not any(has_quorum(cluster, n) for n in left))
    return left


def survey(cluster, node):
    rpc = cluster.rpc(node)
    try:
        return rpc.call("cluster.survey")
    finally:
        rpc.close()


def reached(said):
    """Whom a survey has an answer of."""
    return {m["name"] for m in said["members"] if m["reached"]}


def refusal(cluster, node, *args):
    """What `cluster recover` says against it, as a code."""
    done = cluster.cli(node, "cluster", "recover", "--yes", *args, check=False)
    assert done.returncode == 1, (done.stdout, done.stderr)
    return int(done.stderr.rpartition("(")[2].split()[0]), done.stderr


def newest_first(cluster, names):
    surveys = {n: survey(cluster, n) for n in names}
    return sorted(names, key=lambda n: (surveys[n]["last_term"], surveys[n]["last_index"]),
                  reverse=True)


def has_ended_for_good(cluster, name):
    """It says why, marks its folder, and is not started again."""
    folder = cluster.dir / name
    supervisor = int((folder / "supervisor.pid").read_text())
    wait_for(lambda: (folder / "diverged").exists())
    wait_for(lambda: not is_alive(supervisor))
    assert "new epoch without this node" in (folder / "log").read_text()
    assert "`holdfast node join --replace`" in (folder / "log").read_text()


def start_is_refused(cluster, name):
    start(cluster, name)
    assert cluster.joined[name].wait(30 * SLOW) == UNUSABLE
    has_ended_for_good(cluster, name)


def join_empty(cluster, name, seed):
    folder = cluster.dir / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "holdfast.conf").write_text(
        f"[node]\nname = {name}\ndata = {folder}\nsocket = {folder}/api.sock\nlog = {folder}/log\n"
        f"address = 127.0.0.1:{free_port()}\n"
        f"[cluster]\nname = local\njoin = 127.0.0.1:{cluster.port(seed)}\nprofile = fast\n"
        f"{cluster.timing()}")
    start(cluster, name)
    cluster.wait_daemon(name)


def epochs(cluster, names):
    return {n: stale(cluster, n, "cluster.status")["epoch"] for n in names}


def voters(cluster, node):
    return sorted(n["name"] for n in cluster.json(node, "node", "list") if n["role"] == "voter")


def test_three_of_five_are_gone_and_one_goes_on():
    with Cluster(5, profile="fast", lease_ms=ROOMY_LEASE_MS) as c:
        c.joined = {}
        client = Client(c)
        make_groups(client, "g1", "g2", "g3", "g4", "g5")
        client.close()
        # As long as there is a leader there is nothing to recover; and never from elsewhere.
        assert refusal(c, "n1")[0] == INVALID_STATE
        far = Rpc(("127.0.0.1", c.port("n1")))
        with pytest.raises(Refused) as e:
            far.call("cluster.survey")
        assert e.value.code == ACCESS_DENIED
        with pytest.raises(Refused) as e:
            far.call("cluster.recover", name="local", epoch=2, last_term=1, last_index=1)
        assert e.value.code == ACCESS_DENIED
        far.close()

        leader = c.leader()
        lost = [leader] + [n for n in c.names if n != leader][:2]
        for n in c.names:
            wait_for(lambda n=n: all(knows(c, n, f"g{i}") for i in range(1, 6)))
        left = lose(c, *lost)
        one = c.rpc(left[0])
        with pytest.raises(Refused) as e:
            one.call("group.create", name="never", timeout_ms=1000)
        assert e.value.code == NO_QUORUM
        one.close()

        here, other = newest_first(c, left)
        # A survey gives the others a second, however slow they are.
        said = wait_for(lambda: reached(s := survey(c, here)) == {other} and s)
        members = {m["name"]: m for m in said["members"]}
        assert said["epoch"] == 1 and said["refusal"] is None and said["groups"] == 5
        assert {n for n, m in members.items() if m["dropped"]} == set(c.names) - {here}
        assert said["last_index"] >= said["committed_index"] > 0

        done = c.cli(here, "cluster", "recover", "--yes")
        print(done.stdout)
        assert "as epoch 2" in done.stdout
        client = Client(c, here)
        client.nodes = iter([here] * 1000)
        for i in range(1, 6):
            assert client.wait_group(f"g{i}", "Online")["owner"] == here
        assert [n["name"] for n in client.ask("node.list")] == [here]
        status = c.cli(here, "cluster", "status").stdout
        assert "epoch 2" in status
        assert c.cli(here, "cluster", "get", "epoch").stdout == "2\n"
        told = [e for e in client.ask("events.list", limit=500) if e["cause"] == "recovered" and
                e["object"] == "cluster"]
        assert len(told) == 1 and told[0]["text"].startswith("epoch 2, without ")
        assert not (c.dir / here / "recover").exists()

        # Whoever is of the old epoch ends for good, whether it was there all the time or not.
        has_ended_for_good(c, other)
        start_is_refused(c, other)
        start_is_refused(c, lost[0])

        # It grows again: by one that comes back empty, and by new ones.
        replace(c, other)
        join_empty(c, "n6", here)
        c.names = [here, other, "n6"]
        wait_for(lambda: voters(c, here) == sorted(c.names), describe=lambda: voters(c, here))
        ids = {n["name"]: n["id"] for n in client.ask("node.list")}
        assert ids[other] > 5 and ids["n6"] > 5
        assert epochs(c, c.names) == {n: 2 for n in c.names}
        c.assert_equal_copies()
        # They know the epoch before anything else when they start.
        c.kill_daemon("n6")
        c.wait_daemon("n6")
        start_is_refused(c, lost[1])
        client.close()
        c.names += lost


def test_a_majority_that_lives_is_no_lost_one():
    """Without a leader, but able to elect one: of three, two that were told nothing of."""
    with Cluster(3, profile="fast", lease_ms=ROOMY_LEASE_MS) as c:
        for _ in range(3):
            code, words = refusal(c, "n2")
            assert code == INVALID_STATE and ("leader" in words or "majority" in words)
        c.script("freeze", "n1")  # Two are left: still a majority.
        wait_for(lambda: "n3" in reached(survey(c, "n2")))
        assert refusal(c, "n2")[0] == INVALID_STATE
        c.script("thaw", "n1")
        # Typed wrong, nothing is done, even where it could be.
        c.script("kill", "n1")
        left = lose(c, "n1", "n3")
        assert left == ["n2"]
        env = dict(os.environ, HOLDFAST_SOCKET=str(c.socket("n2")))
        for words in ("", "yes\n", "lokal\n"):
            done = subprocess.run([BIN / "holdfast", "cluster", "recover"], env=env, input=words,
                                  text=True, capture_output=True, timeout=60 * SLOW)
            assert done.returncode == 1 and "nothing was done" in done.stderr
        assert c.cli("n2", "--json", "cluster", "recover", check=False).returncode == 2
        assert not (c.dir / "n2" / "recover").exists()
        done = subprocess.run([BIN / "holdfast", "cluster", "recover"], env=env, input="local\n",
                              text=True, capture_output=True, timeout=60 * SLOW)
        assert done.returncode == 0, done.stderr
        assert c.json("n2", "cluster", "status")["epoch"] == 2


def test_the_newer_log_is_to_go_on():
    with Cluster(5, profile="fast", lease_ms=ROOMY_LEASE_MS) as c:
        c.joined = {}
        client = Client(c)
        make_groups(client, "g1")
        leader = c.leader()
        behind, ahead = [n for n in c.names if n != leader][:2]
        wait_for(lambda: knows(c, behind, "g1"))
        c.script("kill", behind)
        client.nodes = iter([ahead] * 1000)
        client.close()
        make_groups(client, "g2")
        wait_for(lambda: knows(c, ahead, "g2"))
        client.close()
        for name in set(c.names) - {ahead, behind}:
            c.script("kill", name)
        c.script("start", "--no-wait", behind)
        wait_for(c.socket(behind).exists)
        for n in (ahead, behind):
            wait_for(lambda n=n: not has_quorum(c, n))
        code, words = refusal(c, behind)
        assert code == NEWER_ELSEWHERE and ahead in words and "run it there" in words
        assert survey(c, ahead)["refusal"] is None
        # An operator may insist, and loses what he was told of.
        c.cli(behind, "cluster", "recover", "--yes", "--force")
        assert [g["name"] for g in c.json(behind, "group", "list")] == ["g1"]
        has_ended_for_good(c, ahead)


def recover_without_waiting(cluster, node):
    """Only what the daemon is told."""
    with contextlib.suppress(Broken, Refused):
        rpc = cluster.rpc(node)
        said = rpc.call("cluster.survey")
        rpc.call("cluster.recover", name="local", epoch=said["epoch"] + 1,
                 last_term=said["last_term"], last_index=said["last_index"])


def kill_now_and_then(cluster, node, times, rng):
    """SIGKILL of the daemon, at moments that no stage is safe from."""
    killed = 0
    while killed < times:
        time.sleep(rng.uniform(0, 1.5 * SLOW))  # The pace of the killer, not a wait.
        with contextlib.suppress(OSError, ValueError):
            cluster.kill_daemon(node)
            killed += 1


def test_killed_at_any_moment_it_is_recovered_or_as_before():
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    with Cluster(3, profile="fast", lease_ms=ROOMY_LEASE_MS) as c:
        c.joined = {}
        client = Client(c)
        make_groups(client, "g1", "g2")
        client.close()
        wait_for(lambda: knows(c, "n1", "g2"))
        lose(c, "n2", "n3")
        file = c.dir / "n1" / "recover"

        # Before it was confirmed it is as before, however often it starts.
        pid = c.kill_daemon("n1")
        wait_for(lambda: (c.dir / "n1" / "pid").exists() and c.pid("n1") != pid)
        (c.dir / "n1" / "recover.new").write_text("epoch 2 hi")
        wait_for(lambda: c.socket("n1").exists())

        def survey_shows_two():
            try:
                return survey(c, "n1")["groups"] == 2
            except (Broken, Refused):
                return False

        wait_for(survey_shows_two)  # Read from the log: nothing of it is applied.
        recover_without_waiting(c, "n1")
        assert file.exists() or stale(c, "n1", "cluster.status")["epoch"] == 2
        kill_now_and_then(c, "n1", 8, rng)

        def recovered():
            try:
                status = stale(c, "n1", "cluster.status")
            except (Broken, Refused):
                return False
            return status["epoch"] == 2 and status["quorum"]

        wait_for(recovered, 60)
        c.wait_daemon("n1")
        wait_for(lambda: not file.exists())
        client = Client(c, "n1")
        client.nodes = iter(["n1"] * 1000)
        for g in ("g1", "g2"):
            assert client.wait_group(g, "Online")["owner"] == "n1"
        events = client.ask("events.list", limit=500)
        assert sum(e["cause"] == "recovered" and e["object"] == "cluster" for e in events) == 1
        client.close()

        # A file of an epoch that has begun is of no more use.
        join_empty(c, "n4", "n1")
        join_empty(c, "n5", "n1")
        c.names = ["n1", "n4", "n5"]
        wait_for(lambda: voters(c, "n1") == c.names)
        file.write_text("epoch 2 highest 3 begun\n")
        pid = c.kill_daemon("n1")
        c.wait_daemon("n1", not_pid=pid)
        assert not file.exists()
        assert [n["name"] for n in c.json("n4", "node", "list")] == c.names
        c.assert_equal_copies()
        c.names += ["n2", "n3"]
