"""A bit of a log's file that is another one than was written."""

import pathlib
import re

from .errors import FaultError

CLOSED = re.compile(r"\d{16}-\d{16}")
OPEN = re.compile(r"open-\d+")
SNAPSHOT = re.compile(r"snapshot-\d+-\d+-\d+")
HEADER_BYTES = 8
BIT = 0x10


def used_bytes(path):
    """Without the zeros that segments are prepared with."""
    try:
        return len(path.read_bytes().rstrip(b"\0"))
    except FileNotFoundError:
        return 0  # Closed and renamed meanwhile.


def newest(folder, kind):
    """A closed segment rather than an open one, which may be written on."""
    for pattern in (CLOSED, OPEN) if kind == "segment" else (SNAPSHOT,):
        found = [p for p in pathlib.Path(folder).glob("*")
                 if pattern.fullmatch(p.name) and used_bytes(p) > HEADER_BYTES]
        if found:
            return max(found, key=lambda p: p.name)
    raise FaultError(f"{folder} has no {kind} to corrupt; write more first (a snapshot is taken "
                     f"after some thousand entries)")


def flip(folder, kind):
    """(path, offset, what the byte was, what it is)"""
    path = newest(folder, kind)
    offset = max(HEADER_BYTES, used_bytes(path) // 2)
    with open(path, "r+b") as f:
        f.seek(offset)
        was = f.read(1)[0]
        f.seek(offset)
        f.write(bytes([was ^ BIT]))
    return str(path), offset, was, was ^ BIT


def mend(path, offset, was, now):
    """Only what is still as we left it: the file may have been replaced."""
    try:
        with open(path, "r+b") as f:
            f.seek(offset)
            if f.read(1) == bytes([now]):
                f.seek(offset)
                f.write(bytes([was]))
    except FileNotFoundError:
        pass
