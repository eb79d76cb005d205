"""The record of what clients asked, when, and what they were told: a line of JSON a call.

    {"client": 3, "kind": "register", "key": "g1", "op": ["write", "c3-17"],
     "start": NS, "end": NS or null, "result": 0, "node": "n2", "tries": 1}

Times are CLOCK_BOOTTIME, as in the journals of the services. `end` is null, and there is no
result, where the client gave up: then nobody knows whether it was done, or will be.
"""

import json
import threading
import time

from .linear import UNKNOWN, Call


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class History:
    """Written by many threads."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="ascii")
        self.lock = threading.Lock()
        self.calls = []

    def add(self, **call):
        with self.lock:
            self.calls.append(call)
            self.file.write(json.dumps(call) + "\n")

    def close(self):
        self.file.close()


def load(path):
    with open(path, encoding="ascii") as lines:
        return [json.loads(line) for line in lines]


def hashable(value):
    return tuple(value) if isinstance(value, list) else value


def by_object(calls):
    """{(kind, key): [Call]}; reads without an answer tell nothing."""
    found = {}
    for c in calls:
        unknown = c["end"] is None
        if unknown and c["op"][0] == "read":
            continue
        result = UNKNOWN if unknown else hashable(c["result"])
        found.setdefault((c["kind"], c["key"]), []).append(
            Call(c["start"], c["end"], tuple(c["op"]), result,
                 f"client {c['client']} by {c['node']}"))
    return found
