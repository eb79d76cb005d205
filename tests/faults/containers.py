"""The containers of a docker compose project: three nodes and a witness.

Names, networks and volumes are asked of the engine by compose's labels, so any
project of docker-compose.yml can be broken, also one that others started:
scripts/faults --project NAME. Rules and signals are given from outside the
containers, which have neither the programs nor the rights: so this needs root on the
engine's own machine. Disk and clock need shim.c inside: compose.yml, which `up` adds.
"""

import json
import os
import pathlib
import shutil
import time

from . import memory, nft, rot
from .backend import Backend
from .control import Control
from .errors import FaultError, Impossible
from .local import TOP
from .processes import NodeProcesses, is_alive, read, run, with_descendants
from .state import NONE, State

DATA = "/var/lib/holdfast"
START_SECONDS = 90


class ContainerProcesses(NodeProcesses):
    """A container's, as the machine sees them. `first` is its init; 0: it does not run."""

    def __init__(self, name, first):
        super().__init__(f"/proc/{first}/root{DATA}")
        self.name = name
        self.first = first

    def pid(self, part):
        """The pid files have the numbers of the container's own space."""
        if part == "supervisor":  # Init has one child, and that is it.
            return next((p for p in self.roots()[1:] if is_alive(p)), None)
        text = read(self.folder / self.FILES[part]).strip().decode()
        for pid in with_descendants([self.first]) if text and self.first else ():
            for line in read(f"/proc/{pid}/status").decode().splitlines():
                if line.startswith("NSpid:") and line.split()[-1] == text and is_alive(pid):
                    return pid
        return None

    def roots(self):
        return with_descendants([self.first]) if self.first else []


