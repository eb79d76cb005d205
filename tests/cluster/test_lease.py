"""Monitors killed, nodes frozen: what runs runs once."""

import os
import pathlib
import signal
import sys

from harness import IO_PENDING, TOP, Client, Cluster, wait_for

sys.path.insert(0, str(TOP / "tests"))

from faults.processes import is_alive  # noqa: E402

# A beat every 20 ms: time in ns, node, pid.
BEAT = 'while :; do echo "$(date +%s%N) $HOLDFAST_NODE $$" >>{path}; sleep 0.02; done'


def beats(path):
    lines = path.read_text().splitlines() if path.exists() else []
    # One that was cut short has fewer words.
    return [(int(w[0]), w[1], int(w[2])) for w in map(str.split, lines) if len(w) == 3]


def strays(all_beats, former):
    """Beats of the former owner after another node began."""
    began = next((t for t, n, _ in all_beats if n != former), None)
    return [t for t, n, _ in all_beats if n == former and began is not None and t > began]


def make_beating(client, journal):
    assert client.change("group.create", name="g") == 0
    assert client.change("resource.create", name="beat", group="g", type="process",
                         properties={"CommandLine": BEAT.format(path=journal)}) == 0
    assert client.change("group.online", name="g") == IO_PENDING
    client.wait_group("g", "Online")
    wait_for(lambda: beats(journal))


def test_a_killed_monitor_takes_its_services_along_and_they_start_again(tmp_path):
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster() as c:
        client = Client(c)
        make_beating(client, journal)
        owner = client.group("g")["owner"]
        first = beats(journal)[-1][2]
        os.kill(int((c.dir / owner / "monitor.pid").read_text()), signal.SIGKILL)
        wait_for(lambda: beats(journal)[-1][2] != first)
        assert not is_alive(first)
        client.wait_group("g", "Online")
        all_beats = beats(journal)
        pids = [p for _, _, p in all_beats]
        assert pids == sorted(pids, key=pids.index), "one after the other"
        client.close()


def test_a_frozen_owner_is_taken_over_and_ends_its_service_when_it_wakes(tmp_path):
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster() as c:
        client = Client(c)
        make_beating(client, journal)
        owner = client.group("g")["owner"]
        client.close()
        c.script("freeze", owner)
        other = next(n for n in c.names if n != owner)
        client = Client(c, first=other)
        client.cluster = type("View", (), {"names": c.names, "socket": staticmethod(
            lambda n: c.socket(other if n == owner else n))})()
        wait_for(lambda: (g := client.group("g"))["owner"] != owner and g["state"] == "Online")
        wait_for(lambda: beats(journal)[-1][1] != owner)
        c.script("thaw", owner)
        wait_for(lambda: any(n["name"] == owner and n["state"] == "Up"
                             for n in client.ask("node.list")))
        at_thaw = len(beats(journal))
        wait_for(lambda: len(beats(journal)) > at_thaw + 20)
        all_beats = beats(journal)
        assert {n for _, n, _ in all_beats[-20:]} == {client.group("g")["owner"]}
        # Frozen as a whole, the service wakes together with its monitor: a moment.
        stray = strays(all_beats, owner)
        assert not stray or (stray[-1] - stray[0]) / 1e6 < 500, stray
        c.assert_equal_copies()
        client.close()


def test_a_cut_off_owner_ends_its_service_before_the_others_start_it(tmp_path):
    """The daemon and its supervisor are stopped: nobody renews the lease."""
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster() as c:
        client = Client(c)
        make_beating(client, journal)
        owner = client.group("g")["owner"]
        client.close()
        stopped = [c.pid(owner), int((c.dir / owner / "supervisor.pid").read_text())]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            wait_for(lambda: beats(journal)[-1][1] != owner)
            assert not strays(beats(journal), owner)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        c.wait_daemon(owner)
        assert not strays(beats(journal), owner)
        c.assert_equal_copies()
