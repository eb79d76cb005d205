"""The groups that a chaos cluster has, and how they are made."""

import contextlib
import time

from .history import now_ns
from .load import Caller, Objects

# Nothing here is to stay down because it failed too often: faults are what this is about.
GROUP = {"FailoverThreshold": 100000, "FailoverPeriod": 1}
RESOURCE = {"RestartThreshold": 3, "RestartPeriod": 1000, "RestartDelay": 100,
            "RetryPeriodOnFailure": 2000, "PendingTimeout": 10000}
READY_SECONDS = 120

WORKED, STEADY, LOCKS = ("g1", "g2", "g3"), ("s1", "s2", "s3"), ("l1", "l2")
PLAIN = ("r1", "r2")  # Groups of which only properties are set.
REGISTERS = (*PLAIN, "g1", "resource r1-p", "resource r2-p")


def objects():
    return Objects(WORKED, STEADY, LOCKS, REGISTERS)


class Maker:
    def __init__(self, cluster, rng, history):
        self.caller = Caller(cluster.names, cluster.socket, rng)
        self.history = history

    def change(self, method, **params):
        return self.caller.call(method, READY_SECONDS, True, **params)[0]["code"]

    def read(self, method, **params):
        return self.caller.call(method, READY_SECONDS, False, **params)[0]

    def service(self, name, command, **group):
        """A group with a service in it, Online."""
        self.change("group.create", name=name, properties=GROUP, **group)
        self.change("resource.create", name=f"{name}-a", group=name, type="process",
                    properties={**RESOURCE, "CommandLine": command})
        # Where the story of this group begins, for the checker.
        start = now_ns()
        result = self.change("group.online", name=name)
        self.history.add(client=0, kind="group", key=name, op=["online"], start=start,
                         end=now_ns(), result=result, node=self.caller.node, tries=1)

    def plain(self, name, resource):
        self.change("group.create", name=name)
        self.change("resource.create", name=resource, group=name, type="dummy")


def make(cluster, rng, command, history):
    """Everything; returns once what is to run runs. `command`: what services run."""
    maker = Maker(cluster, rng, history)
    with contextlib.closing(maker.caller):
        maker.change("cluster.set", properties={"QuarantineThreshold": 0})
        for name in PLAIN:
            maker.plain(name, f"{name}-p")
        for name in WORKED:
            maker.service(name, command)
        for i, name in enumerate(STEADY):
            # The first ones come back to where they belong once that node is up.
            home = cluster.names[i % len(cluster.names)]
            back = {} if i == len(STEADY) - 1 else {"preferred": [home]}
            maker.service(name, command, **back)
            if back:
                maker.change("group.set", name=name, properties={"AutoFailbackType": 1})
        end = time.monotonic() + READY_SECONDS
        while any(g["state"] != "Online" for g in maker.read("group.list")
                  if g["name"] in (*WORKED, *STEADY)):
            if time.monotonic() > end:
                raise RuntimeError(f"the groups do not come online: {maker.read('group.list')}")
            time.sleep(0.05)
