"""A node that lost its lease says why when it is back."""

import os
import signal

from harness import IO_PENDING, ROOMY_LEASE_MS, Client, Cluster, wait_for


# A node names what took most of the time without renewals. With the default lease that is, in
# a sanitized build on a busy machine, the new daemon's way back and not the old one's death.
LEASE_MS = ROOMY_LEASE_MS or 2000


def online(c):
    client = Client(c)
    assert client.change("group.create", name="g") == 0
    assert client.change("resource.create", name="r", group="g", type="dummy") == 0
    assert client.change("group.online", name="g") == IO_PENDING
    client.wait_group("g", "Online")
    owner = client.group("g")["owner"]
    client.close()
    return owner


def wait_lapse(c, other, name):
    return wait_for(lambda: (n := c.json(other, "node", "show", name))["lapse"]
                    and n["lapse"]["why"] and n["lapse"])


def test_a_frozen_node_and_one_whose_daemon_was_dead_say_so():
    with Cluster(lease_ms=LEASE_MS) as c:
        owner = online(c)
        other = next(n for n in c.names if n != owner)
        c.script("freeze", owner)
        wait_for(lambda: c.json(other, "group", "show", "g")["owner"] != owner)
        told = c.json(other, "node", "show", owner)["lapse"]
        assert told["unheard_ms"] >= LEASE_MS and told["why"] is None
        assert "has not said why yet" in c.cli(other, "why", "g").stdout
        c.script("thaw", owner)
        lapse = wait_lapse(c, other, owner)
        assert lapse["why"]["cause"] == "lapse-frozen", lapse
        assert lapse["ms"] >= LEASE_MS * 3 / 4, lapse
        for what in ("g", owner):
            text = c.cli(other, "why", what).stdout
            assert f"{owner} lost its lease: it was not heard of for" in text, text
            assert f"its daemon was frozen, for {lapse['ms']} ms" in text, text
        events = c.cli(other, "--json", "events").stdout
        assert "lapse-frozen" in events
        c.wait_daemon(owner)

        # The supervisor sleeps, so nobody starts the daemon again in time.
        owner = c.json(other, "group", "show", "g")["owner"]
        other = next(n for n in c.names if n != owner)
        supervisor = int((c.dir / owner / "supervisor.pid").read_text())
        os.kill(supervisor, signal.SIGSTOP)
        try:
            c.kill_daemon(owner)
            wait_for(lambda: c.json(other, "group", "show", "g")["owner"] != owner)
        finally:
            os.kill(supervisor, signal.SIGCONT)
        wait_for(lambda: wait_lapse(c, other, owner)["why"]["cause"] == "lapse-daemon-dead")
        c.assert_equal_copies()
