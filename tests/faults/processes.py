"""The processes of a node that lives in a folder of this machine.

A pid file can be old, and its number somebody else's by now: a process counts
only if its command line names the node's folder, or it descends from one whose does.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

from .errors import FaultError

PARTS = ("daemon", "monitor", "all")
END_SECONDS = 10


def run(*command, text=None, env=None):
    """A program's output. FaultError with what it said if it fails."""
    try:
        done = subprocess.run([str(c) for c in command], input=text, text=True, env=env,
                              capture_output=True, check=False)
    except FileNotFoundError as e:
        raise FaultError(f"there is no {command[0]} on this machine; install it") from e
    if done.returncode != 0:
        raise FaultError(f"'{' '.join(str(c) for c in command)}' failed: "
                         f"{(done.stderr or done.stdout).strip() or done.returncode}")
    return done.stdout


def read(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError:
        return b""


def stat_of(pid):
    """What /proc/PID/stat holds from the state on (field 3 of proc(5)); [] if there is
    no such process."""
    return read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def status_of(pid):
    """The letter of its state; "" if there is no such process."""
    return next((field.decode() for field in stat_of(pid)[:1]), "")


def is_alive(pid):
    """True as long as a thread of it is left: one that is killed is a zombie as soon as its
    first thread has ended, but files and sockets are open until the last has."""
    stat = stat_of(pid)
    return bool(stat) and (stat[0] not in (b"Z", b"X") or int(stat[17]) > 1)


def children(pid):
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            yield from (int(p) for p in read(f"/proc/{pid}/task/{task}/children").split())


def with_descendants(pids):
    """Parents before children."""
    found = []
    for pid in pids:
        if pid not in found:
            found.append(pid)
            found += [p for p in with_descendants(children(pid)) if p not in found]
    return found


def send(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def send_at_once(name, pids):
    """In this order, by one process: between two calls from here other threads run, and a
    service would be awake for as long while monitor and guardian, which are to end it, are not.
    One that has ended meanwhile is no failure."""
    pids = [str(pid) for pid in pids]
    if pids:
        subprocess.run(["sh", "-c", 'kill "$@"', "kill", f"-{name}", *pids], check=False,
                       stderr=subprocess.DEVNULL)


class NodeProcesses:
    """`folder` is the node's: DIR/nI."""

    FILES = {"supervisor": "supervisor.pid", "daemon": "pid", "monitor": "monitor.pid"}

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.name = self.folder.name

    def pid(self, part):
        """Of the supervisor, the daemon or the monitor; None if it does not live."""
        text = read(self.folder / self.FILES[part]).strip()
        if not text.isdigit() or not is_alive(int(text)):
            return None
        arguments = read(f"/proc/{int(text)}/cmdline").decode(errors="replace").split("\0")
        mine = str(self.folder)
        if any(a == mine or a.startswith(mine + "/") for a in arguments):
            return int(text)
        return None

    def of(self, part):
        """The pids that `part` means: daemon, monitor, or all with what they run."""
        if part != "all":
            pid = self.pid(part)
            return [pid] if pid else []
        found = with_descendants(self.roots())
        return [p for p in [*found, *sorted(self.marked() - set(found))] if is_alive(p)]

    def marked(self):
        """All that DIR/nI/run has started: a guardian whose monitor was killed while both
        were frozen descends from nobody any more, and would stay frozen."""
        mark = f"FAULTS_DATA={self.folder}/".encode()
        return {int(p) for p in os.listdir("/proc")
                if p.isdigit() and mark in read(f"/proc/{p}/environ").split(b"\0")}

    def roots(self):
        """From whom everything of the node descends."""
        return [p for p in map(self.pid, ("supervisor", "daemon", "monitor")) if p]

    def freeze(self, part):
        """Until all are stopped: one that is not stopped yet may start another."""
        if not self.of(part):
            raise FaultError(f"{self.name}: its {part} is not running, so nothing can be "
                             f"frozen; start the node first")
        end = time.monotonic() + END_SECONDS
        while any(status_of(p) not in ("T", "t", "Z", "") for p in self.of(part)):
            # Services first: none is awake longer than those who are to end it.
            send_at_once("STOP", reversed(self.of(part)))
            if time.monotonic() > end:
                raise FaultError(f"{self.name}: not all of it has stopped")
            time.sleep(0.001)

    def thaw(self):
        """Children first: a parent that wakes may end or wait for them."""
        send_at_once("CONT", reversed(self.of("all")))

    def kill(self, part):
        """As a power cut: at once, nobody gets to clean up."""
        pids = self.of(part)
        groups = cgroups_of(pids) if part == "all" else []
        for pid in pids:  # The supervisor is the first: nothing is started again.
            send(pid, signal.SIGKILL)
        if part == "all":
            for pid in self.of("all"):
                pids.append(pid)
                send(pid, signal.SIGKILL)
        end = time.monotonic() + END_SECONDS
        while any(is_alive(p) for p in pids):
            if time.monotonic() > end:
                raise FaultError(f"{self.name}: process {pids} does not end though killed; "
                                 f"is it in uninterruptible sleep?")
            time.sleep(0.001)
        for group in groups:
            with contextlib.suppress(OSError):
                os.rmdir(group)
        if part == "all":
            for name in self.FILES.values():
                (self.folder / name).unlink(missing_ok=True)

    def frozen(self):
        """Which parts are stopped."""
        return [part for part in ("daemon", "monitor")
                if (p := self.pid(part)) and status_of(p) in ("T", "t")]


def cgroups_of(pids):
    """The folders of the groups that monitors made for services."""
    mounts = [line.split() for line in read("/proc/mounts").decode().splitlines()]
    unified = next((m[1] for m in mounts if m[2] == "cgroup2"), None)
    found = set()
    for pid in pids if unified else ():
        for line in read(f"/proc/{pid}/cgroup").decode().splitlines():
            if line.startswith("0::") and "/holdfast-" in line:
                found.add(unified + line[3:])
    return sorted(found, key=len, reverse=True)
