"""scripts/faults: each verb does what it says, heal undoes it, nothing is left behind.

What is tested is the tool, not what the cluster does about it: with each fault only
so much of the cluster is looked at as shows that the fault is there.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest
from harness import MODE, SLOW, TOP, Broken, Refused, Rpc, wait_for

sys.path.insert(0, str(TOP / "tests"))

import faults  # noqa: E402
from faults import command, compose, processes  # noqa: E402
from faults import memory as limits  # noqa: E402
from faults.local import PORT  # noqa: E402
from faults.processes import is_alive, status_of  # noqa: E402

SCRIPT = TOP / "scripts" / "faults"
BACKENDS = ["loopback", pytest.param("netns", marks=pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"),
    reason="network namespaces need root, ip and nft"))]
A_MOMENT = 0.7  # How long what must not come is waited for.


@contextlib.contextmanager
def cluster_of(backend, **options):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-test-"))
    try:
        made = faults.make(backend, folder, mode=MODE, **options)
        try:
            yield made
        finally:
            made.down(now=True)
    except BaseException:
        for path in (*folder.glob("n*/log"), *folder.glob("relay.log")):
            print(f"---- {path}:", *path.read_text(errors="replace").splitlines()[-40:], sep="\n")
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=BACKENDS)
def shared(request):
    """One cluster for many tests: each leaves it whole."""
    with cluster_of(request.param) as c:
        yield c


@pytest.fixture
def cluster(shared):
    yield shared
    shared.heal()
    assert not [f for f in shared.faults() if f[0] != "down"]
    for n in shared.names:
        wait_for(lambda n=n: states(shared, n) == {m: "Up" for m in shared.names}, 60,
                 lambda n=n: states(shared, n))


def ask(cluster, node, method, **params):
    rpc = Rpc(cluster.socket(node), timeout=5)
    try:
        return rpc.call(method, **params)
    finally:
        rpc.close()


def states(cluster, node):
    """Of all nodes, as this one knows them."""
    try:
        return {n["name"]: n["state"] for n in ask(cluster, node, "node.list", stale=True)}
    except (Broken, Refused) as e:
        return {"": str(e)}


def write_something(cluster, node):
    with contextlib.suppress(Broken, Refused):
        ask(cluster, node, "group.create", name=f"g{time.monotonic_ns()}",
            client=time.monotonic_ns(), seq=1, timeout_ms=4000)


def inside(cluster, node, *command, **options):
    """Run a program as a node's processes run: its network, its disk, its clock."""
    return subprocess.run([cluster.dir / node / "run", *command], text=True, capture_output=True,
                          check=False, **options)


def log(cluster, node):
    return (cluster.dir / node / "log").read_text(errors="replace")


# ------------------------------------------------------------------ processes

def test_kill_takes_all_of_a_node_and_heal_brings_it_back(cluster):
    pids = cluster.processes("n3").of("all")
    assert len(pids) >= 3
    cluster.kill(["n3"])
    assert not any(is_alive(p) for p in pids)
    assert ("down", "n3", "killed") in cluster.faults()
    cluster.heal()
    assert states(cluster, "n3")["n3"] == "Up"


def test_stop_is_in_order_and_heal_brings_it_back(cluster):
    cluster.stop(["n3"])
    assert not cluster.running("n3")
    assert "daemon: stopped" in log(cluster, "n3").splitlines()[-1]
    wait_for(lambda: states(cluster, "n1").get("n3") == "Down")
    assert cluster.faults() == [("down", "n3", "")]
    cluster.heal()
    assert states(cluster, "n3")["n3"] == "Up"


def test_kill_of_a_part_leaves_the_other_alone(cluster):
    p = cluster.processes("n2")
    daemon, monitor = p.pid("daemon"), p.pid("monitor")
    cluster.kill(["n2"], "daemon")
    wait_for(lambda: p.pid("daemon") not in (None, daemon))
    assert p.pid("monitor") == monitor
    wait_for(lambda: states(cluster, "n2").get("n2") == "Up")
    daemon = p.pid("daemon")
    cluster.kill(["n2"], "monitor")
    wait_for(lambda: p.pid("monitor") not in (None, monitor))
    assert p.pid("daemon") == daemon


