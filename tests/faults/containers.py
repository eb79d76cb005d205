"""The containers of a docker compose project: three nodes or more, and a witness.

Names, networks and volumes are asked of the engine by compose's labels, so any
project of docker-compose.yml can be broken, also one that others started:
scripts/faults --project NAME. Rules and signals are given from outside the
containers, which have neither the programs nor the rights: so this needs root on the
engine's own machine. Disk and clock need shim.c inside, and clients the API's socket
outside: compose.py, for those that `up` makes.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from . import compose, memory, nft, rot
from .backend import Backend
from .compose import DATA
from .control import Control
from .errors import FaultError, Impossible
from .local import TOP
from .processes import NodeProcesses, is_alive, read, run, send, with_descendants
from .state import NONE, State

START_SECONDS = 90
GRACE_SECONDS = 100  # As docker-compose.yml has it.
LABEL = "com.docker.compose"


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
        try:
            run("docker", "version")
        except FaultError as e:
            raise Impossible(f"no container engine answers ({e}); scripts/docker-engine COMMAND "
                             f"sees to one for a command") from e
        if not shutil.which("nft"):
            raise Impossible("there is no nft; install it: apt-get install nftables")

    @classmethod
    def name_nodes(cls, count):
        return compose.names(count)

    @classmethod
    def make(cls, directory, count, profile, mode, settings, project=None, shared=()):
        cls.check_machine()
        names = cls.name_nodes(count)
        if settings or mode != "release":
            raise FaultError("docker-compose.yml has no other settings than its own, and its "
                             "image the release build; give neither settings nor --mode")
        shim = TOP / "build" / mode / "tests" / "faults-shim.so"
        if not shim.exists():
            raise FaultError(f"{shim} is not there; build it: make MODE={mode} faults-build")
        state = State(directory)
        if state.exists():
            raise FaultError(f"{directory} has a cluster already; take another --dir")
        cls.prepare(directory, names, shim)
        compose.write(directory, names, shared)
        project = project or f"holdfast-{directory.name}".lower()
        given = os.environ.get("HOLDFAST_IMAGE")
        image = given or f"holdfast:{project}"
        state.save({**NONE, "backend": cls.name, "made": True, "profile": profile,
                    "project": project, "nodes": names, "image": image, "built": not given,
                    "compose": compose.program()})
        cluster = cls(state)
        try:
            if not given:
                cluster.compose("build", "n1")
            cluster.compose("up", "--detach", "--no-build")
            cluster.wait_members(names)
        except BaseException:
            cluster.down(now=True)
            raise
        return cluster

    @classmethod
    def prepare(cls, directory, names, shim):
        """The folders that the containers are given."""
        directory.mkdir(parents=True, exist_ok=True)
        shutil.copy(shim, directory / "shim.so")
        for node in names:
            folder = directory / node
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
            Control(folder / "faults.control").create()

    @classmethod
    def adopt(cls, directory, project):
        """A project that others started; they will end it."""
        cls.check_machine()
        state = State(directory)
        if not state.exists():
            names = run("docker", "ps", "--all", "--filter",
                        f"label={LABEL}.project={project}", "--format",
                        f'{{{{.Label "{LABEL}.service"}}}}').split()
            if not names:
                raise FaultError(f"the engine has no containers of a project {project}; start "
                                 f"it: docker compose --project-name {project} up --detach")
            directory.mkdir(parents=True, exist_ok=True)
            state.save({**NONE, "backend": cls.name, "made": False, "project": project,
                        "nodes": sorted(names)})
        return cls(state)

    # ------------------------------------------------------------ the engine

    def compose(self, *command):
        return compose.call(self.state.read(), self.dir, *command)

    @property
    def names(self):
        return self._names

    def inspect_all(self):
        """What the engine knows of each node's container that there is. That of a container
        made anew has another id, so it is asked for each time."""
        found = run("docker", "ps", "--all", "--quiet",
                    "--filter", f"label={LABEL}.project={self.project}",
                    "--filter", f"label={LABEL}.oneoff=False").split()
        details = json.loads(run("docker", "inspect", *found)) if found else []
        return {d["Config"]["Labels"][f"{LABEL}.service"]: d for d in details}

    def inspect(self, node):
        found = self.inspect_all()
        if node not in found:
            raise FaultError(f"project {self.project} has no container for {node} any more; "
                             f"start it again with docker compose")
        return found[node]

    def container(self, node):
        """Its id."""
        return self.inspect(node)["Id"]

    def processes(self, node):
        return ContainerProcesses(node, self.inspect(node)["State"]["Pid"])

    def holdfast(self, node, *command):
        """The command, run in the node's container."""
        return run("docker", "exec", self.container(node), "env", "-u", "LD_PRELOAD", "holdfast",
                   *command)

    def folder(self, node):
        """Of its data, on this machine."""
        mount = next((m for m in self.inspect(node)["Mounts"] if m["Destination"] == DATA), None)
        if not mount:
            raise FaultError(f"the container of {node} has no volume at {DATA}")
        return pathlib.Path(mount["Source"])

    def reached_into(self, what):
        """Only those that `up` has made are prepared for it."""
        if not self.state.read()["made"]:
            self.refuse(what, "its containers were started without what that needs inside; make "
                              "the cluster by scripts/faults up --backend containers")

    def control(self, node):
        self.reached_into("a fault of disk or clock")
        return Control(self.dir / node / "faults.control")

    def socket(self, node):
        """Of its API: not by the network, so that clients reach a node that is cut off."""
        self.reached_into("a call from outside")
        return self.dir / node / "api.sock"

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
            found = self.inspect_all()
            down = [d["Id"] for n, d in found.items() if n in nodes and not d["State"]["Running"]]
            if down:
                run("docker", "start", *down)
            s["killed"] = [n for n in s["killed"] if n not in nodes]
            # Its namespace is new, its address may be.
            self._network({tuple(p) for p in s["partitions"]}, s["drop"])
            if wait:
                self.wait_members(nodes)

    def down(self, now=False):
        with self.state.locked() as s:
            try:
                if not (now and s["made"]):  # Else what is broken goes with the containers.
                    self.heal(("network", "disk", "clock", "memory", "frozen"))
            finally:
                if s["made"]:
                    self.remove(now)
                s["killed"] = []

    def remove(self, now):
        """All that `up` has made but the folders, which get what the nodes said."""
        try:
            found = self.inspect_all()
            if found:
                self.compose(*(("kill",) if now else ("stop", "--timeout", GRACE_SECONDS)))
            for node, details in found.items():
                with open(self.dir / node / "log", "wb") as log:
                    subprocess.run(["docker", "logs", details["Id"]], stdout=log, stderr=log,
                                   check=False)
        finally:
            self.compose("down", "--volumes", "--remove-orphans", "--timeout", "0")
            if self.state.read()["built"]:
                compose.remove_image(self.state.read()["image"])

    def _frozen(self, node):
        found = self.inspect_all().get(node)
        if found and found["State"]["Paused"]:
            return ["all"]
        return ContainerProcesses(node, found["State"]["Pid"]).frozen() if found else []

    def _running(self, node):
        found = self.inspect_all().get(node)
        return bool(found and found["State"]["Running"])

    def _kill(self, node, part):
        """What is paused would run for a moment when the engine wakes it to kill it, and what
        the engine did not kill itself it would start again."""
        details = self.inspect(node)
        processes = ContainerProcesses(node, details["State"]["Pid"])
        if details["State"]["Paused"]:
            for pid in processes.of(part):
                if part != "all" or pid != processes.first:
                    send(pid, signal.SIGKILL)
        elif part != "all":
            processes.kill(part)
        if part == "all" and details["State"]["Running"]:
            run("docker", "kill", details["Id"])

    def _stop(self, node):
        details = self.inspect(node)
        if details["State"]["Paused"]:
            raise FaultError(f"{node} stands still, and the engine would wake it to stop it; thaw "
                             f"it first")
        if details["State"]["Running"]:
            subprocess.Popen(["docker", "stop", "--time", str(GRACE_SECONDS), details["Id"]],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)

    def _freeze(self, node, part):
        if part != "all":
            self.processes(node).freeze(part)
        elif not self._running(node):
            raise FaultError(f"{node} is not running, so it cannot be frozen; start it first")
        else:
            run("docker", "pause", self.container(node))

    def _thaw(self, node):
        details = self.inspect(node)
        if details["State"]["Paused"]:
            run("docker", "unpause", details["Id"])
        ContainerProcesses(node, details["State"]["Pid"]).thaw()

    def _network(self, blocked, shares):
        found = self.inspect_all()
        hosts = {n: [net["IPAddress"] for net in i["NetworkSettings"]["Networks"].values()
                     if net["IPAddress"]] for n, i in found.items()}
        for node, details in found.items():
            unheard = [h for a, b in sorted(blocked) if b == node for h in hosts.get(a, ())]
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
