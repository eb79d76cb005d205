"""A resource with a TerminateBudget outlives its node's lease by that, and is started
elsewhere only after it."""

import os
import pathlib
import signal
import time

from harness import IO_PENDING, Client, Cluster, wait_for
from test_lease import beats, strays

BUDGET_MS = 4000
# It cannot be stopped in order: it is ended when its budget is over.
STUBBORN = ("trap '' TERM; while :; do "
            'echo "$(date +%s%N) $HOLDFAST_NODE $$" >>{path}; sleep 0.02; done')


def make_stubborn(client, journal):
    assert client.change("group.create", name="g") == 0
    assert client.change("resource.create", name="beat", group="g", type="process",
                         properties={"CommandLine": STUBBORN.format(path=journal),
                                     "StopTimeout": 60000,
                                     "TerminateBudget": BUDGET_MS}) == 0
    assert client.change("group.online", name="g") == IO_PENDING
    client.wait_group("g", "Online")
    wait_for(lambda: beats(journal))


def test_a_cut_off_owner_uses_its_budget_up_and_the_others_wait_for_it(tmp_path):
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster() as c:
        client = Client(c)
        make_stubborn(client, journal)
        owner = client.group("g")["owner"]
        client.close()
        other = next(n for n in c.names if n != owner)
        foreseen = c.cli(other, "what-if", "node-down", owner).stdout
        assert "TerminateBudget" in foreseen or "ending" in foreseen, foreseen
        stopped = [c.pid(owner), int((c.dir / owner / "supervisor.pid").read_text())]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        at = time.time_ns()
        try:
            wait_for(lambda: c.json(other, "node", "show", owner)["state"] == "Down")
            why = c.cli(other, "why", "g").stdout
            assert "TerminateBudget of beat" in why, why
            assert c.json(other, "group", "show", "g")["owner"] == owner
            wait_for(lambda: beats(journal)[-1][1] != owner)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        seen = beats(journal)
        assert not strays(seen, owner)
        last = max(t for t, n, _ in seen if n == owner)
        first = min(t for t, n, _ in seen if n != owner)
        print(f"last beat {(last - at) / 1e6:.0f} ms after the cut, "
              f"first elsewhere {(first - at) / 1e6:.0f} ms")
        assert (last - at) / 1e6 > BUDGET_MS, "it had its budget beyond its lease"
        c.wait_daemon(owner)
        c.assert_equal_copies()
        assert not strays(beats(journal), owner)


def test_a_killed_machine_that_comes_back_ends_the_wait(tmp_path):
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster() as c:
        client = Client(c)
        make_stubborn(client, journal)
        assert client.change("resource.set", name="beat",
                             properties={"TerminateBudget": 600000}) in (0, 5024)
        assert client.change("group.offline", name="g") == IO_PENDING
        client.wait_group("g", "Offline")
        assert client.change("group.online", name="g") == IO_PENDING
        client.wait_group("g", "Online")
        owner = client.group("g")["owner"]
        client.close()
        other = next(n for n in c.names if n != owner)
        c.script("kill", owner)
        wait_for(lambda: c.json(other, "node", "show", owner)["state"] == "Down")
        assert c.json(other, "group", "show", "g")["owner"] == owner
        c.script("start", owner)
        c.wait_daemon(owner)
        wait_for(lambda: c.json(other, "group", "show", "g")["state"] == "Online")
        assert c.json(other, "group", "show", "g")["owner"] == owner
        c.assert_equal_copies()