@pytest.mark.parametrize("part", ["daemon", "monitor", "all"])
def test_freeze_stops_just_that_and_thaw_wakes_it(cluster, part):
    p = cluster.processes("n1")
    cluster.freeze(["n1"], part)
    stopped = {pid for pid in p.of("all") if status_of(pid) in "Tt"}
    assert stopped == set(p.of(part))
    assert ("frozen", "n1", part) in cluster.faults()
    cluster.thaw()
    assert not [pid for pid in p.of("all") if status_of(pid) in "Tt"]
    assert not cluster.faults()


def test_a_service_is_not_awake_while_those_who_are_to_end_it_are_not(cluster, monkeypatch):
    """Children first, all at once: a service whose guardian sleeps already runs past its lease."""
    sent = []
    send_at_once = processes.send_at_once

    def note(name, pids):
        sent.append((name, list(pids)))
        send_at_once(name, sent[-1][1])

    monkeypatch.setattr(processes, "send_at_once", note)
    p = cluster.processes("n1")
    parent, child = p.pid("supervisor"), p.pid("daemon")
    cluster.freeze(["n1"])
    cluster.thaw()
    assert {name for name, _ in sent} == {"STOP", "CONT"}
    for _, pids in sent:
        assert pids.index(child) < pids.index(parent)


def test_scripts_cluster_works_on_such_a_folder_as_on_any_other(cluster):
    def run_script(*args):
        subprocess.run([TOP / "scripts" / "cluster", *args, "--dir", cluster.dir], check=True,
                       capture_output=True)

    run_script("kill", "n2")
    assert cluster.faults() == [("down", "n2", "")]
    run_script("start", "n2")  # With its network and its shim, or it were no member.
    assert states(cluster, "n2")["n2"] == "Up"
    assert "FAULTS_CONTROL=" in limits.read(
        f"/proc/{cluster.processes('n2').pid('daemon')}/environ").decode()
    run_script("freeze", "n3")
    wait_for(lambda: cluster.faults() == [("frozen", "n3", "daemon, monitor")])
    cluster.heal()
    assert not cluster.faults()


# -------------------------------------------------------------------- network

SENDER = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=60)
print("connected", s.getsockname()[1], flush=True)
sys.stdin.readline()
s.sendall(b"\\xc1" * 8)     # Nothing in MessagePack begins with this: it is logged.
sys.stdin.readline()
"""


@contextlib.contextmanager
def connection(cluster, source, target):
    """A connection between two nodes; a line on its standard input has it send rubbish."""
    host = cluster.addresses(target)[0].partition(":")[0]
    with subprocess.Popen([cluster.dir / source / "run", sys.executable, "-c", SENDER, host,
                           str(PORT)], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline().startswith("connected")
            yield process
        finally:
            process.kill()


def send_rubbish(cluster, process, target):
    """A function: has it come to `target` since?"""
    before = log(cluster, target).count("connection closed")
    process.stdin.write("\n")
    process.stdin.flush()
    return lambda: log(cluster, target).count("connection closed") > before


def never(condition):
    end = time.monotonic() + A_MOMENT
    while time.monotonic() < end:
        assert not condition()
        time.sleep(0.02)


def settled(cluster, nodes=None):
    """The relay of a loopback cluster dials on only when it has accepted: let it."""
    for n in nodes or cluster.names:
        ask(cluster, n, "cluster.status", stale=True)
    time.sleep(0.05)


def test_partition_cuts_off_in_both_directions(cluster):
    with connection(cluster, "n1", "n2") as out, connection(cluster, "n2", "n1") as back:
        settled(cluster)
        cluster.partition(["n1"])
        arrived = send_rubbish(cluster, out, "n2"), send_rubbish(cluster, back, "n1")
        never(lambda: any(a() for a in arrived))
        wait_for(lambda: states(cluster, "n2").get("n1") == "Down")
        assert len(cluster.faults()) == 4
        cluster.heal()
        for a in arrived:  # As with TCP: what was sent comes when the way is free again.
            wait_for(a)


def test_a_one_way_partition_leaves_the_way_back(cluster):
    with connection(cluster, "n1", "n2") as out, connection(cluster, "n2", "n1") as back:
        settled(cluster)
        cluster.partition(["n1"], ["n2"], one_way=True)
        assert cluster.faults() == [("partition", "n1>n2", "")]
        out_arrived = send_rubbish(cluster, out, "n2")
        wait_for(send_rubbish(cluster, back, "n1"))
        never(out_arrived)
        cluster.heal(["network"])
        wait_for(out_arrived)


ROUND_TRIPS = """
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=60)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for i in range(int(sys.argv[3])):
    began = time.monotonic()
    s.sendall(bytes([0x94, 0, i % 100, 0xA1]) + b"x" + bytes([0x80]))   # Unknown: refused.
    s.recv(65536)
    print(time.monotonic() - began, flush=True)
