"""A daemon that is gone for good: its services move without waiting for the lease."""

import pathlib

from harness import IO_PENDING, MODE, Client, Cluster, wait_for
from test_lease import beats, make_beating, strays
from test_membership import prepare, start

LEASE_MS = 20000  # Nobody wants to wait for it.


def move(client, journal, node):
    """Its group; and the journal begins anew, without whoever had it before."""
    assert client.change("group.move", name="g", node=node) in (0, IO_PENDING)
    wait_for(lambda: beats(journal)[-1][1] == node)
    client.wait_group("g", "Online")
    journal.write_text("")
    wait_for(lambda: beats(journal))


def give_up(c, owner, journal):
    """Its daemon dies and its folder is of no use: another node goes on soon."""
    peers = c.dir / owner / "peers"  # Whom it can tell that it has ended: node/directory.h.
    wait_for(lambda: peers.exists() and len(peers.read_text().splitlines()) == len(c.names) - 1)
    (c.dir / owner / "diverged").write_text("for the test\n")
    c.kill_daemon(owner)
    wait_for(lambda: beats(journal)[-1][1] != owner)
    seen = beats(journal)
    first = next(i for i, (_, n, _) in enumerate(seen) if n != owner)
    assert not strays(seen, owner)
    gap_ms = (seen[first][0] - seen[first - 1][0]) / 1e6
    print(f"gap {gap_ms:.0f} ms of a lease of {LEASE_MS} ms")
    assert gap_ms < LEASE_MS / 2
    wait_for(lambda: "nothing of incarnation" in (c.dir / owner / "log").read_text())
    other = next(n for n in c.names if n != owner)
    node = c.json(other, "node", "show", owner)
    assert node["state"] == "Down" and node["cause"] == "node-stopped"


def test_services_of_a_daemon_that_is_not_started_again_move_at_once(tmp_path):
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster(lease_ms=LEASE_MS) as c:
        client = Client(c)
        make_beating(client, journal)
        owner, leader = client.group("g")["owner"], c.leader()
        if owner == leader and MODE != "release":  # An election takes its time there.
            owner = next(n for n in c.names if n != leader)
            move(client, journal, owner)
        client.close()
        give_up(c, owner, journal)

        # The folder is good again: another life, and all is as before.
        (c.dir / owner / "diverged").unlink()
        c.script("start", owner)
        c.wait_daemon(owner)
        c.assert_equal_copies()
        assert not strays(beats(journal), owner)


def test_the_same_of_a_node_that_joined(tmp_path):
    """It has an id that its file does not tell, and knows the others only from the state."""
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster(2, profile="fast", lease_ms=LEASE_MS) as c:
        c.joined = {}
        prepare(c, "a")
        start(c, "a")
        c.wait_daemon("a")
        c.names.append("a")
        client = Client(c)
        make_beating(client, journal)
        move(client, journal, "a")
        client.close()
        give_up(c, "a", journal)
