"""Programs written for Windows clusters, compiled as a user would compile them."""

import os
import subprocess
import sys

import pytest
from harness import BIN, IO_PENDING, TOP, Client, Cluster

ROUNDS = int(os.environ.get("HOLDFAST_TEST_ROUNDS", "20"))
PROGRAMS = TOP / "tests" / "clusapi" / "programs"


def compile_program(name, folder):
    env = dict(os.environ, PKG_CONFIG_PATH=str(BIN))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "clusapi"], env=env, check=True,
                           text=True, capture_output=True).stdout.split()
    # The library has sanitizers in it when it was built for debugging; a program then needs them.
    sanitize = ["-fsanitize=address,undefined"] if BIN.name == "debug" else []
    subprocess.run(["gcc", *sanitize, "-o", folder / name, PROGRAMS / f"{name}.c", *flags],
                   check=True)
    return folder / name


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as c:
        client = Client(c)
        assert client.change("group.create", name="DemoGroup") == 0
        for r in ("db", "app"):
            assert client.change("resource.create", name=r, group="DemoGroup", type="dummy",
                                 properties={"OfflineDelay": 20}) == 0
        assert client.change("resource.depend", name="app", on="db") == 0
        client.close()
        yield c


@pytest.mark.parametrize("node", ["n1", "n2", "n3"])
def test_offline_sample_never_reports_a_failure(cluster, node, tmp_path):
    env = dict(os.environ, HOLDFAST_SOCKET=str(cluster.socket(node)), LD_LIBRARY_PATH=str(BIN))
    offline = compile_program("offline_demo", tmp_path)
    online = Client(cluster, first=node)
    for _ in range(ROUNDS):
        assert online.change("group.online", name="DemoGroup") == IO_PENDING
        online.wait_group("DemoGroup", "Online")
        done = subprocess.run([offline], env=env, text=True, capture_output=True, timeout=60,
                              check=False)
        assert done.returncode == 0 and "ail" not in done.stdout, done
        assert online.group("DemoGroup")["state"] == "Offline"
    online.close()
    print(f"{ROUNDS} rounds through {node}", file=sys.stderr)