"""


def round_trips(cluster, count):
    host = cluster.addresses("n2")[0].partition(":")[0]
    done = inside(cluster, "n1", sys.executable, "-c", ROUND_TRIPS, host, str(PORT), str(count),
                  timeout=120)
    times = [float(t) for t in done.stdout.split()]
    assert len(times) == count, done.stderr
    return times


def test_dropped_packets_are_repeated_by_tcp_and_so_come_late(cluster):
    late = 0.19  # Linux repeats after 200 ms at the earliest.
    cluster.drop(["n1"], 0.3)
    assert cluster.faults() == [("drop", "n1", "30%")]
    wait_for(lambda: max(round_trips(cluster, 4)) > late)
    cluster.heal()
    wait_for(lambda: max(round_trips(cluster, 20)) < late)


# ----------------------------------------------------------- disk, clock, memory

def dd(cluster, node, name, *more):
    """Write 4 KiB at the beginning of a file of the node's folder."""
    return inside(cluster, node, "dd", "if=/dev/zero", f"of={cluster.dir / node / name}", "bs=4096",
                  "count=1", *more)


def test_a_slow_disk_makes_each_write_wait(cluster):
    dd(cluster, "n2", "probe")
    cluster.disk(["n2"], "slow", ms=400)
    assert cluster.faults() == [("disk", "n2", "slow 400 ms")]
    began = time.monotonic()
    assert dd(cluster, "n2", "probe", "conv=notrunc").returncode == 0
    assert time.monotonic() - began >= 0.4
    began = time.monotonic()
    assert inside(cluster, "n2", "dd", "if=/dev/zero", f"of={cluster.dir}/other", "bs=1",
                  "count=1").returncode == 0
    assert time.monotonic() - began < 0.4 * SLOW, "only the node's own folder is on that disk"
    cluster.heal(["disk"])
    assert not cluster.faults()


def test_a_full_disk_takes_nothing_more_but_overwrites(cluster):
    assert dd(cluster, "n1", "probe").returncode == 0
    cluster.disk(["n1"], "full")
    more = dd(cluster, "n1", "more")
    assert more.returncode != 0 and "No space left on device" in more.stderr
    assert dd(cluster, "n1", "probe", "conv=notrunc").returncode == 0
    assert dd(cluster, "n1", "probe", "conv=notrunc", "seek=1").returncode != 0
    cluster.heal()
    assert dd(cluster, "n1", "more").returncode == 0


def test_a_failing_disk_stops_its_node_and_heal_brings_it_back(cluster):
    assert dd(cluster, "n3", "probe").returncode == 0
    daemon = cluster.processes("n3").pid("daemon")
    cluster.disk(["n3"], "fail")
    done = inside(cluster, "n3", "dd", f"if={cluster.dir}/n3/probe", "of=/dev/null")
    assert "Input/output error" in done.stderr
    write_something(cluster, "n1")
    wait_for(lambda: cluster.processes("n3").pid("daemon") != daemon)
    wait_for(lambda: "the device reported an error" in log(cluster, "n3"))
    write_something(cluster, "n1")


def test_a_clock_jumps_for_one_node_only_and_only_its_wall_clock(cluster):
    def clocks(node):
        text = inside(cluster, node, sys.executable, "-c",
                      "import time; print(time.time(), time.clock_gettime(time.CLOCK_REALTIME), "
                      "time.clock_gettime(time.CLOCK_BOOTTIME))").stdout.split()
        return float(text[0]) - time.time(), float(text[1]) - time.time(), \
            float(text[2]) - time.clock_gettime(time.CLOCK_BOOTTIME)

    cluster.clock(["n1"], 3600.5)
    cluster.clock(["n2"], -86400)
    a, b, boot = clocks("n1")
    assert abs(a - 3600.5) < 5 and abs(b - 3600.5) < 5 and abs(boot) < 5
    assert abs(clocks("n2")[0] + 86400) < 5
    assert abs(clocks("n3")[0]) < 5
    assert ("clock", "n1", "+3600.5 s") in cluster.faults()
    # The daemon's own: its log has the date of yesterday.
    yesterday = time.strftime("%Y-%m-%dT", time.gmtime(time.time() - 86400))
    cluster.kill(["n2"], "daemon")
    wait_for(lambda: yesterday in log(cluster, "n2"))
    cluster.heal()
    assert abs(clocks("n1")[0]) < 5


