"""CPUs that stand still: as the program tells them, and what the verdict makes of them."""

import os
import pathlib
import subprocess
import sys

import pytest

from chaos.overlap import MS, Freeze
from chaos.standstill import Standstill, Watch, parse, within
from chaos.verdict import Journals
from cluster.harness import wait_for

MODE = os.environ.get("HOLDFAST_TEST_MODE", "debug")
PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "build" / MODE / "tests" / \
    "chaos-standstill"
# Takes a CPU from everything else, as far as a process can, and says when.
HOG = """
import os, time
cpu = min(os.sched_getaffinity(0))
os.sched_setaffinity(0, {cpu})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(os.sched_get_priority_max(os.SCHED_FIFO)))
now = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME)
start = now()
while now() < start + 60_000_000: pass
print(cpu, start, now())
"""


def still(start, end, cpu=0):
    return Standstill(cpu, start * MS, end * MS)


def test_what_it_wrote_is_read():
    assert parse("") == (0, [])
    assert parse("watching 2\n1 5 9\n0 6 7") == (2, [Standstill(1, 5, 9)])


@pytest.mark.parametrize("some, ms", [
    ([], 0),
    ([still(0, 5), still(200, 300)], 0),
    ([still(0, 20), still(90, 300)], 20),
    ([still(0, 300)], 90),
    ([still(20, 40), still(30, 50, 1), still(35, 36)], 30),
    ([still(60, 70, 1), still(20, 40)], 30)])
def test_time_with_a_cpu_standing_still_is_counted_once(some, ms):
    assert within(some, 10 * MS, 100 * MS) == ms * MS


def test_a_cpu_that_is_taken_away_is_noticed(tmp_path):
    watch = Watch(PROGRAM, tmp_path / "standstills")
    try:
        if watch.why:
            assert "not permitted" in watch.why and not watch.standstills()
            pytest.skip(watch.why)
        assert parse(watch.path.read_text())[0] == len(os.sched_getaffinity(0))
        said = subprocess.run([sys.executable, "-c", HOG], capture_output=True, text=True,
                              check=True, timeout=60).stdout
        cpu, start, end = map(int, said.split())
        # Both have the same priority: it is told once the hog is gone, maybe not at once.
        wait_for(lambda: any(s.cpu == cpu and s.end >= end for s in watch.standstills()))
        assert within([s for s in watch.standstills() if s.cpu == cpu], start, end) > 40 * MS
    finally:
        watch.close()


def test_one_that_died_is_no_witness(tmp_path):
    watch = Watch(PROGRAM, tmp_path / "standstills")
    try:
        if watch.why:
            pytest.skip(watch.why)
        watch.process.kill()
        watch.process.wait()
        with pytest.raises(RuntimeError):
            watch.standstills()
    finally:
        watch.close()


def test_a_program_that_cannot_write_is_told(tmp_path):
    with pytest.raises(RuntimeError, match="No such file"):
        Watch(PROGRAM, tmp_path / "none" / "standstills")


def write_life(folder, node, token, *spans):
    times = [t * MS for a, b in spans for t in range(a, b + 1, 10)]
    (folder / f"g.{token}.{node}.1").write_text(
        f"start {times[0]} g {node} {token} 1\n" + "".join(f"beat {t}\n" for t in times[1:]))


FROZEN = [Freeze("n1", 105 * MS, 1995 * MS)]


def wrong(tmp_path, freezes, standstills):
    return list(Journals(tmp_path, freezes, standstills, 1).wrong())


def test_an_overlap_after_a_thaw_counts_without_standstills(tmp_path):
    write_life(tmp_path, "n1", 5, (0, 100), (2000, 2200))
    write_life(tmp_path, "n2", 7, (500, 9000))
    assert len(wrong(tmp_path, FROZEN, [])) == 1
    assert len(wrong(tmp_path, FROZEN, [still(1000, 1900), still(2000, 2100)])) == 1
    assert not wrong(tmp_path, FROZEN, [still(2001, 2080), still(2060, 2199, 1)])
    thaw, = Journals(tmp_path, FROZEN, [still(2001, 2199)], 1).thaws
    assert "200.0 ms after a thaw, in 198.0 of which a CPU stood still" in str(thaw)


def test_no_standstill_excuses_any_other_overlap(tmp_path):
    write_life(tmp_path, "n1", 5, (0, 100), (2000, 2200))
    write_life(tmp_path, "n2", 7, (500, 9000))
    assert len(wrong(tmp_path, [], [still(0, 9000)])) == 1
