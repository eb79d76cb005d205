"""Breaking clusters on purpose: one vocabulary over several backends.

    cluster = faults.make("netns", directory, count=3)      # or "loopback"
    cluster.partition(["n1"], ["n2", "n3"])
    cluster.disk(["n2"], "slow", ms=50)
    cluster.heal()
    cluster.down()

faults.open_cluster(directory) finds one that is there. Backend (backend.py) is the
contract; every change is noted in DIR/faults.json before it is made, so that
another process, also after a crash of this one, can undo it.
"""

from .backend import Backend
from .errors import FaultError, Impossible
from .registry import adopt, make, names, open_cluster

__all__ = ["Backend", "FaultError", "Impossible", "adopt", "make", "names",
           "open_cluster"]