def test_memory_is_limited_for_a_node_or_it_is_said_why_not(cluster):
    p = cluster.processes("n1")
    before = {pid: limits.read(f"/proc/{pid}/cgroup") for pid in p.of("all")}
    try:
        cluster.memory(["n1"], 512 << 20)
    except faults.Impossible as e:
        assert "sanitizers" in str(e) and "release" in str(e)
        return
    how = cluster.state.read()["memory"]["n1"]
    if "group" in how:
        group = pathlib.Path(how["group"])
        assert str(p.pid("daemon")) in (group / "cgroup.procs").read_text().split()
        files = [f for f in ("memory.high", "memory.limit_in_bytes") if (group / f).exists()]
        assert (group / files[0]).read_text().strip() == str(512 << 20)
    cluster.heal()
    assert "group" not in how or not group.exists()
    assert all(limits.read(f"/proc/{pid}/cgroup") == was for pid, was in before.items()
               if is_alive(pid))


def test_memory_is_given_back_to_processes_that_keep_forking(tmp_path):
    """They have children in the group that were not there when it was looked at."""
    for _ in range(10):
        with subprocess.Popen(["sh", "-c", "while :; do true & (true); wait; done"],
                              start_new_session=True) as storm:
            try:
                how = limits.limit(limits.name_of(tmp_path), [storm.pid], 512 << 20)
                limits.lift(how)
            finally:
                os.killpg(storm.pid, signal.SIGKILL)
        assert "group" not in how or not pathlib.Path(how["group"]).exists()


def test_a_corrupt_segment_is_refused_by_name_and_mended(cluster):
    write_something(cluster, "n1")
    cluster.kill(["n3"])
    cluster.corrupt(["n3"], "segment")
    path = pathlib.Path(cluster.state.read()["corrupt"][0]["path"])
    with pytest.raises(faults.FaultError, match=path.name):
        cluster.start(["n3"])
    cluster.heal()
    assert states(cluster, "n3")["n3"] == "Up"
    with pytest.raises(faults.FaultError, match="no snapshot"):
        cluster.corrupt(["n3"], "snapshot")


# ------------------------------------------------------------------- more nodes

@pytest.mark.parametrize("backend", BACKENDS)
def test_a_node_that_is_added_has_a_place_on_the_network(backend):
    with cluster_of(backend, count=1) as c:
        assert c.add() == "n2"
        text = (c.dir / "n2" / "holdfast.conf").read_text()
        assert f"join = {c.addresses('n1')[0]}" in text
        assert f"address = {c.addresses('n2')[0]}" in text
        with connection(c, "n2", "n1") as way:
            settled(c, ["n1"])
            c.partition(["n2"])
            arrived = send_rubbish(c, way, "n1")
            never(arrived)
            c.heal(["network"])
            wait_for(arrived)
        c.down(now=True)
        wait_for(lambda: not leftovers(c), 10, lambda: leftovers(c))


# ------------------------------------------------------------ nothing left behind

FIRST_THREAD_ENDS = """
import ctypes, platform, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).syscall({"x86_64": 60}.get(platform.machine(), 93), 0)  # exit: of this thread.
"""


def test_a_process_is_alive_until_its_last_thread_has_ended():
    process = subprocess.Popen([sys.executable, "-c", FIRST_THREAD_ENDS])
    try:
        wait_for(lambda: status_of(process.pid) == "Z")
        assert is_alive(process.pid)
    finally:
        process.kill()
    wait_for(lambda: not is_alive(process.pid))
    assert status_of(process.pid) == "Z"
    process.wait()
    assert (is_alive(process.pid), status_of(process.pid)) == (False, "")


def leftovers(cluster):
    """Processes, namespaces, listeners and groups of a cluster."""
    folder = str(cluster.dir).encode()
    found = [p.parent.name for p in pathlib.Path("/proc").glob("[0-9]*/cmdline")
             if folder in limits.read(p) and is_alive(p.parent.name)]
    s = cluster.state.read()
    run = pathlib.Path("/run/netns")
    if "prefix" in s and run.exists():
        found += [p.name for p in run.iterdir() if p.name.startswith(s["prefix"])]
    if "net" in s:
        from faults.loopback import in_use
        found += ["listener"] if in_use(s["net"]) else []
    # Those of other tests may vanish while they are looked through: walk() does not mind.
    found += [f"{folder}/{name}" for folder, names, _ in os.walk("/sys/fs/cgroup")
              for name in names if name.startswith(f"holdfast-faults-{limits.name_of(cluster.dir)}")]
    return found


