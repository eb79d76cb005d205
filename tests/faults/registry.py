"""Which backends there are."""

import pathlib

from .errors import FaultError
from .state import State


def classes():
    """Imported when asked for: none needs what only another one needs."""
    from .containers import Containers
    from .loopback import Loopback
    from .netns import Netns
    return {c.name: c for c in (Loopback, Netns, Containers)}


def named(backend):
    known = classes()
    if backend not in known:
        raise FaultError(f"there is no backend {backend}; one of: {', '.join(known)}")
    return known[backend]


def make(backend, directory, count=3, profile="default", mode="release", settings=None, **more):
    """A running cluster of n1 ... in `directory`, all of them members; to be ended by down().
    `settings`: {"timing": {"lease_ms": 3000}, ...}, more lines for each node's file.
    `mode`: which build. More: `shared`, folders of this machine that services need, which
    have the same path for them; for nodes of this machine, `roles`: {"n3": "standby"}, as
    the configuration has them; for containers, `project`, the name for docker compose."""
    return named(backend).make(pathlib.Path(directory).absolute(), count=count, profile=profile,
                               mode=mode, settings=settings or {}, **more)


def names(backend, count):
    """Of the nodes that make() would make."""
    return named(backend).name_nodes(count)


def adopt(project, directory):
    """The containers of a docker compose project that others started."""
    return classes()["containers"].adopt(pathlib.Path(directory).absolute(), project)


def open_cluster(directory):
    """The cluster that is in `directory`."""
    state = State(pathlib.Path(directory).absolute())
    return classes()[state.read()["backend"]](state)
