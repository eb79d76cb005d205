"""Processes on loopback, for any user: no firewall, nothing outside the folder.

Linux gives every machine all of 127.0.0.0/8. A cluster takes a /16 of its own there:

    127.B.0.I    what the others dial; relay.py listens, and sees by the source
                 address (shim.c binds it) which node is calling
    127.B.1.I    what node nI listens on

So every connection between nodes passes the relay, which knows both ends, whatever
the nodes know each other's addresses from. Rules of a firewall would need root, and
see packets of one machine only after the addresses are told apart as well.
"""

import os
import random
import socket
import subprocess
import sys
import time

from . import relay
from .errors import FaultError
from .local import PORT, TOP, Local
from .processes import is_alive, read, send

START_SECONDS = 20


class Loopback(Local):
    name = "loopback"

    @classmethod
    def choose(cls, names):
        """A part of 127.0.0.0/8 that nobody has, as far as can be seen before it is used."""
        for _ in range(100):
            net = random.SystemRandom().randint(1, 254)
            with socket.socket() as probe:
                try:
                    probe.bind((f"127.{net}.0.254", PORT))
                except OSError:
                    continue
            if not in_use(net):
                return {"net": net}
        raise FaultError("no part of 127.0.0.0/8 is free; end other clusters first")

    def addresses(self, node):
        net, i = self.state.read()["net"], int(node[1:])
        return f"127.{net}.0.{i}:{PORT}", f"127.{net}.1.{i}:{PORT}"

    def environment(self, node):
        return {"FAULTS_SOURCE": self.addresses(node)[0].partition(":")[0]}

    # ---------------------------------------------------------------- relay

    @property
    def relay_socket(self):
        return self.dir / "relay.sock"

    def relay_pid(self):
        text = read(self.dir / "relay.pid").strip()
        pid = int(text) if text.isdigit() else None
        if pid and is_alive(pid) and str(self.dir).encode() in read(f"/proc/{pid}/cmdline"):
            return pid
        return None

    def network_up(self):
        if not self.relay_pid():
            self.start_relay()
        self.tell({"nodes": {n: self.addresses(n) for n in self.names}})

    def start_relay(self):
        with open(self.dir / "relay.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "faults.relay", self.relay_socket],
                cwd=TOP / "tests", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        (self.dir / "relay.pid").write_text(f"{process.pid}\n")
        end = time.monotonic() + START_SECONDS
        while not relay.answers(self.relay_socket):
            if process.poll() is not None or time.monotonic() > end:
                text = (self.dir / "relay.log").read_text(errors="replace")[-500:]
                raise FaultError(f"the relay between the nodes does not start: {text}")
            time.sleep(0.01)

    def network_down(self):
        pid = self.relay_pid()
        if pid:
            send(pid, 15)
            end = time.monotonic() + 5
            while is_alive(pid) and time.monotonic() < end:
                reap(pid)
                time.sleep(0.005)
            send(pid, 9)
        for name in ("relay.sock", "relay.pid"):
            (self.dir / name).unlink(missing_ok=True)

    def _network(self, blocked, shares):
        if blocked or shares or self.relay_pid():  # Else nothing is left to be in the way.
            self.tell({"blocked": sorted(blocked), "drop": shares})

    def tell(self, message):
        try:
            relay.command(self.relay_socket, message)
        except OSError as e:
            raise FaultError(f"the relay between the nodes does not do it ({e}); see "
                             f"{self.dir}/relay.log, and start it again: scripts/faults --dir "
                             f"{self.dir} start") from e


def reap(pid):
    """If it is our own child."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def in_use(net):
    """True if somebody listens in 127.`net`.0.0/16."""
    for line in read("/proc/net/tcp").decode().splitlines()[1:]:
        fields = line.split()
        address = bytes.fromhex(fields[1].partition(":")[0])[::-1]
        if fields[3] == "0A" and address[:2] == bytes((127, net)):
            return True
    return False
