"""When a CPU of the machine stood still, as standstill.c saw it.

A hypervisor that takes a CPU away may do so in the middle of a thaw, with a service awake and
those who are to end it not: what that adds to an overlap is told, and not counted.
"""

import collections
import contextlib
import subprocess
import time

READY_SECONDS = 10
NOT_PERMITTED = 4  # Its exit status.

# `cpu` ran nothing from `start` to `end`.
Standstill = collections.namedtuple("Standstill", "cpu start end")


def parse(text):
    """(CPUs watched, standstills)."""
    cpus, found = 0, []
    lines = text.splitlines()
    if text and not text.endswith("\n"):
        lines.pop()  # It was killed while it wrote.
    for line in lines:
        first, *rest = line.split()
        if first == "watching":
            cpus = int(rest[0])
        else:
            found.append(Standstill(int(first), *map(int, rest)))
    return cpus, found


def within(standstills, start, end):
    """For how many ns of that time at least one CPU stood still."""
    total, seen = 0, start
    for s in sorted(standstills, key=lambda s: s.start):
        a, b = max(s.start, seen), min(s.end, end)
        if b > a:
            total += b - a
            seen = b
    return total


class Watch:
    """Watches all CPUs as long as it lasts. Where that is not permitted, `why` tells, and
    nothing is seen."""

    def __init__(self, program, path):
        self.path = path
        self.why = None
        self.process = subprocess.Popen([program, path], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        try:
            self.begin()
        except BaseException:
            self.close()
            raise

    def begin(self):
        end = time.monotonic() + READY_SECONDS
        while not self.read()[0]:
            if self.process.poll() == NOT_PERMITTED:
                self.why = self.last_words()
                return
            self.check()
            if time.monotonic() > end:
                raise RuntimeError(f"{self.process.args[0]} does not begin")
            time.sleep(0.005)

    def read(self):
        with contextlib.suppress(FileNotFoundError):
            return parse(self.path.read_text(encoding="ascii"))
        return 0, []

    def last_words(self):
        return self.process.stderr.read().strip()

    def check(self):
        """It must not end by itself: then nobody would know what it missed."""
        if self.process.poll() is not None:
            raise RuntimeError(f"chaos-standstill ended: {self.last_words()}")

    def standstills(self):
        """So far."""
        if not self.why:
            self.check()
        return self.read()[1]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
