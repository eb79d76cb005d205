"""Clients that call through random nodes, and write down what they were told.

A client has one call under way. It repeats it with the same (client, sequence), by any
node, until it has an answer or no patience left; then nobody knows what became of
the call, and the client goes on under a new number, as a program does that is started again:
the next number of the old one would tell the cluster that the lost call is over.
"""

import random
import secrets
import threading
import time

import msgpack

from cluster.harness import Broken, Refused, Rpc

from .history import now_ns

# Said of this try, not of the call: not ready, broken, timed out, stopping, no quorum, disk full.
NO_ANSWERS = (21, 112, 1236, 1460, 1723, 5072, 5073, 5925)
TRY_SECONDS = 3
PAUSE_SECONDS = 0.12  # Between a client's calls, on average.


class Gone(Exception):
    """No answer, and no patience left."""


class Caller:
    """The calls of one client; `where(node)` says where a node's API is."""

    def __init__(self, names, where, rng):
        self.names, self.where, self.rng = names, where, rng
        self.id, self.seq = secrets.randbits(63) | 1, 0
        self.rpc = self.node = None

    def close(self):
        if self.rpc:
            self.rpc.close()
        self.rpc = None

    def connect(self):
        if self.rpc is None or self.rng.random() < 0.1:
            self.close()
            self.node = self.rng.choice(self.names)
            self.rpc = Rpc(self.where(self.node), TRY_SECONDS)

    def call(self, method, patience, changes, **params):
        """(what the API answered, tries). Raises Refused, or Gone after `patience` seconds."""
        end = time.monotonic() + patience
        if changes:
            self.seq += 1
            params.update(client=self.id, seq=self.seq)
        tries = 0
        while True:
            tries += 1
            try:
                self.connect()
                # Now and then it hangs up before the answer can be there, and asks another
                # node: only (client, sequence) tells the cluster that it is one call.
                hasty = self.rng.random() < 0.05
                self.rpc.socket.settimeout(self.rng.uniform(1e-4, 0.02) if hasty else TRY_SECONDS)
                return self.rpc.call(method, timeout_ms=TRY_SECONDS * 900, **params), tries
            except Refused as e:
                if e.code not in NO_ANSWERS:
                    raise
            except (Broken, OSError, ValueError, msgpack.UnpackException):
                pass
            self.close()
            if time.monotonic() > end:
                self.id, self.seq = secrets.randbits(63) | 1, 0
                raise Gone(method)
            time.sleep(self.rng.uniform(0.005, 0.05))


class Objects:
    """What there is to call: names of the groups and locks, and how each is asked."""

    def __init__(self, worked, steady, locks, registers):
        self.worked, self.steady, self.locks, self.registers = worked, steady, locks, registers


def read_group(g):
    return [g["state"], g["persistent"], g["token"], g["owner"]]


class Worker(threading.Thread):
    def __init__(self, number, seed, names, where, objects, history):
        super().__init__(daemon=True)
        self.number = number
        self.rng = random.Random(f"{seed} client {number}")
        self.caller = Caller(names, where, self.rng)
        self.objects = objects
        self.history = history
        self.stopping = threading.Event()
        self.calls = 0
        self.fault = None

    def run(self):
        try:
            while not self.stopping.is_set():
                self.act()
                self.stopping.wait(self.rng.expovariate(1 / PAUSE_SECONDS))
        except BaseException as e:  # pylint: disable=broad-except
            self.fault = e
            raise
        finally:
            self.caller.close()

    def act(self):
        what = self.rng.choices((self.register, self.lock, self.group, self.watch),
                                (4, 3, 4, 1))[0]
        what()

    def record(self, kind, key, op, method, view=None, absent=(), **params):
        """One call of the history. `view` turns a read's answer into its result, and `absent`
        is the code that a read answers for what is not there. Returns the result."""
        self.calls += 1
        patience = self.rng.choice((0, 15, 15, 15))
        start = now_ns()
        end = result = None
        tries = 0
        try:
            answer, tries = self.caller.call(method, patience, view is None, **params)
            end = now_ns()
            result = view(answer) if view else answer["code"]
        except Refused as e:
            end = now_ns()
            result = None if e.code in absent else e.code
        except Gone:
            pass
        self.history.add(client=self.number, kind=kind, key=key, op=op, start=start, end=end,
                         result=result, node=self.caller.node, tries=tries)
        return result

    def value(self):
        return f"c{self.number}-{self.calls}"

    def register(self):
        """Descriptions of groups, and a property that only a handler reads."""
        key = self.rng.choice(self.objects.registers)
        value = self.value()
        if key.startswith("resource "):
            name, get, put = key.partition(" ")[2], "resource.get", "resource.set"
            prop, view = "RecordFile", lambda r: r["properties"].get("RecordFile", "")
        else:
            name, get, put = key, "group.get", "group.set"
            prop, view = "Description", lambda g: g["description"]
        if self.rng.random() < 0.5:
            self.record("register", key, ["read"], get, view, name=name)
        else:
            self.record("register", key, ["write", value], put, name=name,
                        properties={prop: value})

    def lock(self):
        """To have made a group is to have the lock of its name; its description says who has."""
        key = self.rng.choice(self.objects.locks)
        me = self.value()
        if self.record("lock", key, ["take", me], "group.create", name=key,
                       properties={"Description": me}) == 0:
            self.stopping.wait(self.rng.uniform(0, 0.2))
            self.record("lock", key, ["free"], "group.delete", name=key)
            return
        holder = self.record("lock", key, ["read"], "group.get", lambda g: g["description"],
                             absent=(5013,), name=key)
        # Whoever had it may have lost patience with it; and a lock that is broken now and then
        # has more to tell.
        if holder is not None and self.rng.random() < 0.2:
            self.record("lock", key, ["free"], "group.delete", name=key)

    def group(self):
        key = self.rng.choice(self.objects.worked)
        verb = self.rng.choices(("read", "online", "offline", "move"), (9, 4, 2, 3))[0]
        if verb == "read":
            self.record("group", key, ["read"], "group.get", read_group, name=key)
        elif verb == "move" and self.rng.random() < 0.7:
            self.record("group", key, ["move"], "group.move", name=key,
                        node=self.rng.choice(self.caller.names))
        else:
            self.record("group", key, [verb], f"group.{verb}", name=key)

    def watch(self):
        """Groups that nobody asks anything of: what they do, faults alone have done."""
        key = self.rng.choice(self.objects.steady)
        self.record("group", key, ["read"], "group.get", read_group, name=key)
