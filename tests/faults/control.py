"""What shim.c does in a node's processes now: the file that they map."""

import mmap
import pathlib
import struct

from .errors import FaultError

MAGIC = 0x31544C4641464648
LAYOUT = struct.Struct("<QQQq")  # As struct control of shim.c.
DISK = {"ok": 0, "slow": 1, "full": 2, "fail": 3}


class Control:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    def create(self):
        """Empty of faults. Before the node's processes start: they map it when they do."""
        if not self.path.exists():
            self.path.write_bytes(LAYOUT.pack(MAGIC, 0, 0, 0))

    def store(self, index, code, value):
        """A word at a time, aligned: no reader sees half of one."""
        try:
            with open(self.path, "r+b") as f, mmap.mmap(f.fileno(), LAYOUT.size) as m:
                struct.pack_into(code, m, 8 * index, value)
        except (OSError, ValueError) as e:
            raise FaultError(f"cannot write {self.path}, by which faults of disk and clock are "
                             f"made ({e}); was the node started by scripts/faults?") from e

    def disk(self, mode, ms=0):
        self.store(2, "<Q", ms)
        self.store(1, "<Q", DISK[mode])

    def clock(self, seconds):
        self.store(3, "<q", round(seconds * 1e9))
