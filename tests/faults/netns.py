"""Each node in a network namespace of its own, all on a bridge in one more. Needs root.

The bridge is in a namespace, too: no interface, address or rule of this touches the
machine's own network, and clusters side by side use the same names and addresses
within. The namespaces' own names begin with what was drawn for the cluster and
noted before the first was made.

    ns PREFIX-n1: eth0 10.99.0.1 --- ns PREFIX-lan: bridge, port n1

Partitions are rules of nftables in the receiver's namespace, so that they can be one
way; lost packets are drawn in the node's own, in both directions.
"""

import os
import secrets
import shutil
import time

from . import nft
from .errors import FaultError, Impossible
from .local import PORT, Local
from .processes import run

RUN = "/run/netns"


class Netns(Local):
    name = "netns"

    @classmethod
    def check_machine(cls):
        if os.geteuid() != 0:
            raise Impossible("network namespaces need root; use the loopback backend, or sudo")
        for program, package in (("ip", "iproute2"), ("nft", "nftables"), ("nsenter", "util-linux")):
            if not shutil.which(program):
                raise Impossible(f"there is no {program}; install it: apt-get install {package}")

    @classmethod
    def choose(cls, names):
        return {"prefix": "hf" + secrets.token_hex(4)}

    def host(self, node):
        return f"10.99.0.{int(node[1:])}"

    def addresses(self, node):
        where = f"{self.host(node)}:{PORT}"
        return where, where

    def namespace(self, node):
        return f"{self.state.read()['prefix']}-{node}"

    def prefix(self, node):
        # Not `ip netns exec`: that hides the machine's cgroups behind another /sys.
        return ["nsenter", f"--net={RUN}/{self.namespace(node)}"]

    def command(self, node, *command):
        """Run a program on the node's network; its output."""
        return run(*self.prefix(node), *command)

    def exists(self, node):
        return os.path.exists(f"{RUN}/{self.namespace(node)}")

    def ip(self, node, *words):
        """`ip` in its namespace. Not `ip -n`, which mounts: that fails in a chroot."""
        run(*self.prefix(node), "ip", *words)

    def network_up(self):
        if not self.exists("lan"):
            run("ip", "netns", "add", self.namespace("lan"))
            self.ip("lan", "link", "add", "bridge", "type", "bridge", "forward_delay", "0")
            self.ip("lan", "link", "set", "bridge", "up")
        for node in self.names:
            if not self.exists(node):
                self.attach(node)

    def attach(self, node):
        ns = self.namespace(node)
        run("ip", "netns", "add", ns)
        self.ip("lan", "link", "add", node, "type", "veth", "peer", "name", "eth0", "netns", ns)
        self.ip("lan", "link", "set", node, "master", "bridge", "up")
        self.ip(node, "link", "set", "lo", "up")
        self.ip(node, "address", "add", f"{self.host(node)}/24", "dev", "eth0")
        self.ip(node, "link", "set", "eth0", "up")

    def network_down(self):
        # A veth goes with its namespace, and that once no process is in it.
        for node in [*self.names, "lan"]:
            if self.exists(node):
                delete(self.namespace(node))

    def _network(self, blocked, shares):
        for node in self.names:
            if not self.exists(node):
                if any(node in pair for pair in blocked) or node in shares:
                    raise FaultError(f"the namespace of {node} is gone; make it again: "
                                     f"scripts/faults --dir {self.dir} start")
                continue
            unheard = [self.host(a) for a, b in sorted(blocked) if b == node]
            nft.apply(self.prefix(node), unheard, shares.get(node, 0))


def delete(namespace):
    """Its mount may be busy for a moment while its last process ends."""
    end = time.monotonic() + 5
    while True:
        try:
            run("ip", "netns", "delete", namespace)
            return
        except FaultError:
            if not os.path.exists(f"{RUN}/{namespace}"):
                return
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