class Containers(Backend):
    name = "containers"

    def __init__(self, state):
        super().__init__(state)
        self.dir = state.path.parent
        s = state.read()
        self.project = s["project"]
        self._names = s["nodes"]

    @classmethod
    def check_machine(cls):
        if os.geteuid() != 0:
            raise Impossible("breaking containers needs root on the engine's machine; use sudo")
        run("docker", "version")
        if not shutil.which("nft"):
            raise Impossible("there is no nft; install it: apt-get install nftables")

    @classmethod
    def make(cls, directory, count, profile, mode, settings, project=None):
        cls.check_machine()
        if count != 3 or settings:
            raise FaultError("docker-compose.yml has three nodes and a witness, and no other "
                             "settings than its own; leave -n away")
        shim = TOP / "build" / mode / "tests" / "faults-shim.so"
        if not shim.exists():
            raise FaultError(f"{shim} is not there; build it: make MODE={mode} faults-build")
        state = State(directory)
        if state.exists():
            raise FaultError(f"{directory} has a cluster already; take another --dir")
        names = ["n1", "n2", "n3", "witness"]
        for node in names:
            folder = directory / node
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
            shutil.copy(shim, folder / "shim.so")
            Control(folder / "faults.control").create()
        state.save({**NONE, "backend": cls.name, "made": True, "profile": profile,
                    "project": project or f"holdfast-{directory.name}".lower(), "nodes": names})
        cluster = cls(state)
        try:
            cluster.compose("up", "--detach")
            cluster.wait_members(names)
        except BaseException:
            cluster.down(now=True)
            raise
        return cluster

    @classmethod
    def adopt(cls, directory, project):
        """A project that others started; they will end it."""
        cls.check_machine()
        state = State(directory)
        if not state.exists():
            names = run("docker", "ps", "--all", "--filter",
                        f"label=com.docker.compose.project={project}", "--format",
                        '{{.Label "com.docker.compose.service"}}').split()
            if not names:
                raise FaultError(f"the engine has no containers of a project {project}; start "
                                 f"it: docker compose --project-name {project} up --detach")
            directory.mkdir(parents=True, exist_ok=True)
            state.save({**NONE, "backend": cls.name, "made": False, "project": project,
                        "nodes": sorted(names)})
        return cls(state)

    # ------------------------------------------------------------ the engine

    def compose(self, *command):
        s = self.state.read()
        ports = {f"HOLDFAST_PORT_N{i}": "0" for i in (1, 2, 3)}  # Any that is free.
        env = {**os.environ, **ports, "HOLDFAST_PREFIX": self.project, "FAULTS_DIR": str(self.dir),
               "HOLDFAST_PROFILE": s["profile"]}
        program = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
        return run(*program, "--project-name", self.project, "--project-directory", TOP,
                   "--file", TOP / "docker-compose.yml",
                   "--file", pathlib.Path(__file__).parent / "compose.yml", *command, env=env)

    @property
    def names(self):
        return self._names

    def container(self, node):
        """Its id: that of a container made anew is another."""
        found = run("docker", "ps", "--all", "--quiet",
                    "--filter", f"label=com.docker.compose.project={self.project}",
                    "--filter", f"label=com.docker.compose.service={node}").split()
        if not found:
            raise FaultError(f"project {self.project} has no container for {node} any more; "
                             f"start it again with docker compose")
        return found[0]

    def inspect(self, node):
        return json.loads(run("docker", "inspect", self.container(node)))[0]

    def processes(self, node):
        return ContainerProcesses(node, self.inspect(node)["State"]["Pid"])

    def holdfast(self, node, *command):
        """The command, run in the node's container."""
        return run("docker", "exec", self.container(node), "env", "-u", "LD_PRELOAD", "holdfast",
                   *command)

    def control(self, node):
        environment = self.inspect(node)["Config"]["Env"] or []
        if not any(e.startswith("FAULTS_CONTROL=") for e in environment):
            self.refuse(f"faults of {node}'s disk or clock",
                        "its container was started without the shim; start the project by "
                        "scripts/faults up --backend containers, or with tests/faults/compose.yml")
        mount = next(m for m in self.inspect(node)["Mounts"] if m["Destination"] == "/faults")
        return Control(pathlib.Path(mount["Source"]) / "faults.control")

    def folder(self, node):
        """Of its data, on this machine."""
        mount = next((m for m in self.inspect(node)["Mounts"] if m["Destination"] == DATA), None)
        if not mount:
            raise FaultError(f"the container of {node} has no volume at {DATA}")
        return pathlib.Path(mount["Source"])

    def wait_members(self, nodes):
        end = time.monotonic() + START_SECONDS
        for node in nodes:
            while True:
                try:
                    known = json.loads(self.holdfast(node, "--timeout", "2", "--json", "node",
                                                     "list"))
                    if any(n["name"] == node and n["state"] == "Up" for n in known):
                        break
                except FaultError as e:
                    if time.monotonic() > end:
                        raise FaultError(f"{node} does not become a member: {e}; see docker logs "
                                         f"{self.container(node)}") from e
                if time.monotonic() > end:
                    raise FaultError(f"{node} does not become a member; see docker logs "
                                     f"{self.container(node)}")
                time.sleep(0.1)

    # ------------------------------------------------------------- the verbs

    def start(self, nodes=None, wait=True):
        with self.state.locked() as s:
            nodes = self.check(nodes) if nodes else self.names
            for node in nodes:
                if not self.inspect(node)["State"]["Running"]:
                    run("docker", "start", self.container(node))
            s["killed"] = [n for n in s["killed"] if n not in nodes]
            # Its namespace is new, its address may be.
            self._network({tuple(p) for p in s["partitions"]}, s["drop"])
            if wait:
                self.wait_members(nodes)

    def down(self, now=False):
        with self.state.locked() as s:
            try:
                self.heal(("network", "disk", "clock", "memory", "frozen"))
            finally:
                if s["made"]:
                    self.compose("down", "--volumes", "--timeout", "0" if now else "100")
                s["killed"] = []

    def _frozen(self, node):
        details = self.inspect(node)["State"]
        if details["Paused"]:
            return ["all"]
        return ContainerProcesses(node, details["Pid"]).frozen()

    def _running(self, node):
        return self.inspect(node)["State"]["Running"]

    def _kill(self, node, part):
        if part != "all":
            self.processes(node).kill(part)
        elif self._running(node):
            run("docker", "kill", self.container(node))

    def _freeze(self, node, part):
        if part != "all":
            self.processes(node).freeze(part)
        elif not self._running(node):
            raise FaultError(f"{node} is not running, so it cannot be frozen; start it first")
        else:
            run("docker", "pause", self.container(node))

    def _thaw(self, node):
        if self.inspect(node)["State"]["Paused"]:
            run("docker", "unpause", self.container(node))
        self.processes(node).thaw()

    def _network(self, blocked, shares):
        found = {n: self.inspect(n) for n in self.names}
        hosts = {n: [net["IPAddress"] for net in i["NetworkSettings"]["Networks"].values()
                     if net["IPAddress"]] for n, i in found.items()}
        for node, details in found.items():
            unheard = [h for a, b in sorted(blocked) if b == node for h in hosts[a]]
            self.rules(node, details["State"]["Pid"], unheard, shares.get(node, 0))

    def rules(self, node, first, unheard, share):
        """A container that does not run has no network; start() gives it its rules."""
        while first:
            try:
                nft.apply(["nsenter", f"--net=/proc/{first}/ns/net"], unheard, share)
                return
            except FaultError:
                now = self.inspect(node)["State"]["Pid"]
                if now == first:
                    raise
                first = now  # It has ended, and was perhaps started again, meanwhile.

    def _disk(self, node, mode, ms):
        self.control(node).disk(mode, ms)

    def _clock(self, node, seconds):
        self.control(node).clock(seconds)

    def _memory(self, node, limit):
        return memory.limit_where_it_is(self.inspect(node)["State"]["Pid"], limit)

    def _unmemory(self, node, how):
        memory.lift(how)

    def _corrupt(self, node, kind):
        return rot.flip(self.folder(node) / "raft", kind)

    def _mend(self, node, path, offset, was, now):
        rot.mend(path, offset, was, now)
