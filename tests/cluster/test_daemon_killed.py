"""A killed daemon costs nothing: neither calls, nor state, nor services."""

import os
import pathlib

from harness import IO_PENDING, ROOMY_LEASE_MS, Client, Cluster, in_thread, wait_for

ROUNDS = int(os.environ.get("HOLDFAST_TEST_KILLS", "10"))


def journal_command(path):
    """A service that writes a line when it starts and one when it is told to stop."""
    return (f"echo start $$ >>{path}; trap 'echo stop $$ >>{path}; exit 0' TERM; "
            "while :; do sleep 0.05; done")


def make_service(client, group, journal):
    assert client.change("group.create", name=group) == 0
    assert client.change("resource.create", name=f"{group}-svc", group=group, type="process",
                         properties={"CommandLine": journal_command(journal)}) == 0
    assert client.change("group.online", name=group) == IO_PENDING
    client.wait_group(group, "Online")


def test_owner_daemon_killed_alone_keeps_its_services(tmp_path):
    with Cluster(lease_ms=ROOMY_LEASE_MS) as c:
        client = Client(c)
        make_service(client, "web", tmp_path / "journal")
        owner = client.group("web")["owner"]
        before = c.json(owner, "resource", "show", "web-svc")["pid"]
        assert before > 0
        for _ in range(3):
            old = c.kill_daemon(owner)
            c.wait_daemon(owner, not_pid=old)
            now = wait_for(lambda: c.json(owner, "resource", "show", "web-svc")["pid"])
            assert now == before
            assert client.group("web")["state"] == "Online"
        assert (tmp_path / "journal").read_text().split()[0] == "start"
        assert (tmp_path / "journal").read_text().count("start") == 1
        assert not c.lost_leases()
        client.close()


def toggle(stop, cluster, group, counts):
    """Online, offline, online … each answered as documented, each once."""
    client = Client(cluster, first=cluster.names[counts["first"]])
    wanted = "online"
    while not stop.is_set():
        code = client.change(f"group.{wanted}", name=group)
        assert code == IO_PENDING, (wanted, code)
        client.wait_group(group, "Online" if wanted == "online" else "Offline")
        # Applied twice, a create would find the name taken.
        marker = f"{group}-mark-{counts['calls']}"
        assert client.change("group.create", name=marker) == 0
        assert client.change("group.delete", name=marker) == 0
        wanted = "offline" if wanted == "online" else "online"
        counts["calls"] += 3
    client.close()


def test_leader_daemon_killed_again_and_again_under_calls(tmp_path):
    with Cluster(lease_ms=ROOMY_LEASE_MS) as c:
        client = Client(c)
        journal = pathlib.Path(tmp_path / "journal")
        make_service(client, "steady", journal)
        counts = [{"first": 0, "calls": 0}, {"first": 1, "calls": 0}]
        for i in (0, 1):
            assert client.change("group.create", name=f"g{i}") == 0
            assert client.change("resource.create", name=f"r{i}", group=f"g{i}", type="dummy") == 0
        with in_thread(toggle, c, "g0", counts[0]), in_thread(toggle, c, "g1", counts[1]):
            for _ in range(ROUNDS):
                goal = counts[0]["calls"] + 6
                leader = c.leader()
                old = c.kill_daemon(leader)
                c.wait_daemon(leader, not_pid=old)
                wait_for(lambda g=goal: counts[0]["calls"] >= g, 60)
        assert min(counts[0]["calls"], counts[1]["calls"]) > ROUNDS
        print(f"{ROUNDS} kills, {counts[0]['calls'] + counts[1]['calls']} calls")
        c.assert_equal_copies()
        assert not c.lost_leases()
        assert client.group("steady")["state"] == "Online"
        assert journal.read_text().count("start") == 1, journal.read_text()
        client.close()
