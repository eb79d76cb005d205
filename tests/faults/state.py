"""What is broken in a cluster, in DIR/faults.json.

The file is written before a fault is made and after it is undone: whatever this
process leaves half done when it dies, the next one finds noted and can undo.
"""

import contextlib
import copy
import fcntl
import json
import os
import pathlib
import threading

from .errors import FaultError

NONE = {
    "partitions": [],  # [from, to]: nothing of `from` reaches `to`.
    "drop": {},        # node: share of its packets, 0 to 1
    "disk": {},        # node: {"mode": slow|full|fail, "ms": n}
    "clock": {},       # node: seconds
    "memory": {},      # node: {"how": ..., "limit": bytes, ...}
    "killed": [],      # nodes
    "frozen": {},      # node: what
    "corrupt": [],     # {"node", "path", "offset", "was", "is"}
}


class State:
    """Use within `with state.locked() as s:`; s is the dictionary, saved at the end."""

    def __init__(self, directory):
        self.path = pathlib.Path(directory) / "faults.json"
        self.thread = threading.RLock()
        self.depth = 0
        self.values = None

    def exists(self):
        return self.path.exists()

    def read(self):
        try:
            values = json.loads(self.path.read_text())
        except FileNotFoundError as e:
            raise FaultError(f"{self.path.parent} holds no cluster that scripts/faults made "
                             f"(no faults.json); make one: scripts/faults up --dir DIR") from e
        except ValueError as e:
            raise FaultError(f"{self.path} is not readable ({e}); restore it, or end the "
                             f"cluster's processes by hand") from e
        return {**copy.deepcopy(NONE), **values}

    def save(self, values):
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(values, indent=1))
        os.replace(temporary, self.path)

    def note(self):
        """Save now what is true so far: before something is made that must be undone."""
        self.save(self.values)

    @contextlib.contextmanager
    def locked(self):
        """One thread of one process at a time. Nests. What was noted is saved even on errors."""
        with self.thread:
            if self.depth:
                yield self.values
                return
            with open(self.path.with_suffix(".lock"), "w", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self.values = self.read()
                self.depth = 1
                try:
                    yield self.values
                finally:
                    self.depth = 0
                    self.save(self.values)
