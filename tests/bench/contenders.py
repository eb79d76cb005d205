"""The clusters that are compared: Holdfast, bare libraft, etcd.

Each lives in a folder of its own, on loopback, three nodes. measure() makes one
point: a closed loop of so many clients for so many seconds. close() ends every
process that was started here, by its pid.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
BYTES = 200  # What one change takes in the log.


class Failed(Exception):
    """A contender does not do what it is asked to."""


def free_ports(count):
    held = []
    for _ in range(count):
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
        held.append(s)
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def start(command, **options):
    """A child that ends when this process does, and hears no ctrl-C of its own."""
    libc = ctypes.CDLL(None)
    return subprocess.Popen([str(c) for c in command], start_new_session=True, text=True,
                            preexec_fn=lambda: libc.prctl(1, signal.SIGKILL), **options)


def stop(children):
    for child in children:
        child.kill()
    for child in children:
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


def output_of(command, seconds):
    child = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as e:
        raise Failed(f"{command[0]} does not end") from e
    finally:
        stop([child])
    if child.returncode != 0:
        raise Failed(f"{command[0]} ended with {child.returncode}: {err.strip() or out.strip()}")
    return out


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got is not None:
            return got
        if time.monotonic() > end:
            raise Failed(f"{what}: nothing in {seconds} s")
        time.sleep(0.05)


class Holdfast:
    name = "holdfast"

    def __init__(self, folder, mode):
        self.folder = folder
        self.build = TOP / "build" / mode
        self.mode = mode
        self.nodes = ["n1", "n2", "n3"]
        folder.mkdir()
        try:
            self.cluster("up", "-n", "3", "--mode", mode)
        except BaseException:
            self.close()
            raise

    def cluster(self, *args):
        """scripts/cluster is never cut short: only then does it know all that it started."""
        child = subprocess.Popen([TOP / "scripts" / "cluster", *args, "--dir", self.folder],
                                 start_new_session=True, text=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
        try:
            out, _ = child.communicate()
        except BaseException:
            child.wait()
            raise
        if child.returncode != 0:
            raise Failed(f"scripts/cluster {args[0]}: {out.strip()}")

    def leader(self):
        def ask():
            done = subprocess.run([self.build / "holdfast", "--socket", self.socket("n1"),
                                   "--timeout", "5", "--json", "cluster", "status"],
                                  capture_output=True, text=True, check=False)
            with contextlib.suppress(ValueError, KeyError):
                return json.loads(done.stdout)["leader"] or None
            return None

        return wait_for(ask, "no leader of Holdfast")

    def socket(self, node):
        return self.folder / node / "api.sock"

    def pids(self):
        """{node: {what: pid}}"""
        found = {}
        for n in self.nodes:
            files = {"daemon": "pid", "monitor": "monitor.pid", "supervisor": "supervisor.pid"}
            found[n] = {}
            for what, file in files.items():
                with contextlib.suppress(OSError, ValueError):
                    found[n][what] = int((self.folder / n / file).read_text())
        return found

    def measure(self, what, clients, seconds, warmup):
        """`what`: (set or get, leader or follower)."""
        call, where = what
        leader = self.leader()
        node = leader if where == "leader" else next(n for n in self.nodes if n != leader)
        out = output_of([self.build / "tests" / "bench" / "load", "--socket", self.socket(node),
                         "--clients", clients, "--call", call, "--seconds", seconds,
                         "--warmup", warmup, "--bytes", BYTES], 60 + seconds)
        return json.loads(out)

    def close(self):
        self.cluster("kill")


class Libraft:
    name = "libraft"

    def __init__(self, folder, mode):
        ports = ",".join(map(str, free_ports(3)))
        self.children = []
        try:
            for i in (1, 2, 3):
                own = folder / str(i)
                own.mkdir(parents=True)
                self.children.append(start(
                    [TOP / "build" / mode / "tests" / "bench" / "libraft", "--dir", own, "--id", i,
                     "--ports", ports, "--bytes", BYTES],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            for child in self.children:
                if child.stdout.readline() != "ready\n":
                    raise Failed("libraft does not start")
        except BaseException:
            self.close()
            raise

    def measure(self, _what, clients, seconds, warmup):
        """The one that leads does it; the others say at once that they do not."""

        def ask():
            lines = []
            for child in self.children:
                child.stdin.write(f"run {clients} {warmup} {seconds}\n")
                child.stdin.flush()
            for child in self.children:
                lines.append(child.stdout.readline().strip())
            if "" in lines:
                raise Failed("a node of libraft has ended")
            led = [line for line in lines if line != "follower"]
            return json.loads(led[0]) if led else None

        return wait_for(ask, "no leader of libraft")

    def close(self):
        stop(self.children)


def protobuf(number, data):
    """A length-delimited field of less than 16 KiB."""
    length = bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 127 | 128, len(data) >> 7])
    return bytes([number << 3 | 2]) + length + data


class Etcd:
    name = "etcd"
    KEY = b"bench-description"

    def __init__(self, folder, _mode):
        self.folder = folder
        self.ports = free_ports(6)
        self.children = []
        folder.mkdir()
        # One entry as long as ours: key, value and etcd's own dozen bytes.
        value = b"x" * (BYTES - len(self.KEY) - 12)
        self.body("put", protobuf(1, self.KEY) + protobuf(2, value))
        self.body("range", protobuf(1, self.KEY))
        try:
            for i in range(3):
                self.children.append(self.start_node(i))
            wait_for(self.leader, "no leader of etcd")
        except BaseException:
            self.close()
            raise

    def body(self, name, message):
        (self.folder / name).write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)

    def client_url(self, i):
        return f"http://127.0.0.1:{self.ports[i]}"

    def start_node(self, i):
        peers = [f"http://127.0.0.1:{p}" for p in self.ports[3:]]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ETCD_")}
        return start(
            ["etcd", "--name", f"e{i}", "--data-dir", self.folder / f"e{i}",
             "--listen-client-urls", self.client_url(i), "--advertise-client-urls",
             self.client_url(i), "--listen-peer-urls", peers[i], "--initial-advertise-peer-urls",
             peers[i], "--initial-cluster", ",".join(f"e{n}={p}" for n, p in enumerate(peers)),
             "--initial-cluster-state", "new", "--logger", "zap", "--log-level", "error",
             "--log-outputs", self.folder / f"e{i}.log"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)

    def status(self, i):
        request = urllib.request.Request(self.client_url(i) + "/v3/maintenance/status", b"{}")
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def leader(self):
        for child in self.children:
            if child.poll() is not None:
                raise Failed(f"etcd ended with {child.returncode}: see its log")
        for i in range(3):
            with contextlib.suppress(OSError, KeyError, ValueError):
                status = self.status(i)
                if status["leader"] == status["header"]["member_id"]:
                    return i
        return None

    def measure(self, what, clients, seconds, warmup):
        """h2load has no percentiles: they come from its log of all requests."""
        leader = wait_for(self.leader, "no leader of etcd")
        log = self.folder / "requests"
        log.unlink(missing_ok=True)
        before = self.revision(leader)
        path = "Put" if what[0] == "set" else "Range"
        output_of(["h2load", "-c", clients, "-m", 1, "-t", 1, "-D", f"{int(seconds * 1000)}ms",
                   f"--warm-up-time={int(warmup * 1000)}ms", "--log-file", log,
                   "-d", self.folder / ("put" if what[0] == "set" else "range"),
                   "-H", "content-type: application/grpc", "-H", "te: trailers",
                   f"{self.client_url(leader)}/etcdserverpb.KV/{path}"], 60 + seconds)
        result = self.read_log(log, seconds)
        # A refusal is a trailer of gRPC, which h2load does not see: the store must tell.
        if what[0] == "set" and self.revision(leader) - before < result["calls_per_s"] * seconds:
            raise Failed("etcd has refused some of the puts")
        return result

    def revision(self, i):
        return int(self.status(i)["header"].get("revision", 0))

    @staticmethod
    def read_log(log, seconds):
        """Begin, status and duration of all requests that ended after the warm-up."""
        with open(log, encoding="ascii") as lines:
            rows = [tuple(map(int, line.split())) for line in lines]
        if not rows:
            raise Failed("h2load made no request")
        end_us = rows[0][0] + rows[0][2] + seconds * 1e6
        rows = [r for r in rows if r[0] + r[2] <= end_us]
        taken = sorted(us for _, status, us in rows if status == 200)
        if not taken:
            raise Failed("etcd answers no request")
        return {"calls_per_s": len(taken) / seconds, "p50_us": taken[len(taken) // 2],
                "p99_us": taken[len(taken) * 99 // 100], "max_us": taken[-1],
                "errors": len(rows) - len(taken)}

    def close(self):
        stop(self.children)
