"""A rolling upgrade: nodes of two levels in one cluster, and the raising at its end.

A node that `functional_level` in its file holds back stands for one with older programs.
"""

import subprocess

import pytest

from harness import BIN, SLOW, Client, Cluster, Refused, wait_for
from test_join_command import join, member, seed, words_for

INCOMPATIBLE = 5075


def hold_back(cluster, name, level):
    conf = cluster.dir / name / "holdfast.conf"
    lines = [l for l in conf.read_text().splitlines() if not l.startswith("functional_level")]
    if level is not None:
        lines.insert(lines.index("[node]") + 1, f"functional_level = {level}")
    conf.write_text("\n".join(lines) + "\n")


def restart(cluster, name, level=None):
    """With other programs, as it were."""
    cluster.script("stop", name)
    hold_back(cluster, name, level)
    cluster.script("start", name)
    cluster.wait_daemon(name)


def old_cluster(cluster):
    """All stopped, then founded anew by nodes that know level 1 only."""
    cluster.script("stop")
    for name in cluster.names:
        for part in ("raft", "identity", "member"):
            subprocess.run(["rm", "-rf", cluster.dir / name / part], check=True)
        hold_back(cluster, name, 1)
    cluster.script("start")


def level(cluster, name="n1"):
    return cluster.json(name, "cluster", "get")["level"]


def test_a_rolling_upgrade():
    with Cluster(3, profile="fast") as c:
        assert level(c) == 2  # As its founder knows.
        old_cluster(c)
        assert level(c) == 1
        client = Client(c)
        assert client.change("group.create", name="web") == 0
        assert client.change("resource.create", group="web", name="r", type="dummy") == 0

        # What came with level 2, where these programs have it.
        new = "TerminateBudget" in c.json("n1", "resource", "get", "r")

        # One after the other; the cluster works all the while, and what is new is refused.
        for name in c.names:
            refused = c.cli("n1", "cluster", "update-level", "--level", "2", check=False)
            assert refused.returncode == 1 and f"{name} (1" in refused.stderr, refused.stderr
            assert not new or new_is_refused(client)
            restart(c, name)
            assert member(c, name)["level_max"] == 2
            c.assert_equal_copies()
        assert c.json("n1", "cluster", "status")["level_possible"] == 2
        assert "cluster update-level" in c.cli("n2", "cluster", "status").stdout
        assert level(c) == 1

        # The last word of one that is down counts.
        restart(c, "n3", 1)
        c.script("stop", "n3")
        refused = c.cli("n1", "cluster", "update-level", "--level", "2", check=False)
        assert refused.returncode == 1 and "n3 (1, down)" in refused.stderr, refused.stderr
        hold_back(c, "n3", None)
        c.script("start", "n3")
        c.wait_daemon("n3")

        c.cli("n2", "cluster", "update-level")
        assert [level(c, n) for n in c.names] == [2, 2, 2]
        assert not new or not new_is_refused(client)
        refused = c.cli("n2", "cluster", "update-level", "--level", "1", check=False)
        assert refused.returncode == 1 and "never goes down" in refused.stderr
        client.close()

        # It outlasts a restart of all.
        c.script("stop")
        c.script("start")
        assert [level(c, n) for n in c.names] == [2, 2, 2]
        c.assert_equal_copies()


def new_is_refused(client):
    """Something that came with level 2."""
    return client.change("resource.set", name="r",
                         properties={"TerminateBudget": 1000}) == INCOMPATIBLE


def test_older_programs_end_and_harm_nothing():
    with Cluster(3, profile="fast") as c:
        old = member(c, "n3")
        c.script("stop", "n3")
        hold_back(c, "n3", 1)
        done = subprocess.run([BIN / "holdfastd", "--config", c.dir / "n3" / "holdfast.conf"],
                              timeout=60 * SLOW, capture_output=True, text=True, check=False)
        assert done.returncode == 78
        assert "its data is good" in (c.dir / "n3" / "log").read_text()
        # Put right, it goes on from where it was.
        hold_back(c, "n3", None)
        c.script("start", "n3")
        c.wait_daemon("n3")
        assert member(c, "n3")["disk"] == old["disk"] and member(c, "n3")["id"] == 3
        c.assert_equal_copies()


def test_a_new_node_must_know_the_level():
    with Cluster(1, profile="fast") as c:
        (c.dir / "n2").mkdir()
        join(c, seed(c), *words_for(c, "n2"), "--no-start")
        hold_back(c, "n2", 1)
        rpc = c.rpc("n1")
        with pytest.raises(Refused) as fault:
            rpc.call("peer.join", cluster="local", name="n2", address="127.0.0.1:1", disk="d" * 32,
                     witness=False, lease_ms=800, level=1, level_min=1)
        assert fault.value.code == INCOMPATIBLE
        with pytest.raises(Refused) as fault:  # A build from before levels.
            rpc.call("peer.join", cluster="local", name="n2", address="127.0.0.1:1", disk="d" * 32,
                     witness=False, lease_ms=800)
        assert fault.value.code == INCOMPATIBLE
        rpc.close()
        daemon = subprocess.Popen([BIN / "holdfastd", "--foreground", "--config",
                                   c.dir / "n2" / "holdfast.conf"], stderr=subprocess.PIPE)
        try:
            wait_for(lambda: "upgrade that node's programs" in
                     ((c.dir / "n2" / "log").read_text()
                      if (c.dir / "n2" / "log").exists() else ""))
            assert [n["name"] for n in c.json("n1", "node", "list")] == ["n1"]
        finally:
            daemon.kill()
            daemon.communicate()


def test_what_a_restart_finds_in_a_snapshot():
    """The level is in snapshots, too: a new node gets one, and the log after it."""
    with Cluster(3, profile="fast") as c:
        old_cluster(c)
        for name in c.names:
            restart(c, name)
        c.cli("n1", "cluster", "update-level")
        (c.dir / "n4").mkdir()
        join(c, seed(c), *words_for(c, "n4"), "--no-start")
        c.script("start", "n4")
        c.names.append("n4")
        c.wait_daemon("n4")
        assert level(c, "n4") == 2
        c.assert_equal_copies()