@pytest.mark.parametrize("backend", BACKENDS)
def test_down_removes_everything_also_after_others_have_died(backend):
    now = ["--now"] if backend == "netns" else []  # In order is slower: once will do.
    with cluster_of(backend) as c:
        assert leftovers(c)
        c.freeze(["n1"])
        c.partition(["n2"])
        c.drop(["n3"], 0.2)
        if backend == "loopback":
            os.kill(c.relay_pid(), 9)
        else:  # A tool that died half-way through `down`.
            subprocess.run(["ip", "netns", "delete", c.namespace("n2")], check=True)
        # Another process knows only the folder.
        for args, left in [(["down", "--now"], False), (["start"], True), (["down", *now], False)]:
            done = subprocess.run([SCRIPT, "--dir", c.dir, *args], text=True, capture_output=True,
                                  check=False)
            assert bool(leftovers(c)) == left, (args, leftovers(c), done.stderr)
        assert done.returncode == 0, done.stderr


def run(capsys, *args):
    """The command in this process: its status and what it says."""
    capsys.readouterr()
    status = command.main([str(a) for a in args])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_what_is_asked_wrongly_is_explained_and_changes_nothing(tmp_path, cluster, capsys):
    for args, status, words in [
            ("partition n9", 1, "there are: n1, n2, n3"),
            ("partition n1 / n1,n2", 1, "cut off from itself"),
            ("drop n1 100%", 1, "use partition"),
            ("disk n1 broken", 1, "one of: ok, slow, full, fail"),
            ("up", 1, "has a cluster already"),
            ("up --backend qemu", 1, "one of: loopback"),
            ("drop n1 half", 2, "like 20%"),
            ("disk n1 slow", 2, "slow MS"),
            ("kill", 2, "kill NODES"),
            ("stop", 2, "stop NODES"),
            ("heal everything", 2, "one of: network"),
            ("frieze n1", 2, "no verb"),
            ("heal --now-please", 2, "no option --now-please")]:
        got, out, err = run(capsys, "--dir", cluster.dir, *args.split())
        assert (got, words in err, out) == (status, True, ""), (args, got, err)
    assert "no faults.json" in run(capsys, "--dir", tmp_path, "kill", "n1")[2]
    assert "partition NODES" in run(capsys, "--help")[1]
    assert run(capsys)[0] == 2
    assert not cluster.faults()


def test_the_command_does_what_its_words_say(cluster, capsys):
    there = ("--dir", cluster.dir)
    for args, line in [("partition n1,n2 / n3 --one-way", "partition  n1>n3"),
                       ("drop n1 12.5%", "drop       n1       12%"),
                       ("disk n2 slow 5", "disk       n2       slow 5 ms"),
                       ("clock n3 -5", "clock      n3       -5 s"),
                       ("freeze n2 monitor", "frozen     n2       monitor")]:
        assert run(capsys, *there, *args.split())[0] == 0
        assert line in run(capsys, *there, "status")[1].splitlines()
    # As a program of its own, once.
    subprocess.run([SCRIPT, *there, "heal"], check=True)
    assert not cluster.faults()


# What containers do is seen with an engine: make chaos BACKEND=containers.
def test_compose_is_told_of_nodes_beyond_its_own(tmp_path):
    names = faults.names("containers", 5)
    assert names == ["n1", "n2", "n3", "n4", "n5", "witness"]
    compose.write(tmp_path, names, [tmp_path / "journals"])
    told = json.loads((tmp_path / "compose.yml").read_text())["services"]
    assert [n for n in names if "extends" in told[n]] == ["n4", "n5"]
    peers, = {told[n]["environment"]["HOLDFAST_PEERS"] for n in names}
    assert peers.split() == [*(f"n{i}=n{i}:7400" for i in range(1, 6)),
                             "witness=witness:7400/witness"]
    for n in names:
        assert f"{tmp_path}/{n}:/var/lib/holdfast" in told[n]["volumes"]
        assert f"{tmp_path}/journals:{tmp_path}/journals" in told[n]["volumes"]
    with pytest.raises(faults.FaultError, match="3 to 9 nodes, not 2"):
        faults.names("containers", 2)
