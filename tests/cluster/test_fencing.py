"""Fencing on real clusters, with an agent that switches off what it says: the node's
processes, as a power cut would."""

import json
import pathlib
import time

from harness import ROOMY_LEASE_MS, SCRIPT, TOP, Client, Cluster, wait_for

AGENT = TOP / "tests" / "resources" / "fake_agent"
SECRET = "tr0ub4dor-and-3"


def make_devices(cluster, client, **modes):
    """A device of that name for each, whose outlets are the nodes."""
    script = cluster.dir / "power-cut"
    script.write_text(f'#!/bin/sh\nexec "{SCRIPT}" kill "$1" --dir "{cluster.dir}"\n')
    script.chmod(0o755)
    for name, more in modes.items():
        outlets = cluster.dir / name
        outlets.mkdir()
        assert client.change("fence.create", name=name,
                             properties={"agent": str(AGENT), "dir": str(outlets),
                                         "on_off": str(script), "passwd": SECRET,
                                         "FenceRetries": "0", **more}) == 0


def make_service(cluster, client, owner):
    assert client.change("group.create", name="g", preferred=[owner]) == 0
    beat = (f'while :; do echo "$HOLDFAST_NODE $(date +%s%N)" >> {cluster.dir}/journal; '
            'sleep 0.05; done')
    assert client.change("resource.create", name="r", group="g", type="process",
                         properties={"CommandLine": beat}) == 0
    client.change("group.online", name="g", node=owner)
    client.wait_group("g", "Online")
    wait_for(lambda: (cluster.dir / "journal").exists())


def journal(cluster):
    """The nodes that ran it, each with its first and last beat, in order of the first."""
    beats = {}
    for line in (cluster.dir / "journal").read_text().splitlines():
        node, _, at = line.partition(" ")
        if at.isdigit():
            first, last = beats.get(node, (int(at), int(at)))
            beats[node] = min(first, int(at)), max(last, int(at))
    return beats


def causes(client, node):
    return [e["cause"] for e in client.ask("events.list")
            if e["object"] == "node" and e["name"] == node]


def a_follower(cluster):
    leader = cluster.leader()
    return next(n for n in cluster.names if n != leader)


def online_elsewhere(client, owner):
    return wait_for(lambda: (g := client.group("g"))["owner"] != owner
                    and g["state"] == "Online" and g, 60, lambda: client.group("g"))


def fencing_of(client, node):
    return client.ask("node.get", name=node)["fencing"]


def test_frozen_owner_is_switched_off_by_the_level_that_can():
    """The first level says that it has done so, and has not. The owner is frozen, so only its
    being off keeps it from going on when it wakes."""
    with Cluster(3) as cluster:
        owner = a_follower(cluster)
        client = Client(cluster, first=cluster.leader())
        make_devices(cluster, client, liar={"mode": "lie"}, pdu={})
        assert client.change("fence.level", name=owner, level=1, devices=[f"liar:{owner}"]) == 0
        assert client.change("fence.level", name=owner, level=2, devices=[f"pdu:{owner}"]) == 0
        make_service(cluster, client, owner)
        rows = cluster.json(cluster.leader(), "fence", "test", owner)
        assert [r["result"] for r in rows] == ["on", "on"], rows

        cluster.script("freeze", owner)
        online_elsewhere(client, owner)
        told = causes(client, owner)
        assert told.index("fencing-level-failed") < told.index("fenced"), told
        cluster.script("thaw", owner)
        beats = journal(cluster)
        assert len(beats) == 2, beats
        ran, runs = (beats[n] for n in sorted(beats, key=lambda n: beats[n][0]))
        assert ran[1] < runs[0], beats  # Not for a moment on both.

        # It was switched on again, as far as the device knows, and may come back.
        wait_for(lambda: "powered-on" in causes(client, owner))
        assert (cluster.dir / "pdu" / owner).read_text().strip() == "on"
        cluster.script("start", owner)
        wait_for(lambda: client.ask("node.get", name=owner)["state"] == "Up")
        assert fencing_of(client, owner) == "none"

        # The password went to the agents and nowhere else.
        shown = cluster.cli(cluster.leader(), "fence", "list").stdout
        assert "********" in shown and SECRET not in shown, shown
        assert SECRET not in json.dumps(client.ask("events.list"))
        for log in cluster.dir.glob("n*/log"):
            assert SECRET not in pathlib.Path(log).read_text(errors="replace")


def test_required_fencing_that_fails_waits_for_a_human():
    with Cluster(3) as cluster:
        owner = a_follower(cluster)
        client = Client(cluster, first=cluster.leader())
        make_devices(cluster, client, broken={"fail": "1000"})
        assert client.change("fence.level", name=owner, level=1, devices=["broken"]) == 0
        assert client.change("node.set", name=owner, properties={"FencingRequired": 1}) == 0
        make_service(cluster, client, owner)
        cluster.script("kill", owner)
        wait_for(lambda: fencing_of(client, owner) == "failed")
        group = client.group("g")
        assert (group["owner"], group["state"]) == (owner, "Offline"), group
        assert cluster.cli(cluster.leader(), "fence", "confirm", owner).returncode == 0
        online_elsewhere(client, owner)
        assert "fencing-confirmed" in causes(client, owner)


def test_fencing_goes_on_under_a_new_leader_and_before_the_lease_ends():
    """The leader owns the group and is frozen: who leads next has it fenced, and the group goes
    on by that, not by the end of the lease."""
    with Cluster(3, lease_ms=ROOMY_LEASE_MS) as cluster:
        owner = cluster.leader()
        client = Client(cluster, first=owner)
        make_devices(cluster, client, pdu={})
        for n in cluster.names:
            assert client.change("fence.level", name=n, level=1, devices=[f"pdu:{n}"]) == 0
        make_service(cluster, client, owner)
        client.close()
        cluster.script("freeze", owner)
        client = Client(cluster, first=next(n for n in cluster.names if n != owner))
        begun = time.monotonic()
        online_elsewhere(client, owner)
        assert "fenced" in causes(client, owner), causes(client, owner)
        others = [n for n in cluster.names if n != owner]
        assert all(not (cluster.dir / "pdu" / n).exists() for n in others)
        print(f"elsewhere after {time.monotonic() - begun:.2f} s")
