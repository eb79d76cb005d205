"""Ports of 127.0.0.1 for nodes that will bind them later.

    ports.py COUNT

A port that is bound for a moment, to see that it is free, is anybody's until its node has
started: another test asks for one as well, or a connection is given it. So they are below those
that Linux gives to connections, and all processes of a user count on in one file: none is given
again before all others were.
"""

import fcntl
import os
import pathlib
import random
import socket
import sys
import tempfile

FIRST, COUNT = 12000, 20000
FILE = pathlib.Path(tempfile.gettempdir()) / f"holdfast-ports-{os.getuid()}"


def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    with os.fdopen(os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        # Other users count from elsewhere.
        at = int(text) if text.isdigit() else random.SystemRandom().randrange(COUNT)
        found = []
        for _ in range(COUNT):
            port, at = FIRST + at % COUNT, at + 1
            if is_free(port):
                found.append(port)
            if len(found) == count:
                break
        else:
            raise RuntimeError(f"no {count} ports from {FIRST} to {FIRST + COUNT - 1} are free")
        file.seek(0)
        file.truncate()
        file.write(str(at % COUNT))
    return found


def free_port():
    return free_ports(1)[0]


if __name__ == "__main__":
    print(*free_ports(int(sys.argv[1])))
