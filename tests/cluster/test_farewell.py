"""A daemon that is gone for good: its services move without waiting for the lease."""

import pathlib

from harness import Client, Cluster, wait_for
from test_lease import beats, make_beating, strays

LEASE_MS = 20000


def test_services_of_a_daemon_that_is_not_started_again_move_at_once(tmp_path):
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster() as c:
        # With a lease that nobody wants to wait for.
        c.script("down")
        for n in c.names:
            conf = c.dir / n / "holdfast.conf"
            conf.write_text(conf.read_text() + f"[timing]\nlease_ms = {LEASE_MS}\n")
        c.script("start")
        client = Client(c)
        make_beating(client, journal)
        owner = client.group("g")["owner"]
        client.close()
        (c.dir / owner / "diverged").write_text("for the test\n")
        c.kill_daemon(owner)
        wait_for(lambda: beats(journal)[-1][1] != owner)
        seen = beats(journal)
        first = next(i for i, (_, n, _) in enumerate(seen) if n != owner)
        assert not strays(seen, owner)
        gap_ms = (seen[first][0] - seen[first - 1][0]) / 1e6
        print(f"gap {gap_ms:.0f} ms of a lease of {LEASE_MS} ms")
        assert gap_ms < LEASE_MS / 2
        log = (c.dir / owner / "log").read_text()
        assert "nothing of incarnation" in log
        other = next(n for n in c.names if n != owner)
        node = c.json(other, "node", "show", owner)
        assert node["state"] == "Down" and node["cause"] == "node-stopped"

        # The folder is good again: another life, and all is as before.
        (c.dir / owner / "diverged").unlink()
        c.script("start", owner)
        c.wait_daemon(owner)
        c.assert_equal_copies()
        assert not strays(beats(journal), owner)
