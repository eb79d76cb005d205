"""Memory pressure: a cgroup where one can be made, else a limit for each process.

- cgroup 2: memory.high. Who is above it is made to give back and is slowed down.
- cgroup 1: memory.limit_in_bytes, without the killer: who needs more waits until there
  is some (or until the limit is lifted).
- Else RLIMIT_DATA: the daemon's next allocation beyond it fails. Not with sanitizers,
  whose tables alone are terabytes.
"""

import contextlib
import os
import pathlib
import resource
import time

from .errors import FaultError, Impossible
from .processes import read

SANITIZED_BYTES = 1 << 40
LIFT_SECONDS = 10


def mounts(kind):
    for line in read("/proc/mounts").decode().splitlines():
        _, where, type_, options = line.split()[:4]
        if type_ == kind:
            yield pathlib.Path(where), options.split(",")


def version_2():
    """The root of cgroup 2 if it can limit memory."""
    for where, _ in mounts("cgroup2"):
        with contextlib.suppress(OSError):
            if "memory" in (where / "cgroup.subtree_control").read_text().split():
                return where
    return None


def version_1():
    return next((w for w, options in mounts("cgroup") if "memory" in options), None)


def own_group(pid, kind):
    """Where the process is now: to put it back there."""
    for line in read(f"/proc/{pid}/cgroup").decode().splitlines():
        _, controllers, path = line.split(":", 2)
        if (kind == 2 and not controllers) or (kind == 1 and "memory" in controllers.split(",")):
            return path
    return "/"


def name_of(folder):
    """Of the groups of a cluster: other clusters' folders may have the same last name."""
    return str(folder.resolve()).strip("/").replace("/", "-")


def limit(name, pids, size):
    """What lift() needs."""
    if not pids:
        raise FaultError(f"{name}: nothing of it runs; start the node first")
    # Services are in cgroups of their own by then, of version 2: their monitor would
    # look for them there in vain. So with version 2 only what has none is moved.
    for kind, root in ((2, version_2()), (1, version_1())):
        if root and os.access(root, os.W_OK):
            with contextlib.suppress(OSError):
                return in_group(root / f"holdfast-faults-{name}", kind, pids, size)
    return by_rlimit(pids, size)


def in_group(group, kind, pids, size):
    group.mkdir(exist_ok=True)
    how = {"how": f"cgroup {kind}", "limit": size, "group": str(group), "was": {}}
    try:
        if kind == 1:
            (group / "memory.oom_control").write_text("1")
        (group / ("memory.high" if kind == 2 else "memory.limit_in_bytes")).write_text(str(size))
        for pid in pids:
            was = own_group(pid, kind)
            if kind == 2 and "/holdfast-" in was:
                continue
            with contextlib.suppress(ProcessLookupError):
                (group / "cgroup.procs").write_text(str(pid))
                how["was"][str(pid)] = was
    except OSError:
        lift(how)
        raise
    return how


def limit_where_it_is(pid, size):
    """For a container, whose processes have a group to themselves already."""
    for kind, root, name in ((2, version_2(), "memory.high"),
                             (1, version_1(), "memory.limit_in_bytes")):
        file = root and pid and root / own_group(pid, kind).lstrip("/") / name
        if file and file.exists():
            was = file.read_text().strip()
            try:
                file.write_text(str(size))
            except OSError as e:
                raise FaultError(f"the container cannot be brought below {size} bytes: {e}") from e
            return {"how": f"cgroup {kind}", "limit": size, "file": str(file), "was": was}
    raise Impossible("memory cannot be limited here: the container does not run, or has no cgroup "
                     "with memory of its own")


def by_rlimit(pids, size):
    how = {"how": "RLIMIT_DATA", "limit": size, "was": {}}
    for pid in pids:
        if int(read(f"/proc/{pid}/statm").split()[0] or 0) * resource.getpagesize() > SANITIZED_BYTES:
            raise Impossible("memory cannot be limited here: no cgroup with memory can be made, "
                             "and a build with sanitizers needs more address space than any limit "
                             "lets it have; run as root, or take --mode release")
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            was = resource.prlimit(pid, resource.RLIMIT_DATA)
            resource.prlimit(pid, resource.RLIMIT_DATA, (size, was[1]))
            how["was"][str(pid)] = list(was)
    return how


def lift(how):
    if "file" in how:
        with contextlib.suppress(FileNotFoundError):  # Gone with its container.
            pathlib.Path(how["file"]).write_text(how["was"])
        return
    if "group" not in how:
        for pid, was in how["was"].items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(int(pid), resource.RLIMIT_DATA, tuple(was))
        return
    group = pathlib.Path(how["group"])
    if not group.exists():
        return
    # Who waits for memory must get some to be moved.
    for name, value in (("memory.high", "max"), ("memory.limit_in_bytes", "-1")):
        if (group / name).exists():
            (group / name).write_text(value)
    end = time.monotonic() + LIFT_SECONDS
    while not empty(group, how["was"]):
        # Whoever forks has a child in it that was not there a moment ago.
        if time.monotonic() > end:
            raise FaultError(f"{group} cannot be removed; what still runs in it: "
                             f"{(group / 'cgroup.procs').read_text().split()}")
        time.sleep(0.01)


def empty(group, was):
    """Puts back whoever is there. Whether it could be removed then."""
    for pid in (group / "cgroup.procs").read_text().split():
        back = group.parent / was.get(pid, "/").lstrip("/")
        if not back.is_dir():
            back = group.parent
        with contextlib.suppress(OSError):
            (back / "cgroup.procs").write_text(pid)
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()
