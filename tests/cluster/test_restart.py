"""After everything stopped: the same groups, states and intentions."""

import itertools
import shutil
import subprocess

from harness import BIN, IO_PENDING, Client, Cluster, wait_for


def shape(cluster, node):
    """What must survive a restart."""
    groups = cluster.json(node, "group", "list")
    return {g["name"]: (g["state"], g["persistent"]) for g in groups}


def make(client, name, online):
    assert client.change("group.create", name=name) == 0
    assert client.change("resource.create", name=f"{name}-a", group=name, type="dummy") == 0
    assert client.change("resource.create", name=f"{name}-b", group=name, type="dummy") == 0
    assert client.change("resource.depend", name=f"{name}-b", on=f"{name}-a") == 0
    if online:
        assert client.change("group.online", name=name) == IO_PENDING
        client.wait_group(name, "Online")


def all_up(cluster):
    return lambda: all(n["state"] == "Up" for n in cluster.json("n1", "node", "list"))


def test_restart_of_all_nodes_in_good_order_and_by_power_cut():
    with Cluster() as c:
        client = Client(c)
        for i, online in zip(range(4), itertools.cycle((True, False))):
            make(client, f"g{i}", online)
        before = shape(c, "n1")
        assert {s for s, _ in before.values()} == {"Online", "Offline"}
        for end in ("down", "kill"):
            c.script(end)
            c.script("start")
            wait_for(all_up(c))
            wait_for(lambda: shape(c, "n1") == before, 30, lambda: shape(c, "n1"))
            client.close()
            resources = c.json("n2", "resource", "list")
            assert all(r["state"] == before[r["group"]][0] for r in resources), resources
            c.assert_equal_copies()
        client.close()


def test_an_orderly_stop_hands_the_groups_over_first():
    with Cluster() as c:
        client = Client(c, first="n2")
        make(client, "web", True)
        owner = client.group("web")["owner"]
        c.script("stop", owner)
        client.close()
        other = next(n for n in c.names if n != owner)
        group = c.json(other, "group", "show", "web")
        assert group["owner"] != owner and group["state"] == "Online"
        node = wait_for(lambda: (n := c.json(other, "node", "show", owner))["state"] == "Down" and n)
        assert node["cause"] == "node-stopped"
        assert c.json(other, "cluster", "status")["leader"] != owner
        client.close()


def test_a_lost_node_has_its_groups_started_elsewhere():
    with Cluster() as c:
        client = Client(c)
        make(client, "web", True)
        owner = client.group("web")["owner"]
        c.script("kill", owner)
        client.close()
        other = Client(c, first=next(n for n in c.names if n != owner))
        group = wait_for(lambda: (g := other.group("web"))["owner"] != owner
                         and g["state"] == "Online" and g)
        assert group["persistent"] == "Online"
        c.script("start", owner)
        wait_for(all_up(c))
        assert other.group("web")["owner"] == group["owner"]
        c.assert_equal_copies()
        other.close()


def test_a_node_with_an_emptied_disk_is_refused():
    with Cluster() as c:
        c.script("kill", "n3")
        shutil.rmtree(c.dir / "n3" / "raft")
        (c.dir / "n3" / "identity").unlink()
        with subprocess.Popen([BIN / "holdfastd", "--foreground", "--config",
                               c.dir / "n3" / "holdfast.conf"], stdin=subprocess.DEVNULL) as alone:
            try:
                wait_for(lambda: any("emptied disk" in (c.dir / n / "log").read_text()
                                     for n in ("n1", "n2")), 20)
                client = Client(c)
                assert client.change("group.create", name="still") == 0
                client.close()
            finally:
                alone.kill()
