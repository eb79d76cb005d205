"""What docker compose is told of a cluster that is to be broken.

docker-compose.yml as it stands, and beside it DIR/compose.yml, made for this cluster: the
nodes beyond the third, which are as n1 is, and what lets faults and clients reach in.

    DIR/nI              the node's folder: data, log, the API's socket, what shim.c does now
    DIR/shim.so         for all of them
    folders `shared`    at the same path inside as outside

Written as JSON, which is YAML as well.
"""

import json
import os
import shutil
import subprocess

from .errors import FaultError
from .local import PORT, TOP
from .processes import run

DATA = "/var/lib/holdfast"
SHIM = "/usr/lib/holdfast/faults-shim.so"
FILE = TOP / "docker-compose.yml"
WITNESS = "witness"
# Those of docker-compose.yml, and what a cluster of one machine can be asked to be.
NODES_MIN, NODES_MAX = 3, 9
STAGE = "holdfast.stage-of"  # The label of Dockerfile's first stage: for which image it was.


def names(count):
    if not NODES_MIN <= count <= NODES_MAX:
        raise FaultError(f"docker-compose.yml has {NODES_MIN} nodes and a witness; beside that "
                         f"there can be {NODES_MIN} to {NODES_MAX} nodes, not {count}")
    return [*(f"n{i + 1}" for i in range(count)), WITNESS]


def service(node, peers, directory, shared):
    """More of a node that docker-compose.yml has, or one as its n1."""
    more = {
        "environment": {"HOLDFAST_NODE": node, "HOLDFAST_PEERS": peers,
                        "HOLDFAST_SOCKET": f"{DATA}/api.sock", "LD_PRELOAD": SHIM,
                        "FAULTS_CONTROL": f"{DATA}/faults.control", "FAULTS_DATA": f"{DATA}/"},
        # What is mounted at a place takes the place of what docker-compose.yml mounts there.
        "volumes": [f"{directory / node}:{DATA}", f"{directory / 'shim.so'}:{SHIM}:ro",
                    *(f"{folder}:{folder}" for folder in shared)]}
    if node != WITNESS and int(node[1:]) > NODES_MIN:
        more |= {"extends": {"file": str(FILE), "service": "n1"}, "hostname": node,
                 "container_name": "${HOLDFAST_PREFIX}-" + node}
    return more


def write(directory, nodes, shared):
    peers = " ".join(f"{n}={n}:{PORT}{'/witness' if n == WITNESS else ''}" for n in nodes)
    services = {n: service(n, peers, directory, shared) for n in nodes}
    (directory / "compose.yml").write_text(json.dumps({"services": services}, indent=1))


def program():
    """Compose, as a plugin of docker's or as it was before that. What one has made the other
    does not find to remove it, so a cluster keeps its own."""
    found = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if found.returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise FaultError("there is neither docker compose nor docker-compose; install it: apt-get "
                     "install docker-compose")


def call(state, directory, *command):
    """With what the cluster's state says. Ports: any that are free."""
    env = {**os.environ, **{f"HOLDFAST_PORT_N{i}": "0" for i in (1, 2, 3)},
           "HOLDFAST_PREFIX": state["project"], "HOLDFAST_PROFILE": state["profile"],
           "HOLDFAST_IMAGE": state["image"]}
    return run(*state["compose"], "--project-name", state["project"], "--project-directory", TOP,
               "--file", FILE, "--file", directory / "compose.yml", *command, env=env)


def remove_image(image):
    """And the stage that it was built in, where the engine keeps that as an image."""
    stages = run("docker", "images", "--quiet", "--filter", "dangling=true",
                 "--filter", f"label={STAGE}={image}").split()
    for name in (image, *stages):
        subprocess.run(["docker", "image", "rm", name], capture_output=True, check=False)
