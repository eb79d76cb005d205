"""The monitor is there when its lease ends, and if not, its guardians are."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest
from harness import BIN, MODE, Client, Cluster, wait_for
from test_lease import beats, make_beating, strays

RESET_ON_FORK = 0x40000000


def locked_kb(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(l for l in text.splitlines() if l.startswith("VmLck")).split()[1])


def test_a_frozen_monitor_does_not_keep_its_services_past_the_lease(tmp_path):
    """Daemon, supervisor and monitor are stopped; the guardian and its service are not."""
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster() as c:
        client = Client(c)
        make_beating(client, journal)
        owner = client.group("g")["owner"]
        client.close()
        folder = c.dir / owner
        stopped = [c.pid(owner), int((folder / "supervisor.pid").read_text()),
                   int((folder / "monitor.pid").read_text())]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            wait_for(lambda: beats(journal)[-1][1] != owner)
            assert not strays(beats(journal), owner)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        c.wait_daemon(owner)
        assert not strays(beats(journal), owner)
        assert "the monitor did nothing" in (folder / "monitor.log").read_text()
        c.assert_equal_copies()


def test_locks_are_the_monitors_alone_and_priority_not_for_services(tmp_path):
    journal = pathlib.Path(tmp_path / "journal")
    with Cluster(count=1) as c:
        client = Client(c)
        make_beating(client, journal)
        monitor = int((c.dir / "n1" / "monitor.pid").read_text())
        service = beats(journal)[-1][2]
        guardian = int(pathlib.Path(f"/proc/{service}/stat").read_text().rpartition(")")[2].split()[1])
        log = (c.dir / "n1" / "monitor.log").read_text()
        if os.geteuid() == 0 and "memory locked, real-time priority" in log:
            for pid in (monitor, guardian):
                assert os.sched_getscheduler(pid) == os.SCHED_RR | RESET_ON_FORK
            # Those who end the service do not wait on one CPU.
            cpus = os.sched_getaffinity(c.pid("n1"))
            both = [os.sched_getaffinity(pid) for pid in (monitor, guardian)]
            assert set.union(*both) == cpus and (len(cpus) < 2 or not set.intersection(*both))
            assert MODE != "release" or locked_kb(monitor) > 0  # Sanitizers do not lock.
        else:
            assert "grant Limit" in log
        assert os.sched_getscheduler(service) == os.SCHED_OTHER
        assert os.sched_getaffinity(service) == os.sched_getaffinity(c.pid("n1"))
        for pid in (service, guardian):
            assert locked_kb(pid) == 0
        client.close()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root, setpriv")
def test_what_is_not_permitted_is_told_in_one_line(tmp_path):
    log = tmp_path / "log"
    with subprocess.Popen(["prlimit", "--memlock=65536", "--rtprio=0", "setpriv",
                           "--bounding-set=-sys_nice,-ipc_lock", BIN / "holdfast-monitor", "--dir",
                           tmp_path, "--node", "n1", "--log", log]) as monitor:
        try:
            wait_for(lambda: log.exists() and " serving " in log.read_text())
        finally:
            monitor.terminate()
    lines = [l for l in log.read_text().splitlines() if "grant" in l]
    assert len(lines) == 1
    assert "LimitMEMLOCK=infinity or CAP_IPC_LOCK, and LimitRTPRIO=1 or CAP_SYS_NICE" in lines[0]
