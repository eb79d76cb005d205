"""Nodes join and leave while the cluster works, and whoever votes is seen to."""

import json
import socket
import subprocess

from harness import BIN, SLOW, Client, Cluster, in_thread, wait_for

TIMING = "profile = fast\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def prepare(cluster, name, role=""):
    """The folder and file of a machine that is to join through the first node."""
    folder = cluster.dir / name
    folder.mkdir()
    (folder / "holdfast.conf").write_text(
        f"[node]\nname = {name}\ndata = {folder}\nsocket = {folder}/api.sock\nlog = {folder}/log\n"
        f"address = 127.0.0.1:{free_port()}{role}\n"
        f"[cluster]\nname = local\njoin = 127.0.0.1:{cluster.port('n1')}\n{TIMING}")


def start(cluster, *names):
    for name in names:
        supervisor = subprocess.Popen(
            [BIN / "holdfastd", "--config", cluster.dir / name / "holdfast.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=(cluster.dir / name / "log").open("a"), start_new_session=True)
        (cluster.dir / name / "supervisor.pid").write_text(f"{supervisor.pid}\n")
        cluster.joined[name] = supervisor


def join(cluster, *names):
    for name in names:
        prepare(cluster, name)
    start(cluster, *names)
    for name in names:
        cluster.wait_daemon(name)
    cluster.names += names


def nodes_of(cluster):
    return {n["name"]: n for n in json.loads(cluster.cli("n1", "--json", "node", "list").stdout)}


def voters_of(cluster):
    return sorted(n for n, view in nodes_of(cluster).items() if view["role"] == "voter")


def call_all_the_while(stop, cluster):
    """Changes and reads through every node there was at the start; none may fail."""
    client = Client(cluster, "n1")
    count = 0
    while not stop.is_set():
        count += 1
        assert client.change("group.create", name=f"g{count}") == 0
        assert client.group(f"g{count}")["name"] == f"g{count}"
        assert client.change("group.delete", name=f"g{count}") == 0
    client.close()
    assert count > 0


def evict(cluster, name):
    """It ends by itself, says why, and does not come back."""
    cluster.cli("n1", "node", "evict", name)
    cluster.names.remove(name)
    supervisor = cluster.joined.pop(name)
    assert supervisor.wait(30 * SLOW) == 71
    assert "was evicted" in (cluster.dir / name / "log").read_text()
    assert name not in nodes_of(cluster)


def test_join_and_evict_while_calls_run():
    with Cluster(1, profile="fast") as c:
        c.joined = {}
        assert voters_of(c) == ["n1"]
        with in_thread(call_all_the_while, c):
            join(c, "n2")  # One after another,
            join(c, "n3")
            wait_for(lambda: voters_of(c) == ["n1", "n2", "n3"])
            join(c, "n4", "n5", "n6")  # and all at once.
            wait_for(lambda: len(voters_of(c)) == 5, describe=lambda: nodes_of(c))
            assert sorted(n["id"] for n in nodes_of(c).values()) == [1, 2, 3, 4, 5, 6]
            for name in ("n6", "n2", "n4"):
                evict(c, name)
            wait_for(lambda: voters_of(c) == ["n1", "n3", "n5"], describe=lambda: nodes_of(c))
        c.assert_equal_copies()

        # An id is not given twice, nor a name that is taken by another disk.
        c.script("kill", "n5")
        refused = c.cli("n1", "node", "evict", "n9", check=False)
        assert refused.returncode == 1
        wait_for(lambda: nodes_of(c)["n5"]["state"] == "Down")
        c.cli("n1", "node", "evict", "n5")
        c.names.remove("n5")
        # One that was down meanwhile finds out when it comes back.
        start(c, "n5")
        assert c.joined["n5"].wait(30 * SLOW) == 71
        join(c, "n7")
        assert nodes_of(c)["n7"]["id"] == 7


def test_any_two_of_seven_may_go():
    with Cluster(7, profile="fast") as c:
        client = Client(c, "n3")
        leader = c.leader()
        other = next(n for n in c.names if n not in (leader, "n3"))
        with in_thread(call_all_the_while, c):
            for name in (leader, other):
                c.script("kill", name)
            left = [n for n in c.names if n not in (leader, other)]
            wait_for(lambda: all(client.ask("node.get", name=n)["state"] == "Down"
                                 for n in (leader, other)))
            assert all(client.ask("node.get", name=n)["state"] == "Up" for n in left)
        client.close()


def test_a_node_moves_to_another_address():
    with Cluster(3, profile="fast") as c:
        c.script("stop", "n3")
        conf = c.dir / "n3" / "holdfast.conf"
        old, new = c.port("n3"), free_port()
        conf.write_text(conf.read_text().replace(f"n3=127.0.0.1:{old}", f"n3=127.0.0.1:{new}"))
        c.script("start", "n3")
        c.wait_daemon("n3")
        assert nodes_of(c)["n3"]["address"] == f"127.0.0.1:{new}"
        c.assert_equal_copies()
