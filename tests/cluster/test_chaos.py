"""A short chaos with a fixed seed: everything of `make chaos`, small enough for each time."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults import Impossible  # noqa: E402
from faults.netns import Netns  # noqa: E402
from harness import MODE, TOP  # noqa: E402

FAULTS = "kill,kill_daemon,kill_monitor,stop,freeze,freeze_daemon,partition,drop,slow_disk," \
         "full_disk,fail_disk,clock"


def backend():
    """Namespaces where they can be had, else loopback."""
    try:
        Netns.check_machine()
    except Impossible:
        return "loopback"
    return "netns"


def test_chaos_of_a_fixed_seed():
    seconds = float(os.environ.get("HOLDFAST_TEST_CHAOS_SECONDS", "120"))
    done = subprocess.run(
        [TOP / "scripts" / "chaos", "--seed", "20", "--minutes", str(seconds / 60), "--backend",
         backend(), "--mode", MODE, "--faults", FAULTS, "--clients", "4"],
        text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    assert "all is well" in done.stdout
