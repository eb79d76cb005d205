"""The state as it was: by index, by time, as far back as snapshots and log reach."""

import json
from datetime import datetime, timezone

import pytest

from harness import IO_PENDING, Client, Cluster, Refused, wait_for

NOT_FOUND = 1168


def group_of(past, name):
    return next((g for g in past["groups"] if g["name"] == name), None)


def reached(cluster, node, index):
    """`node` has applied `index`."""
    rpc = cluster.rpc(node)
    wait_for(lambda: rpc.call("cluster.digest")["index"] >= index)
    rpc.close()


def index_now(rpc):
    """The index of a state in which all is applied that anybody was told before."""
    rpc.call("group.list")
    return rpc.call("cluster.digest")["index"]


def test_the_state_as_it_was_by_index_and_time():
    with Cluster() as c:
        client = Client(c)
        assert client.change("group.create", name="web") == 0
        assert client.change("resource.create", name="svc", group="web", type="dummy") == 0
        rpc = c.rpc("n1")
        before = index_now(rpc)
        stamp = rpc.call("events.list")[-1]["stamp_ms"]
        assert client.change("group.online", name="web") == IO_PENDING
        client.wait_group("web", "Online")
        events = [e for e in rpc.call("events.list") if e["name"] == "web"]
        pending = next(e for e in events if e["to"] == "Pending")
        online = next(e for e in events if e["to"] == "Online")
        assert client.change("group.offline", name="web") == IO_PENDING
        client.wait_group("web", "Offline")
        assert client.change("resource.delete", name="svc") == 0
        assert client.change("group.delete", name="web") == 0
        gone = index_now(rpc)
        for node in c.names:
            reached(c, node, gone)
            past = c.rpc(node)
            assert group_of(past.call("history.get", index=before), "web")["state"] == "Offline"
            at = past.call("history.get", index=pending["index"])
            assert at["index"] == pending["index"]
            assert group_of(at, "web")["state"] == "Pending"
            assert group_of(past.call("history.get", index=online["index"]),
                            "web")["state"] == "Online"
            assert group_of(past.call("history.get", index=gone), "web") is None
            assert past.call("history.get", time_ms=stamp)["time_ms"] <= stamp
            assert past.call("history.get", index=0)["groups"] == []
            with pytest.raises(Refused) as refused:
                past.call("history.get", index=gone + 1000000)
            assert refused.value.code == NOT_FOUND
            with pytest.raises(Refused) as refused:
                past.call("history.get")
            assert refused.value.code == 87
            past.close()
        shown = c.cli("n1", "replay", "--at", str(pending["index"])).stdout
        assert f"as it was at index {pending['index']}," in shown, shown
        assert any(line.split()[:3] == ["web", "Pending", online["node"]]
                   for line in shown.splitlines()), shown
        assert "svc" in shown.split("not Online")[1], shown
        assert "Offline -> Pending" in shown.split("last events")[1], shown
        at = c.json("n1", "replay", "--at", str(online["index"]))
        assert (at["index"], group_of(at, "web")["state"]) == (online["index"], "Online")
        utc = datetime.fromtimestamp(online["stamp_ms"] / 1000, timezone.utc)
        words = utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{online['stamp_ms'] % 1000:03}Z"
        assert group_of(c.json("n1", "replay", "--at", words), "web")["state"] == "Online", words
        assert group_of(c.json("n1", "replay", "--at", "-0s"), "web") is None
        done = c.cli("n1", "--json", "replay", "--at", str(gone + 1000000), check=False)
        assert (done.returncode, json.loads(done.stderr)["error"]) == (1, NOT_FOUND)
        rpc.close()
        client.close()
