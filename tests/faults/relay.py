"""What stands between the nodes of a loopback cluster (loopback.py).

    python3 -m faults.relay CONTROL.sock

What to listen on, and what to let through, comes in over the socket: command().
A blocked direction is a cable without current: nothing comes through, not even that
a connection has ended, and what was sent comes through later if the connection
lasts so long. (TCP connects to the relay itself; then nothing answers.) A lost
packet looks to the two ends of a TCP connection like one that comes late by the
time after which TCP repeats it, and so does everything behind it: that is what is done.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import struct
import sys

PACKET_BYTES = 1448
REPEAT_SECONDS = 0.2  # Linux' least, TCP_RTO_MIN; twice as long each time.
REPEAT_SECONDS_MAX = 3
CHUNK_BYTES = 65536


def command(path, message, timeout=5):
    """Have the relay do as told; returns when it does. OSError if it does not answer.
    {"nodes": {name: [dialed, listening]}} adds nodes; {"blocked": [[from, to]]} and
    {"drop": {name: share}} say what is to hold from now on."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(timeout)
        with at_short_path(path) as short:
            s.connect(short)
        s.sendall(json.dumps(message).encode() + b"\n")
        if s.recv(16) != b"ok\n":
            raise OSError("the relay refuses it")


@contextlib.contextmanager
def at_short_path(path):
    """The name of a socket has 107 bytes; that of its folder's descriptor is short."""
    fd = os.open(os.path.dirname(path) or ".", os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{fd}/{os.path.basename(path)}"
    finally:
        os.close(fd)


def answers(path):
    try:
        command(path, {})
        return True
    except OSError:
        return False


class Links:
    """Which direction between two nodes is open, and what is lost there."""

    def __init__(self):
        self.blocked = set()
        self.drop = {}
        self.changed = asyncio.Event()
        self.names = {}  # By the address that is dialed, and called from.
        self.tasks = []

    def set(self, message):
        for name, (dialed, listening) in message.get("nodes", {}).items():
            if name not in self.names.values():
                listener = listen(parse(dialed))
                self.names[parse(dialed)[0]] = name
                self.tasks.append(asyncio.ensure_future(
                    accept(self, name, listener, parse(listening))))
        if "blocked" in message:
            self.blocked = {tuple(p) for p in message["blocked"]}
        if "drop" in message:
            self.drop = message["drop"]
        self.changed.set()
        self.changed = asyncio.Event()

    async def open(self, *directions):
        while any(d in self.blocked for d in directions):
            await self.changed.wait()

    def late(self, direction, size):
        """Seconds by which the last of these bytes comes late."""
        a, b = (1 - self.drop.get(node, 0) for node in direction)
        lost = 1 - a * b
        worst = 0
        for _ in range(-(-size // PACKET_BYTES) if lost else 0):
            late, wait = 0, REPEAT_SECONDS
            while random.random() < lost:
                late += wait
                wait = min(2 * wait, REPEAT_SECONDS_MAX)
            worst = max(worst, late)
        return worst


def reset(sock):
    """End it the hard way, as a dead process' connections end."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


async def pump(links, direction, source, sink):
    """Until the source ends; says so to the sink. Raises if either breaks."""
    loop = asyncio.get_running_loop()
    while True:
        await links.open(direction)
        try:
            data = await loop.sock_recv(source, CHUNK_BYTES)
        except OSError:
            await links.open(direction)
            raise
        late = links.late(direction, len(data))
        if late:
            await asyncio.sleep(late)
        await links.open(direction)
        if not data:
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)
            return
        try:
            await loop.sock_sendall(sink, data)
        except OSError:
            await links.open(direction[::-1])  # Word of it comes from the other end.
            raise


async def serve(links, caller, called, accepted, target):
    loop = asyncio.get_running_loop()
    out = socket.socket()
    tasks = []
    try:
        out.setblocking(False)
        for s in (accepted, out):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await links.open((caller, called), (called, caller))
        await loop.sock_connect(out, target)
        tasks = [asyncio.ensure_future(pump(links, (caller, called), accepted, out)),
                 asyncio.ensure_future(pump(links, (called, caller), out, accepted))]
        await asyncio.gather(*tasks)
        accepted.close()
        out.close()
    except OSError:
        pass
    finally:
        for t in tasks:
            t.cancel()
        reset(accepted)
        reset(out)


async def accept(links, node, listener, target):
    loop = asyncio.get_running_loop()
    running = set()
    while True:
        accepted, peer = await loop.sock_accept(listener)
        accepted.setblocking(False)
        # Whoever is no node (a client of the API) is never cut off.
        caller = links.names.get(peer[0], "")
        task = asyncio.ensure_future(serve(links, caller, node, accepted, target))
        running.add(task)
        task.add_done_callback(running.discard)


def listen(address):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(address)
    s.listen(128)
    s.setblocking(False)
    return s


async def controlled(links, reader, writer):
    try:
        links.set(json.loads(await reader.readline()))
        writer.write(b"ok\n")
        await writer.drain()
    except (OSError, ValueError) as e:
        print(f"relay: {e}", file=sys.stderr, flush=True)
    writer.close()


def parse(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


async def main(path):
    links = Links()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    with at_short_path(path) as short:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(short)
        server = await asyncio.start_unix_server(lambda r, w: controlled(links, r, w), path=short)
    await ended.wait()
    server.close()
    for t in links.tasks:
        t.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
