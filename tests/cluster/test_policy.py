"""The policy as operators meet it: pause, drain, resume, why, what-if, cancel."""

import json
import subprocess

from harness import BIN, IO_PENDING, Client, Cluster, changes_nothing, wait_for

QUEUED = 5959


def make(client, name, node=None, **properties):
    assert client.change("group.create", name=name) == 0
    assert client.change("resource.create", name=f"{name}-a", group=name, type="dummy") == 0
    assert client.change("resource.create", name=f"{name}-b", group=name, type="dummy",
                         properties=properties) == 0
    assert client.change("resource.depend", name=f"{name}-b", on=f"{name}-a") == 0
    assert client.change("group.online", name=name, node=node) == IO_PENDING
    client.wait_group(name, "Online")


def refusal(cluster, *words):
    done = cluster.cli("n1", "--json", *words, check=False)
    assert done.returncode == 1, (words, done.stdout, done.stderr)
    return json.loads(done.stderr)["error"]


def node(cluster, name):
    return next(n for n in cluster.json("n1", "node", "list") if n["name"] == name)


def owners(client, names):
    return {n: client.group(n)["owner"] for n in names}


def test_a_drain_moves_everything_away_and_resume_brings_it_back():
    with Cluster() as c:
        client = Client(c)
        names = [f"g{i}" for i in range(6)]
        for n in names:
            make(client, n, "n1")
        c.cli("n1", "node", "pause", "n1", "--drain", "--wait", "--timeout", "60")
        assert "n1" not in owners(client, names).values()
        assert all(client.group(n)["state"] == "Online" for n in names)
        paused = node(c, "n1")
        assert (paused["state"], paused["drain"], paused["groups"]) == ("Paused", "completed", 0)
        assert "drain-completed" in paused["status"]
        why = c.json("n1", "why", "g0")["group"]
        assert why["placement"]["why"]["cause"] == "drain"
        at_n1 = next(x for x in why["placement"]["candidates"] if x["node"] == "n1")
        assert at_n1["rule"] == "paused", why["placement"]
        assert "drained" in c.cli("n1", "why", "g0").stdout
        # Nothing may come to a paused node.
        assert refusal(c, "group", "move", "g0", "--to", "n1") in (70, 5070)

        c.cli("n1", "node", "resume", "n1", "--failback", "now")
        wait_for(lambda: set(owners(client, names).values()) == {"n1"}, 30,
                 lambda: owners(client, names))
        wait_for(lambda: all(client.group(n)["state"] == "Online" for n in names))
        assert node(c, "n1")["state"] == "Up"
        client.close()
        c.assert_equal_copies()


def test_what_if_a_node_died_is_what_then_happens():
    with Cluster() as c:
        client = Client(c, first="n2")
        names = [f"g{i}" for i in range(5)]
        for i, n in enumerate(names):
            make(client, n, "n1" if i < 4 else "n2")
        foreseen = changes_nothing(c, lambda: c.json("n2", "what-if", "node-down", "n1"))
        assert foreseen["replies"][0]["code"] == 0
        assert foreseen["end"] in ("settled", "horizon")
        assert {g["name"] for g in foreseen["groups"]} == set(names[:4])
        assert foreseen["quorum"]
        assert not c.json("n2", "what-if", "node-down", "n1", "n3")["quorum"]

        c.script("kill", "n1")
        wait_for(lambda: "n1" not in owners(client, names).values(), 30)
        for n in names:
            client.wait_group(n, "Online")
        for g in foreseen["groups"]:
            real = client.group(g["name"])
            assert (real["owner"], real["state"]) == (g["owner"], g["state"]), foreseen["groups"]

        why = c.json("n2", "why", "g0")["group"]["placement"]["why"]
        assert (why["command"], why["cause"]) == ("node-down", "node-lease-expired")
        said = c.cli("n2", "why", "g0").stdout
        assert "because its node was not heard of for a lease" in said, said
        assert f"by command {why['index']} (node-down)" in said, said
        client.close()


def test_what_if_knows_the_whole_policy():
    """Preferences, keeping apart, a paused node, what is not wanted: all foreseen."""
    with Cluster() as c:
        client = Client(c, first="n2")
        names = [f"g{i}" for i in range(6)]
        for n in names:
            make(client, n, "n1")
        c.cli("n2", "group", "set", "g0", "--preferred", "n1,n3")
        c.cli("n2", "group", "set", "g1", "AntiAffinityClassNames=apart")
        c.cli("n2", "group", "set", "g2", "AntiAffinityClassNames=apart", "Priority=3000")
        c.cli("n2", "group", "set", "g3", "Priority:dword=0")
        c.cli("n2", "resource", "owners", "g4-b", "set", "n1", "n3")
        c.cli("n2", "group", "offline", "g5", "--wait")
        c.cli("n2", "resource", "offline", "g1-b", "--wait")
        foreseen = c.json("n2", "what-if", "node-down", "n1")
        assert foreseen["groups"], foreseen
        c.script("kill", "n1")
        for g in foreseen["groups"]:
            wait_for(lambda: (client.group(g["name"])["owner"], client.group(g["name"])["state"])
                     == (g["owner"], g["state"]), 30, lambda: (g, client.group(g["name"])))
        untouched = set(names) - {g["name"] for g in foreseen["groups"]}
        assert all(client.group(n)["owner"] == "n1" for n in untouched), untouched
        ended = owners(client, names)
        assert (ended["g0"], ended["g4"]) == ("n3", "n3"), ended
        assert ended["g1"] != ended["g2"], ended
        assert client.group("g5")["state"] == "Offline"
        client.close()


