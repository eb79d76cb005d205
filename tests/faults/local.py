"""Clusters whose nodes are folders of this machine: what loopback and netns share.

scripts/cluster starts and stops the processes. DIR/nI/run, a script that it puts
before holdfastd's command line, is where a node gets its network and shim.c.
"""

import os
import pathlib
import shlex
import signal
import subprocess

from . import memory, rot
from .backend import Backend
from .control import Control
from .errors import FaultError
from .processes import NodeProcesses, send
from .state import NONE, State

TOP = pathlib.Path(__file__).resolve().parents[2]
NODES_MAX = 99
PORT = 7400


class Local(Backend):
    def __init__(self, state):
        super().__init__(state)
        self.dir = state.path.parent

    @classmethod
    def make(cls, directory, count, profile, mode, settings, roles=None, shared=()):
        del shared  # Services see all of the machine.
        cls.check_machine()
        names = cls.name_nodes(count)
        state = State(directory)
        if state.exists() or list(directory.glob("n[0-9]*/holdfast.conf")):
            raise FaultError(f"{directory} has a cluster already; take another --dir, or end that "
                             f"one (scripts/faults down) and remove the folder")
        for program in ("holdfastd", "tests/faults-shim.so"):
            if not (TOP / "build" / mode / program).exists():
                raise FaultError(f"build/{mode}/{program} is not there; build it: "
                                 f"make MODE={mode} build faults-build")
        directory.mkdir(parents=True, exist_ok=True)
        state.save({**NONE, "backend": cls.name, "mode": mode, "profile": profile, "nodes": names,
                    **cls.choose(names)})
        (directory / "mode").write_text(mode + "\n")
        cluster = cls(state)
        roles = {n: f"/{role}" for n, role in (roles or {}).items()}
        peers = [f"peers = {n}={cluster.addresses(n)[0]}{roles.get(n, '')}" for n in names]
        try:
            for node in names:
                cluster.write_node(node, settings, [], peers)
            cluster.start()
        except BaseException:
            cluster.down(now=True)
            raise
        return cluster

    @classmethod
    def name_nodes(cls, count):
        if not 1 <= count <= NODES_MAX:
            raise FaultError(f"a cluster has 1 to {NODES_MAX} nodes here, not {count}")
        return [f"n{i}" for i in range(1, count + 1)]

    # ---------------------------------------------- for each kind of network

    @classmethod
    def check_machine(cls):
        """Raise Impossible if this machine or user cannot."""

    @classmethod
    def choose(cls, names):
        """What the network needs to know, to be noted before it is made."""
        return {}

    def addresses(self, node):
        """(what the others dial, what it listens on)"""
        raise NotImplementedError

    def network_up(self):
        """Make what of the network is missing."""

    def network_down(self):
        """Remove all of it that there is."""

    def prefix(self, node):
        """Words before the command that starts a node."""
        return []

    def environment(self, node):
        return {}

    # ------------------------------------------------------------- the folder

    @property
    def names(self):
        return self.state.read()["nodes"]

    @property
    def bin(self):
        return TOP / "build" / self.state.read()["mode"]

    def socket(self, node):
        return self.dir / node / "api.sock"

    def processes(self, node):
        return NodeProcesses(self.dir / node)

    def control(self, node):
        return Control(self.dir / node / "faults.control")

    def add(self, settings=None):
        """One more node: its folder, with a file by which it joins, and its place on the
        network. Returns its name; start() starts it."""
        with self.state.locked() as s:
            node = f"n{1 + max(int(n[1:]) for n in self.names)}"
            join = self.addresses(self.names[0])[0]
            s["nodes"].append(node)
            self.state.note()
            self.network_up()
            self._network_again(s)
            self.write_node(node, settings or {}, [f"address = {self.addresses(node)[0]}"],
                            [f"join = {join}"])
        return node

    def write_node(self, node, settings, own, cluster):
        """Its folder, with more lines of its file for [node] and for [cluster]."""
        s = self.state.read()
        folder = self.dir / node
        folder.mkdir(exist_ok=True)
        self.control(node).create()
        self.write_run(folder, node, s["mode"])
        sections = {
            "node": [f"name = {node}", f"data = {folder}", f"socket = {folder}/api.sock",
                     f"log = {folder}/log", f"listen = {self.addresses(node)[1]}", *own],
            "cluster": ["name = local", f"profile = {s['profile']}", *cluster]}
        for section, values in settings.items():
            sections.setdefault(section, []).extend(f"{k} = {v}" for k, v in values.items())
        (folder / "holdfast.conf").write_text("\n".join(
            f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections.items()))

    def write_run(self, folder, node, mode):
        values = {"FAULTS_CONTROL": self.control(node).path,
                  "FAULTS_DATA": f"{folder}/", **self.environment(node)}
        lines = ["#!/bin/sh", f"# What {node} is started by; written by scripts/faults."]
        lines += [f"export {k}={shlex.quote(str(v))}" for k, v in values.items()]
        # The sanitizers' runtime wants to be loaded first; that it is not does no harm here.
        lines.append('export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"')
        # Set last: neither this shell nor what enters a namespace needs the shim.
        shim = TOP / "build" / mode / "tests" / "faults-shim.so"
        command = [*self.prefix(node), "env", f"LD_PRELOAD={shim}"]
        lines.append("exec " + " ".join(shlex.quote(c) for c in command) + ' "$@"')
        run = folder / "run"
        run.write_text("\n".join(lines) + "\n")
        run.chmod(0o755)

    def script(self, *args):
        """scripts/cluster, which does not call us back then."""
        done = subprocess.run([TOP / "scripts" / "cluster", *args, "--dir", self.dir],
                              env={**os.environ, "HOLDFAST_FAULTS_INSIDE": "1"}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            raise FaultError((done.stderr + done.stdout).strip() or
                             f"scripts/cluster {args[0]} ended with status {done.returncode}")
        return done.stdout

    # ------------------------------------------------------------ the verbs

    def start(self, nodes=None, wait=True):
        with self.state.locked() as s:
            self.network_up()
            self._network({tuple(p) for p in s["partitions"]}, s["drop"])
            nodes = self.check(nodes) if nodes else self.names
            for n in nodes:  # All, before the first is waited for: it may need the others.
                self.script("start", n, "--no-wait")
            s["killed"] = [n for n in s["killed"] if n not in nodes]
            for n in nodes if wait else ():
                self.script("start", n)

    def down(self, now=False):
        with self.state.locked() as s:
            kinds = ("network", "disk", "clock", "memory", "frozen")
            try:
                self.heal(kinds)
                if not now:
                    self.script("stop")
            finally:
                for node in self.names:
                    self.processes(node).thaw()
                    self.processes(node).kill("all")
                self.network_down()
                s["killed"] = []

    def _kill(self, node, part):
        self.processes(node).kill(part)

    def _stop(self, node):
        for pid in self.processes(node).of("supervisor"):
            send(pid, signal.SIGTERM)

    def _freeze(self, node, part):
        self.processes(node).freeze(part)

    def _thaw(self, node):
        self.processes(node).thaw()

    def _frozen(self, node):
        return self.processes(node).frozen()

    def _running(self, node):
        return self.processes(node).pid("supervisor") is not None

    def _disk(self, node, mode, ms):
        self.control(node).disk(mode, ms)

    def _clock(self, node, seconds):
        self.control(node).clock(seconds)

    def _memory(self, node, limit):
        return memory.limit(f"{memory.name_of(self.dir)}-{node}", self.processes(node).of("all"), limit)

    def _unmemory(self, node, how):
        memory.lift(how)

    def _corrupt(self, node, kind):
        return rot.flip(self.dir / node / "raft", kind)

    def _mend(self, node, path, offset, was, now):
        rot.mend(path, offset, was, now)
