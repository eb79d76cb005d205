"""Bad input is refused with the documented code, changes nothing, stops nobody."""

import os
import random
import socket
import struct

import msgpack
import pytest
from harness import (IO_PENDING, ROOMY_LEASE_MS, Broken, Client, Cluster, Refused, Rpc,
                     changes_nothing, wait_for)


@pytest.fixture(scope="module")
def cluster():
    with Cluster(lease_ms=ROOMY_LEASE_MS) as c:
        client = Client(c)
        assert client.change("group.create", name="g") == 0
        assert client.change("resource.create", name="r", group="g", type="dummy",
                             properties={"Locked": 1}) == 0
        assert client.change("group.online", name="g") == IO_PENDING
        client.wait_group("g", "Online")
        wait_for(lambda: client.ask("resource.get", name="r")["locked"])
        client.close()
        yield c


def code_of(rpc, method, **params):
    try:
        return rpc.call(method, **params)["code"]
    except Refused as e:
        return e.code


def property_list(name, value):
    text = (name + "\0").encode("utf-16-le")
    text += b"\0" * (-len(text) % 4)
    return (struct.pack("<III", 1, 0x00040003, 2 * len(name) + 2) + text
            + struct.pack("<IIII", 0x00010002, 4, value, 0))


@pytest.mark.parametrize("method,params,code", [
    ("group.offline", {"name": "none"}, 5013),
    ("group.online", {"name": "none"}, 5013),
    ("group.move", {"name": "none"}, 5013),
    ("group.offline", {"name": "g", "flags": 2}, 87),
    ("group.offline", {"name": "g", "flags": 0x80000000}, 87),
    ("group.offline", {"name": "g", "flags": 1 << 32}, 87),
    ("group.offline", {"name": "g"}, 5960),
    ("group.move", {"name": "g"}, 5960),
    ("group.move", {"name": "g", "node": "none", "flags": 1}, 5042),
    ("group.offline", {"name": "g", "flags": 1, "instructions": b"\1\0\0"}, 87),
    ("group.offline", {"name": "g", "flags": 1, "instructions": b"\1\0\0\0"}, 13),
    ("group.offline", {"name": "g", "flags": 1,
                       "instructions": property_list("Dummy", 1)[:-4]}, 13),
    ("group.offline", {"name": "g", "flags": 1, "instructions": "text"}, 87),
    ("group.offline", {}, 87),
    ("group.offline", {"name": 5}, 123),
    ("group.create", {"name": "g"}, 5010),
    ("group.create", {"name": " "}, 123),
    ("group.delete", {"name": "g"}, 145),
    ("resource.create", {"name": "r", "group": "g", "type": "dummy"}, 5010),
    ("resource.create", {"name": "q", "group": "none", "type": "dummy"}, 5013),
    ("resource.create", {"name": "q", "group": "g", "type": "none"}, 5078),
    ("resource.create", {"name": "q", "group": "g", "type": "dummy",
                         "properties": {"NoSuch": 1}}, 87),
    ("resource.depend", {"name": "r", "on": "r"}, 87),
    ("resource.delete", {"name": "r"}, 5019),
    ("group.get", {"name": "none"}, 5013),
    ("resource.get", {"name": "none"}, 5007),
    ("no.such.method", {}, 1),
])
@pytest.mark.parametrize("node", ["n1", "n2", "n3"])
def test_a_refused_call_has_its_code_and_changes_nothing(cluster, node, method, params, code):
    rpc = cluster.rpc(node)
    assert changes_nothing(cluster, lambda: code_of(rpc, method, **params)) == code
    rpc.close()


def send_raw(where, data):
    """What the node does with these bytes: True if it ends the connection."""
    s = socket.socket(socket.AF_INET if isinstance(where, tuple) else socket.AF_UNIX)
    s.settimeout(20)
    try:
        s.connect(where if isinstance(where, tuple) else str(where))
        try:
            s.sendall(data)
            while s.recv(4096):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
        return True
    except TimeoutError:
        return False
    finally:
        s.close()


HUGE = b"\x94\x00\x01\xa1x\xc6" + struct.pack(">I", 100 << 20)


@pytest.mark.parametrize("data", [
    HUGE,
    HUGE + b"x" * (1 << 20),
    b"\x94\x00\x01\xdd" + struct.pack(">I", 0xFFFFFFFF),
    b"\x91" * 40,
    b"GET / HTTP/1.1\r\n\r\n",
    msgpack.packb([9, 1, "x", {}]),
    msgpack.packb({"a": 1}),
    msgpack.packb([1, 77, None, None]),
    b"\xc1",
], ids=["100MB", "100MB-begun", "4G-items", "deep", "http", "type-9", "map", "stray-answer",
        "reserved"])
@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
def test_a_bad_frame_ends_only_its_connection(cluster, data, tcp):
    node = "n2"
    other = cluster.rpc(node)
    where = ("127.0.0.1", cluster.port(node)) if tcp else cluster.socket(node)
    assert send_raw(where, data)
    assert other.call("group.get", name="g")["state"] == "Online"
    other.close()


def test_random_bytes_and_cut_frames_do_not_hurt(cluster):
    rng = random.Random(20261122)
    whole = msgpack.packb([0, 1, "group.get", {"name": "g"}])
    log = cluster.dir / "n3" / "log"
    before = log.read_text().count("WARN")
    other = cluster.rpc("n3")
    for tcp in (False, True):
        where = ("127.0.0.1", cluster.port("n3")) if tcp else cluster.socket("n3")
        for i in range(60):
            s = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
            s.connect(where if tcp else str(where))
            try:
                s.sendall(whole[:1 + i % (len(whole) - 1)] if i % 2 else rng.randbytes(200))
            except OSError:
                pass
            s.close()
        assert other.call("group.get", name="g")["state"] == "Online"
    other.close()
    # Each fault is logged once, not once for every byte.
    assert log.read_text().count("WARN") - before <= 130


def test_a_stranger_gets_no_raft_connection(cluster):
    rpc = Rpc(("127.0.0.1", cluster.port("n1")))
    with pytest.raises((Refused, Broken)):
        rpc.call("raft.connect", cluster="local", id=2, address="127.0.0.1:1", disk="0" * 32, to=1)
    rpc.close()
    rpc = Rpc(("127.0.0.1", cluster.port("n1")))
    with pytest.raises((Refused, Broken)):
        rpc.call("peer.propose", command=b"\x80")
    rpc.close()
    Client(cluster).wait_group("g", "Online")


def test_a_caller_without_full_access_may_look_and_not_touch(cluster):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    for d in (cluster.dir, cluster.dir / "n1"):
        d.chmod(0o755)
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        rpc = cluster.rpc("n1")
        state = rpc.call("group.get", name="g")["state"]
        os.write(w, f"{state} {code_of(rpc, 'group.offline', name='g', flags=1)}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(r, 100) == b"Online 5"
    os.close(r)
    os.close(w)