def test_what_if_tells_what_would_be_refused():
    with Cluster() as c:
        client = Client(c)
        make(client, "web", "n1")
        said = c.cli("n1", "what-if", "move", "web", "nowhere").stdout
        assert "would be refused" in said and "5042" in said, said
        answer = c.json("n1", "what-if", "offline", "web")
        assert [g["state"] for g in answer["groups"]] == ["Offline"]
        assert client.group("web")["state"] == "Online"
        # A restart is played with its delay.
        client.change("resource.set", name="web-b", properties={"RestartDelay": 1500})
        answer = c.json("n1", "what-if", "fail", "web-b")
        assert answer["after_ms"] == 1500 and answer["groups"][0]["state"] == "Online", answer
        # Many may ask at once; those beyond what a node bears are told so.
        asking = [subprocess.Popen([BIN / "holdfast", "--socket", c.socket("n1"), "what-if", "node-down",
                                    "n1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                  for _ in range(6)]
        for p in asking:
            err = p.communicate()[1]
            assert p.returncode == 0 or b"1723" in err, err
        client.close()


def test_a_queued_move_waits_for_the_lock_and_can_be_cancelled():
    with Cluster() as c:
        client = Client(c)
        make(client, "web", "n1", Locked=1)
        wait_for(lambda: any(r["locked"] for r in client.group("web")["resources"]))
        assert client.change("group.move", name="web", node="n2") == 5960
        assert client.change("group.move", name="web", node="n2", flags=4) == QUEUED
        operation = c.json("n1", "operation", "list")[0]
        assert operation["queued"] and operation["wait"] == "waits-for-lock", operation
        assert client.group("web")["state"] == "Online"
        said = c.cli("n1", "why", "web").stdout
        assert "It waits" in said and "unlocked" in said, said
        c.cli("n1", "operation", "cancel", str(operation["id"]))
        wait_for(lambda: c.json("n1", "operation", "list") == [])
        assert client.group("web")["owner"] == "n1"
        assert refusal(c, "operation", "show", str(operation["id"])) == 1168
        client.close()


def test_a_resource_in_maintenance_is_not_asked_whether_it_is_alive():
    with Cluster() as c:
        client = Client(c)
        make(client, "web", "n1", SickAfter=3000, LooksAlivePollInterval=50)
        assert client.change("resource.maintenance", name="web-b", on=True) == 0
        life = next(r for r in client.group("web")["resources"] if r["name"] == "web-b")
        log = c.dir / "n1" / "monitor.log"
        wait_for(lambda: "no longer watched" in log.read_text(errors="replace"))
        # Sick by now, if anybody asked.
        resource = wait_for(lambda: (r := client.ask("resource.get", name="web-b"))["state"] ==
                            "Online" and sick_for(c, life) and r, 20)
        assert resource["operation"] == life["operation"], resource
        assert client.change("resource.maintenance", name="web-b", on=False) == 0
        wait_for(lambda: client.ask("resource.get", name="web-b")["operation"] !=
                 life["operation"], 20, lambda: client.ask("resource.get", name="web-b"))
        client.close()


def sick_for(cluster, life):
    """The resource has been online for longer than its SickAfter."""
    rpc = cluster.rpc("n1")
    now = rpc.call("why.get", name="web")["now_ms"]
    rpc.close()
    return now - life["since_ms"] > 3500


def test_force_terminates_what_does_not_stop():
    with Cluster() as c:
        client = Client(c)
        make(client, "web", "n1", HangOffline=1)
        c.cli("n1", "resource", "offline", "web-b", "--force", "--wait", "--timeout", "30")
        assert client.ask("resource.get", name="web-b")["state"] == "Offline"
        client.close()


def test_what_cannot_come_online_here_goes_elsewhere():
    with Cluster() as c:
        client = Client(c)
        make(client, "web", "n1")
        assert client.change("group.offline", name="web") == IO_PENDING
        client.wait_group("web", "Offline")
        assert client.change("resource.set", name="web-b",
                             properties={"CannotOnlineOn": ["n1"]}) in (0, 5024)
        assert client.change("group.online", name="web") == IO_PENDING
        group = wait_for(lambda: (g := client.group("web"))["state"] == "Online" and g, 30,
                         lambda: client.group("web"))
        assert group["owner"] != "n1"
        refused = client.ask("resource.get", name="web-b")["refused"]
        assert refused == ["n1"], refused
        assert "cannot come online" in c.cli("n1", "why", "web").stdout
        client.close()
